"""RegionGeometry: where the regions of a partition lie, from their corners."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt
import shapely

from splineviz.partition.engine.cells import is_convex
from splineviz.partition.measures import moments
from splineviz.partition.slices.input_slice import InputSlice
from splineviz.typing import FloatArray, Int32Array, IntArray
from splineviz.validation.arrays import as_points


class RegionGeometry:
    """Polygons of R regions that share vertices, and what follows from them alone.

    The attributes are fields of :class:`~splineviz.partition.spline_partition.SplinePartition`.
    """

    plane: InputSlice
    vertices: FloatArray
    ring_vertices: Int32Array
    ring_offsets: IntArray
    region_offsets: IntArray

    def __len__(self) -> int:
        return len(self.region_offsets) - 1

    @cached_property
    def polygons(self) -> npt.NDArray[np.object_]:
        """The regions as shapely polygons, object array of shape (R,)."""
        first_corners = self.ring_vertices[self.ring_offsets[:-1]]
        closed = np.insert(self.ring_vertices, self.ring_offsets[1:], first_corners)
        offsets = self.ring_offsets + np.arange(len(self.ring_offsets))
        return shapely.from_ragged_array(
            shapely.GeometryType.POLYGON,
            self.vertices[closed],
            (offsets, self.region_offsets),
        )

    @cached_property
    def areas(self) -> FloatArray:
        """Area of each region in squared slice units, shape (R,)."""
        return shapely.area(self.polygons)

    @cached_property
    def perimeters(self) -> FloatArray:
        """Length of the border of each region in slice units, holes included, shape (R,)."""
        return shapely.length(self.polygons)

    @cached_property
    def eccentricities(self) -> FloatArray:
        """How elongated each region is, shape (R,): from 0 to 1.

        The eccentricity of the ellipse with the region's second moments of area: sqrt(1 - l / L)
        with the two principal moments l <= L. 0 for a disc and for every regular polygon, toward
        1 for slivers. One of the region statistics of SplineCam (Humayun et al., CVPR 2023).
        """
        return moments.eccentricities(
            self.vertices, self.ring_vertices, self.ring_offsets, self.region_offsets
        )

    @cached_property
    def representative_points(self) -> FloatArray:
        """A point inside each region, shape (R, 2): the mean of the corners where it is convex."""
        lengths = np.diff(self.ring_offsets)
        sums = np.add.reduceat(self.vertices[self.ring_vertices], self.ring_offsets[:-1], axis=0)
        points = (sums / lengths[:, None])[self.region_offsets[:-1]]
        if not is_convex(self.plane.domain):
            points[:] = shapely.get_coordinates(shapely.point_on_surface(self.polygons))
        return points

    def locate(self, points: npt.ArrayLike) -> IntArray:
        """The region that holds each point.

        Parameters
        ----------
        points : array-like of shape (n, 2)
            Slice coordinates.

        Returns
        -------
        int64 array of shape (n,)
            -1 outside the domain; the first of its regions for a point on a boundary.

        Raises
        ------
        ShapeMismatch, NonFiniteValues
            If they are no such array of finite numbers.
        """
        coordinates = as_points(points)
        # Regions share their borders: of several that hold a point, the first one counts.
        first = np.full(len(coordinates), len(self), dtype=np.int64)
        point, region = self._tree.query(shapely.points(coordinates), predicate="intersects")
        np.minimum.at(first, point, region)
        return np.where(first == len(self), -1, first)

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(self.polygons)
