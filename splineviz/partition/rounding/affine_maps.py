"""How large the rounding error of each slope of an affine map may be."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from splineviz.network.program import Program
from splineviz.partition.affine_maps import CellRows, flat_rows, rows_in_block
from splineviz.partition.patterns import LayerPattern, ranges_above
from splineviz.partition.slices.input_slice import InputSlice
from splineviz.typing import FloatArray


def slope_units(
    program: Program, plane: InputSlice, layers: Sequence[LayerPattern], n_regions: int
) -> FloatArray:
    """Unit of rounding of each slope: times the machine epsilon, the size of its error.

    Returns
    -------
    float64 array of shape (R, out, 2)

    Notes
    -----
    As in :mod:`~splineviz.partition.rounding.values`, the size of the terms and the errors of what
    they come from add in quadrature, but in each region by itself: where large terms meet the
    rounding is large, where most neurons are off it is small.
    """
    units = np.empty((n_regions, math.prod(program.output_shape), 2))
    start = np.concatenate([plane.basis, np.abs(plane.basis)])
    size = rows_in_block(program)
    for first in range(0, n_regions, size):
        last = min(first + size, n_regions)
        ranges = ranges_above([layer.parent for layer in layers], first, last)
        rows = _SlopeUnits(program, layers, ranges).output(start)
        units[first:last] = rows[:, 2:].transpose(0, 2, 1)
    return units


class _SlopeUnits(CellRows):
    """Four rows: the derivatives along both directions of a slice, and their units of rounding."""

    def map_rows(self, i: int, inputs: Sequence[FloatArray]) -> FloatArray:
        slopes = [flat_rows(rows[:, :2]) for rows in inputs]
        terms = [flat_rows(np.hypot(rows[:, :2], rows[:, 2:])) for rows in inputs]
        mapped = self.program.affine_linear(i, *slopes)
        unit = self.program.affine_deviation(i, *terms)
        shape = (-1, 2, *mapped.shape[1:])
        return np.concatenate([mapped.reshape(shape), unit.reshape(shape)], axis=1)

    def shift_rows(self, rows: FloatArray, offset: FloatArray) -> FloatArray:
        # Offsets do not change slopes. Linear maps may have changed the sign of a unit.
        np.abs(rows[:, 2:], out=rows[:, 2:])
        return rows
