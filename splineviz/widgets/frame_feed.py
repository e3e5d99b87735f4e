"""FrameFeed: making the frames of a run one by one, beside whatever else the kernel does."""

from __future__ import annotations

import threading
from collections.abc import Callable


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
    there; a frame that is being looked at goes first. The thread ends with the interpreter.

    Parameters
    ----------
    count : int
        How many frames there are.
    make : callable
        Makes one frame; called with its number. What it raises ends the feed and is kept in
        `error`.
    wanted : callable
        Returns the number of the frame that is being looked at.
    finished : callable, optional
        Called at the end, with what `make` raised or None.

    Attributes
    ----------
    error : Exception or None
        What ended the feed early.
    """

    def __init__(
        self,
        count: int,
        make: Callable[[int], None],
        wanted: Callable[[], int],
        finished: Callable[[Exception | None], None] = lambda error: None,
    ) -> None:
        self.error: Exception | None = None
        self._pending = coarse_to_fine(count)
        self._make = make
        self._wanted = wanted
        self._finished = finished
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, name="splineviz-frames", daemon=True)

    def make_first(self) -> None:
        """Make the frame that is looked at, here and now; its errors reach the caller."""
        self._make(self._next())

    def start(self) -> None:
        """Make the other frames in the background."""
        self._thread.start()

    def run(self) -> None:
        """Make the other frames before returning; errors reach the caller."""
        self._work()
        if self.error is not None:
            raise self.error

    def stop(self) -> None:
        """Make no further frame; the one being made is not waited for."""
        self._stopped.set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the background thread ends.

        Parameters
        ----------
        timeout : float, optional
            The longest wait, in seconds.

        Returns
        -------
        bool
            Whether every frame was made.

        Raises
        ------
        Exception
            What making a frame raised.
        """
        if self._thread.ident is not None:
            self._thread.join(timeout)
        if self.error is not None:
            raise self.error
        return not self._pending and not self._thread.is_alive()

    def _next(self) -> int:
        wanted = self._wanted()
        number = wanted if wanted in self._pending else self._pending[0]
        self._pending.remove(number)
        return number

    def _work(self) -> None:
        try:
            while self._pending and not self._stopped.is_set():
                self._make(self._next())
        except Exception as error:
            self.error = error
        self._finished(self.error)
