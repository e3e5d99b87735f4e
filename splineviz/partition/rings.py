"""The rings of regions: their sides, and the region of each corner."""

from __future__ import annotations

import numpy as np

from splineviz.typing import Int32Array, IntArray


def directed_edges(
    ring_vertices: Int32Array, ring_offsets: IntArray
) -> tuple[Int32Array, Int32Array]:
    """Start and end of every side of every ring, in order."""
    return ring_vertices, ring_vertices[next_corners(ring_offsets)]


def next_corners(ring_offsets: IntArray) -> IntArray:
    """The corner that follows on each corner of rings that lie one after another."""
    following = np.arange(1, ring_offsets[-1] + 1)
    following[ring_offsets[1:] - 1] = ring_offsets[:-1]
    return following


def region_of_corners(ring_offsets: IntArray, region_offsets: IntArray) -> IntArray:
    """The region of every corner in ``ring_vertices``."""
    of_ring = np.repeat(np.arange(len(region_offsets) - 1), np.diff(region_offsets))
    return np.repeat(of_ring, np.diff(ring_offsets))
