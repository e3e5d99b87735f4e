"""UpdateRate: how many updates a second were made lately."""

from __future__ import annotations

from collections import deque
from time import monotonic

_WINDOW = 2.0


class UpdateRate:
    """Counts updates, and says how many a second there were in the last two seconds.

    May be used from several threads.
    """

    def __init__(self) -> None:
        self._updates: deque[tuple[float, int]] = deque()

    def add(self, n: int) -> None:
        """Some updates were made."""
        now = monotonic()
        self._updates.append((now, n))
        while self._updates[0][0] < now - _WINDOW:
            self._updates.popleft()

    def clear(self) -> None:
        """Forget them."""
        self._updates.clear()

    def per_second(self) -> float:
        """Updates a second; 0 if there were none."""
        now = monotonic()
        lately = [(time, n) for time, n in tuple(self._updates) if time >= now - _WINDOW]
        if not lately:
            return 0.0
        return sum(n for _, n in lately) / max(now - lately[0][0], 0.1)
