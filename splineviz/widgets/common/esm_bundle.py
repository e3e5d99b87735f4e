"""Bundles the plain ES modules of a front end into the one module that a widget needs."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

STATIC = Path(__file__).parents[1] / "static"

_IMPORT = re.compile(r'^import \{[^}]*\} from "(\.\.?/[\w./]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)


@cache
def module(name: str) -> str:
    """Bundle a module with all modules that it imports.

    A widget has one module without relative imports, but its source is in several files. This puts
    the files one after another, each after the files that it imports with
    ``import { ... } from "./file.js";``. So their top-level names must differ. The tests run the
    files themselves in Node.

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
