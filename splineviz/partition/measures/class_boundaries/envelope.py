"""Where the largest of many affine outputs changes inside regions: ridges of upper envelopes.

Of k outputs all pairs would have to be compared; ten classes already make 45 lines in each region.
Few outputs win anywhere in a region, so only these are compared with each other, and a test at
the ends of the remaining lines finds out whether one is missing: see :func:`ridges`.
"""

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
        Outputs that differ by no more than this count as equal: rounding cannot tell them apart.
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
        """These chords and others, in order."""
        groups = (self, *others)
        return _Chords(
            np.concatenate([group.region for group in groups]),
            np.concatenate([group.first for group in groups]),
            np.concatenate([group.second for group in groups]),
            np.concatenate([group.a for group in groups]),
            np.concatenate([group.b for group in groups]),
            np.concatenate([group.t for group in groups]),
        )

    def blocks(self, width: int) -> Iterator[slice]:
        """Ranges of chords, each small enough for a table of this width."""
        size = max(1, _BLOCK // width)
        for first in range(0, len(self.region), size):
            yield slice(first, first + size)

    def ends_of(self, rows: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Rows (V, k) at the vertices, interpolated at both ends of chords: two arrays (n, k)."""
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

    Outputs may be equal on a whole region, where the largest would change from point to point with
    the rounding. The first of them is the same everywhere, so no boundary is seen between them.
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
        Outputs that differ by no more than this count as equal.
    starts, ends : int32 arrays (n,)
        Vertices of the sides of all regions, region after region.
    region : int64 array (n,)
        The region of each side, never decreasing.

    Notes
    -----
    The largest output of a region is the upper envelope of affine functions. Start with a few
    rivals: the outputs that win at a corner of the region. They cut the region into cells, one for
    each rival. An output that exceeds a cell's rival somewhere in the cell does so at a corner of
    the cell, since both are affine. Whatever wins at such a corner becomes a rival too. It is
    compared with the rivals that it reaches at a corner of their cells, and so on until no corner
    has a new winner: then none is missing.
    """
    winner = first_largest(outputs, zero)
    first = np.flatnonzero(np.diff(region, prepend=-1))
    # An output that wins at every corner of a region wins everywhere in it: both are affine.
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
        remains = start < stop
        chords, start, stop = chords.take(remains), start[remains], stop[remains]
        # Where a new output won, chords are clipped again; elsewhere they are ridges.
        pending = np.logical_or.reduce(new, axis=1)[chords.region]
        pieces.append(_segments(sides, chords.take(~pending), start[~pending], stop[~pending]))
        chords, start, stop = chords.take(pending), start[pending], stop[pending]
        reached = _pairs_reached(sides, chords, start, stop, new)
        rivals |= new
        chords = chords.joined(_chords(sides, reached), _chords(sides, _all_pairs(new)))
    return np.concatenate(pieces)


def _all_pairs(rivals: BoolArray) -> _Pairs:
    """All pairs among the outputs marked in each region's row (C, out)."""
    region, output = np.nonzero(rivals)
    last = np.searchsorted(region, region, side="right")
    following = np.arange(1, len(region) + 1)
    i, j = ragged(following, last - following)
    return _Pairs(region[i], output[i], output[j])


def _pairs_reached(
    sides: _Sides, chords: _Chords, start: FloatArray, stop: FloatArray, new: BoolArray
) -> _Pairs:
    """Each new output paired with both outputs of every chord at whose ends it reaches them."""
    triples = [np.empty((0, 3), dtype=np.int64)]
    for block in chords.blocks(new.shape[1]):
        some = chords.take(block)
        margins = some.margins(sides.outputs)
        reaches = np.zeros_like(margins[0], dtype=np.bool_)
        for t in (start[block], stop[block]):
            reaches |= _between(*margins, t) <= sides.zero
        row, output = np.nonzero(reaches & new[some.region])
        triples += [
            np.stack([some.region[row], np.minimum(rival, output), np.maximum(rival, output)], 1)
            for rival in (some.first[row], some.second[row])
        ]
    return _Pairs(*np.unique(np.concatenate(triples), axis=0).T)


def _chords(sides: _Sides, pairs: _Pairs) -> _Chords:
    """Chords of pairs of which each output is ahead somewhere; several in a non-convex region."""
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
    # Interpolate from the smaller vertex number to the larger: then the regions on both sides of an
    # edge compute the same point, to the last bit, and their chords meet.
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
    """First output minus second at vertices; 0 where rounding cannot tell them apart."""
    lead = sides.outputs[vertex, pairs.first[pair]] - sides.outputs[vertex, pairs.second[pair]]
    return _snapped(lead, sides.zero)


def _snapped(values: FloatArray, zero: float) -> FloatArray:
    return np.where(np.abs(values) <= zero, 0.0, values)


def _clipped(
    sides: _Sides, chords: _Chords, rivals: BoolArray
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """The part of each chord where no rival is larger, and new outputs that are, at its ends.

    Returns
    -------
    start, stop : float64 arrays (n,)
        From 0 to 1; ``start >= stop`` where nothing of a chord remains.
    new : bool array (C, out)
        The outputs of each region that are not among its rivals but exceed them.
    """
    start, stop = np.empty((2, len(chords.region)))
    new = np.zeros_like(rivals)
    for block in chords.blocks(rivals.shape[1]):
        some = chords.take(block)
        row = np.arange(len(some.region))
        margins = some.margins(sides.outputs)
        others = rivals[some.region]
        others[row, some.first] = others[row, some.second] = False
        start[block], stop[block] = _interval(
            *(np.where(others, _snapped(margin, sides.zero), 1.0) for margin in margins)
        )
        for t in (start[block], stop[block]):
            # The smallest margin belongs to the largest output.
            margin = _between(*margins, t)
            best = first_largest(-margin, sides.zero)
            exceeds = (start[block] < stop[block]) & (margin[row, best] < -sides.zero)
            new[some.region[exceeds], best[exceeds]] = True
    return start, stop, new & ~rivals


def _interval(margin_p: FloatArray, margin_q: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Where between p (0) and q (1) all margins (n, k), linear in between, are not negative.

    A margin that is zero all along is a tie and takes nothing away. One that is zero at one end
    alone, and negative from there on, takes everything.
    """
    change = margin_p - margin_q
    with np.errstate(divide="ignore", invalid="ignore"):
        zero = margin_p / change
    start = np.where((margin_p < 0) & (margin_q > 0), zero, 0.0).max(axis=1)
    stop = np.where((margin_p > 0) & (margin_q < 0), zero, 1.0).min(axis=1)
    lost = (margin_p <= 0) & (margin_q <= 0) & ((change != 0) | (margin_p < 0))
    stop[lost.any(axis=1)] = 0.0
    return start, stop


def _segments(sides: _Sides, chords: _Chords, start: FloatArray, stop: FloatArray) -> FloatArray:
    """Clipped chords as segments (m, 2, 2), without those that rounding shrinks to a point."""
    p, q = chords.ends_of(sides.vertices)
    begin = np.where((start > 0)[:, None], _between(p, q, start), p)
    end = np.where((stop < 1)[:, None], _between(p, q, stop), q)
    return np.stack([begin, end], axis=1)[(begin != end).any(axis=1)]


def _between(p: FloatArray, q: FloatArray, t: FloatArray) -> FloatArray:
    return p + t[:, None] * (q - p)


def ragged(first: IntArray, count: IntArray) -> tuple[IntArray, IntArray]:
    """Ranges of different lengths, concatenated: the row of each number, and the numbers.

    Row r holds ``first[r], first[r] + 1, ...``, ``count[r]`` numbers.
    """
    row = np.repeat(np.arange(len(count)), count)
    return row, np.arange(len(row)) + np.repeat(first - (np.cumsum(count) - count), count)


def _along_line(points: FloatArray, owner: IntArray) -> FloatArray:
    """A number for each point that orders it along the line on which its owner's points lie.

    The coordinate in which the points of an owner differ most: no projection, no rounding.
    """
    low = np.full((owner.max(initial=-1) + 1, 2), np.inf)
    high = np.full((owner.max(initial=-1) + 1, 2), -np.inf)
    np.minimum.at(low, owner, points)
    np.maximum.at(high, owner, points)
    wider = (high - low).argmax(axis=1)
    return points[np.arange(len(points)), wider[owner]]
