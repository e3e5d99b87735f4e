"""What a notebook says, for tests that compute whether it is true."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat

FOLDER = Path(__file__).parents[2] / "notebooks"

# Not facts: headings, code, links, what stands between dollars, the numbers of exercises.
_NO_FACTS = re.compile(
    r"^#.*$|`[^`]*`|\[\d\d\]|\]\([^)]*\)|\$[^$]*\$|\*\*Exercise \d\.\*\*|^\d\. ", re.MULTILINE
)


def markdown(name):
    """The text of a notebook."""
    cells = nbformat.read(FOLDER / name, as_version=4).cells
    return "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def lines_with_other_numbers(name, sentences):
    """Lines with a number that is in none of the sentences, each of which must be there."""
    text = markdown(name)
    for sentence in sentences:
        assert sentence in text, sentence
        text = text.replace(sentence, "")
    return re.findall(r"[^.\n]*\d[^.\n]*", _NO_FACTS.sub("", text))
