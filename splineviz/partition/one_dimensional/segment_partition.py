"""SegmentPartition: the intervals into which a network cuts a segment, as plain arrays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from splineviz.network.torch_modules.evaluation import predicted_classes
from splineviz.partition.measures.migration import Migration, stream_of_uniform, summary
from splineviz.partition.measures.neuron_boundaries import (
    LayerSelection,
    count_switching,
    layer_numbers,
    neuron_layer,
)
from splineviz.partition.one_dimensional.breakpoints import BreakpointTable, breakpoint_table
from splineviz.partition.one_dimensional.class_changes import class_changes
from splineviz.partition.one_dimensional.density import densities_along, distances_along
from splineviz.partition.one_dimensional.left_to_right import from_left_to_right
from splineviz.partition.patterns import LayerPattern
from splineviz.partition.slices.input_segment import InputSegment
from splineviz.partition.stored_partition import StoredPartition
from splineviz.partition.tables import region_table
from splineviz.typing import BoolArray, FloatArray, IntArray, UInt32Array
from splineviz.validation.arrays import as_positions
from splineviz.validation.calls import explained
from splineviz.validation.numbers import as_int

if TYPE_CHECKING:
    import pandas as pd
    import torch
    from matplotlib.figure import Figure

    from splineviz.network.program import Program
    from splineviz.partition.one_dimensional.certificate import SegmentCertificate
    from splineviz.partition.spline_partition import SplinePartition


@dataclass(frozen=True, eq=False)
class SegmentPartition(StoredPartition):
    """All activation regions of a network on a segment: intervals, from left to right.

    Made by :func:`splineviz.enumerate_regions` of an
    :class:`~splineviz.partition.slices.input_segment.InputSegment`. On each interval
    every neuron keeps its sign, and the network is one affine map.

    Parameters
    ----------
    segment : InputSegment
        The slice.
    strip : SplinePartition
        The same regions as rectangles, border to border, on the segment's strip. Its regions and
        vertices come in another order.

    Examples
    --------
    >>> import torch, splineviz as sv
    >>> net = torch.nn.Sequential(torch.nn.Linear(1, 2), torch.nn.ReLU(), torch.nn.Linear(2, 1))
    >>> net[0].weight.data[:] = torch.tensor([[1.0], [1.0]])
    >>> net[0].bias.data[:] = torch.tensor([0.5, -0.25])
    >>> sv.enumerate_regions(net, sv.InputSlice.identity(bounds=(-1, 1))).breakpoints
    array([-0.5 ,  0.25])
    """

    segment: InputSegment
    strip: SplinePartition

    def __len__(self) -> int:
        return len(self.strip)

    def __repr__(self) -> str:
        low, high = self.segment.bounds
        widths = "-".join(str(layer.width) for layer in self.layers)
        return (
            f"SegmentPartition({len(self):,} regions between {low:.6g} and {high:.6g}, "
            f"neurons {widths or 'none'})"
        )

    def _repr_html_(self) -> str:
        from splineviz.drawing.html import html_or_text
        from splineviz.partition.notebook_html import segment_partition_html

        return html_or_text(lambda: segment_partition_html(self), repr(self))

    @property
    def program(self) -> Program:
        """The network."""
        return self.strip.program

    @property
    def layers(self) -> tuple[LayerPattern, ...]:
        """The activations in order, with the patterns on the strip's cells."""
        return self.strip.layers

    # ------------------------------------------------------------------ where

    @cached_property
    def _path(self) -> tuple[IntArray, FloatArray]:
        """The strip's regions from left to right, and the positions between them."""
        return from_left_to_right(self.strip)

    @property
    def _order(self) -> IntArray:
        return self._path[0]

    @property
    def breakpoints(self) -> FloatArray:
        """The positions at which two regions meet, increasing, shape (R - 1,).

        :meth:`crossings` says which neurons change sign there.
        """
        return self._path[1]

    @cached_property
    def ends(self) -> FloatArray:
        """Both ends of the segment and the breakpoints between, shape (R + 1,).

        Region r lies between ``ends[r]`` and ``ends[r + 1]``.
        """
        low, high = self.segment.bounds
        return np.concatenate([[low], self.breakpoints, [high]])

    @cached_property
    def lengths(self) -> FloatArray:
        """Length of each region in units of the position, shape (R,)."""
        return np.diff(self.ends)

    @cached_property
    def midpoints(self) -> FloatArray:
        """The middle of each region, shape (R,)."""
        return (self.ends[:-1] + self.ends[1:]) / 2

    def crossings(self) -> BreakpointTable:
        """Every sign change of every neuron, with its position, layer and neuron.

        Returns
        -------
        BreakpointTable
            Where several neurons change sign at one position, each has its own row.
        """
        return self._crossings

    @cached_property
    def _crossings(self) -> BreakpointTable:
        return breakpoint_table(self.breakpoints, self.layers, self._order)

    def neuron_breakpoints(self, layer: int | str, neuron: int) -> FloatArray:
        """The positions at which one neuron changes sign.

        Parameters
        ----------
        layer : int or str
            The layer, counted in activations from 0, or its name.
        neuron : int
            A column of the layer's pattern.

        Returns
        -------
        float64 array of shape (k,)
            Increasing; empty if the neuron does not change sign on the segment.

        Raises
        ------
        UnknownName
            If the network has no such layer or neuron.
        """
        number, table = neuron_layer(self.layers, layer, neuron), self._crossings
        return table.position[(table.layer == number) & (table.neuron == neuron)]

    def locate(self, positions: npt.ArrayLike) -> IntArray:
        """The region that each position lies in.

        Parameters
        ----------
        positions : array-like of shape (n,)

        Returns
        -------
        int64 array of shape (n,)
            -1 outside the segment; the left region for a position on a breakpoint.

        Raises
        ------
        ShapeMismatch, NonFiniteValues
            If the positions are not finite numbers of shape (n,).
        """
        t = as_positions(positions)
        low, high = self.segment.bounds
        region = np.searchsorted(self.breakpoints, t, side="left")
        return np.where((t < low) | (t > high), -1, region).astype(np.int64)

    def _breakpoints_of(self, layer: LayerSelection | None) -> FloatArray:
        if layer is None:
            return self.breakpoints
        own = np.isin(self._crossings.layer, layer_numbers(self.layers, layer))
        return self.breakpoints[np.unique(self._crossings.region[own])]

    def distance_to_breakpoint(
        self, positions: npt.ArrayLike, layer: LayerSelection | None = None
    ) -> FloatArray:
        """Distance of each position from the nearest breakpoint; infinity if there is none.

        Parameters
        ----------
        positions : array-like of shape (n,)
            On the segment or not.
        layer : int, str or sequence of these, optional
            The layers whose breakpoints count, by number, counted in activations from 0, or by
            name. Default: all.

        Returns
        -------
        float64 array of shape (n,)
            In units of the position.

        Raises
        ------
        ShapeMismatch, NonFiniteValues
            If the positions are not finite numbers of shape (n,).
        UnknownName
            If the network has no such layer.
        """
        return distances_along(as_positions(positions), self._breakpoints_of(layer))

    @explained()
    def breakpoint_density(
        self,
        positions: npt.ArrayLike,
        radius: float,
        *,
        layer: LayerSelection | None = None,
    ) -> FloatArray:
        """Number of breakpoints near each position, divided by the length within the segment.

        Parameters
        ----------
        positions : array-like of shape (n,)
        radius : float
            Half the width of the neighborhood, in units of the position.
        layer : int, str or sequence of these, optional
            As for :meth:`distance_to_breakpoint`.

        Returns
        -------
        float64 array of shape (n,)
            In 1 / units of the position. The one-dimensional
            :meth:`SplinePartition.boundary_density`: nan for a position whose neighborhood misses
            the segment.

        Raises
        ------
        InvalidArgument
            If the radius is not a positive number.
        ShapeMismatch, NonFiniteValues, UnknownName
            As for :meth:`distance_to_breakpoint`.
        """
        t, breakpoints = as_positions(positions), self._breakpoints_of(layer)
        return densities_along(t, radius, breakpoints, self.segment.bounds)

    @explained()
    def migration(
        self,
        points: npt.ArrayLike,
        radius: float,
        *,
        n_uniform: int = 1000,
        seed: int = 0,
        layer: LayerSelection | None = None,
    ) -> Migration:
        """How densely breakpoints lie near data, near the changes of class, and anywhere.

        The one-dimensional :meth:`SplinePartition.migration`: breakpoints are counted, by length.

        Parameters
        ----------
        points : array-like of shape (n,)
            Positions of the data; those farther than the radius from the segment do not count.
        radius, layer
            As for :meth:`breakpoint_density`.
        n_uniform : int
            Number of points drawn uniformly from the segment, the control. All changes of class
            count.
        seed : int
            Seed for the uniform points. NumPy's global random state is not used.

        Returns
        -------
        Migration
            Distances in units of the position, densities in 1 / units of the position.

        Raises
        ------
        InvalidArgument
            If the radius or `n_uniform` is not positive, `seed` is negative, or one of the last
            two is no whole number.
        ShapeMismatch, NonFiniteValues, UnknownName
            As for :meth:`distance_to_breakpoint`.
        """
        t, breakpoints = as_positions(points, "points"), self._breakpoints_of(layer)
        n_uniform = as_int(n_uniform, "n_uniform", 1)
        uniform = stream_of_uniform(seed).uniform(*self.segment.bounds, n_uniform)
        density, near_decision, near_uniform = (
            densities_along(each, radius, breakpoints, self.segment.bounds)
            for each in (t, self.decision_boundary(), uniform)
        )
        return summary(
            radius,
            density,
            distances_along(t[~np.isnan(density)], breakpoints),
            near_decision,
            near_uniform,
            distances_along(uniform, breakpoints),
            count_switching(self.layers, layer),
        )

    # ------------------------------------------------------------------ which pattern

    def activation_patterns(self) -> BoolArray:
        """Which neurons are active in each region, bool array (R, total width).

        Columns are the neurons of all activations in network order.
        """
        return self.strip.activation_patterns()[self._order]

    def activation_counts(self) -> IntArray:
        """How many neurons of each layer are active in each region, int64 array (R, L)."""
        return self.strip.activation_counts()[self._order]

    def pattern_hashes(self) -> UInt32Array:
        """A hash of each region's activation pattern, as in a SplinePartition, shape (R,)."""
        return self.strip.pattern_hashes()[self._order]

    # ------------------------------------------------------------------ which function

    def affine_maps(self) -> tuple[FloatArray, FloatArray]:
        """The affine map of each region.

        Returns
        -------
        slope : float64 array of shape (R, out)
            The derivative of each output by the position.
        offset : float64 array of shape (R, out)
            The network's output at position t in region r is ``slope[r] * t + offset[r]``, flat.
        """
        return self._affine_maps

    @cached_property
    def _affine_maps(self) -> tuple[FloatArray, FloatArray]:
        slope, offset = self.strip.affine_maps()
        return slope[self._order, :, 0], offset[self._order]

    def slope_norms(self) -> FloatArray:
        """Euclidean norm of each region's slope, shape (R,), in output units per unit."""
        return np.linalg.norm(self._affine_maps[0], axis=1)

    def values(self) -> FloatArray:
        """The network's outputs at :attr:`ends`, shape (R + 1, out).

        Joined by straight lines they are the graph of the network.
        """
        return self._values

    @cached_property
    def _values(self) -> FloatArray:
        slope, offset = self._affine_maps
        left = slope * self.ends[:-1, None] + offset
        last = slope[-1:] * self.ends[-1] + offset[-1:]
        return np.concatenate([left, last])

    def outputs(self, positions: npt.ArrayLike) -> FloatArray:
        """The network's outputs at some positions, from the affine maps.

        Parameters
        ----------
        positions : array-like of shape (n,)

        Returns
        -------
        float64 array of shape (n, out)
            nan outside the segment.
        """
        t = as_positions(positions)
        region = self.locate(t)
        slope, offset = self._affine_maps
        outputs = slope[region] * t[:, None] + offset[region]
        outputs[region < 0] = np.nan
        return outputs

    def predictions(self) -> IntArray:
        """The class predicted at the middle of each region, shape (R,).

        The largest output; for a network with one output, 1 where it is positive and 0 elsewhere.
        """
        slope, offset = self._affine_maps
        return predicted_classes(slope * self.midpoints[:, None] + offset)

    def decision_boundary(self) -> FloatArray:
        """The positions at which the predicted class changes, increasing, shape (k,).

        There the two largest outputs are equal; for a network with one output, it is zero.
        """
        return class_changes(self.ends, self._values)

    def linear_regions(self) -> IntArray:
        """The linear region of each activation region, int64 array (R,).

        Neighbors whose slopes are equal up to rounding are one linear region: nothing reads the
        neuron between them, or what it adds cancels. Numbered from left to right.
        """
        label = self.strip.merge_linear().label[self._order]
        return np.concatenate([[0], np.cumsum(np.diff(label) != 0)]).astype(np.int64)

    # ------------------------------------------------------------------ proof, tables, pictures

    def verify(self, model: torch.nn.Module | Program) -> SegmentCertificate:
        """Prove that these are the regions of a network on the segment.

        Parameters
        ----------
        model : torch.nn.Module or Program
            The network. It comes back untouched.

        Returns
        -------
        SegmentCertificate
            What was proved; print it.

        Raises
        ------
        InvalidPartition
            If a claim does not hold.
        """
        from splineviz.partition.one_dimensional.certificate import certify_segment

        return certify_segment(self, model)

    def to_dataframe(self) -> pd.DataFrame:
        """One row a region: its ends, length, slope of each output, and active neurons."""
        slope, offset = self._affine_maps
        columns: dict[str, npt.NDArray[np.generic]] = {
            "start": self.ends[:-1],
            "end": self.ends[1:],
            "length": self.lengths,
            "prediction": self.predictions(),
        }
        for k in range(slope.shape[1]):
            columns |= {f"slope_{k}": slope[:, k], f"offset_{k}": offset[:, k]}
        return region_table(columns, self.layers, self.activation_counts())

    def plot(
        self, *, points: npt.ArrayLike | None = None, targets: npt.ArrayLike | None = None
    ) -> Figure:
        """Draw the network as a function of the position, with its derivative below.

        Parameters
        ----------
        points, targets : array-like of shape (n,), optional
            Positions and values of samples to draw beside the function; both or none.

        Returns
        -------
        matplotlib.figure.Figure
            Above, each output as a polyline, with a dot at each breakpoint in the color of the
            layer whose neuron bends it there. Below, the slope of each output.

        Raises
        ------
        ShapeMismatch
            If points and targets are not as many finite numbers each.
        """
        from splineviz.partition.one_dimensional.plotting import plot_segment

        return plot_segment(self, points, targets)
