"""Attacks for verdicts: Auto-PGD, which needs no step length, and the strongest of several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy.typing as npt
import torch

from splineviz.network.program import Program
from splineviz.training.attacks.attack import read_apgd, read_pgd
from splineviz.training.attacks.budgets import (
    APGD_RESTARTS,
    APGD_STEPS,
    BOUND_RESTARTS,
    BOUND_STEPS,
    PAPER_EPS,
)
from splineviz.training.attacks.search import prepared
from splineviz.training.attacks.target import BATCH
from splineviz.typing import AnyFloatArray, FloatArray
from splineviz.validation.calls import explained


@explained()
def apgd_accuracy(
    model: torch.nn.Module | Program,
    x: npt.ArrayLike | torch.Tensor,
    y: npt.ArrayLike | torch.Tensor,
    *,
    eps: float | Sequence[float] | npt.NDArray[Any] = PAPER_EPS,
    norm: str = "linf",
    steps: int = APGD_STEPS,
    restarts: int = APGD_RESTARTS,
    loss: str | Sequence[str] | None = None,
    bounds: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    scale: npt.ArrayLike = 1.0,
    batch_size: int = BATCH,
    seed: int = 0,
) -> float | FloatArray:
    """Accuracy under Auto-PGD (APGD): an upper bound of the robust accuracy.

    A sample counts if the network is right at the sample itself, at the random starts and at every
    point that the attack visits, with each of the losses.

    Parameters
    ----------
    model, x, y, eps, norm, bounds, scale, batch_size, seed
        As for `pgd_accuracy`.
    steps : int
        How many steps from each start.
    restarts : int
        How many random starts for each sample and loss; each may break it.
    loss : {"cross-entropy", "dlr", "margin"} or sequence of them, optional
        What is maximized, one after another. Default: cross-entropy and DLR, the paper's; with two
        classes, for which DLR is not defined, cross-entropy and margin.

    Returns
    -------
    float or numpy.ndarray of shape (len(eps),), float64
        As for `pgd_accuracy`.

    Raises
    ------
    InvalidArgument
        As for `pgd_accuracy`, or if DLR is asked for and the network has two classes.
    ShapeMismatch, NonFiniteValues, UnknownName, UnsupportedLayer
        As for `pgd_accuracy`.

    Warns
    -----
    ZeroGradients
        As for `pgd_accuracy`. A sample stood still if there was no gradient at its best point, from
        each start and with each loss.

    Notes
    -----
    Croce & Hein (ICML 2020), arXiv 2003.01690. The first step is as long as the ball is wide, and
    each step keeps a quarter of the movement before. At some steps, the first after 22 % of them,
    a sample that rose too seldom goes back to its best point with half the length. So there is no
    step length to choose. Each sample has its own.

    DLR, the difference of logits ratio, is the margin over the distance from the highest to the
    third highest output. The scale of the outputs does not change it, so that its gradient does not
    fade as that of the cross-entropy does. Where those outputs are equal it follows the margin.

    What differs from the paper: every visited point is checked, starts are uniform in the ball, and
    a larger eps begins with what a smaller one has broken, as for `pgd_accuracy`. The paper takes
    100 steps. Targeted attacks, which come next in AutoAttack, are not made.

    Examples
    --------
    >>> model = torch.nn.Linear(1, 2)
    >>> _ = model.load_state_dict({"weight": torch.tensor([[-1.0], [1.0]]), "bias": torch.zeros(2)})
    >>> apgd_accuracy(model, [[-0.5], [-0.1]], [0, 0], eps=[0.05, 0.3], bounds=(-1, 1)).tolist()
    [1.0, 0.5]
    """
    with prepared(model, x, y, eps, bounds, scale, batch_size) as search:
        return search.accuracy(read_apgd(norm, steps, restarts, loss, seed, search.target.classes))


@explained()
def apgd_attack(
    model: torch.nn.Module | Program,
    x: npt.ArrayLike | torch.Tensor,
    y: npt.ArrayLike | torch.Tensor,
    *,
    eps: float = PAPER_EPS,
    norm: str = "linf",
    steps: int = APGD_STEPS,
    restarts: int = APGD_RESTARTS,
    loss: str | Sequence[str] | None = None,
    bounds: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    scale: npt.ArrayLike = 1.0,
    batch_size: int = BATCH,
    seed: int = 0,
) -> AnyFloatArray:
    """Adversarial examples: for each sample the worst point that Auto-PGD visits.

    Parameters
    ----------
    model, x, y, norm, steps, restarts, loss, bounds, scale, batch_size, seed
        As for `apgd_accuracy`, which says what the attack is.
    eps : float
        The radius of the ball.

    Returns
    -------
    numpy.ndarray of shape (n, *input_shape)
        As for `pgd_attack`: the worst point has the largest margin, whichever loss led there.

    Raises
    ------
    InvalidArgument, ShapeMismatch, NonFiniteValues, UnknownName, UnsupportedLayer
        As for `apgd_accuracy`.

    Warns
    -----
    ZeroGradients
        As for `apgd_accuracy`.
    """
    with prepared(model, x, y, eps, bounds, scale, batch_size) as search:
        return search.examples(read_apgd(norm, steps, restarts, loss, seed, search.target.classes))


@explained()
def robust_accuracy_bound(
    model: torch.nn.Module | Program,
    x: npt.ArrayLike | torch.Tensor,
    y: npt.ArrayLike | torch.Tensor,
    *,
    eps: float | Sequence[float] | npt.NDArray[Any] = PAPER_EPS,
    norm: str = "linf",
    steps: int = BOUND_STEPS,
    restarts: int = BOUND_RESTARTS,
    bounds: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    scale: npt.ArrayLike = 1.0,
    batch_size: int = BATCH,
    seed: int = 0,
) -> float | FloatArray:
    """Lowest upper bound of the robust accuracy that the attacks here find.

    A sample counts if none of three attacks breaks it: PGD on the margin, and Auto-PGD on the
    cross-entropy and on DLR (the margin with two classes).

    Parameters
    ----------
    model, x, y, eps, norm, bounds, scale, batch_size, seed
        As for `pgd_accuracy`.
    steps, restarts : int
        Of each of the three attacks.

    Returns
    -------
    float or numpy.ndarray of shape (len(eps),), float64
        As for `pgd_accuracy`. Up to rounding it is not above what `pgd_accuracy` and
        `apgd_accuracy` give for the same arguments.

    Raises
    ------
    InvalidArgument, ShapeMismatch, NonFiniteValues, UnknownName, UnsupportedLayer
        As for `pgd_accuracy`.

    Warns
    -----
    ZeroGradients
        As for `apgd_accuracy`.

    Notes
    -----
    It is no proof: the robust accuracy may be lower still. What a sample survives says more the
    more different attacks it survives, and the better they are; restarts help more than steps.

    Examples
    --------
    >>> model = torch.nn.Linear(1, 2)
    >>> _ = model.load_state_dict({"weight": torch.tensor([[-1.0], [1.0]]), "bias": torch.zeros(2)})
    >>> robust_accuracy_bound(model, [[-0.5], [-0.1]], [0, 0], eps=0.3, bounds=(-1, 1))
    0.5
    """
    pgd = read_pgd(norm, steps, None, restarts, "margin", seed)
    with prepared(model, x, y, eps, bounds, scale, batch_size) as search:
        apgd = read_apgd(norm, steps, restarts, None, seed, search.target.classes)
        return search.accuracy(pgd + apgd)
