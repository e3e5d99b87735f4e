"""RegionBoundaries: where classes and neurons change in a partition, and how close that is."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt
import shapely

from splineviz.partition.edge_table import EdgeTable
from splineviz.partition.measures import crossed_neurons, density, lines, neuron_boundaries
from splineviz.partition.measures import migration as migration
from splineviz.partition.measures.class_boundaries import decision_boundary
from splineviz.partition.measures.class_boundaries.class_pieces import ClassPieces, class_pieces
from splineviz.partition.measures.class_boundaries.class_topology import (
    ClassTopology,
    class_topology,
)
from splineviz.partition.measures.class_boundaries.output_surface import (
    OutputSurface,
    margin_pieces,
    margin_planes,
    signed_planes,
)
from splineviz.partition.measures.migration import Migration
from splineviz.partition.measures.neuron_boundaries import LayerSelection
from splineviz.partition.regions.region_maps import RegionMaps
from splineviz.typing import FloatArray, IntArray
from splineviz.validation.arrays import as_points
from splineviz.validation.calls import explained
from splineviz.validation.names import row_of
from splineviz.validation.numbers import as_real

_SHAPES = {
    "disc": crossed_neurons.regions_in_discs,
    "cross-polytope": crossed_neurons.regions_in_diamonds,
}


class RegionBoundaries(RegionMaps):
    """The decision boundary of a partition, and the boundaries of its neurons.

    The attributes are fields of :class:`~splineviz.partition.spline_partition.SplinePartition`.
    """

    edges: EdgeTable

    def decision_boundary(self) -> shapely.MultiLineString:
        """Where the predicted class changes, exact, as merged lines in slice coordinates.

        There the two largest outputs are equal; for a network with one output, it is zero. Empty
        if one class wins everywhere.
        """
        return self._decision_boundary

    def class_pieces(self) -> tuple[FloatArray, ClassPieces]:
        """The pieces of regions in which another class wins than :meth:`predictions` says.

        The decision boundary cuts some regions; with these pieces over the regions, every point of
        the slice has its own class.

        Returns
        -------
        vertices : float64 array of shape (V + P, 2)
            The vertices, then the points where the decision boundary crosses edges or meets itself.
        pieces : ClassPieces
            Their rings, with the region and the class of each. The lower class wins a tie.
        """
        return class_pieces(
            self.vertices,
            self.ring_vertices,
            self.ring_offsets,
            self.region_offsets,
            self._vertex_outputs,
            self.predictions(),
        )

    def output_surface(self) -> OutputSurface:
        """The network's decision as a function over the slice, affine on regions or pieces of them.

        Of one output the output itself, of two the second minus the first, of more the margin of
        the largest. It is what the coloring "output" shows; zero on the decision boundary.

        Returns
        -------
        OutputSurface
        """
        slope, offset = self._affine_maps
        if slope.shape[1] <= 2:
            vertices, pieces = self.class_pieces()
            return OutputSurface(vertices, pieces, signed_planes(slope, offset), True)
        number = np.arange(len(self))
        winner = self.predictions()
        others = self._middle_outputs.copy()
        others[number, winner] = -np.inf
        second = others.argmax(axis=1)
        vertices, pieces, seconds = margin_pieces(
            self.vertices,
            self.ring_vertices,
            self.ring_offsets,
            self.region_offsets,
            self._vertex_outputs,
            winner,
            second,
        )
        planes = margin_planes(
            slope,
            offset,
            np.concatenate([number, pieces.regions]),
            np.concatenate([winner, pieces.classes]),
            np.concatenate([second, seconds]),
        )
        return OutputSurface(vertices, pieces, planes, False)

    def class_topology(self) -> ClassTopology:
        """How many components and holes each class's part of the slice has.

        Counted from the regions, the vertices they share and the outputs there; no coordinate
        decides. Two pieces of a class that touch in a point alone are two components.

        Returns
        -------
        ClassTopology
            Of each output; of a network with one output, of classes 0 and 1.

        Notes
        -----
        A piece may go on outside the slice, and be one with another there.
        """
        return self._class_topology

    @cached_property
    def _class_topology(self) -> ClassTopology:
        return class_topology(
            self.vertices,
            self.ring_vertices,
            self.ring_offsets,
            self.region_offsets,
            self.polygons,
            self._vertex_outputs,
        )

    @cached_property
    def _decision_boundary(self) -> shapely.MultiLineString:
        return decision_boundary.decision_boundary(
            self.vertices,
            self.ring_vertices,
            self.ring_offsets,
            self.region_offsets,
            self.edges.vertices,
            self.edges.regions,
            self._vertex_outputs,
        )

    @explained()
    def sample_decision_boundary(
        self,
        n: int,
        *,
        seed: int = 0,
    ) -> FloatArray:
        """Points on the decision boundary, drawn uniformly by length.

        Parameters
        ----------
        n : int
            How many.
        seed : int
            Seed of the draw. NumPy's global random state is not used.

        Returns
        -------
        float64 array of shape (n, 2)
            Slice coordinates; ``plane.embed`` makes inputs of them.

        Raises
        ------
        EmptyBoundary
            If one class is predicted on the whole slice.
        InvalidArgument
            If `n` is not positive, `seed` is negative, or one of them is no whole number.
        """
        return lines.sample_lines(self._decision_boundary, n, seed)

    def neuron_boundary(self, layer: int | str, neuron: int) -> shapely.MultiLineString:
        """The boundary of one neuron, a bent hyperplane, as merged lines in slice coordinates.

        Parameters
        ----------
        layer : int or str
            The layer, counted in activations from 0, or its name.
        neuron : int
            A column of the layer's pattern.

        Returns
        -------
        shapely.MultiLineString
            All edges on whose two sides the column differs. Where boundaries coincide, an edge is
            part of each of them, though the edge table names one neuron alone. Empty if the
            neuron does not change within the slice.

        Raises
        ------
        UnknownName
            If the network has no such layer or neuron.
        """
        return lines.merged_lines(
            neuron_boundaries.neuron_segments(self.vertices, self.edges, self.layers, layer, neuron)
        )

    def _boundaries(self, layer: LayerSelection | None) -> FloatArray:
        return neuron_boundaries.boundary_segments(self.vertices, self.edges, self.layers, layer)

    def distance_to_boundary(
        self, points: npt.ArrayLike, layer: LayerSelection | None = None
    ) -> FloatArray:
        """Distance of each point from the nearest neuron boundary within the domain.

        Parameters
        ----------
        points : array-like of shape (n, 2)
            Slice coordinates, inside the domain or not.
        layer : int, str or sequence of these, optional
            Layers by number, counted in activations from 0, or by name. Default: all.

        Returns
        -------
        float64 array of shape (n,)
            In slice units. The border of the domain does not count; infinity where there is no
            boundary.

        Raises
        ------
        ShapeMismatch, NonFiniteValues
            If the points are not finite numbers of shape (n, 2).
        UnknownName
            If the network has no such layer.
        """
        return density.distances(as_points(points), self._boundaries(layer))

    @explained()
    def boundary_density(
        self,
        points: npt.ArrayLike,
        radius: float,
        *,
        layer: LayerSelection | None = None,
    ) -> FloatArray:
        """Length of neuron boundary near each point, divided by the area of disc and domain.

        Parameters
        ----------
        points : array-like of shape (n, 2)
            Slice coordinates.
        radius : float
            Radius of the discs, in slice units.
        layer : int, str or sequence of these, optional
            Layers by number, counted in activations from 0, or by name. Default: all.

        Returns
        -------
        float64 array of shape (n,)
            The length of neuron boundary in the disc around each point, over the area of the disc
            within the domain, both in closed form; in 1 / slice units. Where the boundaries of
            several neurons coincide, they count once. nan for a point whose disc misses the
            domain: nothing is known there.

        Raises
        ------
        InvalidArgument
            If the radius is not a positive number.
        ShapeMismatch, NonFiniteValues, UnknownName
            As for :meth:`distance_to_boundary`.
        """
        return density.densities(
            as_points(points), radius, self._boundaries(layer), self.plane.domain
        )

    @explained()
    def crossed_neurons(
        self, points: npt.ArrayLike, radius: float, *, shape: str = "disc"
    ) -> IntArray:
        """Count the neurons whose boundary crosses a disc or a cross-polytope around each point.

        Local complexity counts them by the signs at the vertices of a cross-polytope, and misses
        those whose boundary enters and leaves between vertices. This count is exact.

        Parameters
        ----------
        points : array-like of shape (n, 2)
            Slice coordinates.
        radius : float
            In slice units.
        shape : {"disc", "cross-polytope"}
            An open disc, or the open square with the corners ``point ± radius`` along both
            directions of the slice: that of ``local_complexity`` with
            ``directions=plane.basis``.

        Returns
        -------
        int64 array of shape (n, L)
            For each point and each of the layers, how many neurons differ in their state among the
            regions within the shape: one with several breakpoints counts once, as does a window of
            a maximum. What lies outside the domain is not known and not counted.

        Raises
        ------
        InvalidArgument
            If the radius is not a positive number.
        UnknownName
            If there is no such shape.
        ShapeMismatch, NonFiniteValues
            If the points are not finite numbers of shape (n, 2).
        """
        centers = as_points(points)
        reach = as_real(radius, "radius", above=0)
        within = row_of(_SHAPES, "shape", shape)
        point, region = within(self.polygons, centers, reach)
        return crossed_neurons.count_crossed(
            self.layers, self.program.activations, len(self), point, region, len(centers)
        )

    @explained()
    def migration(
        self,
        points: npt.ArrayLike,
        radius: float,
        *,
        n_boundary: int = 1000,
        n_uniform: int | None = None,
        seed: int = 0,
        layer: LayerSelection | None = None,
    ) -> Migration:
        """How densely neuron boundaries lie near data, near the decision boundary, and anywhere.

        The region migration of the paper, measured exactly on the slice: over a training, regions
        leave the data for the decision boundary. Points drawn uniformly from the slice are the
        control.

        Parameters
        ----------
        points : array-like of shape (n, 2)
            Slice coordinates of the data; those whose disc misses the domain do not count.
        radius, layer
            As for :meth:`boundary_density`.
        n_boundary : int
            Number of points along the decision boundary, spaced evenly by length.
        n_uniform : int, optional
            Number of uniform points. Default: as many as along the decision boundary.
        seed : int
            Seed for the place of the first of them, and for the uniform points. NumPy's global
            random state is not used.

        Returns
        -------
        Migration

        Raises
        ------
        InvalidArgument
            If the radius, `n_boundary` or `n_uniform` is not positive, `seed` is negative, or one
            of the last three is no whole number.
        ShapeMismatch, NonFiniteValues, UnknownName
            As for :meth:`distance_to_boundary`.
        """
        return migration.measure_migration(
            as_points(points),
            radius,
            self._boundaries(layer),
            self._decision_boundary,
            self.plane.domain,
            n_boundary,
            n_uniform,
            seed,
            neuron_boundaries.count_switching(self.layers, layer),
        )
