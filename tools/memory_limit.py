"""A limit on the memory of a process and its children together, on Linux.

A container's limit is kept by the kernel, which kills the largest process of a group that wants
more. Making such a group takes rights that a user seldom has. So here a thread adds up what the
processes hold, ten times a second and each shared page once in all (PSS), and kills the largest one
when the sum is over the limit. Between two looks a process can get ahead; therefore the kernel also
refuses each single process more private memory than the limit (RLIMIT_DATA).
"""

from __future__ import annotations

import os
import resource
import signal
import threading
from pathlib import Path

PROC = Path("/proc")
MB = 1_000_000
INTERVAL = 0.1
"""Seconds from one look to the next."""


class MemoryLimit:
    """Keeps a process, and all that it starts, below a limit until it is closed.

    Parameters
    ----------
    pid : int
        A process that was just started: what it starts later inherits its limit.
    limit : int
        Bytes.

    Attributes
    ----------
    killed : list of str
        The processes that were killed, as the report names them.
    """

    def __init__(self, pid: int, limit: int) -> None:
        self.pid = pid
        self.limit = limit
        self.killed: list[str] = []
        self._most = 0
        self._closed = threading.Event()
        resource.prlimit(pid, resource.RLIMIT_DATA, (limit, limit))
        self._thread = threading.Thread(target=self._watch, name="memory limit", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Watch no longer."""
        self._closed.set()
        self._thread.join()

    def start_over(self) -> None:
        """Forget the peak of before."""
        self._most = 0

    @property
    def peak(self) -> int:
        """The most that all processes held at one look, since ``start_over``: bytes."""
        return self._most

    def _watch(self) -> None:
        while not self._closed.wait(INTERVAL):
            held = {pid: proportional(pid) for pid in family(self.pid)}
            total = sum(held.values())
            self._most = max(self._most, total)
            if total > self.limit:
                largest = max(held, key=lambda pid: held[pid])
                self.killed.append(f"{command(largest)} at {total // MB:,} MB in all")
                try:
                    os.kill(largest, signal.SIGKILL)
                except ProcessLookupError:
                    continue


def family(pid: int) -> list[int]:
    """A process and its children, and theirs."""
    pids = [pid]
    for one in pids:
        try:
            threads = list((PROC / str(one) / "task").iterdir())
        except FileNotFoundError:
            continue
        for thread in threads:
            pids += map(int, read(thread / "children").split())
    return pids


def proportional(pid: int) -> int:
    """What a process holds, a page that n processes share as its n-th part (PSS): bytes."""
    return kilobytes(read(PROC / str(pid) / "smaps_rollup"), "Pss")


def most_resident(pid: int) -> int:
    """The most that a process ever held, shared pages in full (VmHWM): bytes."""
    return kilobytes(read(PROC / str(pid) / "status"), "VmHWM")


def worked(pid: int) -> float:
    """The time that a process had a CPU since it was started, in seconds."""
    # What follows the name, which may hold spaces: its user and system time are fields 14 and 15.
    fields = read(PROC / str(pid) / "stat").rpartition(")")[2].split()
    ticks = sum(map(int, fields[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def command(pid: int) -> str:
    """The command line of a process."""
    return read(PROC / str(pid) / "cmdline").replace("\0", " ").strip()


def kilobytes(text: str, name: str) -> int:
    """A line of /proc that counts kilobytes, in bytes; 0 if it is not there."""
    for line in text.splitlines():
        if line.startswith(f"{name}:"):
            return 1024 * int(line.split()[1])
    return 0


def read(path: Path) -> str:
    """The text of a file in /proc; empty if its process is gone."""
    try:
        return path.read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""
