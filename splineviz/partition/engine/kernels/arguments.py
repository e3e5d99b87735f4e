"""What kernels are given: arrays that belong together."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy.typing as npt

Array = npt.NDArray[Any]


class SignPlanes(NamedTuple):
    """The signs of the columns of a cut at the vertices of a complex, neither where it is zero.

    Attributes
    ----------
    positive, negative : uint64 arrays (V, ceil(W / 64))
        Bit n of a row is set where column n is positive, or negative, at that vertex.
    """

    positive: Array
    negative: Array


class PreActivations(NamedTuple):
    """Values of some columns at some vertices, and what counts as zero.

    Attributes
    ----------
    z : float64 array (rows, columns)
    row_of, column_of : int32 arrays (V,), (W,)
        The row of each vertex in `z`, and the column of each neuron.
    tolerance : float64 array (kinds, columns)
        What counts as zero, columns as those of `z`.
    tolerance_of : int32 array (V,)
        The row of each vertex in it.
    """

    z: Array
    row_of: Array
    column_of: Array
    tolerance: Array
    tolerance_of: Array


class CutComplex(NamedTuple):
    """A complex of convex cells whose edges have been cut.

    Attributes
    ----------
    offsets, halves : int64 (F + 1,), int32 (H,)
        Half-edges of each cell before the edges were cut, counter-clockwise.
    edge_vertices : int32 array (E, 2)
        The edges before they were cut.
    xy : float64 array (V, 2)
        Old vertices, then new ones on edges, edge by edge.
    first_vertex : int64 array (E + 1,)
        The number of the first new vertex on each edge, among the new ones.
    first_cut : int64 array (E + 1,)
        Where the cuts of each edge begin.
    cut_neuron, cut_place : int32 arrays (C,)
        For each cut the neuron, and the number of its new vertex on the edge.
    """

    offsets: Array
    halves: Array
    edge_vertices: Array
    xy: Array
    first_vertex: Array
    first_cut: Array
    cut_neuron: Array
    cut_place: Array
