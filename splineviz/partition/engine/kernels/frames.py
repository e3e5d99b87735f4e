"""Three corners of a cell that span it, by which values at all its points are given."""

from __future__ import annotations

from typing import NamedTuple

from splineviz.partition.engine.kernels.compiling import compiled, inlined
from splineviz.partition.engine.kernels.entry import entry
from splineviz.partition.engine.kernels.rows import barycentric


class Frame(NamedTuple):
    """Three corners of a cell: the place of the first, and the ways to the others.

    Attributes
    ----------
    a, b, c : int
        Their numbers.
    x, y : float
        Where a is.
    ux, uy, vx, vy : float
        From a to b, and from a to c.
    """

    a: int
    b: int
    c: int
    x: float
    y: float
    ux: float
    uy: float
    vx: float
    vy: float


@inlined
def spanning_corners(halves, start, stop, edge_vertices, xy):
    """Three corners of the cell of ``halves[start:stop]`` that span it well.

    The second is the farthest from the first, the third the farthest from the line through both.
    """
    a = edge_vertices[halves[start] >> 1, halves[start] & 1]
    b = a
    widest = -1.0
    for i in range(start + 1, stop):
        v = edge_vertices[halves[i] >> 1, halves[i] & 1]
        size = (xy[v, 0] - xy[a, 0]) ** 2 + (xy[v, 1] - xy[a, 1]) ** 2
        if size > widest:
            widest = size
            b = v
    ux = xy[b, 0] - xy[a, 0]
    uy = xy[b, 1] - xy[a, 1]
    c = a
    largest = 0.0
    for i in range(start + 1, stop):
        v = edge_vertices[halves[i] >> 1, halves[i] & 1]
        size = abs(ux * (xy[v, 1] - xy[a, 1]) - uy * (xy[v, 0] - xy[a, 0]))
        if size > largest:
            largest = size
            c = v
    return a, b, c


@inlined
def frame_of(corners, xy):
    """The frame of three corners."""
    a, b, c = corners
    x = xy[a, 0]
    y = xy[a, 1]
    return Frame(a, b, c, x, y, xy[b, 0] - x, xy[b, 1] - y, xy[c, 0] - x, xy[c, 1] - y)


@inlined
def weights_in(frame, x, y):
    """The weights of b and c in a point: value = z_a + w_b (z_b - z_a) + w_c (z_c - z_a)."""
    return barycentric(x - frame.x, y - frame.y, frame.ux, frame.uy, frame.vx, frame.vy)


@entry
@compiled
def cell_frames(first, last, offsets, halves, edge_vertices, xy, frames):
    """Three corners that span each of the cells ``first ... last - 1``, written to `frames`."""
    for cell in range(first, last):
        a, b, c = spanning_corners(halves, offsets[cell], offsets[cell + 1], edge_vertices, xy)
        frames[cell, 0] = a
        frames[cell, 1] = b
        frames[cell, 2] = c
