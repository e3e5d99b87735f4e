"""StepAxis: a logarithmic axis of training steps that has a place for step 0."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from splineviz.typing import FloatArray


@dataclass(frozen=True)
class StepAxis:
    """A logarithmic axis of training steps.

    Attributes
    ----------
    first : float
        The smallest positive step on it.
    left : float
        Its left end: half of `first` if step 0 stands there, or else `first`.
    right : float
        Its right end.

    Examples
    --------
    >>> axis = StepAxis.of([0, 1, 50])
    >>> axis.positions([0, 1, 50])
    array([ 0.5,  1. , 50. ])
    >>> axis.ticks, axis.labels
    ([0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0], ['0', '1', '2', '5', '10', '20', '50'])
    """

    first: float
    left: float
    right: float

    @classmethod
    def of(cls, steps: npt.ArrayLike) -> StepAxis:
        """Create an axis that fits some steps.

        Parameters
        ----------
        steps : array-like of int
            Training steps, 0 included or not.
        """
        steps = np.asarray(steps)
        positive = steps[steps > 0]
        first = float(positive.min()) if len(positive) else 1.0
        last = float(positive.max()) if len(positive) else 1.0
        left = first / 2 if (steps == 0).any() else first
        return cls(first, left, max(last, 10 * first))

    def positions(self, steps: npt.ArrayLike) -> FloatArray:
        """Positions of steps: step 0 is at half of the first positive step, others at themselves.

        Parameters
        ----------
        steps : array-like of int

        Returns
        -------
        float64 array, like steps
        """
        steps = np.asarray(steps)
        return np.where(steps > 0, steps, self.first / 2).astype(np.float64)

    @property
    def ticks(self) -> list[float]:
        """Powers of ten, on a short axis also 2 and 5 times them, and the position of step 0."""
        lowest, highest = (int(np.floor(np.log10(end))) for end in (self.first, self.right))
        factors = (1, 2, 5) if self.right < 100 * self.first else (1,)
        ticks = [factor * 10.0**power for power in range(lowest, highest + 1) for factor in factors]
        inside = [tick for tick in ticks if self.first <= tick <= self.right]
        return [self.left, *inside] if self.left < self.first else inside

    @property
    def labels(self) -> list[str]:
        """The steps at the ticks as short texts: 0, 100, 2k, 10k, 1M."""
        return ["0" if tick < self.first else _short(tick) for tick in self.ticks]


def _short(step: float) -> str:
    for size, letter in ((10**6, "M"), (10**3, "k")):
        if step >= size:
            return f"{step / size:g}{letter}"
    return f"{step:g}"
