"""Files of which only so much is believed: read with a bound, written in full or not at all.

A folder that somebody else made may hold anything: links that lead out of it, pipes that never end,
a file of a terabyte. Every file that is read from such a folder, or written into one, goes through
this module.
"""

from __future__ import annotations

import io
import os
import re
import secrets
import stat
import sys
import time
from contextlib import suppress
from pathlib import Path

from splineviz.errors import UnsafeFile

# What some systems do not have says nothing there.
_NO_LINKS = getattr(os, "O_NOFOLLOW", 0)
_NO_WAITING = getattr(os, "O_NONBLOCK", 0)
_BYTES = getattr(os, "O_BINARY", 0)

_TEMPORARY = re.compile(r"\.splineviz-[0-9a-f]{16}\.tmp")
_DAY = 24 * 60 * 60


def read_file(path: Path, most: int, *, inside: Path | None = None) -> bytes:
    """Read a regular file of bounded size.

    Parameters
    ----------
    path : Path
        The file.
    most : int
        How many bytes it may have.
    inside : Path, optional
        The folder in which it must lie, wherever links lead. The folder itself may be reached
        through links. Default: any place.

    Returns
    -------
    bytes

    Raises
    ------
    UnsafeFile
        If it is a folder, a pipe or a device, has more bytes, or lies elsewhere.
    OSError
        If it is not there, or may not be read.
    """
    place = path if inside is None else _within(path, inside)
    check_file(place, most)
    links = 0 if inside is None else _NO_LINKS
    descriptor = os.open(place, os.O_RDONLY | _NO_WAITING | _BYTES | links)
    with os.fdopen(descriptor, "rb") as file:
        # Again, because another file may have taken its place.
        size = _checked_size(path, os.fstat(descriptor), most)
        return file.read(size)


def check_file(path: Path, most: int) -> None:
    """Refuse what is no regular file, or has too many bytes, without opening it.

    Raises
    ------
    UnsafeFile
        If it is a folder, a pipe or a device, or has more than `most` bytes.
    OSError
        If it is not there.
    """
    _checked_size(path, path.stat(), most)


def write_atomically(path: Path, data: bytes, *, inside: Path | None = None) -> None:
    """Write a file so that a reader, or a crash at any moment, never meets a part of it.

    The bytes go to a temporary file in the same folder, which is new and which nobody can know the
    name of before; they reach the disk, and only then take the file's name; the folder is synced
    last, so that the name is on the disk too. A link of that name is replaced, not followed.
    Temporary files that killed processes left in the folder are removed.

    Parameters
    ----------
    path : Path
        The file. It is replaced if it exists; its folder must exist.
    data : bytes
        The contents.
    inside : Path, optional
        The folder in which it must come to lie, as for :func:`read_file`.

    Raises
    ------
    UnsafeFile
        If a folder, a pipe or a device has this name, or its folder lies elsewhere.
    OSError
        If the disk refuses. The old file, if any, is untouched, and nothing else is left behind.
    """
    folder = path.parent if inside is None else _within(path.parent, inside)
    target = folder / path.name
    with suppress(FileNotFoundError):
        _check_regular(path, target.stat())
    _remove_abandoned(folder, f".{path.name}.tmp")
    descriptor, temporary = _new_file(folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            if sys.platform != "win32":
                # Before it is closed, which ends the lock.
                os.replace(temporary, target)
        if sys.platform == "win32":
            os.replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(folder)


def open_to_append(path: Path, *, inside: Path) -> io.FileIO:
    """Open a regular file that exists, to add bytes at its end. A link is not followed.

    Raises
    ------
    UnsafeFile
        If it is no regular file, or its folder is not inside `inside`.
    OSError
        If it is not there, is a link, or may not be written.
    """
    place = _within(path.parent, inside) / path.name
    flags = os.O_WRONLY | os.O_APPEND | _NO_WAITING | _NO_LINKS | _BYTES
    file = io.FileIO(os.open(place, flags), "ab")
    try:
        _check_regular(path, os.fstat(file.fileno()))
    except UnsafeFile:
        file.close()
        raise
    return file


def make_folder(path: Path, *, inside: Path) -> None:
    """Make a folder if it is not there.

    Raises
    ------
    UnsafeFile
        If it leads out of the folder `inside`.
    OSError
        If something else has its name, or the disk refuses.
    """
    path.mkdir(exist_ok=True)
    _within(path, inside)


def remove_file(path: Path, *, inside: Path) -> None:
    """Remove a file, if there is one. Of a link only the link is removed.

    Raises
    ------
    UnsafeFile
        If its folder is not inside `inside`.
    OSError
        If the disk refuses, or it is a folder.
    """
    (_within(path.parent, inside) / path.name).unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder reach the disk, where the operating system can do that."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _within(path: Path, folder: Path) -> Path:
    """A path without links, which must be in a folder or the folder itself."""
    place = Path(os.path.realpath(path))
    if not place.is_relative_to(os.path.realpath(folder)):
        raise UnsafeFile(
            f"{path} leads out of {folder} through a symbolic link, to {place}, and is left alone. "
            "Put the file or folder itself there"
        )
    return place


def _checked_size(path: Path, status: os.stat_result, most: int) -> int:
    _check_regular(path, status)
    if status.st_size > most:
        raise UnsafeFile(
            f"{path} has {status.st_size:,} bytes, and no more than {most:,} are expected of it: "
            "it is not read"
        )
    return status.st_size


def _check_regular(path: Path, status: os.stat_result) -> None:
    mode = status.st_mode
    if stat.S_ISREG(mode):
        return
    if stat.S_ISDIR(mode):
        kind = "a folder"
    elif stat.S_ISFIFO(mode):
        kind = "a pipe"
    else:
        kind = "a device or a socket"
    raise UnsafeFile(f"{path} is {kind}, not a regular file: it is left alone")


def _new_file(folder: Path) -> tuple[int, Path]:
    """A new file, open for writing; its lock says that its process is alive."""
    while True:
        temporary = folder / f".splineviz-{secrets.token_hex(8)}.tmp"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINKS | _BYTES
        try:
            descriptor = os.open(temporary, flags, 0o666)
        except FileExistsError:
            continue
        except OSError as error:
            # The name of the temporary file says nothing to anybody.
            error.filename = os.fspath(folder)
            raise
        # Another process may have taken it for abandoned before it was locked.
        if _locked(descriptor) is not False and os.fstat(descriptor).st_nlink:
            return descriptor, temporary
        os.close(descriptor)


def _remove_abandoned(folder: Path, earlier: str) -> None:
    """Remove temporary files of processes that are gone.

    `earlier` is how earlier versions named theirs.
    """
    with suppress(OSError), os.scandir(folder) as entries:
        # A run may have thousands of checkpoints: most names are known by how they begin.
        names = [entry.name for entry in entries if entry.name.startswith(".")]
        for name in names:
            if name == earlier or _TEMPORARY.fullmatch(name):
                with suppress(OSError):
                    _remove_if_abandoned(folder / name)


def _remove_if_abandoned(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | _NO_WAITING | _NO_LINKS)
    try:
        status = os.fstat(descriptor)
        locked = _locked(descriptor)
        # Where there are no locks, age must do.
        if stat.S_ISREG(status.st_mode) and (
            locked or (locked is None and time.time() - status.st_mtime > _DAY)
        ):
            path.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


if sys.platform == "win32":

    def _locked(descriptor: int) -> bool | None:
        return None

else:
    import fcntl

    def _locked(descriptor: int) -> bool | None:
        """Whether a file could be locked; None where there are no locks."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return None
        return True
