"""A widget's front end, put together from the plain ES modules it is written in."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

STATIC = Path(__file__).parents[1] / "static"

_IMPORT = re.compile(r'^import \{[^}]*\} from "(\.\.?/[\w./]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)


@cache
def module(name: str) -> str:
    """One ES module that holds a module and all that it imports, each once.

    A widget has one module without relative imports; its source is several. The files stay as they
    are: this takes ``import { ... } from "./file.js";`` as the order in which to put them, so their
    top-level names must differ. Node runs the files themselves.

    Parameters
    ----------
    name : str
        A file below ``static``.

    Returns
    -------
    str
        The source of the module; only what the named file exports by default is exported.
    """
    entry = (STATIC / name).resolve()
    texts: dict[Path, str] = {}

    def add(path: Path) -> None:
        if path in texts:
            return
        source = path.read_text(encoding="utf-8")
        for imported in _IMPORT.findall(source):
            add((path.parent / imported).resolve())
        texts[path] = _EXPORT.sub("", _IMPORT.sub("", source))

    add(entry)
    return "\n".join(texts.values())
