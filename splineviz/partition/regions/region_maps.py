"""RegionMaps: the affine map of each region of a partition, and what the network predicts there."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from splineviz.network.evaluation import predicted_classes
from splineviz.network.program import Program
from splineviz.partition import affine_maps as maps
from splineviz.partition.patterns import LayerPattern
from splineviz.partition.regions.region_geometry import RegionGeometry
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

    @cached_property
    def _middle_outputs(self) -> FloatArray:
        """The outputs at the representative points, (R, out)."""
        slope, offset = self._affine_maps
        return np.einsum("rok,rk->ro", slope, self.representative_points) + offset

    @cached_property
    def _vertex_outputs(self) -> FloatArray:
        """The outputs at the vertices, (V, out)."""
        return maps.outputs_at(self.program, self.plane, self.vertices)
