"""The notebooks of the course: their form, and that they run with all exercises solved."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[2] / "notebooks"
SOLUTIONS = FOLDER / "solutions"
NOTEBOOKS = sorted(path.name for path in FOLDER.glob("*.ipynb"))
LONGEST_CELL = 300
MOST_CELLS = 20
MOST_WORDS = 450


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def tagged(notebook: nbformat.NotebookNode, tag: str) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if tag in cell.metadata.get("tags", [])]


def printed(cell: nbformat.NotebookNode) -> str:
    return "".join(o.text for o in cell.get("outputs", []) if o.output_type == "stream")


@pytest.mark.parametrize("path", [*FOLDER.glob("*.ipynb"), *SOLUTIONS.glob("*.ipynb")], ids=str)
def test_it_is_kept_without_output(path):
    notebook = read(path)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_it_is_short(name):
    cells = read(FOLDER / name).cells
    text = " ".join(cell.source for cell in cells if cell.cell_type == "markdown")
    # What is read: of a link its text, of a formula one word.
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", re.sub(r"\$[^$]*\$", "formula", text))
    words = re.findall(r"[^\W_][\w'\u2019.-]*", text)
    assert len(cells) <= MOST_CELLS
    assert len(words) <= MOST_WORDS


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_its_links_and_its_row_in_the_readme_are_there(name):
    text = "".join(cell.source for cell in read(FOLDER / name).cells)
    for link in re.findall(r"\]\(([^):#]+\.ipynb)\)", text):
        assert (FOLDER / link).exists(), link
    assert f"(notebooks/{name})" in (FOLDER.parent / "README.md").read_text()


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_it_asks_and_something_breaks(name):
    notebook = read(FOLDER / name)
    exercises = tagged(notebook, "exercise")
    assert 3 <= len(exercises) <= 5
    assert all("..." in cell.source and "check(" in cell.source for cell in exercises)
    assert len(tagged(notebook, "breaks")) == 1
    last = notebook.cells[-1].source
    assert "paper" in last
    assert len(tagged(read(SOLUTIONS / name), "solution")) == len(exercises)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_it_runs_and_its_solutions_are_right(name, tmp_path, monkeypatch):
    """The solutions run the whole notebook first, with its exercises open."""
    monkeypatch.setenv("PYTHONPATH", str(FOLDER.parent))
    folder = tmp_path / "notebooks"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("runs", ".ipynb_checkpoints"))
    notebook = read(folder / "solutions" / name)
    first = next(cell for cell in notebook.cells if cell.cell_type == "code")
    assert first.source.strip() == f"%run ../{name}"
    NotebookClient(
        notebook,
        timeout=LONGEST_CELL,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder / "solutions")}},
    ).execute()
    assert printed(first).count("Open: ") >= len(tagged(notebook, "solution"))
    for cell in tagged(notebook, "solution"):
        assert "Right: " in printed(cell)
        assert not re.search("^(Open|Not yet): ", printed(cell), re.MULTILINE)
    warnings = [
        output.text
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.output_type == "stream" and output.name == "stderr" and "Warning" in output.text
    ]
    assert not warnings
