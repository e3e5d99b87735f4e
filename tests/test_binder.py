"""The files that Binder reads, and the address at which it finds them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

import start
from tools import repository_address as address

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "binder"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_requirements_are_those_of_the_tests_with_torch_for_the_cpu():
    lines = (FOLDER / "requirements.txt").read_text().splitlines()
    [torch] = re.findall(r"^torch==(.+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    assert [line for line in lines if not line.startswith("#")] == [
        f"--extra-index-url {start.CPU_BUILDS}",
        # pip reads it from the folder of the file, and -e from where it is started: the top.
        "-c ../constraints.txt",
        f"torch=={torch}+cpu",
        "-e .",
    ]


def test_the_python_is_one_that_was_tried():
    named = (FOLDER / "runtime.txt").read_text()
    [version] = re.findall(r"^python-(3\.\d+)\n$", named)
    assert f"python{version}" in start.TRIED
    assert version in SpecifierSet(PROJECT["requires-python"])


def test_what_binder_starts_gets_one_thread_and_code_for_any_cpu():
    code = "import os; print(os.environ['OMP_NUM_THREADS'], os.environ['NUMBA_CPU_NAME'])"
    environment = {k: v for k, v in os.environ.items() if k != "NUMBA_CPU_NAME"}
    done = subprocess.run(
        [FOLDER / "start", sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "1 generic\n"


@pytest.mark.parametrize("name", ["README.md", "CITATION.cff"])
def test_the_address_is_that_of_pyproject(name):
    """If it is not: python tools/repository_address.py."""
    text = (ROOT / name).read_text()
    assert address.REWRITES[name](text, address.repository()) == text


def test_a_public_address_replaces_the_note():
    text = (ROOT / "README.md").read_text()
    public = address.rewrite_readme(text, "https://github.com/ann/splineviz")
    assert "(https://mybinder.org/v2/gh/ann/splineviz/HEAD?urlpath=lab/tree/" in public
    assert address.NOTE not in public
    assert address.UNKNOWN not in public
    unknown = f"https://github.com/{address.UNKNOWN}/splineviz"
    assert address.NOTE in address.rewrite_readme(public, unknown)


def test_another_host_is_a_git_repository():
    found = address.binder("https://codeberg.org/ann/splineviz")
    assert found.startswith(
        "https://mybinder.org/v2/git/https%3A%2F%2Fcodeberg.org%2Fann%2Fsplineviz/HEAD?"
    )


def test_the_badge_opens_a_notebook_that_exists():
    before = "lab/tree/"
    assert address.OPENS.startswith(before)
    assert (ROOT / address.OPENS.removeprefix(before)).exists()
