"""Checks the file to write, and the size of a picture, before any work is done."""

from __future__ import annotations

import os
from pathlib import Path

from splineviz.errors import InvalidArgument, UnwritablePath
from splineviz.files import write_atomically
from splineviz.validation.names import as_path
from splineviz.validation.numbers import as_real

# The smallest width in inches that has room for labels and color bar.
_NARROWEST = 3.0
_COARSEST = 10
# The largest width in pixels, without curves.
_WIDEST = 10_000


def check_target(path: str | os.PathLike[str], extension: str) -> Path:
    """Check that a file can be written, and return its path.

    Parameters
    ----------
    path : str or path-like
        Its name ends with `extension`.
    extension : str
        The extension of the kind of file, with its dot.

    Raises
    ------
    InvalidArgument
        If the name has another extension.
    UnwritablePath
        If there is no such folder, it cannot be written to, or a folder has this name.
    """
    target = as_path(path)
    if target.suffix.lower() != extension:
        raise InvalidArgument(
            f"path is {target.name!r}, but would hold a {extension} file: give it a name that ends "
            f"with {extension}, or use another of save_png, save_svg, save_gif, save_mp4, save_html"
        )
    folder = target.parent
    # os.path returns False for a name that the system refuses, where Path would raise.
    if not os.path.isdir(folder):  # noqa: PTH112
        raise UnwritablePath(f"cannot write {target}: there is no folder {folder}. Make it first")
    if os.path.isdir(target):  # noqa: PTH112
        raise UnwritablePath(f"cannot write {target}: there is a folder of this name")
    if not os.access(folder, os.W_OK):
        raise UnwritablePath(f"cannot write {target}: the folder {folder} may not be written to")
    return target


def write_target(target: Path, data: bytes) -> None:
    """Write a file in one piece.

    Raises
    ------
    UnwritablePath
        If the operating system refuses. An old file of this name is unchanged then.
    """
    try:
        write_atomically(target, data)
    except OSError as error:
        why = error.strerror or str(error)
        raise UnwritablePath(f"cannot write {target} ({len(data):,} bytes): {why}") from error


def check_size(width: float, dpi: float) -> None:
    """Refuse a picture that is too small to be read, or too large to be drawn.

    Parameters
    ----------
    width : float
        Its width without curves, in inches.
    dpi : float
        Pixels an inch.

    Raises
    ------
    InvalidArgument
        If it is.
    """
    inches = as_real(width, "width")
    if not _NARROWEST <= inches <= _WIDEST / _COARSEST:
        raise InvalidArgument(
            f"width is {width} inches; a picture with its labels needs {_NARROWEST:g} or more, and "
            f"can have up to {_WIDEST // _COARSEST:,}"
        )
    most = _WIDEST / inches
    advice = (
        f"for a picture {inches:g} inches wide it must be from {_COARSEST} to {most:.0f}: up to "
        f"{_WIDEST:,} pixels"
    )
    if not _COARSEST <= as_real(dpi, "dpi", advice=advice) <= most:
        raise InvalidArgument(f"dpi is {dpi}; {advice}")
