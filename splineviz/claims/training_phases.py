"""The phases of a training, read from curves: when it fits, where a curve turns, where it ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from splineviz.typing import FloatArray, IntArray

LATE = 4
"""How many checkpoints make the end of a training; a value there is their median."""


def first_step(steps: IntArray, values: FloatArray, least: float) -> float:
    """The first step at which a curve reaches a value; NaN if it never does."""
    reached = np.flatnonzero(values >= least)
    return float(steps[reached[0]]) if len(reached) else np.nan


def late(values: FloatArray) -> float:
    """The value at the end of a training: the median over the last four checkpoints."""
    return float(np.median(values[-LATE:]))


@dataclass(frozen=True)
class Phases:
    """The three phases of local complexity over a training.

    Attributes
    ----------
    start : float
        At the first checkpoint.
    trough : float
        The least value at or before the step that fits the training points: the end of the first
        descent.
    peak : float
        The largest value from there on: the end of the ascent. NaN if they are never fitted.
    trough_step, peak_step : int
        Where these are; without a fit both are the trough's.
    late : float
        At the end of the training: the end of the second descent.
    """

    start: float
    trough: float
    trough_step: int
    peak: float
    peak_step: int
    late: float

    @classmethod
    def of(cls, steps: IntArray, values: FloatArray, fit: float) -> Phases:
        """Read the phases from a curve.

        Parameters
        ----------
        steps : int64 array (n,)
            Of the checkpoints, increasing.
        values : float64 array (n,)
            The curve.
        fit : float
            The step that fits the training points; NaN makes all of the curve the first descent.
        """
        before = len(steps) if np.isnan(fit) else int(np.searchsorted(steps, fit, side="right"))
        low = int(np.argmin(values[: max(before, 1)]))
        high = low if np.isnan(fit) else low + int(np.argmax(values[low:]))
        return cls(
            float(values[0]),
            float(values[low]),
            int(steps[low]),
            np.nan if np.isnan(fit) else float(values[high]),
            int(steps[high]),
            late(values),
        )

    @property
    def first_fall(self) -> float:
        """The first descent, as a share of the start."""
        return 1 - ratio(self.trough, self.start)

    @property
    def rise(self) -> float:
        """The ascent, as a share of the trough."""
        return ratio(self.peak, self.trough) - 1

    @property
    def fall(self) -> float:
        """The second descent, as a share of the peak."""
        return 1 - ratio(self.late, self.peak)


def ratio(one: float, other: float) -> float:
    """One number over another; NaN over zero."""
    return one / other if other else np.nan


def half_gain_step(steps: IntArray, values: FloatArray, fit: float) -> float:
    """The step at which half of what a curve gains after the fit is gained.

    Parameters
    ----------
    steps, values
        The curve.
    fit : float
        The step that fits the training points.

    Returns
    -------
    float
        NaN if the training points are never fitted.
    """
    gained = gain(steps, values, fit)
    if np.isnan(gained):
        return np.nan
    after = steps >= fit
    start = float(values[after][0])
    return first_step(steps[after], values[after], start + gained / 2)


def gain(steps: IntArray, values: FloatArray, fit: float) -> float:
    """What a curve gains from the step that fits the training points to the end."""
    if np.isnan(fit):
        return np.nan
    return late(values) - float(values[steps >= fit][0])
