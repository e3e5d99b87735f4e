"""RunWatcher: looking again and again at a run that is still being written."""

from __future__ import annotations

import threading
from collections.abc import Callable

from splineviz.widgets.common.worker_thread import WorkerThread

# Seconds between two looks: at first, and at the most while someone sees the run, or nobody does.
_FIRST, _MOST, _MOST_UNSEEN = 2.0, 30.0, 300.0
_GROWTH = 1.5


class RunWatcher:
    """Look at a run in a thread of its own, until there is no more to come.

    While the looks bring nothing they become rarer: a process that was killed leaves a run that
    says for ever that it is being written. A look that fails is told and tried again.

    Parameters
    ----------
    check : callable
        Reads the run; returns whether there was anything new.
    goes_on : callable
        Whether there is more to come. After a look that failed there is in any case.
    is_seen : callable
        Whether anyone sees what the looks bring.
    report : callable
        Called after each look with what went wrong, empty if all went well.
    first, most, most_unseen : float
        Seconds from one look to the next: at first, and at the most while it is seen, or not.
    """

    def __init__(
        self,
        check: Callable[[], bool],
        goes_on: Callable[[], bool],
        is_seen: Callable[[], bool],
        report: Callable[[str], None],
        *,
        first: float = _FIRST,
        most: float = _MOST,
        most_unseen: float = _MOST_UNSEEN,
    ) -> None:
        self._check = check
        self._goes_on = goes_on
        self._is_seen = is_seen
        self._report = report
        self._first, self._most, self._most_unseen = first, most, most_unseen
        self._pause = first
        self._woken = threading.Event()
        self._stopped = False

    def start(self) -> None:
        """Look from now on."""
        WorkerThread(self._work, self.stop, "splineviz-tail").start()

    def wake(self) -> None:
        """Look at once, and often again."""
        self._pause = self._first
        self._woken.set()

    def stop(self) -> None:
        """Look no more; a look that is under way is not waited for."""
        self._stopped = True
        self._woken.set()

    def _work(self) -> None:
        trouble = ""
        while trouble or self._goes_on():
            self._woken.wait(self._pause)
            self._woken.clear()
            if self._stopped:
                return
            try:
                found, trouble = self._check(), ""
            except Exception as error:
                found, trouble = False, str(error) or type(error).__name__
            self._report(trouble)
            most = self._most if self._is_seen() else self._most_unseen
            self._pause = self._first if found else min(_GROWTH * self._pause, most)
