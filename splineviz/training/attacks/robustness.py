"""Adversarial robustness: the share of samples that stay right within a ball around each.

The attacks run on a copy of the network, in its own dtype and on its own device. A norm or a loss
is a row of the tables in :mod:`~splineviz.training.attacks.norms`.

They are written here since Foolbox and ART, the libraries that were tried, change random states and
the network's gradients, and lack bounds of each channel or float64.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from splineviz.errors import InvalidArgument, NonFiniteValues
from splineviz.network.model_copy import untouched_random_state
from splineviz.network.program import Program
from splineviz.training.attacks.norms import LOSSES, NORMS, Norm, margins
from splineviz.training.attacks.target import (
    ROUNDINGS,
    Target,
    make_target,
    read_radii,
)
from splineviz.training.attacks.zero_gradients import Standstill, warn_of_zero_gradients
from splineviz.typing import AnyFloatArray, BoolArray, FloatArray
from splineviz.validation.calls import explained
from splineviz.validation.names import row_of
from splineviz.validation.numbers import as_int, as_real

PAPER_EPS = 50 / 255
BATCH = 256
# Random points that tell whether a network is constant around a sample without a gradient.
_PROBES = 4


@explained()
def pgd_accuracy(
    model: torch.nn.Module | Program,
    x: npt.ArrayLike | torch.Tensor,
    y: npt.ArrayLike | torch.Tensor,
    *,
    eps: float | Sequence[float] | npt.NDArray[Any] = PAPER_EPS,
    norm: str = "linf",
    steps: int = 10,
    alpha: float | None = None,
    restarts: int = 1,
    loss: str = "margin",
    bounds: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    scale: npt.ArrayLike = 1.0,
    batch_size: int = BATCH,
    seed: int = 0,
) -> float | FloatArray:
    """Accuracy under projected gradient descent: an upper bound of the robust accuracy.

    A sample counts if the network is right at the sample itself, at the random starts and at every
    point that the attack visits.

    Parameters
    ----------
    model : torch.nn.Module or Program
        Takes (n, *input_shape), gives one output a class: (n, classes). A module may be in any
        mode, dtype and on any device; it is run in eval mode, in its own dtype. A program is run
        in float64.
    x : array-like or tensor of shape (n, *input_shape)
        The samples, as the network takes them.
    y : array-like or tensor of shape (n,), integers
        Their classes.
    eps : float or sequence of float
        The radius of the ball, or several. In units of `x`, or in pixels if `scale` is given.
    norm : {"linf", "l2"}
        The norm of the ball.
    steps : int
        How many steps from each start.
    alpha : float, optional
        The length of a step in the norm, in the units of `eps`. Default: 4/255 for ``"linf"``,
        the paper's, and ``2.5 * eps / steps`` for ``"l2"``.
    restarts : int
        How many random starts for each sample; each may break it.
    loss : {"margin", "cross-entropy"}
        What is maximized: the highest wrong output minus the right one, or the cross-entropy.
    bounds : pair of float or array-like, optional
        Lowest and highest values that a sample may take; arrays broadcast against one sample, such
        as shape (3, 1, 1) for bounds of each channel. Default: the lowest and the highest value
        in `x`: give the bounds where results for different samples are compared.
    scale : float or array-like
        For normalized data, the standard deviation it was divided by, so that `eps` and `alpha` are
        in the units from before; broadcasts against one sample.
    batch_size : int
        How many samples are attacked together. It bounds the memory, and changes the result by no
        more than rounding.
    seed : int
        For the random starts. No other random state is read or changed.

    Returns
    -------
    float or numpy.ndarray of shape (len(eps),), float64
        Shares from 0 to 1: a float if `eps` is a number, else an array in the order of `eps`.

    Raises
    ------
    InvalidArgument
        If a number has no meaning (negative `eps`, no steps), there are no samples, a label is not
        an integer or has no output, `x` lies outside `bounds`, or the network gives no gradient.
    ShapeMismatch
        If lengths or shapes do not fit, or the network does not give (n, classes).
    NonFiniteValues
        If a sample, a weight, an output or a gradient is NaN or infinite.
    UnknownName
        If there is no such norm or loss.
    UnsupportedLayer
        If `model` is neither a program nor a module that can be copied, or its forward needs
        numbers of another type than its weights are.

    Warns
    -----
    ZeroGradients
        If the attack had no gradient to follow at samples that count as right, and the network is
        not known to be constant around them (Notes). The message says why and what would work; the
        warning's attribute ``samples`` says at which, and `pgd_zero_gradients` does in any case.

    Notes
    -----
    Madry et al. (ICLR 2018) with the settings of arXiv 2402.15555: L-infinity, random start, 10
    steps of 4/255, eps 50/255, clipped to the range of the data. What differs:

    - Every visited point is checked, not the last alone, which makes the attack stronger.
    - Several eps are attacked from the smallest up. What a smaller ball breaks is broken in the
      larger ones, which contain it, so that accuracy never rises with eps. An eps can therefore
      come out lower in a sequence than alone.
    - The margin is maximized, unless `loss` says otherwise. It is positive where a sample is
      counted as wrong, and its gradient does not fade with the scale of the outputs: that of the
      cross-entropy rounds to zero in float32 where outputs differ by more than about 100, as they
      do with large initial weights, and the network then looks robust without being so.

    Ten steps of 4/255 reach only four fifths of the way from the center of a ball of 50/255 to its
    faces, and with more than two classes each loss has local maxima, even for a linear network. To
    see whether a robust network is more than a weak attack, raise `steps`, `alpha` and `restarts`:
    the starts of fewer restarts are among those of more.

    Where the gradient is zero the attack stands still, and the sample counts as right, robust or
    not. A softmax or sigmoid at the end does that once it saturates: attack the outputs in front of
    it. Rounded inputs do too: give the rounding the gradient of the identity. There is no warning
    where neither the network nor the loss calls anything that saturates, rounds or cuts gradients
    off, and the margin is the same at all points the attack came to and at four random ones: a
    network of ReLUs is constant where all neurons of a layer are off.

    Forward hooks of the network run, since they belong to what it computes; backward hooks do not.

    Examples
    --------
    >>> model = torch.nn.Linear(1, 2)
    >>> _ = model.load_state_dict({"weight": torch.tensor([[-1.0], [1.0]]), "bias": torch.zeros(2)})
    >>> x, y = [[-0.5], [-0.1], [0.2]], [0, 0, 1]
    >>> pgd_accuracy(model, x, y, eps=[0.0, 0.15, 0.3], alpha=0.1, bounds=(-1, 1)).round(2).tolist()
    [1.0, 0.67, 0.33]
    """
    radii = read_radii(eps)
    attack = _attack(norm, steps, alpha, restarts, loss, seed)
    with _isolated():
        target = make_target(model, x, y, bounds, scale, batch_size)
        shares, standstills = _accuracies(target, attack, radii)
        _warn(standstills, target, loss)
    return float(shares[0]) if radii.ndim == 0 else shares


@explained()
def fgsm_accuracy(
    model: torch.nn.Module | Program,
    x: npt.ArrayLike | torch.Tensor,
    y: npt.ArrayLike | torch.Tensor,
    *,
    eps: float | Sequence[float] | npt.NDArray[Any] = PAPER_EPS,
    norm: str = "linf",
    loss: str = "margin",
    bounds: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    scale: npt.ArrayLike = 1.0,
    batch_size: int = BATCH,
) -> float | FloatArray:
    """Accuracy under the fast gradient method: one step of length eps from each sample.

    Parameters
    ----------
    model, x, y, eps, norm, loss, bounds, scale, batch_size
        As for `pgd_accuracy`.

    Returns
    -------
    float or numpy.ndarray of shape (len(eps),), float64
        As for `pgd_accuracy`.

    Raises
    ------
    InvalidArgument, ShapeMismatch, NonFiniteValues, UnknownName, UnsupportedLayer
        As for `pgd_accuracy`.

    Warns
    -----
    ZeroGradients
        As for `pgd_accuracy`.

    Notes
    -----
    Goodfellow et al. (ICLR 2015) for ``"linf"``, its counterpart for ``"l2"``. They maximize the
    cross-entropy. As for `pgd_accuracy`, the sample itself is checked too, and what a smaller eps
    breaks stays broken.

    Examples
    --------
    >>> model = torch.nn.Linear(1, 2)
    >>> _ = model.load_state_dict({"weight": torch.tensor([[-1.0], [1.0]]), "bias": torch.zeros(2)})
    >>> fgsm_accuracy(model, [[-0.5], [-0.1]], [0, 0], eps=0.3, bounds=(-1, 1))
    0.5
    """
    radii = read_radii(eps)
    attack = Attack(row_of(NORMS, "norm", norm), row_of(LOSSES, "loss", loss), random_start=False)
    with _isolated():
        target = make_target(model, x, y, bounds, scale, batch_size)
        shares, standstills = _accuracies(target, attack, radii)
        _warn(standstills, target, loss)
    return float(shares[0]) if radii.ndim == 0 else shares


@explained()
def pgd_attack(
    model: torch.nn.Module | Program,
    x: npt.ArrayLike | torch.Tensor,
    y: npt.ArrayLike | torch.Tensor,
    *,
    eps: float = PAPER_EPS,
    norm: str = "linf",
    steps: int = 10,
    alpha: float | None = None,
    restarts: int = 1,
    loss: str = "margin",
    bounds: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    scale: npt.ArrayLike = 1.0,
    batch_size: int = BATCH,
    seed: int = 0,
) -> AnyFloatArray:
    """Adversarial examples: for each sample the worst point that the attack visits.

    Parameters
    ----------
    model, x, y, norm, steps, alpha, restarts, loss, bounds, scale, batch_size, seed
        As for `pgd_accuracy`, which says what the attack is.
    eps : float
        The radius of the ball.

    Returns
    -------
    numpy.ndarray of shape (n, *input_shape)
        In the dtype the network computes in (float32 for bfloat16); inside the ball and the bounds
        up to rounding. The worst point is a misclassified one with the largest margin or, where
        the attack finds none, the point with the largest margin. A sample that is misclassified as
        it is comes back as it is. The share of points classified right is what `pgd_accuracy`
        gives for the same arguments.

    Raises
    ------
    InvalidArgument, ShapeMismatch, NonFiniteValues, UnknownName, UnsupportedLayer
        As for `pgd_accuracy`.

    Warns
    -----
    ZeroGradients
        As for `pgd_accuracy`.
    """
    radii = read_radii(eps)
    if radii.ndim != 0:
        raise InvalidArgument(
            f"pgd_attack takes one eps, not {radii.size} of them: call it for each"
        )
    [radius] = radii.ravel()
    attack = _attack(norm, steps, alpha, restarts, loss, seed)
    with _isolated():
        target = make_target(model, x, y, bounds, scale, batch_size)
        worst, still = _worst(target, attack, float(radius), _judge_samples(target))
        _warn([still], target, loss)
        points = worst.points.cpu()
        # A copy: where nothing moved, they may be the caller's own tensor.
        return (points.float() if points.dtype == torch.bfloat16 else points).numpy().copy()


@explained()
def pgd_zero_gradients(
    model: torch.nn.Module | Program,
    x: npt.ArrayLike | torch.Tensor,
    y: npt.ArrayLike | torch.Tensor,
    *,
    eps: float | Sequence[float] | npt.NDArray[Any] = PAPER_EPS,
    norm: str = "linf",
    steps: int = 10,
    alpha: float | None = None,
    restarts: int = 1,
    loss: str = "margin",
    bounds: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    scale: npt.ArrayLike = 1.0,
    batch_size: int = BATCH,
    seed: int = 0,
) -> BoolArray:
    """At which samples `pgd_accuracy` counts a sample as right for want of a gradient.

    Parameters
    ----------
    model, x, y, eps, norm, steps, alpha, restarts, loss, bounds, scale, batch_size, seed
        As for `pgd_accuracy`.

    Returns
    -------
    bool array of shape (n,), or (len(eps), n) if `eps` is a sequence
        The samples that are right at every point the attack came to, where the gradient was zero at
        the end from each start. `pgd_accuracy` says why that need not be a fault: a network of
        ReLUs has regions where it is constant. An `eps` of 0 needs no gradient.

    Raises
    ------
    InvalidArgument, ShapeMismatch, NonFiniteValues, UnknownName, UnsupportedLayer
        As for `pgd_accuracy`.

    Examples
    --------
    >>> linear = torch.nn.Linear(1, 2)
    >>> weights = {"weight": torch.tensor([[-9.0], [9.0]]), "bias": torch.ones(2)}
    >>> _ = linear.load_state_dict(weights)
    >>> model = torch.nn.Sequential(linear, torch.nn.Sigmoid())
    >>> x, y = [[-30.0], [-0.1], [30.0]], [0, 0, 1]
    >>> pgd_zero_gradients(model, x, y, eps=0.05).tolist()
    [True, False, True]
    """
    radii = read_radii(eps)
    attack = _attack(norm, steps, alpha, restarts, loss, seed)
    with _isolated():
        target = make_target(model, x, y, bounds, scale, batch_size)
        standstills = _accuracies(target, attack, radii)[1]
        masks = np.stack([still.samples.cpu().numpy() for still in standstills])
    return masks[0] if radii.ndim == 0 else masks


@dataclass(frozen=True)
class Attack:
    """How to attack. Default: one step of length eps, the fast gradient method.

    Attributes
    ----------
    norm : Norm
        Of the ball.
    loss : callable
        Of outputs (n, classes) and labels (n,): what to maximize, (n,).
    random_start : bool
        Whether to begin anywhere in the ball, or at the sample.
    steps, restarts, seed : int
        As for `pgd_accuracy`.
    alpha : callable
        Of eps and the number of steps: the length of a step.
    """

    norm: Norm
    loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
    random_start: bool
    steps: int = 1
    restarts: int = 1
    seed: int = 0
    alpha: Callable[[float, int], float] = lambda eps, steps: eps


@dataclass(frozen=True)
class _Judged:
    """Points of shape (n, *input_shape), their margins, and whether they are misclassified."""

    points: torch.Tensor
    margins: torch.Tensor
    wrong: torch.Tensor

    def worse(self, other: _Judged) -> _Judged:
        """The worse of two points for each row."""
        take = (other.wrong & ~self.wrong) | (
            (other.wrong == self.wrong) & (other.margins > self.margins)
        )
        return _Judged(
            torch.where(take.view(-1, *[1] * (self.points.ndim - 1)), other.points, self.points),
            torch.where(take, other.margins, self.margins),
            self.wrong | other.wrong,
        )


@dataclass(frozen=True)
class _Ascent:
    """What an ascent found, of m samples.

    Attributes
    ----------
    worst : _Judged
    still, varied : bool tensor (m,)
        Where it ended without a gradient, and where margins differed among the points it came to.
    """

    worst: _Judged
    still: torch.Tensor
    varied: torch.Tensor


def _accuracies(
    target: Target, attack: Attack, radii: FloatArray
) -> tuple[FloatArray, list[Standstill]]:
    """The shares that are right, and where the attack stood still, for each of the radii."""
    judged = _judge_samples(target)
    shares, stills = np.empty(radii.size), {}
    for place in np.argsort(radii, axis=None):
        judged, stills[place] = _worst(target, attack, float(radii.flat[place]), judged)
        shares[place] = int((~judged.wrong).sum()) / len(judged.wrong)
    return shares, [stills[place] for place in range(radii.size)]


def _warn(standstills: list[Standstill], target: Target, loss: str) -> None:
    sample = target.on_device(target.samples[:1])
    warn_of_zero_gradients(standstills, target.network, sample, loss)


def _judge_samples(target: Target) -> _Judged:
    """The samples themselves, which belong to every ball."""
    batches = []
    with torch.no_grad():
        for rows in target.batches():
            points = target.on_device(target.samples[rows])
            batches.append(_judge(points, target.labels[rows], target.outputs(points)))
    return _Judged(
        target.samples.to(target.low.dtype),
        torch.cat([batch.margins for batch in batches]),
        torch.cat([batch.wrong for batch in batches]),
    )


def _worst(
    target: Target, attack: Attack, eps: float, judged: _Judged
) -> tuple[_Judged, Standstill]:
    """The worst points within eps, on the device of the samples; broken ones are left as they are.

    Also where the attack stood still.

    Starts are drawn one sample at a time, for broken ones too, so that none depends on the size of
    a batch or on what was broken before.
    """
    still = torch.full_like(judged.wrong, eps > 0)
    varied = torch.zeros_like(still)
    if eps == 0:
        return judged, Standstill(eps, still, varied, int((~judged.wrong).sum()))
    judged = _Judged(judged.points.clone(), judged.margins.clone(), judged.wrong.clone())
    generator = torch.Generator("cpu").manual_seed(attack.seed)
    shape = tuple(target.samples.shape[1:])
    for _ in range(attack.restarts):
        for rows in target.batches():
            starts = torch.zeros(rows.stop - rows.start, *shape, dtype=torch.float64, device="cpu")
            if attack.random_start:
                for start in starts:
                    start.copy_(attack.norm.draw(shape, generator))
            alive = (~judged.wrong[rows]).nonzero()[:, 0]
            if not len(alive):
                continue
            chosen = rows.start + alive
            here = chosen.to(judged.points.device)
            known = _Judged(
                target.on_device(judged.points[here]), judged.margins[chosen], judged.wrong[chosen]
            )
            ascent = _ascend(target, attack, eps, chosen, starts[alive.cpu()], known)
            still[chosen] &= ascent.still
            varied[chosen] |= ascent.varied
            visited = ascent.worst
            judged.points[here] = visited.points.to(judged.points.device)
            judged.margins[chosen] = visited.margins
            judged.wrong[chosen] = visited.wrong
    still &= ~judged.wrong
    varied |= _varies(target, attack, eps, still & ~varied)
    return judged, Standstill(eps, still, varied, int((~judged.wrong).sum()))


def _varies(target: Target, attack: Attack, eps: float, wanted: torch.Tensor) -> torch.Tensor:
    """Find the wanted samples whose margins differ at a few random points of the ball."""
    varied = torch.zeros_like(wanted)
    generator = torch.Generator("cpu").manual_seed(attack.seed)
    shape = tuple(target.samples.shape[1:])
    numbers = wanted.nonzero()[:, 0]
    if not len(numbers):
        return varied
    with torch.no_grad():
        for chosen in numbers.split(target.batch_size):
            labels = target.labels[chosen]
            samples = target.on_device(target.samples[chosen.to(target.samples.device)])
            outputs = target.outputs(samples)
            first = margins(outputs, labels)
            for _ in range(_PROBES):
                drawn = torch.stack([attack.norm.draw(shape, generator) for _ in chosen])
                moved = target.moved(samples, eps * target.on_device(drawn))
                outputs = target.outputs(moved)
                varied[chosen] |= _differ(margins(outputs, labels), first, outputs)
    return varied


def _differ(one: torch.Tensor, other: torch.Tensor, outputs: torch.Tensor) -> torch.Tensor:
    """Where margins (n,) that outputs (n, classes) give differ by more than rounding."""
    rounding = ROUNDINGS * torch.finfo(outputs.dtype).eps * outputs.abs().amax(1)
    return (one - other).abs() > rounding


def _ascend(
    target: Target,
    attack: Attack,
    eps: float,
    chosen: torch.Tensor,
    start: torch.Tensor,
    worst: _Judged,
) -> _Ascent:
    """Climb the loss of some samples, and keep the worst of the points on the way.

    Parameters
    ----------
    chosen : torch.Tensor of shape (m,), int64
        Which samples.
    start : torch.Tensor of shape (m, *input_shape)
        Displacements to begin with, for a ball of radius 1.
    worst : _Judged
        Of m rows: the worst points known.
    """
    samples = target.on_device(target.samples[chosen.to(target.samples.device)])
    labels = target.labels[chosen]
    alpha = attack.alpha(eps, attack.steps)

    first = worst.margins
    varied = torch.zeros_like(worst.wrong)

    def visit(points: torch.Tensor, outputs: torch.Tensor) -> None:
        nonlocal worst, varied
        judged = _judge(points, labels, outputs)
        varied = varied | _differ(judged.margins, first, outputs)
        worst = worst.worse(judged)

    points = target.moved(samples, eps * target.on_device(start))
    still = varied
    for _ in range(attack.steps):
        points.requires_grad_(True)
        outputs = target.outputs(points)
        gradient = _gradient(attack.loss(outputs, labels), points)
        points = points.detach()
        visit(points, outputs.detach())
        direction = attack.norm.direction(gradient / target.scale)
        still = (direction == 0).flatten(1).all(1)
        displacement = (points - samples) * target.scale + alpha * direction
        points = target.moved(samples, attack.norm.project(displacement, eps))
    with torch.no_grad():
        visit(points, target.outputs(points))
    return _Ascent(worst, still, varied)


def _judge(points: torch.Tensor, labels: torch.Tensor, outputs: torch.Tensor) -> _Judged:
    return _Judged(points, margins(outputs, labels), outputs.argmax(1) != labels)


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


@contextmanager
def _isolated() -> Iterator[None]:
    """Gradients, whatever mode the caller is in, and random states that stay as they are."""
    with untouched_random_state(), torch.inference_mode(False), torch.enable_grad():
        yield


def _attack(
    norm: str, steps: int, alpha: float | None, restarts: int, loss: str, seed: int
) -> Attack:
    chosen = row_of(NORMS, "norm", norm)
    if alpha is None:
        step = chosen.alpha
    else:
        length = as_real(alpha, "alpha", above=0, advice="it is the length of a step")

        def step(eps: float, steps: int) -> float:
            return length

    return Attack(
        chosen,
        row_of(LOSSES, "loss", loss),
        random_start=True,
        steps=as_int(steps, "steps", 1),
        restarts=as_int(restarts, "restarts", 1),
        seed=as_int(seed, "seed", 0),
        alpha=step,
    )
