from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(path.name for path in FOLDER.glob("*.ipynb"))
# What a notebook says about the runs that it trains is checked behind its last cell.
FACTS = {
    "01_watch_regions_move.ipynb": "from tests.notebooks.watch_regions_move import check\n"
    "check(moons, folder, digits, images, three, plane)"
}
LONGEST_CELL = 300


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebook_is_kept_without_output(name):
    notebook = nbformat.read(FOLDER / name, as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebook_runs_from_top_to_bottom(name, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(FOLDER.parent))
    folder = tmp_path / "notebooks"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("runs", ".ipynb_checkpoints"))
    notebook = nbformat.read(folder / name, as_version=4)
    if name in FACTS:
        notebook.cells.append(nbformat.v4.new_code_cell(FACTS[name]))
    client = NotebookClient(
        notebook,
        timeout=LONGEST_CELL,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute()
    problems = [
        output.text
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.output_type == "stream" and output.name == "stderr" and "Warning" in output.text
    ]
    assert not problems
