"""Adversarial robustness: the share of samples that stay right within a ball around each.

The attacks run on a copy of the network, in its own dtype and on its own device. A norm or a loss
is a row of the tables in :mod:`~splineviz.training.attacks.norms` and
:mod:`~splineviz.training.attacks.losses`.

They are written here since Foolbox and ART, the libraries that were tried, change random states and
the network's gradients, and lack bounds of each channel or float64.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy.typing as npt
import torch

from splineviz.network.program import Program
from splineviz.training.attacks.attack import read_fgsm, read_pgd
from splineviz.training.attacks.budgets import PAPER_EPS, RESTARTS, STEPS
from splineviz.training.attacks.search import prepared
from splineviz.training.attacks.target import BATCH
from splineviz.typing import AnyFloatArray, BoolArray, FloatArray
from splineviz.validation.calls import explained


@explained()
def pgd_accuracy(
    model: torch.nn.Module | Program,
    x: npt.ArrayLike | torch.Tensor,
    y: npt.ArrayLike | torch.Tensor,
    *,
    eps: float | Sequence[float] | npt.NDArray[Any] = PAPER_EPS,
    norm: str = "linf",
    steps: int = STEPS,
    alpha: float | None = None,
    restarts: int = RESTARTS,
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
        The length of a step in the norm, in the units of `eps`. Default: ``2.5 * eps / steps``, so
        that the path is long enough to cross the ball.
    restarts : int
        How many random starts for each sample; each may break it.
    loss : {"margin", "cross-entropy", "dlr"}
        What is maximized: the highest wrong output minus the right one, the cross-entropy, or the
        margin over the distance from the highest to the third highest output.
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
        an integer or has no output, `x` lies outside `bounds`, the network gives no gradient, or
        the loss is ``"dlr"`` and the network has two classes.
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
    Madry et al. (ICLR 2018). The settings of arXiv 2402.15555 are ``sv.attacks.PAPER``:

        sv.pgd_accuracy(model, x, y, eps=50 / 255, **sv.attacks.PAPER)

    That is one start and 10 steps of 4/255 in L-infinity, clipped to the range of the data, with an
    eps of 50/255. **That attack is weak**: its path of 40/255 is shorter than the radius of its
    ball, so that it comes from the center no further than four fifths of the way to a face. Give it
    to compare with the paper. The default takes steps in proportion to the ball, and restarts; for
    a trained network on digits it costs about four times as much. To see whether a robust network
    is more than an attack that failed, call `robust_accuracy_bound`, or raise `restarts` and
    `steps`: the starts of fewer restarts are among those of more. With more than two classes each
    loss has local maxima, even for a linear network, and restarts get out of them.

    What differs from the paper in any case:

    - Every visited point is checked, not the last alone, which makes the attack stronger.
    - Several eps are attacked from the smallest up. What a smaller ball breaks is broken in the
      larger ones, which contain it, so that accuracy never rises with eps. An eps can therefore
      come out lower in a sequence than alone. A sample is left alone once it is broken, so that
      several eps in one call cost less than one call for each.
    - The margin is maximized, unless `loss` says otherwise. It is positive where a sample is
      counted as wrong, and its gradient does not fade with the scale of the outputs: that of the
      cross-entropy rounds to zero in float32 where outputs differ by more than about 100, as they
      do with large initial weights, and the network then looks robust without being so.

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
    attacks = read_pgd(norm, steps, alpha, restarts, loss, seed)
    with prepared(model, x, y, eps, bounds, scale, batch_size) as search:
        return search.accuracy(attacks)


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
    attacks = read_fgsm(norm, loss)
    with prepared(model, x, y, eps, bounds, scale, batch_size) as search:
        return search.accuracy(attacks)


@explained()
def pgd_attack(
    model: torch.nn.Module | Program,
    x: npt.ArrayLike | torch.Tensor,
    y: npt.ArrayLike | torch.Tensor,
    *,
    eps: float = PAPER_EPS,
    norm: str = "linf",
    steps: int = STEPS,
    alpha: float | None = None,
    restarts: int = RESTARTS,
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
    attacks = read_pgd(norm, steps, alpha, restarts, loss, seed)
    with prepared(model, x, y, eps, bounds, scale, batch_size) as search:
        return search.examples(attacks)


@explained()
def pgd_zero_gradients(
    model: torch.nn.Module | Program,
    x: npt.ArrayLike | torch.Tensor,
    y: npt.ArrayLike | torch.Tensor,
    *,
    eps: float | Sequence[float] | npt.NDArray[Any] = PAPER_EPS,
    norm: str = "linf",
    steps: int = STEPS,
    alpha: float | None = None,
    restarts: int = RESTARTS,
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
    attacks = read_pgd(norm, steps, alpha, restarts, loss, seed)
    with prepared(model, x, y, eps, bounds, scale, batch_size) as search:
        return search.zero_gradients(attacks)
