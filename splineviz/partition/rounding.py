"""How large the rounding error of each value of a network may be on a slice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from splineviz.network.program import Program
from splineviz.partition.slices import InputSlice

FloatArray = npt.NDArray[np.float64]

EPS = float(np.finfo(np.float64).eps)

_BLOCK = 4096


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

    def behind_activation(self, values: FloatArray) -> Rounding:
        """Behind an activation that made these values (n, *shape)."""
        return Rounding(_largest(values), self.unit)


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
    for first in range(0, len(points), _BLOCK):
        inputs = plane.embed(points[first : first + _BLOCK])
        largest[0] = np.maximum(largest.get(0, 0.0), _largest(inputs))
        for i, _, made in program.walk(inputs):
            largest[i + 1] = np.maximum(largest.get(i + 1, 0.0), _largest(made))
    rounding = {0: Rounding.of_input(largest[0])}
    units = []
    for i, step in enumerate(program.steps):
        inputs_ = [rounding[v] for v in step.inputs]
        if i in program.activation_at:
            units.append(inputs_[0].unit.reshape(-1))
            rounding[i + 1] = inputs_[0].behind_activation(largest[i + 1])
        else:
            rounding[i + 1] = Rounding.of_affine(program, i, inputs_)
    return np.concatenate([*units, np.empty(0)]), rounding[program.output].unit.reshape(-1)


def _largest(values: FloatArray) -> FloatArray:
    """Largest absolute value of each entry over the first axis, shape (1, *shape)."""
    return np.asarray(np.maximum(values.max(axis=0), -values.min(axis=0)))[None]
