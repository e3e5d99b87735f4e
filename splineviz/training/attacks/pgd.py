"""Projected gradient descent: steps of one length, each back into the ball."""

from __future__ import annotations

import torch

from splineviz.training.attacks.ball import Ball


class ProjectedGradient:
    """An ascent of Madry et al. (ICLR 2018).

    Attributes
    ----------
    points, still
        As for :class:`~splineviz.training.attacks.ball.Ascent`.
    """

    def __init__(self, ball: Ball, points: torch.Tensor, length: float, steps: int) -> None:
        self._ball, self._length = ball, length
        self.points = points
        self.still = torch.zeros(len(points), dtype=torch.bool, device=points.device)

    def step(self, losses: torch.Tensor, gradient: torch.Tensor) -> None:
        """Move along the gradient."""
        self.still = self._ball.still(gradient)
        self.points = self._ball.climbed(self.points, gradient, self._length)

    def take(self, rows: torch.Tensor) -> None:
        """Go on with some of the samples alone."""
        self._ball = self._ball.take(rows)
        self.points, self.still = self.points[rows], self.still[rows]
