"""WorkerThread: a background thread that ends before Python does."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable

_PATIENCE = 3.0


class WorkerThread(threading.Thread):
    """A daemon thread that is stopped and joined when Python ends.

    At exit, Python kills a daemon thread wherever it is. If that is inside compiled code, the whole
    process crashes, after it has printed its output.

    Parameters
    ----------
    work : callable
        The function to run.
    stop : callable
        Makes `work` return soon. Called without arguments, from another thread.
    name : str
        Name of the thread.
    """

    def __init__(self, work: Callable[[], None], stop: Callable[[], object], name: str) -> None:
        super().__init__(target=work, name=name, daemon=True)
        self._stop_work: Callable[[], object] | None = stop

    def run(self) -> None:
        """Run the work, then drop the reference to its owner."""
        try:
            super().run()
        finally:
            self._stop_work = None

    def end(self) -> None:
        """Ask the work to stop."""
        stop = self._stop_work
        if stop is not None:
            stop()


@atexit.register
def _end_all() -> None:
    """Stop all running threads, or leave them to Python if they take too long."""
    threads = [thread for thread in threading.enumerate() if isinstance(thread, WorkerThread)]
    for thread in threads:
        thread.end()
    for thread in threads:
        thread.join(_PATIENCE)
