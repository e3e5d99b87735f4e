"""What documents say of the package: their code runs, and what they name is there."""

from __future__ import annotations

import ast
import re
import tomllib
from functools import reduce
from pathlib import Path

import ipywidgets
import matplotlib.pyplot as plt
import pytest

import splineviz

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "splineviz"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
README = (ROOT / "README.md").read_text()
PAGES = ["README.md", *sorted(f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md"))]
DOCUMENTS = [*PAGES, "CONTRIBUTING.md", "splineviz/README.md"]
WITH_PYTHON = ["README.md", "docs/using.md"]

# Folders that a user has, and a clone has not.
OF_USERS = (".venv/", "runs/", "share/")


def code_blocks(page, language):
    """The blocks of code of a page, in one language."""
    text = (ROOT / page).read_text()
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)


def code_of(document):
    """All that a document has between backticks or in commands."""
    text = (ROOT / document).read_text()
    return [*re.findall(r"`([^`\n]+)`", text), *code_blocks(document, "bash")]


def paths_in(code):
    """The names of files and folders in a piece of code, without placeholders and addresses."""
    for word in re.findall(r"(?<![\w./*@:-])[\w./-]+", code):
        of_files = re.search(r"\.(?:cff|gif|ipynb|md|py|svg|toml|txt|yaml)$", word)
        if not (of_files or "/" in word) or word.startswith(OF_USERS):
            continue
        if not re.search(r"\b[A-Z]+/", word):
            yield word


def exists(path, document):
    """Whether there is such a file or folder, below the root, the package or the document."""
    return any((base / path).exists() for base in (ROOT, PACKAGE, (ROOT / document).parent))


def table(document, heading):
    """The rows of the first table behind a heading, as lists of their cells."""
    text = (ROOT / document).read_text().split(heading, 1)[1]
    lines = text[text.index("|---") :].split("\n\n")[0].splitlines()[1:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_no_python_in_documents_is_left_out():
    assert [page for page in PAGES if code_blocks(page, "python")] == WITH_PYTHON


@pytest.mark.parametrize("page", WITH_PYTHON)
def test_python_in_documents_runs(page, tmp_path, monkeypatch):
    """From top to bottom, as a reader would."""
    monkeypatch.chdir(tmp_path)
    namespace = {}
    try:
        for block in code_blocks(page, "python"):
            exec(compile(block, page, "exec"), namespace)
    finally:
        ipywidgets.Widget.close_all()
        plt.close("all")
    if page == "docs/using.md":
        assert len(splineviz.Run("runs/mine")) == 20


def test_ci_calls_the_test_command_of_the_readme():
    setup, test = code_blocks("README.md", "bash")
    assert (ROOT / ".ci" / "run").read_text().splitlines()[-1] == test.strip()
    assert test.strip() == f"{setup.strip()} test"


@pytest.mark.parametrize("document", [*DOCUMENTS, "CHANGELOG.md"])
def test_what_documents_link_to_exists(document):
    text = (ROOT / document).read_text()
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        if "://" not in target:
            assert ((ROOT / document).parent / target).exists(), target


@pytest.mark.parametrize("document", DOCUMENTS)
def test_files_that_documents_name_in_code_exist(document):
    named = [path for code in code_of(document) for path in paths_in(code)]
    assert [path for path in named if not exists(path, document)] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_modules_that_documents_name_in_code_exist(document):
    """Dotted names, from ``splineviz`` or ``sv`` on."""
    for code in code_of(document):
        for name in re.findall(r"(?<![\w./-])(?:splineviz|sv)((?:\.[A-Za-z]\w*)+)\b(?!/)", code):
            reduce(getattr, name[1:].split("."), splineviz)


@pytest.mark.parametrize("wrong", ["display/colorings.py", "widgets/nowhere/", "nowhere.py"])
def test_a_name_of_no_file_is_noticed(wrong):
    assert list(paths_in(f"see {wrong}, in NAME/index.js or runs/mine")) == [wrong]
    assert not exists(wrong, "splineviz/README.md")


def test_the_rooms_are_all_listed_in_their_own_words():
    """Each folder of the package with the first line of its docstring, down the list of rooms."""
    rows = table("splineviz/README.md", "# The rooms")
    listed = {name.strip("`").rstrip("/"): text for name, text in rows}
    rooms = {
        file.parent.relative_to(PACKAGE).as_posix(): ast.get_docstring(ast.parse(file.read_text()))
        for file in PACKAGE.glob("*/**/__init__.py")
    }
    assert {name: listed.get(name) for name in rooms} == {
        name: text.splitlines()[0] for name, text in rooms.items()
    }
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    [layers] = [entry["layers"] for entry in contracts["contracts"] if entry["id"] == "rooms"]
    order = [name for layer in layers for name in layer.split(" | ") if name in rooms]
    assert [name for name in listed if name in order] == order


@pytest.mark.parametrize("row", table("splineviz/README.md", "## Where does it live?"))
def test_what_lives_where_is_defined_there(row):
    _, file, name = (cell.strip("`") for cell in row)
    assert exists(file, "splineviz/README.md"), f"{file} is gone: say in splineviz/README.md where"
    text = (PACKAGE / file).read_text()
    assert re.search(rf"^ *(?:(?:export )?function|class|def) {name}\b|^{name}\b.* = ", text, re.M)


def test_the_readme_is_short_and_moves():
    assert len(README.splitlines()) <= 100
    [picture] = re.findall(r"!\[.+\]\((.+\.gif)\)", README)
    data = (ROOT / picture).read_bytes()
    assert data.startswith(b"GIF89a")
    assert len(data) < 3e6


def test_the_citation_is_of_this_version():
    lines = (ROOT / "CITATION.cff").read_text().splitlines()
    known = dict(line.split(": ", 1) for line in lines if re.match(r"[a-z-]+: .", line))
    assert known["cff-version"] == "1.2.0"
    assert known["version"] == PROJECT["version"]
    assert known["license"] == PROJECT["license"]
    assert PROJECT["authors"][0]["name"] in "".join(lines)
    assert "arXiv:2402.15555" in "".join(lines)
