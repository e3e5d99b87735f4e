"""One way of the vertices round some samples through a traced network."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace

import numpy as np
import torch

from splineviz.complexity.bending import Windows, bend, slopes_at
from splineviz.complexity.coefficients import Coefficients
from splineviz.complexity.layout import rows_of, values_of
from splineviz.complexity.neighborhood import Neighborhood, neighborhood_of
from splineviz.complexity.pairs import Differences, Ends, Pairs
from splineviz.complexity.rounding import Rounding
from splineviz.complexity.scratch import Scratch
from splineviz.complexity.span import Near, Span
from splineviz.network.contest import Contest
from splineviz.network.kinks import Kinks
from splineviz.network.program import Program

# Covers the rounding of lengths.
_LONGER = 1.001
# If more than one value in so many lies near a kink, it is not worth looking which pairs bend.
_MANY = 8


@dataclass(frozen=True, eq=False)
class Carried:
    """A value of the program at the vertices.

    Attributes
    ----------
    d : Differences
        From the centre. Before the first activation they are in float64, and divided by the radius.
    size, variance : tensor (n or 1, columns)
        Bounds of the differences, and squares of their errors, as in
        :class:`~splineviz.complexity.rounding.Rounding`.
    linear : bool
        Whether no activation lies before it.
    private : bool
        Whether nothing else is made of it or shares its memory, so that the one step that reads it
        may write to it.
    ends : pair of tensor (n or 1, columns), or None
        The smallest and the largest difference, where they are known.
    """

    d: Differences
    size: torch.Tensor
    variance: torch.Tensor
    linear: bool = False
    private: bool = False
    ends: Ends | None = None


class Pass:
    """One way of the vertices round some samples through a network.

    Parameters
    ----------
    program : Program
        The network.
    centres : dict of int to float64 tensor (n, *shape)
        Its values at the samples.
    directions : float64 tensor (n or 1, p, *input_shape)
        The directions, of each sample or of all.
    radius : float
        r.
    coarse, fine : dict of int to Coefficients
        The steps in the type of the differences, and in float64.
    dtype : torch.dtype
        The type of the differences behind the first activation.
    private : set of int
        The values that only one step reads and that share no memory with another.
    switching : set of int
        The values of which neurons switch, so that their range is asked for.
    straight : dict of int to tensor
        What steps before the first activation have made of these directions, where all samples
        share them; what is missing is added.
    scratch : Scratch
        Where large tensors come from.
    """

    def __init__(
        self,
        program: Program,
        centres: Mapping[int, torch.Tensor],
        directions: torch.Tensor,
        radius: float,
        coarse: Mapping[int, Coefficients],
        fine: Mapping[int, Coefficients],
        dtype: torch.dtype,
        private: Set[int],
        switching: Set[int],
        straight: dict[int, torch.Tensor],
        scratch: Scratch,
    ) -> None:
        self.program = program
        self.private, self.switching = private, switching
        self.straight, self.scratch = straight, scratch
        self.centres = centres
        self.directions = directions
        self.radius = radius
        self.coarse, self.fine, self.dtype = coarse, fine, dtype
        self.rounding = Rounding(dtype, radius)
        self._spans: dict[int, Span] = {}
        self.pairs = Pairs(len(centres[0]), directions.shape[1], directions.device)

    def start(self) -> Carried:
        """The input."""
        mirrored = rows_of(self.directions, 2)
        size = mirrored.abs().amax(1)
        variance = torch.zeros_like(size, dtype=self.dtype)
        return Carried(Differences(mirrored, mirrored[0, :0]), size, variance, linear=True)

    def mapped(self, i: int, inputs: Sequence[Carried]) -> Carried:
        """What an affine step makes."""
        linear = all(one.linear for one in inputs)
        carried = [one if linear else self._now(one) for one in inputs]
        d = self._straight(i, carried) if linear else self._through(i, self.coarse[i], carried)
        size, variance = self._bounds(i, carried)
        ends = None
        # Elsewhere a bound is enough, but where values are exact it would be far larger.
        if linear or i + 1 in self.switching:
            low, high = ends = self.pairs.ends(d)
            size = torch.maximum(-low, high) / (1.0 if linear else self.radius)
        return Carried(d, size, variance, linear, i + 1 in self.private, ends)

    def _straight(self, i: int, carried: Sequence[Carried]) -> Differences:
        """The differences behind a step before the first activation."""
        known = self.straight.get(i)
        if known is not None:
            return Differences(known, known[0, :0])
        d = self._through(i, self.fine[i], carried)
        if len(d.mirrored) == 1:
            self.straight[i] = d.mirrored
        return d

    def _through(self, i: int, step: Coefficients, carried: Sequence[Carried]) -> Differences:
        """The differences behind a step."""
        inputs = self.program.steps[i].inputs

        def made(sides: Sequence[torch.Tensor]) -> torch.Tensor:
            size = len(sides[0]), math.prod(self.program.shapes[i + 1])
            if not len(sides[0]):
                return sides[0].new_empty(size)
            if step.matrix is not None:
                out = self.scratch.take(size, sides[0])
                return torch.mm(sides[0], step.matrix.T, out=out)
            shapes = [self.program.shapes[value] for value in inputs]
            read = [values_of(side, shape) for side, shape in zip(sides, shapes, strict=True)]
            return rows_of(step.linear(read), 1)

        count = max(len(one.d.mirrored) for one in carried)
        mirrored = [one.d.mirrored.expand(count, -1, -1).flatten(0, 1) for one in carried]
        apart = made([one.d.apart for one in carried])
        return Differences(made(mirrored).reshape(count, -1, apart.shape[1]), apart)

    def _bounds(self, i: int, carried: Sequence[Carried]) -> tuple[torch.Tensor, torch.Tensor]:
        """Size and variance behind an affine step."""
        return self.rounding.stepped(
            self.coarse[i],
            [self.centres[value] for value in self.program.steps[i].inputs],
            [one.size for one in carried],
            [one.variance for one in carried],
            linear=carried[0].linear,
        )

    def activated(self, i: int, inputs: Sequence[Carried]) -> Carried:
        """What an activation makes; pairs that it bends part."""
        rule, read = self.program.activation_at[i].rule, self.program.steps[i].inputs
        if isinstance(rule, Contest):
            return self._contested(i, rule, inputs)
        span, carried = self.span(read[0], inputs[0]), self._typed(inputs[0])
        points = tuple(rule.points.tolist())
        near = span.near(points)
        if self.pairs.whole or len(near.sample) * _MANY > span.centre.numel():
            self.pairs.part_all()
        else:
            self._part(near, points, carried.d)
        slopes = self.coarse[i].by_segment(rule.slopes)
        slope = slopes_at(rule, slopes, span.centre, self.dtype)
        steep = self._largest(slope.abs(), span, near, carried, rule.steepest)
        summed = steep
        if not np.array_equal(rule.sums, rule.slopes):
            numbers = self.coarse[i].by_segment(np.abs(rule.slopes) if rule.whole else rule.sums)
            sums = slopes_at(rule, numbers, span.centre, self.dtype)
            summed = self._largest(sums, span, near, carried, float(rule.sums.max()))
        size, variance = self.rounding.bent(
            carried.variance, carried.size, steep, summed, len(points)
        )
        d = self._bent(rule, slopes, span.centre, slope, carried)
        return Carried(d, size, variance, private=i + 1 in self.private)

    def _largest(
        self, numbers: torch.Tensor, span: Span, near: Near, carried: Carried, largest: float
    ) -> torch.Tensor:
        """Numbers for the slopes at the centres, in place those for all that vertices may meet."""
        # What comes near a kink may meet any slope, and so may vertices on one side of the centre.
        numbers[near.sample, near.column] = largest
        if len(carried.d.apart):
            numbers.masked_fill_((span.low > 0) | (span.high < 0), largest)
        return numbers

    def _part(self, near: Near, points: tuple[float, ...], d: Differences) -> None:
        """Part the pairs of which not both vertices lie strictly on one side of each kink.

        Parameters
        ----------
        near : Near
            The neurons that come near one.
        points : tuple of float
            Where the kinks are.
        d : Differences
            Those of the vertices.
        """
        reach = self.pairs.mirrored_at(d, near.sample, near.column).abs()
        bends = torch.zeros_like(reach, dtype=torch.bool)
        for point in points:
            room = (near.centre - point).abs() - near.noise
            bends |= ~(reach < room.unsqueeze(1))
        which, direction = bends.nonzero(as_tuple=True)
        self.pairs.part(near.sample[which], direction)

    def _bent(
        self,
        rule: Kinks,
        slopes: Sequence[float | torch.Tensor],
        centre: torch.Tensor,
        slope: torch.Tensor,
        carried: Carried,
    ) -> Differences:
        """The differences behind an activation, whose slopes at the centres are given too."""
        pairs, d = self.pairs, carried.d
        if pairs.whole:
            # Else they were put together just now.
            reuse = carried.private or not d.whole
            return Differences.of_all(bend(rule, slopes, centre, pairs.vertices(d), reuse=reuse))
        apart = pairs.apart(d)
        each = apart.unsqueeze(1)
        apart = bend(rule, slopes, centre, each, pairs.sample, reuse=True).squeeze(1)
        # The others lie between two kinks, where a product is enough.
        mirrored = d.mirrored
        if not carried.private or len(mirrored) < len(centre):
            mirrored = self.scratch.take((len(centre), *mirrored.shape[1:]), mirrored)
        torch.mul(d.mirrored, slope.unsqueeze(1), out=mirrored)
        return Differences(pairs.cleared(mirrored, d), apart)

    def _contested(self, i: int, rule: Contest, inputs: Sequence[Carried]) -> Carried:
        windows, d, size, variance = self._competing(rule, self.program.steps[i].inputs, inputs)
        # What is straight stays so only if no winner changes, which is not worth looking for.
        self.pairs.part_all()
        shape = self.program.shapes[i + 1]
        size, variance = (
            rows_of(windows.largest(numbers).unflatten(1, shape), 1) for numbers in (size, variance)
        )
        d = rows_of(windows.winners(d).unflatten(2, shape), 2)
        return Carried(Differences.of_all(d), size, self.rounding.won(variance, size))

    def give_back(self, carried: Carried) -> None:
        """Let others have the memory of a value that was private and is read no more."""
        if not carried.linear:
            self.scratch.give(carried.d.apart)
            if not carried.d.whole:
                self.scratch.give(carried.d.mirrored)

    def margins(
        self, rule: Contest, values: Sequence[int], carried: Sequence[Carried]
    ) -> Neighborhood:
        """By how much the candidates of a contest win."""
        windows, d, _, variance = self._competing(rule, values, carried)
        margins = windows.margins(d)
        # A margin is a difference of two values.
        noise = 2 * self.rounding.noise(windows.largest_by_column(variance), linear=False)
        at_sample = windows.margins(torch.zeros_like(d[:, :1]))[:, 0]
        return neighborhood_of(margins, at_sample, noise)

    def _competing(
        self, rule: Contest, values: Sequence[int], carried: Sequence[Carried]
    ) -> tuple[Windows, torch.Tensor, torch.Tensor, torch.Tensor]:
        """The windows; differences, sizes and variances of all that the contest reads."""
        centre = torch.cat([self.centres[value].flatten(1) for value in values], 1)
        shapes = [self.program.shapes[value] for value in values]
        typed = [self._typed(one) for one in carried]

        def joined(parts: Sequence[torch.Tensor]) -> torch.Tensor:
            lead = parts[0].ndim - 1
            flat = [values_of(p, s).flatten(lead) for p, s in zip(parts, shapes, strict=True)]
            return torch.cat([part.expand(len(centre), *[-1] * lead) for part in flat], -1)

        d = joined([self.pairs.vertices(one.d) for one in typed])
        size = joined([one.size for one in typed])
        variance = joined([one.variance for one in typed])
        return Windows(rule, centre), d, size, variance

    def neighborhood(self, value: int, carried: Carried) -> Neighborhood:
        """A value at the vertices."""
        scale = self.radius if carried.linear else 1.0
        span = self.span(value, carried)
        return Neighborhood(span, lambda: scale * self.pairs.vertices(carried.d))

    def span(self, value: int, carried: Carried) -> Span:
        """The range of a value over the vertices."""
        if value not in self._spans:
            low, high = carried.ends or self.pairs.ends(carried.d)
            if carried.linear:
                low, high = self.radius * low, self.radius * high
            noise = self.rounding.noise(carried.variance, carried.linear)
            self._spans[value] = Span(rows_of(self.centres[value], 1), low, high, noise)
        return self._spans[value]

    def looked_at(self, i: int, read: Carried, points: Sequence[float]) -> Neighborhood:
        """What a dense step makes, if only the side of some points is asked.

        No difference is longer than the product of the lengths of what it is a product of. So most
        neurons are too far from the points to be crossed, and only the others are looked at.
        """
        matrix = self.coarse[i].matrix
        assert matrix is not None
        carried = self._now(read)
        bound = _LONGER * self.pairs.longest(carried.d) * self.coarse[i].lengths
        noise = self.rounding.noise(self._bounds(i, [carried])[1], linear=False)
        centre = rows_of(self.centres[i + 1], 1)
        close = torch.zeros_like(centre, dtype=torch.bool)
        for point in points:
            close |= ~((centre - point).abs() > bound + noise)
        if int(close.sum()) > len(centre):
            return self.neighborhood(i + 1, self.mapped(i, [read]))
        low, high = self.pairs.ends_of_products(carried.d, matrix, close, bound, self.scratch)
        return Neighborhood(
            Span(centre, low, high, noise), lambda: self.pairs.vertices(self.mapped(i, [read]).d)
        )

    def _now(self, carried: Carried) -> Carried:
        """A value of the pairs as they are now, in the type of the differences."""
        typed = self._typed(carried)
        return replace(typed, d=self.pairs.parted(typed.d))

    def _typed(self, carried: Carried) -> Carried:
        if not carried.linear:
            return carried
        mirrored = (self.radius * carried.d.mirrored).to(self.dtype)
        size = carried.size.to(self.dtype)
        variance = self.rounding.typed(carried.variance, size)
        return Carried(Differences(mirrored, mirrored[0, :0]), size, variance, private=True)
