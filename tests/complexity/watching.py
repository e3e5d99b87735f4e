"""The plain definition of local complexity for networks that call activations as functions."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

from tests.complexity.plain import vertices

# Where the pieces of each activation meet; of one without pieces where its curve stands for a kink.
KINKS: dict[str, tuple[float, ...]] = {
    "relu": (0,),
    "leaky_relu": (0,),
    "prelu": (0,),
    "relu6": (0, 6),
    "hardtanh": (-1, 1),
    "threshold": (0,),
    "gelu": (0,),
    "silu": (0,),
    "elu": (0,),
    "hardswish": (0,),
    "sigmoid": (0,),
    "tanh": (0,),
}


class Watching(TorchFunctionMode):
    """Keeps what every call of an activation is given, and its kinks.

    It sees modules too, as they call functions; it does not see what those call in turn.
    """

    def __init__(self) -> None:
        super().__init__()
        self.read: list[tuple[torch.Tensor, tuple[float, ...]]] = []

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        name = func.__name__.strip("_")
        if name in KINKS:
            kinks = KINKS[name]
            if name == "hardtanh":
                kinks = (*args[1:3],) or (kwargs["min_val"], kwargs["max_val"])
            elif name == "threshold":
                kinks = (args[1],)
            self.read.append((args[0].clone(), kinks))
        return func(*args, **kwargs)


def watched_counts(
    network: torch.nn.Module, x: np.ndarray, radius: float, directions: np.ndarray
) -> np.ndarray:
    """For each sample and activation the neurons whose sign is not the same at all vertices.

    Parameters
    ----------
    network : torch.nn.Module
        In float64 and eval mode.
    x : array of shape (n, *input_shape)
    radius : float
    directions : array of shape (P, *input_shape)

    Returns
    -------
    int64 array (n, L)
    """
    corners = vertices(x, radius, directions)
    with torch.no_grad(), Watching() as watching:
        network(corners.flatten(0, 1))
    counts = []
    for values, kinks in watching.read:
        values = values.reshape(*corners.shape[:2], -1)
        crossed = torch.zeros((len(x), values.shape[2]), dtype=torch.bool)
        for kink in kinks:
            signs = (values - kink).sign()
            crossed |= signs.amin(1) != signs.amax(1)
        counts.append(crossed.sum(1))
    return torch.stack(counts, 1).numpy()
