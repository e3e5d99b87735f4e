"""A piece of a cell split along one of the chords that cross it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from splineviz.partition.engine.kernels.arguments import Array
from splineviz.partition.engine.kernels.bits import set_bit
from splineviz.partition.engine.kernels.compiling import compiled, inlined
from splineviz.partition.engine.kernels.crossings import LOOSE, insert_sorted, merge
from splineviz.partition.engine.kernels.triangles import weights_in

# In place of a vertex number: two chords do not cross.
_APART = -2

# Columns of a chord.
NEURON, LOW, HIGH, SIGN = range(4)
# Columns of a piece on the stack.
START, SIZE, CHORDS, COUNT = range(4)


class Stack(NamedTuple):
    """Room for the pieces of one cell that are still to be split.

    Attributes
    ----------
    piece : int64 array (d, 4)
        Where its border begins in the pool and how long it is, where its chords begin and how many
        they are.
    masks : uint64 array (d, ceil(k / 64))
        Bit j of a row is set where crossing neuron j is known to be positive on the piece.
    vertex, half : int32 arrays (p,)
        The pool of borders: the vertex at each place and the half-edge from there.
    chord : int32 array (c, 4)
        The pool of chords: crossing neuron, first end and second end as places of the border, and
        the sign on the way from the first to the second.
    """

    piece: Array
    masks: Array
    vertex: Array
    half: Array
    chord: Array


class Piece(NamedTuple):
    """Room for the piece that is being split: its halves are written where it was.

    Attributes
    ----------
    vertex, half : int32 arrays (n,)
        Its border, as in the pool.
    chord : int32 array (k, 4)
        Its chords.
    cut_at : int32 array (k,)
        Where each chord crosses the one that it is split along, as ``cross_chord`` says.
    mask : uint64 array (ceil(k / 64),)
    """

    vertex: Array
    half: Array
    chord: Array
    cut_at: Array
    mask: Array


class Ends(NamedTuple):
    """The coordinates of the two ends p and q of a chord."""

    px: float
    py: float
    qx: float
    qy: float


class Chord(NamedTuple):
    """The chord that a piece is split along.

    Attributes
    ----------
    own : int
        Its row among the piece's chords.
    low, high : int
        The places of its ends.
    added : int
        How many new vertices it has; it has one edge more.
    vertex, edge : int
        The numbers of the first of them.
    """

    own: int
    low: int
    high: int
    added: int
    vertex: int
    edge: int


@compiled
def new_stack(k, n):
    """Room for the pieces of cells with k crossing neurons and n places on their border."""
    # Each piece has a chord less than that it was part of, so that no more than k wait beside it.
    return Stack(
        np.empty((k + 2, 4), np.int64),
        np.empty((k + 2, (k + 63) >> 6), np.uint64),
        np.empty(8 * n, np.int32),
        np.empty(8 * n, np.int32),
        np.empty((8 * k, 4), np.int32),
    )


@compiled
def new_piece(k, n):
    """Room for a piece with k chords and n places on its border."""
    return Piece(
        np.empty(n, np.int32),
        np.empty(n, np.int32),
        np.empty((k, 4), np.int32),
        np.empty(k, np.int32),
        np.empty((k + 63) >> 6, np.uint64),
    )


@inlined
def put_piece(stack, depth, start, size, first, count):
    """Say where a piece on the stack has its border and its chords."""
    stack.piece[depth, START] = start
    stack.piece[depth, SIZE] = size
    stack.piece[depth, CHORDS] = first
    stack.piece[depth, COUNT] = count


@inlined
def take_piece(stack, depth, k_words, piece):
    """Copy a piece off the stack, whose halves will be written where it was.

    Returns what ``put_piece`` said of it.
    """
    start, size = stack.piece[depth, START], stack.piece[depth, SIZE]
    first, count = stack.piece[depth, CHORDS], stack.piece[depth, COUNT]
    for i in range(size):
        piece.vertex[i] = stack.vertex[start + i]
        piece.half[i] = stack.half[start + i]
    for i in range(count):
        for column in range(4):
            piece.chord[i, column] = stack.chord[first + i, column]
    for word in range(k_words):
        piece.mask[word] = stack.masks[depth, word]
    return start, size, first, count


@inlined
def cross_chord(piece, m, own, ends, triangle, forms, spacing, line):
    """Where the other chords of a piece cross chord `own`, which runs from p to q.

    `ends` are p and q, and `forms` what each neuron is in the cell's triangle. Fills ``cut_at`` for
    each chord: `_APART` if it does not cross, 0 if it passes through p, -1 through q, and r for the
    r-th new vertex between them, which lies at ``line.place[r - 1]``. Returns the number of new
    vertices, and whether a tolerance decided something or leaves a crossing uncertain by ``LOOSE``.
    """
    if m == 1:
        return 0, False
    length = np.hypot(ends.qx - ends.px, ends.qy - ends.py)
    near = spacing / length if length > spacing else 1.0
    p1, p2 = weights_in(triangle, ends.px, ends.py)
    q1, q2 = weights_in(triangle, ends.qx, ends.qy)
    low = piece.chord[own, LOW]
    high = piece.chord[own, HIGH]
    doubted = False
    count = 0
    for i in range(m):
        lo = piece.chord[i, LOW]
        hi = piece.chord[i, HIGH]
        piece.cut_at[i] = _APART
        if (lo < low < hi < high) or (low < lo < high < hi):
            j = piece.chord[i, NEURON]
            at_p = forms[j, 0] + forms[j, 1] * p1 + forms[j, 2] * p2
            at_q = forms[j, 0] + forms[j, 1] * q1 + forms[j, 2] * q2
            rise = abs(at_p - at_q)
            doubt = forms[j, 3]
            position = 0.5 if rise == 0.0 else min(max(at_p / (at_p - at_q), 0.0), 1.0)
            doubt = max(doubt / rise if rise > doubt else 1.0, 0.5 * near)
            doubted |= doubt > LOOSE * near
            if position <= doubt and position <= 0.5:
                piece.cut_at[i] = 0
                doubted = True
            elif 1.0 - position <= doubt:
                piece.cut_at[i] = -1
                doubted = True
            else:
                insert_sorted(line, count, position, doubt, i)
                count += 1
    added = merge(line, count)
    for i in range(count):
        piece.cut_at[line.owner[i]] = line.cluster[i] + 1
    return added, doubted or added < count


@inlined
def half_border(piece, n, chord, forward, stack, start):
    """Write one half of a split piece: around its border from chord to chord, then along it.

    `n` is the length of the piece's border, and `forward` says whether this half runs along the
    chord in the order of its numbers. Writes from `start` of the pool on; returns the length.
    """
    i, last = (chord.high, chord.low) if forward else (chord.low, chord.high)
    at = start
    while i != last:
        stack.vertex[at] = piece.vertex[i]
        stack.half[at] = piece.half[i]
        at += 1
        i = i + 1 if i + 1 < n else 0
    stack.vertex[at] = piece.vertex[last]
    for c in range(chord.added + 1):
        if forward:
            stack.half[at] = 2 * (chord.edge + c)
            following = chord.vertex + c
        else:
            stack.half[at] = 2 * (chord.edge + chord.added - c) + 1
            following = chord.vertex + chord.added - 1 - c
        at += 1
        if c < chord.added:
            stack.vertex[at] = following
    return at - start


@inlined
def half_chords(piece, n, m, chord, forward, stack, row, start):
    """Which of the m chords of a piece still cross one of its halves.

    In the half, places are counted from where its border leaves the chord; so the chord's ends are
    0 and ``reach``. Writes the chords that still cross the half from row `start` of the pool on,
    sets a bit of this row of the masks for each other neuron that is positive there, and returns
    how many chords were written.
    """
    first, last = (chord.high, chord.low) if forward else (chord.low, chord.high)
    reach = last - first if last > first else last - first + n
    size = reach + chord.added + 1
    count = 0
    for i in range(m):
        j = piece.chord[i, NEURON]
        lo = piece.chord[i, LOW] - first
        hi = piece.chord[i, HIGH] - first
        sign = piece.chord[i, SIGN]
        lo = lo if lo >= 0 else lo + n
        hi = hi if hi >= 0 else hi + n
        if lo > hi:
            lo, hi = hi, lo
            sign = -sign
        if hi > reach:
            if lo == 0 or lo >= reach:
                # All of it lies in the other half.
                if (sign > 0) == (lo == 0):
                    set_bit(stack.masks, row, j)
                continue
            # It comes from inside this half and leaves it through the chord.
            cut = piece.cut_at[i]
            if cut > 0:
                hi = reach + cut if forward else reach + chord.added + 1 - cut
            elif (cut == 0) == forward:
                hi = reach
            else:
                hi = lo
                lo = 0
                sign = -sign
        if i == chord.own or (lo == 0 and hi == reach) or hi - lo == size - 1:
            # The half lies between lo and hi as a whole.
            if sign > 0:
                set_bit(stack.masks, row, j)
        elif hi - lo == 1:
            if sign < 0:
                set_bit(stack.masks, row, j)
        else:
            stack.chord[start + count, NEURON] = j
            stack.chord[start + count, LOW] = lo
            stack.chord[start + count, HIGH] = hi
            stack.chord[start + count, SIGN] = sign
            count += 1
    return count
