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


@dataclass(frozen=True, eq=False)
class Product:
    """A matrix, the same round all samples.

    Attributes
    ----------
    matrix : float32 tensor (rows, columns)
        Divided by its norm.
    norm : float
        It makes nothing longer than so many times that.
    """

    matrix: torch.Tensor
    norm: float

    @cached_property
    def rounding(self) -> float:
        """The length of what rounding does to a product with a row, if that is of length 1.

        Each number may lose so many units of the product of the lengths of row and column.
        """
        size = float(torch.linalg.vector_norm(self.matrix))
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


class Suspects:
    """Neurons of one dense step that may reach a kink, as rows that are multiplied on.

    Parameters
    ----------
    sample, column : int64 tensor (found,)
        Round which sample, in increasing order, and which neuron.
    centre : float64 tensor (found,)
        Its value there.
    gap : float64 tensor (found,)
        How far that is from the nearest kink.
    noise : float64 tensor (found,)
        How far rounding may have moved that.
    rows : float32 tensor (found, columns)
        The rows of the step, of length 1.
    scale : float64 tensor (found,)
        Their lengths.
    """

    def __init__(
        self,
        sample: torch.Tensor,
        column: torch.Tensor,
        centre: torch.Tensor,
        gap: torch.Tensor,
        noise: torch.Tensor,
        rows: torch.Tensor,
        scale: torch.Tensor,
    ) -> None:
        self._sample, self._column = sample, column
        self._centre, self._gap, self._noise = centre, gap, noise
        self._rows, self._scale = rows, scale
        # No row is longer, and none is off by a longer one.
        self._size = torch.ones_like(scale)
        self._lost = torch.full_like(scale, _AT_FIRST)
        # Corrections have added no more to any difference.
        self._added = torch.zeros_like(scale)
        self._passed: list[_Passed] = []

    def traced_back(self, ahead: Product, steps: Sequence[Product | Bend]) -> Reached:
        """Multiply on, down to the directions, and leave out what is known to reach no kink.

        Parameters
        ----------
        ahead : Product
            What the steps before the first activation make of the directions, times the radius; no
            column is longer than 1.
        steps : sequence of Product or Bend
            The steps from there on, in order.
        """
        for step in reversed(steps):
            if isinstance(step, Product):
                self._multiply(step)
            else:
                self._correct(step.corrections)
                self._bend(step)
        self._multiply(ahead)
        self._noise = self._noise + self._scale * self._lost
        self._keep(self._scale * self._rows.abs().amax(1) + self._added)
        mirrored = self._scale.unsqueeze(1) * self._rows.double()
        vertices = torch.cat([mirrored, -mirrored], 1)
        for corrections, rows, scale, place in self._passed:
            added = corrections.times(self._sample, rows[place])
            vertices += added.mul_(scale[place].unsqueeze(1))
        some = self._keep(vertices.abs().amax(1))
        vertices = vertices[some]
        low, high, noise = vertices.amin(1), vertices.amax(1), self._noise * _SLACK
        near = Near(self._sample, self._column, self._centre, low, high, noise)
        return Reached(near, vertices)

    def _multiply(self, step: Product) -> None:
        self._lost = self._lost + step.rounding * self._size
        self._rows = self._rows @ step.matrix
        self._scale = self._scale * step.norm

    def _correct(self, corrections: Corrections) -> None:
        if not len(corrections.sample):
            return
        length, error = corrections.length[self._sample, 0], corrections.error[self._sample, 0]
        off = self._lost * length + (self._size + self._lost) * error
        self._noise = self._noise + self._scale * off
        self._added = self._added + self._scale * corrections.bound(self._sample, self._rows)
        place = torch.arange(len(self._sample), device=self._sample.device)
        self._passed.append(_Passed(corrections, self._rows, self._scale, place))

    def _bend(self, step: Bend) -> None:
        self._rows = self._rows * step.slopes[self._sample]
        self._scale = self._scale * step.steepest
        self._size = lengths(self._rows)[:, 0].double()
        self._lost = self._lost + 4 * _UNIT * self._size
        ahead = self._scale * (self._size + self._lost) * step.length[self._sample, 0]
        self._keep(ahead + self._added)

    def _keep(self, reach: torch.Tensor) -> torch.Tensor:
        """Leave out those whose differences are no larger, if that reaches no kink.

        Returns
        -------
        int64 tensor (left,)
            The others.
        """
        # Not by <=, so that it holds for what is not a number.
        some = (~(self._gap > (reach + self._noise) * _SLACK)).nonzero()[:, 0]
        for name, value in vars(self).items():
            if isinstance(value, torch.Tensor):
                vars(self)[name] = value[some]
        self._passed = [passed._replace(place=passed.place[some]) for passed in self._passed]
        return some
