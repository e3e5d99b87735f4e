"""What an adversarial attack can maximize."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Loss:
    """What is maximized.

    Attributes
    ----------
    name : str
    of : callable
        Of outputs (n, classes) and labels (n,): the losses, (n,).
    least_classes : int
        How many classes a network must have for the loss to be defined.
    """

    name: str
    of: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
    least_classes: int = 2


def margins(outputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """The highest wrong output minus the right one, shape (n,)."""
    right = labels[:, None]
    return outputs.scatter(1, right, -math.inf).amax(1) - outputs.gather(1, right)[:, 0]


def cross_entropies(outputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """The cross-entropy of each sample, shape (n,)."""
    return torch.nn.functional.cross_entropy(outputs, labels, reduction="none")


def logits_ratios(outputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """The difference of logits ratio (DLR) of Croce & Hein (ICML 2020), shape (n,).

    The margin over the distance from the highest to the third highest output: neither a shift nor a
    positive scale of the outputs changes it. It is from -1 to 0 where the network is right.

    Where the highest three are equal, or nearer than `tiny` of their type to the power of a half,
    that power is the distance: the loss stays finite, and follows the margin.
    """
    highest = outputs.topk(3, dim=1).values
    distance = highest[:, 0] - highest[:, 2]
    return margins(outputs, labels) / distance.clamp(min=torch.finfo(outputs.dtype).tiny ** 0.5)


LOSSES = {
    loss.name: loss
    for loss in (
        Loss("margin", margins),
        Loss("cross-entropy", cross_entropies),
        Loss("dlr", logits_ratios, least_classes=3),
    )
}
