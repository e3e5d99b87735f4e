"""Bits, growing buffers, and positions that rounding cannot tell apart."""

from __future__ import annotations

import numpy as np
from numba import njit

# Trailing-zero count by a de Bruijn sequence: numba has no intrinsic for it.
_DE_BRUIJN = np.uint64(0x03F79D71B4CB0A89)
_TRAILING_ZEROS = np.zeros(64, dtype=np.int64)
for _i in range(64):
    _TRAILING_ZEROS[((int(_DE_BRUIJN) << _i) % 2**64) >> 58] = _i


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
