"""Crossings along one line: sorted, and merged where rounding cannot tell them apart."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from splineviz.partition.engine.kernels.arguments import Array
from splineviz.partition.engine.kernels.compiling import borrowing, compiled, inlined

# A crossing known no better than this many times what one vertex spans is located again.
LOOSE = 2.0**19
# A value this many times its tolerance is no rounding of zero, whatever the coordinates say.
SURE = 2.0**20


class Crossings(NamedTuple):
    """Room for the crossings of one line.

    Attributes
    ----------
    position, doubt : float64 arrays (n,)
        Where each is, from 0 to 1, increasing, and how uncertain that is.
    owner : int32 array (n,)
        The number of what crosses there.
    cluster : int32 array (n,)
        The number of the vertex that it becomes, once they are merged.
    place : float64 array (n,)
        Where each such vertex lies.
    head : int32 array (n,)
        While they are merged: the one that each has joined.
    """

    position: Array
    doubt: Array
    owner: Array
    cluster: Array
    place: Array
    head: Array


@compiled
def new_crossings(n):
    """Room for n crossings."""
    return Crossings(
        np.empty(n, np.float64),
        np.empty(n, np.float64),
        np.empty(n, np.int32),
        np.empty(n, np.int32),
        np.empty(n, np.float64),
        np.empty(n, np.int32),
    )


@inlined
def insert_sorted(line, count, position, doubt, owner):
    """Insert a crossing among `count` sorted ones."""
    at = count
    while at > 0 and line.position[at - 1] > position:
        line.position[at] = line.position[at - 1]
        line.doubt[at] = line.doubt[at - 1]
        line.owner[at] = line.owner[at - 1]
        at -= 1
    line.position[at] = position
    line.doubt[at] = doubt
    line.owner[at] = owner


@inlined
def merge(line, count):
    """Make one vertex of sorted crossings that their uncertainties do not separate.

    Fills ``cluster`` and ``place``, and returns the number of vertices.
    """
    apart = True
    reach = -np.inf
    for i in range(count):
        line.cluster[i] = i
        line.place[i] = line.position[i]
        apart &= line.position[i] - line.doubt[i] > reach
        reach = max(reach, line.position[i] + line.doubt[i])
    return count if apart else _join_nearest(line, count)


@borrowing
def _join_nearest(line, count):
    """Merge crossings some of which are not separate.

    The best determined come first; each other joins the nearest of them from which it cannot be
    distinguished. So one that may lie anywhere does not draw together those that are far apart. A
    vertex lies where its best determined crossing is.
    """
    position, doubt, head = line.position, line.doubt, line.head
    for i in range(count):
        head[i] = -1
    for _ in range(count):
        best = -1
        for i in range(count):
            if head[i] < 0 and (best < 0 or doubt[i] < doubt[best]):
                best = i
        nearest = best
        for j in range(count):
            gap = abs(position[best] - position[j])
            near = head[j] == j and gap <= doubt[best] + doubt[j]
            if near and (nearest == best or gap < abs(position[best] - position[nearest])):
                nearest = j
        head[best] = nearest
    clusters = 0
    for i in range(count):
        if head[i] == i:
            line.place[clusters] = position[i]
            line.cluster[i] = clusters
            clusters += 1
    for i in range(count):
        if head[i] != i:
            line.cluster[i] = line.cluster[head[i]]
    return clusters
