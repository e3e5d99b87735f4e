"""Activation patterns: a bit for each column, in words of 64."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class LayerPattern:
    """Activation patterns of one layer on the cells that the layers up to it make.

    Parameters
    ----------
    name : str
        The activation's place in the network.
    width : int
        Number of columns W. A ReLU has one for each neuron, set where it is positive; an
        activation with several kinks one for each kink and neuron, set above the kink; a maximum
        one for each candidate of each window, set where that candidate wins.
    parent : int32 array (C,)
        For each cell the cell of the layer before that it is part of; never decreasing.
    bits : uint64 array (C, ceil(W / 64))
        Bit n of a row is column n.
    """

    name: str
    width: int
    parent: npt.NDArray[np.int32]
    bits: Words

    def unpacked(self, cells: npt.NDArray[np.integer]) -> npt.NDArray[np.bool_]:
        """The patterns of some cells as booleans, shape (len(cells), W)."""
        return unpack(self.bits[cells], self.width)


def pack(pattern: npt.NDArray[np.bool_]) -> Words:
    """Rows of booleans (n, W) as words (n, ceil(W / 64))."""
    octets = np.packbits(pattern, axis=1, bitorder="little")
    padded = np.pad(octets, ((0, 0), (0, -octets.shape[1] % 8)))
    return np.ascontiguousarray(padded).view("<u8").astype(np.uint64)


def unpack(words: Words, width: int) -> npt.NDArray[np.bool_]:
    """The booleans (n, W) that words (n, ceil(W / 64)) hold."""
    octets = np.ascontiguousarray(words).astype("<u8", copy=False).view(np.uint8)
    return np.unpackbits(octets, axis=1, count=width, bitorder="little").astype(np.bool_)
