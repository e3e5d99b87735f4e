"""How large the rounding error of each value of a network may be.

A *unit of rounding*, times the machine epsilon, is the size of an error. It adds two things in
quadrature, as independent errors add: the size of the terms that are summed, and the units of the
values that they come from. So a sum of large terms that cancel keeps their error, while a neuron
that is off outputs exactly 0 and passes no error on.

Units are computed in three ways: over a whole slice (:class:`SliceBounds`), which is cheap and
mostly good enough; at single points (:mod:`~splineviz.partition.rounding.points`); and at vertices
whose surrounding cells are known (:mod:`~splineviz.partition.engine.local_values`). Affine steps
are the same for all three; what activations do is here, in a class for each kind. Local
complexity follows the same rules for differences in float32, with squares of units
(:mod:`splineviz.complexity.propagation.rounding`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from splineviz.network.interpret import Domain
from splineviz.network.max_selection import MaxSelection, flat_values
from splineviz.network.piecewise_linear import PiecewiseLinear
from splineviz.network.program import Program
from splineviz.typing import BoolArray, FloatArray

EPS = float(np.finfo(np.float64).eps)
_SMALLEST = float(np.finfo(np.float64).smallest_normal)

ULPS = 256.0
"""A value lies on a boundary when it is below this many of its units of rounding, taken over the
whole slice. Rounding reaches a few units a layer; values that differ for a reason are many orders
of magnitude larger."""


@dataclass(frozen=True, eq=False)
class ValueBounds:
    """How large one value of a network, and its rounding error, may be over all points of a slice.

    Parameters
    ----------
    size : float64 array (1, *shape)
        Largest absolute value of each entry.
    unit : float64 array (1, *shape)
        Unit of rounding of each entry.
    """

    size: FloatArray
    unit: FloatArray

    @classmethod
    def of_input(cls, values: FloatArray) -> ValueBounds:
        """Of inputs (n, *shape) that are correctly rounded."""
        size = np.asarray(np.maximum(values.max(axis=0), -values.min(axis=0)))[None]
        return cls(size, size)

    def shaped(self, shape: tuple[int, ...]) -> ValueBounds:
        """The same for entries of another shape."""
        return ValueBounds(self.size.reshape(1, *shape), self.unit.reshape(1, *shape))


class Rounded(NamedTuple):
    """Values at some points and their units of rounding, each float64 array (n, *shape)."""

    value: FloatArray
    unit: FloatArray


class SliceBounds(Domain[ValueBounds]):
    """Bounds over a whole slice."""

    def affine(self, i: int, inputs: Sequence[ValueBounds]) -> ValueBounds:
        """Sizes and units after an affine step."""
        with np.errstate(over="ignore"):  # infinite units are refused where signs are decided
            sizes, units = zip(*((one.size, one.unit) for one in inputs), strict=True)
            return ValueBounds(*_unit_after(self.program, i, sizes, units))

    def activation(self, i: int, inputs: Sequence[ValueBounds]) -> ValueBounds:
        """Bounds after an activation when no more is known of its inputs."""
        activation = self.program.activation_at[i]
        return rounding_of(activation.rule).over_slice(inputs).shaped(activation.shape)


class RoundedValues(Domain[Rounded]):
    """Values at points and their rounding; what activations do is left to subclasses."""

    def affine(self, i: int, inputs: Sequence[Rounded]) -> Rounded:
        """Values and units after an affine step."""
        values, units = zip(*inputs, strict=True)
        _, unit = _unit_after(self.program, i, values, units)
        return Rounded(self.program.affine(i, *values), unit)


def _unit_after(
    program: Program, i: int, values: Sequence[FloatArray], units: Sequence[FloatArray]
) -> tuple[FloatArray, FloatArray]:
    """The size of the terms, and the unit of rounding, of the result of an affine step.

    Below the smallest normal number float64 has a fixed spacing, so no unit is smaller than that
    number, unless it is 0: then the value is exact.
    """
    size = program.affine_magnitude(i, *values)
    unit = np.hypot(size, program.affine_deviation(i, *units))
    return size, np.where(unit > 0, np.maximum(unit, _SMALLEST), unit)


class ActivationRounding(Protocol):
    """What an activation does to units of rounding."""

    def over_slice(self, inputs: Sequence[ValueBounds]) -> ValueBounds:
        """Bounds after it, flat or not, when no more is known of its inputs than their bounds."""

    def at_points(
        self, inputs: Sequence[Rounded], outputs: FloatArray, decided: float
    ) -> tuple[FloatArray, FloatArray]:
        """Units of its columns (n, W), and of its output (n, *shape), at points.

        A sign is sure where its number is ``decided`` units from zero. A neuron whose sign is not
        sure passes its error on as if it were on.
        """

    def at_vertices(
        self, inputs: Sequence[Rounded], in_all: BoolArray, in_some: BoolArray
    ) -> Rounded:
        """Its output and units at vertices, flat or not.

        On which side of its boundaries a vertex lies is known, not computed: `in_all` and `in_some`
        (n, W) are the patterns that hold in all and in some of the cells that meet there. Where the
        two differ, the vertex lies on the boundary.
        """


def rounding_of(rule: PiecewiseLinear | MaxSelection) -> ActivationRounding:
    """How rounding errors pass an activation."""
    return (
        PiecewiseLinearRounding(rule)
        if isinstance(rule, PiecewiseLinear)
        else MaxSelectionRounding(rule)
    )


class PiecewiseLinearRounding:
    """Rounding through a function of single numbers: multiplied by the slopes in reach.

    Parameters
    ----------
    rule : PiecewiseLinear
    """

    def __init__(self, rule: PiecewiseLinear) -> None:
        self.rule = rule
        # What segments add to their product. ReLU, LeakyReLU and the like add nothing.
        self._shift = float(np.abs(rule.offsets).max())

    def column_units(self, unit: FloatArray) -> FloatArray:
        """Units (n, W) of distances from each breakpoint, from those (n, *shape) of values."""
        flat = unit.reshape(len(unit), math.prod(unit.shape[1:]))
        return np.concatenate(
            [np.hypot(flat, abs(point)) for point in self.rule.breakpoints], axis=1
        )

    def over_slice(self, inputs: Sequence[ValueBounds]) -> ValueBounds:
        """Any value up to the size may occur."""
        (one,) = inputs
        return self.over_range(one, -one.size, one.size)

    def over_range(self, read: ValueBounds, low: FloatArray, high: FloatArray) -> ValueBounds:
        """Bounds after values that lie between `low` and `high`, each of shape (1, *shape).

        Only slopes that are reached pass an error on: what is off on the whole slice makes 0.
        """
        rule = self.rule
        ends = np.concatenate(
            [low, high, *(np.clip(point, low, high) for point in rule.breakpoints)]
        )
        columns = rule.switches(ends)
        gain, offset = rule.segments(columns > 0, ends.shape[1:])
        size = np.abs(gain * ends + offset).max(axis=0, keepdims=True)
        slope = self._steepest_slope(gain[:1], columns[:1], columns[1:2], low.shape[1:])
        return ValueBounds(size, self._shifted(slope * read.unit, size))

    def at_points(
        self, inputs: Sequence[Rounded], outputs: FloatArray, decided: float
    ) -> tuple[FloatArray, FloatArray]:
        """Slopes within ``decided`` units to either side count."""
        ((value, unit),) = inputs
        of_columns = self.column_units(unit)
        columns, margin = self.rule.switches(value), decided * of_columns
        low = columns - margin
        gain, _ = self.rule.segments(low > 0, value.shape[1:])
        slope = self._steepest_slope(gain, low, columns + margin, value.shape[1:])
        return of_columns, self._shifted(slope * unit, outputs)

    def at_vertices(
        self, inputs: Sequence[Rounded], in_all: BoolArray, in_some: BoolArray
    ) -> Rounded:
        """On its boundary a neuron is exactly at the breakpoint, which has no rounding."""
        rule, ((value, unit),) = self.rule, inputs
        shape = value.shape[1:]
        gain, offset = rule.segments(in_all, shape)
        outputs = gain * value + offset
        passed = np.abs(gain) * unit
        mixed = (in_all != in_some).reshape(len(value), len(rule.breakpoints), *shape)
        for k, point in enumerate(rule.breakpoints):
            at_breakpoint = np.broadcast_to(gain * point + offset, outputs.shape)
            outputs = np.where(mixed[:, k], at_breakpoint, outputs)
            passed = np.where(mixed[:, k], 0.0, passed)
        return Rounded(outputs, self._shifted(passed, outputs))

    def _steepest_slope(
        self, gain: FloatArray, low: FloatArray, high: FloatArray, shape: tuple[int, ...]
    ) -> FloatArray:
        """The steepest slope between columns (n, W), shape (n or 1, *shape).

        `gain` is the slope at the lower ones.
        """
        # A range that ends at a breakpoint counts as crossing it: rounding may have moved the end.
        crossed = ((low <= 0) & (high >= 0)).reshape(len(low), len(self.rule.breakpoints), *shape)
        return np.where(crossed.any(axis=1), self.rule.largest_slope, np.abs(gain))

    def _shifted(self, passed: FloatArray, outputs: FloatArray) -> FloatArray:
        return np.hypot(passed, np.abs(outputs) + self._shift) if self._shift else passed


class MaxSelectionRounding:
    """Rounding through a maximum over several values: that of the winner.

    Parameters
    ----------
    rule : MaxSelection
    """

    def __init__(self, rule: MaxSelection) -> None:
        self.rule = rule

    def over_slice(self, inputs: Sequence[ValueBounds]) -> ValueBounds:
        """Any candidate may win."""
        sizes, units = zip(*((one.size, one.unit) for one in inputs), strict=True)
        size, unit = (
            flat_values(parts)[:, self.rule.candidates].max(axis=2) for parts in (sizes, units)
        )
        return ValueBounds(size, unit)

    def at_points(
        self, inputs: Sequence[Rounded], outputs: FloatArray, decided: float
    ) -> tuple[FloatArray, FloatArray]:
        """Candidates may win that are within ``decided`` units of the best."""
        rule = self.rule
        value, unit = self._candidates(inputs)
        standing = rule.sign * value
        winner = standing.argmax(axis=2)[:, :, None]
        best, of_best = (np.take_along_axis(array, winner, axis=2) for array in (standing, unit))
        near = standing >= best - decided * np.hypot(unit, of_best)
        won = np.where(near, unit, 0.0).max(axis=2)
        # A column is the lead of a candidate: over the winner, or of the winner over the second.
        others = standing.copy()
        np.put_along_axis(others, winner, -np.inf, axis=2)
        second = others.argmax(axis=2)[:, :, None]
        other = np.maximum(of_best, np.take_along_axis(unit, second, axis=2))
        own = unit[:, rule.column_window, rule.column_place]
        return np.hypot(own, other[:, rule.column_window, 0]), won.reshape(outputs.shape)

    def at_vertices(
        self, inputs: Sequence[Rounded], in_all: BoolArray, in_some: BoolArray
    ) -> Rounded:
        """Candidates that tie all are the maximum; the one with the smallest unit is taken."""
        rule = self.rule
        value, unit = self._candidates(inputs)
        wins = np.zeros(value.shape, dtype=np.bool_)
        wins[:, rule.column_window, rule.column_place] = in_some
        best = np.where(wins, unit, np.inf).argmin(axis=2)[:, :, None]
        chosen = (np.take_along_axis(array, best, axis=2)[:, :, 0] for array in (value, unit))
        return Rounded(*chosen)

    def _candidates(self, inputs: Sequence[Rounded]) -> tuple[FloatArray, FloatArray]:
        """Values and units of the candidates of each window, (n, windows, k)."""
        values, units = zip(*inputs, strict=True)
        return (
            flat_values(values)[:, self.rule.candidates],
            flat_values(units)[:, self.rule.candidates],
        )
