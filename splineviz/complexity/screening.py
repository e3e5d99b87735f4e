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

import torch

from splineviz.complexity.bending import slopes_at
from splineviz.complexity.coefficients import Coefficients
from splineviz.complexity.layout import rows_of
from splineviz.complexity.lengths import lengths
from splineviz.complexity.passing import Pass
from splineviz.network.kinks import Kinks
from splineviz.network.program import Program

FEWEST_DIRECTIONS = 8
"""With fewer directions of a sample carrying them is as quick."""

# Steps that change nothing.
_SAME = ("identity", "dropout")
# Products for bounds of matrices larger than this cost more than they save.
_WIDEST = 512
# A sample that more neurons of a layer may switch near is not worth their rows.
_MOST_ROWS = 32
# If a smaller share of the samples is left to be cleared, carrying the vertices of all is as quick.
_SMALLEST_SHARE = 0.25
# What a row of length at most 1 loses in float32 in a product with a matrix of norm at most 1: each
# of at most _WIDEST terms 2^-24 of its size, and the norm of sizes is at most the root of that
# number. All rows and matrices are divided by their norms.
_COARSE = 2.0**-10
# More than lengths, and products of them, lose in float64.
_FINE = 2.0**-30
_UNIT = torch.finfo(torch.float64).eps / 2
# More than a length loses with squares that vanish, and a bound with products that do.
_VANISHED, _LEAST = 2.0**-500, 2.0**-1000


@dataclass(frozen=True, eq=False)
class _Stage:
    """A step behind the first activation, round all samples, or all before it.

    Attributes
    ----------
    length : float64 tensor (n, 1)
        No difference that it reads is longer, divided by the radius.
    norm : float or float64 tensor ()
        It makes none longer than so many times that.
    matrix : float32 tensor (rows, columns), or None
        That of a dense step, or the transposed products of all before with the directions, divided
        by the norm.
    slopes : float32 tensor (n, columns), or None
        Those of an activation at the samples, divided by the norm.
    """

    length: torch.Tensor
    norm: float | torch.Tensor
    matrix: torch.Tensor | None = None
    slopes: torch.Tensor | None = None


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
            if program.steps[i].kind in _SAME and i + 1 not in points:
                continue
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
        longest = lengths(ahead).amax()
        length = longest.expand(len(centre), 1)
        stages = [_Stage(length, longest, matrix=(ahead / longest).float().T)]
        for i in self._chain:
            step, behind = self._fine[i], rows_of(made.centres[i + 1], 1)
            if step.step.kind in _SAME:
                continue
            if i in self._program.activation_at:
                if self._is_in_vain(doubtful, i):
                    return torch.ones_like(doubtful)
                rule = self._program.activation_at[i].rule
                assert isinstance(rule, Kinks)
                slopes = slopes_at(rule, step.by_segment(rule.slopes), centre, centre.dtype)
                steepest = rule.steepest + _VANISHED
                stages.append(_Stage(length, steepest, slopes=(slopes / steepest).float()))
                steep = slopes.abs().amax(1, keepdim=True)
                length = steep * length + _VANISHED
                if i == self._chain[0]:
                    # It reads the same differences round all samples.
                    squares = slopes.square() @ ahead.square().T
                    length = squares.amax(1, keepdim=True).sqrt() + _VANISHED
                error = steep * error + 4 * _UNIT * lengths(behind)
            else:
                # How far one neuron is off: what it reads, and its own sum.
                summed = _UNIT * (centre.shape[1] + 4) * lengths(centre)
                if i + 1 in self._points:
                    self._look(i, behind, stages, length, error + summed, made.radius, doubtful)
                if i == self._chain[-1]:
                    break
                stages.append(_Stage(length, step.norm, matrix=step.unit))
                length = step.norm * length + _VANISHED
                summed = summed * lengths(step.lengths)
                error = step.norm * error + summed + 4 * _UNIT * lengths(behind)
            centre = behind
        return doubtful

    def _is_in_vain(self, doubtful: torch.Tensor, i: int) -> bool:
        """Whether few samples will be left at the end, if as many drop out by layer as before i.

        This is a guess, on which only the time depends.
        """
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
            near = made.span(value, values[value]).near(self._points[value])
            # One that reads nothing is the same everywhere.
            moves = (near.low != 0) | (near.high != 0) | (near.noise != 0)
            doubtful[near.sample[moves]] = True
        read = self._program.steps[self._chain[0]].inputs[0]
        ahead = values[read].d.mirrored[0]
        return ahead, lengths(made.span(read, values[read]).noise), doubtful

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
        points, step = self._points[i + 1], self._fine[i]
        # A number at the centre is rounded itself, and so is how far it is from a point.
        rounding = length.new_tensor(_FINE * max(map(abs, points)) + _LEAST)
        gap, *others = [(centre - point if point else centre).abs() for point in points]
        for other in others:
            gap = torch.minimum(gap, other)
        # Not by <=, so that it holds for what is not a number.
        away = (1 + 4 * _FINE) * (radius * length + off)
        near = (gap > torch.addcmul(rounding, away, step.lengths)).logical_not_()
        # A neuron that reads nothing is the same everywhere.
        near &= step.lengths != 0
        doubtful |= near.sum(1) > _MOST_ROWS
        sample, row = (near & ~doubtful.unsqueeze(1)).nonzero(as_tuple=True)
        rows, scale = step.unit_rows[row], step.lengths[row]
        room = gap[sample, row] * (1 - 4 * _FINE) - rounding - scale * off[sample, 0]
        scale, lost = radius * scale + _LEAST, 0.0
        for stage in reversed(stages):
            lost += _COARSE
            if stage.matrix is not None:
                rows = rows @ stage.matrix
                scale = stage.norm * scale + _LEAST
                continue
            assert stage.slopes is not None
            rows.mul_(stage.slopes[sample])
            scale = stage.norm * scale + _LEAST
            bound = scale * (lengths(rows)[:, 0] + lost) * stage.length[sample, 0]
            left = (~(room > bound)).nonzero()[:, 0]
            sample, room, scale, rows = sample[left], room[left], scale[left], rows[left]
        doubtful[sample[~(room > scale * (rows.abs().amax(1) + lost))]] = True
