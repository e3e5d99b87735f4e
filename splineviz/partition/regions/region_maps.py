"""RegionMaps: the affine map of each region of a partition, and what the network predicts there."""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np

from splineviz.network.program import Program
from splineviz.network.torch_modules.evaluation import predicted_classes
from splineviz.partition import affine_maps as maps
from splineviz.partition.measures.class_boundaries.decision_boundary import differences
from splineviz.partition.measures.jacobians import path_norms, row_sums
from splineviz.partition.measures.local_geometry import (
    UNITS,
    cosines,
    effective_ranks,
    log_scalings,
    numerical_ranks,
    singular_values,
)
from splineviz.partition.patterns import LayerPattern
from splineviz.partition.regions.region_geometry import RegionGeometry
from splineviz.partition.rounding.affine_maps import slope_units
from splineviz.partition.rounding.values import EPS
from splineviz.typing import FloatArray, IntArray


class RegionMaps(RegionGeometry):
    """The network on each of R regions.

    The attributes are fields of :class:`~splineviz.partition.spline_partition.SplinePartition`.
    """

    program: Program
    layers: tuple[LayerPattern, ...]

    def affine_maps(self) -> tuple[FloatArray, FloatArray]:
        """The affine map of each region, in slice coordinates.

        Returns
        -------
        slope : float64 array of shape (R, out, 2)
        offset : float64 array of shape (R, out)
            The network's output at slice coordinates p in region r is
            ``slope[r] @ p + offset[r]``, flat.
        """
        return self._affine_maps

    @cached_property
    def _affine_maps(self) -> tuple[FloatArray, FloatArray]:
        return maps.affine_maps(self.program, self.plane, self.layers, len(self))

    def slope_norms(self) -> FloatArray:
        """Frobenius norm of each region's slope, shape (R,), in output units per input unit.

        The paper colors regions by it (section 4). It measures the slope *within the slice*.
        """
        return np.linalg.norm(self._affine_maps[0], axis=(1, 2))

    def local_scaling(self) -> FloatArray:
        """How each region's map changes areas of the slice, as a logarithm, shape (R,).

        The sum of the natural logarithms of the singular values of the slope *within the slice*,
        those that are zero up to rounding left out: of a region of rank 2 the logarithm of the
        factor by which areas grow, of rank 1 that of lengths. NaN where the map is constant. In
        output units per slice unit, before the logarithm.

        See :func:`~splineviz.local_geometry` for the source, and for all dimensions.
        """
        return log_scalings(*self._singular_values)

    def numerical_rank(self) -> IntArray:
        """The rank of each region's slope within the slice, int64 array (R,): 0, 1 or 2.

        Singular values count as zero up to 256 units of rounding: of the size of the terms that
        make the slope, times the machine epsilon.
        """
        return numerical_ranks(*self._singular_values)

    def effective_rank(self) -> FloatArray:
        """Exponential of the entropy of the slope's singular values within the slice, shape (R,).

        From 1 to 2; 0 where the map is constant.
        """
        return effective_ranks(*self._singular_values)

    @cached_property
    def _singular_values(self) -> tuple[FloatArray, FloatArray]:
        """The singular values of the slopes (R, 1 or 2), and up to where they count as zero."""
        slope = self._affine_maps[0]
        units = slope_units(self.program, self.plane, self.layers, len(self))
        tolerance: FloatArray = UNITS * EPS * np.linalg.norm(units, axis=(1, 2))
        return singular_values(slope), tolerance

    def centroid_alignment(self) -> FloatArray:
        """How well the centroid of each region points at the region, shape (R,): from -1 to 1.

        The cosine of the angle between the input at the region's representative point and the
        centroid there: the sum of the rows of the slope *in all dimensions of the input space*, not
        of the slice. NaN where one of them vanishes.

        See :func:`~splineviz.local_geometry` for the source.
        """
        return self._centroid_alignment

    @cached_property
    def _centroid_alignment(self) -> FloatArray:
        inputs = self.plane.embed(self.representative_points)
        n_outputs = math.prod(self.program.output_shape)
        shortest = UNITS * EPS * np.sqrt(n_outputs) * path_norms(self.program, inputs)
        centroids = row_sums(self.program, inputs)
        return cosines(centroids, inputs.reshape(len(inputs), -1), shortest)

    def predictions(self) -> IntArray:
        """The class predicted at each region's representative point, shape (R,).

        The largest output; for a network with one output, 1 where it is positive and 0 elsewhere.
        """
        return predicted_classes(self._middle_outputs)

    def margins(self) -> FloatArray:
        """How clear the prediction is at each region's representative point, shape (R,).

        The largest output minus the second largest; for a network with one output, its absolute
        value. In output units; 0 on the decision boundary.
        """
        outputs = self._middle_outputs
        if outputs.shape[1] == 1:
            return np.abs(outputs[:, 0])
        second, first = np.partition(outputs, -2, axis=1)[:, -2:].T
        return first - second

    def output_values(self) -> FloatArray:
        """The decision's value at the mean of each region's corners, shape (R,), in output units.

        Of one output the output, of two the second minus the first, of more the margin as
        :meth:`margins` has it, but with the class and the runner-up of the region's middle.
        """
        slope, offset = self._affine_maps
        corners = self.vertices[self.ring_vertices]
        first = self.ring_offsets[self.region_offsets[:-1]]
        count = np.diff(np.append(first, len(corners)))
        middles = np.add.reduceat(corners, first) / count[:, None]
        outputs = np.einsum("rok,rk->ro", slope, middles) + offset
        if outputs.shape[1] == 1:
            return outputs[:, 0]
        if outputs.shape[1] == 2:
            return differences(outputs[:, 1], outputs[:, 0])
        number, others = np.arange(len(outputs)), self._middle_outputs.copy()
        winner = self.predictions()
        others[number, winner] = -np.inf
        return differences(outputs[number, winner], outputs[number, others.argmax(axis=1)])

    @cached_property
    def _middle_outputs(self) -> FloatArray:
        """The outputs at the representative points, (R, out)."""
        slope, offset = self._affine_maps
        return np.einsum("rok,rk->ro", slope, self.representative_points) + offset

    @cached_property
    def _vertex_outputs(self) -> FloatArray:
        """The outputs at the vertices, (V, out)."""
        return maps.outputs_at(self.program, self.plane, self.vertices)
