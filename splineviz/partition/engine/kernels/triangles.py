"""Triangles of three corners of a cell, from which values at all points of the cell follow."""

from __future__ import annotations

from typing import NamedTuple

from splineviz.partition.engine.kernels.compiling import compiled, inlined
from splineviz.partition.engine.kernels.entry import entry
from splineviz.partition.engine.kernels.rows import barycentric


class Triangle(NamedTuple):
    """Three corners of a cell: where the first is, and the vectors to the others.

    Attributes
    ----------
    a, b, c : int
        Numbers of their vertices.
    x, y : float
        Position of a.
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
def triangle_of(corners, xy):
    """The triangle between three corners."""
    a, b, c = corners
    x = xy[a, 0]
    y = xy[a, 1]
    return Triangle(a, b, c, x, y, xy[b, 0] - x, xy[b, 1] - y, xy[c, 0] - x, xy[c, 1] - y)


@inlined
def weights_in(triangle, x, y):
    """The weights of b and c in a point: value = z_a + w_b (z_b - z_a) + w_c (z_c - z_a)."""
    return barycentric(
        x - triangle.x, y - triangle.y, triangle.ux, triangle.uy, triangle.vx, triangle.vy
    )


@entry
@compiled
def cell_triangles(first, last, offsets, halves, edge_vertices, xy, triangles):
    """Three corners that span each of the cells ``first ... last - 1``, written to `triangles`."""
    for cell in range(first, last):
        a, b, c = spanning_corners(halves, offsets[cell], offsets[cell + 1], edge_vertices, xy)
        triangles[cell, 0] = a
        triangles[cell, 1] = b
        triangles[cell, 2] = c
