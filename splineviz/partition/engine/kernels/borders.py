"""Which neurons cross a cell, and where on its border their ends are."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from splineviz.partition.engine.kernels.arguments import Array
from splineviz.partition.engine.kernels.bits import has_bit, lowest_bit
from splineviz.partition.engine.kernels.compiling import borrowing, compiled, inlined


class Border(NamedTuple):
    """Room for what is known of one cell's border and of the neurons that cross it.

    Attributes
    ----------
    some_positive, some_negative : uint64 arrays (ceil(W / 64),)
        The neurons that are positive, and negative, at some corner.
    neuron : int32 array (k,)
        Those that are both: each crosses the cell.
    local_of : int32 array (W,)
        The number of a neuron among these.
    n_ends : int32 array (k,)
        How many edges each of them cuts.
    end_at, end_sign : int32 and int8 arrays (k, 2)
        Of the first two the places on the border, and the signs behind them.
    corner_at : int32 array (n,)
        The place of each old corner on the border with its new vertices.
    signs : int8 array (n,)
        The signs of one neuron around the border.
    """

    some_positive: Array
    some_negative: Array
    neuron: Array
    local_of: Array
    n_ends: Array
    end_at: Array
    end_sign: Array
    corner_at: Array
    signs: Array


@compiled
def new_border(width, k, n):
    """Room for k crossing neurons of `width`, and for n places."""
    n_words = (width + 63) >> 6
    return Border(
        np.empty(n_words, np.uint64),
        np.empty(n_words, np.uint64),
        np.empty(k, np.int32),
        np.zeros(width, np.int32),
        np.empty(k, np.int32),
        np.empty((k, 2), np.int32),
        np.empty((k, 2), np.int8),
        np.empty(n, np.int32),
        np.empty(n, np.int8),
    )


@inlined
def sides_of(cut, cell, signs, border):
    """Which neurons are positive, and which negative, at some corner of a cell.

    Returns the number of vertices on its border once the edges are cut, and of neurons that cross.
    """
    some_positive, some_negative = border.some_positive, border.some_negative
    n_words = some_positive.shape[0]
    for word in range(n_words):
        some_positive[word] = np.uint64(0)
        some_negative[word] = np.uint64(0)
    n = 0
    for i in range(cut.offsets[cell], cut.offsets[cell + 1]):
        e = cut.halves[i] >> 1
        v = cut.edge_vertices[e, cut.halves[i] & 1]
        for word in range(n_words):
            some_positive[word] |= signs.positive[v, word]
            some_negative[word] |= signs.negative[v, word]
        n += 1 + cut.first_vertex[e + 1] - cut.first_vertex[e]
    k = 0
    for word in range(n_words):
        both = some_positive[word] & some_negative[word]
        while both != np.uint64(0):
            both &= both - np.uint64(1)
            k += 1
    return n, k


@inlined
def list_crossing(border):
    """Number the neurons that cross the cell."""
    k = 0
    for word in range(border.some_positive.shape[0]):
        both = border.some_positive[word] & border.some_negative[word]
        while both != np.uint64(0):
            n = (word << 6) + lowest_bit(both)
            both &= both - np.uint64(1)
            border.neuron[k] = n
            border.local_of[n] = k
            border.n_ends[k] = 0
            k += 1


@inlined
def walk_round(cut, cell, signs, border, vertex, half):
    """Walk around a cell: its border with the new vertices, and where each neuron crosses it.

    Fills the vertex and the outgoing half-edge at each place, the place of each old corner, and for
    each crossing neuron the first two places where it cuts an edge, with the sign behind each.
    """
    n_old = signs.positive.shape[0]
    start = cut.offsets[cell]
    n = 0
    for i in range(start, cut.offsets[cell + 1]):
        e = cut.halves[i] >> 1
        backward = cut.halves[i] & 1
        head = cut.edge_vertices[e, 1 - backward]
        first = cut.first_vertex[e]
        added = cut.first_vertex[e + 1] - first
        piece = e + first
        border.corner_at[i - start] = n
        vertex[n] = cut.edge_vertices[e, backward]
        if backward == 0:
            for k in range(added):
                half[n + k] = 2 * (piece + k)
                vertex[n + k + 1] = n_old + first + k
            half[n + added] = 2 * (piece + added)
        else:
            for k in range(added):
                half[n + k] = 2 * (piece + added - k) + 1
                vertex[n + k + 1] = n_old + first + added - 1 - k
            half[n + added] = 2 * piece + 1
        for c in range(cut.first_cut[e], cut.first_cut[e + 1]):
            j = border.local_of[cut.cut_neuron[c]]
            k = cut.cut_place[c] if backward == 0 else added - 1 - cut.cut_place[c]
            ends = border.n_ends[j]
            if ends < 2:
                is_positive = has_bit(signs.positive, head, cut.cut_neuron[c])
                border.end_at[j, ends] = n + 1 + k
                border.end_sign[j, ends] = 1 if is_positive else -1
            border.n_ends[j] = ends + 1
        n += added + 1


@inlined
def ends_of(cut, cell, n, j, values, signs, border):
    """The two ends of crossing neuron j on a border of n places, and the sign between them.

    Returns the first place, the second, and the sign on the way from the first to the second.
    """
    # Two cuts with both signs behind them are the whole story; anything else meets a corner.
    if border.n_ends[j] == 2 and border.end_sign[j, 0] != border.end_sign[j, 1]:
        return border.end_at[j, 0], border.end_at[j, 1], border.end_sign[j, 0]
    top, bottom = _signs_along(cut, cell, border.neuron[j], values, signs, border)
    down = _change(border.signs, n, top, np.int8(1))
    up = _change(border.signs, n, bottom, np.int8(-1))
    if down < up:
        return np.int32(down), np.int32(up), np.int8(-1)
    return np.int32(up), np.int32(down), np.int8(1)


@borrowing
def _signs_along(cut, cell, neuron, values, signs, border):
    """The signs of a neuron around the border, where it meets corners or touches more than twice.

    With zeros at corners and cuts they hold one change on the way from the largest value down to
    the smallest and one on the way back; zeros between equal signs only touch. Fills
    ``border.signs`` and returns the places of the largest and of the smallest value.
    """
    top = bottom = 0
    highest = -np.inf
    lowest = np.inf
    start = cut.offsets[cell]
    for i in range(start, cut.offsets[cell + 1]):
        e = cut.halves[i] >> 1
        backward = cut.halves[i] & 1
        tail = cut.edge_vertices[e, backward]
        tail_sign = _sign(signs, tail, neuron)
        head_sign = _sign(signs, cut.edge_vertices[e, 1 - backward], neuron)
        at = border.corner_at[i - start]
        border.signs[at] = tail_sign
        added = cut.first_vertex[e + 1] - cut.first_vertex[e]
        zero = -1
        for c in range(cut.first_cut[e], cut.first_cut[e + 1]):
            if cut.cut_neuron[c] == neuron:
                zero = cut.cut_place[c] if backward == 0 else added - 1 - cut.cut_place[c]
        for k in range(added):
            if zero < 0:
                border.signs[at + 1 + k] = tail_sign if tail_sign != 0 else head_sign
            elif k == zero:
                border.signs[at + 1 + k] = 0
            else:
                border.signs[at + 1 + k] = tail_sign if k < zero else head_sign
        value = values.z[values.row_of[tail], values.column_of[neuron]]
        if tail_sign > 0 and value > highest:
            highest = value
            top = at
        if tail_sign < 0 and value < lowest:
            lowest = value
            bottom = at
    return top, bottom


@inlined
def _sign(signs, vertex, neuron):
    """The sign of a neuron at a vertex: -1, 0 or 1."""
    return np.int8(has_bit(signs.positive, vertex, neuron)) - np.int8(
        has_bit(signs.negative, vertex, neuron)
    )


@borrowing
def _change(signs, n, start, sign):
    """The first zero after `start` behind which the sign is no longer `sign`."""
    zero = -1
    for step in range(1, n + 1):
        at = (start + step) % n
        if signs[at] == 0:
            if zero < 0:
                zero = at
        elif signs[at] == sign:
            zero = -1
        else:
            return zero
    return zero
