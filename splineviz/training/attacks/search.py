"""Attacks on all samples: batch by batch, start by start, and from the smallest ball up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from splineviz.errors import InvalidArgument
from splineviz.network.program import Program
from splineviz.network.torch_modules.running import untouched_random_state
from splineviz.training.attacks.attack import Attack
from splineviz.training.attacks.climb import Judged, climb, differ, judge
from splineviz.training.attacks.losses import margins
from splineviz.training.attacks.norms import Norm
from splineviz.training.attacks.target import Target, make_target, read_radii
from splineviz.training.attacks.zero_gradients import Standstill, warn_of_zero_gradients
from splineviz.typing import AnyFloatArray, BoolArray, FloatArray

# Random points that tell whether a network is constant around a sample without a gradient.
_PROBES = 4


@dataclass(frozen=True)
class Search:
    """A target, and the radii of the balls in which it is attacked.

    Attributes
    ----------
    target : Target
    radii : float64 array (k,), or () for one number
    """

    target: Target
    radii: FloatArray

    def accuracy(self, attacks: Sequence[Attack]) -> float | FloatArray:
        """The share of samples that no attack breaks, for each of the radii; with a warning."""
        wrong, standstills = self._run(attacks)
        self._warn(standstills, attacks)
        shares = np.array([int((~broken).sum()) / len(broken) for broken in wrong])
        return float(shares[0]) if self.radii.ndim == 0 else shares

    def zero_gradients(self, attacks: Sequence[Attack]) -> BoolArray:
        """Where no attack had a gradient to follow, for each of the radii."""
        _, standstills = self._run(attacks)
        masks = np.stack([still.samples.cpu().numpy() for still in standstills])
        return masks[0] if self.radii.ndim == 0 else masks

    def examples(self, attacks: Sequence[Attack]) -> AnyFloatArray:
        """The worst points within the one radius, as an array of their own; with a warning."""
        if self.radii.ndim != 0:
            raise InvalidArgument(
                f"examples are of one eps, not {self.radii.size}: call this for each"
            )
        _check_losses(self.target, attacks)
        eps = float(self.radii)
        worst, still = _worst(
            self.target, attacks, eps, _judge_samples(self.target), to_the_end=True
        )
        self._warn([still], attacks)
        points = worst.points.cpu()
        # A copy: where nothing moved, they may be the caller's own tensor.
        return (points.float() if points.dtype == torch.bfloat16 else points).numpy().copy()

    def _run(self, attacks: Sequence[Attack]) -> tuple[list[torch.Tensor], list[Standstill]]:
        """Which samples are broken and where attacks stood still, in the order of the radii."""
        _check_losses(self.target, attacks)
        judged, judgments = _judge_samples(self.target), {}
        for place in np.argsort(self.radii, axis=None, kind="stable"):
            judged, still = _worst(
                self.target, attacks, float(self.radii.flat[place]), judged, to_the_end=False
            )
            judgments[int(place)] = judged.wrong, still
        wrong, standstills = zip(
            *(judgments[place] for place in range(self.radii.size)), strict=True
        )
        return [*wrong], [*standstills]

    def _warn(self, standstills: list[Standstill], attacks: Sequence[Attack]) -> None:
        sample = self.target.on_device(self.target.samples[:1])
        losses = [attack.loss.name for attack in attacks]
        warn_of_zero_gradients(standstills, self.target.network, sample, losses)


@contextmanager
def prepared(
    model: torch.nn.Module | Program,
    x: npt.ArrayLike | torch.Tensor,
    y: npt.ArrayLike | torch.Tensor,
    eps: Any,
    bounds: tuple[npt.ArrayLike, npt.ArrayLike] | None,
    scale: npt.ArrayLike,
    batch_size: int,
) -> Iterator[Search]:
    """Read what is attacked, and attack it with random states and grad mode as they are.

    Parameters
    ----------
    model, x, y, eps, bounds, scale, batch_size
        As for :func:`~splineviz.training.attacks.robustness.pgd_accuracy`.

    Yields
    ------
    Search
    """
    radii = read_radii(eps)
    with untouched_random_state(), torch.inference_mode(False), torch.enable_grad():
        yield Search(make_target(model, x, y, bounds, scale, batch_size), radii)


def _check_losses(target: Target, attacks: Sequence[Attack]) -> None:
    for loss in (attack.loss for attack in attacks):
        if target.classes < loss.least_classes:
            raise InvalidArgument(
                f"the loss {loss.name!r} needs at least {loss.least_classes} classes, and the "
                f"network has {target.classes}: use 'margin' or 'cross-entropy'"
            )


def _judge_samples(target: Target) -> Judged:
    """The samples themselves, which belong to every ball."""
    batches = []
    with torch.no_grad():
        for rows in target.batches():
            points = target.on_device(target.samples[rows])
            batches.append(judge(points, target.labels[rows], target.outputs(points)))
    return Judged(
        target.samples.to(target.low.dtype),
        torch.cat([batch.margins for batch in batches]),
        torch.cat([batch.wrong for batch in batches]),
    )


def _worst(
    target: Target, attacks: Sequence[Attack], eps: float, judged: Judged, *, to_the_end: bool
) -> tuple[Judged, Standstill]:
    """The worst points within eps, on the device of the samples; broken ones are left as they are.

    Also where the attacks stood still.
    """
    still = torch.full_like(judged.wrong, eps > 0)
    varied = torch.zeros_like(still)
    if eps == 0:
        return judged, Standstill(eps, still, varied, int((~judged.wrong).sum()))
    judged = judged.copy()
    for attack in attacks:
        for rows, start in _starts(target, attack):
            alive = (~judged.wrong[rows]).nonzero()[:, 0]
            if not len(alive):
                continue
            chosen = rows.start + alive
            known = judged.take_on(chosen, target)
            climbed = climb(
                target, attack, eps, chosen, start[alive.cpu()], known, to_the_end=to_the_end
            )
            still[chosen] &= climbed.still
            varied[chosen] |= climbed.varied
            judged.put(chosen, climbed.worst)
    still &= ~judged.wrong
    varied |= _varies(target, attacks[0], eps, still & ~varied)
    return judged, Standstill(eps, still, varied, int((~judged.wrong).sum()))


def _starts(target: Target, attack: Attack) -> Iterator[tuple[slice, torch.Tensor]]:
    """Rows of samples, and where to begin with them in a ball of radius 1, float64 on the CPU.

    Starts are drawn one sample at a time, for broken ones too, so that none depends on the size of
    a batch or on what was broken before.
    """
    draw = _drawing(target, attack.norm, attack.seed or 0)
    for _ in range(attack.restarts):
        for rows in target.batches():
            count = rows.stop - rows.start
            if attack.seed is None:
                shape = target.samples.shape[1:]
                yield rows, torch.zeros(count, *shape, dtype=torch.float64, device="cpu")
            else:
                yield rows, draw(count)


def _drawing(target: Target, norm: Norm, seed: int) -> Callable[[int], torch.Tensor]:
    """What draws a number of points of the ball of radius 1, one after another."""
    generator = torch.Generator("cpu").manual_seed(seed)
    shape = tuple(target.samples.shape[1:])

    def draw(count: int) -> torch.Tensor:
        return torch.stack([norm.draw(shape, generator) for _ in range(count)])

    return draw


def _varies(target: Target, attack: Attack, eps: float, wanted: torch.Tensor) -> torch.Tensor:
    """Find the wanted samples whose margins differ at a few random points of the ball."""
    varied = torch.zeros_like(wanted)
    numbers = wanted.nonzero()[:, 0]
    if not len(numbers):
        return varied
    draw = _drawing(target, attack.norm, attack.seed or 0)
    with torch.no_grad():
        for chosen in numbers.split(target.batch_size):
            labels = target.labels[chosen]
            samples = target.on_device(target.samples[chosen.to(target.samples.device)])
            first = margins(target.outputs(samples), labels)
            for _ in range(_PROBES):
                moved = target.moved(samples, eps * target.on_device(draw(len(chosen))))
                outputs = target.outputs(moved)
                varied[chosen] |= differ(margins(outputs, labels), first, outputs)
    return varied
