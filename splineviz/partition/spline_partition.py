"""SplinePartition: all activation regions of a network on a slice, as plain arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from splineviz.network.evaluation import predicted_classes
from splineviz.network.program import Program
from splineviz.partition import affine_maps as maps
from splineviz.partition import patterns
from splineviz.partition.edge_table import EdgeTable
from splineviz.partition.measures import (
    boundary,
    density,
    lines,
    neuron_boundaries,
)
from splineviz.partition.measures import migration as migration
from splineviz.partition.measures.class_pieces import ClassPieces, class_pieces
from splineviz.partition.measures.linear_regions import LinearRegions, merge_regions
from splineviz.partition.measures.migration import Migration
from splineviz.partition.measures.neuron_boundaries import LayerSelection
from splineviz.partition.patterns import LayerPattern
from splineviz.partition.region_geometry import RegionGeometry
from splineviz.partition.region_graph import RegionGraph
from splineviz.partition.rounding.affine_maps import slope_units
from splineviz.partition.rounding.values import EPS
from splineviz.partition.slices.input_slice import InputSlice
from splineviz.partition.stored_partition import StoredPartition
from splineviz.typing import BoolArray, ByteArray, FloatArray, Int32Array, IntArray, UInt32Array
from splineviz.validation.arrays import as_points
from splineviz.validation.calls import explained

if TYPE_CHECKING:
    import geopandas
    import pandas as pd
    import torch
    from matplotlib.axes import Axes

    from splineviz.partition.plotting.colorings import Limits
    from splineviz.partition.plotting.plot import Color
    from splineviz.partition.verification.certificate import Certificate


@dataclass(frozen=True, eq=False)
class SplinePartition(RegionGeometry, RegionGraph, StoredPartition):
    """All activation regions of a network on a 2D slice, with shared vertices.

    An activation region is a maximal connected set on which every neuron keeps its sign; the
    network is one affine map there. Made by :func:`splineviz.enumerate_regions`.

    Parameters
    ----------
    program : Program
        The network.
    plane : InputSlice
        The slice.
    vertices : float64 array (V, 2)
        Slice coordinates.
    edges : EdgeTable
    ring_vertices : int32 array
        Corners of all rings, one after another. An outer ring runs counter-clockwise, a hole
        clockwise; the first corner is not repeated at the end.
    ring_offsets : int64 array (n_rings + 1,)
        Ring k is ``ring_vertices[ring_offsets[k]:ring_offsets[k + 1]]``.
    region_offsets : int64 array (R + 1,)
        Region r has the rings ``region_offsets[r] ... region_offsets[r + 1] - 1``, its outer ring
        first. One ring each, unless the domain is not convex.
    layers : tuple of LayerPattern
        One for each activation, in order; the cells of the last are the regions.
    """

    program: Program
    plane: InputSlice
    vertices: FloatArray
    edges: EdgeTable
    ring_vertices: Int32Array
    ring_offsets: IntArray
    region_offsets: IntArray
    layers: tuple[LayerPattern, ...]

    def __repr__(self) -> str:
        widths = "-".join(str(layer.width) for layer in self.layers)
        return (
            f"SplinePartition({len(self):,} regions, {len(self.vertices):,} vertices, "
            f"{len(self.edges):,} edges, neurons {widths})"
        )

    def _repr_html_(self) -> str:
        from splineviz.drawing.html import shown
        from splineviz.partition.notebook_html import partition_html

        return shown(lambda: partition_html(self), repr(self))

    def activation_patterns(self) -> BoolArray:
        """Which neurons are active in each region.

        Returns
        -------
        bool array of shape (R, total width)
            Columns are the neurons of all activations in network order, flat.
        """
        return patterns.activation_patterns(self.layers, len(self))

    def packed_patterns(self) -> ByteArray:
        """The activation patterns with eight columns in a byte: an eighth of the memory.

        Returns
        -------
        uint8 array of shape (R, ceil(total width / 8))
            Bit k of byte i, counted from the least significant, is column ``8 * i + k`` of
            :meth:`activation_patterns`; the bits after the last column are 0. So
            ``numpy.unpackbits(packed, axis=1, count=total_width, bitorder="little")`` gives the
            columns back.
        """
        return patterns.packed_patterns(self.layers, len(self))

    def activation_counts(self) -> IntArray:
        """How many neurons of each layer are active in each region.

        Returns
        -------
        int64 array of shape (R, L)
            One column for each of :attr:`layers`: the number of set columns of its pattern.
        """
        return patterns.activation_counts(self.layers, len(self))

    def pattern_hashes(self) -> UInt32Array:
        """A hash of each region's activation pattern.

        Regions with the same pattern have the same hash, also in the partition of another
        checkpoint; two different patterns share one with a chance of 1 in 2**32 (FNV-1a).

        Returns
        -------
        uint32 array of shape (R,)
        """
        return patterns.pattern_hashes(self.layers, len(self))

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

    @cached_property
    def _decision_boundary(self) -> shapely.MultiLineString:
        return boundary.decision_boundary(
            self.vertices,
            self.ring_vertices,
            self.ring_offsets,
            self.region_offsets,
            self.edges.vertices,
            self.edges.regions,
            self._vertex_outputs,
        )

    @cached_property
    def _vertex_outputs(self) -> FloatArray:
        """The outputs at the vertices, (V, out)."""
        return maps.outputs_at(self.program, self.plane, self.vertices)

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
    def migration(
        self,
        points: npt.ArrayLike,
        radius: float,
        *,
        n_boundary: int = 1000,
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
            Number of points along the decision boundary, spaced evenly by length; and of uniform
            points.
        seed : int
            Seed for the place of the first of them, and for the uniform points. NumPy's global
            random state is not used.

        Returns
        -------
        Migration

        Raises
        ------
        InvalidArgument
            If the radius or `n_boundary` is not positive, `seed` is negative, or one of the last
            two is no whole number.
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
            seed,
            neuron_boundaries.count_switching(self.layers, layer),
        )

    @explained()
    def merge_linear(
        self,
        tolerance: float = 256 * EPS,
    ) -> LinearRegions:
        """The linear regions: activation regions joined where the network is one affine map.

        Parameters
        ----------
        tolerance : float
            By how much two slopes may differ and still be equal, relative to the terms that make
            them. The default forgives rounding and no more.

        Returns
        -------
        LinearRegions

        Raises
        ------
        InvalidArgument
            If the tolerance is negative.
        """
        sides = self.edges.regions
        return merge_regions(
            sides[(sides >= 0).all(axis=1)],
            self.polygons,
            self.areas,
            *self._affine_maps,
            slope_units(self.program, self.plane, self.layers, len(self)),
            tolerance,
        )

    def to_dataframe(self) -> pd.DataFrame:
        """What each region measures, as a table with one row a region.

        Returns
        -------
        pandas.DataFrame
            Columns ``area``, ``perimeter``, ``eccentricity``, ``degree``, ``slope_norm``,
            ``prediction``, and for each layer the number of its active neurons as ``active_NAME``.
        """
        from splineviz.partition import tables

        return tables.to_dataframe(self)

    def to_geodataframe(self) -> geopandas.GeoDataFrame:
        """The table of :meth:`to_dataframe` with the regions' polygons as its geometry.

        Returns
        -------
        geopandas.GeoDataFrame
            Without a coordinate reference system: the coordinates are those of the slice.

        Raises
        ------
        MissingDependency
            If geopandas is not installed.
        """
        from splineviz.partition import tables

        return tables.to_geodataframe(self)

    @explained()
    def plot(
        self,
        ax: Axes | None = None,
        color: Color = "slope",
        *,
        limits: Limits | None = None,
        boundaries: bool | LayerSelection = True,
        decision_boundary: bool = True,
        points: npt.ArrayLike | None = None,
        classes: npt.ArrayLike | None = None,
        class_names: Sequence[str] | None = None,
        anchors: bool = True,
        colorbar: bool = True,
        rasterized: bool = False,
    ) -> Axes:
        """Draw the regions with matplotlib, as a figure for a paper.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw. Default: a new figure.
        color : str, Coloring or array-like of shape (R,)
            What colors the regions: a row of
            :data:`~splineviz.partition.plotting.colorings.COLORINGS` or ``ON_DEMAND`` by its name,
            a row of your own, or one number a region.
        limits : pair of float, optional
            The ends of the color scale; values beyond have the colors of the ends. Default: 99 % of
            the slice's area lies above the lower and 99 % below the upper end.
        boundaries : bool, int, str or sequence of these
            Whether to draw the boundaries of neurons; those of some layers alone, by number,
            counted in activations from 0, or by name.
        decision_boundary : bool
            Whether to draw where the predicted class changes.
        points : array-like of shape (n, 2), optional
            Slice coordinates of samples to draw; ``plane.project`` makes them of inputs.
        classes : array-like of int, shape (n,), optional
            Their classes, which color them.
        class_names : sequence of str, optional
            Names of the classes, shown as they are.
        anchors : bool
            Whether to draw the samples that span the slice, as lettered stars.
        colorbar : bool
            Whether to draw the legend of the colors beside it.
        rasterized : bool
            Whether a vector file (PDF, SVG) holds the colored regions as pixels, below lines and
            text that stay sharp: smaller with tens of thousands of regions.

        Returns
        -------
        matplotlib.axes.Axes
            Lines and marks have labels, for ``ax.legend()``.

        Raises
        ------
        UnknownName
            If there is no such coloring, or the network has no such layer.
        InvalidArgument
            If the limits, or the classes, make no sense.
        ShapeMismatch, NonFiniteValues
            If an array does not have the shape it needs, or a point is not finite.
        """
        from splineviz.partition.plotting.plot import picture_of

        picture = picture_of(
            self,
            color,
            limits,
            boundaries,
            decision_boundary,
            points,
            classes,
            class_names,
            anchors,
        )
        if ax is None:
            import matplotlib.pyplot as plt

            _, ax = plt.subplots(layout="constrained")
        picture.draw(ax, colorbar, rasterized=rasterized)
        return ax

    def verify(self, model: torch.nn.Module | Program) -> Certificate:
        """Prove that this is the partition of a network.

        Every claim is checked against the *original* module, not against our trace of it: see
        :class:`splineviz.partition.verification.certificate.Certificate`.

        Parameters
        ----------
        model : torch.nn.Module or Program
            The network. It comes back untouched.

        Returns
        -------
        Certificate
            What was proved; print it.

        Raises
        ------
        InvalidPartition
            If a claim does not hold, with the number of regions for which it fails.
        """
        from splineviz.partition.verification.certificate import certify

        return certify(self, model)
