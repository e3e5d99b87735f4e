"""enumerate_regions: a network and a slice in, every activation region out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, overload

import numpy as np
import shapely

from splineviz.errors import NonFiniteValues, TooManyRegions
from splineviz.network.activation import Activation
from splineviz.network.interpret import interpret
from splineviz.network.max_selection import MaxSelection
from splineviz.network.piecewise_linear import PiecewiseLinear
from splineviz.network.program import Program
from splineviz.network.tracing.program_of import piecewise_linear_program
from splineviz.partition.assembly import assemble
from splineviz.partition.engine.cells import CellComplex
from splineviz.partition.engine.cuts import Cut, breakpoint_cut, tournament_cuts
from splineviz.partition.engine.local_values import LocalValues
from splineviz.partition.engine.signs import Signs
from splineviz.partition.engine.subdivision import Subdivision, subdivide_cells
from splineviz.partition.engine.tournament import settle
from splineviz.partition.engine.vertex_values import VertexValues
from splineviz.partition.engine.workers import Workers, cores
from splineviz.partition.one_dimensional.graph_partition import graph_partition
from splineviz.partition.one_dimensional.segment_partition import SegmentPartition
from splineviz.partition.patterns import LayerPattern
from splineviz.partition.rounding.values import (
    MaxSelectionRounding,
    PiecewiseLinearRounding,
    SliceBounds,
    ValueBounds,
)
from splineviz.partition.slices.checks import check_slice
from splineviz.partition.slices.graph_slice import GraphSlice
from splineviz.partition.slices.input_segment import InputSegment
from splineviz.partition.slices.input_slice import InputSlice
from splineviz.partition.spline_partition import SplinePartition
from splineviz.progress import Progress, check_progress, showing
from splineviz.typing import Int32Array, Words
from splineviz.validation.calls import explained
from splineviz.validation.names import check_name
from splineviz.validation.numbers import as_int

if TYPE_CHECKING:
    import torch

# The rounds of a tournament make more cells than remain in the end: so many are allowed for each
# region, and so many in any case.
_CELLS_IN_ROUNDS = (8, 100_000)

# Beyond them areas, and sums of them, overflow or lose digits.
_LARGEST = 2.0**509
_SMALLEST_AREA = 1e-290
# A domain of a size below 2 to this, and above 2 to minus this, is taken as it is.
_EXTREME = 100

_Report = Callable[[int, int, int], object]


@overload
def enumerate_regions(
    model: torch.nn.Module | Program,
    plane: InputSlice,
    *,
    progress: Progress | bool | None = ...,
    threads: int | None = ...,
    engine: Literal["compiled", "shapely"] = ...,
    max_regions: int = ...,
) -> SplinePartition: ...


@overload
def enumerate_regions(
    model: torch.nn.Module | Program,
    plane: InputSegment,
    *,
    progress: Progress | bool | None = ...,
    threads: int | None = ...,
    engine: Literal["compiled", "shapely"] = ...,
    max_regions: int = ...,
) -> SegmentPartition: ...


@explained()
def enumerate_regions(
    model: torch.nn.Module | Program,
    plane: InputSlice | InputSegment,
    *,
    progress: Progress | bool | None = None,
    threads: int | None = None,
    engine: Literal["compiled", "shapely"] = "compiled",
    max_regions: int = 5_000_000,
) -> SplinePartition | SegmentPartition:
    """Every activation region of a network on a slice of its input space, in one or two dimensions.

    Parameters
    ----------
    model : torch.nn.Module or Program
        A piecewise-linear network, in any mode, dtype or device; it comes back untouched. Its
        weights are taken to float64. A Program needs no torch.
    plane : InputSlice or InputSegment
        The slice; its `input_shape` is that of one input of the network.
    progress : bool or callable, optional
        True shows a progress bar. A function is called after each activation as
        ``progress(done, total)``.
    threads : int, optional
        How many threads share the work; by default one for each core. The result does not depend
        on it.
    engine : {"compiled", "shapely"}
        "shapely" is the readable definition, :mod:`splineviz.partition.verification.reference`:
        polygons subdivided layer by layer. It gives the same regions, hundreds of times slower.
    max_regions : int
        Stop with an error when there are more. A million regions need about 2 GB of memory.

    Returns
    -------
    SplinePartition
        For a segment a
        :class:`~splineviz.partition.one_dimensional.segment_partition.SegmentPartition`, whose
        regions are intervals.

    Raises
    ------
    UnsupportedLayer
        If the network is not piecewise linear, or has a layer that cannot be traced. A softmax or
        the like at the end counts too: the output would not be affine on the regions.
    TraceMismatch
        If the trace does not compute what the network's own forward computes.
    ShapeMismatch
        If the slice lies in a space of another shape than the network's inputs.
    NonFiniteValues
        If a weight is NaN or infinite, or a value on the slice, its rounding or an area overflows.
    InvalidArgument
        If `plane` is no InputSlice, or `threads` or `max_regions` no whole number of at least 1.
    UnknownName
        If there is no such engine.
    TooManyRegions
        If there are more than `max_regions`; the message says how many were found, and what to
        make smaller.

    Notes
    -----
    The regions are those of SplineCam (Humayun et al., CVPR 2023), found in another way: all
    neurons of a layer at once, on a complex whose cells share their vertices, in float64. A
    vertex whose pre-activation is within rounding of zero lies on that neuron's boundary.

    Examples
    --------
    >>> import torch, splineviz as sv
    >>> net = torch.nn.Sequential(torch.nn.Linear(2, 1), torch.nn.ReLU())
    >>> net[0].weight.data[:] = torch.tensor([[1.0, 1.0]])
    >>> net[0].bias.data[:] = 0.0
    >>> len(sv.enumerate_regions(net, sv.InputSlice.identity()))
    2
    """
    if isinstance(plane, InputSegment):
        _check_length(plane)
        strip = enumerate_regions(
            model,
            plane.strip,
            progress=progress,
            threads=threads,
            engine=engine,
            max_regions=max_regions,
        )
        return SegmentPartition(plane, strip)
    if isinstance(plane, GraphSlice):
        line = enumerate_regions(
            model,
            plane.line,
            progress=progress,
            threads=threads,
            engine=engine,
            max_regions=max_regions,
        )
        return graph_partition(line, plane)
    check_slice(plane, graphs=True)
    _check_size(plane)
    check_name(("compiled", "shapely"), "engine", engine)
    count = cores() if threads is None else as_int(threads, "threads", 1)
    most = as_int(max_regions, "max_regions", 1)
    program = piecewise_linear_program(model, plane.input_shape, "the slice goes through inputs")
    workers = Workers(count)
    # They are closed twice: Ctrl-C may arrive while the first time is about to begin.
    with _reporting(progress) as report, closing(workers), workers:
        if engine == "shapely":
            from splineviz.partition.verification.reference import enumerate_with_shapely

            return enumerate_with_shapely(program, plane, report, most)
        # Products of coordinates must stay within float64; a power of two moves no digit.
        scale = _scale(plane)
        scaled = plane
        if scale != 1.0:
            domain = shapely.transform(plane.domain, lambda xy: xy / scale)
            scaled = InputSlice.unchecked(plane.origin, plane.basis * scale, domain)
        partition = _enumerate(program, scaled, report, most, workers)
        return (
            partition
            if scale == 1.0
            else replace(partition, plane=plane, vertices=partition.vertices * scale)
        )


def _check_size(plane: InputSlice) -> None:
    """Raise NonFiniteValues unless areas on the slice are numbers of full precision."""
    reach = float(np.abs(shapely.get_coordinates(plane.domain)).max())
    if reach > _LARGEST or not plane.domain.area > _SMALLEST_AREA:
        raise NonFiniteValues(
            f"the domain of the slice reaches to {reach:.1e} and has the area "
            f"{plane.domain.area:.1e}: areas overflow, or vanish, in float64. Choose a basis of "
            "the size of the domain, and coordinates around one"
        )


def _check_length(segment: InputSegment) -> None:
    """Raise NonFiniteValues unless areas on the strip of a segment have full precision."""
    low, high = segment.bounds
    reach, length = max(abs(low), abs(high)), high - low
    if max(reach, length) > _LARGEST or not length**2 > _SMALLEST_AREA:
        raise NonFiniteValues(
            f"the segment reaches to {reach:.1e} and has the length {length:.1e}: what is computed "
            "along it overflows, or vanishes, in float64. Choose a direction of the size of the "
            "segment, and positions around one"
        )


def _scale(plane: InputSlice) -> float:
    """The size of a domain as a power of two; 1 unless it is extreme."""
    reach = float(np.abs(shapely.get_coordinates(plane.domain)).max())
    exponent = int(np.frexp(reach)[1])
    return 2.0**exponent if abs(exponent) > _EXTREME else 1.0


@contextmanager
def _reporting(progress: Progress | bool | None) -> Iterator[_Report]:
    """The function to call with (activations done, activations in all, regions so far)."""
    check_progress(progress)
    if callable(progress):
        yield lambda done, total, regions: progress(done, total)
    elif not progress:
        yield lambda done, total, regions: None
    else:
        with showing("activation") as show:
            yield lambda done, total, regions: show(done, total, f"{regions:,} regions")


def _enumerate(
    program: Program,
    plane: InputSlice,
    report: _Report,
    most: int,
    workers: Workers,
) -> SplinePartition:
    subdividing = _Subdividing(program, plane, report, most, workers)
    wanted = [activation.step + 1 for activation in program.activations]
    interpret(subdividing, {0: subdividing.corners}, wanted)
    return subdividing.partition()


class _Subdividing(SliceBounds):
    """Bounds of values over the slice; each activation on the way subdivides the complex."""

    def __init__(
        self,
        program: Program,
        plane: InputSlice,
        report: _Report,
        most: int,
        workers: Workers,
    ) -> None:
        super().__init__(program)
        self.plane, self.report, self.most, self.workers = plane, report, most, workers
        self.cells = CellComplex.of_domain(plane.domain)
        self.n_corners = len(self.cells.xy)
        self.corners = ValueBounds.of_input(plane.embed(self.cells.xy))
        self.values = VertexValues(program, plane, self.cells, workers)
        self.layers: list[LayerPattern] = []

    def activation(self, i: int, inputs: Sequence[ValueBounds]) -> ValueBounds:
        """Subdivide the complex into the cells on which the activation is affine."""
        activation = self.program.activation_at[i]
        if isinstance(activation.rule, PiecewiseLinear):
            bounds = self._cut_at_breakpoints(activation, activation.rule, inputs)
        else:
            bounds = self._hold_tournament(activation, activation.rule, inputs)
        self.report(len(self.layers), len(self.program.activations), len(self.cells))
        return bounds

    def _cut_at_breakpoints(
        self, activation: Activation, rule: PiecewiseLinear, inputs: Sequence[ValueBounds]
    ) -> ValueBounds:
        """Every neuron cuts the cells where it meets a breakpoint."""
        (read,) = inputs
        cut = breakpoint_cut(self.program, activation.step, rule, read)
        signs, split = self._cut(cut, [], activation.name, self.most)
        self._add_layer(activation, split.parent, split.bits)
        # The columns of the first breakpoint tell the range of the values.
        width, shape = read.size.size, read.size.shape
        noise = cut.tolerance[:width]
        low, high = (
            (one[:width] + rule.breakpoints[0] + margin).reshape(shape)
            for one, margin in ((signs.low, -noise), (signs.high, noise))
        )
        return PiecewiseLinearRounding(rule).over_range(read, low, high)

    def _hold_tournament(
        self, activation: Activation, rule: MaxSelection, inputs: Sequence[ValueBounds]
    ) -> ValueBounds:
        """Candidates cut the cells in rounds; cells with the same winners are then joined again."""
        each, least = _CELLS_IN_ROUNDS
        rounds: list[tuple[Int32Array, Words]] = []
        for cut in tournament_cuts(self.program, activation.step, rule, inputs):
            parents = [parent for parent, _ in rounds]
            _, split = self._cut(cut, parents, activation.name, max(each * self.most, least))
            rounds.append((split.parent, split.bits))
        settled = settle(rule, self.cells, rounds, activation.number, self.n_corners)
        self.values.follow_dissolved(settled.dissolved)
        self.cells = settled.dissolved.cells
        if len(self.cells) > self.most:
            raise TooManyRegions(len(self.cells), self.most, activation.name)
        self._add_layer(activation, settled.parent, settled.bits)
        return MaxSelectionRounding(rule).over_slice(inputs).shaped(activation.shape)

    def _cut(
        self, cut: Cut, rounds: Sequence[Int32Array], name: str, limit: int
    ) -> tuple[Signs, Subdivision]:
        """Cut the cells where columns are zero; `rounds` are those of this activation so far."""
        local = LocalValues(
            self.program, self.plane, self.corners.unit, self.layers, rounds, self.cells
        )
        signs = self.values.signs(cut, local)
        split = subdivide_cells(self.cells, signs, len(self.layers), limit, name, self.workers)
        self.values.follow(split)
        self.cells = split.cells
        return signs, split

    def _add_layer(self, activation: Activation, parent: Int32Array, bits: Words) -> None:
        self.layers.append(LayerPattern(activation.name, activation.width, parent, bits))

    def partition(self) -> SplinePartition:
        """The partition, after all activations."""
        return assemble(self.program, self.plane, self.cells, tuple(self.layers), self.n_corners)
