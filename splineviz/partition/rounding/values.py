"""How large the rounding error of each value of a network may be.

A *unit of rounding* is, times the machine epsilon, the size of an error: that of the terms which
make a number, and the errors of what it is made from, added as independent errors are. A sum of
large terms that cancel keeps their error; what is off makes 0, exactly, and passes none on.

It is asked in three ways: over a whole slice (:class:`SliceBounds`), where it is cheap and mostly
good enough; at single points (:mod:`~splineviz.partition.rounding.points`); and at vertices of
which the cells round them are known (:mod:`~splineviz.partition.engine.local_values`). Affine steps
are the same for all; what activations do in each is here, in a class for each kind. Local
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
class Rounding:
    """Bounds of one value of a network over all points of interest.

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
    def of_input(cls, values: FloatArray) -> Rounding:
        """Of inputs (n, *shape) that are correctly rounded."""
        size = np.asarray(np.maximum(values.max(axis=0), -values.min(axis=0)))[None]
        return cls(size, size)

    def shaped(self, shape: tuple[int, ...]) -> Rounding:
        """The same for entries of another shape."""
        return Rounding(self.size.reshape(1, *shape), self.unit.reshape(1, *shape))


class Rounded(NamedTuple):
    """Values at some points and their units of rounding, each float64 array (n, *shape)."""

    value: FloatArray
    unit: FloatArray


class SliceBounds(Domain[Rounding]):
    """Bounds over a whole slice."""

    def affine(self, i: int, inputs: Sequence[Rounding]) -> Rounding:
        """Sizes and units behind an affine step."""
        with np.errstate(over="ignore"):  # infinite units are refused where signs are decided
            sizes, units = zip(*((one.size, one.unit) for one in inputs), strict=True)
            return Rounding(*_unit_behind(self.program, i, sizes, units))

    def activation(self, i: int, inputs: Sequence[Rounding]) -> Rounding:
        """Bounds behind an activation of values of which no more is known."""
        activation = self.program.activation_at[i]
        return rounding_of(activation.rule).over_slice(inputs).shaped(activation.shape)


class RoundedValues(Domain[Rounded]):
    """Values at points and their rounding; what activations do is left to subclasses."""

    def affine(self, i: int, inputs: Sequence[Rounded]) -> Rounded:
        """Values and units behind an affine step."""
        values, units = zip(*inputs, strict=True)
        _, unit = _unit_behind(self.program, i, values, units)
        return Rounded(self.program.affine(i, *values), unit)


def _unit_behind(
    program: Program, i: int, values: Sequence[FloatArray], units: Sequence[FloatArray]
) -> tuple[FloatArray, FloatArray]:
    """The size of the terms, and the unit of rounding, of what an affine step makes.

    Numbers below the smallest normal one are rounded as that is.
    """
    size = program.affine_magnitude(i, *values)
    unit = np.hypot(size, program.affine_deviation(i, *units))
    return size, np.where(unit > 0, np.maximum(unit, _SMALLEST), unit)


class ActivationRounding(Protocol):
    """What an activation does to units of rounding."""

    def over_slice(self, inputs: Sequence[Rounding]) -> Rounding:
        """Bounds behind it, flat or not, of values of which no more is known than their size."""

    def at_points(
        self, inputs: Sequence[Rounded], made: FloatArray, decided: float
    ) -> tuple[FloatArray, FloatArray]:
        """Units of its columns (n, W), and of what it makes (n, *shape), at points.

        A sign is sure where its number is ``decided`` units from zero. A neuron whose sign is not
        sure passes its error on as if it were on.
        """

    def at_vertices(
        self, inputs: Sequence[Rounded], in_all: BoolArray, in_some: BoolArray
    ) -> Rounded:
        """What it makes at vertices, flat or not.

        Which side of its boundaries a vertex lies on is known, not computed: `in_all` and `in_some`
        (n, W) are the patterns that hold in all and in some of the cells that meet there. Where
        they differ, it lies on the boundary.
        """


def rounding_of(rule: PiecewiseLinear | MaxSelection) -> ActivationRounding:
    """How rounding errors pass an activation."""
    return (
        PiecewiseLinearRounding(rule)
        if isinstance(rule, PiecewiseLinear)
        else MaxSelectionRounding(rule)
    )


class PiecewiseLinearRounding:
    """How they pass a function of single numbers: multiplied by the slopes that are met.

    Parameters
    ----------
    rule : PiecewiseLinear
    """

    def __init__(self, rule: PiecewiseLinear) -> None:
        self.rule = rule
        # What segments add to their product. ReLU, LeakyReLU and the like add nothing.
        self._shift = float(np.abs(rule.offsets).max())

    def column_units(self, unit: FloatArray) -> FloatArray:
        """Of how far values lie behind each kink, (n, W), from theirs (n, *shape)."""
        flat = unit.reshape(len(unit), math.prod(unit.shape[1:]))
        return np.concatenate(
            [np.hypot(flat, abs(point)) for point in self.rule.breakpoints], axis=1
        )

    def over_slice(self, inputs: Sequence[Rounding]) -> Rounding:
        """Any value up to the size may be met."""
        (one,) = inputs
        return self.over_range(one, -one.size, one.size)

    def over_range(self, read: Rounding, low: FloatArray, high: FloatArray) -> Rounding:
        """Bounds behind values in the ranges given, each of shape (1, *shape).

        Only slopes that are reached pass an error on: what is off on the whole slice makes 0.
        """
        rule = self.rule
        ends = np.concatenate(
            [low, high, *(np.clip(point, low, high) for point in rule.breakpoints)]
        )
        gain, offset = rule.segments(rule.switches(ends) > 0, ends.shape[1:])
        size = np.abs(gain * ends + offset).max(axis=0, keepdims=True)
        slope = self._slope_met(rule.switches(low), rule.switches(high), low.shape[1:])
        return Rounding(size, self._shifted(slope * read.unit, size))

    def at_points(
        self, inputs: Sequence[Rounded], made: FloatArray, decided: float
    ) -> tuple[FloatArray, FloatArray]:
        """Slopes as far as ``decided`` units to both sides are met."""
        ((value, unit),) = inputs
        of_columns = self.column_units(unit)
        columns, margin = self.rule.switches(value), decided * of_columns
        slope = self._slope_met(columns - margin, columns + margin, value.shape[1:])
        return of_columns, self._shifted(slope * unit, made)

    def at_vertices(
        self, inputs: Sequence[Rounded], in_all: BoolArray, in_some: BoolArray
    ) -> Rounded:
        """On its boundary a neuron is at the kink, exactly."""
        rule, ((value, unit),) = self.rule, inputs
        shape = value.shape[1:]
        gain, offset = rule.segments(in_all, shape)
        made = gain * value + offset
        passed = np.abs(gain) * unit
        mixed = (in_all != in_some).reshape(len(value), len(rule.breakpoints), *shape)
        for k, point in enumerate(rule.breakpoints):
            at_kink = np.broadcast_to(gain * point + offset, made.shape)
            made = np.where(mixed[:, k], at_kink, made)
            passed = np.where(mixed[:, k], 0.0, passed)
        return Rounded(made, self._shifted(passed, made))

    def _slope_met(self, low: FloatArray, high: FloatArray, shape: tuple[int, ...]) -> FloatArray:
        """The steepest slope between columns (n, W), (n or 1, *shape); all of them at a kink."""
        gain, _ = self.rule.segments(low > 0, shape)
        # Also where a range ends at a kink: rounding may leave it.
        crossed = ((low <= 0) & (high >= 0)).reshape(len(low), len(self.rule.breakpoints), *shape)
        return np.where(crossed.any(axis=1), self.rule.largest_slope, np.abs(gain))

    def _shifted(self, passed: FloatArray, made: FloatArray) -> FloatArray:
        return np.hypot(passed, np.abs(made) + self._shift) if self._shift else passed


class MaxSelectionRounding:
    """How they pass an activation that passes on the largest of several values: the winner's.

    Parameters
    ----------
    rule : MaxSelection
    """

    def __init__(self, rule: MaxSelection) -> None:
        self.rule = rule

    def over_slice(self, inputs: Sequence[Rounding]) -> Rounding:
        """Any candidate may win."""
        sizes, units = zip(*((one.size, one.unit) for one in inputs), strict=True)
        size, unit = (
            flat_values(parts)[:, self.rule.candidates].max(axis=2) for parts in (sizes, units)
        )
        return Rounding(size, unit)

    def at_points(
        self, inputs: Sequence[Rounded], made: FloatArray, decided: float
    ) -> tuple[FloatArray, FloatArray]:
        """Candidates may win that are within ``decided`` units of the best."""
        rule = self.rule
        value, unit = self._candidates(inputs)
        standing = rule.sign * value
        winner = standing.argmax(axis=2)[:, :, None]
        best, of_best = (np.take_along_axis(array, winner, axis=2) for array in (standing, unit))
        near = standing >= best - decided * np.hypot(unit, of_best)
        won = np.where(near, unit, 0.0).max(axis=2)
        # A candidate is compared with the best, and the best with the next of them.
        others = standing.copy()
        np.put_along_axis(others, winner, -np.inf, axis=2)
        second = others.argmax(axis=2)[:, :, None]
        other = np.maximum(of_best, np.take_along_axis(unit, second, axis=2))
        own = unit[:, rule.column_window, rule.column_place]
        return np.hypot(own, other[:, rule.column_window, 0]), won.reshape(made.shape)

    def at_vertices(
        self, inputs: Sequence[Rounded], in_all: BoolArray, in_some: BoolArray
    ) -> Rounded:
        """Of candidates that tie, all are the value; the best known of them says it best."""
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
