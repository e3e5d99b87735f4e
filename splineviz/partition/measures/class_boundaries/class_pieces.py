"""Pieces that the decision boundary cuts off regions: another class wins there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from splineviz.partition.measures.class_boundaries.decision_boundary import comparable
from splineviz.partition.measures.class_boundaries.envelope import first_largest, ragged
from splineviz.typing import AnyIntArray, BoolArray, FloatArray, Int32Array, IntArray

# Regions are cut in blocks, so that the outputs at their corners stay in a few megabytes: so many
# numbers.
_BLOCK = 1 << 20


@dataclass(frozen=True, eq=False)
class ClassPieces:
    """Pieces of regions in which another class wins than the one the region is drawn in.

    Parameters
    ----------
    ring_vertices : integer array
        Corners of all rings, one after another: rows of an array of vertices.
    ring_offsets : integer array (n_rings + 1,)
        Where each ring starts in `ring_vertices`.
    piece_offsets : integer array (n + 1,)
        Where the rings of each piece start in `ring_offsets`. By the even-odd rule, as regions.
    regions : integer array (n,)
        The region that each piece belongs to, never decreasing.
    classes : integer array (n,)
        The class that wins in it.
    """

    ring_vertices: AnyIntArray
    ring_offsets: AnyIntArray
    piece_offsets: AnyIntArray
    regions: AnyIntArray
    classes: AnyIntArray

    def __len__(self) -> int:
        return len(self.regions)

    @classmethod
    def none(cls) -> ClassPieces:
        """No pieces: every region has one class."""
        empty, zero = np.empty(0, np.int64), np.zeros(1, np.int64)
        return cls(empty, zero, zero, empty, empty)


class _Rings(NamedTuple):
    """Rings of corners, and the owner of each: a region or a cell.

    Parameters
    ----------
    points, outputs : float64 arrays (n, 2), (n, out)
        The corners, ring after ring, and the outputs there.
    numbers : int64 array (n,)
        The vertex of each corner; -1 for a crossing.
    ring : int64 array (n,)
        The ring of each corner, from 0, never decreasing.
    owner : int64 array (n_rings,)
        The owner of each ring, never decreasing.
    """

    points: FloatArray
    outputs: FloatArray
    numbers: IntArray
    ring: IntArray
    owner: IntArray

    def of(self, owners: IntArray) -> _Rings:
        """The rings of some owners, as often as each is listed; they are numbered from 0."""
        first = np.searchsorted(self.owner, owners)
        named, ring = ragged(first, np.searchsorted(self.owner, owners, side="right") - first)
        size = np.bincount(self.ring, minlength=len(self.owner))
        owned, corner = ragged((np.cumsum(size) - size)[ring], size[ring])
        rows = (self.points[corner], self.outputs[corner], self.numbers[corner])
        return _Rings(*rows, owned, named)


def class_pieces(
    vertices: FloatArray,
    ring_vertices: Int32Array,
    ring_offsets: IntArray,
    region_offsets: IntArray,
    outputs: FloatArray,
    classes: IntArray,
) -> tuple[FloatArray, ClassPieces]:
    """The pieces of regions in which another class is predicted than that of the region.

    Parameters
    ----------
    vertices : float64 array (V, 2)
    ring_vertices, ring_offsets, region_offsets
        The R regions, as in ``SplinePartition``.
    outputs : float64 array (V, out)
        The network's outputs at the vertices; affine on every region.
    classes : int64 array (R,)
        The class that each region is drawn in where no piece lies.

    Returns
    -------
    vertices : float64 array (V + P, 2)
        The vertices, then the points where the decision boundary crosses edges or meets itself.
    pieces : ClassPieces

    Notes
    -----
    On a region each output is affine, so an output wins on the region cut by one half-plane for
    each rival. Start with the outputs that win at a corner of the region. An output that exceeds
    the winner anywhere in a cell does so at a corner of the cell, and becomes a rival too, until
    no corner has a new winner. Ties count as for the decision boundary: of outputs that rounding
    cannot tell apart the first wins.
    """
    outputs, zero = comparable(outputs)
    won = first_largest(outputs, zero)[ring_vertices]
    first = ring_offsets[region_offsets[:-1]]
    low, high = np.minimum.reduceat(won, first), np.maximum.reduceat(won, first)
    # An output that wins at every corner of a region wins everywhere in it: all are affine.
    cut = np.flatnonzero((low < high) | (low != classes))
    blocks = []
    for cells, regions, winner in cut_cells(
        vertices, ring_vertices, ring_offsets, region_offsets, outputs, zero, cut
    ):
        other = np.flatnonzero(
            (winner != classes[regions]) & (np.bincount(cells.owner, minlength=len(winner)) > 0)
        )
        blocks.append((cells.of(other), regions[other], winner[other]))
    return joined_pieces(vertices, blocks)


def cut_cells(
    vertices: FloatArray,
    ring_vertices: Int32Array,
    ring_offsets: IntArray,
    region_offsets: IntArray,
    outputs: FloatArray,
    zero: float,
    cut: IntArray,
) -> Iterator[tuple[_Rings, IntArray, IntArray]]:
    """Cut some regions into cells, one for each output that wins somewhere, block by block.

    Parameters
    ----------
    vertices, ring_vertices, ring_offsets, region_offsets
        The R regions, as in ``SplinePartition``.
    outputs : float64 array (V, out)
        At the vertices, at least two of them; affine on every region.
    zero : float
        Outputs that differ by no more than this count as equal.
    cut : int64 array (n,)
        The regions to cut, increasing.

    Yields
    ------
    cells : _Rings
        Rings of the cells, owned by their numbers; some cells have no ring, and do not exist.
    region, winner : int64 arrays (m,)
        The region of each cell, and the output that wins in it.
    """
    size = np.diff(ring_offsets[region_offsets])[cut]
    block = np.cumsum(size * outputs.shape[1]) // _BLOCK
    for regions in np.split(cut, np.flatnonzero(np.diff(block)) + 1):
        of_row, ring = ragged(region_offsets[regions], np.diff(region_offsets)[regions])
        of_ring, corner = ragged(ring_offsets[ring], np.diff(ring_offsets)[ring])
        number = ring_vertices[corner].astype(np.int64)
        rings = _Rings(vertices[number], outputs[number], number, of_ring, of_row)
        cells, row, winner = _cells(rings, len(regions), zero)
        yield cells, regions[row], winner


def cut_pairs(
    vertices: FloatArray,
    ring_vertices: Int32Array,
    ring_offsets: IntArray,
    region_offsets: IntArray,
    outputs: FloatArray,
    zero: float,
    cut: IntArray,
) -> Iterator[tuple[_Rings, IntArray, IntArray, IntArray]]:
    """Cut some regions into cells, one for each pair of outputs that are the two largest somewhere.

    As :func:`cut_cells`, whose cells are cut again by the largest of the outputs that do not win.

    Yields
    ------
    cells : _Rings
        Rings of the cells, owned by their numbers; some cells have no ring, and do not exist.
    region, winner, second : int64 arrays (m,)
        The region of each cell, and its largest and second largest output.
    """
    # Affine on every cell, as the outputs are, and never the largest.
    below = float(outputs.min(initial=0.0)) - float(np.abs(outputs).max(initial=1.0)) - 1.0
    for cells, region, winner in cut_cells(
        vertices, ring_vertices, ring_offsets, region_offsets, outputs, zero, cut
    ):
        others = cells.outputs.copy()
        others[np.arange(len(others)), winner[cells.owner[cells.ring]]] = below
        again, cell, second = _cells(cells._replace(outputs=others), len(region), zero)
        yield again, region[cell], winner[cell], second


def _cells(rings: _Rings, n_rows: int, zero: float) -> tuple[_Rings, IntArray, IntArray]:
    """Cut regions into cells, one for each output that wins somewhere.

    Parameters
    ----------
    rings : _Rings
        The rings of the regions, owned by their rows.
    n_rows : int
        How many regions.
    zero : float
        Outputs that differ by no more than this count as equal.

    Returns
    -------
    cells : _Rings
        Rings of the cells; a cell is a row of `row` and `winner`, and some have no ring.
    row, winner : int64 arrays (n,)
        The region of each cell, never decreasing, and the output that wins in it.
    """
    rivals = np.zeros((n_rows, rings.outputs.shape[1]), dtype=np.bool_)
    rivals[rings.owner[rings.ring], first_largest(rings.outputs, zero)] = True
    while True:
        row, winner = np.nonzero(rivals)
        cells = rings.of(row)
        count = rivals.sum(axis=1)
        first = np.cumsum(count) - count
        for turn in range(count.max(initial=0)):
            rival = winner[first[row] + np.minimum(turn, count[row] - 1)]
            cell = cells.owner[cells.ring]
            corner = np.arange(len(cell))
            lead = cells.outputs[corner, winner[cell]] - cells.outputs[corner, rival[cell]]
            lead[np.abs(lead) <= zero] = 0.0
            lead[winner[cell] == rival[cell]] = 1.0
            cells = _clipped(cells, lead, (winner < rival)[cells.owner])
        crossing = np.flatnonzero(cells.numbers < 0)
        cell, values = cells.owner[cells.ring[crossing]], cells.outputs[crossing]
        best, number = first_largest(values, zero), np.arange(len(crossing))
        exceeds = values[number, best] > values[number, winner[cell]] + zero
        new = np.zeros_like(rivals)
        new[row[cell[exceeds]], best[exceeds]] = True
        if not (new & ~rivals).any():
            return cells, row, winner
        rivals |= new


def _clipped(rings: _Rings, lead: FloatArray, keeps_ties: BoolArray) -> _Rings:
    """Rings clipped to where a function, affine on each, is not negative.

    Parameters
    ----------
    rings : _Rings
    lead : float64 array (n,)
        The function at the corners.
    keeps_ties : bool array (n_rings,)
        Whether a ring on all of which the function is zero stays. Of two outputs that are equal on
        a whole region the lower one keeps it, so that it is covered once.
    """
    if len(lead) == 0:
        return rings
    start = np.flatnonzero(np.diff(rings.ring, prepend=-1))
    following = np.arange(1, len(lead) + 1)
    following[np.append(start[1:], len(lead)) - 1] = start
    most, least = np.maximum.reduceat(lead, start), np.minimum.reduceat(lead, start)
    stays = ((most > 0) | ((most == 0) & (least == 0) & keeps_ties))[rings.ring]
    next_lead = lead[following]
    crossed = stays & (((lead > 0) & (next_lead < 0)) | ((lead < 0) & (next_lead > 0)))
    here, there = np.flatnonzero(crossed), following[crossed]
    # Interpolate from the smaller vertex number to the larger: then the regions on both sides of an
    # edge compute the same point, to the last bit.
    backward = rings.numbers[here] > rings.numbers[there]
    a, b = np.where(backward, there, here), np.where(backward, here, there)
    share = (lead[a] / (lead[a] - lead[b]))[:, None]
    taken = np.flatnonzero(np.column_stack([stays & (lead >= 0), crossed]).ravel())
    corner, is_crossing = taken // 2, taken % 2 == 1
    points, outputs, numbers = (
        rings.points[corner],
        rings.outputs[corner],
        rings.numbers[corner],
    )
    for of_corner, before in ((points, rings.points), (outputs, rings.outputs)):
        of_corner[is_crossing] = before[a] + share * (before[b] - before[a])
    numbers[is_crossing] = -1
    kept, ring = np.unique(rings.ring[corner], return_inverse=True)
    return _Rings(points, outputs, numbers, ring, rings.owner[kept])


def joined_pieces(
    vertices: FloatArray,
    blocks: list[tuple[_Rings, IntArray, IntArray]],
) -> tuple[FloatArray, ClassPieces]:
    """Rings of pieces, with their regions and classes, as offsets into one array of vertices."""
    numbers = np.concatenate([rings.numbers for rings, *_ in blocks])
    points = np.concatenate([rings.points for rings, *_ in blocks])[numbers < 0]
    points, place = np.unique(points, axis=0, return_inverse=True)
    numbers[numbers < 0] = len(vertices) + place.ravel()
    corners = [np.bincount(rings.ring, minlength=len(rings.owner)) for rings, *_ in blocks]
    n_rings = [np.bincount(rings.owner, minlength=len(own)) for rings, own, _ in blocks]
    pieces = ClassPieces(
        ring_vertices=numbers,
        ring_offsets=_offsets(np.concatenate(corners)),
        piece_offsets=_offsets(np.concatenate(n_rings)),
        regions=np.concatenate([own for _, own, _ in blocks]),
        classes=np.concatenate([classes for *_, classes in blocks]),
    )
    return np.concatenate([vertices, points]), pieces


def _offsets(sizes: AnyIntArray) -> IntArray:
    return np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])
