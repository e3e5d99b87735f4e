"""Borders of unions of cells."""

from __future__ import annotations

import numpy as np

from splineviz.partition.engine.kernels.compiling import compiled
from splineviz.partition.engine.kernels.entry import entry


@entry
@compiled
def walk_rings(offsets, halves, cell_of_half, n_edges, is_open):
    """Find closed walks around the cells that open edges join.

    Parameters
    ----------
    offsets, halves : int64 (C + 1,), int32 (H,)
        Half-edges of each cell, counter-clockwise.
    cell_of_half : int32 array (H,)
    n_edges : int
    is_open : bool array (E,)
        Edges to pass over; each has a cell on both sides.

    Returns
    -------
    walked : int32 array (N,)
        The half-edges of all walks, one walk after another.
    walk_offsets : int64 array (walks + 1,)
    first_cell : int32 array (walks,)
        The cell of each walk's first half-edge. Walks are in the order of these.
    """
    place = np.empty(2 * n_edges, np.int32)
    for i in range(halves.shape[0]):
        place[halves[i]] = i
    visited = np.zeros(halves.shape[0], np.bool_)
    walked = np.empty(halves.shape[0], np.int32)
    walk_offsets = np.zeros(halves.shape[0] + 1, np.int64)
    first_cell = np.empty(halves.shape[0], np.int32)
    n = 0
    walks = 0
    for start in range(halves.shape[0]):
        if visited[start] or is_open[halves[start] >> 1]:
            continue
        at = start
        while not visited[at]:
            visited[at] = True
            walked[n] = halves[at]
            n += 1
            while True:
                cell = cell_of_half[at]
                at = at + 1 if at + 1 < offsets[cell + 1] else offsets[cell]
                if not is_open[halves[at] >> 1]:
                    break
                at = place[halves[at] ^ 1]
        first_cell[walks] = cell_of_half[start]
        walks += 1
        walk_offsets[walks] = n
    return walked[:n], walk_offsets[: walks + 1], first_cell[:walks]
