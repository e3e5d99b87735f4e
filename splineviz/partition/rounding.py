"""How large the rounding error of each value of a network may be on a slice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from splineviz.network.contest import Contest, flat_values
from splineviz.network.kinks import Kinks
from splineviz.network.program import Activation, Program
from splineviz.partition.maps import rows_in_block
from splineviz.partition.slices import InputSlice

FloatArray = npt.NDArray[np.float64]

EPS = float(np.finfo(np.float64).eps)

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
        size = program.affine_magnitude(i, *(rounding.size for rounding in inputs))
        squares = program.affine_variance(i, *(rounding.unit**2 for rounding in inputs))
        return cls(size, np.sqrt(size**2 + squares))

    def behind_kinks(self, rule: Kinks, low: FloatArray, high: FloatArray) -> Rounding:
        """Behind an activation of values in the ranges given, each of shape (1, *shape)."""
        reached = np.concatenate([low, high, *(np.clip(t, low, high) for t in rule.points)])
        gain, offset = rule.segments(rule.switches(reached) > 0, reached.shape[1:])
        size = np.abs(gain * reached + offset).max(axis=0, keepdims=True)
        unit = rule.steepest * self.unit
        shift = float(np.abs(rule.offsets).max())
        # ReLU, LeakyReLU and the like add nothing.
        return Rounding(size, np.hypot(unit, size + shift) if shift else unit)

    def clipped(self, size: FloatArray) -> Rounding:
        """The same errors, of values that turned out to be no larger than `size`."""
        return Rounding(np.minimum(self.size, size), self.unit)


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
    return inputs[0].behind_kinks(activation.rule, -size, size)


def column_units(rule: Kinks | Contest, inputs: Sequence[Rounding]) -> FloatArray:
    """Units of rounding of the columns of an activation's pattern, float64 array (W,)."""
    if isinstance(rule, Kinks):
        unit = inputs[0].unit.reshape(-1)
        points = np.repeat(np.abs(rule.points), len(unit))
        return np.hypot(np.tile(unit, len(rule.points)), points)
    unit = flat_values([one.unit for one in inputs])[0]
    worst = unit[rule.candidates].max(axis=1)
    return np.hypot(unit[rule.column_candidate], worst[rule.column_window])


def rounding_units(
    program: Program, plane: InputSlice, points: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Units of rounding at points of a slice.

    Returns
    -------
    pre_activations : float64 array (total width,)
        Of the pre-activations of all activations, in network order.
    outputs : float64 array (out,)
    """
    largest: dict[int, FloatArray] = {}
    size = rows_in_block(program)
    for first in range(0, len(points), size):
        inputs = plane.embed(points[first : first + size])
        largest[0] = np.maximum(largest.get(0, 0.0), _largest(inputs))
        for i, _, made in program.walk(inputs):
            largest[i + 1] = np.maximum(largest.get(i + 1, 0.0), _largest(made))
    rounding = {0: Rounding.of_input(largest[0])}
    units = []
    for i, step in enumerate(program.steps):
        read = [rounding[v] for v in step.inputs]
        activation = program.activation_at.get(i)
        if activation is None:
            rounding[i + 1] = Rounding.of_affine(program, i, read)
        else:
            units.append(column_units(activation.rule, read))
            rounding[i + 1] = behind_activation(activation, read).clipped(largest[i + 1])
    return np.concatenate([*units, np.empty(0)]), rounding[program.output].unit.reshape(-1)


def _largest(values: FloatArray) -> FloatArray:
    """Largest absolute value of each entry over the first axis, shape (1, *shape)."""
    return np.asarray(np.maximum(values.max(axis=0), -values.min(axis=0)))[None]
