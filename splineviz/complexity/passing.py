"""One way of the vertices round some samples through a traced network.

Most neighbourhoods cross no neuron for a while. Up to its first crossing a neighbourhood is
straight: the network is one affine map on it, so that the vertex x - r v moves by the negative of
what x + r v moves by, and one of them is enough. Behind it, both are carried.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch

from splineviz.complexity.bending import Windows, bend
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


@dataclass(frozen=True, eq=False)
class Carried:
    """A value of the program at the vertices, as differences from the centre.

    Attributes
    ----------
    bent : int64 tensor
        The numbers of the samples that were bent when it was made.
    rows : tensor (n or 1, and one more for each bent sample; directions; columns)
        Differences of the vertices x + r v of each sample, or of all if they are alike; then of
        the vertices x - r v of bent samples. Before the first activation they are in float64, and
        divided by the radius.
    size : tensor (n or 1, columns)
        The largest absolute difference, or a bound, divided by the radius.
    variance : tensor (n or 1, columns)
        The squared error of a value, in units of rounding of the rows times the radius.
    linear : bool
        Whether no activation lies before it.
    ends : pair of tensor, or None
        `extent`, if it is known.
    """

    bent: torch.Tensor
    rows: torch.Tensor
    size: torch.Tensor
    variance: torch.Tensor
    linear: bool = False
    ends: tuple[torch.Tensor, torch.Tensor] | None = None

    @property
    def front(self) -> torch.Tensor:
        """Differences of the vertices x + r v, (n or 1, directions, columns)."""
        return self.rows[: len(self.rows) - len(self.bent)]

    def back(self, bent: torch.Tensor) -> torch.Tensor:
        """Those of the vertices x - r v of samples: the bent ones, and others behind them."""
        known, new = self.rows[len(self.front) :], bent[len(self.bent) :]
        if not len(new):
            return known
        if len(self.front) == 1:
            return -self.front.expand(len(new), -1, -1)
        return torch.cat([known, -self.front[new]])

    def regrouped(self, bent: torch.Tensor, count: int) -> Carried:
        """The same where more of the samples, so many, are bent now."""
        if len(bent) == len(self.bent):
            return self
        rows = torch.cat([self.front.expand(count, -1, -1), self.back(bent)])
        return Carried(bent, rows, self.size, self.variance)

    @cached_property
    def extent(self) -> tuple[torch.Tensor, torch.Tensor]:
        """The smallest and the largest difference, each (n or 1, columns)."""
        return self.ends or _by_sample(*extent(self.rows), self.bent)

    def vertices(self) -> torch.Tensor:
        """All vertices, (n or 1, 2 * directions, columns)."""
        back = -self.front
        back[self.bent] = self.back(self.bent)
        return torch.cat([self.front, back], 1)


def _by_sample(
    low: torch.Tensor, high: torch.Tensor, bent: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """The smallest and the largest difference of each sample, from those of rows."""
    count = len(low) - len(bent)
    reach = torch.maximum(-low[:count], high[:count])
    lowest, highest = -reach, reach
    if len(bent):
        lowest[bent] = torch.minimum(low[bent], low[count:])
        highest[bent] = torch.maximum(high[bent], high[count:])
    return lowest, highest


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
    """

    def __init__(
        self,
        program: Program,
        centres: Mapping[int, torch.Tensor],
        radius: float,
        coarse: Mapping[int, Coefficients],
        fine: Mapping[int, Coefficients],
        dtype: torch.dtype,
    ) -> None:
        self.program = program
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
        rows = rows_of(directions, 2)
        size = rows.abs().amax(1)
        variance = torch.zeros_like(size, dtype=self.dtype)
        return Carried(self.bent, rows, size, variance, linear=True)

    def mapped(self, i: int, inputs: Sequence[Carried]) -> Carried:
        """What an affine step makes."""
        linear = all(one.linear for one in inputs)
        carried = [one if linear else self._now(one) for one in inputs]
        steps = self.fine if linear else self.coarse
        rows = self._through(i, steps[i], carried)
        variance = self._passed_on(i, carried)
        bent = carried[0].bent
        low, high = ends = _by_sample(*extent(rows), bent)
        size = torch.maximum(-low, high) / (1.0 if linear else self.radius)
        variance = variance + size.to(self.dtype) ** 2
        return Carried(bent, rows, size, variance, linear, ends)

    def _through(self, i: int, step: Coefficients, carried: Sequence[Carried]) -> torch.Tensor:
        """The rows behind a step."""
        count = max(len(one.rows) for one in carried)
        read = [
            values_of(one.rows.expand(count, -1, -1).flatten(0, 1), self.program.shapes[value])
            for value, one in zip(self.program.steps[i].inputs, carried, strict=True)
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
        of_centre = (unit / self.radius * rows_of(self.centres[value], 1)).to(self.dtype)
        return carried.variance + carried.size.to(self.dtype) ** 2 + of_centre**2

    def activated(self, i: int, inputs: Sequence[Carried]) -> Carried:
        """What an activation makes; samples that it bends are bent from here on."""
        rule, read = self.program.activation_at[i].rule, self.program.steps[i].inputs
        if isinstance(rule, Contest):
            return self._contested(i, rule, inputs)
        carried = self._typed(inputs[0])
        centre, noise = rows_of(self.centres[read[0]], 1), self._noise(carried.variance)
        low, high = carried.extent
        straight = torch.ones_like(centre, dtype=torch.bool)
        for point in rule.points.tolist():
            behind = centre - point
            straight &= (behind + high < -noise) | (behind + low > noise)
        self._bend(~straight.all(1))
        rows = self._bent_rows(rule, self.coarse[i].slopes(rule), centre, carried)
        size, variance = rule.steepest * carried.size, rule.steepest**2 * carried.variance
        if not rule.slopes[0].any():
            # Where no vertex comes near the first kink, all is exactly flat.
            passed = centre + high + noise >= float(rule.points[0])
            size, variance = size * passed, variance * passed
        return Carried(self.bent, rows, size, variance)

    def _bent_rows(
        self,
        rule: Kinks,
        slopes: Sequence[float | torch.Tensor],
        centre: torch.Tensor,
        carried: Carried,
    ) -> torch.Tensor:
        """The rows behind an activation, of the samples that are bent now."""
        rows = carried.rows.new_empty((self.count + len(self.bent), *carried.rows.shape[1:]))
        bend(rule, slopes, centre, carried.front, rows[: self.count])
        bend(rule, slopes, centre[self.bent], carried.back(self.bent), rows[self.count :])
        return rows

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
            torch.cat([front, back[self.bent]]),
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
        lengths = torch.linalg.vector_norm(carried.rows, dim=2).amax(1, keepdim=True)
        _, reach = _by_sample(lengths, lengths, carried.bent)
        bound = _LONGER * reach * torch.linalg.vector_norm(matrix, dim=1)
        variance = self._passed_on(i, [carried])
        noise = self._noise(variance + (bound / self.radius) ** 2)
        centre = rows_of(self.centres[i + 1], 1)
        close = torch.zeros_like(centre, dtype=torch.bool)
        for point in points:
            close |= (centre - point).abs() <= bound + noise
        owners = torch.cat([torch.arange(self.count, device=close.device), carried.bent])
        row, column = close[owners].nonzero(as_tuple=True)
        if len(row) > len(owners):
            return self.neighbourhood(i + 1, self.mapped(i, [read]))
        found = torch.linalg.vecdot(carried.rows[row], matrix[column].unsqueeze(1))
        low, high = -bound[owners], bound[owners]
        low[row, column], high[row, column] = extent(found)
        ends = _by_sample(low, high, carried.bent)
        return Neighbourhood(centre, *ends, noise, lambda: self.mapped(i, [read]).vertices())

    def _now(self, carried: Carried) -> Carried:
        """A value as the samples are bent now, in the type of the differences."""
        return self._typed(carried).regrouped(self.bent, self.count)

    def _typed(self, carried: Carried) -> Carried:
        if not carried.linear:
            return carried
        return Carried(
            carried.bent,
            (self.radius * carried.rows).to(self.dtype),
            carried.size.to(self.dtype),
            self.fine_unit**2 * carried.variance,
        )

    def _noise(self, variance: torch.Tensor) -> torch.Tensor:
        return _SAFETY * self.unit * self.radius * variance.sqrt().double()
