from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from splineviz.training.files.lock import FolderLock


@pytest.fixture
def fork() -> Iterator[Callable[[], None]]:
    """A function that forks a process, which does nothing and lives until the test ends."""
    read, write = os.pipe()
    children: list[int] = []

    def start() -> None:
        with warnings.catch_warnings():
            # Python 3.12 warns where there are threads.
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            os.close(write)
            os.read(read, 1)
            os._exit(0)
        children.append(child)

    yield start
    os.close(write)
    for child in children:
        os.waitpid(child, 0)
    os.close(read)


def test_a_folder_has_one_lock(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path)
    with pytest.raises(BlockingIOError):
        FolderLock(tmp_path)
    lock.release()
    lock.release()
    FolderLock(tmp_path).release()
    assert list(tmp_path.iterdir()) == []


def test_a_lock_ends_although_a_forked_worker_lives(
    tmp_path: Path, fork: Callable[[], None]
) -> None:
    lock = FolderLock(tmp_path)
    fork()
    lock.release()
    FolderLock(tmp_path).release()


def test_a_disk_without_locks_does_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import fcntl

    def refuse(*args: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", refuse)
    FolderLock(tmp_path).release()
