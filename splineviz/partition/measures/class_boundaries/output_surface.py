"""The network's decision as a function over a slice: on each region, or piece of one, affine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from splineviz.partition.measures.class_boundaries.class_pieces import (
    ClassPieces,
    cut_pairs,
    joined_pieces,
)
from splineviz.partition.measures.class_boundaries.decision_boundary import comparable, differences
from splineviz.partition.measures.class_boundaries.envelope import first_largest
from splineviz.typing import FloatArray, Int32Array, IntArray


@dataclass(frozen=True, eq=False)
class OutputSurface:
    """What the network decides at each point of a slice, and how clearly, as affine functions.

    Of one output the function is the output itself. Of two it is the second minus the first: where
    it is positive class 1 wins, where it is negative class 0. Of more it is the margin, the
    largest output minus the second largest. It is zero on the decision boundary.

    Parameters
    ----------
    vertices : float64 array (V, 2)
        The vertices of the regions, then those of the pieces.
    pieces : ClassPieces
        Parts of regions in which another class wins than in the region, or comes second.
    planes : float64 array (R + n, 3)
        Of each region, then of each piece, the value at the origin of the slice's coordinates and
        what it gains per unit of each. (R, 3) if it has a sign: then a piece has the function of
        its region.
    signed : bool
        Whether the sign says the class, as with one or two outputs.
    """

    vertices: FloatArray
    pieces: ClassPieces
    planes: FloatArray
    signed: bool

    def seen_from(self, corner: tuple[float, float]) -> FloatArray:
        """The planes in coordinates that count from another point, (n, 3)."""
        at_corner = self.planes[:, 0] + self.planes[:, 1:] @ np.asarray(corner)
        return np.column_stack([at_corner, self.planes[:, 1:]])


def signed_planes(
    slope: Annotated[FloatArray, "R out 2"], offset: Annotated[FloatArray, "R out"]
) -> Annotated[FloatArray, "R 3"]:
    """The planes of a single output, or of the second of two minus the first."""
    if slope.shape[1] == 2:
        slope = differences(slope[:, 1:], slope[:, :1])
        offset = differences(offset[:, 1:], offset[:, :1])
    return np.column_stack([offset[:, 0], slope[:, 0]])


def margin_planes(
    slope: Annotated[FloatArray, "R out 2"],
    offset: Annotated[FloatArray, "R out"],
    region: Annotated[IntArray, "n"],
    winner: Annotated[IntArray, "n"],
    second: Annotated[IntArray, "n"],
) -> Annotated[FloatArray, "n 3"]:
    """The planes of one output minus another, on given regions."""
    rise = differences(slope[region, winner], slope[region, second])
    return np.column_stack([differences(offset[region, winner], offset[region, second]), rise])


def margin_pieces(
    vertices: FloatArray,
    ring_vertices: Int32Array,
    ring_offsets: IntArray,
    region_offsets: IntArray,
    outputs: FloatArray,
    winner: IntArray,
    second: IntArray,
) -> tuple[FloatArray, ClassPieces, IntArray]:
    """The pieces of regions in which another class wins, or comes second, than in the region.

    Parameters
    ----------
    vertices, ring_vertices, ring_offsets, region_offsets
        The R regions, as in ``SplinePartition``.
    outputs : float64 array (V, out)
        At the vertices, at least three of them; affine on every region.
    winner, second : int64 arrays (R,)
        The largest and the second largest output of each region where no piece lies.

    Returns
    -------
    vertices : float64 array (V + P, 2)
        The vertices, then the corners of pieces that are none of them.
    pieces : ClassPieces
    seconds : int64 array (n,)
        The output that comes second in each piece.

    Notes
    -----
    As ``class_pieces``, twice: a cell in which one output wins is cut again by the largest of the
    others.
    """
    outputs, zero = comparable(outputs)
    won = first_largest(outputs, zero)
    others = outputs.copy()
    others[np.arange(len(others)), won] = -np.inf
    pair = won * outputs.shape[1] + first_largest(others, zero)
    first = ring_offsets[region_offsets[:-1]]
    at_corner = pair[ring_vertices]
    low, high = np.minimum.reduceat(at_corner, first), np.maximum.reduceat(at_corner, first)
    # What wins at every corner wins everywhere, and so does the largest of the others.
    cut = np.flatnonzero((low < high) | (low != winner * outputs.shape[1] + second))
    blocks, seconds = [], [np.empty(0, np.int64)]
    for cells, region, of_cell, next_of_cell in cut_pairs(
        vertices, ring_vertices, ring_offsets, region_offsets, outputs, zero, cut
    ):
        exists = np.bincount(cells.owner, minlength=len(region)) > 0
        differs = (of_cell != winner[region]) | (next_of_cell != second[region])
        other = np.flatnonzero(exists & differs)
        blocks.append((cells.of(other), region[other], of_cell[other]))
        seconds.append(next_of_cell[other])
    return *joined_pieces(vertices, blocks), np.concatenate(seconds)
