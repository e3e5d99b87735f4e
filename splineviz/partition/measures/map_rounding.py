"""How large the terms are that make the slopes of affine maps, and with them their rounding."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from splineviz.network.contest import Contest
from splineviz.network.program import Activation, Program
from splineviz.partition.maps import of_winners, rows_in_block
from splineviz.partition.patterns import LayerPattern, cells_of_regions
from splineviz.partition.slices import InputSlice

FloatArray = npt.NDArray[np.float64]
#: Derivatives of a value in both directions of a slice, and their units of rounding.
_Rows = tuple[FloatArray, FloatArray]


def slope_units(
    program: Program, plane: InputSlice, layers: Sequence[LayerPattern], n_regions: int
) -> FloatArray:
    """Unit of rounding of each slope: times the machine epsilon, the size of its error.

    Returns
    -------
    float64 array of shape (R, out, 2)

    Notes
    -----
    As in ``Rounding``, the terms which make a derivative and the errors of what it is made from are
    added as independent errors are, but in each region by itself: where a map is steep because
    large terms meet, its rounding is large; where most neurons are silent, it is small.
    """
    cells = cells_of_regions(layers, n_regions)
    units = np.empty((n_regions, int(np.prod(program.output_shape)), 2))
    size = rows_in_block(program)
    for first in range(0, n_regions, size):
        last = min(first + size, n_regions)
        _, unit = _push(program, plane, layers, [cell[first:last] for cell in cells])
        units[first:last] = unit.reshape(len(unit), 2, -1).transpose(0, 2, 1)
    return units


def _push(
    program: Program,
    plane: InputSlice,
    layers: Sequence[LayerPattern],
    cells: Sequence[npt.NDArray[np.integer]],
) -> _Rows:
    """Derivatives of the output on some regions, given the cell of each layer they are part of."""
    basis = plane.basis[None]
    rows: dict[int, _Rows] = {0: (basis, np.abs(basis))}
    # Regions that share a cell of an early layer share the work.
    above = np.zeros(1, dtype=np.int64)
    depth = 0
    for i, step in enumerate(program.steps):
        inputs = [rows[v] for v in step.inputs]
        if i in program.activation_at:
            layer = layers[depth]
            own = np.unique(cells[depth])
            parent = np.searchsorted(above, layer.parent[own]) if depth > 0 else np.zeros_like(own)
            rows = {v: (value[parent], unit[parent]) for v, (value, unit) in rows.items()}
            bits = layer.unpacked(own)
            rows[i + 1] = _activated(program.activation_at[i], bits, [rows[v] for v in step.inputs])
            above, depth = own, depth + 1
        else:
            values = [_flat(value) for value, _ in inputs]
            units = [_flat(np.hypot(value, unit)) for value, unit in inputs]
            made = program.affine_linear(i, *values)
            unit = program.affine_deviation(i, *units)
            shape = (len(made) // 2, 2, *made.shape[1:])
            rows[i + 1] = made.reshape(shape), unit.reshape(shape)
        rows = {
            v: pair for v, pair in rows.items() if program.last_use[v] > i or v == program.output
        }
    value, unit = rows[program.output]
    if not layers:
        return value, unit
    back = np.searchsorted(above, cells[-1])
    return value[back], unit[back]


def _activated(
    activation: Activation, bits: npt.NDArray[np.bool_], inputs: Sequence[_Rows]
) -> _Rows:
    """What an activation makes of both where its pattern is given."""
    rule = activation.rule
    if isinstance(rule, Contest):
        winners = rule.winners(bits)
        value, unit = (
            of_winners(activation, winners, parts) for parts in zip(*inputs, strict=True)
        )
        return value, unit
    gain = rule.segments(bits, activation.shape)[0][:, None]
    value, unit = inputs[0]
    return value * gain, unit * np.abs(gain)


def _flat(rows: FloatArray) -> FloatArray:
    """Both directions of all cells as one batch."""
    return rows.reshape(-1, *rows.shape[2:])
