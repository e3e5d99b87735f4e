"""One forward pass of the cross-polytope's vertices, stored as differences from the center."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch

from splineviz.complexity.propagation.activation_deltas import (
    MaxWindows,
    activation_delta,
    local_slopes,
)
from splineviz.complexity.propagation.layer_vertices import LayerVertices, layer_vertices_of
from splineviz.complexity.propagation.memory_layout import rows_of, values_of
from splineviz.complexity.propagation.opaque_steps import Opaque
from splineviz.complexity.propagation.preactivation_range import PreactivationRange, UnstableNeurons
from splineviz.complexity.propagation.rounding import Rounding, rounded
from splineviz.complexity.propagation.step_operator import StepOperator
from splineviz.complexity.propagation.vertex_deltas import AntipodalPairs, Ends, VertexDeltas
from splineviz.network.interpret import Domain
from splineviz.network.max_selection import MaxSelection
from splineviz.network.piecewise_linear import PiecewiseLinear
from splineviz.network.program import Program


@dataclass(frozen=True, eq=False)
class LayerDeltas:
    """A value of the program at the vertices, as differences from the value at the sample.

    Attributes
    ----------
    d : VertexDeltas
        Before the first activation in float64, and divided by the radius.
    size, variance : tensor (n or 1, width)
        As in :class:`~splineviz.complexity.propagation.rounding.Rounding`.
    linear : bool
        Whether no activation lies before it.
    ends : pair of tensor (n or 1, width), or None
        Bounds of the differences, if they are known.
    """

    d: VertexDeltas
    size: torch.Tensor
    variance: torch.Tensor
    linear: bool = False
    ends: Ends | None = None


@dataclass(frozen=True, eq=False)
class KeptValues:
    """Truth values or places at the vertices, (n * 2 P, *shape), which have no differences."""

    values: torch.Tensor


Value: TypeAlias = LayerDeltas | KeptValues


@dataclass(frozen=True, eq=False)
class _Look:
    """What is known about the neurons of one value.

    Attributes
    ----------
    span : PreactivationRange
        Their range, exact for those that come near a breakpoint.
    near : UnstableNeurons or None
        Those that come near a breakpoint at some vertex. None if pairs are split.
    vertices : tensor (neurons, 2 P), or None
        The differences of the neurons in `near` at all vertices.
    """

    span: PreactivationRange
    near: UnstableNeurons | None = None
    vertices: torch.Tensor | None = None


class ForwardPass(Domain[Value]):
    """One pass of the vertices around some samples through a network.

    Parameters
    ----------
    program : Program
        The network.
    centers : dict of int to tensor (n, *shape)
        Its values at the samples; numbers are in float64.
    directions : float64 tensor (n or 1, P, *input_shape)
        The directions, of each sample or of all.
    radius : float
        r.
    coarse, fine : dict of int to StepOperator
        The steps in the type of the differences, and in float64.
    dtype : torch.dtype
        The type of the differences after the first activation.
    switching : dict of int to tuple of float
        The points at which neurons switch, for each value that an activation reads or that is
        watched.
    last : set of int
        The values that are watched and that no step reads.
    straight : dict of int to tensor
        The results of steps before the first activation, if all samples share the directions.
        This pass adds those that are missing.
    """

    def __init__(
        self,
        program: Program,
        centers: Mapping[int, torch.Tensor],
        directions: torch.Tensor,
        radius: float,
        coarse: Mapping[int, StepOperator],
        fine: Mapping[int, StepOperator],
        dtype: torch.dtype,
        switching: Mapping[int, tuple[float, ...]],
        last: Set[int],
        straight: dict[int, torch.Tensor],
    ) -> None:
        super().__init__(program)
        self.centers = centers
        self.directions = directions
        self.radius = radius
        self.coarse, self.fine, self.dtype = coarse, fine, dtype
        self.switching, self.last, self.straight = switching, last, straight
        self.rounding = Rounding(dtype, radius)
        self.pairs = AntipodalPairs(len(centers[0]), directions.shape[1], dtype, directions.device)
        self._looks: dict[int, _Look] = {}

    def start(self) -> LayerDeltas:
        """Begin with the input."""
        rows = rows_of(self.directions, 2)
        size = rows.abs().amax(1)
        variance = torch.zeros_like(size, dtype=self.dtype)
        return LayerDeltas(VertexDeltas.odd(rows), size, variance, linear=True)

    # Affine steps -----------------------------------------------------------------------------

    def affine(self, i: int, inputs: Sequence[Value]) -> Value:
        """Apply an affine step."""
        if any(isinstance(one, KeptValues) for one in inputs):
            # Only steps that rearrange numbers read truth values or places.
            return KeptValues(self.fine[i].linear(self._at_vertices(i, inputs)))
        read = _numbers(inputs)
        linear = all(one.linear for one in read)
        if not linear:
            read = [self._now(one) for one in read]
        d = self._straight(i, read) if linear else self._through(i, self.coarse[i], read)
        size, variance = self.rounding.stepped(
            self.coarse[i],
            [self.centers[value] for value in self.program.steps[i].inputs],
            [one.size for one in read],
            [one.variance for one in read],
            linear=linear,
        )
        ends = None
        # The extent is smaller than the bound of `stepped`; here it is needed anyway.
        if linear or i + 1 in self.switching:
            low, high = ends = self.pairs.extent(d)
            size = torch.maximum(-low, high) / (1.0 if linear else self.radius)
        return LayerDeltas(d, size, variance, linear, ends)

    def _straight(self, i: int, read: Sequence[LayerDeltas]) -> VertexDeltas:
        """Apply a step before the first activation."""
        known = self.straight.get(i)
        if known is not None:
            return VertexDeltas.odd(known)
        d = self._through(i, self.fine[i], read)
        if len(d.rows) == 1:
            self.straight[i] = d.rows
        return d

    def _through(self, i: int, step: StepOperator, read: Sequence[LayerDeltas]) -> VertexDeltas:
        """Apply an affine step to differences."""
        shapes = [self.program.shapes[value] for value in self.program.steps[i].inputs]
        width = math.prod(self.program.shapes[i + 1])

        def applied(sides: Sequence[torch.Tensor]) -> torch.Tensor:
            if not len(sides[0]):
                return sides[0].new_empty(0, width)
            if step.matrix is not None:
                return sides[0] @ step.matrix.T
            return rows_of(step.linear([*map(values_of, sides, shapes)]), 1)

        samples = max(len(one.d.rows) for one in read)
        rows = applied([one.d.rows.expand(samples, -1, -1).flatten(0, 1) for one in read])
        rows = rows.reshape(samples, -1, width)
        units = read[0].d.units
        if step.matrix is not None:
            # The image of a unit vector is a column of the weights.
            of_units = step.matrix.T[units]
            columns = torch.cat([applied([read[0].d.columns]), of_units])
        else:
            columns = applied(_alike([one.d.dense_columns() for one in read]))
        return VertexDeltas(rows, columns, units[:0], read[0].d.split)

    # Activations ------------------------------------------------------------------------------

    def activation(self, i: int, inputs: Sequence[Value]) -> Value:
        """Apply an activation."""
        rule, values = self.program.activation_at[i].rule, self.program.steps[i].inputs
        read = _numbers(inputs)
        if isinstance(rule, MaxSelection):
            return self._won(i, rule, read)
        look = self._look(values[0], read[0])
        carried = self._now(read[0])
        slopes = self.coarse[i].by_segment(rule.slopes)
        slope = local_slopes(rule, slopes, look.span.center, self.dtype)
        steep = self._largest(slope.abs(), look, rule, rule.largest_slope)
        summed = steep
        if not np.array_equal(rule.slope_variation, rule.slopes):
            numbers = self.coarse[i].by_segment(
                np.abs(rule.slopes) if rule.unit_slopes else rule.slope_variation
            )
            sums = local_slopes(rule, numbers, look.span.center, self.dtype)
            summed = self._largest(sums, look, rule, float(rule.slope_variation.max()))
        # Forming the odd and the even part takes two more sums.
        size, variance = self.rounding.bent(
            carried.variance, carried.size, steep, summed, len(rule.breakpoints) + 2
        )
        if look.near is None:
            vertices = activation_delta(rule, slopes, look.span.center, carried.d.rows)
            return LayerDeltas(VertexDeltas.of_all(vertices), size, variance)
        bent = self._bent(rule, slopes, slope, look, carried.d, self._is_spent(values[0], i))
        return LayerDeltas(bent, size, variance)

    def _is_spent(self, value: int, i: int) -> bool:
        """Whether the rows of a value may be overwritten: no step but `i` reads them."""
        made_anew = value > 0 and self.coarse[value - 1].matrix is not None
        return made_anew and self.program.last_use[value] == i

    def _largest(
        self, numbers: torch.Tensor, look: _Look, rule: PiecewiseLinear, largest: float
    ) -> torch.Tensor:
        """Raise numbers at the centers to the largest that any vertex may meet, in place."""
        # A neuron near a breakpoint may meet any slope at some vertex.
        if look.near is not None:
            numbers[look.near.sample, look.near.column] = largest
            return numbers
        near = look.span.with_sample().unstable(tuple(rule.breakpoints.tolist()))
        numbers[near.sample, near.column] = largest
        return numbers

    def _bent(
        self,
        rule: PiecewiseLinear,
        slopes: Sequence[float | torch.Tensor],
        slope: torch.Tensor,
        look: _Look,
        d: VertexDeltas,
        overwrite: bool,
    ) -> VertexDeltas:
        """Apply an activation to pairs of differences, in place if that is allowed."""
        near, vertices = look.near, look.vertices
        assert near is not None
        assert vertices is not None
        sample, column = near.sample, near.column
        own = [s if isinstance(s, float) else s[column].view(-1, 1, 1) for s in slopes]
        bent = activation_delta(rule, own, near.center.unsqueeze(1), vertices.unsqueeze(2)).squeeze(
            2
        )
        plus, minus = bent.chunk(2, 1)
        # Writing to new memory takes longer than the product itself.
        in_place = overwrite and len(d.rows) == len(slope)
        rows = d.rows if in_place else d.rows.new_empty(len(slope), *d.rows.shape[1:])
        torch.mul(d.rows, slope.unsqueeze(1), out=rows)
        rows[sample, :, column] = (plus - minus).mul_(0.5)
        # The part beyond the affine map at the sample: zero where the activation does not bend.
        plus, minus = bent.sub_(slope[sample, column].unsqueeze(1) * vertices).chunk(2, 1)
        even = (plus + minus).mul_(0.5)
        new = (even != 0).any(1).nonzero()[:, 0]
        columns = d.dense_columns() * slope[self.pairs.sample[: d.switched]]
        columns, _ = _alike([columns, columns.new_empty(len(self.pairs.sample), columns.shape[1])])
        self.pairs.add(sample[new], even[new])
        return VertexDeltas(rows, columns, column[new])

    def _won(self, i: int, rule: MaxSelection, read: Sequence[LayerDeltas]) -> LayerDeltas:
        # Pairs would survive only if no winner changes, which is not worth testing.
        self.pairs.split = True
        windows, d, size, variance = self._competing(rule, self.program.steps[i].inputs, read)
        shape = self.program.shapes[i + 1]
        size, variance = (
            rows_of(windows.largest(numbers).unflatten(1, shape), 1) for numbers in (size, variance)
        )
        d = rows_of(windows.winners(d).unflatten(2, shape), 2)
        return LayerDeltas(VertexDeltas.of_all(d), size, rounded(variance, size, 3))

    def _competing(
        self, rule: MaxSelection, values: Sequence[int], read: Sequence[LayerDeltas]
    ) -> tuple[MaxWindows, torch.Tensor, torch.Tensor, torch.Tensor]:
        """Collect windows, and differences, sizes and variances of the inputs of a selection."""
        center = torch.cat([self.centers[value].flatten(1) for value in values], 1)
        shapes = [self.program.shapes[value] for value in values]
        typed = [self._typed(one) for one in read]

        def joined(parts: Sequence[torch.Tensor]) -> torch.Tensor:
            lead = parts[0].ndim - 1
            flat = [values_of(p, s).flatten(lead) for p, s in zip(parts, shapes, strict=True)]
            return torch.cat([tensor.expand(len(center), *[-1] * lead) for tensor in flat], -1)

        d = joined([self.pairs.vertices(one.d) for one in typed])
        size = joined([one.size for one in typed])
        variance = joined([one.variance for one in typed])
        return MaxWindows(rule, center), d, size, variance

    # Opaque steps -----------------------------------------------------------------------------

    def opaque(self, i: int, inputs: Sequence[Value]) -> Value:
        """Let torch apply a step to the values at each vertex."""
        self.pairs.split = True
        opaque = Opaque(self.fine[i], self.rounding, self.pairs.samples)
        read = self._at_vertices(i, inputs)
        result = self.fine[i].value(read)
        if not result.is_floating_point():
            return KeptValues(result)
        shapes = [self.program.shapes[value] for value in self.program.steps[i].inputs]
        variances = [
            None if isinstance(one, KeptValues) else values_of(self._typed(one).variance, shape)
            for one, shape in zip(inputs, shapes, strict=True)
        ]
        d, size, variance = opaque.deltas(self.centers[i + 1], read, result, variances)
        return LayerDeltas(VertexDeltas.of_all(d), size, variance)

    def _at_vertices(self, i: int, inputs: Sequence[Value]) -> list[torch.Tensor]:
        """Compute a step's inputs at all vertices, (n * 2 P, *shape), in float64."""
        at_vertices = []
        for value, read in zip(self.program.steps[i].inputs, inputs, strict=True):
            if isinstance(read, KeptValues):
                at_vertices.append(read.values)
                continue
            d = self.pairs.vertices(read.d).double() * (self.radius if read.linear else 1.0)
            rows = rows_of(self.centers[value], 1).unsqueeze(1) + d
            at_vertices.append(values_of(rows.flatten(0, 1), self.program.shapes[value]))
        return at_vertices

    # Looking at values ------------------------------------------------------------------------

    def neighborhood(self, value: int, carried: LayerDeltas) -> LayerVertices:
        """Return a value at the vertices."""
        scale = self.radius if carried.linear else 1.0
        span = self._look(value, carried).span
        return LayerVertices(
            span,
            lambda: scale * self.pairs.vertices(carried.d),
            lambda sample, column: scale * self.pairs.at(carried.d, sample, column),
        )

    def margins(
        self, rule: MaxSelection, values: Sequence[int], inputs: Sequence[Value]
    ) -> LayerVertices:
        """Compute the leads of the candidates of a selection."""
        windows, d, _, variance = self._competing(rule, values, _numbers(inputs))
        margins = windows.margins(d)
        # A margin is a difference of two values.
        noise = 2 * self.rounding.noise(windows.largest_by_column(variance), linear=False)
        at_sample = windows.margins(torch.zeros_like(d[:, :1]))[:, 0]
        return layer_vertices_of(margins, at_sample, noise)

    def _look(self, value: int, carried: LayerDeltas) -> _Look:
        """Find the range of a value over the vertices, and split pairs if that is quicker."""
        if value not in self._looks:
            self._looks[value] = self._looked(value, carried)
        return self._looks[value]

    def _looked(self, value: int, carried: LayerDeltas) -> _Look:
        center = rows_of(self.centers[value], 1)
        scale = self.radius if carried.linear else 1.0
        low, high = carried.ends or self.pairs.extent(carried.d)
        low, high = scale * low, scale * high
        noise = self.rounding.noise(self._summed(carried), carried.linear)
        if self.pairs.split or carried.d.split:
            if not carried.d.split and carried.d.switched:
                low, high = self.pairs.extent(VertexDeltas.of_all(self.pairs.vertices(carried.d)))
            return _Look(PreactivationRange(center, low, high, noise))
        span, points = PreactivationRange(center, low, high, noise), self.switching[value]
        near = span.unstable(points)
        most = int(torch.bincount(near.sample, minlength=1).max())
        if not self.pairs.is_worth(len(near.sample), center.shape[1], most, value in self.last):
            self.pairs.split = True
            return self._looked(value, carried)
        vertices = self.pairs.at(carried.d, near.sample, near.column)
        if carried.linear:
            vertices = (scale * vertices).to(self.dtype)
        elif carried.d.switched:
            span = span.narrowed(near, vertices.amin(1), vertices.amax(1), points)
        return _Look(span, near, vertices)

    def _now(self, carried: LayerDeltas) -> LayerDeltas:
        """Convert a stored value to the present layout and dtype of the differences."""
        typed = self._typed(carried)
        if typed.d.split or not self.pairs.split:
            return typed
        d = VertexDeltas.of_all(self.pairs.vertices(typed.d))
        return LayerDeltas(d, typed.size, self._summed(typed))

    def _summed(self, carried: LayerDeltas) -> torch.Tensor:
        """The variance of the sums of odd and even parts."""
        terms = self.pairs.terms(carried.d)
        if not terms:
            return carried.variance
        return rounded(carried.variance, carried.size, terms + 2)

    def _typed(self, carried: LayerDeltas) -> LayerDeltas:
        if not carried.linear:
            return carried
        rows = (self.radius * carried.d.rows).to(self.dtype)
        size = carried.size.to(self.dtype)
        variance = self.rounding.typed(carried.variance, size)
        return LayerDeltas(VertexDeltas.odd(rows), size, variance)


def _numbers(inputs: Sequence[Value]) -> list[LayerDeltas]:
    return [one for one in inputs if isinstance(one, LayerDeltas)]


def _alike(columns: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """Pad sets of columns with zeros to the same number of neurons."""
    most = max(map(len, columns))
    return [
        one if len(one) == most else torch.nn.functional.pad(one, (0, 0, 0, most - len(one)))
        for one in columns
    ]
