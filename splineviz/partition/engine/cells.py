"""CellComplex: convex cells that cover a domain, with shared vertices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from splineviz.errors import InvalidSlice
from splineviz.typing import FloatArray, Int32Array, IntArray

# Labels of edges that no neuron made.
BORDER = -1
SEAM = -2


@dataclass(frozen=True, eq=False)
class CellComplex:
    """Convex cells that cover a domain, with every vertex and edge stored once.

    After the last layer seams are removed. Then the cells are rings: borders of regions that need
    not be convex, and of their holes.

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
    edge_vertices: Int32Array
    edge_layer: Int32Array
    edge_neuron: Int32Array
    offsets: IntArray
    halves: Int32Array

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def cell_of_half(self) -> Int32Array:
        """The cell of each entry of `halves`, int32 array (H,)."""
        return np.repeat(np.arange(len(self), dtype=np.int32), np.diff(self.offsets))

    @property
    def sides(self) -> Int32Array:
        """The cells on the left and on the right of each edge, -1 outside, int32 array (E, 2)."""
        sides = np.full((len(self.edge_vertices), 2), -1, dtype=np.int32)
        sides[self.halves >> 1, self.halves & 1] = self.cell_of_half
        return sides

    @property
    def starts(self) -> Int32Array:
        """The vertex that each entry of `halves` starts at, int32 array (H,)."""
        return self.edge_vertices[self.halves >> 1, self.halves & 1]

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


def _polygons(collection: shapely.GeometryCollection) -> list[shapely.Polygon]:
    return [each for each in collection.geoms if isinstance(each, shapely.Polygon)]


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
