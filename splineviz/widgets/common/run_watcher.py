"""RunWatcher: checks a run for new checkpoints while it is being recorded."""

from __future__ import annotations

import threading
from collections.abc import Callable

from splineviz.widgets.common.worker_thread import WorkerThread

# Seconds between two checks: at first, and at most while the run is displayed, or not displayed.
_FIRST, _MOST, _MOST_UNSEEN = 2.0, 30.0, 300.0
_GROWTH = 1.5


class RunWatcher:
    """Checks a run for new checkpoints in a background thread, until the recording has ended.

    While checks find nothing, they become rarer: if the training process was killed, its run is
    marked as being recorded for ever. After a failed check, it reports the error and tries again.

    Parameters
    ----------
    check : callable
        Reads the run; returns whether there was anything new.
    goes_on : callable
        Whether the recording goes on. After a failed check, there is always another.
    is_seen : callable
        Whether the run is displayed.
    report : callable
        Called after each check with the error as text, empty if all went well.
    first, most, most_unseen : float
        Seconds between two checks: at first, and at most while the run is displayed, or not.
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
        """Start the thread."""
        WorkerThread(self._work, self.stop, "splineviz-tail").start()

    def wake(self) -> None:
        """Check at once, and often again."""
        self._pause = self._first
        self._woken.set()

    def stop(self) -> None:
        """Stop checking; do not wait for a check in progress."""
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
                changed, trouble = self._check(), ""
            except Exception as error:
                changed, trouble = False, str(error) or type(error).__name__
            self._report(trouble)
            most = self._most if self._is_seen() else self._most_unseen
            self._pause = self._first if changed else min(_GROWTH * self._pause, most)
