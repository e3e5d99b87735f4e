"""LiveWorker: a thread that alternates between training and drawing a frame."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic

from splineviz.widgets.common.worker_thread import WorkerThread

# Seconds from one frame to the next: minimum, and desired maximum.
_PERIOD = (0.05, 0.1)
# Training gets at least this fraction of the time that a frame takes.
_SHARE = 0.25
_CHUNK = 4


def training_seconds(took: float) -> float:
    """Compute how long to train before the next frame: as long as a frame takes, within limits.

    Parameters
    ----------
    took : float
        Seconds that the last frame took.

    Examples
    --------
    >>> [round(training_seconds(took), 3) for took in (0.01, 0.04, 0.07, 0.4)]
    [0.04, 0.04, 0.03, 0.1]
    """
    shortest, longest = (period - took for period in _PERIOD)
    return max(took * _SHARE, min(max(took, shortest), longest))


class LiveWorker:
    """Alternates between training and showing in a background thread; it starts paused.

    After a pause, and after single steps, the final state is shown once more. An exception pauses
    the worker. The thread starts when there is something to do, and ends with :meth:`stop` or with
    the interpreter. It can be started again.

    Parameters
    ----------
    train : callable
        Makes the given number of updates.
    show : callable
        Shows the state. It may take long.
    ready : callable
        Whether a frame may be shown during training.
    failed : callable
        Called with the exception of `train` or `show`.
    """

    def __init__(
        self,
        train: Callable[[int], None],
        show: Callable[[], None],
        ready: Callable[[], bool],
        failed: Callable[[Exception], None],
    ) -> None:
        self._train = train
        self._show = show
        self._ready = ready
        self._failed = failed
        self._change = threading.Condition()
        self._running = False
        self._single = 0
        self._stale = False
        self._thread: threading.Thread | None = None

    @property
    def running(self) -> bool:
        """Whether it is training."""
        return self._running

    @property
    def alive(self) -> bool:
        """Whether the thread is alive."""
        thread = self._thread
        return thread is not None and thread.is_alive()

    def start(self) -> None:
        """Train until the next pause."""
        with self._change:
            self._running = True
            self._wake()

    def pause(self) -> None:
        """Stop training; do not wait for updates in progress."""
        with self._change:
            self._running = False
            self._wake()

    def step(self, n: int = 1) -> None:
        """Make some updates, then show the state."""
        with self._change:
            self._single += n
            self._wake()

    def refresh(self) -> None:
        """Show the state again, without training."""
        with self._change:
            self._wake()

    def stop(self) -> None:
        """Pause and end the thread; wait for it, unless this is called in it."""
        thread = self._end()
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def wait(self, timeout: float = 30.0) -> bool:
        """Wait until there is nothing to do; returns False after `timeout` seconds."""
        with self._change:
            return self._change.wait_for(lambda: not self._busy() or not self.alive, timeout)

    def _end(self) -> threading.Thread | None:
        with self._change:
            thread, self._thread = self._thread, None
            self._running, self._single, self._stale = False, 0, False
            self._change.notify_all()
        return thread

    def _wake(self) -> None:
        self._stale = True
        if not self.alive:
            self._thread = WorkerThread(self._work, self._end, "splineviz-live")
            self._thread.start()
        self._change.notify_all()

    def _busy(self) -> bool:
        return self._running or self._single > 0 or self._stale

    def _work(self) -> None:
        me = threading.current_thread()
        took = 0.0
        while True:
            with self._change:
                self._change.notify_all()
                self._change.wait_for(lambda: self._busy() or self._thread is not me)
                if self._thread is not me:
                    return
                running, single, self._single = self._running, self._single, 0
            try:
                if single:
                    self._train(single)
                elif running:
                    self._train_for(training_seconds(took), me)
                if not self._running or self._ready():
                    started = monotonic()
                    # Cleared before showing, so that a change in the meantime is shown as well.
                    self._stale = False
                    self._show()
                    took = monotonic() - started
            except Exception as error:
                with self._change:
                    self._running, self._single, self._stale = False, 0, False
                self._failed(error)

    def _train_for(self, seconds: float, me: threading.Thread) -> None:
        end = monotonic() + seconds
        while monotonic() < end and self._running and self._thread is me:
            self._train(_CHUNK)
