"""Where a file is to be written: checked before any work is done for it."""

from __future__ import annotations

import os
from pathlib import Path

from splineviz.errors import InvalidArgument, UnwritablePath


def checked_target(path: str | os.PathLike[str], extension: str) -> Path:
    """The path of a file that can be written.

    Parameters
    ----------
    path : str or path-like
        Its name ends with `extension`.
    extension : str
        What the kind of file is called, with its dot.

    Raises
    ------
    InvalidArgument
        If the name has another extension.
    UnwritablePath
        If there is no such folder, it cannot be written to, or a folder has this name.
    """
    target = Path(path).expanduser()
    if target.suffix.lower() != extension:
        raise InvalidArgument(
            f"{target.name!r} would hold a {extension} file: give it a name that ends with "
            f"{extension}, or use another of save_png, save_svg, save_gif, save_mp4, save_html"
        )
    folder = target.parent
    if not folder.is_dir():
        raise UnwritablePath(f"cannot write {target}: there is no folder {folder}. Make it first")
    if target.is_dir():
        raise UnwritablePath(f"cannot write {target}: there is a folder of this name")
    if not os.access(folder, os.W_OK):
        raise UnwritablePath(f"cannot write {target}: the folder {folder} may not be written to")
    return target
