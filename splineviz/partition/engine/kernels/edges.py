"""Signs at vertices, and edges cut where they change."""

from __future__ import annotations

import numpy as np

from splineviz.partition.engine.kernels.bits import lowest_bit
from splineviz.partition.engine.kernels.compiling import compiled, inlined
from splineviz.partition.engine.kernels.crossings import (
    LOOSE,
    SURE,
    insert_sorted,
    merge,
    new_crossings,
)
from splineviz.partition.engine.kernels.entry import entry


@entry
@compiled
def sign_planes(z, tolerance, first, signs, low, high, in_doubt):
    """Write the signs of a block of rows of pre-activations into two bit planes.

    Parameters
    ----------
    z : float64 array (n, W)
        Pre-activations at the vertices ``first ... first + n - 1``.
    tolerance : float64 array (W,)
        What counts as zero, for each neuron.
    first : int
    signs : SignPlanes
        Their rows from `first` on are written.
    low, high : float64 arrays (W,)
        Smallest and largest value of each neuron so far; updated.
    in_doubt : bool array (V,)
        Where some value counts as zero and is not; its entries from `first` on are written.

    Returns
    -------
    bool
        Whether all values are finite.
    """
    width = z.shape[1]
    finite = True
    for v in range(z.shape[0]):
        for word in range(signs.positive.shape[1]):
            start = word << 6
            stop = min(start + 64, width)
            above = np.uint64(0)
            below = np.uint64(0)
            for n in range(start, stop):
                value = z[v, n]
                bit = np.uint64(n - start)
                above |= np.uint64(value > tolerance[n]) << bit
                below |= np.uint64(value < -tolerance[n]) << bit
            signs.positive[first + v, word] = above
            signs.negative[first + v, word] = below
        doubt = False
        for n in range(width):
            value = z[v, n]
            low[n] = min(low[n], value)
            high[n] = max(high[n], value)
            finite &= value - value == 0.0
            doubt |= (value != 0.0) & (abs(value) <= tolerance[n])
        in_doubt[first + v] = doubt
    return finite


@entry
@compiled
def cut_edges(first, last, xy, edge_vertices, values, signs, spacing):
    """Cut the edges ``first ... last - 1`` at each neuron that changes sign along them.

    Parameters
    ----------
    xy : float64 array (V, 2)
    edge_vertices : int32 array (E, 2)
    values : PreActivations
        At the ends of these edges, of the neurons that cross them.
    signs : SignPlanes
    spacing : float
        Points closer than this are one vertex.

    Returns
    -------
    new_vertices, cuts : int32 arrays (last - first,)
        How many new vertices each edge has, and how many cuts.
    points : float64 array (N, 2)
        The new vertices, edge by edge, in order from each edge's first vertex to its second.
    cut_neuron, cut_place : int32 arrays (C,)
        For each cut, edge by edge, the neuron and the number of its new vertex on the edge.
    on_boundary : int32 array (M, 2)
        Vertices and neurons whose crossing the coordinates cannot tell from that vertex: it lies on
        the neuron's boundary. Where there are any, their signs are to be cleared and all edges cut
        again.
    doubted : int32 array (D,)
        Edges on which a tolerance joined crossings, or leaves them uncertain by ``LOOSE``.
    """
    line = new_crossings(values.column_of.shape[0])
    # No more than one vertex, cut or mark for each change of sign: counted first, so that nothing
    # has to grow.
    most = _changes_of_sign(first, last, edge_vertices, signs)
    new_vertices = np.empty(last - first, np.int32)
    cuts = np.empty(last - first, np.int32)
    points = np.empty((most, 2), np.float64)
    cut_neuron = np.empty(most, np.int32)
    cut_place = np.empty(most, np.int32)
    on_boundary = np.empty((most, 2), np.int32)
    doubted = np.empty(last - first, np.int32)
    n_new = n_cuts = n_marks = n_doubted = 0
    for e in range(first, last):
        a = edge_vertices[e, 0]
        b = edge_vertices[e, 1]
        run_x = xy[b, 0] - xy[a, 0]
        run_y = xy[b, 1] - xy[a, 1]
        length = np.hypot(run_x, run_y)
        near = spacing / length if length > spacing else 1.0
        count, n_marks, loose = _cross_edge(a, b, near, values, signs, line, on_boundary, n_marks)
        vertices = merge(line, count)
        if loose or vertices < count:
            doubted[n_doubted] = e
            n_doubted += 1
        for c in range(vertices):
            points[n_new + c, 0] = xy[a, 0] + line.place[c] * run_x
            points[n_new + c, 1] = xy[a, 1] + line.place[c] * run_y
        for i in range(count):
            cut_neuron[n_cuts + i] = line.owner[i]
            cut_place[n_cuts + i] = line.cluster[i]
        n_new += vertices
        n_cuts += count
        new_vertices[e - first] = vertices
        cuts[e - first] = count
    return (
        new_vertices,
        cuts,
        points[:n_new],
        cut_neuron[:n_cuts],
        cut_place[:n_cuts],
        on_boundary[:n_marks],
        doubted[:n_doubted],
    )


@inlined
def _changing(signs, a, b, word):
    """The neurons of a word that change sign between two vertices."""
    return (signs.positive[a, word] & signs.negative[b, word]) | (
        signs.negative[a, word] & signs.positive[b, word]
    )


@inlined
def _changes_of_sign(first, last, edge_vertices, signs):
    """How many neurons change sign along the edges ``first ... last - 1``, added up."""
    count = 0
    for e in range(first, last):
        for word in range(signs.positive.shape[1]):
            bits = _changing(signs, edge_vertices[e, 0], edge_vertices[e, 1], word)
            while bits != np.uint64(0):
                bits &= bits - np.uint64(1)
                count += 1
    return count


@inlined
def _cross_edge(a, b, near, values, signs, line, on_boundary, n_marks):
    """Where the neurons that change sign from vertex a to vertex b cross the edge between them.

    `near` is how far points are apart that are two vertices, as a part of the edge. Fills `line`
    in order from a to b, and `on_boundary` from row `n_marks` on. Returns how many crossings there
    are, how many marks now, and whether a crossing is uncertain by ``LOOSE``.
    """
    z, tolerance = values.z, values.tolerance
    loose = False
    count = 0
    for word in range(signs.positive.shape[1]):
        bits = _changing(signs, a, b, word)
        while bits != np.uint64(0):
            n = (word << 6) + lowest_bit(bits)
            bits &= bits - np.uint64(1)
            column = values.column_of[n]
            at_a = z[values.row_of[a], column]
            at_b = z[values.row_of[b], column]
            noise_a = tolerance[values.tolerance_of[a], column]
            noise_b = tolerance[values.tolerance_of[b], column]
            rise = at_a - at_b
            place = at_a / rise
            # Where the value at the vertex is sure all the same, the other cells at it count on
            # its sign: the crossing is beside it.
            beside = False
            if place < near:
                beside = near < 0.5 and abs(at_a) > SURE * noise_a
                place = near if beside else 0.0
            elif 1.0 - place < near:
                beside = near < 0.5 and abs(at_b) > SURE * noise_b
                place = 1.0 - near if beside else 1.0
            if (place == 0.0 or place == 1.0) and not beside:
                on_boundary[n_marks, 0] = a if place == 0.0 else b
                on_boundary[n_marks, 1] = n
                n_marks += 1
            else:
                noise = max(noise_a, noise_b)
                doubt = max(noise / abs(rise), 0.5 * near)
                loose |= doubt > LOOSE * near
                insert_sorted(line, count, place, doubt, n)
                count += 1
    return count, n_marks, loose


@entry
@compiled
def split_edges(edge_vertices, first_vertex, n_vertices):
    """Vertices (P, 2) of the pieces of all cut edges, and the edge (P,) that each is part of.

    The pieces of edge e start at ``e + first_vertex[e]``.
    """
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
