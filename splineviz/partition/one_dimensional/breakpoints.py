"""BreakpointTable: where the neurons of a network change sign along a segment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from splineviz.partition.patterns import LayerPattern, cells_of_regions
from splineviz.typing import FloatArray, Int32Array, IntArray

if TYPE_CHECKING:
    import pandas as pd

# How many columns are compared at a time.
_BLOCK = 2**22


@dataclass(frozen=True, eq=False)
class BreakpointTable:
    """Every sign change of every neuron along a segment, from left to right, one row each.

    Where the signs of several neurons change at one position, each has its own row.

    Parameters
    ----------
    position : float64 array (K,)
        Where on the segment; never decreasing.
    region : int32 array (K,)
        The region to the left; the one to the right is the next.
    layer : int32 array (K,)
        The layer, counted in activations from 0.
    neuron : int32 array (K,)
        The column of the layer's pattern.
    names : tuple of str
        The layers' names, in order.
    """

    position: FloatArray
    region: Int32Array
    layer: Int32Array
    neuron: Int32Array
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.position)

    def __repr__(self) -> str:
        return f"BreakpointTable({len(self):,} sign changes at {self.distinct:,} positions)"

    @property
    def distinct(self) -> int:
        """The number of distinct positions."""
        return len(np.unique(self.region))

    def counts(self) -> IntArray:
        """How many sign changes each layer has, shape (L,).

        The exact count of crossings along the segment, beside which
        :func:`splineviz.local_complexity` can be held.
        """
        return np.bincount(self.layer, minlength=len(self.names)).astype(np.int64)

    def to_dataframe(self) -> pd.DataFrame:
        """One row for each sign change: position, region, layer, neuron and name."""
        import pandas as pd

        return pd.DataFrame(
            {
                "position": self.position,
                "region": self.region,
                "layer": self.layer,
                "neuron": self.neuron,
                "name": [self.names[layer] for layer in self.layer],
            }
        )


def breakpoint_table(
    positions: FloatArray,
    layers: tuple[LayerPattern, ...],
    order: IntArray,
) -> BreakpointTable:
    """The columns in which the patterns of neighboring regions differ.

    Parameters
    ----------
    positions : float64 array (R - 1,)
        Where region r ends and region r + 1 begins.
    layers : tuple of LayerPattern
        The patterns.
    order : int64 array (R,)
        For each region, from left to right, its number in the patterns.
    """
    boundaries, depths, columns = [], [], []
    for depth, cells in enumerate(cells_of_regions(layers, len(order))):
        layer, of_region = layers[depth], cells[order]
        left, right = of_region[:-1], of_region[1:]
        differ = np.flatnonzero((layer.bits[left] != layer.bits[right]).any(axis=1))
        size = max(1, _BLOCK // max(layer.width, 1))
        for first in range(0, len(differ), size):
            rows = differ[first : first + size]
            changed = layer.unpacked(left[rows]) ^ layer.unpacked(right[rows])
            row, column = np.nonzero(changed)
            boundaries.append(rows[row])
            columns.append(column)
            depths.append(np.full(len(row), depth))
    region = np.concatenate([*boundaries, np.empty(0, np.int64)]).astype(np.int32)
    layer_number = np.concatenate([*depths, np.empty(0, np.int64)]).astype(np.int32)
    neuron = np.concatenate([*columns, np.empty(0, np.int64)]).astype(np.int32)
    by_place = np.lexsort((neuron, layer_number, region))
    region = region[by_place]
    return BreakpointTable(
        position=positions[region],
        region=region,
        layer=layer_number[by_place],
        neuron=neuron[by_place],
        names=tuple(layer.name for layer in layers),
    )
