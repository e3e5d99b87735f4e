"""The points that an attack may come to, and how it moves among them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import torch

from splineviz.training.attacks.norms import Norm
from splineviz.training.attacks.target import Target


@dataclass(frozen=True)
class Ball:
    """The points within eps of each of m samples that lie inside the bounds.

    Points are of shape (m, *input_shape), in the network's dtype and on its device.

    Attributes
    ----------
    target : Target
        For its bounds and its scale.
    norm : Norm
    eps : float
    samples : torch.Tensor of shape (m, *input_shape)
        The centers.
    """

    target: Target
    norm: Norm
    eps: float
    samples: torch.Tensor

    def take(self, rows: torch.Tensor) -> Ball:
        """The balls around some of the samples."""
        return replace(self, samples=self.samples[rows])

    def displaced(self, displacement: torch.Tensor) -> torch.Tensor:
        """The points at displacements in units of eps, such as random starts."""
        return self.target.moved(self.samples, self.eps * self.target.on_device(displacement))

    def climbed(
        self, points: torch.Tensor, gradient: torch.Tensor, length: float | torch.Tensor
    ) -> torch.Tensor:
        """Points after a step of some length along a gradient, back inside."""
        direction = self._direction(gradient)
        return self._inside((points - self.samples) * self.target.scale + length * direction)

    def still(self, gradient: torch.Tensor) -> torch.Tensor:
        """Where a gradient does not say which way to go: bool, (m,)."""
        return (self._direction(gradient) == 0).flatten(1).all(1)

    def inside(self, points: torch.Tensor) -> torch.Tensor:
        """Points of the ball near any points: themselves where they are inside."""
        return self._inside((points - self.samples) * self.target.scale)

    def _direction(self, gradient: torch.Tensor) -> torch.Tensor:
        return self.norm.direction(gradient / self.target.scale)

    def _inside(self, displacement: torch.Tensor) -> torch.Tensor:
        return self.target.moved(self.samples, self.norm.project(displacement, self.eps))


class Ascent(Protocol):
    """A way up a loss inside the balls around m samples.

    Whoever climbs evaluates the loss and its gradient at `points`, says them to `step`, and does so
    again.
    """

    @property
    def points(self) -> torch.Tensor:
        """Where the loss is to be evaluated next, of shape (m, *input_shape)."""

    @property
    def still(self) -> torch.Tensor:
        """Which samples have a zero gradient where they would go on from: bool, (m,)."""

    def step(self, losses: torch.Tensor, gradient: torch.Tensor) -> None:
        """Go on from the losses (m,) and the gradient at the points."""

    def take(self, rows: torch.Tensor) -> None:
        """Go on with some of the samples alone."""


class MakeAscent(Protocol):
    """What begins an ascent."""

    def __call__(self, ball: Ball, points: torch.Tensor, length: float, steps: int) -> Ascent:
        """Begin at points of the ball, with steps of some length at first."""


def per_sample(values: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
    """Values (m,) of samples, in a shape that broadcasts against points (m, *input_shape)."""
    return values.view(-1, *[1] * (points.ndim - 1))
