"""One way of the vertices round some samples through a traced network.

Most neighbourhoods cross no neuron for a while. Up to its first crossing a neighbourhood is
straight: the network is one affine map on it, so that the vertex x - r v moves by the negative of
what x + r v moves by, and one of them is enough. Behind it, both are carried.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

import torch

from splineviz.complexity.bending import Windows, bend, slopes_at
from splineviz.complexity.coefficients import Coefficients
from splineviz.complexity.layout import rows_of, values_of
from splineviz.complexity.neighbourhood import Neighbourhood, extent
from splineviz.network.contest import Contest
from splineviz.network.kinks import Kinks
from splineviz.network.program import Program

# A vertex within so many times the error that is carried along counts as on the boundary. The
# error of a sum of products is carried as one unit of rounding of the root of the sum of their
# squares; tests hold that against what happens.
_SAFETY = 32.0
# Covers the rounding of lengths.
_LONGER = 1.001


Ends: TypeAlias = tuple[torch.Tensor, torch.Tensor]


@dataclass(frozen=True, eq=False)
class Carried:
    """A value of the program at the vertices, as differences from the centre.

    Attributes
    ----------
    bent : int64 tensor
        The numbers of the samples that were bent when it was made.
    front : tensor (n or 1, directions, columns)
        Differences of the vertices x + r v of each sample, or of all if they are alike. Before the
        first activation they are in float64, and divided by the radius.
    back : tensor (bent samples, directions, columns)
        Those of the vertices x - r v of the bent samples.
    size : tensor (n or 1, columns)
        The largest absolute difference, or a bound, divided by the radius.
    variance : tensor (n or 1, columns)
        The squared error of a value, in units of rounding of the differences times the radius.
    linear : bool
        Whether no activation lies before it.
    private : bool
        Whether nothing else is made of it or shares its memory, so that the one step that reads it
        may write to it.
    ends : pair of tensor, or None
        `extent`, if it is known.
    """

    bent: torch.Tensor
    front: torch.Tensor
    back: torch.Tensor
    size: torch.Tensor
    variance: torch.Tensor
    linear: bool = False
    private: bool = False
    ends: Ends | None = None

    def front_of(self, samples: torch.Tensor) -> torch.Tensor:
        """Differences of the vertices x + r v of some samples."""
        if len(self.front) == 1:
            return self.front.expand(len(samples), -1, -1)
        return self.front[samples]

    def regrouped(self, bent: torch.Tensor) -> Carried:
        """The same where more of the samples are bent now."""
        new = bent[len(self.bent) :]
        if not len(new):
            return self
        back = -self.front_of(new)
        if len(self.back):
            back = torch.cat([self.back, back])
        return replace(self, bent=bent, back=back, ends=None)

    @cached_property
    def extent(self) -> Ends:
        """The smallest and the largest difference, each (n or 1, columns)."""
        return self.ends or _by_sample(extent(self.front), extent(self.back), self.bent)

    def vertices(self) -> torch.Tensor:
        """All vertices, (n or 1, 2 * directions, columns)."""
        back = -self.front
        back[self.bent] = self.back
        return torch.cat([self.front, back], 1)


def _by_sample(front: Ends, back: Ends, bent: torch.Tensor) -> Ends:
    """The smallest and the largest difference of each sample, from those of both sides."""
    low, high = front
    reach = torch.maximum(-low, high)
    lowest, highest = -reach, reach
    if len(bent):
        lowest[bent] = torch.minimum(low[bent], back[0])
        highest[bent] = torch.maximum(high[bent], back[1])
    return lowest, highest


def _of_close(
    side: torch.Tensor, matrix: torch.Tensor, close: torch.Tensor, bound: torch.Tensor
) -> Ends:
    """The smallest and largest products with some rows of a matrix; of the others a bound."""
    row, column = close.nonzero(as_tuple=True)
    low, high = -bound, bound.clone()
    found = torch.linalg.vecdot(side[row], matrix[column].unsqueeze(1))
    low[row, column], high[row, column] = extent(found)
    return low, high


class Pass:
    """One way of the vertices round some samples through a network.

    Parameters
    ----------
    program : Program
        The network.
    centres : dict of int to float64 tensor (n, *shape)
        Its values at the samples.
    radius : float
        r.
    coarse, fine : dict of int to Coefficients
        The steps in the type of the differences, and in float64.
    dtype : torch.dtype
        The type of the differences behind the first activation.
    private : set of int
        The values that only one step reads and that share no memory with another.
    straight : dict of int to tensor
        What steps before the first activation have made of these directions, where all samples
        share them; what is missing is added.
    """

    def __init__(
        self,
        program: Program,
        centres: Mapping[int, torch.Tensor],
        radius: float,
        coarse: Mapping[int, Coefficients],
        fine: Mapping[int, Coefficients],
        dtype: torch.dtype,
        private: Set[int],
        straight: dict[int, torch.Tensor],
    ) -> None:
        self.program = program
        self.private, self.straight = private, straight
        self.centres = centres
        self.radius = radius
        self.coarse, self.fine, self.dtype = coarse, fine, dtype
        self.unit = torch.finfo(dtype).eps / 2
        # A unit of rounding of float64, in those of the differences.
        self.fine_unit = torch.finfo(torch.float64).eps / 2 / self.unit
        self.count = len(centres[0])
        # Samples are appended when they bend.
        self.bent = torch.arange(0, device=centres[0].device)

    def start(self, directions: torch.Tensor) -> Carried:
        """The input: float64 directions (n or 1, p, *input_shape)."""
        front = rows_of(directions, 2)
        size = front.abs().amax(1)
        variance = torch.zeros_like(size, dtype=self.dtype)
        return Carried(self.bent, front, front[:0], size, variance, linear=True)

    def mapped(self, i: int, inputs: Sequence[Carried]) -> Carried:
        """What an affine step makes."""
        linear = all(one.linear for one in inputs)
        carried = [one if linear else self._now(one) for one in inputs]
        step, bent = (self.fine if linear else self.coarse)[i], carried[0].bent
        front = self.straight.get(i) if linear else None
        if front is None:
            front = self._through(i, step, [one.front for one in carried])
        if linear and len(front) == 1:
            self.straight[i] = front
        back = self._through(i, step, [one.back for one in carried]) if len(bent) else front[:0]
        variance = self._passed_on(i, carried)
        low, high = ends = _by_sample(extent(front), extent(back), bent)
        size = torch.maximum(-low, high) / (1.0 if linear else self.radius)
        variance = variance + size.to(self.dtype) ** 2
        return Carried(bent, front, back, size, variance, linear, i + 1 in self.private, ends)

    def _through(self, i: int, step: Coefficients, sides: Sequence[torch.Tensor]) -> torch.Tensor:
        """The differences behind a step."""
        count = max(map(len, sides))
        read = [
            values_of(side.expand(count, -1, -1).flatten(0, 1), self.program.shapes[value])
            for value, side in zip(self.program.steps[i].inputs, sides, strict=True)
        ]
        return rows_of(step.linear(read), 1).unflatten(0, (count, -1))

    def _passed_on(self, i: int, carried: Sequence[Carried]) -> torch.Tensor:
        """The variance behind a step, but for its own rounding."""
        seeds = [
            values_of(self._seed(value, one), self.program.shapes[value])
            for value, one in zip(self.program.steps[i].inputs, carried, strict=True)
        ]
        return rows_of(self.coarse[i].variance(seeds), 1)

    def _seed(self, value: int, carried: Carried) -> torch.Tensor:
        """The variance of a value, and that of rounding it in a product."""
        unit = 1.0 if carried.linear else self.fine_unit
        of_centre = unit / self.radius * rows_of(self.centres[value].to(self.dtype), 1)
        return carried.variance + carried.size.to(self.dtype) ** 2 + of_centre**2

    def activated(self, i: int, inputs: Sequence[Carried]) -> Carried:
        """What an activation makes; samples that it bends are bent from here on."""
        rule, read = self.program.activation_at[i].rule, self.program.steps[i].inputs
        if isinstance(rule, Contest):
            return self._contested(i, rule, inputs)
        carried = self._typed(inputs[0])
        centre, noise = rows_of(self.centres[read[0]], 1), self._noise(carried.variance)
        low, high = carried.extent
        behind = [centre - point for point in rule.points.tolist()]
        before = [distance + high < -noise for distance in behind]
        straight = torch.ones_like(before[0])
        for distance, all_before in zip(behind, before, strict=True):
            straight &= all_before | (distance + low > noise)
        self._bend(~straight.all(1))
        size, variance = rule.steepest * carried.size, rule.steepest**2 * carried.variance
        if not rule.slopes[0].any():
            # Where no vertex comes near the first kink, all is exactly flat.
            size, variance = (torch.where(before[0], 0.0, x) for x in (size, variance))
        front, back = self._bent_sides(rule, self.coarse[i].slopes(rule), centre, carried)
        return Carried(self.bent, front, back, size, variance)

    def _bent_sides(
        self,
        rule: Kinks,
        slopes: Sequence[float | torch.Tensor],
        centre: torch.Tensor,
        read: Carried,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The differences behind an activation, of both sides."""
        carried, bent = read.regrouped(self.bent), self.bent
        of_bent = centre[bent]
        back = bend(rule, slopes, of_bent, carried.back, carried.private)
        if 2 * len(bent) > self.count:
            return bend(rule, slopes, centre, carried.front, carried.private), back
        # The others lie between two kinks, where a product is enough.
        turned = bend(rule, slopes, of_bent, carried.front_of(bent))
        slope = slopes_at(rule, slopes, centre).to(self.dtype).unsqueeze(1)
        if carried.private and len(carried.front) == self.count:
            front = carried.front.mul_(slope)
        else:
            front = carried.front * slope
        front[bent] = turned
        return front, back

    def _bend(self, bending: torch.Tensor) -> None:
        """Take note of samples that are straight no longer."""
        new = bending.index_fill(0, self.bent, False).nonzero().flatten()
        if len(new):
            self.bent = torch.cat([self.bent, new])

    def _contested(self, i: int, rule: Contest, inputs: Sequence[Carried]) -> Carried:
        windows, d, size, variance = self._competing(rule, self.program.steps[i].inputs, inputs)
        # What is straight stays so only if no winner changes, which is not worth looking for.
        self._bend(torch.ones(self.count, dtype=torch.bool, device=d.device))
        shape = self.program.shapes[i + 1]
        front, back = rows_of(windows.winners(d).unflatten(2, shape), 2).chunk(2, 1)
        return Carried(
            self.bent,
            front,
            back[self.bent],
            rows_of(windows.largest(size).unflatten(1, shape), 1),
            rows_of(windows.largest(variance).unflatten(1, shape), 1),
        )

    def margins(
        self, rule: Contest, values: Sequence[int], carried: Sequence[Carried]
    ) -> Neighbourhood:
        """By how much the candidates of a contest win."""
        windows, d, _, variance = self._competing(rule, values, carried)
        margins = windows.margins(d)
        # A margin is a difference of two values.
        noise = 2 * self._noise(windows.largest_by_column(variance))
        low, high = extent(margins)
        return Neighbourhood(torch.zeros_like(noise), low, high, noise, lambda: margins)

    def _competing(
        self, rule: Contest, values: Sequence[int], carried: Sequence[Carried]
    ) -> tuple[Windows, torch.Tensor, torch.Tensor, torch.Tensor]:
        """The windows; differences, sizes and variances of all that the contest reads."""
        centre = torch.cat([self.centres[value].flatten(1) for value in values], 1)
        shapes = [self.program.shapes[value] for value in values]
        now = [self._now(one) for one in carried]

        def joined(parts: Sequence[torch.Tensor]) -> torch.Tensor:
            lead = parts[0].ndim - 1
            flat = [values_of(p, s).flatten(lead) for p, s in zip(parts, shapes, strict=True)]
            return torch.cat([part.expand(len(centre), *[-1] * lead) for part in flat], -1)

        d = joined([one.vertices() for one in now])
        size = joined([one.size for one in now])
        variance = joined([one.variance for one in now])
        return Windows(rule, centre), d, size, variance

    def neighbourhood(self, value: int, carried: Carried) -> Neighbourhood:
        """A value at the vertices."""
        scale = self.radius if carried.linear else 1.0
        low, high = (scale * end for end in carried.extent)
        noise = self._noise(carried.variance) * (self.fine_unit if carried.linear else 1.0)
        centre = rows_of(self.centres[value], 1)
        return Neighbourhood(centre, low, high, noise, lambda: scale * carried.vertices())

    def looked_at(self, i: int, read: Carried, points: Sequence[float]) -> Neighbourhood:
        """What a dense step makes, if only the side of some points is asked.

        No difference is longer than the product of the lengths of what it is a product of. So most
        neurons are too far from the points to be crossed, and only the others are looked at.
        """
        matrix = self.coarse[i].matrix
        assert matrix is not None
        carried = self._now(read)
        bent = carried.bent
        front, back = (
            torch.linalg.vector_norm(side, dim=2).amax(1, keepdim=True)
            for side in (carried.front, carried.back)
        )
        _, reach = _by_sample((front, front), (back, back), bent)
        bound = _LONGER * reach * torch.linalg.vector_norm(matrix, dim=1)
        variance = self._passed_on(i, [carried])
        noise = self._noise(variance + (bound / self.radius) ** 2)
        centre = rows_of(self.centres[i + 1], 1)
        close = torch.zeros_like(centre, dtype=torch.bool)
        for point in points:
            close |= (centre - point).abs() <= bound + noise
        if int(close.sum()) > self.count:
            return self.neighbourhood(i + 1, self.mapped(i, [read]))
        ends = _by_sample(
            _of_close(carried.front, matrix, close, bound),
            _of_close(carried.back, matrix, close[bent], bound[bent]),
            bent,
        )
        return Neighbourhood(centre, *ends, noise, lambda: self.mapped(i, [read]).vertices())

    def _now(self, carried: Carried) -> Carried:
        """A value as the samples are bent now, in the type of the differences."""
        return self._typed(carried).regrouped(self.bent)

    def _typed(self, carried: Carried) -> Carried:
        if not carried.linear:
            return carried
        front, back = (
            (self.radius * side).to(self.dtype) for side in (carried.front, carried.back)
        )
        size, variance = carried.size.to(self.dtype), self.fine_unit**2 * carried.variance
        return Carried(carried.bent, front, back, size, variance, private=True)

    def _noise(self, variance: torch.Tensor) -> torch.Tensor:
        return _SAFETY * self.unit * self.radius * variance.sqrt().double()
