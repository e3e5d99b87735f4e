"""Components and holes of each class's part of a slice, from the complex and not from coordinates.

On a convex face all outputs are affine, so each class that wins somewhere in it has one convex cell
there. Cells of one class are joined where it wins on both sides of an edge.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from splineviz.errors import InvalidPartition
from splineviz.partition.measures.class_boundaries.class_pieces import cut_cells
from splineviz.partition.measures.class_boundaries.decision_boundary import comparable
from splineviz.partition.measures.class_boundaries.edge_ties import leaders_along
from splineviz.partition.measures.class_boundaries.envelope import first_largest, ragged
from splineviz.partition.rings import directed_edges, region_of_corners
from splineviz.typing import BoolArray, FloatArray, Int32Array, IntArray

if TYPE_CHECKING:
    import pandas as pd

# A region whose convex hull has this share more of area is not convex.
_NOTHING = 1e-12
# Corners at which outputs tie are compared in blocks, so that the tables stay in a few megabytes.
_BLOCK = 1 << 20


@dataclass(frozen=True, eq=False)
class ClassTopology:
    """How many components and holes each class's part of a slice has.

    The part of a class is where it is predicted, without the decision boundary and the border: an
    open set. What touches in a point alone is not connected. So two pieces that meet in a corner
    are two components; and a hole that meets another one, or the outside, in a corner is one with
    it. A hole is filled by other classes, or is a hole of the domain.

    Parameters
    ----------
    components : int64 array (K,)
        For each class the number of connected components; 0 where it is predicted nowhere.
    holes : int64 array (K,)
        For each class the number of holes in all of its components. Components minus holes are the
        Euler characteristic.
    """

    components: IntArray
    holes: IntArray

    def to_dataframe(self) -> pd.DataFrame:
        """Make a table with one row for each class.

        Returns
        -------
        pandas.DataFrame
            Indexed by ``class``, with the columns ``components`` and ``holes``.
        """
        import pandas as pd

        classes = pd.RangeIndex(len(self.components), name="class")
        return pd.DataFrame({"components": self.components, "holes": self.holes}, index=classes)

    def __repr__(self) -> str:
        classes = np.flatnonzero(self.components)
        return (
            f"ClassTopology({len(classes)} classes, {self.components.sum()} components, "
            f"{self.holes.sum()} holes)"
        )


class _Faces(NamedTuple):
    """Convex faces with shared vertices: face f has the corners ``offsets[f]`` to the next."""

    corners: IntArray
    offsets: IntArray


def class_topology(
    vertices: FloatArray,
    ring_vertices: Int32Array,
    ring_offsets: IntArray,
    region_offsets: IntArray,
    polygons: np.ndarray,
    outputs: FloatArray,
) -> ClassTopology:
    """Count the components and holes of each class's part.

    Parameters
    ----------
    vertices, ring_vertices, ring_offsets, region_offsets
        The R regions, as in ``SplinePartition``.
    polygons : object array (R,)
        The regions as shapely polygons. Those that are not convex are triangulated.
    outputs : float64 array (V, out)
        The network's outputs at the vertices; affine on every region.

    Notes
    -----
    The Euler characteristic of an open set of the plane that is made of open faces, edges and
    vertices is faces - edges + vertices; and it is its components minus its holes. Faces are the
    cells of a class, edges the stretches of edges with the class on both sides, and vertices those
    around which it wins in every face. No coordinate decides, but outputs that differ by less than
    rounding count as ties, as for the decision boundary.

    Raises
    ------
    InvalidPartition
        If a region that is not convex cannot be triangulated.
    """
    outputs, zero = comparable(outputs)
    faces = _convex_faces(vertices, ring_vertices, ring_offsets, region_offsets, polygons)
    edge_vertices, edge_faces = _edges(faces)
    inner = (edge_faces >= 0).all(axis=1)
    stretches, sides = _stretches(faces, outputs, zero, edge_vertices[inner], edge_faces[inner])
    cell_face, cell_class = _cells(vertices, faces, outputs, zero)
    n_faces, n_classes = len(faces.offsets) - 1, outputs.shape[1]
    # Every cell has a number: that of its face and class in a list without repetitions.
    same = stretches[:, 0] == stretches[:, 1]
    joined = sides[same] * n_classes + stretches[same, :1]
    known = np.unique(np.concatenate([cell_face * n_classes + cell_class, joined.ravel()]))
    first, second = np.searchsorted(known, joined).T
    graph = coo_array((np.ones(len(first)), (first, second)), shape=(len(known), len(known)))
    label = connected_components(graph, directed=False)[1]
    of_label = (known % n_classes)[np.unique(label, return_index=True)[1]]
    components = np.bincount(of_label, minlength=n_classes)
    n_cells = np.bincount(known % n_classes, minlength=n_classes)
    n_edges = np.bincount(stretches[same, 0], minlength=n_classes)
    within = np.setdiff1d(np.arange(len(vertices)), edge_vertices[~inner])
    around = _class_around(faces, outputs, zero, n_faces)
    there = around[within]
    n_vertices = np.bincount(there[there >= 0], minlength=n_classes)
    euler = n_cells - n_edges + n_vertices
    return ClassTopology(components.astype(np.int64), (components - euler).astype(np.int64))


def _convex_faces(
    vertices: FloatArray,
    ring_vertices: Int32Array,
    ring_offsets: IntArray,
    region_offsets: IntArray,
    polygons: np.ndarray,
) -> _Faces:
    """The regions, with triangles in place of those that are not convex."""
    area = shapely.area(polygons)
    bent = shapely.area(shapely.convex_hull(polygons)) > area * (1 + _NOTHING)
    bent |= np.diff(region_offsets) > 1
    plain = np.flatnonzero(~bent)
    ring = region_offsets[plain]
    _, corner = ragged(ring_offsets[ring], np.diff(ring_offsets)[ring])
    corners = [ring_vertices[corner].astype(np.int64)]
    sizes = [np.diff(ring_offsets)[ring]]
    for region in np.flatnonzero(bent):
        first, last = region_offsets[region : region + 2]
        numbers = ring_vertices[ring_offsets[first] : ring_offsets[last]]
        triangles = _triangles(polygons[region], vertices[numbers], numbers)
        corners.append(triangles.ravel())
        sizes.append(np.full(len(triangles), 3))
    offsets = np.concatenate([[0], np.cumsum(np.concatenate(sizes))])
    return _Faces(np.concatenate(corners), offsets.astype(np.int64))


def _triangles(polygon: shapely.Polygon, points: FloatArray, numbers: Int32Array) -> IntArray:
    """A polygon as triangles (n, 3) of its corners, counter-clockwise."""
    parts = shapely.get_parts(shapely.constrained_delaunay_triangles(polygon))
    parts = shapely.orient_polygons(parts)
    rings = shapely.get_coordinates(parts).reshape(-1, 4, 2)[:, :3]
    number = {tuple(point): int(of) for point, of in zip(points.tolist(), numbers, strict=True)}
    triangles = [[number.get(tuple(corner), -1) for corner in ring] for ring in rings.tolist()]
    numbered = np.array(triangles, dtype=np.int64).reshape(-1, 3)
    if (numbered < 0).any() or not np.isin(numbers, numbered).all():
        raise InvalidPartition("a region that is not convex cannot be cut into triangles")
    return numbered


def _edges(faces: _Faces) -> tuple[Int32Array, Int32Array]:
    """The edges (E, 2) between vertices, and the face on either side; -1 where there is none."""
    starts, ends = directed_edges(faces.corners.astype(np.int32), faces.offsets)
    face = region_of_corners(faces.offsets, np.arange(len(faces.offsets)))
    pairs = np.sort(np.stack([starts, ends], axis=1), axis=1)
    edges, number = np.unique(pairs, axis=0, return_inverse=True)
    sides = np.full((len(edges), 2), -1, dtype=np.int32)
    sides[number.ravel(), (starts > ends).astype(np.int64)] = face
    return edges, sides


def _stretches(
    faces: _Faces,
    outputs: FloatArray,
    zero: float,
    edge_vertices: Int32Array,
    edge_faces: Int32Array,
) -> tuple[IntArray, IntArray]:
    """The classes (n, 2) on the two sides of stretches of edges, and the faces (n, 2) there."""
    edge, t, leader = leaders_along(outputs, zero, edge_vertices)
    kept = np.flatnonzero(t[:, 1] > t[:, 0])
    kept = kept[np.lexsort((t[kept, 0], edge[kept]))]
    edge, leader = edge[kept], leader[kept]
    sides = edge_faces[edge].astype(np.int64)
    classes = np.stack([leader, leader], axis=1)
    # Where another output equals the leader at both ends of the edge, each side has its own winner.
    ends = edge_vertices[edge]
    ties = np.zeros(len(edge), dtype=np.int64)
    size = max(1, _BLOCK // outputs.shape[1])
    for first in range(0, len(edge), size):
        block = slice(first, first + size)
        tied = _tied_along(outputs, zero, ends[block], leader[block])
        ties[block] = tied.sum(axis=1)
    several = np.flatnonzero(ties > 1)
    for first in range(0, len(several), size):
        rows = several[first : first + size]
        tied = _tied_along(outputs, zero, ends[rows], leader[rows])
        for side in (0, 1):
            classes[rows, side] = _winner_in(faces, outputs, zero, sides[rows, side], tied)
    # A tie may have parted a stretch that has one class on either side.
    again = (edge[1:] == edge[:-1]) & (classes[1:] == classes[:-1]).all(axis=1)
    first_of = np.concatenate([[True], ~again])[: len(edge)]
    return classes[first_of], sides[first_of]


def _tied_along(outputs: FloatArray, zero: float, ends: Int32Array, leader: IntArray) -> BoolArray:
    """The outputs that equal the leader all along edges (n, 2): bool (n, out)."""
    tied = np.ones((len(ends), outputs.shape[1]), dtype=np.bool_)
    for vertex in ends.T:
        tied &= np.abs(outputs[vertex] - outputs[vertex, leader][:, None]) <= zero
    return tied


def _winner_in(
    faces: _Faces, outputs: FloatArray, zero: float, face: IntArray, tied: BoolArray
) -> IntArray:
    """Which of outputs that are tied along a side, or at a corner, of a face wins beside it.

    Those that are not less than any of the others at any corner win in all of the face near the
    tie, because all are affine and the face is convex. The first of them counts; -1 if there is
    none, so that two classes meet there.
    """
    row, corner = ragged(faces.offsets[face], np.diff(faces.offsets)[face])
    values = np.where(tied[row], outputs[faces.corners[corner]], -np.inf)
    behind = values < values.max(axis=1, keepdims=True) - zero
    first = np.flatnonzero(np.diff(row, prepend=-1))
    wins = tied & ~np.logical_or.reduceat(behind, first, axis=0)
    return np.where(wins.any(axis=1), wins.argmax(axis=1), -1)


def _cells(
    vertices: FloatArray, faces: _Faces, outputs: FloatArray, zero: float
) -> tuple[IntArray, IntArray]:
    """The face and the class of each cell: each class that wins in a face has one there."""
    won = first_largest(outputs, zero)[faces.corners]
    low = np.minimum.reduceat(won, faces.offsets[:-1])
    high = np.maximum.reduceat(won, faces.offsets[:-1])
    # An output that wins at every corner of a face wins everywhere in it.
    whole, cut = np.flatnonzero(low == high), np.flatnonzero(low < high)
    cell_face, cell_class = [whole], [low[whole]]
    one_ring = np.arange(len(faces.offsets))
    for cells, face, winner in cut_cells(
        vertices, faces.corners.astype(np.int32), faces.offsets, one_ring, outputs, zero, cut
    ):
        there = np.unique(cells.owner)
        cell_face.append(face[there])
        cell_class.append(winner[there])
    return np.concatenate(cell_face), np.concatenate(cell_class)


def _class_around(faces: _Faces, outputs: FloatArray, zero: float, n_faces: int) -> IntArray:
    """The class that wins in all faces around each vertex, int64 (V,); -1 where several meet."""
    size = np.diff(faces.offsets)
    face = np.repeat(np.arange(n_faces), size)
    tied = outputs >= outputs.max(axis=1, keepdims=True) - zero
    winner = tied.argmax(axis=1)[faces.corners]
    several = np.flatnonzero((tied.sum(axis=1) > 1)[faces.corners])
    # As many at a time as the corners of their faces allow.
    block = np.cumsum(size[face[several]] * outputs.shape[1]) // _BLOCK
    for corners in np.split(several, np.flatnonzero(np.diff(block)) + 1):
        if len(corners):
            at = tied[faces.corners[corners]]
            winner[corners] = _winner_in(faces, outputs, zero, face[corners], at)
    low = np.full(len(outputs), np.iinfo(np.int64).max)
    high = np.full(len(outputs), -1, dtype=np.int64)
    np.minimum.at(low, faces.corners, winner)
    np.maximum.at(high, faces.corners, winner)
    return np.where(low == high, high, -1)
