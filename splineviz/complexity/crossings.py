"""From the range of a neuron's values over the vertices to whether its boundary crosses them."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from splineviz.complexity.layers import Switches
from splineviz.complexity.span import Span
from splineviz.errors import NonFiniteValues


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

    Raises
    ------
    NonFiniteValues
        If a value overflows float64; one that overflows float32 is near.
    """
    points = tuple(switches.points.tolist())
    found = span.near(points)
    ends = torch.stack([found.low, found.high])
    if span.low.dtype == torch.float64 and not bool(ends.isfinite().all()):
        raise NonFiniteValues(
            "the network overflows at vertices round some samples, though its weights are finite; "
            "make the radius or its weights smaller"
        )
    crossed = torch.zeros_like(found.sample, dtype=torch.bool)
    near = torch.zeros_like(crossed)
    for point in points:
        low, high = found.centre - point + found.low, found.centre - point + found.high
        below, above = low < -found.noise, high > found.noise
        apart = (low > found.noise) | (high < -found.noise)
        # Signs differ: low is negative and high is not, or high is positive and low is not.
        crossed |= ~apart & (below | above)
        near |= ~apart & ~(below & above) & (found.noise != 0)
    samples, columns = span.centre.shape
    column = found.column
    if switches.neurons is not None:
        column = torch.as_tensor(switches.neurons, device=column.device)[column]
    neuron = columns * found.sample + column

    def by_sample(which: torch.Tensor) -> torch.Tensor:
        # A neuron may have several columns.
        some = neuron[which] if switches.neurons is None else neuron[which].unique()
        return torch.bincount(some // columns, minlength=samples)

    return Crossings(by_sample(crossed), by_sample(near))
