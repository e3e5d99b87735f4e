"""UpdateRate: the number of updates per second."""

from __future__ import annotations

from collections import deque
from time import monotonic

_WINDOW = 2.0


class UpdateRate:
    """Counts updates, and computes the rate over the last two seconds. It is thread-safe."""

    def __init__(self) -> None:
        self._updates: deque[tuple[float, int]] = deque()

    def add(self, n: int) -> None:
        """Count `n` updates."""
        now = monotonic()
        self._updates.append((now, n))
        while self._updates[0][0] < now - _WINDOW:
            self._updates.popleft()

    def clear(self) -> None:
        """Forget all updates."""
        self._updates.clear()

    def per_second(self) -> float:
        """Updates per second; 0 if there were none."""
        now = monotonic()
        recent = [(time, n) for time, n in tuple(self._updates) if time >= now - _WINDOW]
        if not recent:
            return 0.0
        return sum(n for _, n in recent) / max(now - recent[0][0], 0.1)
