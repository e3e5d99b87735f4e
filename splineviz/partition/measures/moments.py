"""Second moments of area of regions, and the shape they give."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from splineviz.partition.rings import directed_edges, region_of_corners
from splineviz.typing import FloatArray, Int32Array, IntArray


def eccentricities(
    vertices: Annotated[FloatArray, "V 2"],
    ring_vertices: Annotated[Int32Array, "corners"],
    ring_offsets: Annotated[IntArray, "rings+1"],
    region_offsets: Annotated[IntArray, "regions+1"],
) -> Annotated[FloatArray, "R"]:
    """Eccentricity of the ellipse with the second moments of area of each region.

    Parameters
    ----------
    vertices, ring_vertices, ring_offsets, region_offsets
        The regions, as in ``SplinePartition``.

    Notes
    -----
    With a and c the variances of x and y over a region and b their covariance, the eigenvalues
    are m ± d, where m = (a + c) / 2 and d² = ((a - c) / 2)² + b². The eccentricity is
    sqrt(1 - (m - d) / (m + d)), taken as sqrt(2 d / (m + d)), in which nothing cancels.
    """
    a, b, c = _covariances(vertices, ring_vertices, ring_offsets, region_offsets)
    mean = (a + c) / 2
    difference = np.hypot((a - c) / 2, b)
    with np.errstate(divide="ignore", invalid="ignore"):
        squared = 2 * difference / (mean + difference)
    # A region so thin that its area is lost in rounding has lost its smaller eigenvalue, too.
    thin = ~(squared >= 0) | (mean <= difference)
    return np.sqrt(np.where(thin, 1.0, squared))


def _covariances(
    vertices: FloatArray,
    ring_vertices: Int32Array,
    ring_offsets: IntArray,
    region_offsets: IntArray,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Variance of x, covariance, variance of y over each region, in units of its extent squared.

    Sums over the triangles between the sides of the rings and one point of the region. The rings
    of holes run clockwise, so that their triangles are taken away.
    """
    starts, ends = directed_edges(ring_vertices, ring_offsets)
    region = region_of_corners(ring_offsets, region_offsets)
    first = ring_offsets[region_offsets[:-1]]
    low = np.minimum.reduceat(vertices[starts], first, axis=0)
    high = np.maximum.reduceat(vertices[starts], first, axis=0)
    # Relative to the middle and size of each region: its place in the slice costs no digits, and
    # no power of its size overflows.
    middle, extent = low + (high - low) / 2, (high - low).max(axis=1, keepdims=True)
    x1, y1 = ((vertices[starts] - middle[region]) / extent[region]).T
    x2, y2 = ((vertices[ends] - middle[region]) / extent[region]).T
    twice_area = x1 * y2 - x2 * y1

    def over_regions(values: FloatArray) -> FloatArray:
        return np.add.reduceat(values, first)

    area = over_regions(twice_area) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        x = over_regions(twice_area * (x1 + x2)) / (6 * area)
        y = over_regions(twice_area * (y1 + y2)) / (6 * area)
        xx = over_regions(twice_area * (x1 * x1 + x1 * x2 + x2 * x2)) / (12 * area)
        yy = over_regions(twice_area * (y1 * y1 + y1 * y2 + y2 * y2)) / (12 * area)
        xy = over_regions(twice_area * (2 * (x1 * y1 + x2 * y2) + x1 * y2 + x2 * y1)) / (24 * area)
        return xx - x * x, xy - x * y, yy - y * y
