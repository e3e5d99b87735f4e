"""Cells split by all neurons that cross them, one cell at a time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from splineviz.partition.engine.kernels.arguments import (
    Array,
    CutComplex,
    PreActivations,
    SignPlanes,
)
from splineviz.partition.engine.kernels.bits import has_bit, set_bit
from splineviz.partition.engine.kernels.borders import (
    Border,
    ends_of,
    list_crossing,
    new_border,
    sides_of,
    walk_round,
)
from splineviz.partition.engine.kernels.chords import (
    COUNT,
    HIGH,
    LOW,
    NEURON,
    SIGN,
    SIZE,
    START,
    Chord,
    Ends,
    Piece,
    Stack,
    cross_chord,
    half_border,
    half_chords,
    new_piece,
    new_stack,
    put_piece,
    take_piece,
)
from splineviz.partition.engine.kernels.compiling import borrowing, compiled, inlined
from splineviz.partition.engine.kernels.crossings import Crossings, new_crossings
from splineviz.partition.engine.kernels.entry import entry
from splineviz.partition.engine.kernels.triangles import spanning_corners, triangle_of

# How it ended: all is done, there are more cells than the budget allows, or there is no room for
# the next cell in the output, or on the desk.
_DONE, _OVER, _FULL, _NARROW = range(4)
# Where room ran out there is so many times as much. A cell that had no room is begun again.
_GROWTH = 4
# Room to begin with: crossing neurons, and places on a border.
_ROOM = 64

# Entries of `done`: how much of each is filled, and the next cell to split.
_POINTS, _CHORDS, _CELLS, _HALVES, _DOUBTED, _NEXT = range(6)


class _Task(NamedTuple):
    """What is to be done: the arguments of ``split_cells``."""

    last_cell: int
    cut: CutComplex
    values: PreActivations
    signs: SignPlanes
    spacing: float
    budget: Array


class _Output(NamedTuple):
    """Room for the results of ``split_cells``, and how much of it is filled, `done`."""

    points: Array
    inside: Array
    chords: Array
    chord_neuron: Array
    offsets: Array
    halves: Array
    parent: Array
    bits: Array
    doubted: Array
    done: Array


class _Desk(NamedTuple):
    """Room for one cell at a time.

    Attributes
    ----------
    border : Border
    forms : float64 array (k, 4)
        Each crossing neuron at the first corner of the cell's triangle, how it rises from there to
        the others, and the largest of its tolerances at the three.
    stack : Stack
    piece : Piece
    line : Crossings
        Of the chord that is being cut.
    """

    border: Border
    forms: Array
    stack: Stack
    piece: Piece
    line: Crossings


@entry
@compiled
def split_cells(first_cell, last_cell, cut, values, signs, spacing, budget):
    """Split the cells ``first_cell ... last_cell - 1`` by all neurons that cross them.

    Vertices and edges that already exist keep their numbers; those made here are numbered from
    ``len(xy)`` and from the number of edge pieces on, so that a caller who splits blocks of cells
    can shift them.

    Parameters
    ----------
    cut : CutComplex
    values : PreActivations
        At the old vertices of these cells, of the neurons that cross them.
    signs : SignPlanes
        At the old vertices.
    spacing : float
        Points closer than this are one vertex.
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
    task = _Task(last_cell, cut, values, signs, spacing, budget)
    width = values.column_of.shape[0]
    room = 2 * (last_cell - first_cell) + 4 * _ROOM
    output = _new_output(room, width)
    output.done[_NEXT] = first_cell
    desk_room = _ROOM
    desk = _new_desk(width, desk_room)
    # No array is replaced by a larger one inside the loops of these: see ``compiling``.
    while True:
        state = _split_while_room(task, desk, output)
        if state == _FULL:
            room *= _GROWTH
            output = _moved(output, _new_output(room, width))
        elif state == _NARROW:
            desk_room *= _GROWTH
            desk = _new_desk(width, desk_room)
        else:
            break
    done = output.done
    n_points, n_chords = done[_POINTS], done[_CHORDS]
    n_cells, n_halves = done[_CELLS], done[_HALVES]
    return (
        output.points[:n_points],
        output.inside[:n_points],
        output.chords[:n_chords],
        output.chord_neuron[:n_chords],
        output.offsets[: n_cells + 1],
        output.halves[:n_halves],
        output.parent[:n_cells],
        output.bits[:n_cells],
        output.doubted[: done[_DOUBTED]],
    )


@compiled
def _new_output(n, width):
    """Make room for n cells, edges and vertices."""
    return _Output(
        np.empty((n, 2), np.float64),
        np.empty(n, np.int32),
        np.empty((n, 2), np.int32),
        np.empty(n, np.int32),
        np.zeros(n + 1, np.int64),
        np.empty(4 * n, np.int32),
        np.empty(n, np.int32),
        np.empty((n, (width + 63) >> 6), np.uint64),
        np.empty(n, np.int32),
        np.zeros(6, np.int64),
    )


@compiled
def _moved(output, larger):
    """Copy the output to where there is more room."""
    done = output.done
    for i in range(done[_POINTS]):
        larger.points[i] = output.points[i]
        larger.inside[i] = output.inside[i]
    for i in range(done[_CHORDS]):
        larger.chords[i] = output.chords[i]
        larger.chord_neuron[i] = output.chord_neuron[i]
    for i in range(done[_HALVES]):
        larger.halves[i] = output.halves[i]
    for i in range(done[_CELLS]):
        larger.offsets[i + 1] = output.offsets[i + 1]
        larger.parent[i] = output.parent[i]
        larger.bits[i] = output.bits[i]
    for i in range(done[_DOUBTED]):
        larger.doubted[i] = output.doubted[i]
    for i in range(done.shape[0]):
        larger.done[i] = done[i]
    return larger


@compiled
def _new_desk(width, k):
    """Make room for cells with k crossing neurons and so many places on their border."""
    return _Desk(
        new_border(width, k, k),
        np.empty((k, 4), np.float64),
        new_stack(k, k),
        new_piece(k, 2 * k),
        new_crossings(k),
    )


@borrowing
def _split_while_room(task, desk, output):
    """Split cells from the next one on, until room runs out."""
    border, stack = desk.border, desk.stack
    for cell in range(output.done[_NEXT], task.last_cell):
        if output.done[_CELLS] > task.budget[0]:
            return _OVER
        n, k = sides_of(task.cut, cell, task.signs, border)
        if k > border.neuron.shape[0] or n > border.corner_at.shape[0]:
            return _NARROW
        list_crossing(border)
        walk_round(task.cut, cell, task.signs, border, stack.vertex, stack.half)
        triangle = _place_chords(task, cell, n, k, desk)
        state = _split_cell(task, cell, n, k, triangle, desk, output)
        if state != _DONE:
            return state
        output.done[_NEXT] = cell + 1
    return _DONE


@inlined
def _place_chords(task, cell, n, k, desk):
    """The chords of a cell as a whole, and what places their crossings.

    Returns the cell's triangle; with fewer than two chords it is of no use.
    """
    cut, values = task.cut, task.values
    for j in range(k):
        low, high, sign = ends_of(cut, cell, n, j, values, task.signs, desk.border)
        desk.stack.chord[j, NEURON] = j
        desk.stack.chord[j, LOW] = low
        desk.stack.chord[j, HIGH] = high
        desk.stack.chord[j, SIGN] = sign
    halves, start, stop = cut.halves, cut.offsets[cell], cut.offsets[cell + 1]
    a = b = c = cut.edge_vertices[halves[start] >> 1, halves[start] & 1]
    if k > 1:
        a, b, c = spanning_corners(halves, start, stop, cut.edge_vertices, cut.xy)
        row_a, row_b, row_c = values.row_of[a], values.row_of[b], values.row_of[c]
        of_a, of_b, of_c = values.tolerance_of[a], values.tolerance_of[b], values.tolerance_of[c]
        for j in range(k):
            column = values.column_of[desk.border.neuron[j]]
            at_a = values.z[row_a, column]
            desk.forms[j, 0] = at_a
            desk.forms[j, 1] = values.z[row_b, column] - at_a
            desk.forms[j, 2] = values.z[row_c, column] - at_a
            desk.forms[j, 3] = max(
                values.tolerance[of_a, column],
                values.tolerance[of_b, column],
                values.tolerance[of_c, column],
            )
    return triangle_of((a, b, c), cut.xy)


@inlined
def _split_cell(task, cell, n, k, triangle, desk, output):
    """Split one cell along its chords, one after another.

    ``output.done`` is brought up to date when that is over: what a cell that had no room has
    written is forgotten.
    """
    cut, stack, piece, done = task.cut, desk.stack, desk.piece, output.done
    k_words = (k + 63) >> 6
    put_piece(stack, 0, 0, n, 0, k)
    for word in range(k_words):
        stack.masks[0, word] = np.uint64(0)
    depth = 1
    doubted = False
    n_points, n_chords = done[_POINTS], done[_CHORDS]
    n_cells, n_halves = done[_CELLS], done[_HALVES]
    while depth > 0:
        if n_cells > task.budget[0]:
            done[_CELLS] = n_cells
            return _OVER
        depth -= 1
        if stack.piece[depth, COUNT] == 0:
            size = stack.piece[depth, SIZE]
            if n_cells == output.parent.shape[0] or n_halves + size > output.halves.shape[0]:
                return _FULL
            _add_cell(cell, k, depth, desk, output, n_cells, n_halves)
            n_cells += 1
            n_halves += size
            continue
        if stack.piece[depth, SIZE] > piece.vertex.shape[0]:
            return _NARROW
        start, n, first, m = take_piece(stack, depth, k_words, piece)
        own = m >> 1
        ends = _ends_of(piece, own, cut.xy, output.points)
        added, in_doubt = cross_chord(
            piece, m, own, ends, triangle, desk.forms, task.spacing, desk.line
        )
        doubted |= in_doubt
        if n_points + added > output.points.shape[0] or n_chords + added >= output.chords.shape[0]:
            return _FULL
        # The halves have the old border and the chord on both sides; a chord goes to both at most.
        ends_at = start + n + 2 * (added + 1)
        if ends_at > stack.vertex.shape[0] or first + 2 * m > stack.chord.shape[0]:
            return _NARROW
        chord = Chord(
            own,
            piece.chord[own, LOW],
            piece.chord[own, HIGH],
            added,
            cut.xy.shape[0] + n_points,
            _n_pieces(cut) + n_chords,
        )
        neuron = desk.border.neuron[piece.chord[own, NEURON]]
        _add_chord(cell, neuron, chord, ends, desk, output, n_points, n_chords)
        n_points += added
        n_chords += added + 1
        for forward in (True, False):
            for word in range(k_words):
                stack.masks[depth, word] = piece.mask[word]
            size = half_border(piece, n, chord, forward, stack, start)
            count = half_chords(piece, n, m, chord, forward, stack, depth, first)
            put_piece(stack, depth, start, size, first, count)
            start += size
            first += count
            depth += 1
    if doubted:
        output.doubted[done[_DOUBTED]] = cell
        done[_DOUBTED] += 1
    done[_POINTS] = n_points
    done[_CHORDS] = n_chords
    done[_CELLS] = n_cells
    done[_HALVES] = n_halves
    return _DONE


@inlined
def _n_pieces(cut):
    """The number of edges once they are cut."""
    n_edges = cut.edge_vertices.shape[0]
    return n_edges + cut.first_vertex[n_edges]


@inlined
def _ends_of(piece, own, xy, points):
    """The coordinates of both ends of a piece's chord."""
    px, py = _point(piece.vertex[piece.chord[own, LOW]], xy, points)
    qx, qy = _point(piece.vertex[piece.chord[own, HIGH]], xy, points)
    return Ends(px, py, qx, qy)


@inlined
def _point(vertex, xy, points):
    """Coordinates of a vertex, old or made in this call."""
    if vertex < xy.shape[0]:
        return xy[vertex, 0], xy[vertex, 1]
    return points[vertex - xy.shape[0], 0], points[vertex - xy.shape[0], 1]


@inlined
def _add_chord(cell, neuron, chord, ends, desk, output, n_points, n_chords):
    """Write the new vertices and edges of a chord."""
    place = desk.line.place
    for c in range(chord.added):
        output.points[n_points + c, 0] = ends.px + place[c] * (ends.qx - ends.px)
        output.points[n_points + c, 1] = ends.py + place[c] * (ends.qy - ends.py)
        output.inside[n_points + c] = cell
    before = desk.piece.vertex[chord.low]
    for c in range(chord.added + 1):
        behind = desk.piece.vertex[chord.high] if c == chord.added else chord.vertex + c
        output.chords[n_chords + c, 0] = before
        output.chords[n_chords + c, 1] = behind
        output.chord_neuron[n_chords + c] = neuron
        before = behind


@inlined
def _add_cell(cell, k, depth, desk, output, n_cells, n_halves):
    """Write a piece that no chord crosses: a new cell."""
    stack, border = desk.stack, desk.border
    start, size = stack.piece[depth, START], stack.piece[depth, SIZE]
    for i in range(size):
        output.halves[n_halves + i] = stack.half[start + i]
    for word in range(output.bits.shape[1]):
        # What is positive on all of the old cell; then what the chords leave positive on the piece.
        output.bits[n_cells, word] = border.some_positive[word] & ~border.some_negative[word]
    for j in range(k):
        if has_bit(stack.masks, depth, j):
            set_bit(output.bits, n_cells, border.neuron[j])
    output.parent[n_cells] = cell
    output.offsets[n_cells + 1] = n_halves + size
