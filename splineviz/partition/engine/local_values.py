"""Values and their rounding at single vertices, from the terms that flow there.

Bounds over the whole slice are cheap, and mostly good enough. They are too large where a neuron
with large terms is off: there it contributes 0, exactly, and its rounding is cut off with it. Where
a bound decides something (a value counts as zero, two crossings as one), the vertex gets a bound of
its own here.

What is on at a vertex follows from the patterns of the cells that meet there, not from numbers. A
neuron that is on in some of them only has its boundary there: it is exactly zero.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from splineviz.network.interpret import interpret
from splineviz.network.program import Program
from splineviz.partition.engine.cells import CellComplex
from splineviz.partition.engine.cuts import Cut
from splineviz.partition.patterns import LayerPattern, unpack
from splineviz.partition.rounding.values import Rounded, RoundedValues, rounding_of
from splineviz.partition.slices.input_slice import InputSlice
from splineviz.typing import AnyIntArray, FloatArray, Int32Array, Words

# How many numbers of one value are computed at a time: they stay in a core's cache.
_BLOCK = 2**17


class _Met(NamedTuple):
    """The patterns of one layer on the cells around each of some vertices, uint64 (n, words)."""

    in_all: Words
    in_some: Words


@dataclass(frozen=True, eq=False)
class LocalValues:
    """What a network makes at vertices of a complex, by the patterns of the cells around them.

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
    rounds: Sequence[Int32Array]
    cells: CellComplex

    def at(self, cut: Cut, vertices: AnyIntArray) -> tuple[FloatArray, FloatArray]:
        """The columns of a cut at some vertices, and their units of rounding, each (n, W)."""
        met = self._met(vertices)
        z = np.empty((len(vertices), len(cut.unit)))
        unit = np.empty_like(z)
        widest = max(math.prod(shape) for shape in self.program.shapes)
        size = max(16, _BLOCK // max(widest, 1))
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

    def _met(self, vertices: AnyIntArray) -> list[_Met]:
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
        start = Rounded(inputs, np.broadcast_to(self.input_unit, inputs.shape))
        domain = _AtVertices(program, self.layers, met)
        results = interpret(domain, {0: start}, program.steps[cut.step].inputs)
        values = {v: one.value for v, one in results.items()}
        return cut.columns(values), cut.units(values, {v: one.unit for v, one in results.items()})


class _AtVertices(RoundedValues):
    """Values and units at vertices, by the patterns of the cells around them."""

    def __init__(
        self, program: Program, layers: Sequence[LayerPattern], met: Sequence[_Met]
    ) -> None:
        super().__init__(program)
        self.layers, self.met = layers, met

    def activation(self, i: int, inputs: Sequence[Rounded]) -> Rounded:
        activation = self.program.activation_at[i]
        width = self.layers[activation.number].width
        in_all, in_some = (unpack(words, width) for words in self.met[activation.number])
        value, unit = rounding_of(activation.rule).at_vertices(inputs, in_all, in_some)
        shape = (len(value), *activation.shape)
        return Rounded(value.reshape(shape), unit.reshape(shape))
