"""Count the boundaries that cross a neighborhood, from the ranges of pre-activations over it."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from splineviz.complexity.arguments.layer_names import Switches
from splineviz.complexity.propagation.preactivation_range import Near, Span
from splineviz.errors import NonFiniteValues


def switching(span: Span, switches: Switches) -> Near:
    """Find the neurons of a layer that may switch between the vertices.

    Raises
    ------
    NonFiniteValues
        If a value overflows float64. One that overflows float32 counts as uncertain.
    """
    near = span.near(tuple(switches.points.tolist()))
    if span.low.dtype == torch.float64 and not bool(
        torch.stack([near.low, near.high]).isfinite().all()
    ):
        raise NonFiniteValues(
            "the network overflows at vertices around some samples, though its weights are finite; "
            "make the radius or its weights smaller"
        )
    return near


def crossings(
    candidates: Sequence[Near], switches: Sequence[Switches], samples: int
) -> torch.Tensor:
    """Count the neurons that switch between the vertices around each sample.

    A neuron is crossed at a switching point if not all vertices lie strictly on one side of it,
    or all on it. So one that is zero at some vertices and not at others is crossed, and one that
    is zero at all is not. A value that rounding cannot tell from the point lies on it.

    Parameters
    ----------
    candidates : sequence of Near
        The neurons of each layer that may switch.
    switches : sequence of Switches
        At which points the neurons of each layer switch.
    samples : int
        n.

    Returns
    -------
    int64 tensor (2, n, layers)
        For each sample and layer the neurons whose boundary passes between the vertices, or through
        one, and those of which that is known only up to rounding.
    """
    layers = len(candidates)
    columns = [
        column
        for layer, (near, where) in enumerate(zip(candidates, switches, strict=True))
        for column in _at_each_point(near, where, layers * near.sample + layer)
    ]
    # All layers at once: there are many more operations here than numbers.
    behind, low, high, noise, place, neuron = map(torch.cat, zip(*columns, strict=True))
    low, high = behind + low, behind + high
    below, above = low < -noise, high > noise
    apart = (low > noise) | (high < -noise)
    # Signs differ: low is negative and high is not, or high is positive and low is not.
    crossed = (below | above) & ~apart
    uncertain = ~(apart | (below & above)) & (noise != 0)
    once = all(where.neurons is None and len(where.points) == 1 for where in switches)
    widest = 1 + int(neuron.max()) if len(neuron) else 1

    def counted(which: torch.Tensor) -> torch.Tensor:
        places = place[which]
        if not once:
            # A neuron may have several columns, and several points.
            places = (widest * places + neuron[which]).unique() // widest
        return torch.bincount(places, minlength=samples * layers)

    return torch.stack([counted(crossed), counted(uncertain)]).view(2, samples, layers)


def _at_each_point(
    near: Near, switches: Switches, place: torch.Tensor
) -> list[tuple[torch.Tensor, ...]]:
    """Give the ranges relative to each switching point, with their place and neurons."""
    neuron = near.column
    if switches.neurons is not None:
        neuron = torch.as_tensor(switches.neurons, device=neuron.device)[neuron]
    return [
        (near.centre - point, near.low, near.high, near.noise, place, neuron)
        for point in switches.points.tolist()
    ]
