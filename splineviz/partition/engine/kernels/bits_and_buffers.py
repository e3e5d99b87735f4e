"""Bits, growing buffers, and positions that rounding cannot tell apart."""

from __future__ import annotations

import numpy as np
from numba import njit

# Trailing-zero count by a de Bruijn sequence: numba has no intrinsic for it.
_DE_BRUIJN = np.uint64(0x03F79D71B4CB0A89)
_TRAILING_ZEROS = np.zeros(64, dtype=np.int64)
for _i in range(64):
    _TRAILING_ZEROS[((int(_DE_BRUIJN) << _i) % 2**64) >> 58] = _i

# A crossing known no better than this many times what one vertex spans is looked at again.
LOOSE = 2.0**19
# A value this many times its tolerance is no rounding of zero, whatever the coordinates say.
SURE = 2.0**20


@njit(cache=True, nogil=True, error_model="numpy")
def lowest_bit(word):
    """Number of the lowest set bit of a word that is not zero."""
    isolated = word & (~word + np.uint64(1))
    return _TRAILING_ZEROS[(isolated * _DE_BRUIJN) >> np.uint64(58)]


@njit(cache=True, nogil=True, error_model="numpy")
def has_bit(table, row, i):
    """Whether bit i of a row of words is set."""
    return (table[row, i >> 6] >> np.uint64(i & 63)) & np.uint64(1) != np.uint64(0)


@njit(cache=True, nogil=True, error_model="numpy")
def set_bit(table, row, i):
    """Set bit i of a row of words."""
    table[row, i >> 6] |= np.uint64(1) << np.uint64(i & 63)


@njit(cache=True, nogil=True, error_model="numpy")
def room(array, needed):
    """A copy of the array with capacity for at least `needed` entries.

    The callers ask only when there is too little: passing arrays about costs more than the test.
    """
    larger = np.empty(max(needed, 2 * array.shape[0]), array.dtype)
    for i in range(array.shape[0]):
        larger[i] = array[i]
    return larger


@njit(cache=True, nogil=True, error_model="numpy")
def table_room(array, needed):
    """As ``room``, for a table: capacity for `needed` rows."""
    larger = np.empty((max(needed, 2 * array.shape[0]), array.shape[1]), array.dtype)
    for i in range(array.shape[0]):
        for k in range(array.shape[1]):
            larger[i, k] = array[i, k]
    return larger


@njit(cache=True, nogil=True, error_model="numpy")
def copy(source, start, target, at, count):
    """Copy ``source[start:start + count]`` to ``target[at:]``.

    Written out, here and below: a slice assignment in numba compiles its error messages each time.
    """
    for i in range(count):
        target[at + i] = source[start + i]


@njit(cache=True, nogil=True, error_model="numpy")
def insert_sorted(t, slack, owner, count, position, doubt, number):
    """Insert a position, its uncertainty and its owner's number among `count` sorted ones."""
    at = count
    while at > 0 and t[at - 1] > position:
        t[at] = t[at - 1]
        slack[at] = slack[at - 1]
        owner[at] = owner[at - 1]
        at -= 1
    t[at] = position
    slack[at] = doubt
    owner[at] = number


@njit(cache=True, nogil=True, error_model="numpy")
def cluster(t, slack, count, group, where):
    """Merge sorted positions that their uncertainties do not separate.

    The best determined come first; each other joins the nearest of them that it cannot be told
    from. So one that may lie anywhere does not draw together those that are far apart.

    Fills ``group[i]`` with the cluster of position i and ``where[c]`` with the place of cluster c:
    that of its best determined member. Returns the number of clusters.
    """
    apart = True
    reach = -np.inf
    for i in range(count):
        group[i] = i
        where[i] = t[i]
        apart &= t[i] - slack[i] > reach
        reach = max(reach, t[i] + slack[i])
    if apart:
        return count
    head = np.full(count, -1, np.int32)
    for _ in range(count):
        best = -1
        for i in range(count):
            if head[i] < 0 and (best < 0 or slack[i] < slack[best]):
                best = i
        nearest = best
        for j in range(count):
            gap = abs(t[best] - t[j])
            near = head[j] == j and gap <= slack[best] + slack[j]
            if near and (nearest == best or gap < abs(t[best] - t[nearest])):
                nearest = j
        head[best] = nearest
    clusters = 0
    for i in range(count):
        if head[i] == i:
            where[clusters] = t[i]
            group[i] = clusters
            clusters += 1
    for i in range(count):
        if head[i] != i:
            group[i] = group[head[i]]
    return clusters
