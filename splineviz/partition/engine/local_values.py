"""Values and their rounding at single vertices, from the terms that flow there.

Bounds over the whole slice are cheap, and mostly good enough. They are too large where a neuron
with large terms is off: there it contributes 0, exactly, and its rounding is cut off with it. Where
a bound decides something (a value counts as zero, two crossings as one), it is asked here instead.

What is on at a vertex follows from the patterns of the cells that meet there, not from numbers. A
neuron that is on in some of them only has its boundary there: it is exactly zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from splineviz.network.contest import Contest, flat_values
from splineviz.network.kinks import Kinks
from splineviz.network.program import Activation, Program
from splineviz.partition.engine.cells import CellComplex
from splineviz.partition.engine.cuts import Cut
from splineviz.partition.maps import rows_in_block
from splineviz.partition.patterns import LayerPattern, unpack
from splineviz.partition.rounding import unit_of_sum
from splineviz.partition.slices import InputSlice

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]
BoolArray = npt.NDArray[np.bool_]
Words = npt.NDArray[np.uint64]


class _Met(NamedTuple):
    """The patterns of one layer on the cells round each of some vertices, uint64 (n, words)."""

    in_all: Words
    in_some: Words


@dataclass(frozen=True, eq=False)
class LocalValues:
    """What a network makes at vertices of a complex, by the patterns of the cells round them.

    Parameters
    ----------
    program : Program
    plane : InputSlice
    input_unit : float64 array (1, *input_shape)
        Unit of rounding of an input: a vertex is known to within rounding of the slice's size.
    layers : sequence of LayerPattern
        Of the activations so far.
    rounds : sequence of int32 array
        For each cut that the activation at hand has made already, the cell before it that each
        cell is part of.
    cells : CellComplex
        The complex as it is now.
    """

    program: Program
    plane: InputSlice
    input_unit: FloatArray
    layers: Sequence[LayerPattern]
    rounds: Sequence[IntArray]
    cells: CellComplex

    def at(self, cut: Cut, vertices: npt.NDArray[np.integer]) -> tuple[FloatArray, FloatArray]:
        """The columns of a cut at some vertices, and their units of rounding, each (n, W)."""
        met = self._met(vertices)
        z = np.empty((len(vertices), len(cut.unit)))
        unit = np.empty_like(z)
        size = rows_in_block(self.program)
        for first in range(0, len(vertices), size):
            rows = slice(first, first + size)
            xy = self.cells.xy[vertices[rows]]
            z[rows], unit[rows] = self._run(
                cut, xy, [_Met(layer.in_all[rows], layer.in_some[rows]) for layer in met]
            )
        return z, unit

    @cached_property
    def _cells_round(self) -> csr_array:
        """The cells that meet in each vertex, as the data of a sparse matrix with a row for it."""
        cell, starts = self.cells.cell_of_half, self.cells.starts
        shape = (len(self.cells.xy), len(self.cells))
        return csr_array((cell, (starts, cell)), shape=shape)

    def _met(self, vertices: npt.NDArray[np.integer]) -> list[_Met]:
        table = self._cells_round
        counts = np.diff(table.indptr)[vertices]
        first = np.cumsum(counts) - counts
        steps = np.arange(counts.sum()) - np.repeat(first, counts)
        cell = table.indices[np.repeat(table.indptr[vertices], counts) + steps]
        for parent in reversed(self.rounds):
            cell = parent[cell]
        met = []
        for layer in reversed(self.layers):
            bits = layer.bits[cell]
            met.append(
                _Met(
                    np.bitwise_and.reduceat(bits, first, axis=0),
                    np.bitwise_or.reduceat(bits, first, axis=0),
                )
            )
            cell = layer.parent[cell]
        return met[::-1]

    def _run(self, cut: Cut, xy: FloatArray, met: list[_Met]) -> tuple[FloatArray, FloatArray]:
        program = self.program
        inputs = self.plane.embed(xy)
        values = {0: inputs}
        units = {0: np.broadcast_to(self.input_unit, inputs.shape)}
        depth = 0
        for i, step in enumerate(program.steps[: cut.step]):
            read = [values[v] for v in step.inputs]
            of_read = [units[v] for v in step.inputs]
            if i in program.activation_at:
                layer = self.layers[depth]
                in_all, in_some = (unpack(words, layer.width) for words in met[depth])
                depth += 1
                behind = _behind_activation(
                    program.activation_at[i], read, of_read, in_all, in_some
                )
                values[i + 1], units[i + 1] = behind
            else:
                values[i + 1] = program.affine(i, *read)
                size = program.affine_magnitude(i, *(np.abs(value) for value in read))
                units[i + 1] = unit_of_sum(size, program.affine_deviation(i, *of_read))
            for v in {*step.inputs, i + 1}:
                if program.last_use[v] <= i:
                    del values[v], units[v]
        return cut.columns(values), cut.units(values, units)


def _behind_activation(
    activation: Activation,
    values: Sequence[FloatArray],
    units: Sequence[FloatArray],
    in_all: BoolArray,
    in_some: BoolArray,
) -> tuple[FloatArray, FloatArray]:
    if isinstance(activation.rule, Contest):
        value, unit = _behind_contest(activation.rule, values, units, in_some)
        shape = (len(value), *activation.shape)
        return value.reshape(shape), unit.reshape(shape)
    return _behind_kinks(activation.rule, values[0], units[0], in_all, in_some)


def _behind_kinks(
    rule: Kinks, value: FloatArray, unit: FloatArray, in_all: BoolArray, in_some: BoolArray
) -> tuple[FloatArray, FloatArray]:
    shape = value.shape[1:]
    gain, offset = rule.segments(in_all, shape)
    made = gain * value + offset
    passed = np.abs(gain) * unit
    mixed = (in_all != in_some).reshape(len(value), len(rule.points), *shape)
    for k, point in enumerate(rule.points):
        # At the kink itself, exactly.
        at_kink = np.broadcast_to(gain * point + offset, made.shape)
        made = np.where(mixed[:, k], at_kink, made)
        passed = np.where(mixed[:, k], 0.0, passed)
    if rule.offsets.any():
        passed = np.hypot(passed, np.abs(made) + float(np.abs(rule.offsets).max()))
    return made, passed


def _behind_contest(
    rule: Contest, values: Sequence[FloatArray], units: Sequence[FloatArray], in_some: BoolArray
) -> tuple[FloatArray, FloatArray]:
    """Of candidates that tie, all are the value; the best known of them says it best."""
    wins = np.zeros((len(in_some), *rule.candidates.shape), dtype=np.bool_)
    first = np.cumsum(rule.counts) - rule.counts
    place = np.arange(rule.width) - first[rule.column_window]
    wins[:, rule.column_window, place] = in_some
    value, unit = (flat_values(parts)[:, rule.candidates] for parts in (values, units))
    best = np.where(wins, unit, np.inf).argmin(axis=2)[:, :, None]
    return (
        np.take_along_axis(value, best, axis=2)[:, :, 0],
        np.take_along_axis(unit, best, axis=2)[:, :, 0],
    )
