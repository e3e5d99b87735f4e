"""SplinePartition: all activation regions of a network on a slice, as plain arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy.typing as npt

from splineviz.network.program import Program
from splineviz.partition.edge_table import EdgeTable
from splineviz.partition.measures import migration as migration
from splineviz.partition.measures.linear_regions import LinearRegions, merge_regions
from splineviz.partition.measures.neuron_boundaries import LayerSelection
from splineviz.partition.patterns import LayerPattern
from splineviz.partition.regions.region_boundaries import RegionBoundaries
from splineviz.partition.regions.region_graph import RegionGraph
from splineviz.partition.regions.region_patterns import RegionPatterns
from splineviz.partition.rounding.affine_maps import slope_units
from splineviz.partition.rounding.values import EPS
from splineviz.partition.slices.input_slice import InputSlice
from splineviz.partition.stored_partition import StoredPartition
from splineviz.typing import FloatArray, Int32Array, IntArray
from splineviz.validation.calls import explained
from splineviz.validation.numbers import check_flags

if TYPE_CHECKING:
    import geopandas
    import pandas as pd
    import torch
    from matplotlib.axes import Axes

    from splineviz.partition.plotting.colorings import Limits
    from splineviz.partition.plotting.plot import Color
    from splineviz.partition.verification.certificate import Certificate


@dataclass(frozen=True, eq=False)
class SplinePartition(RegionPatterns, RegionBoundaries, RegionGraph, StoredPartition):
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
        from splineviz.drawing.html import html_or_text
        from splineviz.partition.notebook_html import partition_html

        return html_or_text(lambda: partition_html(self), repr(self))

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
            the slice's area lies above the lower and 99 % below the upper end. Those of "output"
            are a number and its negative.
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
        from splineviz.drawing.axes import axes_or_new
        from splineviz.partition.plotting.plot import picture_of

        check_flags(colorbar=colorbar, rasterized=rasterized)
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
        ax = axes_or_new(ax)
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
