"""How large the rounding error of each value of a network may be on a slice."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from splineviz.network.contest import Contest, flat_values
from splineviz.network.kinks import Kinks
from splineviz.network.program import Activation, Program

FloatArray = npt.NDArray[np.float64]

EPS = float(np.finfo(np.float64).eps)
_SMALLEST = float(np.finfo(np.float64).smallest_normal)

ULPS = 256.0
"""A value lies on a boundary when it is below this many of its units of rounding, taken over the
whole slice. Rounding reaches a few units a layer; values that differ for a reason are many orders
of magnitude larger."""


@dataclass(frozen=True, eq=False)
class Rounding:
    """Bounds of one value of a network over all points of interest.

    Parameters
    ----------
    size : float64 array (1, *shape)
        Largest absolute value of each entry.
    unit : float64 array (1, *shape)
        Times the machine epsilon, the size of its rounding error: that of the terms which make
        it, and the errors of what it is made from, added as independent errors are. A sum of
        large terms that cancel keeps their error.
    """

    size: FloatArray
    unit: FloatArray

    @classmethod
    def of_input(cls, values: FloatArray) -> Rounding:
        """Of inputs (n, *shape) that are correctly rounded."""
        size = _largest(values)
        return cls(size, size)

    @classmethod
    def of_affine(cls, program: Program, i: int, inputs: Sequence[Rounding]) -> Rounding:
        """Behind the affine step `i` of a program."""
        with np.errstate(over="ignore"):  # infinite units are refused where signs are decided
            size = program.affine_magnitude(i, *(rounding.size for rounding in inputs))
            passed = program.affine_deviation(i, *(rounding.unit for rounding in inputs))
            return cls(size, unit_of_sum(size, passed))

    def behind_kinks(
        self, rule: Kinks, low: FloatArray, high: FloatArray, noise: FloatArray
    ) -> Rounding:
        """Behind an activation of values in the ranges given, each of shape (1, *shape).

        Only the slopes that are reached, up to `noise`, pass an error on: what is off on the whole
        slice makes 0, exactly.
        """
        low, high = low - noise, high + noise
        reached = np.concatenate([low, high, *(np.clip(t, low, high) for t in rule.points)])
        gain, offset = rule.segments(rule.switches(reached) > 0, reached.shape[1:])
        size = np.abs(gain * reached + offset).max(axis=0, keepdims=True)
        steepest = np.broadcast_to(np.abs(gain), reached.shape).max(axis=0, keepdims=True)
        # The slope behind a kink is not met at the kink itself.
        crossed = [(low <= t) & (t <= high) for t in rule.points]
        unit = np.where(np.any(crossed, axis=0), rule.steepest, steepest) * self.unit
        shift = float(np.abs(rule.offsets).max())
        # ReLU, LeakyReLU and the like add nothing.
        return Rounding(size, np.hypot(unit, size + shift) if shift else unit)


def unit_of_sum(size: FloatArray, passed: FloatArray) -> FloatArray:
    """The unit of rounding of a sum whose terms add up to `size`, and whose errors to `passed`.

    Numbers below the smallest normal one are rounded as that is.
    """
    unit = np.hypot(size, passed)
    return np.where(unit > 0, np.maximum(unit, _SMALLEST), unit)


def behind_contest(rule: Contest, inputs: Sequence[Rounding], shape: tuple[int, ...]) -> Rounding:
    """Behind an activation that passes on the largest of several values."""
    size, unit = (
        flat_values(parts)[0, rule.candidates].max(axis=1)
        for parts in ([one.size for one in inputs], [one.unit for one in inputs])
    )
    return Rounding(size.reshape(1, *shape), unit.reshape(1, *shape))


def behind_activation(activation: Activation, inputs: Sequence[Rounding]) -> Rounding:
    """Behind an activation of values of which no more is known than their size."""
    if isinstance(activation.rule, Contest):
        return behind_contest(activation.rule, inputs, activation.shape)
    size = inputs[0].size
    return inputs[0].behind_kinks(activation.rule, -size, size, np.zeros_like(size))


def kink_units(rule: Kinks, unit: FloatArray) -> FloatArray:
    """Units of rounding (n, W) of how far values lie behind each kink, from theirs (n, *shape)."""
    flat = unit.reshape(len(unit), math.prod(unit.shape[1:]))
    return np.concatenate([np.hypot(flat, abs(point)) for point in rule.points], axis=1)


def column_units(rule: Kinks | Contest, inputs: Sequence[Rounding]) -> FloatArray:
    """Units of rounding of the columns of an activation's pattern, float64 array (W,)."""
    if isinstance(rule, Kinks):
        return kink_units(rule, inputs[0].unit)[0]
    unit = flat_values([one.unit for one in inputs])[0]
    worst = unit[rule.candidates].max(axis=1)
    return np.hypot(unit[rule.column_candidate], worst[rule.column_window])


def _largest(values: FloatArray) -> FloatArray:
    """Largest absolute value of each entry over the first axis, shape (1, *shape)."""
    return np.asarray(np.maximum(values.max(axis=0), -values.min(axis=0)))[None]
