"""A lock on a run's folder, so that two recordings do not write it at once."""

from __future__ import annotations

import os
import sys
import weakref
from contextlib import suppress
from pathlib import Path


class FolderLock:
    """Keep a folder for one writer, until `release` is called or the process ends.

    The operating system holds the lock, so a killed process leaves none behind. Where there are no
    locks, as on some network disks, nothing is kept.

    Parameters
    ----------
    folder : Path
        The folder, which must exist. On Windows, where folders cannot be locked, an empty file
        ``.lock`` in it stands for it.

    Attributes
    ----------
    owner : int
        The number of the process that keeps the folder.

    Raises
    ------
    BlockingIOError
        If the folder is kept by another lock, of this process or another.
    """

    def __init__(self, folder: Path) -> None:
        descriptor = _open(_place(folder))
        try:
            _lock(descriptor)
        except BlockingIOError:
            os.close(descriptor)
            raise
        self.owner = os.getpid()
        self._descriptor = descriptor
        self.release = weakref.finalize(self, _release, descriptor, self.owner)

    def is_of(self, folder: Path) -> bool:
        """Tell whether a folder is the locked one, and not another that has taken its name.

        Call it before `release` only.

        Raises
        ------
        OSError
            If the folder cannot be examined.
        """
        try:
            status = _place(folder).stat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        return os.path.samestat(status, os.fstat(self._descriptor))


def _release(descriptor: int, owner: int) -> None:
    # A forked process, such as a worker that loads data, shares the lock. It must not outlast its
    # owner's release because of the worker, nor end with the worker.
    if os.getpid() == owner:
        with suppress(OSError):
            _unlock(descriptor)
    os.close(descriptor)


if sys.platform == "win32":
    import msvcrt

    from splineviz.errors import UnsafeFile

    def _place(folder: Path) -> Path:
        return folder / ".lock"

    def _open(place: Path) -> int:
        if place.is_symlink():
            raise UnsafeFile(f"{place} is a symbolic link: delete it")
        return os.open(place, os.O_RDWR | os.O_CREAT)

    def _lock(descriptor: int) -> None:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise BlockingIOError(*error.args) from error

    def _unlock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _place(folder: Path) -> Path:
        return folder

    def _open(place: Path) -> int:
        return os.open(place, os.O_RDONLY | os.O_DIRECTORY)

    def _lock(descriptor: int) -> None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise
        except OSError:
            # This disk has no locks.
            return

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
