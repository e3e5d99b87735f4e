"""How near breakpoints are to positions on a segment, and how densely they lie around them."""

from __future__ import annotations

import numpy as np

from splineviz.partition.measures.density import check_radius
from splineviz.typing import FloatArray


def distances_along(positions: FloatArray, breakpoints: FloatArray) -> FloatArray:
    """Distance from each position (n,) to the nearest breakpoint (m,); infinity if there is none.

    Breakpoints never decrease.
    """
    around = np.concatenate([[-np.inf], breakpoints, [np.inf]])
    after = np.searchsorted(breakpoints, positions) + 1
    return np.minimum(np.abs(positions - around[after - 1]), np.abs(around[after] - positions))


def densities_along(
    positions: FloatArray, radius: float, breakpoints: FloatArray, bounds: tuple[float, float]
) -> FloatArray:
    """Number of breakpoints within a radius of each position, per length within the bounds.

    Returns
    -------
    float64 array (n,)
        nan for a position that is farther than the radius from the segment.
    """
    check_radius(radius)
    low = np.maximum(positions - radius, bounds[0])
    high = np.minimum(positions + radius, bounds[1])
    until = np.searchsorted(breakpoints, high, side="right")
    count = until - np.searchsorted(breakpoints, low, side="left")
    length = high - low
    return np.where(length > 0, count / np.where(length > 0, length, 1.0), np.nan)
