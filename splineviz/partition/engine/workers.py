"""Workers: work in blocks, in several threads, that can be stopped between two blocks."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import cache
from typing import TypeVar

from threadpoolctl import ThreadpoolController

_T = TypeVar("_T")

# How long to wait for a thread that should answer at once, in seconds.
_PATIENCE = 2.0


class Workers:
    """Threads that share work in blocks; they start when there is something to share.

    Parameters
    ----------
    threads : int
        How many.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._executor: Executor | None = None

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop the threads; once more if an interruption stopped this."""
        try:
            if self._executor is not None:
                self._executor.shutdown()
        finally:
            _ONE_THREAD_EACH.leave(self)

    def over(
        self,
        work: Callable[[int, int], _T],
        total: int,
        sizes: tuple[int, int],
        aside: bool = False,
    ) -> list[_T]:
        """Run ``work(first, last)`` over consecutive ranges that cover ``range(total)``.

        Parameters
        ----------
        work : callable
        total : int
        sizes : (int, int)
            The smallest and the largest size of a block that is worth while; between them, eight
            blocks. How the work is cut does not depend on the threads, so neither do results.
        aside : bool
            A single block runs at once in this thread, unless it is said to run aside: then this
            thread only waits for it, so that it can be interrupted.

        Returns
        -------
        list
            What each block returned, in order.
        """
        least, most = sizes
        size = min(most, max(least, -(-total // 8)))
        firsts = range(0, total, size)
        lasts = [min(first + size, total) for first in firsts]
        if len(lasts) < 2 and not aside:
            return [work(first, last) for first, last in zip(firsts, lasts, strict=True)]
        if self._executor is None:
            _ONE_THREAD_EACH.enter(self)
            self._executor = ThreadPoolExecutor(self._threads)
        results: dict[int, _T] = {}
        pending = iter(range(len(lasts)))

        def share() -> None:
            # Taking the next number off a range is one step of the interpreter.
            for i in pending:
                results[i] = work(firsts[i], lasts[i])

        # This thread takes part, which wakes fewer threads, unless it is to wait.
        try:
            others = [self._executor.submit(share) for _ in range(self._threads - (not aside))]
            if not aside:
                share()
            for other in others:
                other.result()
        except BaseException:
            for _ in pending:
                pass
            raise
        return [results[i] for i in range(len(lasts))]


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _OneThreadEach:
    """Keeps matrix products and convolutions to one thread each: the blocks have their own.

    Whoever comes first takes the libraries' own threads away, the last to leave gives them back.

    Several enumerations may run at once, in threads of a user's. A thread of its own does both, for
    some libraries listen only to the thread that spoke to them first.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users: set[Workers] = set()
        self._keeper: _Keeper | None = None

    def enter(self, user: Workers) -> None:
        """Count a user, and take the threads away for the first."""
        with self._lock:
            self._users.add(user)
            if self._keeper is None:
                self._keeper = _Keeper()
                self._keeper.take()

    def leave(self, user: Workers) -> None:
        """Forget a user, if it is one, and give the threads back after the last."""
        with self._lock:
            self._users.discard(user)
            if not self._users and self._keeper is not None:
                self._keeper.give_back()
                self._keeper = None


class _Keeper:
    """A thread that takes the libraries' own threads away until `give_back` is called."""

    def __init__(self) -> None:
        self._taken, self._wanted_back, self._given = (threading.Event() for _ in range(3))

    def take(self) -> None:
        threading.Thread(target=self._keep, daemon=True).start()
        self._taken.wait()

    def give_back(self) -> None:
        self._wanted_back.set()
        # Not for ever: it may have been interrupted before its thread began.
        self._given.wait(_PATIENCE)

    def _keep(self) -> None:
        try:
            torch = sys.modules.get("torch")
            with _blas().limit(limits=1):
                if torch is not None:
                    of_torch = torch.get_num_threads()
                    torch.set_num_threads(1)
                self._taken.set()
                self._wanted_back.wait()
                if torch is not None:
                    torch.set_num_threads(of_torch)
        finally:
            self._taken.set()
            self._given.set()


_ONE_THREAD_EACH = _OneThreadEach()


@cache
def _blas() -> ThreadpoolController:
    return ThreadpoolController().select(user_api="blas")
