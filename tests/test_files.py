from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from splineviz.errors import UnsafeFile
from splineviz.files import (
    make_folder,
    open_to_append,
    read_file,
    remove_file,
    write_atomically,
)

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "folder"
    path.mkdir()
    return path


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A file of the user that lies elsewhere."""
    path = tmp_path / "mine.txt"
    path.write_bytes(b"mine")
    return path


def test_a_file_is_made_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"first")
    write_atomically(path, b"second")
    assert path.read_bytes() == b"second"
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


def test_a_new_file_has_the_permissions_of_any_other(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"")
    write_atomically(tmp_path / "file", b"")
    assert (tmp_path / "file").stat().st_mode == (tmp_path / "other").stat().st_mode


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_failure_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"old")

    def refuse(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, call, refuse)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


# What killed processes leave behind ---------------------------------------------------------------

STOP = """
import os, sys, time
from pathlib import Path
from splineviz.files import write_atomically

def stop(*args):
    print("here", flush=True)
    time.sleep(600)

os.replace = stop
write_atomically(Path(sys.argv[1]), b"half")
"""


def stopped(path: Path) -> subprocess.Popen[str]:
    """A process that stands still when its temporary file is written."""
    process = subprocess.Popen(
        [sys.executable, "-c", STOP, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "here\n"
    process.stdout.close()
    return process


def test_what_killed_processes_left_is_removed_and_what_others_write_stays(folder: Path) -> None:
    for _ in range(2):
        killed = stopped(folder / "file")
        killed.send_signal(signal.SIGKILL)
        killed.wait()
    alive = stopped(folder / "file")
    try:
        write_atomically(folder / "another", b"whole")
        first, second = sorted(folder.iterdir())
        assert first.read_bytes() == b"half"
        assert second.name == "another"
    finally:
        alive.kill()
        alive.wait()


def test_what_earlier_versions_left_behind_is_removed(tmp_path: Path) -> None:
    (tmp_path / ".file.tmp").write_bytes(b"half of someth")
    write_atomically(tmp_path / "file", b"whole")
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


def test_where_there_are_no_locks_only_what_is_old_is_removed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    def refuse(*args: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", refuse)
    new, old = (folder / f".splineviz-{digit * 16}.tmp" for digit in "01")
    new.touch()
    old.touch()
    two_days_ago = time.time() - 2 * 24 * 60 * 60
    os.utime(old, (two_days_ago, two_days_ago))
    write_atomically(folder / "file", b"whole")
    assert sorted(folder.iterdir()) == [new, folder / "file"]


# Links --------------------------------------------------------------------------------------------


def test_a_link_is_replaced_and_not_followed(folder: Path, mine: Path) -> None:
    (folder / "file").symlink_to(mine)
    (folder / ".file.tmp").symlink_to(mine)
    write_atomically(folder / "file", b"new", inside=folder)
    assert mine.read_bytes() == b"mine"
    assert not (folder / "file").is_symlink()
    assert (folder / "file").read_bytes() == b"new"


def test_no_link_leads_out_of_the_folder(folder: Path, mine: Path) -> None:
    (folder / "file").symlink_to(mine)
    (folder / "around").symlink_to(folder.parent)
    inner = folder / "around" / "mine.txt"
    for path in (folder / "file", inner, folder / ".." / "mine.txt"):
        with pytest.raises(UnsafeFile, match="leads out of"):
            read_file(path, 100, inside=folder)
    with pytest.raises(UnsafeFile, match="leads out of"):
        write_atomically(inner, b"new", inside=folder)
    with pytest.raises(UnsafeFile, match="leads out of"):
        remove_file(inner, inside=folder)
    with pytest.raises(UnsafeFile, match="leads out of"):
        open_to_append(inner, inside=folder)
    with pytest.raises(UnsafeFile, match="leads out of"):
        make_folder(folder / "around", inside=folder)
    with pytest.raises(OSError, match="symbolic link"):
        open_to_append(folder / "file", inside=folder)
    remove_file(folder / "file", inside=folder)
    assert mine.read_bytes() == b"mine"
    assert [path.name for path in folder.iterdir()] == ["around"]


def test_links_to_the_folder_and_in_it_are_followed(folder: Path) -> None:
    link = folder.parent / "link"
    link.symlink_to(folder)
    make_folder(link / "inner", inside=link)
    write_atomically(link / "inner" / "file", b"data", inside=link)
    (folder / "same").symlink_to("inner/file")
    assert read_file(folder / "same", 4, inside=link) == b"data"
    with open_to_append(link / "inner" / "file", inside=link) as file:
        file.write(b" and more")
    assert read_file(folder / "inner" / "file", 100, inside=link) == b"data and more"
    remove_file(link / "inner" / "file", inside=link)
    remove_file(link / "inner" / "file", inside=link)
    assert list((folder / "inner").iterdir()) == []


def test_links_that_lead_in_circles_end(folder: Path) -> None:
    (folder / "a").symlink_to("b")
    (folder / "b").symlink_to("a")
    with pytest.raises(OSError, match="levels of symbolic links"):
        read_file(folder / "a", 100, inside=folder)


# What is no file ----------------------------------------------------------------------------------


def test_only_regular_files_are_read_and_replaced(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(folder / "pipe")
    (folder / "folder").mkdir()
    (folder / "device").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as server:
        # The path of a socket must be short.
        monkeypatch.chdir(folder)
        server.bind("socket")
    kinds = {"pipe": "a pipe", "folder": "a folder", "device": "a device", "socket": "or a socket"}
    for name, kind in kinds.items():
        with pytest.raises(UnsafeFile, match=kind):
            read_file(folder / name, 100)
        with pytest.raises(UnsafeFile, match=kind):
            write_atomically(folder / name, b"data")
    with pytest.raises(OSError, match=r"pipe|No such device"):
        open_to_append(folder / "pipe", inside=folder)
    assert sorted(path.name for path in folder.iterdir()) == sorted(kinds)


def test_more_than_is_expected_is_not_read(folder: Path) -> None:
    path = folder / "file"
    with open(path, "wb") as file:
        file.truncate(2**40)
    with pytest.raises(UnsafeFile, match=r"1,099,511,627,776 bytes.*no more than 100"):
        read_file(path, 100)
    with open(path, "wb") as file:
        file.truncate(100)
    assert read_file(path, 100) == bytes(100)
