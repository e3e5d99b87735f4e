"""Fully connected ReLU networks with a chosen scale of their initial weights."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch


def scaled_mlp(
    widths: Sequence[int], *, scale: float = 1.0, generator: torch.Generator
) -> torch.nn.Sequential:
    """An MLP with ReLU between its layers, drawn from its own random generator.

    Parameters
    ----------
    widths : sequence of int
        Input size, hidden widths, output size.
    scale : float
        Multiplies the initial weights *and* biases of torch's default, which are uniform between
        ``-1 / sqrt(fan_in)`` and ``1 / sqrt(fan_in)``. Large scales delay generalization.
    generator : torch.Generator
        The source of the weights. The global random state is not used.

    Returns
    -------
    torch.nn.Sequential
        In float32 on the CPU.
    """
    layers: list[torch.nn.Module] = []
    for fan_in, fan_out in pairwise(widths):
        layer = torch.nn.utils.skip_init(torch.nn.Linear, fan_in, fan_out, dtype=torch.float32)
        bound = scale / math.sqrt(fan_in)
        for parameter in layer.parameters():
            torch.nn.init.uniform_(parameter, -bound, bound, generator=generator)
        layers += [layer, torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def with_batch_norm(mlp: torch.nn.Sequential) -> torch.nn.Sequential:
    """The layers of an MLP, with batch normalization between each hidden layer and its ReLU.

    Parameters
    ----------
    mlp : torch.nn.Sequential
        As :func:`scaled_mlp` makes it; its layers are shared, not copied.

    Returns
    -------
    torch.nn.Sequential
    """
    *hidden, last = mlp
    layers: list[torch.nn.Module] = []
    for layer in hidden:
        layers.append(layer)
        if isinstance(layer, torch.nn.Linear):
            norm = torch.nn.BatchNorm1d(layer.out_features, dtype=layer.weight.dtype)
            layers.append(norm)
    return torch.nn.Sequential(*layers, last)
