"""LinearRegions: activation regions joined where the network is one affine map."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from splineviz.typing import FloatArray, Int32Array, IntArray
from splineviz.validation.numbers import as_real


@dataclass(frozen=True, eq=False)
class LinearRegions:
    """The linear regions of a partition: maximal connected sets with one affine map.

    The literature often calls activation regions linear regions. They are the same for most
    networks; a linear region has several activation regions where a neuron changes sign without
    a change of the output, because nothing reads it or because what it adds cancels.

    Parameters
    ----------
    label : int64 array (R,)
        The linear region that each activation region belongs to.
    polygons : object array (M,)
        The linear regions as shapely polygons in slice coordinates. They form a coverage: corners
        at which a boundary of a neighbor ends stay in a straight side.
    slopes : float64 array (M, out, 2)
    offsets : float64 array (M, out)
        The affine maps, those of the largest activation region of each, as in
        :meth:`SplinePartition.affine_maps`.
    areas : float64 array (M,)
        In squared slice units.
    """

    label: IntArray
    polygons: npt.NDArray[np.object_]
    slopes: FloatArray
    offsets: FloatArray
    areas: FloatArray

    def __len__(self) -> int:
        return len(self.areas)

    def __repr__(self) -> str:
        return f"LinearRegions({len(self):,} of {len(self.label):,} activation regions)"

    def members(self, region: int) -> IntArray:
        """The activation regions that a linear region consists of, increasing."""
        return np.flatnonzero(self.label == region)


def merge_regions(
    sides: Int32Array,
    polygons: npt.NDArray[np.object_],
    areas: FloatArray,
    slopes: FloatArray,
    offsets: FloatArray,
    units: FloatArray,
    tolerance: float,
) -> LinearRegions:
    """Join neighbors whose slopes are equal up to rounding.

    Parameters
    ----------
    sides : int32 array (n, 2)
        Pairs of activation regions that share an edge.
    polygons, areas, slopes, offsets : arrays (R,), (R,), (R, out, 2), (R, out)
    units : float64 array (R, out, 2)
        What the slopes are compared with, as from ``slope_units``.
    tolerance : float
        By how many units two equal slopes may differ.

    Notes
    -----
    A network is continuous, so on two sides of an edge its maps agree along the edge. They are
    equal when their slopes are.

    Raises
    ------
    InvalidArgument
        If the tolerance is negative or no number.
    """
    tolerance = as_real(tolerance, "tolerance", least=0)
    left, right = sides.T
    allowed = tolerance * np.maximum(units[left], units[right])
    equal = (np.abs(slopes[left] - slopes[right]) <= allowed).all(axis=(1, 2))
    joins, n = sides[equal], len(areas)
    graph = coo_array((np.ones(len(joins)), joins.T), shape=(n, n))
    label = connected_components(graph, directed=False)[1]
    # By their first activation region, and the largest of each for its map.
    _, first, label = np.unique(label, return_index=True, return_inverse=True)
    label = np.argsort(np.argsort(first))[label].astype(np.int64)
    by_area = np.argsort(areas, kind="stable")
    largest = np.empty(len(first), dtype=np.int64)
    largest[label[by_area]] = by_area
    return LinearRegions(
        label=label,
        polygons=_unions(polygons, label, len(first)),
        slopes=slopes[largest],
        offsets=offsets[largest],
        areas=np.bincount(label, areas, minlength=len(first)).astype(np.float64),
    )


def _unions(polygons: npt.NDArray[np.object_], label: IntArray, n: int) -> npt.NDArray[np.object_]:
    """The union of the polygons of each label, which share their edges: object array (n,)."""
    order = np.argsort(label, kind="stable")
    size = np.bincount(label, minlength=n)
    first = np.cumsum(size) - size
    unions = polygons[order[first]]
    for i in np.flatnonzero(size > 1):
        merged = shapely.coverage_union_all(polygons[order[first[i] : first[i] + size[i]]])
        unions[i] = shapely.get_geometry(merged, 0)
    return unions
