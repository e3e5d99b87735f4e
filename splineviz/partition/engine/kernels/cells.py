"""Cells split by all neurons that cross them, one cell at a time."""

from __future__ import annotations

import numpy as np
from numba import njit

from splineviz.partition.engine.kernels.bits_and_buffers import (
    LOOSE,
    cluster,
    copy,
    has_bit,
    insert_sorted,
    lowest_bit,
    room,
    set_bit,
    table_room,
)
from splineviz.partition.engine.kernels.entry import entry
from splineviz.partition.engine.kernels.rows import barycentric

# In place of a vertex number: two chords do not cross.
_APART = -2


@njit(cache=True, nogil=True, error_model="numpy")
def _trace_border(
    halves,
    edge_vertices,
    first_vertex,
    first_cut,
    cut_neuron,
    cut_place,
    n_vertices,
    positive,
    local_of,
    cycle_vertex,
    cycle_half,
    corner_at,
    n_ends,
    end_at,
    end_sign,
):
    """Walk round a cell: its border with the new vertices, and where each neuron crosses it.

    Fills the cycle (vertex and outgoing half-edge at each place), the place of each old corner,
    and for each crossing neuron the first two places where it cuts an edge, with the sign behind
    each.
    """
    n = 0
    for i in range(halves.shape[0]):
        e = halves[i] >> 1
        backward = halves[i] & 1
        head = edge_vertices[e, 1 - backward]
        first = first_vertex[e]
        added = first_vertex[e + 1] - first
        piece = e + first
        corner_at[i] = n
        cycle_vertex[n] = edge_vertices[e, backward]
        if backward == 0:
            for k in range(added):
                cycle_half[n + k] = 2 * (piece + k)
                cycle_vertex[n + k + 1] = n_vertices + first + k
            cycle_half[n + added] = 2 * (piece + added)
        else:
            for k in range(added):
                cycle_half[n + k] = 2 * (piece + added - k) + 1
                cycle_vertex[n + k + 1] = n_vertices + first + added - 1 - k
            cycle_half[n + added] = 2 * piece + 1
        for c in range(first_cut[e], first_cut[e + 1]):
            j = local_of[cut_neuron[c]]
            k = cut_place[c] if backward == 0 else added - 1 - cut_place[c]
            if n_ends[j] < 2:
                end_at[j, n_ends[j]] = n + 1 + k
                end_sign[j, n_ends[j]] = 1 if has_bit(positive, head, cut_neuron[c]) else -1
            n_ends[j] += 1
        n += added + 1


@njit(cache=True, nogil=True, error_model="numpy")
def _settle_ends(
    neuron,
    halves,
    edge_vertices,
    first_cut,
    cut_neuron,
    cut_place,
    first_vertex,
    corner_at,
    n,
    z,
    row_of,
    column,
    positive,
    negative,
    signs,
):
    """The two ends of a neuron that meets corners of the cell, or touches it more than twice.

    The signs round the border, with zeros at corners and cuts, hold one change on the way from the
    largest value down to the smallest and one on the way back; zeros between equal signs only
    touch. Returns the two places and the sign between the first and the second.
    """
    top = bottom = 0
    highest = -np.inf
    lowest = np.inf
    for i in range(halves.shape[0]):
        e = halves[i] >> 1
        backward = halves[i] & 1
        tail = edge_vertices[e, backward]
        head = edge_vertices[e, 1 - backward]
        tail_sign = np.int8(has_bit(positive, tail, neuron)) - np.int8(
            has_bit(negative, tail, neuron)
        )
        head_sign = np.int8(has_bit(positive, head, neuron)) - np.int8(
            has_bit(negative, head, neuron)
        )
        at = corner_at[i]
        signs[at] = tail_sign
        added = first_vertex[e + 1] - first_vertex[e]
        cut = -1
        for c in range(first_cut[e], first_cut[e + 1]):
            if cut_neuron[c] == neuron:
                cut = cut_place[c] if backward == 0 else added - 1 - cut_place[c]
        for k in range(added):
            if cut < 0:
                signs[at + 1 + k] = tail_sign if tail_sign != 0 else head_sign
            elif k == cut:
                signs[at + 1 + k] = 0
            else:
                signs[at + 1 + k] = tail_sign if k < cut else head_sign
        value = z[row_of[tail], column]
        if tail_sign > 0 and value > highest:
            highest = value
            top = at
        if tail_sign < 0 and value < lowest:
            lowest = value
            bottom = at
    down = _change(signs, n, top, np.int8(1))
    up = _change(signs, n, bottom, np.int8(-1))
    if down < up:
        return down, up, -1
    return up, down, 1


@njit(cache=True, nogil=True, error_model="numpy")
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


@njit(cache=True, nogil=True, error_model="numpy")
def _frame(halves, edge_vertices, xy):
    """Three corners of a cell that span it well.

    The second is the farthest from the first, the third the farthest from the line through both.
    """
    a = edge_vertices[halves[0] >> 1, halves[0] & 1]
    b = a
    widest = -1.0
    for i in range(1, halves.shape[0]):
        v = edge_vertices[halves[i] >> 1, halves[i] & 1]
        size = (xy[v, 0] - xy[a, 0]) ** 2 + (xy[v, 1] - xy[a, 1]) ** 2
        if size > widest:
            widest = size
            b = v
    ux = xy[b, 0] - xy[a, 0]
    uy = xy[b, 1] - xy[a, 1]
    c = a
    largest = 0.0
    for i in range(1, halves.shape[0]):
        v = edge_vertices[halves[i] >> 1, halves[i] & 1]
        size = abs(ux * (xy[v, 1] - xy[a, 1]) - uy * (xy[v, 0] - xy[a, 0]))
        if size > largest:
            largest = size
            c = v
    return a, b, c


@entry
@njit(cache=True, nogil=True, error_model="numpy")
def cell_frames(first, last, offsets, halves, edge_vertices, xy, frames):
    """Three corners that span each of the cells ``first ... last - 1``, written to `frames`."""
    for cell in range(first, last):
        a, b, c = _frame(halves[offsets[cell] : offsets[cell + 1]], edge_vertices, xy)
        frames[cell, 0] = a
        frames[cell, 1] = b
        frames[cell, 2] = c


@njit(cache=True, nogil=True, error_model="numpy")
def _signs_round(
    halves, edge_vertices, first_vertex, positive, negative, some_positive, some_negative
):
    """Which neurons are positive, and which negative, at some corner of a cell.

    Returns the number of vertices on its border once the edges are cut.
    """
    for word in range(positive.shape[1]):
        some_positive[word] = np.uint64(0)
        some_negative[word] = np.uint64(0)
    n = 0
    for i in range(halves.shape[0]):
        e = halves[i] >> 1
        v = edge_vertices[e, halves[i] & 1]
        for word in range(positive.shape[1]):
            some_positive[word] |= positive[v, word]
            some_negative[word] |= negative[v, word]
        n += 1 + first_vertex[e + 1] - first_vertex[e]
    return n


@njit(cache=True, nogil=True, error_model="numpy")
def _point(vertex, xy, points):
    """Coordinates of a vertex, old or made in this call."""
    if vertex < xy.shape[0]:
        return xy[vertex, 0], xy[vertex, 1]
    return points[vertex - xy.shape[0], 0], points[vertex - xy.shape[0], 1]


@njit(cache=True, nogil=True, error_model="numpy")
def _affine_forms(
    crossing, k, z, row_of, column_of, tolerance, tolerance_of, a, b, c, forms, noise
):
    """Each crossing neuron at the frame's corner a, and how it rises from there to b and to c.

    With the largest of its tolerances at the three corners.
    """
    for j in range(k):
        column = column_of[crossing[j]]
        noise[j] = max(
            tolerance[tolerance_of[a], column],
            tolerance[tolerance_of[b], column],
            tolerance[tolerance_of[c], column],
        )
        forms[j, 0] = z[row_of[a], column]
        forms[j, 1] = z[row_of[b], column] - forms[j, 0]
        forms[j, 2] = z[row_of[c], column] - forms[j, 0]


@njit(cache=True, nogil=True, error_model="numpy")
def _cross_chord(
    chords, m, own, length, p1, p2, q1, q2, forms, noise, spacing,
    t, slack, order, group, where, cut_at,
):  # fmt: skip
    """Where the other chords of a cell cross chord `own`, which runs from p to q.

    p and q are given by their weights in the frame. Fills ``cut_at`` for each chord: `_APART`
    if it does not cross, 0 if it passes through p, -1 through q, and r for the r-th new vertex
    between them, which lies at ``where[r - 1]``. Returns the number of new vertices, and whether
    a tolerance decided something or leaves a crossing uncertain by ``LOOSE``.
    """
    low = chords[own, 1]
    high = chords[own, 2]
    near = spacing / length if length > spacing else 1.0
    doubted = False
    count = 0
    for i in range(m):
        lo = chords[i, 1]
        hi = chords[i, 2]
        cut_at[i] = _APART
        if (lo < low < hi < high) or (low < lo < high < hi):
            j = chords[i, 0]
            at_p = forms[j, 0] + forms[j, 1] * p1 + forms[j, 2] * p2
            at_q = forms[j, 0] + forms[j, 1] * q1 + forms[j, 2] * q2
            rise = abs(at_p - at_q)
            doubt = noise[j]
            position = 0.5 if rise == 0.0 else min(max(at_p / (at_p - at_q), 0.0), 1.0)
            doubt = max(doubt / rise if rise > doubt else 1.0, 0.5 * near)
            doubted |= doubt > LOOSE * near
            if position <= doubt and position <= 0.5:
                cut_at[i] = 0
                doubted = True
            elif 1.0 - position <= doubt:
                cut_at[i] = -1
                doubted = True
            else:
                insert_sorted(t, slack, order, count, position, doubt, i)
                count += 1
    added = cluster(t, slack, count, group, where)
    for i in range(count):
        cut_at[order[i]] = group[i] + 1
    return added, doubted or added < count


@njit(cache=True, nogil=True, error_model="numpy")
def _half_border(
    cycle_vertex, cycle_half, n, first, last, added, first_vertex, first_edge, forward,
    pool_vertex, pool_half, start,
):  # fmt: skip
    """Write one half of a split cell: its border from `first` round to `last`, then the chord.

    The chord has ``added + 1`` edges from `first_edge` on and vertices from `first_vertex` on;
    `forward` says whether this half runs along it in that order. Returns the half's length.
    """
    at = start
    i = first
    while i != last:
        pool_vertex[at] = cycle_vertex[i]
        pool_half[at] = cycle_half[i]
        at += 1
        i = i + 1 if i + 1 < n else 0
    pool_vertex[at] = cycle_vertex[last]
    for c in range(added + 1):
        if forward:
            pool_half[at] = 2 * (first_edge + c)
            following = first_vertex + c
        else:
            pool_half[at] = 2 * (first_edge + added - c) + 1
            following = first_vertex + added - 1 - c
        at += 1
        if c < added:
            pool_vertex[at] = following
    return at - start


@njit(cache=True, nogil=True, error_model="numpy")
def _half_chords(
    chords, m, own, cut_at, n, first, last, added, forward, size, masks, row, chord_pool, start
):
    """The chords of one half of a split cell, and the signs that are settled on it.

    A chord between places lo and hi has its third entry as the sign on the way from lo to hi. On
    the half, places are counted from `first`; the chord `own` ends at 0 and `reach`.
    Writes the chords that still cross the half from row `start` of the pool on, sets a bit of this
    row of the masks for each other neuron that is positive there, and returns how many chords were
    written.
    """
    reach = last - first if last > first else last - first + n
    count = 0
    for i in range(m):
        j = chords[i, 0]
        lo = chords[i, 1] - first
        hi = chords[i, 2] - first
        sign = chords[i, 3]
        lo = lo if lo >= 0 else lo + n
        hi = hi if hi >= 0 else hi + n
        if lo > hi:
            lo, hi = hi, lo
            sign = -sign
        if hi > reach:
            if lo == 0 or lo >= reach:
                # All of it lies in the other half.
                if (sign > 0) == (lo == 0):
                    set_bit(masks, row, j)
                continue
            # It comes from inside this half and leaves it through the chord.
            cut = cut_at[i]
            if cut > 0:
                hi = reach + cut if forward else reach + added + 1 - cut
            elif (cut == 0) == forward:
                hi = reach
            else:
                hi = lo
                lo = 0
                sign = -sign
        if i == own or (lo == 0 and hi == reach) or hi - lo == size - 1:
            # The half lies between lo and hi as a whole.
            if sign > 0:
                set_bit(masks, row, j)
        elif hi - lo == 1:
            if sign < 0:
                set_bit(masks, row, j)
        else:
            chord_pool[start + count, 0] = j
            chord_pool[start + count, 1] = lo
            chord_pool[start + count, 2] = hi
            chord_pool[start + count, 3] = sign
            count += 1
    return count


@njit(cache=True, nogil=True, error_model="numpy")
def _border_scratch(n):
    """Room for a border of n places: vertices, half-edges, places of old corners, signs."""
    return (
        np.empty(n, np.int32),
        np.empty(n, np.int32),
        np.empty(n, np.int32),
        np.empty(n, np.int8),
    )


@njit(cache=True, nogil=True, error_model="numpy")
def _neuron_scratch(k):
    """Room for k crossing neurons.

    Their number of ends, places and signs of the ends, affine forms and tolerances; then, for the
    chord being cut, the chords of its piece, their cuts, and the cuts' positions, uncertainties,
    owners, clusters and places of the clusters.
    """
    return (
        np.empty(k, np.int32),
        np.empty((k, 2), np.int32),
        np.empty((k, 2), np.int8),
        np.empty((k, 3), np.float64),
        np.empty(k, np.float64),
        np.empty((k, 4), np.int32),
        np.empty(k, np.int32),
        np.empty(k, np.float64),
        np.empty(k, np.float64),
        np.empty(k, np.int32),
        np.empty(k, np.int32),
        np.empty(k, np.float64),
    )


@entry
@njit(cache=True, nogil=True, error_model="numpy")
def split_cells(
    first_cell, last_cell, cell_offsets, cell_halves, edge_vertices, first_vertex, first_cut,
    cut_neuron, cut_place, n_old, xy, z, row_of, column_of, tolerance, tolerance_of, spacing,
    positive, negative, budget,
):  # fmt: skip
    """Split the cells ``first_cell ... last_cell - 1`` by all neurons that cross them.

    Vertices and edges that already exist keep their numbers; those made here are numbered from
    ``len(xy)`` and from the number of edge pieces on, so that a caller who splits blocks of cells
    can shift them.

    Parameters
    ----------
    cell_offsets, cell_halves : int64 (F + 1,), int32 (H,)
        Half-edges of each cell before the edges were cut, counter-clockwise.
    edge_vertices : int32 array (E, 2)
        The edges before they were cut.
    first_vertex, first_cut, cut_neuron, cut_place
        From ``cut_edges``.
    n_old : int
        Number of vertices before the edges were cut: the rows of `z` and of the sign planes.
    xy : float64 array (V, 2)
        Old vertices, then those made by ``cut_edges``.
    z, row_of, column_of, tolerance, tolerance_of, spacing, positive, negative
        As in ``cut_edges``.
    budget : int64 array (1,)
        Stop when there are more new cells than this. Another thread may lower it.

    Returns
    -------
    points : float64 array (N, 2)
        New vertices inside cells,
    inside : int32 array (N,)
        and the cell that each lies in.
    chords : int32 array (M, 2)
        Vertices of each new edge.
    chord_neuron : int32 array (M,)
        The neuron whose boundary it is.
    offsets, halves : int64 (C + 1,), int32 (K,)
        Half-edges of the new cells, counter-clockwise.
    parent : int32 array (C,)
        The cell that each came from.
    bits : uint64 array (C, ceil(W / 64))
        Its activation pattern in this layer: bit n is set where neuron n is positive.
    doubted : int32 array (D,)
        Cells in which a tolerance joined crossings, or leaves them uncertain by ``LOOSE``.
    """
    n_words = positive.shape[1]
    vertex_base = xy.shape[0]
    edge_base = edge_vertices.shape[0] + first_vertex[edge_vertices.shape[0]]

    points = np.empty((64, 2), np.float64)
    inside = np.empty(64, np.int32)
    chords = np.empty((64, 2), np.int32)
    chord_neuron = np.empty(64, np.int32)
    guess = 2 * (last_cell - first_cell) + 16
    offsets = np.zeros(guess + 1, np.int64)
    halves_out = np.empty(4 * guess, np.int32)
    parent = np.empty(guess, np.int32)
    bits = np.empty((guess, n_words), np.uint64)
    doubted = np.empty(16, np.int32)
    n_points = n_chords = n_cells = n_halves = n_doubted = 0

    # One cell at a time: its border, and the k neurons that cross it.
    local_of = np.full(column_of.shape[0], -1, np.int32)
    some_positive = np.empty(n_words, np.uint64)
    some_negative = np.empty(n_words, np.uint64)
    crossing = np.empty(16, np.int32)
    n_ends, end_at, end_sign, forms, noise, piece_chords, cut_at, t, slack, order, group, where = (
        _neuron_scratch(16)
    )
    cycle_vertex, cycle_half, corner_at, signs = _border_scratch(64)
    # Its pieces still to be split lie on a stack, with borders and chords in pools. A chord is a
    # row (crossing neuron, first end, second end, sign between them), ends as places of a border.
    stack = np.empty((64, 4), np.int64)
    masks = np.empty((64, 1), np.uint64)
    pool_vertex = np.empty(256, np.int32)
    pool_half = np.empty(256, np.int32)
    chord_pool = np.empty((256, 4), np.int32)
    mask = np.empty(1, np.uint64)

    for cell in range(first_cell, last_cell):
        if n_cells > budget[0]:
            break
        halves = cell_halves[cell_offsets[cell] : cell_offsets[cell + 1]]
        n = _signs_round(
            halves, edge_vertices, first_vertex, positive, negative, some_positive, some_negative
        )
        k = 0
        for word in range(n_words):
            both = some_positive[word] & some_negative[word]
            while both != np.uint64(0):
                if k == crossing.shape[0]:
                    crossing = room(crossing, k + 1)
                crossing[k] = (word << 6) + lowest_bit(both)
                both &= both - np.uint64(1)
                k += 1

        if n > signs.shape[0]:
            cycle_vertex, cycle_half, corner_at, signs = _border_scratch(2 * n)
        if k > n_ends.shape[0]:
            (
                n_ends, end_at, end_sign, forms, noise, piece_chords, cut_at, t, slack, order,
                group, where,
            ) = _neuron_scratch(2 * k)  # fmt: skip
        k_words = (k + 63) >> 6
        if k_words > masks.shape[1]:
            masks = np.empty((masks.shape[0], 2 * k_words), np.uint64)
            mask = np.empty(2 * k_words, np.uint64)
        if n > pool_vertex.shape[0]:
            pool_vertex = room(pool_vertex, n)
            pool_half = room(pool_half, n)
        if k > chord_pool.shape[0]:
            chord_pool = table_room(chord_pool, k)

        for j in range(k):
            local_of[crossing[j]] = j
            n_ends[j] = 0
        _trace_border(
            halves, edge_vertices, first_vertex, first_cut, cut_neuron, cut_place, n_old, positive,
            local_of, pool_vertex, pool_half, corner_at, n_ends, end_at, end_sign,
        )  # fmt: skip
        x0 = y0 = ux = uy = vx = vy = 0.0
        if k > 1:
            # The affine forms place the crossings of two chords.
            a, b, c = _frame(halves, edge_vertices, xy)
            _affine_forms(
                crossing, k, z, row_of, column_of, tolerance, tolerance_of, a, b, c, forms, noise
            )
            x0 = xy[a, 0]
            y0 = xy[a, 1]
            ux = xy[b, 0] - x0
            uy = xy[b, 1] - y0
            vx = xy[c, 0] - x0
            vy = xy[c, 1] - y0
        for j in range(k):
            local_of[crossing[j]] = -1
            low, high, sign = end_at[j, 0], end_at[j, 1], end_sign[j, 0]
            # Two cuts with both signs behind them are the whole story; anything else meets a
            # corner.
            if n_ends[j] != 2 or end_sign[j, 0] == end_sign[j, 1]:
                low, high, sign = _settle_ends(
                    crossing[j], halves, edge_vertices, first_cut, cut_neuron, cut_place,
                    first_vertex, corner_at, n, z, row_of, column_of[crossing[j]], positive,
                    negative, signs,
                )  # fmt: skip
            chord_pool[j, 0] = j
            chord_pool[j, 1] = low
            chord_pool[j, 2] = high
            chord_pool[j, 3] = sign

        stack[0, 0] = 0
        stack[0, 1] = n
        stack[0, 2] = 0
        stack[0, 3] = k
        for word in range(k_words):
            masks[0, word] = np.uint64(0)
        depth = 1
        while depth > 0 and n_cells <= budget[0]:
            depth -= 1
            start, n, chord_start, m = stack[depth]

            if m == 0:
                if n_cells == parent.shape[0]:
                    offsets = room(offsets, n_cells + 2)
                    parent = room(parent, n_cells + 1)
                    bits = table_room(bits, n_cells + 1)
                if n_halves + n > halves_out.shape[0]:
                    halves_out = room(halves_out, n_halves + n)
                copy(pool_half, start, halves_out, n_halves, n)
                for word in range(n_words):
                    bits[n_cells, word] = some_positive[word] & ~some_negative[word]
                for j in range(k):
                    if has_bit(masks, depth, j):
                        set_bit(bits, n_cells, crossing[j])
                parent[n_cells] = cell
                n_halves += n
                n_cells += 1
                offsets[n_cells] = n_halves
                continue

            # Off the pools, since the two halves are written where the piece was.
            if n > cycle_vertex.shape[0]:
                cycle_vertex, cycle_half, corner_at, signs = _border_scratch(2 * n)
            copy(pool_vertex, start, cycle_vertex, 0, n)
            copy(pool_half, start, cycle_half, 0, n)
            for word in range(k_words):
                mask[word] = masks[depth, word]
            for i in range(m):
                for column in range(4):
                    piece_chords[i, column] = chord_pool[chord_start + i, column]
            own = m >> 1
            low = piece_chords[own, 1]
            high = piece_chords[own, 2]
            p = cycle_vertex[low]
            q = cycle_vertex[high]
            px, py = _point(p, xy, points)
            qx, qy = _point(q, xy, points)
            p1 = p2 = q1 = q2 = 0.0
            if m > 1:
                p1, p2 = barycentric(px - x0, py - y0, ux, uy, vx, vy)
                q1, q2 = barycentric(qx - x0, qy - y0, ux, uy, vx, vy)
            added, in_doubt = _cross_chord(
                piece_chords, m, own, np.hypot(qx - px, qy - py), p1, p2, q1, q2, forms, noise,
                spacing, t, slack, order, group, where, cut_at,
            )  # fmt: skip
            if in_doubt and (n_doubted == 0 or doubted[n_doubted - 1] != cell):
                if n_doubted == doubted.shape[0]:
                    doubted = room(doubted, n_doubted + 1)
                doubted[n_doubted] = cell
                n_doubted += 1

            if n_points + added > points.shape[0]:
                points = table_room(points, n_points + added)
                inside = room(inside, n_points + added)
            if n_chords + added + 1 > chords.shape[0]:
                chords = table_room(chords, n_chords + added + 1)
                chord_neuron = room(chord_neuron, n_chords + added + 1)
            new_vertex = vertex_base + n_points
            new_edge = edge_base + n_chords
            for c in range(added):
                points[n_points, 0] = px + where[c] * (qx - px)
                points[n_points, 1] = py + where[c] * (qy - py)
                inside[n_points] = cell
                n_points += 1
            for c in range(added + 1):
                chords[n_chords, 0] = p if c == 0 else new_vertex + c - 1
                chords[n_chords, 1] = q if c == added else new_vertex + c
                chord_neuron[n_chords] = crossing[piece_chords[own, 0]]
                n_chords += 1

            # Each half has at most the old border and the chord; a chord goes to both at most.
            if start + n + 2 + 2 * added > pool_vertex.shape[0]:
                pool_vertex = room(pool_vertex, start + n + 2 + 2 * added)
                pool_half = room(pool_half, start + n + 2 + 2 * added)
            if chord_start + 2 * m > chord_pool.shape[0]:
                chord_pool = table_room(chord_pool, chord_start + 2 * m)
            if depth + 2 > stack.shape[0]:
                stack = table_room(stack, depth + 2)
                masks = table_room(masks, depth + 2)
            for side in range(2):
                first, last = (high, low) if side == 0 else (low, high)
                forward = side == 0
                size = _half_border(
                    cycle_vertex, cycle_half, n, first, last, added, new_vertex, new_edge,
                    forward, pool_vertex, pool_half, start,
                )  # fmt: skip
                for word in range(k_words):
                    masks[depth, word] = mask[word]
                count = _half_chords(
                    piece_chords, m, own, cut_at, n, first, last, added, forward, size,
                    masks, depth, chord_pool, chord_start,
                )  # fmt: skip
                stack[depth, 0] = start
                stack[depth, 1] = size
                stack[depth, 2] = chord_start
                stack[depth, 3] = count
                start += size
                chord_start += count
                depth += 1

    return (
        points[:n_points],
        inside[:n_points],
        chords[:n_chords],
        chord_neuron[:n_chords],
        offsets[: n_cells + 1],
        halves_out[:n_halves],
        parent[:n_cells],
        bits[:n_cells],
        doubted[:n_doubted],
    )
