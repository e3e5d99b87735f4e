"""How to attack, read from the arguments and checked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from splineviz.errors import InvalidArgument
from splineviz.training.attacks.apgd import AutoProjectedGradient
from splineviz.training.attacks.ball import MakeAscent
from splineviz.training.attacks.budgets import RELATIVE_ALPHA
from splineviz.training.attacks.losses import LOSSES, Loss
from splineviz.training.attacks.norms import NORMS, Norm
from splineviz.training.attacks.pgd import ProjectedGradient
from splineviz.validation.names import row_of
from splineviz.validation.numbers import as_int, as_real
from splineviz.validation.wording import shown


@dataclass(frozen=True)
class Attack:
    """One way up one loss, from some starts.

    Attributes
    ----------
    norm : Norm
        Of the ball.
    loss : Loss
        What is maximized.
    ascent : callable
        Begins a way up.
    length : callable
        Of eps: the length of the first step.
    steps : int
        How many steps from each start.
    restarts : int
        How many starts for each sample.
    seed : int, optional
        Of random starts. None: the start is the sample.
    """

    norm: Norm
    loss: Loss
    ascent: MakeAscent
    length: Callable[[float], float]
    steps: int = 1
    restarts: int = 1
    seed: int | None = None


def read_fgsm(norm: str, loss: str) -> list[Attack]:
    """The fast gradient method: one step of length eps from the sample."""
    return [
        Attack(
            row_of(NORMS, "norm", norm),
            row_of(LOSSES, "loss", loss),
            ProjectedGradient,
            length=lambda eps: eps,
        )
    ]


def read_pgd(
    norm: str, steps: int, alpha: float | None, restarts: int, loss: str, seed: int
) -> list[Attack]:
    """Projected gradient descent; as for `pgd_accuracy`."""
    number = as_int(steps, "steps", 1)
    fixed = (
        None
        if alpha is None
        else as_real(alpha, "alpha", above=0, advice="it is the length of a step")
    )
    return [
        Attack(
            row_of(NORMS, "norm", norm),
            row_of(LOSSES, "loss", loss),
            ProjectedGradient,
            length=lambda eps: RELATIVE_ALPHA * eps / number if fixed is None else fixed,
            steps=number,
            restarts=as_int(restarts, "restarts", 1),
            seed=as_int(seed, "seed", 0),
        )
    ]


def read_apgd(
    norm: str, steps: int, restarts: int, loss: Any, seed: int, classes: int
) -> list[Attack]:
    """Auto-PGD on one loss after another; as for `apgd_accuracy`.

    The default losses follow from the number of classes: DLR needs three.
    """
    if loss is None:
        losses = ["cross-entropy", _scale_free(classes)]
    elif isinstance(loss, str):
        losses = [loss]
    elif isinstance(loss, Iterable):
        losses = [*loss]
    else:
        losses = [loss]
    if not losses:
        raise InvalidArgument(
            f"loss must be the name of a loss or several of them, not {shown(loss)}: known are "
            f"{', '.join(sorted(LOSSES))}"
        )
    return [
        Attack(
            row_of(NORMS, "norm", norm),
            row_of(LOSSES, "loss", name),
            AutoProjectedGradient,
            length=lambda eps: 2 * eps,
            steps=as_int(steps, "steps", 1),
            restarts=as_int(restarts, "restarts", 1),
            seed=as_int(seed, "seed", 0),
        )
        for name in losses
    ]


def _scale_free(classes: int) -> str:
    """The name of a loss whose gradient does not fade with the scale of the outputs."""
    return "dlr" if classes >= LOSSES["dlr"].least_classes else "margin"
