"""How near neuron boundaries are to points, and how densely they lie around them."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import shapely

from splineviz.partition.measures.discs import chord_interval, polygon_areas_in_discs
from splineviz.partition.measures.lines import linestrings
from splineviz.typing import FloatArray
from splineviz.validation.numbers import as_real

# A disc whose common area with the domain is less than this share of either only touches it.
_NOTHING = 1e-12
# Pairs of a point and a segment near it are made in blocks of at most this many.
_BLOCK = 1 << 20


def distances(
    points: Annotated[FloatArray, "n 2"], segments: Annotated[FloatArray, "m 2 2"]
) -> Annotated[FloatArray, "n"]:
    """Distance from each point to the nearest segment; infinity if there is none."""
    nearest = np.full(len(points), np.inf)
    tree = shapely.STRtree(linestrings(segments))
    (point, _), distance = tree.query_nearest(
        shapely.points(points), return_distance=True, all_matches=False
    )
    nearest[point] = distance
    return nearest


def densities(
    points: Annotated[FloatArray, "n 2"],
    radius: float,
    segments: Annotated[FloatArray, "m 2 2"],
    domain: shapely.Polygon,
) -> Annotated[FloatArray, "n"]:
    """Length of segments within a radius of each point, divided by the area of disc and domain.

    Parameters
    ----------
    points : float64 array (n, 2)
    radius : float
    segments : float64 array (m, 2, 2)
        They do not overlap, and lie in the domain.
    domain : shapely.Polygon

    Returns
    -------
    float64 array (n,)
        nan where the disc misses the domain.
    """
    check_radius(radius)
    areas = np.full(len(points), np.nan)
    near = shapely.distance(domain, shapely.points(points)) < radius
    rings = shapely.get_rings(shapely.orient_polygons(domain))
    corners, ring = shapely.get_coordinates(rings, return_index=True)
    sides = np.stack([corners[:-1], corners[1:]], axis=1)[ring[1:] == ring[:-1]]
    starts, ends = sides[(sides[:, 0] != sides[:, 1]).any(axis=1)].swapaxes(0, 1)
    areas[near] = polygon_areas_in_discs(points[near], radius, starts, ends)
    areas[areas <= _NOTHING * min(radius**2, domain.area)] = np.nan
    return lengths_in_discs(points, radius, segments) / areas


def lengths_in_discs(
    points: Annotated[FloatArray, "n 2"], radius: float, segments: Annotated[FloatArray, "m 2 2"]
) -> Annotated[FloatArray, "n"]:
    """Length of segments that lies within a radius of each point."""
    tree = shapely.STRtree(linestrings(segments))
    length = np.hypot(*(segments[:, 1] - segments[:, 0]).T)
    total = np.zeros(len(points))
    size = max(1, _BLOCK // max(1, len(segments)))
    for first in range(0, len(points), size):
        block = points[first : first + size]
        # The tree compares bounding boxes; a segment that misses the disc then adds 0.
        point, segment = tree.query(shapely.box(*(block - radius).T, *(block + radius).T))
        seen = segments[segment] - block[point, None]
        enter, leave = chord_interval(seen[:, 0], seen[:, 1], radius)
        inside = (leave - enter) * length[segment]
        total[first : first + size] = np.bincount(point, inside, minlength=len(block))
    return total


def check_radius(radius: float) -> None:
    """Raise InvalidArgument unless a radius is a positive, finite number."""
    as_real(radius, "radius", above=0)
