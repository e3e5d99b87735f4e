"""``splineviz lab``: the course, or a notebook, in JupyterLab."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

import splineviz
from splineviz.errors import InvalidArgument
from splineviz.files import write_atomically
from splineviz.terminal import printable

FIRST_NOTEBOOK = "00_watch.ipynb"
COURSE_FOLDER = "splineviz-course"


def add(commands: Any) -> None:
    """Add the command to a parser's."""
    parser = commands.add_parser(
        "lab",
        usage="splineviz lab [NOTEBOOK] [--into DIR] [OPTION ...]",
        help="open the course, or a notebook of yours, in JupyterLab",
        description="Copy the notebooks of the course into a folder and open the first of them in "
        "JupyterLab, or open a notebook of yours. Notebooks that are in the folder already stay as "
        "they are. Other options, such as --no-browser or --port 9000, are passed on to "
        "JupyterLab.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--into",
        type=Path,
        metavar="DIR",
        help=f"the folder for the course (default: {COURSE_FOLDER})",
    )
    parser.set_defaults(execute=execute)


def execute(options: argparse.Namespace) -> int:
    """Copy the course, or find a notebook, and open it in JupyterLab."""
    into, words = options.into, options.rest
    if words and not words[0].startswith("-"):
        notebook, *passed_on = words
        path = Path(notebook).absolute()
        if into is not None:
            raise InvalidArgument(f"--into is for the course; leave it out to open {notebook}")
        if not path.is_file():
            raise InvalidArgument(f"there is no notebook {path}")
    else:
        folder, passed_on = (into or Path(COURSE_FOLDER)).absolute(), words
        different = copy_course(folder)
        print(f"splineviz: the course is in {printable(folder)}")
        if different:
            names = ", ".join(printable(path.relative_to(folder)) for path in different)
            print(f"splineviz: left as they are, with your changes or of another version: {names}")
        path = folder / FIRST_NOTEBOOK
    # JupyterLab refuses to run as root, which is who one is in most containers.
    if hasattr(os, "geteuid") and os.geteuid() == 0 and "--allow-root" not in passed_on:
        passed_on = ["--allow-root", *passed_on]
    from jupyterlab.labapp import LabApp

    # This way the address that is printed leads to the notebook too, and not only the browser
    # that is opened here.
    place = [
        f"--ServerApp.root_dir={path.parent}",
        f"--LabApp.default_url=/lab/tree/{quote(path.name)}",
    ]
    LabApp.launch_instance([*place, *passed_on])
    return 0


def copy_course(folder: Path) -> list[Path]:
    """Copy the notebooks of the course, with their solutions, into a folder.

    Files that are there already are left as they are.

    Parameters
    ----------
    folder : Path
        The folder. It is made if it does not exist.

    Returns
    -------
    list of Path
        Notebooks that were there already and differ from those of this version of splineviz.

    Raises
    ------
    InvalidArgument
        If the folder cannot be made, or not be written into.
    """
    package = Path(splineviz.__file__).parent
    # A wheel has them inside; a checkout, beside the package.
    inside = package / "notebooks"
    course = inside if inside.is_dir() else package.parent / "notebooks"
    different = []
    try:
        for source in sorted([*course.glob("*.ipynb"), *course.glob("solutions/*.ipynb")]):
            target = folder / source.relative_to(course)
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists():
                write_atomically(target, source.read_bytes())
            elif target.read_bytes() != source.read_bytes():
                different.append(target)
    except OSError as error:
        raise InvalidArgument(
            f"the course cannot be copied into {folder}: {error}; choose another folder with --into"
        ) from error
    return different
