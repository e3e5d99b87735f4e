"""Elementwise activations: continuous piecewise-linear functions of one number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True, eq=False)
class PiecewiseLinear:
    """A continuous piecewise-linear function of one number: its breakpoints and slopes.

    Attributes
    ----------
    breakpoints : float64 array (K,)
        Where the slope changes, increasing; at least one.
    slopes : float64 array (K + 1, *broadcast)
        Before the first breakpoint, between breakpoints, after the last. The trailing axes
        broadcast against the shape of one sample: with one slope a channel of an image they are (C,
        1, 1).
    value : float
        The function's value at the first breakpoint.

    Notes
    -----
    A pattern has one bit for each breakpoint and neuron: whether the neuron lies above the
    breakpoint. Its columns go breakpoint by breakpoint: all neurons for the first breakpoint, then
    all for the second.
    """

    breakpoints: np.ndarray
    slopes: np.ndarray
    value: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "breakpoints", np.asarray(self.breakpoints, dtype=np.float64))
        object.__setattr__(self, "slopes", np.asarray(self.slopes, dtype=np.float64))

    @cached_property
    def offsets(self) -> np.ndarray:
        """For each segment k the offset of ``f(x) = slopes[k] * x + offsets[k]``, like slopes."""
        first = self.value - self.slopes[:1] * self.breakpoints[0]
        bends = (self.slopes[:-1].T - self.slopes[1:].T) * self.breakpoints
        return np.concatenate([first, first + np.cumsum(bends.T, axis=0)])

    @property
    def largest_slope(self) -> float:
        """The largest absolute value of the slopes."""
        return float(np.abs(self.slopes).max())

    @cached_property
    def slope_variation(self) -> np.ndarray:
        """For each segment, the size of the first slope plus the sizes of all changes up to it.

        Shaped like slopes. With one product for each change of slope, the function is a sum of
        terms of these sizes.
        """
        changes = np.abs(np.diff(self.slopes, axis=0))
        return np.abs(self.slopes[:1]) + np.concatenate(
            [np.zeros_like(self.slopes[:1]), np.cumsum(changes, axis=0)]
        )

    @cached_property
    def unit_slopes(self) -> bool:
        """Whether all slopes are -1, 0 or 1, so that off the breakpoints such a sum is exact."""
        return bool(np.isin(self.slopes, (-1.0, 0.0, 1.0)).all())

    def switches(self, x: np.ndarray) -> np.ndarray:
        """Compute how far each neuron lies above each breakpoint.

        Parameters
        ----------
        x : ndarray of shape (n, *shape), float64
            What the function is applied to.

        Returns
        -------
        ndarray of shape (n, K * prod(shape)), float64, C-contiguous
            ``x`` minus the breakpoint, all neurons for the first breakpoint first. For a single
            breakpoint at zero these are the numbers of ``x`` themselves, not copied if they are
            contiguous.
        """
        rows = np.ascontiguousarray(x).reshape(len(x), math.prod(x.shape[1:]))
        if len(self.breakpoints) == 1 and self.breakpoints[0] == 0.0:
            return rows
        return np.concatenate([rows - point for point in self.breakpoints], axis=1)

    def segments(self, bits: np.ndarray, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
        """Select the affine function of each neuron where a pattern holds.

        Parameters
        ----------
        bits : ndarray of shape (n, K * prod(shape)), bool
            For each breakpoint and neuron whether the neuron lies above it.
        shape : tuple of int
            The shape of one sample.

        Returns
        -------
        gain, offset : ndarray, float64
            ``f(x) = gain * x + offset``; both broadcast against (n, *shape).
        """
        behind = bits.reshape(len(bits), len(self.breakpoints), *shape)
        return _selected(self.slopes, behind), _selected(self.offsets, behind)

    def linearize(
        self, bits: np.ndarray, inputs: Sequence[np.ndarray]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Apply the affine function that the activation is where a pattern holds.

        Parameters
        ----------
        bits : ndarray of shape (n, K * prod(shape)), bool
            A pattern for each cell.
        inputs : sequence of one ndarray of shape (n, k, *shape), float64
            On each cell k rows of what it reads.

        Returns
        -------
        rows : ndarray of shape (n, k, *shape), float64
            The linear part of the function, applied to each row.
        offset : ndarray, float64
            What it adds to a value; broadcasts against (n, *shape).
        """
        (rows,) = inputs
        gain, offset = self.segments(bits, rows.shape[2:])
        return rows * gain[:, None], offset


def _selected(of_segments: np.ndarray, behind: np.ndarray) -> np.ndarray:
    """What belongs to the segment that each neuron is on."""
    if not of_segments.any():
        return np.zeros((1,) * (behind.ndim - 1))
    selected = of_segments[0]
    for k, of_segment in enumerate(of_segments[1:]):
        selected = np.where(behind[:, k], of_segment, selected)
    return selected
