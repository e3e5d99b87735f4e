"""Samples round which few neurons switch, counted without carrying their vertices.

Round such a sample a network is affine but for corrections by the few neurons that switch there. So
a product of lengths bounds the differences in each layer, which clears most neurons at once, and
what it leaves is found row by row; see :mod:`~splineviz.complexity.tracing_back`. A sample costs a
few rows, not a product for each direction and layer.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch

from splineviz.complexity.bending import slopes_at
from splineviz.complexity.coefficients import Coefficients
from splineviz.complexity.corrections import Corrections
from splineviz.complexity.layout import rows_of
from splineviz.complexity.lengths import VANISHED, lengths
from splineviz.complexity.passing import Pass
from splineviz.complexity.span import Near
from splineviz.complexity.tracing_back import Bend, Product, Reached, Suspects
from splineviz.network.kinks import Kinks
from splineviz.network.program import Program

FEWEST_DIRECTIONS = 8
"""With fewer directions of a sample carrying them is as quick."""

# Steps that change nothing.
_SAME = ("identity", "dropout")
# Bounds of the norms of matrices larger than this cost more than they save.
_WIDEST = 512
# A sample with more neurons of a layer that may switch, by direction, is not worth their rows.
_MOST_ROWS = 2
# Nor is one with more neurons of a layer that bend.
_MOST_BENDS = 16
# What a row costs for each step, beside carrying the vertices of a direction through one: so much,
# and more for each direction, since its differences are put together.
_ROW, _DIFFERENCES = 0.36, 1 / 320
# Of networks as they are made, layer l has so many more neurons near as l to this power.
_GROWTH = 1.35
# More than lengths, and products of them, lose in float64.
_FINE = 2.0**-30
_UNIT = torch.finfo(torch.float64).eps / 2
# More than a product of lengths and noise loses where it vanishes.
_LEAST = 2.0**-1000
# Products of norms stay between this and its inverse.
_SMALLEST = 2.0**-900


class Screened(NamedTuple):
    """What is found without vertices.

    Attributes
    ----------
    near : list of Near
        By the number of the layer, all neurons that may switch.
    doubtful : bool tensor (n,)
        The samples of which that is not known.
    """

    near: list[Near]
    doubtful: torch.Tensor


class _Bounds(NamedTuple):
    """Bounds of lengths of vectors at one place in the network, round samples.

    Attributes
    ----------
    length : float64 tensor (n, 1)
        Of the differences.
    error : float64 tensor (n, 1)
        Of what rounding has moved the values at the samples by.
    size : float64 tensor (n, 1)
        Of the values at the samples themselves.
    """

    length: torch.Tensor
    error: torch.Tensor
    size: torch.Tensor


class Screen:
    """Finds what switches round samples if that is little.

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
    looked_at : list of int
        By the number of the layer, the value that is looked at.
    """

    def __init__(
        self,
        program: Program,
        fine: Mapping[int, Coefficients],
        front: Sequence[int],
        chain: Sequence[int],
        points: Mapping[int, tuple[float, ...]],
        looked_at: Sequence[int],
    ) -> None:
        self._program, self._fine = program, fine
        self._front, self._chain = front, chain
        self._points, self._looked_at = points, looked_at
        passed = [i for i in chain[:-1] if program.steps[i].kind == "linear"]
        self._products = {i: Product(fine[i].unit, fine[i].norm) for i in passed}
        # The values that switch behind dense steps.
        self._dense = [i + 1 for i in chain if i + 1 in points]

    @classmethod
    def of(
        cls,
        program: Program,
        fine: Mapping[int, Coefficients],
        steps: Sequence[int],
        points: Mapping[int, tuple[float, ...]],
        looked_at: Sequence[int],
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
        range_of_scales = 0.0
        for i in chain:
            if program.steps[i].kind in _SAME and i + 1 not in points:
                continue
            if i in program.activation_at:
                rule = program.activation_at[i].rule
                # What an activation makes has bounds, too, but is rarely looked at.
                if i + 1 in points or not isinstance(rule, Kinks):
                    return None
                range_of_scales += _magnitude(rule.steepest)
                continue
            matrix = fine[i].matrix
            if matrix is None or max(matrix.shape) > _WIDEST:
                return None
            range_of_scales += _range(fine[i], last=i == chain[-1])
        if not range_of_scales < -math.log2(_SMALLEST):
            return None
        return cls(program, fine, front, chain, points, looked_at)

    def screened(self, made: Pass) -> Screened | None:
        """Find what switches round samples.

        Parameters
        ----------
        made : Pass
            A way through the network in float64, at its start, with directions that all samples
            share.

        Returns
        -------
        Screened, or None
            None if so much seems to switch that carrying all vertices is as quick. What is found
            holds whatever rounding did.
        """
        x = made.centres[0]
        doubtful = torch.zeros(len(x), dtype=torch.bool, device=x.device)
        found, ahead, error = self._before_activations(made)
        longest = made.radius * float(lengths(ahead).amax())
        if not _SMALLEST < longest < 1 / _SMALLEST:
            return None
        # The vertices differ by the same round all samples before the first activation.
        ahead = ahead * (made.radius / longest)
        first = Product(ahead.float().T, longest)
        read = self._program.steps[self._chain[0]].inputs[0]
        length = error.new_full((len(x), 1), longest)
        bounds = _Bounds(length, error, lengths(self._centre(read, made)))
        near = found[read]
        near = near.at(_worth_it(near.sample, doubtful))
        mirrored = longest * ahead.T[near.column]
        reached = Reached(near, torch.cat([mirrored, -mirrored], 1))
        steps: list[Product | Bend] = []
        for i in self._chain:
            if self._program.steps[i].kind in _SAME:
                continue
            if i in self._program.activation_at:
                bend, bounds = self._bend(i, made, bounds, reached, None if steps else ahead)
                steps.append(bend)
                continue
            if i + 1 in self._points:
                suspects = self._suspects(i, made, bounds, doubtful)
                if suspects is None:
                    return None
                near, vertices = suspects.traced_back(first, steps, doubtful)
                found[i + 1] = near
                some = _worth_it(near.sample, doubtful)
                reached = Reached(near.at(some), vertices[some])
            if i != self._chain[-1]:
                steps.append(self._products[i])
                bounds = self._multiplied(i, made, bounds)
        return Screened([found[value] for value in self._looked_at], doubtful)

    def _bend(
        self,
        i: int,
        made: Pass,
        bounds: _Bounds,
        reached: Reached,
        ahead: torch.Tensor | None,
    ) -> tuple[Bend, _Bounds]:
        """An activation, and bounds behind it.

        Parameters
        ----------
        i : int
            Its step.
        made : Pass
            The way through the network.
        bounds : _Bounds
            Of what it reads.
        reached : Reached
            The neurons that may bend.
        ahead : float64 tensor (directions, columns), or None
            The differences that it reads, divided by the longest of them, where they are the same
            round all samples.
        """
        rule = self._program.activation_at[i].rule
        assert isinstance(rule, Kinks)
        segments = self._fine[i].by_segment(rule.slopes)
        centre = self._centre(self._program.steps[i].inputs[0], made)
        slopes = slopes_at(rule, segments, centre, centre.dtype)
        corrections = Corrections.of(rule, segments, *reached, len(centre))
        scaled = slopes / rule.steepest
        if ahead is None:
            share = scaled.abs().amax(1, keepdim=True)
        else:
            squares = scaled.square() @ ahead.square().T
            share = squares.amax(1, keepdim=True).sqrt() + VANISHED
        straight = rule.steepest * share * bounds.length + VANISHED
        length = straight + corrections.length + corrections.error
        size = lengths(self._centre(i + 1, made))
        return (
            Bend(scaled.float(), rule.steepest, bounds.length, corrections),
            _Bounds(length, rule.steepest * bounds.error + 4 * _UNIT * size, size),
        )

    def _multiplied(self, i: int, made: Pass, bounds: _Bounds) -> _Bounds:
        """Bounds behind a dense step."""
        step, size = self._fine[i], lengths(self._centre(i + 1, made))
        summed = self._summed(i, bounds) * lengths(step.lengths)
        return _Bounds(
            step.norm * bounds.length + VANISHED,
            step.norm * bounds.error + summed + 4 * _UNIT * size,
            size,
        )

    def _summed(self, i: int, bounds: _Bounds) -> torch.Tensor:
        """How far rounding of its sum may move what a row of length 1 makes at the samples."""
        return _UNIT * (self._fine[i].terms + 4) * bounds.size

    def _centre(self, value: int, made: Pass) -> torch.Tensor:
        return rows_of(made.centres[value], 1)

    def _is_in_vain(self, value: int, near: torch.Tensor, directions: int) -> bool:
        """Whether carrying all vertices is as quick, as a guess on which only the time depends.

        A direction takes a step for each of the L layers, a row of layer l takes l. Where more
        neurons are near, more bend, and more are near in the layers behind.
        """
        number, layers = self._dense.index(value) + 1, len(self._dense)
        steps = sum(layer * (layer / number) ** _GROWTH for layer in range(number, layers + 1))
        rows = float(near.sum()) / len(near)
        return steps * rows * (_ROW + _DIFFERENCES * directions) > directions * layers

    def _before_activations(self, made: Pass) -> tuple[dict[int, Near], torch.Tensor, torch.Tensor]:
        """What switches before the first activation, what that reads, and how far it is off."""
        values = {0: made.start()}
        for i in self._front:
            inputs = [values[value] for value in self._program.steps[i].inputs]
            values[i + 1] = made.mapped(i, inputs)
        found = {}
        for value in values.keys() & self._points.keys():
            near = made.span(value, values[value]).near(self._points[value])
            # One that reads nothing is the same everywhere.
            moves = (near.low != 0) | (near.high != 0) | (near.noise != 0)
            found[value] = near.at(moves)
        read = self._program.steps[self._chain[0]].inputs[0]
        ahead = values[read].d.mirrored[0]
        return found, ahead, lengths(made.span(read, values[read]).noise)

    def _suspects(
        self, i: int, made: Pass, bounds: _Bounds, doubtful: torch.Tensor
    ) -> Suspects | None:
        """The neurons behind a dense step that may switch, by the length of what it reads.

        None if there are so many that they are not worth it; samples of too many are marked.
        """
        points, step, centre = self._points[i + 1], self._fine[i], self._centre(i + 1, made)
        gap, *others = [(centre - point if point else centre).abs() for point in points]
        for other in others:
            gap = torch.minimum(gap, other)
        # How far one neuron is off: what it reads, and its own sum; and its distance from a point.
        off = bounds.error + self._summed(i, bounds)
        rounding = gap.new_tensor(_FINE * max(map(abs, points)) + _LEAST)
        away = (1 + 4 * _FINE) * (bounds.length + off)
        # Not by <=, so that it holds for what is not a number.
        near = (gap > torch.addcmul(rounding, away, step.lengths)).logical_not_()
        # A neuron that reads nothing is the same everywhere.
        near &= step.lengths != 0
        directions = made.directions.shape[1]
        if self._is_in_vain(i + 1, near, directions):
            return None
        doubtful |= near.sum(1) > _MOST_ROWS * directions
        sample, column = (near & ~doubtful.unsqueeze(1)).nonzero(as_tuple=True)
        scale = step.lengths[column]
        noise = rounding + scale * off[sample, 0]
        rows = step.unit_rows[column]
        return Suspects.of(
            sample, column, centre[sample, column], gap[sample, column], noise, rows, scale
        )


def _worth_it(sample: torch.Tensor, doubtful: torch.Tensor) -> torch.Tensor:
    """Which bends belong to samples of not too many, int64; the other samples are marked."""
    doubtful |= torch.bincount(sample, minlength=len(doubtful)) > _MOST_BENDS
    return (~doubtful[sample]).nonzero()[:, 0]


def _range(step: Coefficients, last: bool) -> float:
    """By how many powers of 2 the rows of a dense step, or its norm, differ from 1."""
    rows = step.lengths[step.lengths > 0]
    ends = [float(rows.min()), float(rows.max())] if len(rows) else []
    return max(map(_magnitude, ends if last else [*ends, step.norm]), default=0.0)


def _magnitude(number: float) -> float:
    """By how many powers of 2 a number differs from 1; infinite for 0."""
    return abs(math.log2(number)) if 0 < number < math.inf else math.inf
