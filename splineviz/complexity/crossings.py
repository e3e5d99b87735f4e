"""From the ranges of neurons' values over the vertices to how many boundaries cross them."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from splineviz.complexity.layers import Switches
from splineviz.complexity.span import Span
from splineviz.errors import NonFiniteValues


def crossings(spans: Sequence[Span], switches: Sequence[Switches]) -> torch.Tensor:
    """Count the neurons that switch between the vertices round each sample.

    A neuron is crossed at a switching point if not all vertices lie strictly on one side of it,
    or all on it. So one that is zero at some vertices and not at others is crossed, and one that
    is zero at all is not. A value that rounding cannot tell from the point lies on it.

    Parameters
    ----------
    spans : sequence of Span
        The ranges of the values of each layer.
    switches : sequence of Switches
        Where its neurons switch.

    Returns
    -------
    int64 tensor (2, n, layers)
        For each sample and layer the neurons whose boundary passes between the vertices, or through
        one, and those of which that is known only up to rounding.

    Raises
    ------
    NonFiniteValues
        If a value overflows float64; one that overflows float32 is near.
    """
    samples, layers = len(spans[0].centre), len(spans)
    found = [
        one
        for layer, (span, where) in enumerate(zip(spans, switches, strict=True))
        for one in _found(span, where, layer, layers)
    ]
    # All layers at once: there are many more operations here than numbers.
    behind, low, high, noise, place, neuron = map(torch.cat, zip(*found, strict=True))
    low, high = behind + low, behind + high
    below, above = low < -noise, high > noise
    apart = (low > noise) | (high < -noise)
    # Signs differ: low is negative and high is not, or high is positive and low is not.
    crossed = (below | above) & ~apart
    near = ~(apart | (below & above)) & (noise != 0)
    once = all(where.neurons is None and len(where.points) == 1 for where in switches)
    widest = max(span.centre.shape[1] for span in spans)

    def counted(which: torch.Tensor) -> torch.Tensor:
        places = place[which]
        if not once:
            # A neuron may have several columns, and several points.
            places = (widest * places + neuron[which]).unique() // widest
        return torch.bincount(places, minlength=samples * layers)

    return torch.stack([counted(crossed), counted(near)]).view(2, samples, layers)


def _found(
    span: Span, switches: Switches, layer: int, layers: int
) -> list[tuple[torch.Tensor, ...]]:
    """What comes near each switching point of a layer: its range, where it counts, its neuron."""
    points = tuple(switches.points.tolist())
    near = span.near(points)
    if span.low.dtype == torch.float64 and not bool(
        torch.stack([near.low, near.high]).isfinite().all()
    ):
        raise NonFiniteValues(
            "the network overflows at vertices round some samples, though its weights are finite; "
            "make the radius or its weights smaller"
        )
    neuron = near.column
    if switches.neurons is not None:
        neuron = torch.as_tensor(switches.neurons, device=neuron.device)[neuron]
    place = layers * near.sample + layer
    return [
        (near.centre - point, near.low, near.high, near.noise, place, neuron) for point in points
    ]
