"""Signs at vertices, and edges cut where they change."""

from __future__ import annotations

import numpy as np
from numba import njit

from splineviz.partition.engine.kernels.bits_and_buffers import (
    LOOSE,
    SURE,
    cluster,
    insert_sorted,
    lowest_bit,
    room,
    table_room,
)
from splineviz.partition.engine.kernels.entry import entry


@entry
@njit(cache=True, nogil=True, error_model="numpy")
def sign_planes(z, tolerance, first, positive, negative, low, high):
    """Write the signs of a block of rows of pre-activations into two bit planes.

    Parameters
    ----------
    z : float64 array (n, W)
        Pre-activations at the vertices ``first ... first + n - 1``.
    tolerance : float64 array (W,)
        What counts as zero, for each neuron.
    first : int
    positive, negative : uint64 arrays (V, ceil(W / 64))
        Their rows from `first` on are written.
    low, high : float64 arrays (W,)
        Smallest and largest value of each neuron so far; updated.

    Returns
    -------
    bool
        Whether all values are finite.
    """
    width = z.shape[1]
    finite = True
    for v in range(z.shape[0]):
        for word in range(positive.shape[1]):
            start = word << 6
            stop = min(start + 64, width)
            above = np.uint64(0)
            below = np.uint64(0)
            for n in range(start, stop):
                value = z[v, n]
                bit = np.uint64(n - start)
                above |= np.uint64(value > tolerance[n]) << bit
                below |= np.uint64(value < -tolerance[n]) << bit
            positive[first + v, word] = above
            negative[first + v, word] = below
        for n in range(width):
            value = z[v, n]
            low[n] = min(low[n], value)
            high[n] = max(high[n], value)
            finite &= value - value == 0.0
    return finite


@entry
@njit(cache=True, nogil=True, error_model="numpy")
def cut_edges(
    first, last, xy, edge_vertices, z, row_of, column_of, tolerance, tolerance_of, spacing,
    positive, negative,
):  # fmt: skip
    """Cut the edges ``first ... last - 1`` at each neuron that changes sign along them.

    Parameters
    ----------
    xy : float64 array (V, 2)
    edge_vertices : int32 array (E, 2)
    z : float64 array (rows, columns)
        Pre-activations at the ends of these edges, of the neurons that cross them.
    row_of, column_of : int32 arrays (V,), (W,)
        The row of each vertex in `z`, and the column of each neuron.
    tolerance : float64 array (rows, columns)
        What counts as zero, columns as those of `z`.
    tolerance_of : int32 array (V,)
        The row of each vertex in it.
    spacing : float
        Points closer than this are one vertex.
    positive, negative : uint64 arrays (V, ceil(W / 64))
        From ``sign_planes``.

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
    width = column_of.shape[0]
    neuron = np.empty(width, np.int32)
    position = np.empty(width, np.float64)
    slack = np.empty(width, np.float64)
    group = np.empty(width, np.int32)
    where = np.empty(width, np.float64)
    n_edges = last - first
    new_vertices = np.empty(n_edges, np.int32)
    cuts = np.empty(n_edges, np.int32)
    points = np.empty((max(n_edges, 16), 2), np.float64)
    cut_neuron = np.empty(max(n_edges, 16), np.int32)
    cut_place = np.empty(max(n_edges, 16), np.int32)
    on_boundary = np.empty((16, 2), np.int32)
    doubted = np.empty(16, np.int32)
    n_new = n_cuts = n_marks = n_doubted = 0
    for e in range(first, last):
        a = edge_vertices[e, 0]
        b = edge_vertices[e, 1]
        run_x = xy[b, 0] - xy[a, 0]
        run_y = xy[b, 1] - xy[a, 1]
        length = np.hypot(run_x, run_y)
        near = spacing / length if length > spacing else 1.0
        loose = False
        count = 0
        for word in range(positive.shape[1]):
            bits = (positive[a, word] & negative[b, word]) | (negative[a, word] & positive[b, word])
            while bits != np.uint64(0):
                n = (word << 6) + lowest_bit(bits)
                bits &= bits - np.uint64(1)
                column = column_of[n]
                at_a = z[row_of[a], column]
                at_b = z[row_of[b], column]
                noise_a = tolerance[tolerance_of[a], column]
                noise_b = tolerance[tolerance_of[b], column]
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
                    if n_marks == on_boundary.shape[0]:
                        on_boundary = table_room(on_boundary, n_marks + 1)
                    on_boundary[n_marks, 0] = a if place == 0.0 else b
                    on_boundary[n_marks, 1] = n
                    n_marks += 1
                else:
                    noise = max(noise_a, noise_b)
                    doubt = max(noise / abs(rise), 0.5 * near)
                    loose |= doubt > LOOSE * near
                    insert_sorted(position, slack, neuron, count, place, doubt, n)
                    count += 1
        clusters = cluster(position, slack, count, group, where)
        if loose or clusters < count:
            if n_doubted == doubted.shape[0]:
                doubted = room(doubted, n_doubted + 1)
            doubted[n_doubted] = e
            n_doubted += 1
        if n_new + clusters > points.shape[0]:
            points = table_room(points, n_new + clusters)
        if n_cuts + count > cut_neuron.shape[0]:
            cut_neuron = room(cut_neuron, n_cuts + count)
            cut_place = room(cut_place, n_cuts + count)
        for c in range(clusters):
            points[n_new + c, 0] = xy[a, 0] + where[c] * run_x
            points[n_new + c, 1] = xy[a, 1] + where[c] * run_y
        for i in range(count):
            cut_neuron[n_cuts + i] = neuron[i]
            cut_place[n_cuts + i] = group[i]
        n_new += clusters
        n_cuts += count
        new_vertices[e - first] = clusters
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


@entry
@njit(cache=True, nogil=True, error_model="numpy")
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
