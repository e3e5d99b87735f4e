"""The states of neurons at reference points: dead, live or always on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from splineviz.complexity.arguments.layer_names import ALWAYS_ON, DEAD, LIVE, Switches
from splineviz.complexity.counting.batches import batches, numbers_at_a_time
from splineviz.complexity.propagation.estimator import Estimator
from splineviz.typing import AnyFloatArray


def neuron_states_of(
    network: Estimator, points: AnyFloatArray, report: Callable[[int], None] = lambda done: None
) -> list[torch.Tensor]:
    """Find the states of the neurons of the chosen layers.

    Parameters
    ----------
    network : Estimator
        The network, with the layers to look at.
    points : floating-point array (N, *input_shape)
        The reference points.
    report : callable
        Called with how many points are done.

    Returns
    -------
    list of int8 tensor (neurons,)
        For each layer; as :func:`splineviz.neuron_states` defines them.
    """
    beyond: list[tuple[torch.Tensor, torch.Tensor]] = []
    size = max(1, numbers_at_a_time(network.device) // network.numbers_a_center())
    for rows in batches(len(points), size):
        x = torch.from_numpy(points[rows].astype(np.float64)).to(network.device)
        at_points = zip(network.at_centers(network.centers(x)), network.layers, strict=True)
        new = [_beyond(values, switches) for values, (_, switches) in at_points]
        beyond = [(a | c, b & d) for (a, b), (c, d) in zip(beyond or new, new, strict=True)]
        report(rows.stop)
    layers = zip(beyond, network.layers, strict=True)
    return [_states(*which, switches) for which, (_, switches) in layers]


def _beyond(values: torch.Tensor, switches: Switches) -> tuple[torch.Tensor, torch.Tensor]:
    """Say which columns are beyond each breakpoint at some points, and at all: (K, columns)."""
    breakpoints = [values > point for point in switches.points.tolist()]
    return (
        torch.stack([above.any(0) for above in breakpoints]),
        torch.stack([above.all(0) for above in breakpoints]),
    )


def _states(some: torch.Tensor, every: torch.Tensor, switches: Switches) -> torch.Tensor:
    states = torch.full(some.shape[1:], ALWAYS_ON, dtype=torch.int8, device=some.device)
    if switches.flat is not None:
        flat = torch.as_tensor(switches.flat, device=some.device).reshape(len(some) + 1, -1)
        # If all points are on one piece, it is the one after so many breakpoints.
        piece = every.sum(0, keepdim=True)
        states[flat.expand(-1, len(states)).gather(0, piece)[0]] = DEAD
    states[(some != every).any(0)] = LIVE
    if switches.neurons is None:
        return states
    neurons = torch.as_tensor(switches.neurons, device=some.device)
    of_windows = torch.full(
        (int(neurons.max()) + 1,), ALWAYS_ON, dtype=torch.int8, device=some.device
    )
    of_windows[neurons[states == LIVE]] = LIVE
    return of_windows
