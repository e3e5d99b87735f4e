"""Count the boundaries that cross a neighborhood, from the ranges of pre-activations over it."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from splineviz.complexity.arguments.layer_names import Switches
from splineviz.complexity.propagation.layer_vertices import LayerVertices
from splineviz.complexity.propagation.preactivation_range import PreactivationRange, UnstableNeurons
from splineviz.errors import NonFiniteValues

# Neurons at a time whose values at all vertices are computed at once.
_AT_A_TIME = 2**14


def switching(span: PreactivationRange, switches: Switches) -> UnstableNeurons:
    """Find the counted neurons of a layer that may switch between the vertices.

    Raises
    ------
    NonFiniteValues
        If a value overflows float64. One that overflows float32 counts as uncertain.
    """
    near = span.unstable(tuple(switches.points.tolist()))
    if switches.counted is not None:
        near = near.at(switches.counted[_neurons(near, switches)])
    if span.low.dtype == torch.float64 and not bool(
        torch.stack([near.low, near.high]).isfinite().all()
    ):
        raise NonFiniteValues(
            "the network overflows at vertices around some samples, though its weights are finite; "
            "make the radius or its weights smaller"
        )
    return near


def crossings(
    candidates: Sequence[UnstableNeurons], switches: Sequence[Switches], samples: int
) -> torch.Tensor:
    """Count the neurons that switch between the vertices around each sample.

    A neuron is not crossed at a switching point if all vertices lie strictly on one side of it, or
    all lie on it; otherwise it is. So a neuron that is zero at some vertices but not at all is
    crossed. A value that rounding cannot tell from the point counts as on it.

    Parameters
    ----------
    candidates : sequence of UnstableNeurons
        The neurons of each layer that may switch.
    switches : sequence of Switches
        At which points the neurons of each layer switch.
    samples : int
        n.

    Returns
    -------
    int64 tensor (2, n, layers)
        For each sample and layer: how many neurons' boundaries pass between the vertices or through
        one; and for how many of the neurons rounding decides that.
    """
    layers = len(candidates)
    columns = [
        column
        for layer, (near, where) in enumerate(zip(candidates, switches, strict=True))
        for column in _at_each_point(near, where, layers * near.sample + layer)
    ]
    # All layers at once: the numbers are few, and each operation has a fixed cost.
    *ranges, place, neuron = map(torch.cat, zip(*columns, strict=True))
    crossed, uncertain = _decided(*ranges)
    once = all(where.neurons is None and len(where.points) == 1 for where in switches)
    widest = 1 + int(neuron.max()) if len(neuron) else 1

    def counted(which: torch.Tensor) -> torch.Tensor:
        places = place[which]
        if not once:
            # A neuron may have several columns, and several points.
            places = (widest * places + neuron[which]).unique() // widest
        return torch.bincount(places, minlength=samples * layers)

    return torch.stack([counted(crossed), counted(uncertain)]).view(2, samples, layers)


def doubtful(
    near: UnstableNeurons, seen: LayerVertices, switches: Switches, directions: int
) -> torch.Tensor:
    """Count for each direction the neurons that x + r v or x - r v leaves undecided, (n, P).

    ``near`` are the neurons of a layer that may switch, ``seen`` is the layer at the vertices.
    """
    shape, device = (len(seen.span.center), directions), near.sample.device
    counts = torch.zeros(shape, dtype=torch.int64, device=device)
    which = _undecided(near, switches)
    for some in which.split(_AT_A_TIME) if len(which) else ():
        own = near.at(some)
        values = own.center.unsqueeze(1) + seen.at(own.sample, own.column)
        # Twice the noise: vertices beyond it stay on their side whatever their error.
        reach = 2 * own.noise.unsqueeze(1)
        # Not by <=, so that NaN counts as uncertain.
        certain = [(values - point).abs() > reach for point in switches.points.tolist()]
        open_ = torch.stack(certain).all(0).logical_not_().unflatten(1, (2, -1)).any(1)
        counts.index_add_(0, own.sample, open_.long())
    return counts


def settled(
    coarse: PreactivationRange, finer: PreactivationRange, switches: Switches, samples: torch.Tensor
) -> UnstableNeurons:
    """Find the neurons that may switch around some samples, with doubtful vertices in float64.

    ``coarse`` is the range of a layer. ``finer`` is the float64 range of these samples, which
    increase, over at least their doubtful vertices. The result numbers these samples from 0.
    """
    near = switching(coarse, switches)
    number = torch.searchsorted(samples, near.sample).clamp_(max=len(samples) - 1)
    near = near._replace(sample=number).at(samples[number] == near.sample)
    which = _undecided(near, switches)
    undecided = near.at(which)
    parts = (finer.low, finer.high, finer.noise)
    low, high, near.noise[which] = finer.gathered(parts, undecided.sample, undecided.column)
    below, above = undecided.low + undecided.noise, undecided.high - undecided.noise
    if coarse.reached is not None:
        below, above = coarse.gathered(coarse.reached, samples[undecided.sample], undecided.column)
    # All other vertices are farther from the point than their possible error. fmin and fmax skip
    # NaN, which tells nothing.
    near.low[which], near.high[which] = torch.fmin(low, below), torch.fmax(high, above)
    return near


def _undecided(near: UnstableNeurons, switches: Switches) -> torch.Tensor:
    """Return the neurons for which rounding decides at some switching point."""
    which = [
        _decided(near.center - point, near.low, near.high, near.noise)[1]
        for point in switches.points.tolist()
    ]
    return torch.stack(which).any(0).nonzero()[:, 0]


def _decided(
    behind: torch.Tensor, low: torch.Tensor, high: torch.Tensor, noise: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Say which neurons are crossed, and for which that is uncertain."""
    low, high = behind + low, behind + high
    below, above = low < -noise, high > noise
    apart = (low > noise) | (high < -noise)
    # Signs differ: low is negative and high is not, or high is positive and low is not.
    return (below | above) & ~apart, ~(apart | (below & above)) & (noise != 0)


def _at_each_point(
    near: UnstableNeurons, switches: Switches, place: torch.Tensor
) -> list[tuple[torch.Tensor, ...]]:
    """Return the ranges relative to each switching point, with their places and neurons."""
    neuron = _neurons(near, switches)
    return [
        (near.center - point, near.low, near.high, near.noise, place, neuron)
        for point in switches.points.tolist()
    ]


def _neurons(near: UnstableNeurons, switches: Switches) -> torch.Tensor:
    """The numbers of the neurons to which some columns belong."""
    if switches.neurons is None:
        return near.column
    return torch.as_tensor(switches.neurons, device=near.column.device)[near.column]
