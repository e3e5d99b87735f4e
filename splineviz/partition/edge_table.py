"""EdgeTable: the edges between regions, and which neuron makes each."""

from __future__ import annotations

from dataclasses import dataclass

from splineviz.typing import Int32Array


@dataclass(frozen=True, eq=False)
class EdgeTable:
    """The edges of a partition, one row each.

    Parameters
    ----------
    vertices : int32 array (E, 2)
        First and second vertex.
    regions : int32 array (E, 2)
        Region on the left and on the right, seen from the first vertex; -1 outside the domain.
    layer : int32 array (E,)
        The layer (counted in activations, from 0) whose neuron makes the edge; -1 on the border
        of the domain.
    neuron : int32 array (E,)
        That neuron, a column of its layer's pattern; -1 on the border. Where the boundaries of
        several neurons coincide, one of them; ``neuron_boundary`` finds each.
    """

    vertices: Int32Array
    regions: Int32Array
    layer: Int32Array
    neuron: Int32Array

    def __len__(self) -> int:
        return len(self.layer)
