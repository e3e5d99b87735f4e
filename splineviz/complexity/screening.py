"""Samples whose neighbourhoods lie in one linear region, found without carrying their vertices.

Where no neuron switches the network is affine: the difference behind its dense layer l is
``W_l D_{l-1} ... D_1 u``, with the slopes D at the sample, and the same u for all samples if they
share the directions. A product of lengths bounds it. That clears most neurons at once; for one
that it leaves, its row is multiplied from the left, and the bound shrinks on the way. So a sample
costs a few rows, not a product for each direction and layer.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch

from splineviz.complexity.bending import slopes_at
from splineviz.complexity.coefficients import Coefficients
from splineviz.complexity.layout import rows_of
from splineviz.complexity.passing import Pass
from splineviz.network.kinks import Kinks
from splineviz.network.program import Program

FEWEST_DIRECTIONS = 8
"""With fewer directions of a sample carrying them is as quick."""

# Products for bounds of matrices larger than this cost more than they save.
_WIDEST = 512
# A sample that more neurons of a layer may switch near is not worth their rows.
_MOST_ROWS = 32
# If a smaller share of the samples is left to be cleared, carrying the vertices of all is as quick.
_SMALLEST_SHARE = 0.25
# What a row of length 1 loses in float32 in a product with a matrix of norm 1, at most of _WIDEST:
# 2^-24 for each of its terms, times the root of their number, as sizes have a larger norm.
_COARSE = 2.0**-10
# More than lengths, and products of them, lose in float64.
_FINE = 2.0**-30
_UNIT = torch.finfo(torch.float64).eps / 2


@dataclass(frozen=True, eq=False)
class _Stage:
    """A step behind the first activation, round all samples: an activation or a dense one.

    Attributes
    ----------
    length : float64 tensor (n, 1)
        No difference that it reads is longer, divided by the radius.
    slopes : float32 tensor (n, columns), or None
        Of an activation, at the samples.
    unit : float32 tensor (rows, columns), or None
        The matrix of a dense step, divided by its norm.
    norm : float
        Its norm, or a bound.
    """

    length: torch.Tensor
    slopes: torch.Tensor | None = None
    unit: torch.Tensor | None = None
    norm: float = 1.0


class Screen:
    """Finds samples round which surely no neuron switches.

    Parameters
    ----------
    program : Program
        The network.
    fine : dict of int to Coefficients
        Its steps in float64.
    front, chain : list of int
        The steps before the first activation; it and those behind it, each of which reads the one
        before, dense ones and activations.
    points : dict of int to tuple of float
        Where neurons switch, for each value that switches.
    """

    def __init__(
        self,
        program: Program,
        fine: Mapping[int, Coefficients],
        front: Sequence[int],
        chain: Sequence[int],
        points: Mapping[int, tuple[float, ...]],
    ) -> None:
        self._program, self._fine = program, fine
        self._front, self._chain, self._points = front, chain, points

    @classmethod
    def of(
        cls,
        program: Program,
        fine: Mapping[int, Coefficients],
        steps: Sequence[int],
        points: Mapping[int, tuple[float, ...]],
    ) -> Screen | None:
        """The screen of the steps of a network, in order, or None if they are no chain."""
        activations = [i for i in steps if i in program.activation_at]
        if not activations:
            return None
        front = [i for i in steps if i < activations[0]]
        chain = [i for i in steps if i >= activations[0]]
        for before, i in itertools.pairwise(chain):
            if program.steps[i].inputs != (before + 1,):
                return None
        for i in chain:
            matrix = fine[i].matrix
            if i in program.activation_at:
                # What an activation makes has bounds, too, but is rarely looked at.
                if i + 1 in points or not isinstance(program.activation_at[i].rule, Kinks):
                    return None
            elif matrix is None or max(matrix.shape) > _WIDEST:
                return None
        return cls(program, fine, front, chain, points)

    def doubtful(self, made: Pass) -> torch.Tensor:
        """The samples round which a neuron may switch.

        Parameters
        ----------
        made : Pass
            A way through the network in float64, at its start, with directions that all samples
            share.

        Returns
        -------
        bool tensor (n,)
            Round the others none does, whatever rounding did.
        """
        # How the input of the first activation differs, and how far its centre may be off.
        ahead, error, doubtful = self._before_activations(made)
        centre = rows_of(made.centres[self._program.steps[self._chain[0]].inputs[0]], 1)
        longest = _length(ahead).amax()
        stages = [_Stage(longest.expand(len(centre), 1), unit=(ahead / longest).float())]
        length = stages[0].length
        for i in self._chain:
            if i in self._program.activation_at and self._is_in_vain(doubtful, i):
                return torch.ones_like(doubtful)
            step, behind = self._fine[i], rows_of(made.centres[i + 1], 1)
            if i in self._program.activation_at:
                rule = self._program.activation_at[i].rule
                assert isinstance(rule, Kinks)
                slopes = slopes_at(rule, step.slopes(rule), centre, centre.dtype)
                stages.append(_Stage(length, slopes=slopes.float()))
                steep = slopes.abs().amax(1, keepdim=True)
                length = steep * length
                if len(stages) == 2:
                    # It reads the same differences round all samples.
                    squares = slopes.square() @ ahead.square().T
                    length = squares.amax(1, keepdim=True).sqrt()
                error = steep * error + 4 * _UNIT * _length(behind)
            else:
                # How far one neuron is off: what it reads, and its own sum.
                terms = _UNIT * (centre.shape[1] + 4)
                off = error + terms * _length(centre)
                if i + 1 in self._points:
                    self._look(i, behind, stages, length, off, made.radius, doubtful)
                if i == self._chain[-1]:
                    break
                stages.append(_Stage(length, unit=self._units[i][1], norm=step.norm))
                length = step.norm * length
                error = (
                    step.norm * error
                    + terms * torch.linalg.vector_norm(step.lengths) * _length(centre)
                    + 4 * _UNIT * _length(behind)
                )
            centre = behind
        return doubtful

    @cached_property
    def _units(self) -> dict[int, tuple[torch.Tensor, torch.Tensor]]:
        """The matrices of dense steps in float32, with rows of length 1, and with norm 1."""
        found = {}
        for i in self._chain:
            step = self._fine[i]
            if step.matrix is not None:
                rows = (step.matrix / step.lengths.unsqueeze(1)).float()
                last = i == self._chain[-1]
                found[i] = rows, rows if last else (step.matrix / step.norm).float()
        return found

    def _is_in_vain(self, doubtful: torch.Tensor, i: int) -> bool:
        """Whether few samples will be left at the end, if as many drop out by layer as before i."""
        looked_at = sum(value <= i for value in self._points)
        left = 1 - float(doubtful.double().mean())
        return left ** (len(self._points) / looked_at) < _SMALLEST_SHARE

    def _before_activations(self, made: Pass) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """What the vertices are before the first activation, where no sample differs."""
        values = {0: made.start()}
        for i in self._front:
            inputs = [values[value] for value in self._program.steps[i].inputs]
            values[i + 1] = made.mapped(i, inputs)
        doubtful = torch.zeros(
            len(made.centres[0]), dtype=torch.bool, device=made.centres[0].device
        )
        for value in values.keys() & self._points.keys():
            doubtful[made.span(value, values[value]).near(self._points[value]).sample] = True
        read = self._program.steps[self._chain[0]].inputs[0]
        ahead = values[read].d.mirrored[0]
        return ahead, _length(made.span(read, values[read]).noise), doubtful

    def _look(
        self,
        i: int,
        centre: torch.Tensor,
        stages: Sequence[_Stage],
        length: torch.Tensor,
        off: torch.Tensor,
        radius: float,
        doubtful: torch.Tensor,
    ) -> None:
        """Mark the samples round which a neuron behind a dense step may switch."""
        points, lengths = self._points[i + 1], self._fine[i].lengths
        # A number at the centre is rounded itself, and so is how far it is from a point.
        rounding = length.new_tensor(_FINE * max(map(abs, points)))
        gap, *others = [(centre - point if point else centre).abs() for point in points]
        for other in others:
            gap = torch.minimum(gap, other)
        # Not by <=, so that it holds for what is not a number.
        away = (1 + 4 * _FINE) * (radius * length + off)
        near = (gap > torch.addcmul(rounding, away, lengths)).logical_not_()
        doubtful |= near.sum(1) > _MOST_ROWS
        sample, row = (near & ~doubtful.unsqueeze(1)).nonzero(as_tuple=True)
        room = gap[sample, row] * (1 - 4 * _FINE) - rounding - lengths[row] * off[sample, 0]
        scale, lost = radius * lengths[row], _COARSE
        rows = self._units[i][0][row]
        for stage in reversed(stages):
            if stage.slopes is not None:
                rows.mul_(stage.slopes[sample])
                bound = scale * (_length(rows)[:, 0] + lost) * stage.length[sample, 0]
                left = (~(room > bound)).nonzero()[:, 0]
                sample, room, scale, rows = sample[left], room[left], scale[left], rows[left]
            elif stage is not stages[0]:
                assert stage.unit is not None
                rows = rows @ stage.unit
                scale, lost = stage.norm * scale, lost + _COARSE
        assert stages[0].unit is not None
        reach = (rows @ stages[0].unit.T).abs().amax(1) + lost + _COARSE
        doubtful[sample[~(room > scale * reach * stages[0].length[sample, 0])]] = True


def _length(values: torch.Tensor) -> torch.Tensor:
    return torch.linalg.vector_norm(values, dim=1, keepdim=True)
