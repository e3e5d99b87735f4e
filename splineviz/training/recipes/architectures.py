"""ARCHITECTURES: the networks that recipes train, by name."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from splineviz.errors import InvalidArgument

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Architecture:
    """A kind of network that a recipe can name.

    Attributes
    ----------
    make : callable
        Of the number of inputs, the number of outputs, the options and ``generator``: a Sequential.
    options : mapping of str
        What may be said of it, with the values it has otherwise; each is a row of
        :data:`~splineviz.training.recipes.settings.SETTINGS`.
    """

    make: Callable[..., torch.nn.Sequential]
    options: Mapping[str, Any]


def _mlp(
    inputs: int,
    outputs: int,
    *,
    width: int,
    depth: int,
    widths: list[int] | None,
    batch_norm: bool,
    generator: torch.Generator,
    **options: Any,
) -> torch.nn.Sequential:
    from splineviz.training.mlp import scaled_mlp, with_batch_norm

    hidden = [width] * depth if widths is None else widths
    network = scaled_mlp((inputs, *hidden, outputs), generator=generator, **options)
    return with_batch_norm(network) if batch_norm else network


def _cnn(
    inputs: int, outputs: int, *, batch_norm: bool, generator: torch.Generator, **options: Any
) -> torch.nn.Sequential:
    from splineviz.training.mlp import scaled_cnn, with_batch_norm

    side = math.isqrt(inputs)
    if side**2 != inputs:
        raise InvalidArgument(f"a CNN takes square images, and an input has {inputs} numbers")
    network = scaled_cnn(side, outputs, generator=generator, **options)
    return with_batch_norm(network) if batch_norm else network


ARCHITECTURES: dict[str, Architecture] = {
    "mlp": Architecture(
        _mlp,
        {
            "width": 64,
            "depth": 3,
            "widths": None,
            "scale": 1.0,
            "bias": True,
            "activation": "relu",
            "batch_norm": False,
        },
    ),
    "cnn": Architecture(
        _cnn,
        {"channels": 8, "width": 64, "scale": 1.0, "activation": "relu", "batch_norm": False},
    ),
}


def make_network(
    name: str,
    options: Mapping[str, Any],
    sizes: tuple[int, int],
    generator: torch.Generator,
) -> torch.nn.Sequential:
    """Make an untrained network.

    Parameters
    ----------
    name : str
        A row of :data:`ARCHITECTURES`.
    options : mapping of str
        Values that differ from those in the row.
    sizes : pair of int
        How many numbers an input and an output has.
    generator : torch.Generator
        The source of the weights.
    """
    row = ARCHITECTURES[name]
    return row.make(*sizes, **{**row.options, **options}, generator=generator)
