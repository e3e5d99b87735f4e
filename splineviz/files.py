"""Files that are there in full or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that a reader, or a crash at any moment, never meets a part of it.

    The bytes go to a temporary file in the same folder, reach the disk, and only then take the
    file's name; the folder is synced last, so that the name is on the disk too.

    Parameters
    ----------
    path : Path
        The file. It is replaced if it exists; its folder must exist.
    data : bytes
        The contents.

    Raises
    ------
    OSError
        If the disk refuses. The old file, if any, is untouched, and nothing else is left behind.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with open(temporary, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder reach the disk, where the operating system can do that."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
