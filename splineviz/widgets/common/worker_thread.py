"""WorkerThread: a thread of a widget, which ends before Python does."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable

_PATIENCE = 3.0


class WorkerThread(threading.Thread):
    """A daemon thread that is told to stop, and waited for, when Python ends.

    Python ends a daemon thread wherever it is. In the midst of compiled code that takes the whole
    process down, with the exit status of a crash after all that it printed.

    Parameters
    ----------
    work : callable
        What the thread does.
    stop : callable
        Makes `work` return soon; called without arguments, from another thread.
    name : str
        Of the thread.
    """

    def __init__(self, work: Callable[[], None], stop: Callable[[], object], name: str) -> None:
        super().__init__(target=work, name=name, daemon=True)
        self._stop_work: Callable[[], object] | None = stop

    def run(self) -> None:
        """Do the work, and let go of whoever it was for."""
        try:
            super().run()
        finally:
            self._stop_work = None

    def end(self) -> None:
        """Tell the work to stop."""
        stop = self._stop_work
        if stop is not None:
            stop()


@atexit.register
def _end_all() -> None:
    """End the threads that are at work, or leave them to Python if they take too long."""
    threads = [thread for thread in threading.enumerate() if isinstance(thread, WorkerThread)]
    for thread in threads:
        thread.end()
    for thread in threads:
        thread.join(_PATIENCE)
