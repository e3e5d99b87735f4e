"""KeptSteps: the weights of some steps of a training, in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

#: So many bytes of weights are kept.
ROOM = 64_000_000


class KeptStep(NamedTuple):
    """One step: its number, the weights by name, and metrics."""

    step: int
    state: Mapping[str, npt.NDArray[Any]]
    metrics: Mapping[str, float]


class KeptSteps:
    """Weights and metrics of the first step, the last and steps between, as far as there is room.

    Where there is none left, every second step goes; so few stay of a large network.

    Parameters
    ----------
    room : int
        How many bytes of weights to keep.

    Examples
    --------
    >>> kept = KeptSteps(room=160)
    >>> for step in range(6):
    ...     kept.keep(step, {"weight": np.zeros(4)}, {})
    >>> [one.step for one in kept]
    [0, 1, 3, 5]
    """

    def __init__(self, room: int = ROOM) -> None:
        self._room = room
        self._steps: list[KeptStep] = []

    def __len__(self) -> int:
        return len(self._steps)

    def __iter__(self) -> Iterator[KeptStep]:
        return iter(tuple(self._steps))

    def keep(
        self, step: int, state: Mapping[str, npt.NDArray[Any]], metrics: Mapping[str, float]
    ) -> None:
        """Keep a step after all others; one whose weights are not finite is left out.

        Parameters
        ----------
        step : int
        state : mapping of str to ndarray
            The weights, which nobody else changes.
        metrics : mapping of str to float
        """
        if not all(np.isfinite(array).all() for array in state.values()):
            return
        self._steps.append(KeptStep(step, state, metrics))
        size = sum(array.nbytes for array in state.values())
        while len(self._steps) > 2 and size * len(self._steps) > self._room:
            del self._steps[-2:0:-2]
