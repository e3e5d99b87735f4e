"""The compiled kernels: one piecewise-linear layer cuts a planar complex of convex cells.

A layer's neurons are affine on every cell, so each cuts a cell in at most one chord. Cells share
vertices and edges, and both are cut once:

1. ``sign_planes`` packs the signs of all pre-activations at all vertices into two bit planes. A
   value within its neuron's tolerance is zero: the vertex lies *on* that boundary.
2. ``cut_edges`` cuts every edge at each neuron that changes sign along it. The new vertices belong
   to the cells on both sides.
3. ``split_cells`` takes one cell at a time. Every neuron that crosses it has two ends on its
   border, fixed by step 2. The cell is split along one chord; whether another chord crosses that
   one follows from the order of their four ends round the border, never from coordinates, and a
   crossing chord is cut at the new edge at once. Both halves are then smaller cells of the same
   kind. The result is a planar subdivision whatever the rounding: coordinates only order the
   crossings along one chord, and crossings closer than their own uncertainty become one vertex.
4. ``interpolate_rows`` gives values at the new vertices.

All kernels release the GIL, and cells are independent of each other in step 3, so that blocks of
cells can be split in threads. Half-edges are ``2 * edge + direction``; direction 0 runs from the
edge's first vertex to its second and has its cell on the left.
"""

from __future__ import annotations

import numpy as np
from numba import njit

# Trailing-zero count by a de Bruijn sequence: numba has no intrinsic for it.
_DE_BRUIJN = np.uint64(0x03F79D71B4CB0A89)
_TRAILING_ZEROS = np.zeros(64, dtype=np.int64)
for _i in range(64):
    _TRAILING_ZEROS[((int(_DE_BRUIJN) << _i) % 2**64) >> 58] = _i


@njit(cache=True, nogil=True, error_model="numpy")
def _lowest_bit(word):
    isolated = word & (~word + np.uint64(1))
    return _TRAILING_ZEROS[(isolated * _DE_BRUIJN) >> np.uint64(58)]


@njit(cache=True, nogil=True, error_model="numpy")
def _has_bit(words, i):
    return (words[i >> 6] >> np.uint64(i & 63)) & np.uint64(1) != np.uint64(0)


@njit(cache=True, nogil=True, error_model="numpy")
def _set_bit(words, i):
    words[i >> 6] |= np.uint64(1) << np.uint64(i & 63)


@njit(cache=True, nogil=True, error_model="numpy")
def _room(array, needed):
    """The array, or a larger copy of it: capacity for `needed` entries."""
    if needed <= array.shape[0]:
        return array
    larger = np.empty(max(needed, 2 * array.shape[0]), array.dtype)
    for i in range(array.shape[0]):
        larger[i] = array[i]
    return larger


@njit(cache=True, nogil=True, error_model="numpy")
def _rows(array, needed):
    """As `_room`, for a table: capacity for `needed` rows."""
    if needed <= array.shape[0]:
        return array
    larger = np.empty((max(needed, 2 * array.shape[0]), array.shape[1]), array.dtype)
    for i in range(array.shape[0]):
        for k in range(array.shape[1]):
            larger[i, k] = array[i, k]
    return larger


@njit(cache=True, nogil=True, error_model="numpy")
def _copy(source, start, target, at, count):
    """Copy ``source[start:start + count]`` to ``target[at:]``.

    Written out, here and below: a slice assignment in numba compiles its error messages each time.
    """
    for i in range(count):
        target[at + i] = source[start + i]


@njit(cache=True, nogil=True, error_model="numpy")
def sign_planes(z, tolerance):
    """Bit planes of positive and of negative pre-activations.

    Parameters
    ----------
    z : float64 array (V, W)
        Pre-activations at the vertices.
    tolerance : float64 array (W,)
        What counts as zero, for each neuron.

    Returns
    -------
    positive, negative : uint64 arrays (V, ceil(W / 64))
    """
    n_vertices, width = z.shape
    n_words = (width + 63) >> 6
    positive = np.zeros((n_vertices, n_words), np.uint64)
    negative = np.zeros((n_vertices, n_words), np.uint64)
    for v in range(n_vertices):
        for word in range(n_words):
            first = word << 6
            last = min(first + 64, width)
            above = np.uint64(0)
            below = np.uint64(0)
            for n in range(first, last):
                value = z[v, n]
                bit = np.uint64(n - first)
                above |= np.uint64(value > tolerance[n]) << bit
                below |= np.uint64(value < -tolerance[n]) << bit
            positive[v, word] = above
            negative[v, word] = below
    return positive, negative


@njit(cache=True, nogil=True, error_model="numpy")
def _crossings(a, b, length, z, tolerance, spacing, positive, negative, neuron, t, slack):
    """Neurons that change sign between vertices a and b, sorted along the edge.

    Fills `neuron`, `t` (position, 0 at a, 1 at b) and `slack` (its uncertainty). A crossing that
    the coordinates cannot tell from an end moves into that end: the vertex is marked as lying on
    the neuron's boundary. Returns the number of crossings and whether anything was marked.
    """
    count = 0
    marked = False
    for word in range(positive.shape[1]):
        bits = (positive[a, word] & negative[b, word]) | (negative[a, word] & positive[b, word])
        while bits != np.uint64(0):
            i = _lowest_bit(bits)
            mask = np.uint64(1) << np.uint64(i)
            bits &= ~mask
            n = (word << 6) + i
            rise = z[a, n] - z[b, n]
            position = z[a, n] / rise
            near = spacing / length if length > spacing else 1.0
            if position < near:
                positive[a, word] &= ~mask
                negative[a, word] &= ~mask
                marked = True
            elif 1.0 - position < near:
                positive[b, word] &= ~mask
                negative[b, word] &= ~mask
                marked = True
            else:
                k = count
                while k > 0 and t[k - 1] > position:
                    t[k] = t[k - 1]
                    neuron[k] = neuron[k - 1]
                    slack[k] = slack[k - 1]
                    k -= 1
                t[k] = position
                neuron[k] = n
                slack[k] = max(tolerance[n] / abs(rise), 0.5 * near)
                count += 1
    return count, marked


@njit(cache=True, nogil=True, error_model="numpy")
def _cluster(t, slack, count, group, where):
    """Merge sorted positions that their uncertainties do not separate.

    Fills ``group[i]`` with the cluster of position i and ``where[c]`` with the place of cluster c:
    that of its best determined member. Returns the number of clusters.
    """
    clusters = 0
    best = 0.0
    for i in range(count):
        if i == 0 or t[i] - t[i - 1] > slack[i] + slack[i - 1]:
            where[clusters] = t[i]
            best = slack[i]
            clusters += 1
        elif slack[i] < best:
            where[clusters - 1] = t[i]
            best = slack[i]
        group[i] = clusters - 1
    return clusters


@njit(cache=True, nogil=True, error_model="numpy")
def cut_edges(xy, edge_vertices, z, tolerance, spacing, positive, negative):
    """Cut every edge at each neuron that changes sign along it.

    Parameters
    ----------
    xy : float64 array (V, 2)
    edge_vertices : int32 array (E, 2)
    z : float64 array (V, W)
    tolerance : float64 array (W,)
    spacing : float
        Points closer than this are one vertex.
    positive, negative : uint64 arrays (V, ceil(W / 64))
        From ``sign_planes``; bits of vertices found to lie on a boundary are cleared in place.

    Returns
    -------
    first_vertex : int64 array (E + 1,)
        New vertices of edge e are ``V + first_vertex[e] ... V + first_vertex[e + 1] - 1``, in
        order from its first vertex to its second.
    ends : int32 array (N, 2)
        The old edge's vertices between which each new vertex lies.
    t : float64 array (N,)
        Its position between them.
    first_cut : int64 array (E + 1,)
        Cuts of edge e are entries ``first_cut[e] ... first_cut[e + 1] - 1`` of the next two.
    cut_neuron, cut_place : int32 arrays (C,)
        The neuron, and the number of its new vertex on the edge.
    """
    n_edges = edge_vertices.shape[0]
    width = z.shape[1]
    neuron = np.empty(width, np.int32)
    position = np.empty(width, np.float64)
    slack = np.empty(width, np.float64)
    group = np.empty(width, np.int32)
    where = np.empty(width, np.float64)
    first_vertex = np.zeros(n_edges + 1, np.int64)
    first_cut = np.zeros(n_edges + 1, np.int64)
    ends = np.empty((max(n_edges, 16), 2), np.int32)
    t = np.empty(max(n_edges, 16), np.float64)
    cut_neuron = np.empty(max(n_edges, 16), np.int32)
    cut_place = np.empty(max(n_edges, 16), np.int32)
    settled = False
    while not settled:
        # Marking a vertex can only remove crossings, so the second pass marks nothing.
        settled = True
        n_new = 0
        n_cuts = 0
        for e in range(n_edges):
            a = edge_vertices[e, 0]
            b = edge_vertices[e, 1]
            length = np.hypot(xy[b, 0] - xy[a, 0], xy[b, 1] - xy[a, 1])
            count, marked = _crossings(
                a, b, length, z, tolerance, spacing, positive, negative, neuron, position, slack
            )
            if marked:
                settled = False
            clusters = _cluster(position, slack, count, group, where)
            if count > 0:
                ends = _rows(ends, n_new + clusters)
                t = _room(t, n_new + clusters)
                cut_neuron = _room(cut_neuron, n_cuts + count)
                cut_place = _room(cut_place, n_cuts + count)
            for c in range(clusters):
                ends[n_new + c, 0] = a
                ends[n_new + c, 1] = b
                t[n_new + c] = where[c]
            for i in range(count):
                cut_neuron[n_cuts + i] = neuron[i]
                cut_place[n_cuts + i] = group[i]
            n_new += clusters
            n_cuts += count
            first_vertex[e + 1] = n_new
            first_cut[e + 1] = n_cuts
    return first_vertex, ends[:n_new], t[:n_new], first_cut, cut_neuron[:n_cuts], cut_place[:n_cuts]


@njit(cache=True, nogil=True, error_model="numpy")
def split_edges(edge_vertices, first_vertex, n_vertices):
    """The pieces of all cut edges, as vertex pairs; pieces of edge e start at e + first_vertex[e]."""
    n_edges = edge_vertices.shape[0]
    pieces = np.empty((n_edges + first_vertex[n_edges], 2), np.int32)
    source = np.empty(pieces.shape[0], np.int32)
    k = 0
    for e in range(n_edges):
        last = edge_vertices[e, 0]
        for v in range(n_vertices + first_vertex[e], n_vertices + first_vertex[e + 1]):
            pieces[k, 0] = last
            pieces[k, 1] = v
            source[k] = e
            last = v
            k += 1
        pieces[k, 0] = last
        pieces[k, 1] = edge_vertices[e, 1]
        source[k] = e
        k += 1
    return pieces, source


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
    each. Returns the length of the cycle.
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
                end_sign[j, n_ends[j]] = 1 if _has_bit(positive[head], cut_neuron[c]) else -1
            n_ends[j] += 1
        n += added + 1
    return n


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
        tail_sign = np.int8(_has_bit(positive[tail], neuron)) - np.int8(
            _has_bit(negative[tail], neuron)
        )
        head_sign = np.int8(_has_bit(positive[head], neuron)) - np.int8(
            _has_bit(negative[head], neuron)
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
        if tail_sign > 0 and z[tail, neuron] > highest:
            highest = z[tail, neuron]
            top = at
        if tail_sign < 0 and z[tail, neuron] < lowest:
            lowest = z[tail, neuron]
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
def _frame(halves, edge_vertices, xy, frame, inverse):
    """Three corners of a cell that span it well, and the map from coordinates to their weights."""
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
    det = 0.0
    for i in range(1, halves.shape[0]):
        v = edge_vertices[halves[i] >> 1, halves[i] & 1]
        size = ux * (xy[v, 1] - xy[a, 1]) - uy * (xy[v, 0] - xy[a, 0])
        if abs(size) > abs(det):
            det = size
            c = v
    frame[0] = a
    frame[1] = b
    frame[2] = c
    if det == 0.0:
        for i in range(4):
            inverse[i] = 0.0
    else:
        wx = xy[c, 0] - xy[a, 0]
        wy = xy[c, 1] - xy[a, 1]
        inverse[0] = wy / det
        inverse[1] = -wx / det
        inverse[2] = -uy / det
        inverse[3] = ux / det


@njit(cache=True, nogil=True, error_model="numpy")
def _value(x, y, base, j):
    """Pre-activation of crossing neuron j at a point of the cell, from its affine form there."""
    return base[j, 0] + base[j, 1] * x + base[j, 2] * y


@njit(cache=True, nogil=True, error_model="numpy")
def split_cells(
    first_cell,
    last_cell,
    cell_offsets,
    cell_halves,
    edge_vertices,
    first_vertex,
    first_cut,
    cut_neuron,
    cut_place,
    n_old,
    xy,
    z,
    tolerance,
    spacing,
    positive,
    negative,
):
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
    z, tolerance, spacing, positive, negative
        As in ``cut_edges``.

    Returns
    -------
    corners : int32 array (N, 3)
        For each new vertex three old vertices of its cell,
    weights : float64 array (N, 2)
        and the weights of the second and the third: value = z0 + w1 (z1 - z0) + w2 (z2 - z0).
    points : float64 array (N, 2)
        Its coordinates.
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
    """
    width = z.shape[1]
    n_words = positive.shape[1]
    vertex_base = xy.shape[0]
    edge_base = edge_vertices.shape[0] + first_vertex[edge_vertices.shape[0]]

    corners = np.empty((64, 3), np.int32)
    weights = np.empty((64, 2), np.float64)
    points = np.empty((64, 2), np.float64)
    chords = np.empty((64, 2), np.int32)
    chord_neuron = np.empty(64, np.int32)
    guess = 2 * (last_cell - first_cell) + 16
    offsets = np.zeros(guess + 1, np.int64)
    halves_out = np.empty(4 * guess, np.int32)
    parent = np.empty(guess, np.int32)
    bits = np.empty((guess, n_words), np.uint64)
    n_points = n_chords = n_cells = n_halves = 0

    local_of = np.full(width, -1, np.int32)
    some_positive = np.empty(n_words, np.uint64)
    some_negative = np.empty(n_words, np.uint64)
    frame = np.empty(3, np.int32)
    inverse = np.empty(4, np.float64)
    crossing = np.empty(16, np.int32)
    n_ends = np.empty(16, np.int32)
    end_at = np.empty((16, 2), np.int32)
    end_sign = np.empty((16, 2), np.int8)
    base = np.empty((16, 3), np.float64)
    cycle_vertex = np.empty(64, np.int32)
    cycle_half = np.empty(64, np.int32)
    corner_at = np.empty(64, np.int32)
    signs = np.empty(64, np.int8)
    # Cells still to be split lie on a stack; `pool` holds their borders, `chord_pool` the neurons
    # that cross them as rows (neuron, first end, second end, sign between the ends).
    pool_vertex = np.empty(256, np.int32)
    pool_half = np.empty(256, np.int32)
    chord_pool = np.empty((256, 4), np.int32)
    stack = np.empty((64, 4), np.int64)
    masks = np.empty((64, 1), np.uint64)
    mask = np.empty(1, np.uint64)
    t = np.empty(16, np.float64)
    slack = np.empty(16, np.float64)
    order = np.empty(16, np.int32)
    group = np.empty(16, np.int32)
    where = np.empty(16, np.float64)
    cut_at = np.empty(16, np.int32)
    node_chords = np.empty((16, 4), np.int32)

    for cell in range(first_cell, last_cell):
        halves = cell_halves[cell_offsets[cell] : cell_offsets[cell + 1]]
        for word in range(n_words):
            some_positive[word] = np.uint64(0)
            some_negative[word] = np.uint64(0)
        n = 0
        for i in range(halves.shape[0]):
            e = halves[i] >> 1
            v = edge_vertices[e, halves[i] & 1]
            for word in range(n_words):
                some_positive[word] |= positive[v, word]
                some_negative[word] |= negative[v, word]
            n += 1 + first_vertex[e + 1] - first_vertex[e]
        k = 0
        for word in range(n_words):
            word_bits = some_positive[word] & some_negative[word]
            while word_bits != np.uint64(0):
                i = _lowest_bit(word_bits)
                word_bits &= word_bits - np.uint64(1)
                crossing = _room(crossing, k + 1)
                crossing[k] = (word << 6) + i
                k += 1

        if k == 0:
            offsets = _room(offsets, n_cells + 2)
            parent = _room(parent, n_cells + 1)
            bits = _rows(bits, n_cells + 1)
            halves_out = _room(halves_out, n_halves + n)
            for i in range(halves.shape[0]):
                e = halves[i] >> 1
                halves_out[n_halves + i] = 2 * (e + first_vertex[e]) + (halves[i] & 1)
            _copy(some_positive, 0, bits[n_cells], 0, n_words)
            parent[n_cells] = cell
            n_halves += n
            n_cells += 1
            offsets[n_cells] = n_halves
            continue

        if n > signs.shape[0]:
            cycle_vertex = np.empty(2 * n, np.int32)
            cycle_half = np.empty(2 * n, np.int32)
            corner_at = np.empty(2 * n, np.int32)
            signs = np.empty(2 * n, np.int8)
        if k > n_ends.shape[0]:
            n_ends = np.empty(2 * k, np.int32)
            end_at = np.empty((2 * k, 2), np.int32)
            end_sign = np.empty((2 * k, 2), np.int8)
            base = np.empty((2 * k, 3), np.float64)
            t = np.empty(2 * k, np.float64)
            slack = np.empty(2 * k, np.float64)
            order = np.empty(2 * k, np.int32)
            group = np.empty(2 * k, np.int32)
            where = np.empty(2 * k, np.float64)
            cut_at = np.empty(2 * k, np.int32)
            node_chords = np.empty((2 * k, 4), np.int32)
        k_words = (k + 63) >> 6
        if k_words > masks.shape[1]:
            masks = np.empty((masks.shape[0], 2 * k_words), np.uint64)
            mask = np.empty(2 * k_words, np.uint64)

        for j in range(k):
            local_of[crossing[j]] = j
            n_ends[j] = 0
        n = _trace_border(
            halves,
            edge_vertices,
            first_vertex,
            first_cut,
            cut_neuron,
            cut_place,
            n_old,
            positive,
            local_of,
            cycle_vertex,
            cycle_half,
            corner_at,
            n_ends,
            end_at,
            end_sign,
        )
        _frame(halves, edge_vertices, xy, frame, inverse)
        x0 = xy[frame[0], 0]
        y0 = xy[frame[0], 1]

        pool_vertex = _room(pool_vertex, n)
        pool_half = _room(pool_half, n)
        _copy(cycle_vertex, 0, pool_vertex, 0, n)
        _copy(cycle_half, 0, pool_half, 0, n)
        chord_pool = _rows(chord_pool, k)
        for j in range(k):
            neuron = crossing[j]
            rise1 = z[frame[1], neuron] - z[frame[0], neuron]
            rise2 = z[frame[2], neuron] - z[frame[0], neuron]
            base[j, 0] = z[frame[0], neuron]
            base[j, 1] = rise1 * inverse[0] + rise2 * inverse[2]
            base[j, 2] = rise1 * inverse[1] + rise2 * inverse[3]
            chord_pool[j, 0] = j
            # Cuts of both signs behind them are the whole story; anything else meets a corner.
            if n_ends[j] == 2 and end_sign[j, 0] != end_sign[j, 1]:
                chord_pool[j, 1] = end_at[j, 0]
                chord_pool[j, 2] = end_at[j, 1]
                chord_pool[j, 3] = end_sign[j, 0]
            else:
                low, high, sign = _settle_ends(
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
                    positive,
                    negative,
                    signs,
                )
                chord_pool[j, 1] = low
                chord_pool[j, 2] = high
                chord_pool[j, 3] = sign
            local_of[neuron] = -1

        depth = 1
        stack[0, 0] = 0
        stack[0, 1] = n
        stack[0, 2] = 0
        stack[0, 3] = k
        for word in range(k_words):
            masks[0, word] = np.uint64(0)
        while depth > 0:
            depth -= 1
            start = stack[depth, 0]
            n = stack[depth, 1]
            chord_start = stack[depth, 2]
            m = stack[depth, 3]
            _copy(masks[depth], 0, mask, 0, k_words)

            if m == 0:
                offsets = _room(offsets, n_cells + 2)
                parent = _room(parent, n_cells + 1)
                bits = _rows(bits, n_cells + 1)
                halves_out = _room(halves_out, n_halves + n)
                _copy(pool_half, start, halves_out, n_halves, n)
                for word in range(n_words):
                    bits[n_cells, word] = some_positive[word] & ~some_negative[word]
                for j in range(k):
                    if _has_bit(mask, j):
                        _set_bit(bits[n_cells], crossing[j])
                parent[n_cells] = cell
                n_halves += n
                n_cells += 1
                offsets[n_cells] = n_halves
                continue

            # Take the node off the pools: its halves are written where it was.
            if n > cycle_vertex.shape[0]:
                cycle_vertex = np.empty(2 * n, np.int32)
                cycle_half = np.empty(2 * n, np.int32)
            _copy(pool_vertex, start, cycle_vertex, 0, n)
            _copy(pool_half, start, cycle_half, 0, n)
            for i in range(m):
                _copy(chord_pool[chord_start + i], 0, node_chords[i], 0, 4)
            middle = m >> 1
            own = node_chords[middle, 0]
            low = node_chords[middle, 1]
            high = node_chords[middle, 2]
            own_sign = node_chords[middle, 3]

            # Where the other chords cross this one, in order from its first end to its second.
            p = cycle_vertex[low]
            q = cycle_vertex[high]
            if p < vertex_base:
                px = xy[p, 0]
                py = xy[p, 1]
            else:
                px = points[p - vertex_base, 0]
                py = points[p - vertex_base, 1]
            if q < vertex_base:
                qx = xy[q, 0]
                qy = xy[q, 1]
            else:
                qx = points[q - vertex_base, 0]
                qy = points[q - vertex_base, 1]
            length = np.hypot(qx - px, qy - py)
            near = spacing / length if length > spacing else 1.0
            count = 0
            for i in range(m):
                lo = node_chords[i, 1]
                hi = node_chords[i, 2]
                cut_at[i] = -2
                if (lo < low and low < hi and hi < high) or (low < lo and lo < high and high < hi):
                    j = node_chords[i, 0]
                    at_p = _value(px - x0, py - y0, base, j)
                    at_q = _value(qx - x0, qy - y0, base, j)
                    if at_p == at_q:
                        position = 0.5
                    else:
                        position = min(max(at_p / (at_p - at_q), 0.0), 1.0)
                    rise = abs(at_p - at_q)
                    doubt = tolerance[crossing[j]]
                    doubt = doubt / rise if rise > doubt else 1.0
                    doubt = max(doubt, 0.5 * near)
                    if position <= doubt and position <= 0.5:
                        cut_at[i] = 0
                    elif 1.0 - position <= doubt:
                        cut_at[i] = -1
                    else:
                        at = count
                        while at > 0 and t[at - 1] > position:
                            t[at] = t[at - 1]
                            slack[at] = slack[at - 1]
                            order[at] = order[at - 1]
                            at -= 1
                        t[at] = position
                        slack[at] = doubt
                        order[at] = i
                        count += 1
            added = _cluster(t, slack, count, group, where)
            for i in range(count):
                cut_at[order[i]] = group[i] + 1

            points = _rows(points, n_points + added)
            corners = _rows(corners, n_points + added)
            weights = _rows(weights, n_points + added)
            chords = _rows(chords, n_chords + added + 1)
            chord_neuron = _room(chord_neuron, n_chords + added + 1)
            for c in range(added):
                x = px + where[c] * (qx - px)
                y = py + where[c] * (qy - py)
                points[n_points + c, 0] = x
                points[n_points + c, 1] = y
                _copy(frame, 0, corners[n_points + c], 0, 3)
                weights[n_points + c, 0] = inverse[0] * (x - x0) + inverse[1] * (y - y0)
                weights[n_points + c, 1] = inverse[2] * (x - x0) + inverse[3] * (y - y0)
            first_new = vertex_base + n_points
            first_chord = edge_base + n_chords
            for c in range(added + 1):
                chords[n_chords + c, 0] = p if c == 0 else first_new + c - 1
                chords[n_chords + c, 1] = q if c == added else first_new + c
                chord_neuron[n_chords + c] = crossing[own]
            n_points += added
            n_chords += added + 1

            # The half behind the chord: from its second end round to its first, then along it.
            back = n - high + low + 1
            n_right = back + added
            # The half before it: from its first end to its second, then back along it.
            front = high - low + 1
            n_left = front + added
            pool_vertex = _room(pool_vertex, start + n_right + n_left)
            pool_half = _room(pool_half, start + n_right + n_left)
            at = start
            for i in range(high, n):
                pool_vertex[at] = cycle_vertex[i]
                pool_half[at] = cycle_half[i]
                at += 1
            for i in range(low + 1):
                pool_vertex[at] = cycle_vertex[i]
                pool_half[at] = cycle_half[i]
                at += 1
            for c in range(added + 1):
                pool_half[at - 1] = 2 * (first_chord + c)
                if c < added:
                    pool_vertex[at] = first_new + c
                    at += 1
            left_start = at
            for i in range(low, high + 1):
                pool_vertex[at] = cycle_vertex[i]
                pool_half[at] = cycle_half[i]
                at += 1
            for c in range(added, -1, -1):
                pool_half[at - 1] = 2 * (first_chord + c) + 1
                if c > 0:
                    pool_vertex[at] = first_new + c - 1
                    at += 1

            stack = _rows(stack, depth + 2)
            masks = _rows(masks, depth + 2)
            right = depth
            left = depth + 1
            _copy(mask, 0, masks[right], 0, k_words)
            _copy(mask, 0, masks[left], 0, k_words)
            _set_bit(masks[left] if own_sign > 0 else masks[right], own)

            # Chords of the right half go first in the pool, those of the left half are gathered
            # behind them; each chord goes to at most two halves.
            chord_pool = _rows(chord_pool, chord_start + 2 * m)
            n_right_chords = 0
            for i in range(m):
                if i == middle:
                    continue
                j = node_chords[i, 0]
                lo = node_chords[i, 1]
                hi = node_chords[i, 2]
                sign = node_chords[i, 3]
                if lo == low and hi == high:
                    if sign < 0:
                        _set_bit(masks[right], j)
                    continue
                if low <= lo and hi <= high:
                    if sign < 0:
                        _set_bit(masks[right], j)
                    continue
                if cut_at[i] == -2:
                    new_lo = lo - high if lo >= high else lo + n - high
                    new_hi = hi - high if hi >= high else hi + n - high
                    new_sign = sign
                else:
                    # One end lies behind the chord, the other is now on it.
                    outer_first = lo < low
                    end = lo if outer_first else hi
                    new_lo = end - high if end >= high else end + n - high
                    if cut_at[i] == 0:
                        new_hi = back - 1
                    elif cut_at[i] == -1:
                        new_hi = 0
                    else:
                        new_hi = back - 1 + cut_at[i]
                    new_sign = sign if outer_first else -sign
                if new_lo > new_hi:
                    new_lo, new_hi = new_hi, new_lo
                    new_sign = -new_sign
                if new_hi - new_lo == 1:
                    if new_sign < 0:
                        _set_bit(masks[right], j)
                elif new_hi - new_lo == n_right - 1:
                    if new_sign > 0:
                        _set_bit(masks[right], j)
                else:
                    row = chord_start + n_right_chords
                    chord_pool[row, 0] = j
                    chord_pool[row, 1] = new_lo
                    chord_pool[row, 2] = new_hi
                    chord_pool[row, 3] = new_sign
                    n_right_chords += 1
            left_chord_start = chord_start + n_right_chords
            n_left_chords = 0
            for i in range(m):
                if i == middle:
                    continue
                j = node_chords[i, 0]
                lo = node_chords[i, 1]
                hi = node_chords[i, 2]
                sign = node_chords[i, 3]
                if lo == low and hi == high:
                    if sign > 0:
                        _set_bit(masks[left], j)
                    continue
                if low <= lo and hi <= high:
                    new_lo = lo - low
                    new_hi = hi - low
                    new_sign = sign
                elif cut_at[i] == -2:
                    inside = lo <= low and hi >= high
                    if (sign > 0) == inside:
                        _set_bit(masks[left], j)
                    continue
                else:
                    inner_first = low < lo
                    end = lo if inner_first else hi
                    new_lo = end - low
                    if cut_at[i] == 0:
                        new_hi = 0
                    elif cut_at[i] == -1:
                        new_hi = front - 1
                    else:
                        new_hi = front - 1 + added + 1 - cut_at[i]
                    new_sign = sign if inner_first else -sign
                    if new_lo > new_hi:
                        new_lo, new_hi = new_hi, new_lo
                        new_sign = -new_sign
                if new_hi - new_lo == 1:
                    if new_sign < 0:
                        _set_bit(masks[left], j)
                elif new_hi - new_lo == n_left - 1:
                    if new_sign > 0:
                        _set_bit(masks[left], j)
                else:
                    row = left_chord_start + n_left_chords
                    chord_pool[row, 0] = j
                    chord_pool[row, 1] = new_lo
                    chord_pool[row, 2] = new_hi
                    chord_pool[row, 3] = new_sign
                    n_left_chords += 1

            stack[right, 0] = start
            stack[right, 1] = n_right
            stack[right, 2] = chord_start
            stack[right, 3] = n_right_chords
            stack[left, 0] = left_start
            stack[left, 1] = n_left
            stack[left, 2] = left_chord_start
            stack[left, 3] = n_left_chords
            depth += 2

    return (
        corners[:n_points],
        weights[:n_points],
        points[:n_points],
        chords[:n_chords],
        chord_neuron[:n_chords],
        offsets[: n_cells + 1],
        halves_out[:n_halves],
        parent[:n_cells],
        bits[:n_cells],
    )


@njit(cache=True, nogil=True, error_model="numpy")
def interpolate_rows(rows, ends, t, corners, weights, first, last, slope, out):
    """Rows ``first ... last - 1`` of the values at old and new vertices, behind the nonlinearity.

    Old vertices come first, then the new ones on edges, then those inside cells. `slope` is the
    slope of the nonlinearity for negative values; 1 leaves the values as they are.
    """
    n_old = rows.shape[0]
    n_edge = n_old + ends.shape[0]
    width = rows.shape[1]
    for v in range(first, last):
        if v < n_old:
            for i in range(width):
                value = rows[v, i]
                out[v, i] = value if value > 0.0 else slope * value
        elif v < n_edge:
            a = ends[v - n_old, 0]
            b = ends[v - n_old, 1]
            s = t[v - n_old]
            for i in range(width):
                value = rows[a, i] + s * (rows[b, i] - rows[a, i])
                out[v, i] = value if value > 0.0 else slope * value
        else:
            a = corners[v - n_edge, 0]
            b = corners[v - n_edge, 1]
            c = corners[v - n_edge, 2]
            w1 = weights[v - n_edge, 0]
            w2 = weights[v - n_edge, 1]
            for i in range(width):
                value = rows[a, i] + w1 * (rows[b, i] - rows[a, i]) + w2 * (rows[c, i] - rows[a, i])
                out[v, i] = value if value > 0.0 else slope * value


@njit(cache=True, nogil=True, error_model="numpy")
def edge_sides(n_edges, offsets, halves):
    """The cells on the left and on the right of each edge, -1 outside: int32 array (E, 2)."""
    sides = np.full((n_edges, 2), -1, np.int32)
    for cell in range(offsets.shape[0] - 1):
        for i in range(offsets[cell], offsets[cell + 1]):
            sides[halves[i] >> 1, halves[i] & 1] = cell
    return sides
