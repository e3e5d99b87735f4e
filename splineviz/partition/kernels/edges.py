"""Signs at vertices, and edges cut where they change."""

from __future__ import annotations

import numpy as np
from numba import njit

from splineviz.partition.kernels.common import cluster, insert_sorted, lowest_bit, room, table_room


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
            i = lowest_bit(bits)
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
                doubt = max(tolerance[n] / abs(rise), 0.5 * near)
                insert_sorted(t, slack, neuron, count, position, doubt, n)
                count += 1
    return count, marked


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
            clusters = cluster(position, slack, count, group, where)
            if n_new + clusters > t.shape[0]:
                ends = table_room(ends, n_new + clusters)
                t = room(t, n_new + clusters)
            if n_cuts + count > cut_neuron.shape[0]:
                cut_neuron = room(cut_neuron, n_cuts + count)
                cut_place = room(cut_place, n_cuts + count)
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


@njit(cache=True, nogil=True, error_model="numpy")
def edge_sides(n_edges, offsets, halves):
    """The cells on the left and on the right of each edge, -1 outside: int32 array (E, 2)."""
    sides = np.full((n_edges, 2), -1, np.int32)
    for cell in range(offsets.shape[0] - 1):
        for i in range(offsets[cell], offsets[cell + 1]):
            sides[halves[i] >> 1, halves[i] & 1] = cell
    return sides
