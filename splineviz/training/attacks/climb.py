"""One ascent of some samples from one start, and the worst points on the way."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from splineviz.errors import InvalidArgument, NonFiniteValues
from splineviz.training.attacks.attack import Attack
from splineviz.training.attacks.ball import Ball
from splineviz.training.attacks.losses import margins
from splineviz.training.attacks.target import ROUNDINGS, Target


@dataclass(frozen=True)
class Judged:
    """Points of shape (n, *input_shape), their margins, and whether they are misclassified."""

    points: torch.Tensor
    margins: torch.Tensor
    wrong: torch.Tensor

    def worse(self, other: Judged) -> Judged:
        """The worse of two points for each row."""
        take = (other.wrong & ~self.wrong) | (
            (other.wrong == self.wrong) & (other.margins > self.margins)
        )
        return Judged(
            torch.where(take.view(-1, *[1] * (self.points.ndim - 1)), other.points, self.points),
            torch.where(take, other.margins, self.margins),
            self.wrong | other.wrong,
        )

    def take(self, rows: torch.Tensor) -> Judged:
        """Some of the rows."""
        return Judged(self.points[rows], self.margins[rows], self.wrong[rows])

    def take_on(self, rows: torch.Tensor, target: Target) -> Judged:
        """Some of the rows, on the network's device."""
        points = self.points[rows.to(self.points.device)]
        return Judged(target.on_device(points), self.margins[rows], self.wrong[rows])

    def put(self, rows: torch.Tensor, judged: Judged) -> None:
        """Change some of the rows, in place; the points may be on another device."""
        here = rows.to(self.points.device)
        self.points[here] = judged.points.to(self.points.device)
        self.margins[rows] = judged.margins
        self.wrong[rows] = judged.wrong

    def copy(self) -> Judged:
        """The same in memory of its own."""
        return Judged(self.points.clone(), self.margins.clone(), self.wrong.clone())


@dataclass(frozen=True)
class Climbed:
    """What an ascent came to, of m samples.

    Attributes
    ----------
    rows, labels : torch.Tensor of shape (m,), int64
        Which of the samples of the ascent, and their classes.
    first : torch.Tensor of shape (m,)
        Their margins before it.
    worst : Judged
    still, varied : bool tensor (m,)
        Where it ended without a gradient, and where margins differed among the points it came to.
    """

    rows: torch.Tensor
    labels: torch.Tensor
    first: torch.Tensor
    worst: Judged
    still: torch.Tensor
    varied: torch.Tensor

    def visit(self, points: torch.Tensor, outputs: torch.Tensor) -> tuple[Climbed, torch.Tensor]:
        """The same after one more point each, and which samples are misclassified there."""
        judged = judge(points, self.labels, outputs)
        varied = self.varied | differ(judged.margins, self.first, outputs)
        return replace(self, worst=self.worst.worse(judged), varied=varied), judged.wrong

    def take(self, rows: torch.Tensor) -> Climbed:
        """Some of the samples."""
        return Climbed(
            self.rows[rows],
            self.labels[rows],
            self.first[rows],
            self.worst.take(rows),
            self.still[rows],
            self.varied[rows],
        )


def _joined(parts: list[Climbed]) -> Climbed:
    """Samples that ended at different steps, in their order."""
    if len(parts) == 1:
        return parts[0]
    worst = Judged(
        torch.cat([one.worst.points for one in parts]),
        torch.cat([one.worst.margins for one in parts]),
        torch.cat([one.worst.wrong for one in parts]),
    )
    rows = torch.cat([one.rows for one in parts])
    joined = Climbed(
        rows,
        torch.cat([one.labels for one in parts]),
        torch.cat([one.first for one in parts]),
        worst,
        torch.cat([one.still for one in parts]),
        torch.cat([one.varied for one in parts]),
    )
    return joined.take(rows.argsort())


def judge(points: torch.Tensor, labels: torch.Tensor, outputs: torch.Tensor) -> Judged:
    """Whether a network is wrong at points where its outputs are known."""
    return Judged(points, margins(outputs, labels), outputs.argmax(1) != labels)


def differ(one: torch.Tensor, other: torch.Tensor, outputs: torch.Tensor) -> torch.Tensor:
    """Where margins (n,) that outputs (n, classes) give differ by more than rounding."""
    rounding = ROUNDINGS * torch.finfo(outputs.dtype).eps * outputs.abs().amax(1)
    return (one - other).abs() > rounding


def climb(
    target: Target,
    attack: Attack,
    eps: float,
    chosen: torch.Tensor,
    start: torch.Tensor,
    known: Judged,
    *,
    to_the_end: bool,
) -> Climbed:
    """Climb the loss of some samples, and keep the worst of the points on the way.

    Parameters
    ----------
    target : Target
    attack : Attack
    eps : float
        The radius of the ball.
    chosen : torch.Tensor of shape (m,), int64
        Which samples.
    start : torch.Tensor of shape (m, *input_shape)
        Displacements to begin with, for a ball of radius 1.
    known : Judged
        Of m rows: the worst points known.
    to_the_end : bool
        Whether samples go on after the first point at which they are misclassified.
    """
    samples = target.on_device(target.samples[chosen.to(target.samples.device)])
    no = torch.zeros_like(known.wrong)
    rows = torch.arange(len(chosen), device=no.device)
    now = Climbed(rows, target.labels[chosen], known.margins, known, still=no, varied=no)
    ended: list[Climbed] = []

    ball = Ball(target, attack.norm, eps, samples)
    ascent = attack.ascent(ball, ball.displaced(start), attack.length(eps), attack.steps)
    for _ in range(attack.steps):
        points = ascent.points.detach().requires_grad_(True)
        outputs = target.outputs(points)
        losses = attack.loss.of(outputs, now.labels)
        gradient = _gradient(losses, points)
        losses = losses.detach()
        now, broken = now.visit(points.detach(), outputs.detach())
        if not to_the_end and broken.any():
            ended.append(now.take(broken))
            going = ~broken
            now, losses, gradient = now.take(going), losses[going], gradient[going]
            ascent.take(going)
            if not len(now.rows):
                break
        ascent.step(losses, gradient)
    else:
        with torch.no_grad():
            now, _ = now.visit(ascent.points, target.outputs(ascent.points))
        ended.append(replace(now, still=ascent.still))
    return _joined(ended)


def _gradient(losses: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
    if not losses.requires_grad:
        raise InvalidArgument(
            "the network's outputs have no gradient with respect to its input: its forward runs "
            "under no_grad, detaches, or does not use the input. An attack that follows the "
            "gradient needs one; without it every network would look robust"
        )
    [gradient] = torch.autograd.grad(losses.sum(), points, materialize_grads=True)
    if not gradient.isfinite().all():
        raise NonFiniteValues(
            "the gradient of the loss with respect to the input is NaN or infinite at a point of "
            "the attack; look for a square root or a division at 0 in the network"
        )
    return gradient
