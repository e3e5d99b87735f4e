"""The regions on the strip of a segment, from left to right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from splineviz.errors import InvalidPartition
from splineviz.typing import FloatArray, IntArray

if TYPE_CHECKING:
    from splineviz.partition.spline_partition import SplinePartition


def from_left_to_right(
    strip: SplinePartition,
) -> tuple[IntArray, FloatArray]:
    """The order of the regions on a strip, and the positions at which they meet.

    Returns
    -------
    order : int64 array (R,)
        Numbers of the strip's regions, from left to right.
    positions : float64 array (R - 1,)
        Where one of them ends and the next begins.

    Raises
    ------
    InvalidPartition
        If they do not follow each other, one by one, each from border to border.
    """
    edges, xy, n = strip.edges, strip.vertices, len(strip)
    inner = np.flatnonzero((edges.regions >= 0).all(axis=1))
    first, second = edges.vertices[inner].T
    low, high = strip.plane.domain.bounds[1::2]
    above = xy[:, 1] > (low + high) / 2
    upward = above[second]
    # The region with lower positions is on the left of an edge that goes up.
    left, right = np.where(upward, edges.regions[inner].T, edges.regions[inner].T[::-1])
    at = np.empty(n)
    following = np.full(n, -1)
    following[left], at[left] = right, xy[np.where(upward, first, second), 0]
    starts = np.setdiff1d(np.arange(n), right)
    order = np.empty(n, dtype=np.int64)
    # By neighbors, not by positions: those of thin regions may be equal in float64. Where there is
    # no first region or no next one, -1 stays, and an error is raised below.
    order[0] = starts[0] if len(starts) else -1
    for i in range(1, n):
        order[i] = following[order[i - 1]] if order[i - 1] >= 0 else -1
    from_border_to_border = (above[first] != above[second]).all()
    if not from_border_to_border or len(inner) != n - 1 or (np.sort(order) != np.arange(n)).any():
        raise InvalidPartition("the regions do not follow each other from left to right")
    return order, at[order[:-1]]
