"""Small networks with a chosen scale of their initial weights: dense and convolutional."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import torch

# By name: the activations that a recipe can have. Each makes a new module.
ACTIVATIONS: dict[str, Callable[[], torch.nn.Module]] = {
    "relu": torch.nn.ReLU,
    "leaky-relu": torch.nn.LeakyReLU,
    "gelu": torch.nn.GELU,
    "tanh": torch.nn.Tanh,
}


def scaled_mlp(
    widths: Sequence[int],
    *,
    scale: float = 1.0,
    bias: bool = True,
    activation: str = "relu",
    generator: torch.Generator,
) -> torch.nn.Sequential:
    """An MLP with activations between its layers, drawn from its own random generator.

    Parameters
    ----------
    widths : sequence of int
        Input size, hidden widths, output size.
    scale : float
        Multiplies the initial weights *and* biases of torch's default, which are uniform between
        ``-1 / sqrt(fan_in)`` and ``1 / sqrt(fan_in)``. Large scales delay generalization.
    bias : bool
        Whether layers have biases.
    activation : str
        A row of :data:`ACTIVATIONS`.
    generator : torch.Generator
        The source of the weights. The global random state is not used.

    Returns
    -------
    torch.nn.Sequential
        In float32 on the CPU.
    """
    layers: list[torch.nn.Module] = []
    for fan_in, fan_out in pairwise(widths):
        layer = torch.nn.utils.skip_init(
            torch.nn.Linear, fan_in, fan_out, bias=bias, dtype=torch.float32
        )
        _draw(layer, fan_in, scale, generator)
        layers += [layer, ACTIVATIONS[activation]()]
    return torch.nn.Sequential(*layers[:-1])


def scaled_cnn(
    side: int,
    outputs: int,
    *,
    channels: int = 8,
    width: int = 64,
    scale: float = 1.0,
    activation: str = "relu",
    generator: torch.Generator,
) -> torch.nn.Sequential:
    """A small convolutional network for flat square images of one channel.

    Two convolutions with 3 x 3 kernels, of which the second takes every other pixel, and two dense
    layers.

    Parameters
    ----------
    side : int
        Pixels along each side of an image, even.
    outputs : int
    channels : int
        Of the first convolution; the second has twice as many.
    width : int
        Of the dense layer in between.
    scale, activation, generator
        As for `scaled_mlp`.

    Returns
    -------
    torch.nn.Sequential
        Of inputs (n, side * side), in float32 on the CPU.
    """
    flat = 2 * channels * (side // 2) ** 2
    first = torch.nn.utils.skip_init(torch.nn.Conv2d, 1, channels, 3, padding=1)
    second = torch.nn.utils.skip_init(
        torch.nn.Conv2d, channels, 2 * channels, 3, padding=1, stride=2
    )
    third = torch.nn.utils.skip_init(torch.nn.Linear, flat, width)
    last = torch.nn.utils.skip_init(torch.nn.Linear, width, outputs)
    sizes = (9, 9 * channels, flat, width)
    for layer, fan_in in zip((first, second, third, last), sizes, strict=True):
        _draw(layer.float(), fan_in, scale, generator)
    bend = ACTIVATIONS[activation]
    return torch.nn.Sequential(
        torch.nn.Unflatten(1, (1, side, side)),
        *(first, bend(), second, bend()),
        torch.nn.Flatten(),
        *(third, bend(), last),
    )


def with_batch_norm(network: torch.nn.Sequential) -> torch.nn.Sequential:
    """The layers of a network, with batch normalization between each hidden layer and what follows.

    Parameters
    ----------
    network : torch.nn.Sequential
        As :func:`scaled_mlp` or :func:`scaled_cnn` makes it; its layers are shared, not copied.

    Returns
    -------
    torch.nn.Sequential
    """
    *hidden, last = network
    layers: list[torch.nn.Module] = []
    for layer in hidden:
        layers.append(layer)
        if isinstance(layer, torch.nn.Linear):
            layers.append(torch.nn.BatchNorm1d(layer.out_features, dtype=layer.weight.dtype))
        elif isinstance(layer, torch.nn.Conv2d):
            layers.append(torch.nn.BatchNorm2d(layer.out_channels, dtype=layer.weight.dtype))
    return torch.nn.Sequential(*layers, last)


def _draw(layer: torch.nn.Module, fan_in: int, scale: float, generator: torch.Generator) -> None:
    """Draw weights and biases as torch does by default, times a scale."""
    bound = scale / math.sqrt(fan_in)
    for parameter in layer.parameters():
        torch.nn.init.uniform_(parameter, -bound, bound, generator=generator)
