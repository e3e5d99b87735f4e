"""How weights are updated: functions of the weights, the learning rate and the weight decay."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import torch

Optimizer: TypeAlias = (
    "Callable[[Iterable[torch.nn.Parameter], float, float], torch.optim.Optimizer]"
)


def adamw(
    weights: Iterable[torch.nn.Parameter], rate: float, decay: float
) -> torch.optim.Optimizer:
    """AdamW with torch's betas."""
    import torch

    return torch.optim.AdamW(weights, lr=rate, weight_decay=decay, fused=True)


def sgd(weights: Iterable[torch.nn.Parameter], rate: float, decay: float) -> torch.optim.Optimizer:
    """Stochastic gradient descent."""
    import torch

    return torch.optim.SGD(weights, lr=rate, weight_decay=decay)


def sgd_with_momentum(
    weights: Iterable[torch.nn.Parameter], rate: float, decay: float
) -> torch.optim.Optimizer:
    """Stochastic gradient descent with momentum 0.9."""
    import torch

    return torch.optim.SGD(weights, lr=rate, weight_decay=decay, momentum=0.9)
