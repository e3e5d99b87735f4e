"""FrameFeed: making the frames of a run one by one, beside whatever else the kernel does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence

from splineviz.errors import EndlessWait
from splineviz.widgets.common.worker_thread import WorkerThread


def coarse_to_fine(count: int) -> list[int]:
    """All numbers from 0 to count - 1, so ordered that every beginning is spread out.

    Parameters
    ----------
    count : int
        How many.

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
    """Call a function once for each number below a count, in a thread of its own.

    The frames are made coarse to fine, so that a replay makes sense long before all of them are
    there; a frame that is being looked at goes first. One that cannot be made does not keep the
    others from being made. The thread ends when there is nothing left to do, or with the
    interpreter; more work starts another.

    Parameters
    ----------
    count : int
        How many frames there are.
    make : callable
        Makes one frame; called with its number. What it raises is kept in `errors`.
    wanted : callable
        Returns the number of the frame that is being looked at.
    failed : callable, optional
        Called with the number of a frame that could not be made and what `make` raised.
    finished : callable, optional
        Called at the end, without arguments.
    is_full : callable, optional
        Whether there is no room for further frames: then only those that are demanded are made.
    done : collection of int
        Frames that are there already.

    Attributes
    ----------
    errors : dict from int to Exception
        What `make` raised, by the number of the frame, the first error first.
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
        """Make the frame that is looked at, here and now; its errors reach the caller."""
        number = self._wanted()
        with self._lock:
            self._pending = [other for other in self._pending if other != number]
        self._make(number)

    def start(self) -> None:
        """Make the other frames in the background."""
        with self._lock:
            self._start()

    def run(self) -> None:
        """Make the other frames before returning; then the first error reaches the caller."""
        self._work()
        self._raise_first()

    def demand(self, numbers: Sequence[int]) -> None:
        """Make some frames before all others, again if need be; earlier demands are void.

        The one that is being made is not made again for it.

        Parameters
        ----------
        numbers : sequence of int
            Those that are wanted, the most urgent first.
        """
        with self._lock:
            self._demanded = [number for number in numbers if number != self._current]
            self._start()

    def extend(self, count: int) -> None:
        """Make further frames: now there are `count` of them."""
        with self._lock:
            self._pending += range(self._count, count)
            self._count = count
            self._start()

    def stop(self) -> None:
        """Make no further frame; the one being made is not waited for."""
        self._stopped = True

    def wait(self, timeout: float | None = None, holds_lock: bool = False) -> bool:
        """Wait until the background thread ends.

        Parameters
        ----------
        timeout : float, optional
            The longest wait, in seconds.
        holds_lock : bool
            Whether the caller holds what the background thread needs.

        Returns
        -------
        bool
            Whether every frame was made for which there is room.

        Raises
        ------
        EndlessWait
            If the thread cannot end before this returns. With a timeout that is False at once.
        Exception
            The first that making a frame raised, once the thread has ended.
        """
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
