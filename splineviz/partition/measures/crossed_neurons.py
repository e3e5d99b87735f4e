"""Which neurons change their state within a shape on a slice, exactly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
import shapely

from splineviz.network.activation import Activation
from splineviz.partition.patterns import LayerPattern, cells_of_regions, unpack
from splineviz.typing import FloatArray, IntArray, Words

# Pairs of a shape and a region whose patterns are compared at a time, times the columns.
_BLOCK = 2**22


def regions_in_discs(
    polygons: np.ndarray, points: Annotated[FloatArray, "n 2"], radius: float
) -> tuple[IntArray, IntArray]:
    """Pairs of a point and a region whose inside meets the open disc around it, by point."""
    tree = shapely.STRtree(polygons)
    centers = np.asarray(shapely.points(points), dtype=object)
    point, region = tree.query(centers, predicate="dwithin", distance=radius)
    near = shapely.distance(polygons[region], centers[point]) < radius
    return _by_point(point[near], region[near])


def regions_in_diamonds(
    polygons: np.ndarray, points: Annotated[FloatArray, "n 2"], radius: float
) -> tuple[IntArray, IntArray]:
    """The same for squares with the corners ``point ± radius`` along both axes."""
    tree = shapely.STRtree(polygons)
    corners = radius * np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    diamonds = np.asarray(shapely.polygons(points[:, None] + corners), dtype=object)
    point, region = tree.query(diamonds, predicate="intersects")
    inside = ~shapely.touches(polygons[region], diamonds[point])
    return _by_point(point[inside], region[inside])


def count_crossed(
    layers: Sequence[LayerPattern],
    activations: Sequence[Activation],
    n_regions: int,
    point: IntArray,
    region: IntArray,
    n: int,
) -> Annotated[IntArray, "n L"]:
    """For each of n points the neurons of each layer whose state differs among its regions.

    Parameters
    ----------
    layers, n_regions
        As in ``SplinePartition``.
    activations : sequence of Activation
        Of the layers: they say which columns are of one neuron.
    point, region : int64 arrays (m,)
        The regions of each point; points never decrease.
    n : int
        How many points there are; one without regions counts 0.
    """
    counts = np.zeros((n, len(layers)), dtype=np.int64)
    first = np.flatnonzero(np.diff(point, prepend=-1))
    size = np.diff(np.append(first, len(point)))
    for number, cells in enumerate(cells_of_regions(layers, n_regions)):
        layer = layers[number]
        block = np.cumsum(size * max(layer.width, 1)) // _BLOCK
        for rows in np.split(np.arange(len(first)), np.flatnonzero(np.diff(block)) + 1):
            if len(rows) == 0:
                continue
            begin, end = first[rows[0]], first[rows[-1]] + size[rows[-1]]
            bits = layer.bits[cells[region[begin:end]]]
            starts = first[rows] - begin
            some: Words = np.bitwise_or.reduceat(bits, starts, axis=0)
            every: Words = np.bitwise_and.reduceat(bits, starts, axis=0)
            differ = unpack(np.bitwise_xor(some, every), layer.width)
            counts[point[first[rows]], number] = activations[number].by_neuron(differ).sum(axis=1)
    return counts


def _by_point(point: IntArray, region: IntArray) -> tuple[IntArray, IntArray]:
    order = np.argsort(point, kind="stable")
    return point[order].astype(np.int64), region[order].astype(np.int64)
