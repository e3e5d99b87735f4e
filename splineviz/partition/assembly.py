"""From cells to regions: drop the seams of a non-convex domain and lay out the rings."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from splineviz.network.program import Program
from splineviz.partition.cells import SEAM, CellComplex
from splineviz.partition.kernels.edges import edge_sides
from splineviz.partition.slices import InputSlice
from splineviz.partition.spline_partition import EdgeTable, LayerPattern, SplinePartition

IntArray = npt.NDArray[np.int32]


def assemble(
    program: Program, plane: InputSlice, cells: CellComplex, layers: tuple[LayerPattern, ...]
) -> SplinePartition:
    """The partition whose regions are the cells, joined across seams that no neuron made.

    Parameters
    ----------
    program : Program
    plane : InputSlice
    cells : CellComplex
        The domain subdivided by all layers.
    layers : tuple of LayerPattern
        Patterns on the cells of each subdivision.
    """
    sides = edge_sides(len(cells.edge_vertices), cells.offsets, cells.halves)
    starts = cells.edge_vertices[cells.halves >> 1, cells.halves & 1]
    seams = np.flatnonzero(cells.edge_layer == SEAM)
    if len(seams) == 0:
        edges = EdgeTable(cells.edge_vertices, sides, cells.edge_layer, cells.edge_neuron)
        one_each = np.arange(len(cells) + 1)
        return SplinePartition(
            program, plane, cells.xy, edges, starts, cells.offsets, one_each, layers
        )
    layer, neuron = _first_difference(layers, sides[seams])
    edge_layer = cells.edge_layer.copy()
    edge_neuron = cells.edge_neuron.copy()
    edge_layer[seams], edge_neuron[seams] = layer, neuron
    open_seams = seams[layer < 0]
    region, cell = _components(len(cells), sides[open_seams])
    rings, region_offsets = _rings(cells, starts, region, len(cell), open_seams)
    kept = np.ones(len(edge_layer), dtype=bool)
    kept[open_seams] = False
    edges = EdgeTable(
        cells.edge_vertices[kept],
        np.where(sides >= 0, region[sides], -1).astype(np.int32)[kept],
        edge_layer[kept],
        edge_neuron[kept],
    )
    lengths = [len(ring) for ring in rings]
    joined = [
        LayerPattern(last.name, last.width, last.parent[cell], last.bits[cell])
        for last in layers[-1:]  # none if the network has no activation
    ]
    return SplinePartition(
        program,
        plane,
        cells.xy,
        edges,
        np.concatenate(rings).astype(np.int32),
        np.concatenate([[0], np.cumsum(lengths)]),
        region_offsets,
        (*layers[:-1], *joined),
    )


def _first_difference(
    layers: tuple[LayerPattern, ...], sides: IntArray
) -> tuple[IntArray, IntArray]:
    """Layer and neuron of the first sign in which two cells differ, -1 where none does."""
    layer_of = np.full(len(sides), -1, dtype=np.int32)
    neuron_of = np.full(len(sides), -1, dtype=np.int32)
    left, right = sides[:, 0], sides[:, 1]
    for depth in range(len(layers) - 1, -1, -1):
        layer = layers[depth]
        differ = layer.unpacked(left) != layer.unpacked(right)
        found = differ.any(axis=1)
        layer_of[found] = depth
        neuron_of[found] = differ[found].argmax(axis=1)
        left, right = layer.parent[left], layer.parent[right]
    return layer_of, neuron_of


def _components(n_cells: int, joins: IntArray) -> tuple[IntArray, npt.NDArray[np.int64]]:
    """Region of each cell, and the first cell of each region, in the order of the cells."""
    graph = coo_array((np.ones(len(joins)), (joins[:, 0], joins[:, 1])), shape=(n_cells, n_cells))
    label = connected_components(graph, directed=False)[1]
    _, first, inverse = np.unique(label, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return rank[inverse].astype(np.int32), first[order]


def _rings(
    cells: CellComplex,
    starts: IntArray,
    region: IntArray,
    n_regions: int,
    open_seams: npt.NDArray[np.int64],
) -> tuple[list[IntArray], npt.NDArray[np.int64]]:
    """Rings of each region, the outer one first, found by walking round and over open seams."""
    following = np.arange(1, len(cells.halves) + 1)
    following[cells.offsets[1:] - 1] = cells.offsets[:-1]
    place = np.full(2 * len(cells.edge_vertices), -1, dtype=np.int64)
    place[cells.halves] = np.arange(len(cells.halves))
    is_open = np.zeros(len(cells.edge_vertices), dtype=bool)
    is_open[open_seams] = True
    owner = np.repeat(region, np.diff(cells.offsets))
    visited = is_open[cells.halves >> 1]
    rings: list[list[IntArray]] = [[] for _ in range(n_regions)]
    for start in np.flatnonzero(~visited):
        if visited[start]:
            continue
        ring = []
        at = int(start)
        while not visited[at]:
            visited[at] = True
            ring.append(int(starts[at]))
            at = int(following[at])
            while is_open[cells.halves[at] >> 1]:
                at = int(following[place[cells.halves[at] ^ 1]])
        rings[owner[start]] += _simple(ring)
    for own in rings:
        own.sort(key=lambda ring: -_signed_area(cells.xy[ring]))
    counts = [len(own) for own in rings]
    flat = [ring for own in rings for ring in own]
    return flat, np.concatenate([[0], np.cumsum(counts)])


def _simple(walk: list[int]) -> list[IntArray]:
    """The simple rings of a closed walk: it is cut where it comes back to a vertex.

    A hole that touches its region's border, or another hole, in one vertex is a ring of its own.
    """
    rings = []
    path: list[int] = []
    place: dict[int, int] = {}
    for vertex in walk:
        if vertex in place:
            first = place[vertex]
            rings.append(np.array(path[first:], dtype=np.int32))
            for passed in path[first:]:
                del place[passed]
            del path[first:]
        place[vertex] = len(path)
        path.append(vertex)
    return [*rings, np.array(path, dtype=np.int32)]


def _signed_area(corners: npt.NDArray[np.float64]) -> float:
    x, y = (corners - corners[0]).T
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2
