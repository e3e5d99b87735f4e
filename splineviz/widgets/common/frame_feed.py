"""FrameFeed: makes the frames of a run one by one, in a background thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence

from splineviz.errors import EndlessWait
from splineviz.validation.numbers import as_real
from splineviz.widgets.common.worker_thread import WorkerThread


def coarse_to_fine(count: int) -> list[int]:
    """Order the numbers from 0 to count - 1 so that the first few are always spread out.

    Parameters
    ----------
    count : int
        How many numbers to order.

    Returns
    -------
    list of int
        The first, the last, the middle, the quarters and so on.

    Examples
    --------
    >>> coarse_to_fine(6)
    [0, 5, 2, 1, 3, 4]
    """
    order = [0, count - 1][:count]
    gaps = [(0, count - 1)]
    while gaps:
        finer = []
        for low, high in gaps:
            if high - low < 2:
                continue
            middle = (low + high) // 2
            order.append(middle)
            finer += [(low, middle), (middle, high)]
        gaps = finer
    return order


class FrameFeed:
    """Makes each frame below a count once, in a background thread.

    The frames are made from coarse to fine, so that a replay makes sense long before all of them
    are ready. The frame that the user looks at goes first. If making a frame fails, the others are
    still made. The thread ends when nothing is left to do, or with the interpreter; more work
    starts a new thread.

    Parameters
    ----------
    count : int
        How many frames there are.
    make : callable
        Makes the frame of a number. Exceptions are kept in `errors`.
    wanted : callable
        Returns the number of the frame that the user looks at.
    failed : callable, optional
        Called with the number of a frame and the exception that `make` raised.
    finished : callable, optional
        Called without arguments when the thread has nothing left to do.
    is_full : callable, optional
        Whether there is no room for more frames: then only demanded frames are made.
    done : collection of int
        Numbers of frames that exist already.

    Attributes
    ----------
    errors : dict from int to Exception
        The exceptions of `make`, by the number of the frame, in the order in which they occurred.
    """

    def __init__(
        self,
        count: int,
        make: Callable[[int], None],
        wanted: Callable[[], int],
        failed: Callable[[int, Exception], None] = lambda number, error: None,
        finished: Callable[[], None] = lambda: None,
        is_full: Callable[[], bool] = lambda: False,
        done: Collection[int] = (),
    ) -> None:
        self.errors: dict[int, Exception] = {}
        self._count = count
        self._pending = [number for number in coarse_to_fine(count) if number not in done]
        self._demanded: list[int] = []
        self._current: int | None = None
        self._make = make
        self._wanted = wanted
        self._failed = failed
        self._finished = finished
        self._is_full = is_full
        self._stopped = False
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def make_current(self) -> None:
        """Make the frame that the user looks at, in this thread; exceptions reach the caller."""
        number = self._wanted()
        with self._lock:
            self._pending = [other for other in self._pending if other != number]
        self._make(number)

    def start(self) -> None:
        """Make the other frames in the background."""
        with self._lock:
            self._start()

    def run(self) -> None:
        """Make the other frames in this thread, then raise the first error if there is one."""
        self._work()
        self._raise_first()

    def demand(self, numbers: Sequence[int]) -> None:
        """Make some frames before all others, even if they exist; this replaces earlier demands.

        A frame that is being made now is not made a second time.

        Parameters
        ----------
        numbers : sequence of int
            Numbers of the frames, the most urgent first.
        """
        with self._lock:
            self._demanded = [number for number in numbers if number != self._current]
            self._start()

    def extend(self, count: int) -> None:
        """Raise the number of frames to `count`, and make the new ones."""
        with self._lock:
            self._pending += range(self._count, count)
            self._count = count
            self._start()

    def stop(self) -> None:
        """Stop after the frame that is being made now; do not wait for it."""
        self._stopped = True

    def wait(self, timeout: float | None = None, holds_lock: bool = False) -> bool:
        """Wait until the background thread ends.

        Parameters
        ----------
        timeout : float, optional
            The longest wait, in seconds.
        holds_lock : bool
            Whether the caller holds a lock that the background thread needs.

        Returns
        -------
        bool
            Whether every frame for which there is room has been made.

        Raises
        ------
        EndlessWait
            If the wait would never end, because the thread needs the caller to return first. With
            a timeout, the result is False at once instead.
        Exception
            The first exception of making a frame, after the thread has ended.
        """
        if timeout is not None:
            timeout = as_real(timeout, "timeout", least=0)
        thread = self._thread
        if thread is not None and (holds_lock or thread is threading.current_thread()):
            if timeout is not None:
                return False
            raise EndlessWait(
                "wait() is called by an observer of a trait, and what it waits for cannot be shown "
                "before that returns: call it in a cell"
            )
        if thread is not None:
            thread.join(timeout)
            if thread.is_alive():
                return False
        self._raise_first()
        return not self._pending or self._is_full()

    def _start(self) -> None:
        if self._thread is None and not self._stopped:
            self._thread = WorkerThread(self._work, self.stop, "splineviz-frames")
            self._thread.start()

    def _next(self) -> int | None:
        wanted, is_full = self._wanted(), self._is_full()
        with self._lock:
            self._current = None
            if self._demanded and not self._stopped:
                self._current = self._demanded.pop(0)
            elif self._pending and not is_full and not self._stopped:
                self._current = wanted if wanted in self._pending else self._pending[0]
            if self._current is None:
                self._thread = None
            else:
                self._pending = [other for other in self._pending if other != self._current]
            return self._current

    def _work(self) -> None:
        while (number := self._next()) is not None:
            try:
                self._make(number)
            except Exception as error:
                self.errors[number] = error
                self._failed(number, error)
        self._finished()

    def _raise_first(self) -> None:
        for error in self.errors.values():
            raise error
