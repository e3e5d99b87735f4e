"""The vertices around some samples at one place in a network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import torch

from splineviz.complexity.propagation.preactivation_range import PreactivationRange


@dataclass(frozen=True, eq=False)
class LayerVertices:
    """The values at the vertices, as differences from a center.

    Attributes
    ----------
    span : PreactivationRange
        Their range.
    make_differences : callable
        Makes `differences`.
    at : callable
        Computes the differences of some neurons at all vertices, (neurons, vertices). Called with
        two int64 tensors (neurons,): their samples, in increasing order, and their columns.
    """

    span: PreactivationRange
    make_differences: Callable[[], torch.Tensor]
    at: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]

    @cached_property
    def differences(self) -> torch.Tensor:
        """The differences of all vertices, (n or 1, vertices, columns)."""
        return self.make_differences()


def layer_vertices_of(
    values: torch.Tensor, at_sample: torch.Tensor, noise: torch.Tensor
) -> LayerVertices:
    """Make LayerVertices from values at all vertices, (n, vertices, columns), and at the sample."""
    low, high = values.amin(1), values.amax(1)
    span = PreactivationRange(torch.zeros_like(noise), low, high, noise, at_sample)
    return LayerVertices(span, lambda: values, lambda sample, column: values[sample, :, column])


Visit: TypeAlias = Callable[[int, LayerVertices], None]
"""Called with the number of a watched layer, and its vertices.

It must read `differences` before it returns, because their memory is used again afterwards.
"""
