"""Draws polygons, given as arrays, with matplotlib."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from splineviz.typing import AnyFloatArray, AnyIntArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PathCollection
    from matplotlib.path import Path


# Neighbors overlap by this many points. Otherwise a viewer that smooths edges shows thin gaps.
_OVERLAP = 0.5
# Polygons on top must cover the overlap of those below.
_OVERLAP_ABOVE = 1.0


def fill_polygons(
    ax: Axes,
    vertices: AnyFloatArray,
    ring_vertices: AnyIntArray,
    ring_offsets: AnyIntArray,
    region_offsets: AnyIntArray,
    seen: tuple[float, float, float, float],
    rasterized: bool = False,
    above: bool = False,
) -> tuple[PathCollection, AnyIntArray]:
    """Add the polygons of regions to axes; set their colors on the returned collection.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    vertices : float array (V, 2)
        Corners.
    ring_vertices, ring_offsets, region_offsets : integer arrays
        The rings of the R regions, as in a SplinePartition: holes run the other way round than
        outer rings.
    seen : tuple of float
        xmin, ymin, xmax, ymax of the visible part; regions outside are left out.
    rasterized : bool
        Whether they are pixels in a vector file.
    above : bool
        Whether they lie over polygons that are drawn already.

    Returns
    -------
    matplotlib.collections.PathCollection
    integer array (n,)
        The regions that are drawn, in the order of the collection.
    """
    from matplotlib.collections import PathCollection

    drawn = _regions_within(vertices, ring_vertices, ring_offsets, region_offsets, seen)
    paths = [
        _path(vertices, ring_vertices, ring_offsets[first : last + 1])
        for first, last in zip(region_offsets[drawn], region_offsets[drawn + 1], strict=True)
    ]
    collection = PathCollection(
        paths,
        edgecolors="face",
        linewidths=_OVERLAP_ABOVE if above else _OVERLAP,
        joinstyle="bevel",  # a sliver's mitre would reach far
        snap=False,
        rasterized=rasterized,
    )
    ax.add_collection(collection, autolim=False)
    return collection, drawn


def _regions_within(
    vertices: AnyFloatArray,
    ring_vertices: AnyIntArray,
    ring_offsets: AnyIntArray,
    region_offsets: AnyIntArray,
    seen: tuple[float, float, float, float],
) -> AnyIntArray:
    """The regions whose bounding box meets the visible part."""
    if len(region_offsets) < 2:
        return np.empty(0, dtype=np.int64)
    starts = ring_offsets[region_offsets[:-1]]
    corners = vertices[ring_vertices]
    low = np.minimum.reduceat(corners, starts, axis=0)
    high = np.maximum.reduceat(corners, starts, axis=0)
    return np.flatnonzero((low <= seen[2:]).all(axis=1) & (high >= seen[:2]).all(axis=1))


def _path(vertices: AnyFloatArray, ring_vertices: AnyIntArray, offsets: AnyIntArray) -> Path:
    from matplotlib.path import Path

    rings = [
        Path(vertices[np.append(ring_vertices[first:last], ring_vertices[first])], closed=True)
        for first, last in pairwise(offsets)
    ]
    return rings[0] if len(rings) == 1 else Path.make_compound_path(*rings)
