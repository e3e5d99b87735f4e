"""SegmentPartition: the intervals into which a network cuts a segment, as plain arrays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from splineviz.errors import InvalidArgument, NonFiniteValues, ShapeMismatch
from splineviz.network.outputs import predicted_classes
from splineviz.partition.measures.neuron_boundaries import neuron_layer
from splineviz.partition.one_dimensional.breakpoints import BreakpointTable, breakpoint_table
from splineviz.partition.one_dimensional.class_changes import class_changes
from splineviz.partition.one_dimensional.input_segment import InputSegment
from splineviz.partition.patterns import LayerPattern

if TYPE_CHECKING:
    import pandas as pd
    import torch
    from matplotlib.figure import Figure

    from splineviz.network.program import Program
    from splineviz.partition.one_dimensional.certificate import SegmentCertificate
    from splineviz.partition.spline_partition import SplinePartition

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SegmentPartition:
    """All activation regions of a network on a segment: intervals, from left to right.

    Made by :func:`splineviz.enumerate_regions` of an
    :class:`~splineviz.partition.one_dimensional.input_segment.InputSegment`. On each interval
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
        from splineviz.drawing.html import shown
        from splineviz.partition.in_html import segment_partition_html

        return shown(lambda: segment_partition_html(self), repr(self))

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
    def _path(self) -> tuple[npt.NDArray[np.int64], FloatArray]:
        """The strip's regions from left to right, and the positions between them."""
        edges, xy = self.strip.edges, self.strip.vertices
        inner = np.flatnonzero((edges.regions >= 0).all(axis=1))
        first, second = edges.vertices[inner].T
        upward = xy[second, 1] > xy[first, 1]
        # Left of an edge that goes up is what has the lower positions.
        left, right = np.where(upward, edges.regions[inner].T, edges.regions[inner].T[::-1])
        positions = xy[np.where(upward, first, second), 0]
        n = len(self.strip)
        following, at = np.full(n, -1), np.empty(n)
        following[left], at[left] = right, positions
        order = np.empty(n, dtype=np.int64)
        order[0] = np.setdiff1d(np.arange(n), right)[0]
        # By who borders on whom: positions of thin regions may be equal in float64.
        for i in range(1, n):
            order[i] = following[order[i - 1]]
        return order, at[order[:-1]]

    @property
    def _order(self) -> npt.NDArray[np.int64]:
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

    def locate(self, positions: npt.ArrayLike) -> npt.NDArray[np.int64]:
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
        t = _as_positions(positions)
        low, high = self.segment.bounds
        region = np.searchsorted(self.breakpoints, t, side="left")
        return np.where((t < low) | (t > high), -1, region).astype(np.int64)

    def distance_to_breakpoint(self, positions: npt.ArrayLike) -> FloatArray:
        """Distance of each position from the nearest breakpoint; infinity if there is none.

        Parameters
        ----------
        positions : array-like of shape (n,)
            On the segment or not.

        Returns
        -------
        float64 array of shape (n,)
        """
        t = _as_positions(positions)
        around = np.concatenate([[-np.inf], self.breakpoints, [np.inf]])
        after = np.searchsorted(self.breakpoints, t) + 1
        return np.minimum(np.abs(t - around[after - 1]), np.abs(around[after] - t))

    def breakpoint_density(self, positions: npt.ArrayLike, radius: float) -> FloatArray:
        """Number of breakpoints near each position, per length that was looked at.

        Parameters
        ----------
        positions : array-like of shape (n,)
        radius : float
            How far to look to either side, in units of the position.

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
        """
        if not (np.isfinite(radius) and radius > 0):
            raise InvalidArgument(f"the radius must be a positive number, not {radius!r}")
        t = _as_positions(positions)
        low = np.maximum(t - radius, self.segment.bounds[0])
        high = np.minimum(t + radius, self.segment.bounds[1])
        count = np.searchsorted(self.breakpoints, high, side="right") - np.searchsorted(
            self.breakpoints, low, side="left"
        )
        length = high - low
        return np.where(length > 0, count / np.where(length > 0, length, 1.0), np.nan)

    # ------------------------------------------------------------------ which pattern

    def activation_patterns(self) -> npt.NDArray[np.bool_]:
        """Which neurons are active in each region, bool array (R, total width).

        Columns are the neurons of all activations in network order.
        """
        return self.strip.activation_patterns()[self._order]

    def activation_counts(self) -> npt.NDArray[np.int64]:
        """How many neurons of each layer are active in each region, int64 array (R, L)."""
        return self.strip.activation_counts()[self._order]

    def pattern_hashes(self) -> npt.NDArray[np.uint32]:
        """A number made of each region's activation pattern, as in a SplinePartition: (R,)."""
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

    @cached_property
    def values(self) -> FloatArray:
        """The network's outputs at :attr:`ends`, shape (R + 1, out).

        Joined by straight lines they are the graph of the network.
        """
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
        t = _as_positions(positions)
        region = self.locate(t)
        slope, offset = self._affine_maps
        found = slope[region] * t[:, None] + offset[region]
        found[region < 0] = np.nan
        return found

    def predictions(self) -> npt.NDArray[np.int64]:
        """The class predicted at the middle of each region, shape (R,).

        The largest output; for a network with one output, 1 where it is positive and 0 elsewhere.
        """
        slope, offset = self._affine_maps
        return predicted_classes(slope * self.midpoints[:, None] + offset)

    def decision_boundary(self) -> FloatArray:
        """The positions at which the predicted class changes, increasing, shape (k,).

        There the two largest outputs are equal; for a network with one output, it is zero.
        """
        return class_changes(self.ends, self.values)

    def linear_regions(self) -> npt.NDArray[np.int64]:
        """The linear region that each activation region is part of, int64 array (R,).

        Neighbors whose slopes are equal up to rounding are one linear region: nothing reads the
        neuron between them, or what it adds cancels. Numbered from left to right.
        """
        label = self.strip.merge_linear().label[self._order]
        return np.concatenate([[0], np.cumsum(np.diff(label) != 0)]).astype(np.int64)

    # ------------------------------------------------------------------ proof, tables, pictures

    def verify(self, model: torch.nn.Module | Program) -> SegmentCertificate:
        """Prove that these are the regions of the given network on the segment.

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
        import pandas as pd

        slope, offset = self._affine_maps
        columns: dict[str, npt.NDArray[np.generic]] = {
            "start": self.ends[:-1],
            "end": self.ends[1:],
            "length": self.lengths,
            "prediction": self.predictions(),
        }
        for k in range(slope.shape[1]):
            columns |= {f"slope_{k}": slope[:, k], f"offset_{k}": offset[:, k]}
        counts = self.activation_counts()
        for i, layer in enumerate(self.layers):
            columns[f"active_{layer.name}"] = counts[:, i]
        return pd.DataFrame(columns, index=pd.RangeIndex(len(self), name="region"))

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


def _as_positions(positions: npt.ArrayLike) -> FloatArray:
    t = np.asarray(positions, dtype=np.float64)
    if t.ndim != 1:
        raise ShapeMismatch(f"positions have shape {t.shape}; expected (n,)")
    if not np.isfinite(t).all():
        raise NonFiniteValues(f"{(~np.isfinite(t)).sum()} positions are NaN or infinite")
    return t
