"""The norms of the balls that adversarial attacks search."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Norm:
    """What an attack needs to know of a norm. Displacements are batches, (n, *input_shape).

    Attributes
    ----------
    draw : callable
        Of a shape and a generator: one uniform point of the unit ball, float64.
    direction : callable
        Of gradients: the displacements of norm 1 along which the loss grows fastest.
    project : callable
        Of displacements and eps: the nearest displacements of norm at most eps.
    """

    draw: Callable[[tuple[int, ...], torch.Generator], torch.Tensor]
    direction: Callable[[torch.Tensor], torch.Tensor]
    project: Callable[[torch.Tensor, float], torch.Tensor]


def _draw_linf(shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    drawn = torch.rand(shape, generator=generator, dtype=torch.float64, device="cpu")
    return 2 * drawn - 1


def _draw_l2(shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    drawn = torch.randn(shape, generator=generator, dtype=torch.float64, device="cpu")
    radius = torch.rand((), generator=generator, dtype=torch.float64, device="cpu")
    return drawn / drawn.norm() * radius ** (1 / drawn.numel())


def _project_linf(displacement: torch.Tensor, eps: float) -> torch.Tensor:
    return displacement.clamp(-eps, eps)


def _direction_l2(gradient: torch.Tensor) -> torch.Tensor:
    tiny = torch.finfo(gradient.dtype).tiny
    # Squares of small gradients would round to zero.
    largest = _lengths(gradient, math.inf)
    scaled = gradient / largest.clamp(min=tiny)
    return scaled / _lengths(scaled, 2).clamp(min=tiny)


def _project_l2(displacement: torch.Tensor, eps: float) -> torch.Tensor:
    tiny = torch.finfo(displacement.dtype).tiny
    return displacement * (eps / _lengths(displacement, 2).clamp(min=tiny)).clamp(max=1)


def _lengths(batch: torch.Tensor, order: float) -> torch.Tensor:
    """Norms of the rows, of a shape that broadcasts against the batch."""
    lengths = torch.linalg.vector_norm(batch.flatten(1), order, dim=1)
    return lengths.view(-1, *[1] * (batch.ndim - 1))


NORMS = {
    "linf": Norm(_draw_linf, torch.sign, _project_linf),
    "l2": Norm(_draw_l2, _direction_l2, _project_l2),
}
