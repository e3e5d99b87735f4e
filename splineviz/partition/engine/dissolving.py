"""Cells joined across edges that no neuron made, or that no longer separate anything.

Geographers call it *dissolve*. Which cells are joined and which vertices disappear follows from
edges and their labels alone, so rounding decides nothing. Coordinates only tell the outer border of
a union from its holes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from splineviz.partition.engine.cells import CellComplex
from splineviz.partition.engine.kernels.rings import walk_rings
from splineviz.partition.rings import next_corners
from splineviz.typing import AnyIntArray, BoolArray, Int32Array, IntArray


@dataclass(frozen=True, eq=False)
class Dissolved:
    """Unions of cells, with the vertices and edges that remain.

    Parameters
    ----------
    cells : CellComplex
        One cell for each ring: an outer border, or the border of a hole.
    union : int32 array (rings,)
        The union that each ring belongs to; never decreasing, its outer border first.
    union_of_cell : int32 array (C,)
        The union of each old cell.
    first_cell : int32 array (U,)
        The first old cell of each union, increasing.
    vertices : int64 array (V,)
        The old number of each vertex.
    """

    cells: CellComplex
    union: Int32Array
    union_of_cell: Int32Array
    first_cell: Int32Array
    vertices: IntArray


def dissolve(cells: CellComplex, is_open: BoolArray, n_corners: int) -> Dissolved:
    """Remove edges from a complex, and vertices that are no corner any more.

    Parameters
    ----------
    cells : CellComplex
    is_open : bool array (E,)
        The edges to remove. Each has a cell on both sides.
    n_corners : int
        The first vertices are the corners of the domain, which stay.

    Notes
    -----
    A vertex at an end of a removed edge goes, too, if only two edges remain there and both have the
    same label: then a neuron's boundary passes straight through, and the two become one edge.
    """
    union_of_cell, first_cell = _unions(len(cells), cells.sides[is_open])
    walked, offsets, walk_cell = walk_rings(
        cells.offsets, cells.halves, cells.cell_of_half, len(cells.edge_vertices), is_open
    )
    walked, offsets, owner = _simple(cells, walked, offsets, union_of_cell[walk_cell])
    walked, offsets, owner = _outer_first(cells, walked, offsets, owner)
    starts = cells.edge_vertices[walked >> 1, walked & 1]
    gone = _passed_through(cells, is_open)
    gone[:n_corners] = False
    # A ring would keep fewer than three corners if few labels meet along it. A polygon needs three,
    # so such a ring keeps all it has.
    few = np.add.reduceat(~gone[starts], offsets[:-1], dtype=np.int64) < 3
    gone[starts[np.repeat(few, np.diff(offsets))]] = False
    stays = ~gone[starts]
    counts = np.add.reduceat(stays, offsets[:-1], dtype=np.int64)
    whole, ends = _whole_edges(cells, is_open, gone)
    edges = np.unique(whole[~is_open])
    vertices = np.unique(ends[edges]).astype(np.int64)
    number = _numbers(edges, len(whole))
    halves = 2 * number[whole[walked[stays] >> 1]]
    halves += starts[stays] != ends[whole[walked[stays] >> 1], 0]
    joined = CellComplex(
        xy=cells.xy[vertices],
        edge_vertices=_numbers(vertices, len(cells.xy))[ends[edges]],
        edge_layer=cells.edge_layer[edges],
        edge_neuron=cells.edge_neuron[edges],
        offsets=np.concatenate([[0], np.cumsum(counts)]),
        halves=halves,
    )
    return Dissolved(joined, owner, union_of_cell, first_cell, vertices)


def _unions(n_cells: int, joins: Int32Array) -> tuple[Int32Array, Int32Array]:
    """The union of each cell, and the first cell of each union, in the order of the cells."""
    label = _connected(n_cells, joins[:, 0], joins[:, 1])
    _, first, inverse = np.unique(label, return_index=True, return_inverse=True)
    order = np.argsort(first)
    return _numbers(order, len(order))[inverse], first[order].astype(np.int32)


def _connected(n: int, a: AnyIntArray, b: AnyIntArray) -> Int32Array:
    graph = coo_array((np.ones(len(a)), (a, b)), shape=(n, n))
    label: Int32Array = connected_components(graph, directed=False)[1]
    return label


def _numbers(chosen: AnyIntArray, total: int) -> Int32Array:
    """The place of each of ``range(total)`` in `chosen`, -1 where it is not there."""
    number = np.full(total, -1, dtype=np.int32)
    number[chosen] = np.arange(len(chosen), dtype=np.int32)
    return number


def _simple(
    cells: CellComplex, walked: Int32Array, offsets: IntArray, owner: Int32Array
) -> tuple[Int32Array, IntArray, Int32Array]:
    """Cut walks around unions where they return to a vertex.

    A hole that touches its union's border, or another hole, in one vertex is a ring of its own.
    """
    starts = cells.edge_vertices[walked >> 1, walked & 1]
    walk = np.repeat(np.arange(len(owner)), np.diff(offsets))
    order = np.lexsort((starts, walk))
    again = (np.diff(starts[order]) == 0) & (np.diff(walk[order]) == 0)
    if not again.any():
        return walked, offsets, owner
    touching = set(walk[order[1:][again]].tolist())
    rings: list[Int32Array] = []
    owners: list[int] = []
    for number, own in enumerate(owner.tolist()):
        ring = walked[offsets[number] : offsets[number + 1]]
        simple = _cut_where_it_returns(cells, ring) if number in touching else [ring]
        rings += simple
        owners += [own] * len(simple)
    lengths = [len(ring) for ring in rings]
    return (
        np.concatenate(rings),
        np.concatenate([[0], np.cumsum(lengths)]),
        np.array(owners, dtype=np.int32),
    )


def _cut_where_it_returns(cells: CellComplex, walk: Int32Array) -> list[Int32Array]:
    rings = []
    path: list[int] = []
    place: dict[int, int] = {}
    for half in walk.tolist():
        vertex = int(cells.edge_vertices[half >> 1, half & 1])
        if vertex in place:
            first = place[vertex]
            rings.append(np.array(path[first:], dtype=np.int32))
            for passed in path[first:]:
                del place[int(cells.edge_vertices[passed >> 1, passed & 1])]
            del path[first:]
        place[vertex] = len(path)
        path.append(half)
    return [*rings, np.array(path, dtype=np.int32)]


def _outer_first(
    cells: CellComplex, walked: Int32Array, offsets: IntArray, owner: Int32Array
) -> tuple[Int32Array, IntArray, Int32Array]:
    """Sort rings by their union, the outer border of each first.

    An outer border runs counter-clockwise and has the largest signed area; holes have negative
    ones. Coordinates are taken relative to a corner of the ring, so that the area of a small ring
    far from the origin keeps its digits.
    """
    xy = cells.xy[cells.edge_vertices[walked >> 1, walked & 1]]
    lengths = np.diff(offsets)
    x, y = (xy - np.repeat(xy[offsets[:-1]], lengths, axis=0)).T
    following = next_corners(offsets)
    doubled = np.add.reduceat(x * y[following] - y * x[following], offsets[:-1])
    order = np.lexsort((-doubled, owner))
    sorted_offsets = np.concatenate([[0], np.cumsum(lengths[order])])
    shift = np.repeat(offsets[order] - sorted_offsets[:-1], lengths[order])
    return walked[np.arange(len(walked)) + shift], sorted_offsets, owner[order]


def _passed_through(cells: CellComplex, is_open: BoolArray) -> BoolArray:
    """Vertices at an end of a removed edge where two edges with the same label remain."""
    n = len(cells.xy)
    gone = np.zeros(n, dtype=bool)
    gone[cells.edge_vertices[is_open]] = True
    ends = cells.edge_vertices[~is_open]
    gone &= np.bincount(ends.reshape(-1), minlength=n) == 2
    for label in (cells.edge_layer[~is_open], cells.edge_neuron[~is_open]):
        low, high = np.full(n, np.iinfo(np.int32).max), np.full(n, np.iinfo(np.int32).min)
        for side in (0, 1):
            np.minimum.at(low, ends[:, side], label)
            np.maximum.at(high, ends[:, side], label)
        gone &= low == high
    return gone


def _whole_edges(
    cells: CellComplex, is_open: BoolArray, gone: BoolArray
) -> tuple[Int32Array, Int32Array]:
    """Chains of edges between vertices to be removed, each as one edge.

    Returns
    -------
    whole : int32 array (E,)
        For each edge the first edge of its chain.
    ends : int32 array (E, 2)
        For each such first edge the two ends of the chain.
    """
    n = len(is_open)
    kept = np.flatnonzero(~is_open)
    inner = gone[cells.edge_vertices[kept]]
    at = cells.edge_vertices[kept][inner]
    edge = np.broadcast_to(kept[:, None], inner.shape)[inner]
    order = np.argsort(at, kind="stable")
    # Two edges meet at each of these vertices.
    label = _connected(n, edge[order[0::2]], edge[order[1::2]])
    whole = np.full(n, n, dtype=np.int32)
    np.minimum.at(whole, label, np.arange(n, dtype=np.int32))
    whole = whole[label]
    ends = np.full((n, 2), -1, dtype=np.int32)
    outer = cells.edge_vertices[kept][~inner]
    of = whole[np.broadcast_to(kept[:, None], inner.shape)[~inner]]
    order = np.argsort(of, kind="stable")
    ends[of[order[0::2]], 0] = outer[order[0::2]]
    ends[of[order[1::2]], 1] = outer[order[1::2]]
    return whole, ends
