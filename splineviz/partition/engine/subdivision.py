"""How the neurons of one layer subdivide a complex of convex cells.

Edges come first: each is cut where a neuron's sign changes between its ends, and both cells beside
it share the new vertices. Then each cell is split on its own, by the neurons that change sign on
it. Blocks of edges and of cells are independent, so that several threads work on them.

Rounding makes a difference in two places. A crossing may be so near to an end of its edge that
coordinates cannot tell them apart: the end then lies on the neuron's boundary, its sign becomes 0,
and all edges at this vertex are cut again. And whether a value counts as zero, or two crossings as
one, may hang on a bound of the error: the edge or cell is then *doubted*, its vertices get closer
bounds (see ``Signs.localize``), and its block is done again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from splineviz.errors import TooManyRegions
from splineviz.partition.engine.cells import CellComplex
from splineviz.partition.engine.kernels.arguments import CutComplex, PreActivations
from splineviz.partition.engine.kernels.cells import split_cells
from splineviz.partition.engine.kernels.edges import cut_edges, split_edges
from splineviz.partition.engine.signs import Signs
from splineviz.partition.engine.workers import Workers
from splineviz.partition.rounding.values import EPS
from splineviz.typing import BoolArray, Int32Array, IntArray, Words

_Block = TypeVar("_Block", "_Cut", "_Split")

# Sizes of blocks of edges and cells: large enough that the start of a thread costs nothing beside
# them, small enough that one takes a fraction of a second. They are smaller where the values at a
# block's vertices are not in memory and are computed for the block.
_EDGES = (4096, 16384)
_CELLS = 1024
_CELLS_WITH_VALUES = 512
_NUMBERS = 2**22

# From so many neurons on, one cell may be cut into so many pieces that its block takes seconds; the
# calling thread then stays free to stop it.
_WIDE = 512


@dataclass(frozen=True, eq=False)
class Subdivision:
    """A complex after one layer has cut it.

    Parameters
    ----------
    cells : CellComplex
        The new complex. Its vertices are the old ones, then those on old edges, then those inside
        old cells.
    parent : int32 array (C,)
        The old cell that each new one is part of; never decreasing.
    bits : uint64 array (C, ceil(W / 64))
        Bit n of a row is set where neuron n is positive.
    within : int32 array (N,)
        For each new vertex an old cell that it lies in or on.
    """

    cells: CellComplex
    parent: Int32Array
    bits: Words
    within: Int32Array


def subdivide_cells(
    cells: CellComplex,
    signs: Signs,
    layer: int,
    most: int,
    name: str,
    workers: Workers,
) -> Subdivision:
    """Cut a complex at the boundaries of all neurons of one layer.

    Parameters
    ----------
    cells : CellComplex
    signs : Signs
        The signs at the vertices of `cells`. They are changed: where a crossing cannot be told
        from a vertex by its coordinates, the vertex gets the sign 0.
    layer : int
        Number of the layer, the label of the new edges.
    most : int
        The most cells that are allowed.
    name : str
        The layer's name, for the error.
    workers : Workers
        The threads that work on blocks. The result does not depend on how many there are.

    Raises
    ------
    TooManyRegions
        If there would be more cells than `most`.
    """
    # Points nearer than this may be one: a crossing is computed to within a few units in the last
    # place of the largest coordinate.
    spacing = 8.0 * EPS * float(np.abs(cells.xy).max())
    n_old, n_edges = len(cells.xy), len(cells.edge_vertices)
    n_columns = len(signs.cut.unit)
    new_vertices, cuts, on_edges, cut_neuron, cut_place = _cut(cells, signs, spacing, workers)
    first_vertex, first_cut = _offsets(new_vertices), _offsets(cuts)
    pieces, source = split_edges(cells.edge_vertices, first_vertex, n_old)
    xy = np.concatenate([cells.xy, on_edges])
    cut = CutComplex(
        cells.offsets,
        cells.halves,
        cells.edge_vertices,
        xy,
        first_vertex,
        first_cut,
        cut_neuron,
        cut_place,
    )
    # Kernels read the budget while they run, and stop where it is exceeded.
    n_new = np.zeros(1, dtype=np.int64)
    budget = np.array([most], dtype=np.int64)

    def split(first: int, last: int) -> _Split:
        values = _all_values(signs) or _values_of_cells(cells, signs, first, last)
        *block, doubted = split_cells(first, last, cut, values, signs.planes, spacing, budget)
        n_new[0] += len(block[-2])
        budget[0] = most - n_new[0]
        return _Split(first, last, tuple(block), doubted)

    def take_back(n_cells: int) -> None:
        n_new[0] -= n_cells
        budget[0] = most - n_new[0]

    try:
        aside = n_columns > _WIDE
        block = _CELLS if signs.dense is not None else _CELLS_WITH_VALUES
        blocks = workers.over(split, len(cells), (block, block), aside)
        # Blocks that were stopped in the middle are no complex: they cannot be split again.
        if n_new[0] > most:
            raise TooManyRegions(int(n_new[0]), most, name)
        _split_again(cells, signs, blocks, split, take_back, workers)
    finally:
        # After an error or Ctrl-C, threads that are still splitting stop too.
        budget[0] = -1
    if n_new[0] > most:
        raise TooManyRegions(int(n_new[0]), most, name)
    points, inside, chords, chord_neuron, offsets, halves, parent, bits = _joined(
        [block.arrays for block in blocks], len(xy), len(pieces)
    )
    cell_of_edge = np.empty(n_edges, dtype=np.int32)
    cell_of_edge[cells.halves >> 1] = cells.cell_of_half
    complex_ = CellComplex(
        xy=np.concatenate([xy, points]),
        edge_vertices=np.concatenate([pieces, chords]),
        edge_layer=np.concatenate(
            [cells.edge_layer[source], np.full(len(chords), layer, dtype=np.int32)]
        ),
        edge_neuron=np.concatenate([cells.edge_neuron[source], chord_neuron]),
        offsets=offsets,
        halves=halves,
    )
    within = np.concatenate([np.repeat(cell_of_edge, new_vertices), inside])
    return Subdivision(complex_, parent, bits, within)


class _Split(NamedTuple):
    """A block of cells that was split, and its doubted cells."""

    first: int
    last: int
    arrays: tuple[npt.NDArray[Any], ...]
    doubted: Int32Array


def _split_again(
    cells: CellComplex,
    signs: Signs,
    blocks: list[_Split],
    split: Callable[[int, int], _Split],
    take_back: Callable[[int], None],
    workers: Workers,
) -> None:
    """Localize the vertices of doubted cells, and split the blocks of these cells again."""
    doubted = np.concatenate([block.doubted for block in blocks])
    if len(doubted) == 0:
        return
    in_doubt = np.zeros(len(cells), dtype=np.bool_)
    in_doubt[doubted] = True
    vertices = np.unique(cells.starts[np.repeat(in_doubt, np.diff(cells.offsets))])
    if len(signs.localize(vertices)) == 0:
        return
    again = [i for i, block in enumerate(blocks) if len(block.doubted)]
    # Without this their cells would count twice, and the budget might stop them in the middle.
    take_back(sum(len(blocks[i].arrays[-2]) for i in again))
    for i, block in zip(again, _anew(split, blocks, again, workers), strict=True):
        blocks[i] = block


def _anew(
    work: Callable[[int, int], _Block], blocks: list[_Block], again: list[int], workers: Workers
) -> list[_Block]:
    """Do the work of some blocks once more."""

    def once_more(first: int, last: int) -> list[_Block]:
        return [work(blocks[i].first, blocks[i].last) for i in again[first:last]]

    return [block for some in workers.over(once_more, len(again), (1, 1)) for block in some]


def _all_values(signs: Signs) -> PreActivations | None:
    """Return the values of all columns at all vertices, if they are kept in memory."""
    if signs.dense is None:
        return None
    rows, columns = (np.arange(n, dtype=np.int32) for n in signs.dense.shape)
    return PreActivations(signs.dense, rows, columns, signs.tolerance, signs.tolerance_of)


def _values_at_edges(cells: CellComplex, signs: Signs, first: int, last: int) -> PreActivations:
    """Compute the values of the columns that cross some edges, at the ends of these."""
    a, b = cells.edge_vertices[first:last].T
    above, below = signs.planes
    crossed = (above[a] & below[b]) | (below[a] & above[b])
    return _some_values(signs, np.concatenate([a, b]), np.bitwise_or.reduce(crossed, axis=0))


def _values_of_cells(cells: CellComplex, signs: Signs, first: int, last: int) -> PreActivations:
    """Compute the values of the columns that cross some cells, at the corners of these."""
    start, stop = cells.offsets[first], cells.offsets[last]
    halves = cells.halves[start:stop]
    corners = cells.edge_vertices[halves >> 1, halves & 1]
    own = cells.offsets[first:last] - start
    above, below = (np.bitwise_or.reduceat(plane[corners], own, axis=0) for plane in signs.planes)
    return _some_values(signs, corners, np.bitwise_or.reduce(above & below, axis=0))


def _some_values(signs: Signs, vertices: Int32Array, crossed: Words) -> PreActivations:
    """Compute the values of some columns, set bits of `crossed`, at some vertices."""
    octets = crossed.astype("<u8", copy=False).view(np.uint8)
    columns = np.flatnonzero(np.unpackbits(octets, bitorder="little"))
    chosen = np.unique(vertices)
    n_vertices = len(signs.planes.positive)
    row_of = np.zeros(n_vertices, dtype=np.int32)
    row_of[chosen] = np.arange(len(chosen), dtype=np.int32)
    column_of = np.zeros(len(signs.cut.unit), dtype=np.int32)
    column_of[columns] = np.arange(len(columns), dtype=np.int32)
    tolerance_of = np.zeros(n_vertices, dtype=np.int32)
    if len(columns) == 0:
        nothing = np.empty((len(chosen), 0)), np.empty((1, 0))
        return PreActivations(nothing[0], row_of, column_of, nothing[1], tolerance_of)
    z, tolerance, tolerance_of[chosen] = signs.at(chosen)
    z, tolerance = (np.ascontiguousarray(rows[:, columns]) for rows in (z, tolerance))
    return PreActivations(z, row_of, column_of, tolerance, tolerance_of)


def _cut(
    cells: CellComplex, signs: Signs, spacing: float, workers: Workers
) -> list[npt.NDArray[Any]]:
    """Cut all edges; repeat it for blocks with edges at a vertex whose sign or bound changes."""

    def cut(first: int, last: int) -> _Cut:
        values = _all_values(signs) or _values_at_edges(cells, signs, first, last)
        *arrays, on_boundary, doubted = cut_edges(
            first, last, cells.xy, cells.edge_vertices, values, signs.planes, spacing
        )
        return _Cut(first, last, tuple(arrays), on_boundary, doubted)

    least, most = _EDGES
    if signs.dense is None:
        # All values at the ends of a block are in memory at once.
        most = max(256, min(most, _NUMBERS // max(len(signs.cut.unit), 1)))
    blocks = workers.over(cut, len(cells.edge_vertices), (min(least, most), most))
    again = list(range(len(blocks)))
    while again:
        doubted = np.concatenate([blocks[i].doubted for i in again])
        vertex, neuron = np.concatenate([blocks[i].on_boundary for i in again]).T
        if len(doubted) == 0 and len(vertex) == 0:
            break
        changed = np.zeros(len(cells.xy), dtype=np.bool_)
        changed[vertex] = True
        changed[signs.localize(np.unique(cells.edge_vertices[doubted]))] = True
        keep = ~(np.uint64(1) << (neuron & 63).astype(np.uint64))
        for plane in signs.planes:
            np.bitwise_and.at(plane, (vertex, neuron >> 6), keep)
        again = _at_changed(blocks, cells, changed)
        for i, block in zip(again, _anew(cut, blocks, again, workers), strict=True):
            blocks[i] = block
    return [np.concatenate(column) for column in zip(*(b.arrays for b in blocks), strict=True)]


class _Cut(NamedTuple):
    """A block of edges that was cut, vertices that turned out to be on boundaries, and doubts."""

    first: int
    last: int
    arrays: tuple[npt.NDArray[Any], ...]
    on_boundary: Int32Array
    doubted: Int32Array


def _at_changed(blocks: list[_Cut], cells: CellComplex, changed: BoolArray) -> list[int]:
    """Find the blocks with an edge at a vertex that has changed."""
    if not changed.any():
        return []
    touched = np.flatnonzero(changed[cells.edge_vertices].any(axis=1))
    firsts = np.array([block.first for block in blocks])
    return np.unique(np.searchsorted(firsts, touched, side="right") - 1).tolist()


def _offsets(counts: Int32Array) -> IntArray:
    offsets = np.zeros(len(counts) + 1, dtype=np.int64)
    np.cumsum(counts, out=offsets[1:])
    return offsets


def _joined(
    blocks: list[tuple[npt.NDArray[Any], ...]], n_vertices: int, n_pieces: int
) -> list[npt.NDArray[Any]]:
    """Concatenate the results of ``split_cells`` for all blocks, with numbers shifted to match."""
    if len(blocks) == 1:
        return list(blocks[0])
    points_before = edges_before = halves_before = 0
    shifted: list[tuple[npt.NDArray[Any], ...]] = []
    for points, inside, chords, neuron, offsets, halves, parent, bits in blocks:
        chords[chords >= n_vertices] += points_before
        halves[halves >= 2 * n_pieces] += 2 * edges_before
        first = 0 if not shifted else 1
        shifted.append(
            (points, inside, chords, neuron, offsets[first:] + halves_before, halves, parent, bits)
        )
        points_before += len(points)
        edges_before += len(chords)
        halves_before += len(halves)
    return [np.concatenate(column) for column in zip(*shifted, strict=True)]
