"""Values and their rounding errors at single vertices, from the terms that are added there.

One bound for the whole slice is cheap, and mostly good enough. It is too large wherever a neuron
with large terms is off: the neuron then contributes exactly 0, and its rounding error is cut off
with it. Where such a bound makes a difference (a value counts as zero, or two crossings as one),
the vertex gets a bound of its own here.

Which neurons are on at a vertex is read from the patterns of the cells that meet there, never from
the sign of a rounded number. A neuron that is on in some of these cells and off in others has its
boundary at the vertex, so its value there is exactly zero, with no error.
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

# How many numbers of one value are computed at a time: so many stay in a core's cache.
_BLOCK = 2**17


class _Around(NamedTuple):
    """Which neurons of a layer are on in all, and in some, cells around n vertices (n, words)."""

    in_all: Words
    in_some: Words


@dataclass(frozen=True, eq=False)
class LocalValues:
    """The values of a network at vertices of a complex, by the patterns of the cells around them.

    Parameters
    ----------
    program : Program
    plane : InputSlice
    input_unit : float64 array (1, *input_shape)
        Unit of rounding of an input. It is that of the whole slice: the coordinates of a vertex
        are only known to within the rounding of the slice's size.
    layers : sequence of LayerPattern
        The patterns of the activations so far.
    rounds : sequence of int32 array
        The current activation may cut several times. For each of its cuts so far: the cell before
        the cut that each cell after it is part of.
    cells : CellComplex
        The complex after these cuts.
    """

    program: Program
    plane: InputSlice
    input_unit: FloatArray
    layers: Sequence[LayerPattern]
    rounds: Sequence[Int32Array]
    cells: CellComplex

    def at(self, cut: Cut, vertices: AnyIntArray) -> tuple[FloatArray, FloatArray]:
        """Compute columns of a cut at some vertices, and their units of rounding: (n, W) each."""
        around = self._around(vertices)
        z = np.empty((len(vertices), len(cut.unit)))
        unit = np.empty_like(z)
        widest = max(math.prod(shape) for shape in self.program.shapes)
        size = max(16, _BLOCK // max(widest, 1))
        for first in range(0, len(vertices), size):
            rows = slice(first, first + size)
            xy = self.cells.xy[vertices[rows]]
            z[rows], unit[rows] = self._run(
                cut, xy, [_Around(layer.in_all[rows], layer.in_some[rows]) for layer in around]
            )
        return z, unit

    @cached_property
    def _cells_around(self) -> csr_array:
        """The cells that meet at each vertex: the entries of its row in a sparse matrix."""
        cell, starts = self.cells.cell_of_half, self.cells.starts
        shape = (len(self.cells.xy), len(self.cells))
        return csr_array((cell, (starts, cell)), shape=shape)

    def _around(self, vertices: AnyIntArray) -> list[_Around]:
        """Look up the patterns around some vertices, one entry a layer."""
        table = self._cells_around
        counts = np.diff(table.indptr)[vertices]
        first = np.cumsum(counts) - counts
        steps = np.arange(counts.sum()) - np.repeat(first, counts)
        cell = table.indices[np.repeat(table.indptr[vertices], counts) + steps]
        for parent in reversed(self.rounds):
            cell = parent[cell]
        around = []
        # A cell's pattern of an earlier layer is that of the cell that it is part of.
        for layer in reversed(self.layers):
            bits = layer.bits[cell]
            around.append(
                _Around(
                    np.bitwise_and.reduceat(bits, first, axis=0),
                    np.bitwise_or.reduceat(bits, first, axis=0),
                )
            )
            cell = layer.parent[cell]
        return around[::-1]

    def _run(
        self, cut: Cut, xy: FloatArray, around: list[_Around]
    ) -> tuple[FloatArray, FloatArray]:
        program = self.program
        inputs = self.plane.embed(xy)
        start = Rounded(inputs, np.broadcast_to(self.input_unit, inputs.shape))
        domain = _AtVertices(program, self.layers, around)
        results = interpret(domain, {0: start}, program.steps[cut.step].inputs)
        values = {v: one.value for v, one in results.items()}
        return cut.columns(values), cut.units(values, {v: one.unit for v, one in results.items()})


class _AtVertices(RoundedValues):
    """Values and units at vertices, by the patterns of the cells around them."""

    def __init__(
        self, program: Program, layers: Sequence[LayerPattern], around: Sequence[_Around]
    ) -> None:
        super().__init__(program)
        self.layers, self.around = layers, around

    def activation(self, i: int, inputs: Sequence[Rounded]) -> Rounded:
        activation = self.program.activation_at[i]
        width = self.layers[activation.number].width
        in_all, in_some = (unpack(words, width) for words in self.around[activation.number])
        value, unit = rounding_of(activation.rule).at_vertices(inputs, in_all, in_some)
        shape = (len(value), *activation.shape)
        return Rounded(value.reshape(shape), unit.reshape(shape))
