"""CellComplex: convex cells with shared vertices, and how one layer subdivides them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import shapely

from splineviz.errors import InvalidSlice
from splineviz.partition.kernels.cells import split_cells
from splineviz.partition.kernels.edges import cut_edges, sign_planes, split_edges
from splineviz.partition.kernels.rows import interpolate_rows
from splineviz.partition.rounding import EPS

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]
_T = TypeVar("_T")

# Labels of edges that no neuron made.
BORDER = -1
SEAM = -2

# A vertex lies on a neuron's boundary when its pre-activation is below this many of its units of
# rounding, taken over the whole slice. Rounding reaches a few units a layer; values that differ
# for a reason are many orders of magnitude larger.
_ULPS = 256.0


@dataclass(frozen=True, eq=False)
class CellComplex:
    """Convex cells that cover a domain, with every vertex and edge stored once.

    Parameters
    ----------
    xy : float64 array (V, 2)
        Vertices in slice coordinates.
    edge_vertices : int32 array (E, 2)
        First and second vertex of each edge.
    edge_layer : int32 array (E,)
        The layer whose neuron made the edge; ``BORDER`` on the border of the domain, ``SEAM``
        where a non-convex domain was cut into convex pieces.
    edge_neuron : int32 array (E,)
        That neuron, -1 where there is none.
    offsets : int64 array (C + 1,)
        Half-edges of cell c are ``halves[offsets[c]:offsets[c + 1]]``, counter-clockwise.
    halves : int32 array (H,)
        ``2 * edge + direction``; direction 0 runs from the first vertex to the second.
    """

    xy: FloatArray
    edge_vertices: IntArray
    edge_layer: IntArray
    edge_neuron: IntArray
    offsets: npt.NDArray[np.int64]
    halves: IntArray

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @classmethod
    def of_domain(cls, domain: shapely.Polygon) -> CellComplex:
        """One cell for a convex domain, triangles that share edges for any other."""
        pieces = [domain]
        if not is_convex(domain):
            pieces = _polygons(shapely.constrained_delaunay_triangles(domain))
        number: dict[tuple[float, float], int] = {}
        edge_of: dict[tuple[int, int], int] = {}
        ends: list[tuple[int, int]] = []
        uses: list[int] = []
        halves: list[int] = []
        offsets = [0]
        for piece in pieces:
            ring = _counter_clockwise(piece)
            corners = [number.setdefault((x, y), len(number)) for x, y in ring.tolist()]
            for a, b in zip(corners, corners[1:] + corners[:1], strict=True):
                if a == b:
                    continue
                if (b, a) in edge_of:
                    edge = edge_of[b, a]
                    halves.append(2 * edge + 1)
                else:
                    edge = edge_of.setdefault((a, b), len(ends))
                    if edge == len(ends):
                        ends.append((a, b))
                        uses.append(0)
                    halves.append(2 * edge)
                uses[edge] += 1
            offsets.append(len(halves))
        if max(uses) > 2:
            raise InvalidSlice(
                "the domain could not be cut into triangles that share edges; "
                "simplify it, for example with domain.simplify(tolerance)"
            )
        return cls(
            xy=np.array(list(number), dtype=np.float64),
            edge_vertices=np.array(ends, dtype=np.int32),
            edge_layer=np.where(np.array(uses) == 2, SEAM, BORDER).astype(np.int32),
            edge_neuron=np.full(len(ends), -1, dtype=np.int32),
            offsets=np.array(offsets, dtype=np.int64),
            halves=np.array(halves, dtype=np.int32),
        )


@dataclass(frozen=True, eq=False)
class Subdivision:
    """What one layer did to a complex: the new cells, and how values reach the new vertices.

    Parameters
    ----------
    cells : CellComplex
        The subdivided complex. Its vertices are the old ones, then new ones on old edges, then
        new ones inside old cells.
    parent : int32 array (C,)
        The old cell that each new one is part of.
    bits : uint64 array (C, ceil(W / 64))
        Activation pattern of the layer: bit n of a row is set where neuron n is positive.
    ends, t : int32 array (N, 2), float64 array (N,)
        A new vertex on an edge lies at ``t`` between two old vertices.
    corners, weights : int32 array (M, 3), float64 array (M, 2)
        One inside a cell is an affine combination of three corners of it.
    """

    cells: CellComplex
    parent: IntArray
    bits: npt.NDArray[np.uint64]
    ends: IntArray
    t: FloatArray
    corners: IntArray
    weights: FloatArray

    def values(
        self, rows: FloatArray, negative_slope: float = 1.0, executor: Executor | None = None
    ) -> FloatArray:
        """Values at the new vertices from those at the old ones, behind a nonlinearity.

        Parameters
        ----------
        rows : float64 array (V, W)
            Values at the vertices before the subdivision, affine on every cell of it.
        negative_slope : float
            Slope of the nonlinearity for negative values; 1 for none.
        executor : concurrent.futures.Executor, optional
            Where to run blocks of rows side by side.

        Returns
        -------
        float64 array (V', W)
        """
        total = len(self.cells.xy)
        out = np.empty((total, rows.shape[1]))

        def fill(first: int, last: int) -> None:
            interpolate_rows(
                rows, self.ends, self.t, self.corners, self.weights, first, last,
                negative_slope, out,
            )  # fmt: skip

        _in_blocks(fill, total, executor, 4096)
        return out


def subdivide_cells(
    cells: CellComplex,
    z: FloatArray,
    unit: FloatArray,
    layer: int,
    executor: Executor | None = None,
) -> Subdivision:
    """Cut a complex at the boundaries of all neurons of one layer.

    Parameters
    ----------
    cells : CellComplex
    z : float64 array (V, W)
        Pre-activations of the layer at the vertices.
    unit : float64 array (W,)
        Unit of rounding of each neuron's pre-activation, as in ``Rounding``.
    layer : int
        Number of the layer, the label of the new edges.
    executor : concurrent.futures.Executor, optional
        Where to split blocks of cells side by side. The result does not depend on it.

    Returns
    -------
    Subdivision
    """
    tolerance = _ULPS * EPS * unit
    spacing = 8.0 * EPS * float(np.abs(cells.xy).max())
    positive, negative = sign_planes(z, tolerance)
    n_old = len(cells.xy)
    first_vertex, ends, t, first_cut, cut_neuron, cut_place = cut_edges(
        cells.xy, cells.edge_vertices, z, tolerance, spacing, positive, negative
    )
    pieces, source = split_edges(cells.edge_vertices, first_vertex, n_old)
    start = cells.xy[ends[:, 0]]
    xy = np.concatenate([cells.xy, start + t[:, None] * (cells.xy[ends[:, 1]] - start)])

    def split(first: int, last: int) -> tuple[npt.NDArray[Any], ...]:
        return split_cells(
            first, last, cells.offsets, cells.halves, cells.edge_vertices, first_vertex,
            first_cut, cut_neuron, cut_place, n_old, xy, z, tolerance, spacing, positive,
            negative,
        )  # fmt: skip

    blocks = _in_blocks(split, len(cells), executor, 512)
    corners, weights, points, chords, chord_neuron, offsets, halves, parent, bits = _joined(
        blocks, len(xy), len(pieces)
    )
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
    return Subdivision(complex_, parent, bits, ends, t, corners, weights)


def _in_blocks(
    work: Callable[[int, int], _T], total: int, executor: Executor | None, size: int
) -> list[_T]:
    """Run ``work(first, last)`` over consecutive ranges that cover ``range(total)``, in order."""
    if executor is None or total <= size:
        return [work(0, total)]
    firsts = range(0, total, size)
    lasts = [min(first + size, total) for first in firsts]
    return list(executor.map(work, firsts, lasts))


def _joined(
    blocks: list[tuple[npt.NDArray[Any], ...]], n_vertices: int, n_pieces: int
) -> Iterable[npt.NDArray[Any]]:
    """Concatenate what ``split_cells`` made of blocks of cells, with numbers shifted to match."""
    if len(blocks) == 1:
        return blocks[0]
    points_before = edges_before = halves_before = 0
    shifted: list[tuple[npt.NDArray[Any], ...]] = []
    for corners, weights, points, chords, neuron, offsets, halves, parent, bits in blocks:
        chords[chords >= n_vertices] += points_before
        halves[halves >= 2 * n_pieces] += 2 * edges_before
        first = 0 if not shifted else 1
        shifted.append(
            (corners, weights, points, chords, neuron, offsets[first:] + halves_before,
             halves, parent, bits)
        )  # fmt: skip
        points_before += len(points)
        edges_before += len(chords)
        halves_before += len(halves)
    return [np.concatenate(column) for column in zip(*shifted, strict=True)]


def _polygons(collection: shapely.GeometryCollection) -> list[shapely.Polygon]:
    return [part for part in collection.geoms if isinstance(part, shapely.Polygon)]


def _counter_clockwise(polygon: shapely.Polygon) -> FloatArray:
    """Corners of a polygon's outer ring, float64 array (n, 2)."""
    ring = shapely.get_coordinates(polygon.exterior)[:-1]
    x, y = (ring - ring[0]).T
    clockwise = x[:-1] @ y[1:] < x[1:] @ y[:-1]
    return ring[::-1] if clockwise else ring


def is_convex(domain: shapely.Polygon) -> bool:
    """Whether a polygon is one convex cell: no hole, and no corner that turns inwards."""
    ring = _counter_clockwise(domain)
    corners = np.concatenate([ring, ring[:2]])
    step = corners[1:] - corners[:-1]
    turns = step[:-1, 0] * step[1:, 1] - step[:-1, 1] * step[1:, 0]
    return len(domain.interiors) == 0 and bool((turns >= 0).all())
