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

from splineviz.complexity.bending import Windows, bent, slopes_at
from splineviz.complexity.coefficients import Coefficients
from splineviz.complexity.layout import rows_of, values_of
from splineviz.complexity.neighbourhood import Neighbourhood, extent
from splineviz.network.contest import Contest
from splineviz.network.program import Program

# A vertex within so many times the error that is carried along counts as on the boundary. The
# error of a sum of products is carried as one unit of rounding of the root of the sum of their
# squares; tests hold that against what happens.
_SAFETY = 32.0


@dataclass(frozen=True, eq=False)
class Groups:
    """Which samples are straight, and which are bent: int64 tensors of their numbers."""

    straight: torch.Tensor
    bent: torch.Tensor

    def __len__(self) -> int:
        return len(self.straight) + len(self.bent)

    def together(self, of_straight: torch.Tensor, of_bent: torch.Tensor) -> torch.Tensor:
        """What belongs to the samples of both groups, in the order of the samples."""
        if not len(self.bent):
            return of_straight
        made = of_bent.new_empty((len(self), *of_bent.shape[1:]))
        made[self.straight], made[self.bent] = of_straight, of_bent
        return made


@dataclass(frozen=True, eq=False)
class Carried:
    """A value of the program at the vertices, as differences from the centre.

    Attributes
    ----------
    groups : Groups
        Which samples were straight when it was made.
    lines : tensor (straight samples or 1, directions, columns)
        Differences of the vertices x + r v of straight samples. Before the first activation they
        are those of all samples, in float64, and divided by the radius.
    rows : tensor (bent samples or 1, 2 * directions, columns)
        Differences of all vertices of bent samples.
    size : tensor (n or 1, columns)
        The largest absolute difference, or a bound, divided by the radius.
    variance : tensor (n or 1, columns)
        The squared error of a value, in units of rounding times the radius.
    linear : bool
        Whether no activation lies before it.
    ends : pair of tensor, or None
        `extent`, if it is known.
    """

    groups: Groups
    lines: torch.Tensor
    rows: torch.Tensor
    size: torch.Tensor
    variance: torch.Tensor
    linear: bool = False
    ends: tuple[torch.Tensor, torch.Tensor] | None = None

    @cached_property
    def extent(self) -> tuple[torch.Tensor, torch.Tensor]:
        """The smallest and the largest difference, each (n or 1, columns)."""
        return self.ends or _extent_of(self.groups, self.lines, self.rows)

    def regrouped(self, groups: Groups) -> Carried:
        """The same where some of the straight samples are bent now."""
        if groups is self.groups:
            return self
        was = torch.full((len(groups),), -1, device=groups.bent.device)
        was[self.groups.straight] = torch.arange(len(self.groups.straight), device=was.device)
        shared = len(self.lines) == 1
        lines = self.lines if shared else self.lines[was[groups.straight]]
        lines = lines[: len(groups.straight)]
        place = was[groups.bent]
        new = place >= 0
        rows = _both(self.lines if shared else self.lines[place[new]])
        if len(self.groups.bent):
            was[self.groups.bent] = torch.arange(len(self.groups.bent), device=was.device)
            every = rows.new_empty((len(groups.bent), *rows.shape[1:]))
            every[new], every[~new] = rows, self.rows[was[groups.bent[~new]]]
            rows = every
        return Carried(groups, lines, rows, self.size, self.variance)

    def vertices(self) -> torch.Tensor:
        """All vertices, (n or 1, 2 * directions, columns)."""
        return self.groups.together(_both(self.lines), self.rows)


def _extent_of(
    groups: Groups, lines: torch.Tensor, rows: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """The smallest and the largest difference of each sample, from those of both groups."""
    low, high = extent(lines)
    reach = torch.maximum(low.neg_(), high)
    low, high = extent(rows) if len(groups.bent) else (reach, reach)
    return groups.together(-reach, low), groups.together(reach, high)


def _both(lines: torch.Tensor) -> torch.Tensor:
    """From the vertices x + r v to all."""
    return torch.cat([lines, -lines], 1)


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
        everyone = torch.arange(len(centres[0]), device=centres[0].device)
        self.groups = Groups(everyone, everyone[:0])

    def start(self, directions: torch.Tensor) -> Carried:
        """The input: float64 directions (n or 1, p, *input_shape)."""
        lines = rows_of(directions, 2)
        size = lines.abs().amax(1)
        none = lines.new_empty((0, 2 * lines.shape[1], lines.shape[2]))
        return Carried(self.groups, lines, none, size, torch.zeros_like(size), linear=True)

    def mapped(self, i: int, inputs: Sequence[Carried]) -> Carried:
        """What an affine step makes."""
        linear = all(one.linear for one in inputs)
        carried = [one if linear else self._now(one) for one in inputs]
        steps = self.fine if linear else self.coarse
        lines, rows = self._through(i, steps[i], carried)
        groups = carried[0].groups
        read = self.program.steps[i].inputs
        seeds = [
            values_of(self._seed(value, one), self.program.shapes[value])
            for value, one in zip(read, carried, strict=True)
        ]
        variance = rows_of(steps[i].variance(seeds), 1)
        low, high = ends = _extent_of(groups, lines, rows)
        size = torch.maximum(-low, high) / (1.0 if linear else self.radius)
        unit = self.fine_unit if linear else 1.0
        variance = variance + (unit * size) ** 2
        return Carried(groups, lines, rows, size, variance, linear, ends)

    def _through(
        self, i: int, step: Coefficients, carried: Sequence[Carried]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Lines and rows behind a step, in one product."""
        straight = max(len(one.lines) for one in carried)
        bent = len(carried[0].groups.bent)
        p = carried[0].lines.shape[1]
        read = []
        for value, one in zip(self.program.steps[i].inputs, carried, strict=True):
            parts = []
            if straight:
                parts.append(one.lines.expand(straight, -1, -1).flatten(0, 1))
            if bent:
                parts.append(one.rows.expand(bent, -1, -1).flatten(0, 1))
            batch = parts[0] if len(parts) == 1 else torch.cat(parts)
            read.append(values_of(batch, self.program.shapes[value]))
        made = rows_of(step.linear(read), 1)
        lines, rows = made[: straight * p], made[straight * p :]
        return lines.unflatten(0, (straight, p)), rows.unflatten(0, (bent, 2 * p))

    def _seed(self, value: int, carried: Carried) -> torch.Tensor:
        """The variance of a value, and that of rounding it in a product."""
        of_centre = self.fine_unit / self.radius * rows_of(self.centres[value], 1)
        of_difference = carried.size * (self.fine_unit if carried.linear else 1.0)
        return carried.variance + of_difference**2 + of_centre.to(carried.size.dtype) ** 2

    def activated(self, i: int, inputs: Sequence[Carried]) -> Carried:
        """What an activation makes; samples that it bends are bent from here on."""
        rule, read = self.program.activation_at[i].rule, self.program.steps[i].inputs
        if isinstance(rule, Contest):
            return self._contested(i, rule, inputs)
        carried = self._now(inputs[0])
        centre, noise = rows_of(self.centres[read[0]], 1), self._noise(carried.variance)
        low, high = carried.extent
        straight = torch.ones(len(centre), dtype=torch.bool, device=centre.device)
        for point in rule.points.tolist():
            behind = centre - point
            straight &= ((behind + high < -noise) | (behind + low > noise)).all(1)
        self._bend(straight)
        carried = carried.regrouped(self.groups)
        slopes = self.coarse[i].slopes(rule)
        of_straight, of_bent = centre[self.groups.straight], centre[self.groups.bent]
        lines = slopes_at(rule, slopes, of_straight, self.dtype).unsqueeze(1) * carried.lines
        rows = bent(rule, slopes, of_bent, carried.rows)
        size = rule.steepest * carried.size
        if (rule.slopes >= 0).all():
            ends = torch.stack(torch.broadcast_tensors(low, high), 1)
            size = bent(rule, slopes, centre, ends).abs().amax(1) / self.radius
        variance = rule.steepest**2 * carried.variance
        if not rule.slopes[0].any():
            # Where no vertex comes near the first kink, all is exactly flat.
            variance = variance * (centre + high + noise >= float(rule.points[0]))
        return Carried(self.groups, lines, rows, size, variance)

    def _bend(self, straight: torch.Tensor) -> None:
        """Take note of the samples that are straight no longer."""
        stay = straight[self.groups.straight]
        if bool(stay.all()):
            return
        now, gone = self.groups.straight[stay], self.groups.straight[~stay]
        self.groups = Groups(now, torch.cat([self.groups.bent, gone]))

    def _contested(self, i: int, rule: Contest, inputs: Sequence[Carried]) -> Carried:
        nobody = torch.zeros(len(self.groups), dtype=torch.bool, device=self.centres[0].device)
        windows, d, size, variance = self._competing(rule, self.program.steps[i].inputs, inputs)
        # What is straight stays so only if no winner changes, which is not worth looking for.
        self._bend(nobody)
        shape = self.program.shapes[i + 1]
        rows = rows_of(windows.winners(d)[self.groups.bent].unflatten(2, shape), 2)
        return Carried(
            self.groups,
            rows[:0, : rows.shape[1] // 2],
            rows,
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
        noise = self._noise(carried.variance)
        centre = rows_of(self.centres[value], 1)
        return Neighbourhood(centre, low, high, noise, lambda: scale * carried.vertices())

    def _now(self, carried: Carried) -> Carried:
        """A value as the samples are grouped now, in the type of the differences."""
        if not carried.linear:
            return carried.regrouped(self.groups)
        typed = Carried(
            carried.groups,
            (self.radius * carried.lines).to(self.dtype),
            carried.rows.to(self.dtype),
            carried.size.to(self.dtype),
            carried.variance.to(self.dtype),
        )
        return typed.regrouped(self.groups)

    def _noise(self, variance: torch.Tensor) -> torch.Tensor:
        return _SAFETY * self.unit * self.radius * variance.sqrt().double()
