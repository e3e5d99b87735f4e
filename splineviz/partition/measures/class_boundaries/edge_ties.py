"""Edges of regions that are decision boundary: another output wins on either side of them.

Two outputs can tie exactly where a neuron switches: max(x, 0) and max(-x, 0) do, where x is 0.
Inside the regions on either side they are never equal, so no ridge shows such a boundary.
"""

from __future__ import annotations

import numpy as np

from splineviz.partition.measures.class_boundaries.envelope import first_largest, ragged
from splineviz.typing import BoolArray, FloatArray, Int32Array, IntArray

Vertices = Int32Array

# Edges are compared with all outputs in blocks, so that the tables stay in a few megabytes.
_BLOCK = 1 << 19


def tied_edges(
    vertices: FloatArray,
    outputs: FloatArray,
    zero: float,
    edge_vertices: Vertices,
    edge_regions: Int32Array,
    corners: Vertices,
    region: IntArray,
) -> FloatArray:
    """Stretches (n, 2, 2) of inner edges with another largest output on either side.

    Parameters
    ----------
    vertices : float64 array (V, 2)
    outputs : float64 array (V, out)
        At the vertices; affine on every region.
    zero : float
        Outputs that differ by no more than this count as equal.
    edge_vertices, edge_regions : int32 arrays (E, 2)
        As in ``EdgeTable``.
    corners : int32 array (n,)
        Corners of all regions, region after region.
    region : int64 array (n,)
        The region of each corner, never decreasing.

    Notes
    -----
    A network is continuous, so an output that is largest next to an edge is largest on the edge,
    too. Where the two sides have different largest outputs, these tie along the edge. Which of the
    tied outputs wins on a side is decided at the corner of the region that is farthest from the
    edge: all are affine, equal on the edge, and so ordered there as everywhere on that side. If
    some are equal at that corner as well, they are equal on the whole region, and the first counts.
    """
    inner = (edge_regions >= 0).all(axis=1)
    ends, sides = edge_vertices[inner], edge_regions[inner]
    edge, t, leader = leaders_along(outputs, zero, ends)
    # Most stretches end at a vertex where one output is ahead of all others: nothing ties there.
    # Ends inside an edge are ties by construction.
    ties = outputs >= outputs.max(axis=1, keepdims=True) - zero
    several_at: BoolArray = np.greater(ties.sum(axis=1), 1)
    kept = np.flatnonzero((several_at[ends[edge]] | ((t > 0.0) & (t < 1.0))).all(axis=1))
    edge, t, leader = edge[kept], t[kept], leader[kept]
    pieces = [np.empty((0, 2, 2))]
    size = max(1, _BLOCK // outputs.shape[1])
    for first in range(0, len(edge), size):
        block = slice(first, first + size)
        own, best = ends[edge[block]], leader[block, None]
        tied = np.ones((len(own), outputs.shape[1]), dtype=np.bool_)
        for vertex in own.T:
            tied &= np.abs(outputs[vertex] - outputs[vertex[:, None], best]) <= zero
        several = np.flatnonzero(tied.sum(axis=1) > 1)
        own, tied, side = own[several], tied[several], sides[edge[block][several]]
        left, right = (
            first_largest(np.where(tied, outputs[corner], -np.inf), zero)
            for corner in _inward_corners(vertices, own, side, corners, region)
        )
        changes = left != right
        share = t[block][several][changes][..., None]
        start, stop = vertices[own[changes]].swapaxes(0, 1)[:, :, None]
        pieces.append(np.where(share < 1.0, start + share * (stop - start), stop))
    return np.concatenate(pieces)


def leaders_along(
    outputs: FloatArray, zero: float, ends: Vertices
) -> tuple[IntArray, FloatArray, IntArray]:
    """Edges (E, 2) cut into stretches on each of which one output is largest.

    Returns
    -------
    edge : int64 array (n,)
    t : float64 array (n, 2)
        Where the stretch begins and ends, 0 at the first vertex of the edge and 1 at the second.
    leader : int64 array (n,)
        An output that no other exceeds on the stretch.
    """
    edge = np.arange(len(ends))
    t = np.tile([0.0, 1.0], (len(ends), 1))
    # The winners at the two ends of each stretch. Where they differ, cut where they tie. If a third
    # output wins at the cut, it takes part on both halves; else the two stretches are done.
    first, last = first_largest(outputs, zero)[ends].T
    done = []
    while True:
        a, b = ends[edge].T
        lead_a, lead_b = (outputs[v, first] - outputs[v, last] for v in (a, b))
        lead = lead_a[:, None] + t * (lead_b - lead_a)[:, None]
        cut = (lead[:, 0] > zero) & (lead[:, 1] < -zero)
        done.append((edge[~cut], t[~cut], np.where(lead[:, 1] < -zero, last, first)[~cut]))
        if not cut.any():
            break
        edge, t, first, last = edge[cut], t[cut], first[cut], last[cut]
        middle = lead_a[cut] / (lead_a[cut] - lead_b[cut])
        best, exceeds = _winners(outputs, zero, ends[edge], middle, first)
        edge = np.tile(edge, 2)
        t = np.concatenate([np.stack([t[:, 0], middle], 1), np.stack([middle, t[:, 1]], 1)])
        left_end, right_start = np.where(exceeds, best, first), np.where(exceeds, best, last)
        first, last = np.concatenate([first, right_start]), np.concatenate([left_end, last])
    edges, stretches, leaders = zip(*done, strict=True)
    return np.concatenate(edges), np.concatenate(stretches), np.concatenate(leaders)


def _winners(
    outputs: FloatArray, zero: float, ends: Vertices, t: FloatArray, rival: IntArray
) -> tuple[IntArray, BoolArray]:
    """The largest output at a point of each edge, and whether it exceeds that of a rival."""
    best = np.empty(len(ends), dtype=np.int64)
    exceeds = np.empty(len(ends), dtype=np.bool_)
    size = max(1, _BLOCK // outputs.shape[1])
    for low in range(0, len(ends), size):
        block = slice(low, low + size)
        at_a, at_b = (outputs[vertex] for vertex in ends[block].T)
        values = at_a + t[block, None] * (at_b - at_a)
        best[block] = first_largest(values, zero)
        of_rival = np.take_along_axis(values, rival[block, None], axis=1)[:, 0]
        exceeds[block] = values.max(axis=1) > of_rival + zero
    return best, exceeds


def _inward_corners(
    vertices: FloatArray,
    ends: Vertices,
    sides: Int32Array,
    corners: Vertices,
    region: IntArray,
) -> list[Vertices]:
    """For the left and the right side of edges (n, 2) the corner of the region farthest from it."""
    farthest = []
    begin = np.flatnonzero(np.diff(region, prepend=-1))
    number = np.diff(np.append(begin, len(region)))
    start, stop = vertices[ends].swapaxes(0, 1)
    for side, sign in zip(sides.T, (1.0, -1.0), strict=True):
        row, place = ragged(begin[side], number[side])
        step, corner = (stop - start)[row], corners[place]
        away = vertices[corner] - start[row]
        height = sign * (step[:, 0] * away[:, 1] - step[:, 1] * away[:, 0])
        order = np.lexsort((-height, row))
        farthest.append(corner[order][np.flatnonzero(np.diff(row, prepend=-1))])
    return farthest
