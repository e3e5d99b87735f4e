"""Points drawn uniformly from a domain: the control for what is measured near other points."""

from __future__ import annotations

import numpy as np
import shapely

from splineviz.typing import FloatArray


def uniform_points(domain: shapely.Polygon, n: int, rng: np.random.Generator) -> FloatArray:
    """Points drawn uniformly from a polygon, holes left out.

    Parameters
    ----------
    domain : shapely.Polygon
        Of positive area.
    n : int
        How many.
    rng : numpy.random.Generator
        Source of the randomness.

    Returns
    -------
    float64 array (n, 2)
    """
    triangles = shapely.get_parts(shapely.constrained_delaunay_triangles(domain))
    corners = shapely.get_coordinates(triangles).reshape(-1, 4, 2)
    until = np.cumsum(shapely.area(triangles))
    first, second, share = rng.random((3, n))
    chosen = np.searchsorted(until, share * until[-1], side="right").clip(max=len(until) - 1)
    # A point of the unit square beyond its diagonal stands for the one opposite.
    beyond = first + second > 1
    first[beyond], second[beyond] = 1 - first[beyond], 1 - second[beyond]
    a, b, c = corners[chosen, :3].swapaxes(0, 1)
    return a + first[:, None] * (b - a) + second[:, None] * (c - a)
