"""Auto-PGD: projected gradient descent that chooses the length of its steps for each sample.

Croce & Hein, "Reliable evaluation of adversarial robustness with an ensemble of diverse
parameter-free attacks" (ICML 2020, arXiv 2003.01690), algorithm 1. The numbers are the paper's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import torch

from splineviz.training.attacks.ball import Ball, per_sample

# How much of a new point is the gradient's; the rest is momentum.
_GRADIENT_SHARE = 0.75
# The least share of steps since the last checkpoint that must have raised the loss.
_RISING_SHARE = 0.75


@dataclass
class _State:
    """What an ascent remembers of m samples; `losses` and `gradient` are at `points`.

    Attributes
    ----------
    points, previous, best : torch.Tensor of shape (m, *input_shape)
        Where the samples are, where they were before, and where their loss was highest.
    last_loss, best_loss, loss_then : torch.Tensor of shape (m,)
        At the point evaluated last, at the best one, and at the one that was best at the last
        checkpoint.
    best_gradient : torch.Tensor of shape (m, *input_shape)
    length : torch.Tensor of shape (m,)
        Of the next step.
    rises : torch.Tensor of shape (m,), int64
        How many steps since the last checkpoint have raised the loss.
    halved : bool tensor (m,)
        Whether the last checkpoint halved the length.
    """

    points: torch.Tensor
    previous: torch.Tensor
    best: torch.Tensor
    last_loss: torch.Tensor
    best_loss: torch.Tensor
    loss_then: torch.Tensor
    best_gradient: torch.Tensor
    length: torch.Tensor
    rises: torch.Tensor
    halved: torch.Tensor


class AutoProjectedGradient:
    """An ascent that keeps the best point, and goes back to it where it halves its steps.

    Attributes
    ----------
    points, still
        As for :class:`~splineviz.training.attacks.ball.Ascent`: a sample goes on from its best
        point.
    """

    def __init__(self, ball: Ball, points: torch.Tensor, length: float, steps: int) -> None:
        lowest = points.new_full((len(points),), -math.inf)
        no = torch.zeros(len(points), dtype=torch.bool, device=points.device)
        self._ball = ball
        self._state = _State(
            points,
            points,
            points,
            lowest,
            lowest,
            lowest,
            torch.zeros_like(points),
            torch.full_like(lowest, length),
            no.long(),
            no,
        )
        self._checkpoints = checkpoints(steps)
        self._done = 0

    @property
    def points(self) -> torch.Tensor:
        """Where the samples are."""
        return self._state.points

    @property
    def still(self) -> torch.Tensor:
        """Which samples have no gradient at their best point."""
        return self._ball.still(self._state.best_gradient)

    def take(self, rows: torch.Tensor) -> None:
        """Go on with some of the samples alone."""
        self._ball = self._ball.take(rows)
        self._state = _State(*(getattr(self._state, field.name)[rows] for field in fields(_State)))

    def step(self, losses: torch.Tensor, gradient: torch.Tensor) -> None:
        """Move along the gradient and the last movement, from the best point after halving."""
        now = self._state
        first = self._done == 0
        if not first:
            now.rises = now.rises + (losses > now.last_loss)
        now.last_loss = losses
        better = losses > now.best_loss
        now.best_loss = torch.where(better, losses, now.best_loss)
        now.best = torch.where(per_sample(better, now.best), now.points, now.best)
        now.best_gradient = torch.where(per_sample(better, gradient), gradient, now.best_gradient)
        if first:
            now.loss_then = losses
        elif self._done in self._checkpoints:
            gradient = self._halved(gradient)

        lengths = per_sample(now.length, now.points)
        points = self._ball.climbed(now.points, gradient, lengths)
        if not first:
            points = self._ball.inside(
                now.points
                + _GRADIENT_SHARE * (points - now.points)
                + (1 - _GRADIENT_SHARE) * (now.points - now.previous)
            )
        now.previous, now.points = now.points, points
        self._done += 1

    def _halved(self, gradient: torch.Tensor) -> torch.Tensor:
        """Halve the steps of samples that rise too seldom, or not at all; the gradient there."""
        now = self._state
        since = self._done - self._checkpoints[self._checkpoints.index(self._done) - 1]
        seldom = now.rises < _RISING_SHARE * since
        stuck = ~now.halved & (now.best_loss == now.loss_then)
        now.halved = seldom | stuck
        now.length = torch.where(now.halved, now.length / 2, now.length)
        back = per_sample(now.halved, now.points)
        now.points = torch.where(back, now.best, now.points)
        now.rises = torch.zeros_like(now.rises)
        now.loss_then = now.best_loss
        return torch.where(back, now.best_gradient, gradient)


def checkpoints(steps: int) -> list[int]:
    """After how many of the steps the length is reconsidered, beginning with 0, increasing.

    The first period is 22 % of the steps, each is 3 % shorter than the one before, and none is
    shorter than 6 %.
    """
    percents, period = [0], 22
    while percents[-1] + period <= 100:
        percents.append(percents[-1] + period)
        period = max(period - 3, 6)
    # Rounded up, in whole numbers.
    return sorted({-(-percent * steps // 100) for percent in percents})
