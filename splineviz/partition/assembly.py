"""From cells to a SplinePartition: cells are joined across seams, and edges become a table."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from splineviz.network.program import Program
from splineviz.partition.edge_table import EdgeTable
from splineviz.partition.engine.cells import SEAM, CellComplex
from splineviz.partition.engine.dissolving import dissolve
from splineviz.partition.patterns import LayerPattern, first_difference
from splineviz.partition.slices.input_slice import InputSlice
from splineviz.partition.spline_partition import SplinePartition
from splineviz.typing import Int32Array


def assemble(
    program: Program,
    plane: InputSlice,
    cells: CellComplex,
    layers: tuple[LayerPattern, ...],
    n_corners: int,
) -> SplinePartition:
    """The partition whose regions are the cells, joined across seams that no neuron made.

    Parameters
    ----------
    program : Program
    plane : InputSlice
    cells : CellComplex
        The domain subdivided by all layers.
    layers : tuple of LayerPattern
        Patterns on the cells of each subdivision.
    n_corners : int
        The first vertices of the complex are the corners of the domain.
    """
    seams = np.flatnonzero(cells.edge_layer == SEAM)
    region_of_ring: Int32Array = np.arange(len(cells), dtype=np.int32)
    if len(seams):
        layer, neuron = _first_difference(layers, cells.sides[seams])
        edge_layer, edge_neuron = cells.edge_layer.copy(), cells.edge_neuron.copy()
        edge_layer[seams], edge_neuron[seams] = layer, neuron
        is_open = np.zeros(len(edge_layer), dtype=bool)
        is_open[seams[layer < 0]] = True
        cells = replace(cells, edge_layer=edge_layer, edge_neuron=edge_neuron)
        dissolved = dissolve(cells, is_open, n_corners)
        cells, region_of_ring, first = dissolved.cells, dissolved.union, dissolved.first_cell
        joined = [
            LayerPattern(last.name, last.width, last.parent[first], last.bits[first])
            for last in layers[-1:]  # none if the network has no activation
        ]
        layers = (*layers[:-1], *joined)
    sides = cells.sides
    regions = np.where(sides >= 0, region_of_ring[sides], -1).astype(np.int32)
    edges = EdgeTable(cells.edge_vertices, regions, cells.edge_layer, cells.edge_neuron)
    rings = np.bincount(region_of_ring)
    return SplinePartition(
        program,
        plane,
        cells.xy,
        edges,
        cells.starts,
        cells.offsets,
        np.concatenate([[0], np.cumsum(rings)]),
        layers,
    )


def _first_difference(
    layers: tuple[LayerPattern, ...], sides: Int32Array
) -> tuple[Int32Array, Int32Array]:
    """Layer and neuron of the first sign in which two cells differ, -1 where none does."""
    layer_of = np.full(len(sides), -1, dtype=np.int32)
    neuron_of = np.full(len(sides), -1, dtype=np.int32)
    left, right = sides[:, 0], sides[:, 1]
    for depth in range(len(layers) - 1, -1, -1):
        layer = layers[depth]
        column = first_difference(layer.bits[left], layer.bits[right], layer.width)
        layer_of[column >= 0] = depth
        neuron_of = np.where(column >= 0, column, neuron_of)
        left, right = layer.parent[left], layer.parent[right]
    return layer_of, neuron_of
