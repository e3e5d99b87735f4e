"""Some neurons' differences round samples, from their rows multiplied from the left.

Round a sample a network is the affine map at the sample, and the corrections of the few neurons
that bend. So the difference of one neuron at the vertices is its row, multiplied on by the matrices
and slopes before it down to the directions, and on the way by the corrections. Lengths bound what
is still to come: most rows are known to reach no kink before they are through.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import torch

from splineviz.complexity.corrections import Corrections
from splineviz.complexity.lengths import lengths
from splineviz.complexity.span import Near

_UNIT = torch.finfo(torch.float32).eps / 2
# A row is rounded when it is divided by its length. Numbers that vanish in float32 are far less.
_AT_FIRST = 4 * _UNIT
# More than what rounding in float64 adds to a bound.
_SLACK = 1 + 2.0**-30
# A sample with more terms to add up, at each vertex, is not worth it.
_MOST_TERMS = 128


@dataclass(frozen=True, eq=False)
class Product:
    """A matrix, the same round all samples.

    Attributes
    ----------
    matrix : float32 tensor (rows, columns)
        Divided by the scale.
    scale : float
        Of a step at least its norm, so that no product is longer than the row, but for rounding.
    """

    matrix: torch.Tensor
    scale: float

    @cached_property
    def rounding(self) -> float:
        """The length of what rounding does to a product with a row, if that is of length 1.

        Each number may lose so many units of the product of the lengths of row and column.
        """
        size = float(lengths(self.matrix.flatten()))
        return _UNIT * (len(self.matrix) + 8) * size


@dataclass(frozen=True, eq=False)
class Bend:
    """An activation at the samples.

    Attributes
    ----------
    slopes : float32 tensor (n, columns)
        Divided by the steepest.
    steepest : float
    length : float64 tensor (n, 1)
        No difference that it reads is longer.
    corrections : Corrections
    """

    slopes: torch.Tensor
    steepest: float
    length: torch.Tensor
    corrections: Corrections


class Reached(NamedTuple):
    """Neurons that may reach a kink.

    Attributes
    ----------
    near : Near
        Sorted by sample.
    vertices : float64 tensor (found, vertices)
        Their differences at all x + r v, then at all x - r v.
    """

    near: Near
    vertices: torch.Tensor


class _Passed(NamedTuple):
    """Rows that have met corrections.

    Attributes
    ----------
    corrections : Corrections
    rows : float32 tensor (before, columns)
        As they were there.
    scale : float64 tensor (before,)
        Their scales.
    place : int64 tensor (found,)
        Which of them those are that are left now.
    """

    corrections: Corrections
    rows: torch.Tensor
    scale: torch.Tensor
    place: torch.Tensor


class Suspects(NamedTuple):
    """Neurons of one dense step that may reach a kink, as rows that are multiplied on.

    Attributes
    ----------
    sample, column : int64 tensor (found,)
        Round which sample, in increasing order, and which neuron.
    centre : float64 tensor (found,)
        Its value there.
    gap : float64 tensor (found,)
        How far that is from the nearest kink.
    noise : float64 tensor (found,)
        How far rounding may have moved it.
    rows : float32 tensor (found, columns)
        What the steps from here up to the neuron make of a difference, divided by the scale.
    scale : float64 tensor (found,)
        At first the lengths of the rows of the step.
    size, lost : float64 tensor (found,)
        No row is longer, and none is off by a longer one.
    added : float64 tensor (found,)
        The corrections behind here add no more to any difference.
    """

    sample: torch.Tensor
    column: torch.Tensor
    centre: torch.Tensor
    gap: torch.Tensor
    noise: torch.Tensor
    rows: torch.Tensor
    scale: torch.Tensor
    size: torch.Tensor
    lost: torch.Tensor
    added: torch.Tensor

    @classmethod
    def of(
        cls,
        sample: torch.Tensor,
        column: torch.Tensor,
        centre: torch.Tensor,
        gap: torch.Tensor,
        noise: torch.Tensor,
        rows: torch.Tensor,
        scale: torch.Tensor,
    ) -> Suspects:
        """The neurons, with their rows of length 1."""
        size, lost = torch.ones_like(scale), torch.full_like(scale, _AT_FIRST)
        added = torch.zeros_like(scale)
        return cls(sample, column, centre, gap, noise, rows, scale, size, lost, added)

    def traced_back(
        self, ahead: Product, steps: Sequence[Product | Bend], doubtful: torch.Tensor
    ) -> Reached:
        """Multiply on, down to the directions, and leave out what is known to reach no kink.

        Parameters
        ----------
        ahead : Product
            What the steps before the first activation make of the directions, times the radius; no
            column is longer than 1.
        steps : sequence of Product or Bend
            The steps from there on, in order.
        doubtful : bool tensor (n,)
            Samples where too much is left are marked, and left out.
        """
        left, passed = self, list[_Passed]()
        for step in reversed(steps):
            if isinstance(step, Product):
                left = left._multiplied(step)
                continue
            if len(step.corrections.sample):
                place = torch.arange(len(left.sample), device=left.sample.device)
                passed.append(_Passed(step.corrections, left.rows, left.scale, place))
                left = left._corrected(step.corrections)
            left = left._bent(step)
            reach = left.scale * (left.size + left.lost) * step.length[left.sample, 0]
            left, passed = _at(left._reaching(reach + left.added), left, passed)
        left = left._multiplied(ahead)
        left = left._replace(noise=left.noise + left.scale * left.lost)
        some = left._reaching(left.scale * left.rows.abs().amax(1) + left.added)
        left, passed = _at(some, left, passed)
        left, passed = _at(_not_too_many(left, passed, doubtful), left, passed)
        vertices = left._vertices(passed)
        some = left._reaching(vertices.abs().amax(1))
        return left.at(some)._reached(vertices[some])

    def at(self, which: torch.Tensor) -> Suspects:
        """Some of them, by number."""
        return Suspects(*(part[which] for part in self))

    def _multiplied(self, step: Product) -> Suspects:
        return self._replace(
            rows=self.rows @ step.matrix,
            scale=self.scale * step.scale,
            size=self.size + step.rounding * self.size,
            lost=self.lost + step.rounding * self.size,
        )

    def _corrected(self, corrections: Corrections) -> Suspects:
        length, error = corrections.length[self.sample, 0], corrections.error[self.sample, 0]
        off = self.lost * length + (self.size + self.lost) * error
        return self._replace(
            noise=self.noise + self.scale * off,
            added=self.added + self.scale * corrections.bound(self.sample, self.rows),
        )

    def _bent(self, step: Bend) -> Suspects:
        rows = self.rows * step.slopes[self.sample]
        size = lengths(rows)[:, 0].double()
        lost = self.lost + 4 * _UNIT * size
        return self._replace(rows=rows, scale=self.scale * step.steepest, size=size, lost=lost)

    def _reaching(self, reach: torch.Tensor) -> torch.Tensor:
        """Which may reach a kink, int64 (left,), if no difference is larger."""
        # Not by <=, so that it holds for what is not a number.
        return (~(self.gap > (reach + self.noise) * _SLACK)).nonzero()[:, 0]

    def _vertices(self, passed: Sequence[_Passed]) -> torch.Tensor:
        """All differences, float64 (found, vertices), of rows that are products with directions."""
        mirrored = self.scale.unsqueeze(1) * self.rows.double()
        vertices = torch.cat([mirrored, -mirrored], 1)
        for corrections, rows, scale, place in passed:
            added = corrections.times(self.sample, rows[place])
            vertices += added.mul_(scale[place].unsqueeze(1))
        return vertices

    def _reached(self, vertices: torch.Tensor) -> Reached:
        low, high, noise = vertices.amin(1), vertices.amax(1), self.noise * _SLACK
        return Reached(Near(self.sample, self.column, self.centre, low, high, noise), vertices)


def _at(
    which: torch.Tensor, left: Suspects, passed: Sequence[_Passed]
) -> tuple[Suspects, list[_Passed]]:
    """Some suspects, by number, and the corrections that they have met."""
    return left.at(which), [one._replace(place=one.place[which]) for one in passed]


def _not_too_many(
    left: Suspects, passed: Sequence[_Passed], doubtful: torch.Tensor
) -> torch.Tensor:
    """Those round samples where corrections are few enough, int64; other samples are marked."""
    samples = len(doubtful)
    terms = torch.ones_like(doubtful, dtype=torch.int64)
    for one in passed:
        terms += torch.bincount(one.corrections.sample, minlength=samples)
    terms *= torch.bincount(left.sample, minlength=samples)
    doubtful |= terms > _MOST_TERMS
    return (~doubtful[left.sample]).nonzero()[:, 0]
