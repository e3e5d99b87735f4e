"""LiveWorker: a thread that trains for a while, shows what came of it, and trains on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic

from splineviz.widgets.common.worker_thread import WorkerThread

# Seconds from one frame to the next: at least, and if possible at most.
_PERIOD = (0.05, 0.1)
# Of the time a frame takes, training gets at least this share on top.
_SHARE = 0.25
_CHUNK = 4


def training_seconds(took: float) -> float:
    """How long to train before the next frame: as long as that takes, if frames do not suffer.

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
    """Alternate training and showing in a thread of its own; paused at first.

    After a pause, and after single steps, the state is shown once more as it then is. What raises
    pauses the worker. The thread starts when there is something to do and ends with :meth:`stop`,
    or with the interpreter; after that it can be started again.

    Parameters
    ----------
    train : callable
        Makes a number of updates; called with that number.
    show : callable
        Shows the state; may take long.
    ready : callable
        Whether a frame may be shown, while training goes on.
    failed : callable
        Called with what `train` or `show` raised.
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
        """Whether it trains on by itself."""
        return self._running

    @property
    def alive(self) -> bool:
        """Whether there is a thread."""
        thread = self._thread
        return thread is not None and thread.is_alive()

    def start(self) -> None:
        """Train on until the next pause."""
        with self._change:
            self._running = True
            self._wake()

    def pause(self) -> None:
        """Stop training; the updates being made are not waited for."""
        with self._change:
            self._running = False
            self._wake()

    def step(self, n: int = 1) -> None:
        """Make some updates, then show what came of them."""
        with self._change:
            self._single += n
            self._wake()

    def refresh(self) -> None:
        """Show the state, although nothing was trained."""
        with self._change:
            self._wake()

    def stop(self) -> None:
        """Pause and end the thread; if it is another one than the caller's, wait for it."""
        thread = self._end()
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def wait(self, timeout: float = 30.0) -> bool:
        """Wait until there is nothing to do; returns whether that came in time, in seconds."""
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
                    # Cleared before: what changes meanwhile is to be shown as well.
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
