"""From the range of a neuron's values over the vertices to whether its boundary crosses them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from splineviz.complexity.layers import Switches
from splineviz.complexity.neighbourhood import Neighbourhood


@dataclass(frozen=True, eq=False)
class Span:
    """The range of the values of a layer's neurons over the vertices round some samples.

    Attributes
    ----------
    centre : float64 tensor (n, columns)
        What ``low`` and ``high`` are relative to.
    low, high : tensor (n or 1, columns)
        The smallest and largest difference from the centre.
    noise : float64 tensor (n or 1, columns)
        How far rounding may have moved a value.
    """

    centre: torch.Tensor
    low: torch.Tensor
    high: torch.Tensor
    noise: torch.Tensor

    @classmethod
    def of(cls, neighbourhood: Neighbourhood, with_centre: bool) -> Span:
        """The range over the vertices of a neighbourhood.

        Parameters
        ----------
        neighbourhood : Neighbourhood
            The values.
        with_centre : bool
            Whether the centre counts as a vertex.
        """
        low, high = neighbourhood.low, neighbourhood.high
        if with_centre:
            low, high = low.clamp(max=0), high.clamp(min=0)
        return cls(neighbourhood.centre, low, high, neighbourhood.noise)

    def merged(self, other: Span | None) -> Span:
        """The range over these vertices and others of the same samples."""
        if other is None:
            return self
        return Span(
            self.centre,
            torch.minimum(self.low, other.low),
            torch.maximum(self.high, other.high),
            torch.maximum(self.noise, other.noise),
        )


@dataclass(frozen=True, eq=False)
class Crossings:
    """How many neurons of a layer are crossed.

    Attributes
    ----------
    counts : int64 tensor (n,)
        For each sample the neurons whose boundary passes between its vertices, or through one.
    near : int64 tensor (n,)
        For each sample the neurons of which that is known only up to rounding.
    """

    counts: torch.Tensor
    near: torch.Tensor


def crossings(span: Span, switches: Switches) -> Crossings:
    """Count the neurons that switch between the vertices.

    A neuron is crossed at a switching point if not all vertices lie strictly on one side of it,
    or all on it. So one that is zero at some vertices and not at others is crossed, and one that
    is zero at all is not. A value that rounding cannot tell from the point lies on it.

    Parameters
    ----------
    span : Span
        The range of the values.
    switches : Switches
        Where the neurons switch.

    Returns
    -------
    Crossings
    """
    crossed = near = None
    for point in switches.points.tolist():
        behind = span.centre - point
        low, high = behind + span.low, behind + span.high
        below, above = low < -span.noise, high > span.noise
        # Elsewhere all vertices lie strictly on one side.
        reached = (low <= span.noise) & (high >= -span.noise)
        # Signs differ: low is negative and high is not, or high is positive and low is not.
        differs = reached & (below | above)
        uncertain = reached & ~(below & above) & (span.noise > 0)
        crossed = differs if crossed is None else crossed | differs
        near = uncertain if near is None else near | uncertain
    assert crossed is not None
    assert near is not None
    if switches.neurons is not None:
        crossed, near = (_of_neurons(columns, switches.neurons) for columns in (crossed, near))
    return Crossings(crossed.sum(1), near.sum(1))


def _of_neurons(columns: torch.Tensor, neurons: np.ndarray) -> torch.Tensor:
    """Whether something holds for a column of each neuron."""
    of_column = torch.as_tensor(neurons, device=columns.device)
    shape = (len(columns), int(neurons.max()) + 1)
    summed = torch.zeros(shape, dtype=torch.int32, device=columns.device)
    return summed.index_add_(1, of_column, columns.to(torch.int32)) > 0
