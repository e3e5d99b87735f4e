"""Activation patterns: a bit for each column, in words of 64."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from splineviz.typing import (
    AnyIntArray,
    BoolArray,
    ByteArray,
    Int32Array,
    IntArray,
    UInt32Array,
    Words,
)

# How many columns are unpacked at a time.
_BLOCK = 2**22


def layer_text(number: int, name: str) -> str:
    """What a layer is called: its number, from 0, and name; ``neuron_boundary`` takes either.

    Examples
    --------
    >>> layer_text(1, "3")
    "layer 1 ('3')"
    """
    return f"layer {number} ({name!r})"


@dataclass(frozen=True, eq=False)
class LayerPattern:
    """Activation patterns of one layer on the cells that the layers up to it make.

    Parameters
    ----------
    name : str
        The activation's place in the network.
    width : int
        Number of columns W. A ReLU has one for each neuron, set where it is positive; an
        activation with several breakpoints one for each breakpoint and neuron, set above the
        breakpoint; a maximum one for each candidate of each window, set where that candidate wins.
    parent : int32 array (C,)
        For each cell the cell of the layer before that it is part of; never decreasing.
    bits : uint64 array (C, ceil(W / 64))
        Bit n of a row is column n.
    """

    name: str
    width: int
    parent: Int32Array
    bits: Words

    def unpacked(self, cells: AnyIntArray) -> BoolArray:
        """The patterns of some cells as booleans, shape (len(cells), W)."""
        return unpack(self.bits[cells], self.width)


def pack(pattern: BoolArray) -> Words:
    """Rows of booleans (n, W) as words (n, ceil(W / 64))."""
    octets = np.packbits(pattern, axis=1, bitorder="little")
    padded = np.zeros((len(octets), -(-octets.shape[1] // 8) * 8), dtype=np.uint8)
    padded[:, : octets.shape[1]] = octets
    return padded.view("<u8").astype(np.uint64, copy=False)


def unpack(words: Words, width: int) -> BoolArray:
    """The booleans (n, W) that words (n, ceil(W / 64)) hold."""
    octets = np.ascontiguousarray(words).astype("<u8", copy=False).view(np.uint8)
    return np.unpackbits(octets, axis=1, count=width, bitorder="little").astype(np.bool_)


def first_difference(left: Words, right: Words, width: int) -> Int32Array:
    """The first column in which rows of words differ, -1 where they are the same: shape (n,)."""
    columns = np.full(len(left), -1, dtype=np.int32)
    differ = np.flatnonzero((left != right).any(axis=1))
    size = max(1, _BLOCK // max(width, 1))
    for first in range(0, len(differ), size):
        rows = differ[first : first + size]
        columns[rows] = unpack(left[rows] ^ right[rows], width).argmax(axis=1)
    return columns


def ranges_above(parents: Sequence[Int32Array], first: int, last: int) -> list[tuple[int, int]]:
    """The ranges of cells that a range of cells lies in, subdivision by subdivision.

    Parameters
    ----------
    parents : sequence of int32 array
        Of each subdivision in order, the cell above each cell; never decreasing.
    first, last : int
        The cells ``first ... last - 1`` of the last subdivision.

    Returns
    -------
    list of (int, int)
        First and one past the last: before the first subdivision, then after each of them.
    """
    ranges = [(first, last)]
    for parent in reversed(parents):
        low, high = ranges[0]
        ranges.insert(0, (int(parent[low]), int(parent[high - 1]) + 1))
    return ranges


def cells_of_regions(layers: Sequence[LayerPattern], n_regions: int) -> list[AnyIntArray]:
    """For each layer, in order, the cell that each region is part of, arrays of shape (R,)."""
    cells: AnyIntArray = np.arange(n_regions)
    by_layer = []
    for layer in reversed(layers):
        by_layer.append(cells)
        cells = layer.parent[cells]
    return by_layer[::-1]


def activation_patterns(
    layers: Sequence[LayerPattern], n_regions: int, first: int = 0, last: int | None = None
) -> BoolArray:
    """The patterns of the regions ``first ... last - 1``, shape (last - first, total width)."""
    block = slice(first, n_regions if last is None else last)
    columns = [
        layer.unpacked(cells[block])
        for layer, cells in zip(layers, cells_of_regions(layers, n_regions), strict=True)
    ]
    none = np.zeros((len(range(n_regions)[block]), 0), dtype=np.bool_)
    return np.concatenate([none, *columns], axis=1)


def packed_patterns(layers: Sequence[LayerPattern], n_regions: int) -> ByteArray:
    """The patterns with eight columns in a byte, uint8 array (R, ceil(total width / 8)).

    Bit k of byte i, counted from the least significant, is column ``8 * i + k``; the bits after
    the last column are 0.
    """
    width = sum(layer.width for layer in layers)
    packed = np.empty((n_regions, (width + 7) // 8), dtype=np.uint8)
    size = max(1, _BLOCK // max(width, 1))
    for first in range(0, n_regions, size):
        last = min(first + size, n_regions)
        patterns = activation_patterns(layers, n_regions, first, last)
        packed[first:last] = np.packbits(patterns, axis=1, bitorder="little")
    return packed


def activation_counts(layers: Sequence[LayerPattern], n_regions: int) -> IntArray:
    """How many columns of each layer's pattern are set in each region, int64 array (R, L)."""
    counts = np.empty((n_regions, len(layers)), dtype=np.int64)
    for i, cells in enumerate(cells_of_regions(layers, n_regions)):
        set_bits = np.bitwise_count(layers[i].bits).sum(axis=1, dtype=np.int64)
        counts[:, i] = set_bits[cells]
    return counts


def octets(layer: LayerPattern) -> ByteArray:
    """The pattern of each cell with eight columns in a byte, uint8 array (C, ceil(W / 8))."""
    words = np.ascontiguousarray(layer.bits).astype("<u8", copy=False)
    return np.ascontiguousarray(words.view(np.uint8)[:, : (layer.width + 7) // 8])


def pattern_hashes(layers: Sequence[LayerPattern], n_regions: int) -> UInt32Array:
    """A number for each region, made of which columns of all layers are set, uint32 array (R,).

    FNV-1a over the bytes of the patterns, layer by layer: whoever has the patterns makes the same
    number, in any language. Two different patterns share it with a chance of 1 in 2**32.
    """
    hashes = np.full(n_regions, 0x811C9DC5, dtype=np.uint32)
    for layer, cells in zip(layers, cells_of_regions(layers, n_regions), strict=True):
        for column in octets(layer).T:
            hashes = (hashes ^ column[cells]) * np.uint32(0x01000193)
    return hashes
