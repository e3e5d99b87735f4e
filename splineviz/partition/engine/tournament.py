"""The upper envelope of the candidates of a window, by a tournament.

Rounds compare pairs of candidates, then winners of pairs, and so on. After each round the winners
are affine on every cell, so that the next one again cuts by affine functions. That cuts too much:
where two candidates tie that a third one beats, nothing happens to the network. So at the end cells
with the same winners are joined again, and what remains is the true envelope.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from splineviz.network.max_selection import MaxSelection, flat_values
from splineviz.partition.engine.cells import SEAM, CellComplex
from splineviz.partition.engine.dissolving import Dissolved, dissolve
from splineviz.partition.patterns import first_difference, pack, ranges_above, unpack
from splineviz.partition.rounding.values import EPS, ULPS
from splineviz.typing import BoolArray, FloatArray, Int32Array, Words

# How many numbers are unpacked at a time.
_BLOCK = 2**20


def leads(rule: MaxSelection, round_: int, inputs: Sequence[FloatArray]) -> FloatArray:
    """By how much the second of each pair exceeds the first in a round.

    In a tie the first goes on to the next round, so that the first of the largest wins.

    Parameters
    ----------
    rule : MaxSelection
    round_ : int
        From 0.
    inputs : sequence of float64 array (n, *shape)
        The values that the selection reads.

    Returns
    -------
    float64 array (n, pairs * windows)
    """
    standing = np.take(flat_values(inputs), rule.candidates.T, axis=1)
    if rule.sign < 0:
        standing = -standing
    for _ in range(round_):
        standing = next_round(standing)
    left, right = pairs(standing)
    return (right - left).reshape(len(standing), -1)


def lead_units(
    rule: MaxSelection, round_: int, inputs: Sequence[FloatArray], units: Sequence[FloatArray]
) -> FloatArray:
    """Units of rounding of :func:`leads`, from the values and their units.

    A clear winner takes its own rounding to the next round. Where rounding leaves the winner open,
    the larger unit of the two goes on: the bound holds for either.
    """
    standing = rule.sign * np.take(flat_values(inputs), rule.candidates.T, axis=1)
    unit = np.take(flat_values(units), rule.candidates.T, axis=1)
    for _ in range(round_):
        (left, right), (of_left, of_right) = pairs(standing), pairs(unit)
        larger = np.maximum(of_left, of_right)
        clear = np.abs(right - left) > ULPS * EPS * larger
        winner = np.where(clear, np.where(right > left, of_right, of_left), larger)
        unit = _with_last(winner, unit)
        standing = next_round(standing)
    return np.hypot(*pairs(unit)).reshape(len(unit), -1)


def pairs(standing: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """First and second of each pair along the second-last axis, shape (..., pairs, windows).

    A last candidate without a partner is in no pair.
    """
    right = standing[..., 1::2, :]
    return standing[..., 0::2, :][..., : right.shape[-2], :], right


def next_round(standing: FloatArray) -> FloatArray:
    """The larger of each pair, and a last candidate without a partner."""
    left, right = pairs(standing)
    return _with_last(np.maximum(left, right), standing)


def _with_last(winners: npt.NDArray[Any], standing: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if standing.shape[-2] % 2 == 0:
        return winners
    return np.concatenate([winners, standing[..., -1:, :]], axis=-2)


@dataclass(frozen=True, eq=False)
class Settled:
    """The cells of an activation after its tournament.

    Parameters
    ----------
    dissolved : Dissolved
        Cells joined where all windows have the same winners.
    parent : int32 array (C,)
        The cell before the first round in which each lies.
    bits : uint64 array (C, ceil(W / 64))
        The pattern: bit n is set where the n-th candidate wins its window.
    """

    dissolved: Dissolved
    parent: Int32Array
    bits: Words


def settle(
    rule: MaxSelection,
    cells: CellComplex,
    rounds: Sequence[tuple[Int32Array, Words]],
    layer: int,
    n_corners: int,
) -> Settled:
    """Join cells that the rounds of a tournament cut apart but that have the same winners.

    Parameters
    ----------
    rule : MaxSelection
    cells : CellComplex
        After the last round.
    rounds : sequence of (parent, bits)
        Of each round, as in ``Subdivision``.
    layer : int
        The label of the edges that the rounds made.
    n_corners : int
        The first vertices of the complex are the corners of the domain.
    """
    parent = np.arange(len(cells), dtype=np.int32)
    for above, _ in reversed(rounds):
        parent = above[parent]
    size = max(1, _BLOCK // max(rule.width, 1))
    bits = np.concatenate(
        [
            pack(_one_hot(rule, _winners(rule, rounds, first, min(first + size, len(cells)))))
            for first in range(0, len(cells), size)
        ]
    )
    sides = cells.sides
    of_rounds = np.flatnonzero(cells.edge_layer == layer)
    column = first_difference(bits[sides[of_rounds, 0]], bits[sides[of_rounds, 1]], rule.width)
    is_open = np.zeros(len(sides), dtype=bool)
    is_open[of_rounds] = column < 0
    edge_neuron = cells.edge_neuron.copy()
    edge_neuron[of_rounds] = column
    cells = replace(cells, edge_neuron=edge_neuron)
    dissolved = dissolve(cells, is_open, n_corners)
    if len(dissolved.cells) > len(dissolved.first_cell):
        # By rounding, a union has a hole or touches itself, and later layers need convex cells. So
        # it stays in pieces, whose common edges are seams: they go when all layers are done.
        several = np.bincount(dissolved.union) > 1
        seam = is_open & several[dissolved.union_of_cell[sides[:, 0]]]
        edge_layer = np.where(seam, SEAM, cells.edge_layer).astype(np.int32)
        dissolved = dissolve(replace(cells, edge_layer=edge_layer), is_open & ~seam, n_corners)
    chosen = dissolved.first_cell
    return Settled(dissolved, parent[chosen], bits[chosen])


def _winners(
    rule: MaxSelection, rounds: Sequence[tuple[Int32Array, Words]], first: int, last: int
) -> npt.NDArray[np.int16]:
    """The place of the winner among the candidates on a range of cells, shape (n, windows)."""
    windows, k = rule.candidates.shape
    ranges = ranges_above([parent for parent, _ in rounds], first, last)
    low, high = ranges[0]
    places = np.arange(k, dtype=np.int16)[:, None]
    standing = np.broadcast_to(places, (high - low, k, windows))
    for (parent, bits), (low, high), (above, _) in zip(rounds, ranges[1:], ranges, strict=False):
        standing = standing[parent[low:high] - above]
        left, right = pairs(standing)
        second = unpack(bits[low:high], left[0].size).reshape(left.shape)
        standing = _with_last(np.where(second, right, left), standing)
    return standing[:, 0]


def _one_hot(rule: MaxSelection, winners: npt.NDArray[np.int16]) -> BoolArray:
    """The pattern (n, W) of winners (n, windows)."""
    first_column = np.cumsum(rule.counts) - rule.counts
    # Short windows are padded with their first candidate: if a copy wins, it wins.
    place = np.where(winners < rule.counts, winners, 0)
    pattern = np.zeros((len(winners), rule.width), dtype=np.bool_)
    np.put_along_axis(pattern, first_column + place, True, axis=1)
    return pattern
