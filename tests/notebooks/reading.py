"""What a notebook of the course says, and what its code cells leave behind."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import nbformat

ROOT = Path(__file__).parents[2]

# Not facts: headings, code, links, formulas, and the numbers of exercises and of lists.
_NO_FACTS = re.compile(
    r"^#.*$|`[^`]*`|\]\([^)]*\)|\$[^$]*\$|\*\*Exercise \d\.\*\*|^\d\. ", re.MULTILINE
)


def sources(name: str, kind: str) -> list[str]:
    """The cells of one kind of ``notebooks/NAME.ipynb``."""
    notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
    return [cell.source for cell in notebook.cells if cell.cell_type == kind]


def words(name: str) -> str:
    """All its markdown."""
    return "\n".join(sources(name, "markdown"))


def other_numbers(name: str, sentences: Iterable[str]) -> list[str]:
    """What it says with a number in none of the sentences, each of which must be in it."""
    text = words(name)
    for sentence in sentences:
        assert sentence in text, sentence
        text = text.replace(sentence, "")
    return re.findall(r"[^.\n]*\d[^.\n]*", _NO_FACTS.sub("", text))


def variables(name: str) -> dict[str, Any]:
    """Run the code cells of a notebook that needs no kernel; return its variables."""
    found: dict[str, Any] = {}
    with mpl.rc_context({"backend": "Agg"}):
        for source in sources(name, "code"):
            exec(source, found)
        plt.close("all")
    return found


def footprint(name: str) -> tuple[bool, float]:
    """Whether its code cells import torch, and the most memory that they need, in megabytes."""
    code = (
        "import sys\n"
        "from tests.notebooks.reading import variables\n"
        f"variables({name!r})\n"
        "status = dict(line.split(':', 1) for line in open('/proc/self/status'))\n"
        "print('torch' in sys.modules, int(status['VmHWM'].split()[0]) / 1000)\n"
    )
    lines = subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, text=True).splitlines()
    torch, most = lines[-1].split()
    return torch == "True", float(most)
