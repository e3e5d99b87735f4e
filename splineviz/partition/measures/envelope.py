"""Where the largest of many affine outputs changes inside regions: ridges of upper envelopes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from splineviz.typing import BoolArray, FloatArray, Int32Array, IntArray

# Chords are compared with all outputs in blocks, so that the tables stay in a few megabytes.
_BLOCK = 1 << 19


class _Sides(NamedTuple):
    """The sides of some regions, region after region, and the outputs at their ends.

    Parameters
    ----------
    vertices, outputs : float64 arrays (V, 2), (V, out)
    zero : float
        A difference of outputs up to this is none.
    starts, ends : int32 arrays (n,)
        Vertices of each side.
    first, number : int64 arrays (C,)
        Sides of region c are ``first[c] ... first[c] + number[c] - 1``.
    """

    vertices: FloatArray
    outputs: FloatArray
    zero: float
    starts: Int32Array
    ends: Int32Array
    first: IntArray
    number: IntArray


class _Pairs(NamedTuple):
    """Pairs of outputs to be compared in regions: int64 arrays (n,)."""

    region: IntArray
    first: IntArray
    second: IntArray


class _Chords(NamedTuple):
    """Lines on which two outputs are equal, from border to border of a region.

    Parameters
    ----------
    region, first, second : int64 arrays (n,)
        The region and the two outputs.
    a, b : int32 arrays (n, 2)
        The sides of the region at which the chord begins and ends: their vertices.
    t : float64 array (n, 2)
        Where on these sides, 0 at `a` and 1 at `b`.
    """

    region: IntArray
    first: IntArray
    second: IntArray
    a: Int32Array
    b: Int32Array
    t: FloatArray

    def take(self, rows: npt.NDArray[Any] | slice) -> _Chords:
        """Some of the chords."""
        return _Chords(
            self.region[rows],
            self.first[rows],
            self.second[rows],
            self.a[rows],
            self.b[rows],
            self.t[rows],
        )

    def joined(self, *others: _Chords) -> _Chords:
        """These chords, then others."""
        parts = (self, *others)
        return _Chords(
            np.concatenate([part.region for part in parts]),
            np.concatenate([part.first for part in parts]),
            np.concatenate([part.second for part in parts]),
            np.concatenate([part.a for part in parts]),
            np.concatenate([part.b for part in parts]),
            np.concatenate([part.t for part in parts]),
        )

    def blocks(self, width: int) -> Iterator[slice]:
        """Ranges of chords that a table of this width has room for."""
        size = max(1, _BLOCK // width)
        for first in range(0, len(self.region), size):
            yield slice(first, first + size)

    def ends_of(self, rows: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Rows (V, k) given at the vertices, at both ends of the chords: two arrays (n, k)."""
        at_a = rows[self.a]
        both = at_a + self.t[:, :, None] * (rows[self.b] - at_a)
        return both[:, 0], both[:, 1]

    def margins(self, outputs: FloatArray) -> tuple[FloatArray, FloatArray]:
        """By how much the two outputs exceed each output, at both ends: two arrays (n, out)."""
        row = np.arange(len(self.region))
        p, q = (values[row, self.first, None] - values for values in self.ends_of(outputs))
        return p, q


def first_largest(values: FloatArray, zero: float) -> IntArray:
    """For each row (n, out) the first output that rounding cannot tell from the largest.

    So outputs that are equal on a whole region have one that stands for them.
    """
    return (values >= values.max(axis=1, keepdims=True) - zero).argmax(axis=1)


def ridges(
    vertices: FloatArray,
    outputs: FloatArray,
    zero: float,
    starts: Int32Array,
    ends: Int32Array,
    region: IntArray,
) -> FloatArray:
    """Segments (n, 2, 2) inside regions on which the two largest outputs are equal.

    Parameters
    ----------
    vertices : float64 array (V, 2)
    outputs : float64 array (V, out)
        At the vertices; affine on every region.
    zero : float
        A difference of outputs up to this is none.
    starts, ends : int32 arrays (n,)
        Vertices of the sides of all regions, region after region.
    region : int64 array (n,)
        The region of each side, never decreasing.

    Notes
    -----
    The largest output of a region is the upper envelope of affine functions. Its ridges are found
    for a few rivals first: the outputs that win at a corner. They cut the region into cells, one
    for each rival. An output that exceeds a cell's rival somewhere in the cell does so at a corner
    of the cell, since both are affine. Whatever wins at such a corner becomes a rival too, and is
    compared with those at the corners of whose cells it is not behind; until nothing new wins.
    """
    winner = first_largest(outputs, zero)
    first = np.flatnonzero(np.diff(region, prepend=-1))
    # A region that one output wins at every corner, it wins everywhere.
    won = winner[starts]
    contested = np.minimum.reduceat(won, first) < np.maximum.reduceat(won, first)
    count = np.diff(np.append(first, len(region)))
    own = np.repeat(contested, count)
    count = count[contested]
    sides = _Sides(vertices, outputs, zero, starts[own], ends[own], np.cumsum(count) - count, count)
    rivals = np.zeros((len(count), outputs.shape[1]), dtype=np.bool_)
    rivals[np.repeat(np.arange(len(count)), count), won[own]] = True
    pieces = [np.empty((0, 2, 2))]
    chords = _chords(sides, _all_pairs(rivals))
    while len(chords.region) > 0:
        start, stop, new = _clipped(sides, chords, rivals)
        left = start < stop
        chords, start, stop = chords.take(left), start[left], stop[left]
        pending = np.logical_or.reduce(new, axis=1)[chords.region]
        pieces.append(_segments(sides, chords.take(~pending), start[~pending], stop[~pending]))
        chords, start, stop = chords.take(pending), start[pending], stop[pending]
        met = _met(sides, chords, start, stop, new)
        rivals |= new
        chords = chords.joined(_chords(sides, met), _chords(sides, _all_pairs(new)))
    return np.concatenate(pieces)


def _all_pairs(rivals: BoolArray) -> _Pairs:
    """All pairs among the outputs marked in each region's row (C, out)."""
    region, output = np.nonzero(rivals)
    last = np.searchsorted(region, region, side="right")
    behind = np.arange(1, len(region) + 1)
    i, j = ragged(behind, last - behind)
    return _Pairs(region[i], output[i], output[j])


def _met(
    sides: _Sides, chords: _Chords, start: FloatArray, stop: FloatArray, new: BoolArray
) -> _Pairs:
    """Each new output with the outputs of those chords at whose ends it is not behind."""
    found = [np.empty((0, 3), dtype=np.int64)]
    for block in chords.blocks(new.shape[1]):
        part = chords.take(block)
        margins = part.margins(sides.outputs)
        ahead = np.zeros_like(margins[0], dtype=np.bool_)
        for t in (start[block], stop[block]):
            ahead |= _between(*margins, t) <= sides.zero
        row, output = np.nonzero(ahead & new[part.region])
        found += [
            np.stack([part.region[row], np.minimum(rival, output), np.maximum(rival, output)], 1)
            for rival in (part.first[row], part.second[row])
        ]
    return _Pairs(*np.unique(np.concatenate(found), axis=0).T)


def _chords(sides: _Sides, pairs: _Pairs) -> _Chords:
    """Chords of the pairs that are each ahead somewhere; several where a region is not convex."""
    n_pairs = len(pairs.region)
    pair, side = ragged(sides.first[pairs.region], sides.number[pairs.region])
    starts, ends = sides.starts[side], sides.ends[side]
    at_start, at_end = (_leads(sides, pairs, pair, vertex) for vertex in (starts, ends))
    ahead, behind = (
        np.bincount(pair[sign], minlength=n_pairs) > 0 for sign in (at_start > 0, at_start < 0)
    )
    crossed = np.flatnonzero((ahead & behind)[pair] & ((at_start > 0) != (at_end > 0)))
    pair, starts, ends = pair[crossed], starts[crossed], ends[crossed]
    at_start, at_end = at_start[crossed], at_end[crossed]
    # From the smaller vertex number to the larger: both sides of an edge get the same point.
    backward = starts > ends
    a, b = np.where(backward, ends, starts), np.where(backward, starts, ends)
    at_a, at_b = np.where(backward, at_end, at_start), np.where(backward, at_start, at_end)
    t = at_a / (at_a - at_b)
    points = sides.vertices[a] + t[:, None] * (sides.vertices[b] - sides.vertices[a])
    # A line enters and leaves a region in turn: its crossings, in order along it, come in pairs.
    order = np.lexsort((_along_line(points, pair), pair)).reshape(-1, 2)
    own = pair[order[:, 0]]
    return _Chords(
        pairs.region[own], pairs.first[own], pairs.second[own], a[order], b[order], t[order]
    )


def _leads(sides: _Sides, pairs: _Pairs, pair: IntArray, vertex: Int32Array) -> FloatArray:
    """First output less second at vertices; 0 where rounding cannot tell them apart."""
    lead = sides.outputs[vertex, pairs.first[pair]] - sides.outputs[vertex, pairs.second[pair]]
    return _snapped(lead, sides.zero)


def _snapped(values: FloatArray, zero: float) -> FloatArray:
    return np.where(np.abs(values) <= zero, 0.0, values)


def _clipped(
    sides: _Sides, chords: _Chords, rivals: BoolArray
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """What no other rival takes of the chords, and which outputs exceed the rivals at its ends.

    Returns
    -------
    start, stop : float64 arrays (n,)
        From 0 to 1; ``start >= stop`` where nothing is left of a chord.
    new : bool array (C, out)
        The outputs of each region that are not among its rivals, but exceed them.
    """
    start, stop = np.empty((2, len(chords.region)))
    new = np.zeros_like(rivals)
    for block in chords.blocks(rivals.shape[1]):
        part = chords.take(block)
        row = np.arange(len(part.region))
        margins = part.margins(sides.outputs)
        others = rivals[part.region]
        others[row, part.first] = others[row, part.second] = False
        start[block], stop[block] = _interval(
            *(np.where(others, _snapped(margin, sides.zero), 1.0) for margin in margins)
        )
        for t in (start[block], stop[block]):
            # The least margin is that of the largest output.
            margin = _between(*margins, t)
            best = first_largest(-margin, sides.zero)
            exceeds = (start[block] < stop[block]) & (margin[row, best] < -sides.zero)
            new[part.region[exceeds], best[exceeds]] = True
    return start, stop, new & ~rivals


def _interval(margin_p: FloatArray, margin_q: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Where between p (0) and q (1) all margins (n, k), linear in between, are not negative."""
    change = margin_p - margin_q
    with np.errstate(divide="ignore", invalid="ignore"):
        zero = margin_p / change
    start = np.where((margin_p < 0) & (margin_q > 0), zero, 0.0).max(axis=1)
    stop = np.where((margin_p > 0) & (margin_q < 0), zero, 1.0).min(axis=1)
    lost = (margin_p <= 0) & (margin_q <= 0) & ((change != 0) | (margin_p < 0))
    stop[lost.any(axis=1)] = 0.0
    return start, stop


def _segments(sides: _Sides, chords: _Chords, start: FloatArray, stop: FloatArray) -> FloatArray:
    """What is left of chords as segments (m, 2, 2), without those that rounding makes a point."""
    p, q = chords.ends_of(sides.vertices)
    begin = np.where((start > 0)[:, None], _between(p, q, start), p)
    end = np.where((stop < 1)[:, None], _between(p, q, stop), q)
    return np.stack([begin, end], axis=1)[(begin != end).any(axis=1)]


def _between(p: FloatArray, q: FloatArray, t: FloatArray) -> FloatArray:
    return p + t[:, None] * (q - p)


def ragged(first: IntArray, count: IntArray) -> tuple[IntArray, IntArray]:
    """Row by row the numbers ``first, first + 1, ...``, `count` of them, behind the row of each."""
    row = np.repeat(np.arange(len(count)), count)
    return row, np.arange(len(row)) + np.repeat(first - (np.cumsum(count) - count), count)


def _along_line(points: FloatArray, owner: IntArray) -> FloatArray:
    """Position of each point along the line that the points of its owner lie on."""
    low = np.full((owner.max(initial=-1) + 1, 2), np.inf)
    high = np.full((owner.max(initial=-1) + 1, 2), -np.inf)
    np.minimum.at(low, owner, points)
    np.maximum.at(high, owner, points)
    wider = (high - low).argmax(axis=1)
    return points[np.arange(len(points)), wider[owner]]
