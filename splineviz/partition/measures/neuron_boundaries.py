"""Which edges of a partition are boundary of which layer, and of which neuron."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import index
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from splineviz.errors import UnknownName
from splineviz.partition.patterns import LayerPattern, cells_of_regions, unpack
from splineviz.typing import BoolArray, FloatArray, Int32Array

if TYPE_CHECKING:
    from splineviz.partition.edge_table import EdgeTable

#: Which layers count: one, by number or name, or several.
LayerSelection: TypeAlias = int | str | Sequence[int | str]

# Edges are compared in blocks, so that the patterns of a wide layer stay in a few megabytes.
_BLOCK = 65536


def boundary_segments(
    vertices: FloatArray,
    edges: EdgeTable,
    layers: Sequence[LayerPattern],
    layer: LayerSelection | None,
) -> FloatArray:
    """Edges (n, 2, 2) on the boundaries of the neurons of some layers (None: of all layers).

    Raises
    ------
    UnknownName
        If the network has no such layer.
    """
    inner = np.flatnonzero((edges.regions >= 0).all(axis=1))
    if layer is not None:
        own = np.zeros(len(inner), dtype=np.bool_)
        for i in layer_numbers(layers, layer):
            own |= _differs(edges.regions[inner], layers, i, None)
        inner = inner[own]
    return vertices[edges.vertices[inner]]


def neuron_segments(
    vertices: FloatArray,
    edges: EdgeTable,
    layers: Sequence[LayerPattern],
    layer: int | str,
    neuron: int,
) -> FloatArray:
    """Edges (n, 2, 2) on the boundary of one neuron.

    Raises
    ------
    UnknownName
        If the network has no such layer, or the layer no such neuron.
    """
    number = neuron_layer(layers, layer, neuron)
    inner = np.flatnonzero((edges.regions >= 0).all(axis=1))
    own = inner[_differs(edges.regions[inner], layers, number, neuron)]
    return vertices[edges.vertices[own]]


def neuron_layer(layers: Sequence[LayerPattern], layer: int | str, neuron: int) -> int:
    """The number of the layer that has a neuron.

    Raises
    ------
    UnknownName
        If the network has no such layer, or the layer no such neuron.
    """
    number = _number(layers, layer)
    width = layers[number].width
    if not _within(neuron, width):
        raise UnknownName(f"neuron of layer {layers[number].name!r}", neuron, [f"0 to {width - 1}"])
    return number


def count_switching(layers: Sequence[LayerPattern], layer: LayerSelection | None) -> int:
    """How many columns of the patterns of some layers change on the slice (None: of all layers).

    Raises
    ------
    UnknownName
        If the network has no such layer.
    """
    numbers = range(len(layers)) if layer is None else set(layer_numbers(layers, layer))
    total = 0
    for number in numbers:
        bits = layers[number].bits
        changes = np.bitwise_or.reduce(bits, axis=0) ^ np.bitwise_and.reduce(bits, axis=0)
        total += int(unpack(changes[None], layers[number].width).sum())
    return total


def layer_numbers(layers: Sequence[LayerPattern], wanted: LayerSelection) -> list[int]:
    """The numbers of layers that a user names or numbers.

    Raises
    ------
    UnknownName
        If the network has no such layer.
    """
    several = wanted if isinstance(wanted, Iterable) and not isinstance(wanted, str) else [wanted]
    return [_number(layers, one) for one in several]


def _number(layers: Sequence[LayerPattern], wanted: object) -> int:
    """The number of a layer that a user names or numbers."""
    names = [layer.name for layer in layers]
    if isinstance(wanted, str):
        if wanted not in names:
            raise UnknownName("layer", wanted, names or ["none"])
        return names.index(wanted)
    if not _within(wanted, len(names)):
        known = [f"{i} ({name!r})" for i, name in enumerate(names)]
        raise UnknownName("layer", wanted, known or ["none"])
    return index(wanted)  # type: ignore[arg-type]


def _within(number: Any, count: int) -> bool:
    """Whether something is a whole number from 0 to below count."""
    try:
        return 0 <= index(number) < count
    except TypeError:
        return False


def _differs(
    sides: Int32Array, layers: Sequence[LayerPattern], number: int, column: int | None
) -> BoolArray:
    """Whether the patterns of pairs of regions (n, 2) differ in a layer, or in one column of it.

    The edge table names one neuron for each edge. Where boundaries coincide, an edge belongs to
    several neurons, and only the patterns on its two sides know all of them.
    """
    n_regions = len(layers[-1].parent)
    cells = cells_of_regions(layers, n_regions)[number]
    bits = layers[number].bits
    mask = np.full(bits.shape[1], ~np.uint64(0))
    if column is not None:
        mask[:] = 0
        mask[column // 64] = np.uint64(1) << np.uint64(column % 64)
    differs = np.empty(len(sides), dtype=np.bool_)
    for first in range(0, len(sides), _BLOCK):
        left, right = cells[sides[first : first + _BLOCK]].T
        change = (bits[left] ^ bits[right]) & mask
        differs[first : first + _BLOCK] = change.any(axis=1)
    return differs
