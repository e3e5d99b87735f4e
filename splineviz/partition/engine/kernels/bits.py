"""Bits in rows of words."""

from __future__ import annotations

import numpy as np

from splineviz.partition.engine.kernels.compiling import inlined

# Trailing-zero count by a de Bruijn sequence: numba has no intrinsic for it.
_DE_BRUIJN = np.uint64(0x03F79D71B4CB0A89)
_TRAILING_ZEROS = np.zeros(64, dtype=np.int64)
for _i in range(64):
    _TRAILING_ZEROS[((int(_DE_BRUIJN) << _i) % 2**64) >> 58] = _i


@inlined
def lowest_bit(word):
    """Number of the lowest set bit of a word that is not zero."""
    isolated = word & (~word + np.uint64(1))
    return _TRAILING_ZEROS[(isolated * _DE_BRUIJN) >> np.uint64(58)]


@inlined
def has_bit(table, row, i):
    """Whether bit i of a row of words is set."""
    return (table[row, i >> 6] >> np.uint64(i & 63)) & np.uint64(1) != np.uint64(0)


@inlined
def set_bit(table, row, i):
    """Set bit i of a row of words."""
    table[row, i >> 6] |= np.uint64(1) << np.uint64(i & 63)
