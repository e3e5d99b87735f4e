"""The affine maps of regions, and outputs at points of the slice."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from typing import Annotated, NamedTuple

import numpy as np

from splineviz.network.interpret import Domain, interpret
from splineviz.network.program import Program
from splineviz.partition.patterns import LayerPattern, ranges_above
from splineviz.partition.slices.input_slice import InputSlice
from splineviz.typing import AnyIntArray, FloatArray

# Regions are worked through in blocks, so that the rows of a wide layer stay in a few megabytes:
# so many numbers of its value.
_BLOCK = 2**20


class OnCells(NamedTuple):
    """Rows of a value on the cells after some layers.

    Attributes
    ----------
    depth : int
        How many activations made the cells. 0 for those of the domain: one cell, or several if it
        is not convex.
    rows : float64 array (cells, k, *shape)
        On each cell k rows of the value.
    """

    depth: int
    rows: FloatArray


class CellRows(Domain[OnCells]):
    """Rows of values on cells, with each cell's activation pattern in place of the nonlinearity.

    A value stays on the cells of the layers before it until it is read after a later one, so that
    regions which share a cell of an early layer share the work.

    Parameters
    ----------
    program : Program
    layers : sequence of LayerPattern
        The patterns of the activations, in network order.
    ranges : sequence of (int, int)
        The range of cells, first and one past the last: of the domain, then of each layer,
        as :func:`~splineviz.partition.patterns.ranges_above` returns them.
    """

    def __init__(
        self,
        program: Program,
        layers: Sequence[LayerPattern],
        ranges: Sequence[tuple[int, int]],
    ) -> None:
        super().__init__(program)
        self.layers, self.ranges = layers, ranges

    def affine(self, i: int, inputs: Sequence[OnCells]) -> OnCells:
        """Map the rows on the cells of the deepest of the inputs."""
        depth = max(one.depth for one in inputs)
        return OnCells(depth, self.map_rows(i, [self.rows_at(depth, one) for one in inputs]))

    def activation(self, i: int, inputs: Sequence[OnCells]) -> OnCells:
        """Apply the affine function that the activation is on each cell."""
        activation = self.program.activation_at[i]
        depth = activation.number + 1
        bits = self.layers[activation.number].unpacked(np.arange(*self.ranges[depth]))
        read = [self.rows_at(depth, one) for one in inputs]
        rows, offset = activation.rule.linearize(bits, read)
        rows = self.shift_rows(rows, offset)
        return OnCells(depth, rows.reshape(*rows.shape[:2], *activation.shape))

    @abstractmethod
    def map_rows(self, i: int, inputs: Sequence[FloatArray]) -> FloatArray:
        """Rows (n, k, *shape) after an affine step."""

    @abstractmethod
    def shift_rows(self, rows: FloatArray, offset: FloatArray) -> FloatArray:
        """Add the offset (n or 1, *shape) of a map to rows (n, k, *shape), in place."""

    def rows_at(self, depth: int, value: OnCells) -> FloatArray:
        """The rows of a value on the cells after `depth` activations."""
        if value.depth == depth:
            return value.rows
        cells: AnyIntArray = np.arange(*self.ranges[depth])
        for layer in reversed(self.layers[value.depth : depth]):
            cells = layer.parent[cells]
        return value.rows[cells - self.ranges[value.depth][0]]

    def output(self, start: FloatArray) -> FloatArray:
        """The rows (cells, k, out) of the output, from those (k, *input_shape) of the input."""
        first, last = self.ranges[0]
        value = OnCells(0, np.broadcast_to(start, (last - first, *start.shape)))
        value = interpret(self, {0: value})[self.program.output]
        rows = self.rows_at(len(self.layers), value)
        return rows.reshape(*rows.shape[:2], -1)


class SliceMaps(CellRows):
    """The affine map that each value is on each cell of a slice.

    Three rows: the value at the origin of the slice, and the derivatives along its two directions.
    """

    def map_rows(self, i: int, inputs: Sequence[FloatArray]) -> FloatArray:
        """Derivatives are mapped without the offset of the step."""
        mapped = self.program.affine_linear(i, *map(flat_rows, inputs))
        rows = mapped.reshape(*inputs[0].shape[:2], *mapped.shape[1:])
        constant = self.program.affine(i, *(np.zeros((1, *each.shape[2:])) for each in inputs))
        # A step with an offset returns a new array: adding to it in place changes no input.
        return self.shift_rows(rows, constant) if constant.any() else rows

    def shift_rows(self, rows: FloatArray, offset: FloatArray) -> FloatArray:
        """The offset belongs to the value at the origin; derivatives have none."""
        rows[:, 0] += offset
        return rows


def affine_maps(
    program: Program, plane: InputSlice, layers: Sequence[LayerPattern], n_regions: int
) -> tuple[Annotated[FloatArray, "R out 2"], Annotated[FloatArray, "R out"]]:
    """Slope and offset of each region, in slice coordinates."""
    n_outputs = math.prod(program.output_shape)
    slope = np.empty((n_regions, n_outputs, 2))
    offset = np.empty((n_regions, n_outputs))
    start = np.concatenate([plane.origin[None], plane.basis])
    size = rows_in_block(program)
    for first in range(0, n_regions, size):
        last = min(first + size, n_regions)
        ranges = ranges_above([layer.parent for layer in layers], first, last)
        rows = SliceMaps(program, layers, ranges).output(start)
        offset[first:last] = rows[:, 0]
        slope[first:last] = rows[:, 1:].transpose(0, 2, 1)
    return slope, offset


def region_map(
    program: Program, plane: InputSlice, layers: Sequence[LayerPattern], region: int
) -> tuple[Annotated[FloatArray, "out 2"], Annotated[FloatArray, "out"]]:
    """Slope and offset of one region, in slice coordinates, without those of the others."""
    alone, cell = [], region
    for layer in reversed(layers):
        row = layer.bits[cell : cell + 1]
        alone.append(LayerPattern(layer.name, layer.width, np.zeros(1, np.int32), row))
        cell = int(layer.parent[cell])
    slope, offset = affine_maps(program, plane, alone[::-1], 1)
    return slope[0], offset[0]


def flat_rows(rows: FloatArray) -> FloatArray:
    """The rows (n, k, *shape) of all cells as one batch."""
    return rows.reshape(-1, *rows.shape[2:])


def rows_in_block(program: Program) -> int:
    """How many regions to work through at a time."""
    widest = max(math.prod(shape) for shape in program.shapes)
    return max(1, min(4096, _BLOCK // max(widest, 1)))


def outputs_at(
    program: Program, plane: InputSlice, points: Annotated[FloatArray, "n 2"]
) -> Annotated[FloatArray, "n out"]:
    """The network's flat outputs at slice coordinates."""
    out = np.empty((len(points), math.prod(program.output_shape)))
    size = rows_in_block(program)
    for first in range(0, len(points), size):
        block = points[first : first + size]
        out[first : first + size] = program(plane.embed(block)).reshape(len(block), -1)
    return out
