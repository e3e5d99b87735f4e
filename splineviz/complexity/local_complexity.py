"""local_complexity: a network and points in, how many neurons are crossed near each of them out."""

from __future__ import annotations

import numpy.typing as npt
import torch

from splineviz.complexity.arguments.cross_polytope import Frame
from splineviz.complexity.arguments.layer_names import Selection
from splineviz.complexity.arguments.points import checked_batch_size, checked_points, checked_radii
from splineviz.complexity.counting.batches import counted
from splineviz.complexity.counting.full_precision import full_precision
from splineviz.complexity.propagation.model_estimator import estimator_for
from splineviz.complexity.results.local_complexity import LocalComplexity
from splineviz.network.model_copy import made_on
from splineviz.network.program import Program
from splineviz.progress import Progress, reporting


def local_complexity(
    model: torch.nn.Module | Program,
    x: npt.ArrayLike,
    radius: float | npt.ArrayLike = 0.005,
    directions: int | npt.ArrayLike | None = None,
    seed: int = 0,
    *,
    layers: Selection = None,
    logits: bool = False,
    winners: bool = False,
    centre: bool = False,
    shared_frame: bool = True,
    batch_size: int | None = None,
    device: str | torch.device | None = None,
    progress: Progress | bool | None = None,
) -> LocalComplexity:
    """How many neurons' boundaries cross a small neighborhood of each point.

    The neighborhood of x is the cross-polytope with the vertices x + r v and x - r v for
    orthonormal directions v. All vertices are sent through the network, in eval mode. A neuron
    is crossed if its pre-activation has not the same sign at all of them (negative, zero or
    positive); a convolution has a neuron for each channel and pixel.

    Parameters
    ----------
    model : torch.nn.Module or Program
        Any network, in any mode, dtype and on any device; it comes back untouched. Its weights are
        taken to float64.
    x : array-like of shape (N, *input_shape), floating point
        The points.
    radius : float, or sequence of float
        r, in units of the inputs.
    directions : int, or array-like of shape (P, *input_shape), optional
        How many random directions, at most the dimension of an input; or the directions, unit
        vectors, such as those of ``LocalComplexity.directions``. Unless said 25, or as many as an
        input has dimensions if these are fewer.
    seed : int
        Decides the random directions. Only a generator of this call's own is used.
    layers : callable or sequence, optional
        Which layers to count, unless all activations (Notes list them). A function is asked with
        each :class:`~splineviz.complexity.arguments.layer_names.Layer`. Names choose in their
        order: an activation by its name (its pre-activations are looked at), any other step, or
        module whose steps make one value, by the sign of what it makes, a tuple of names by the
        sign of the sum of what they make: ``["1", "3"]`` are two layers, ``[("1", "3")]`` is one.
        Of a module that is called several times the name is that of the first call, with ``_1`` at
        the end that of the second.
    logits : bool
        Whether to count the network's outputs too, as the paper's code does for its MLPs.
    winners : bool
        Whether to count the windows of max pooling, maxima and minima whose winner changes.
    centre : bool
        Whether x itself counts as a vertex.
    shared_frame : bool
        Whether all points have the same random directions. Otherwise those of a point follow from
        the seed and its numbers.
    batch_size : int, optional
        How many points to take at a time; as many as keep memory small unless said. The counts do
        not depend on it.
    device : str or torch.device, optional
        Where to compute; where the model is unless said.
    progress : bool or callable, optional
        True for a progress bar. A function is called with (points done, points in all).

    Returns
    -------
    LocalComplexity

    Raises
    ------
    UnsupportedLayer
        If the model is not a module, or cannot be traced: it cannot be copied or run, is random,
        decides by numbers that it computes, or does not keep the samples of a batch apart.
    ShapeMismatch
        If x is empty, or not a batch of inputs of the network.
    InvalidArgument
        If a radius is not positive, there are more directions than dimensions or they are no unit
        vectors, the seed or the batch size is not a whole number of at least 0 or 1, the device
        cannot compute in float64, x holds no real numbers, layers holds anything but names, or
        nothing is left to count.
    NonFiniteValues
        If x, a parameter or an output is NaN or infinite, or a value overflows. A buffer may be
        infinite, as the mask of an attention is.
    UnknownName
        If there is no layer of a name; the message lists the near ones.

    Notes
    -----
    After Humayun, Balestriero and Baraniuk, *Deep Networks Always Grok and Here is Why* (arXiv
    2402.15555), section 3. What differs from their code: the directions are uniform (Haar); no
    sample is dropped; by default what feeds each nonlinearity is counted, not what each Linear
    makes; values that rounding cannot tell from zero count as zero, and ``near`` says how many.

    LC is a lower bound for the neurons whose boundary passes through the image of the
    neighborhood, and exact for the cross-polytope in the first layer only. It depends on r, P and
    the directions: compare values for the same ones. Over a training even the sign of a change can
    depend on r: in the bundled run, LC near the training points is higher at the end than at the
    start for r = 0.005, and lower for 0.05 and 0.1. So measure two or three radii, which a sequence
    does in one call, and say which. For smooth activations it is a proxy.

    Over a training, :meth:`Run.local_complexity` measures each checkpoint of a run, and
    :meth:`ComplexityCurves.from_results` puts together what was measured in a loop of one's own, of
    any network.

    The network is traced, and the differences between vertices are sent through its program, in
    float32; points that this leaves uncertain are done again in float64. What a step's own rounding
    can do is bounded, for any numbers and order of sums; what it makes of the rounding of earlier
    steps, as if they were independent, times 32. Behind steps that are neither affine nor piecewise
    linear, such as softmax, how far rounding reaches is an estimate: the step is run once more with
    each number moved by as much as it may be off.

    Activations are these, as modules, functions or methods of tensors. With kinks: relu,
    leaky_relu, rrelu, prelu, abs, relu6, hardtanh, hardsigmoid, softshrink, threshold, clamp.
    Smooth, as a proxy: gelu, silu, mish, elu, celu, selu, tanh, sigmoid, softplus, logsigmoid,
    hardswish, hardshrink, glu (of its gate); softsign and tanhshrink count as the abs and the tanh
    that torch makes them of. With winners: maximum, minimum, amax, amin, max and min over an axis
    or of two tensors, max_pool and adaptive_max_pool. Nothing else is one: softmax, sin and exp are
    not counted, and neither are comparisons such as those that ``torch.where`` is given, of which a
    warning tells. What is inside one call, such as ``torch.nn.LSTM`` or attention, is not seen.

    Forward hooks of the network run, since they belong to what it computes: one that records is
    called with batches that are made here.

    Examples
    --------
    >>> import numpy as np, splineviz as sv
    >>> program = sv.Run.bundled("checkerboard").program(30000)
    >>> points = np.random.default_rng(0).uniform(-1.5, 1.5, (100, 2))
    >>> lc = sv.local_complexity(program, points, radius=0.1, directions=2)
    >>> lc.counts.shape
    (100, 3)
    >>> lc.names
    ('1', '3', '5')
    """
    points = checked_points(x)
    radii, single = checked_radii(radius)
    size = checked_batch_size(batch_size)
    frame = Frame.of(directions, points.shape[1:], seed, shared_frame)
    with (
        full_precision(),
        made_on("cpu"),
        torch.inference_mode(False),
        torch.no_grad(),
        reporting(progress, len(points)) as report,
    ):
        network = estimator_for(model, points.shape[1:], device, layers, winners, logits)
        counts, near = counted(network, points, radii, frame, centre, size, report)
    if single:
        counts, near = counts[0], near[0]
    return LocalComplexity(
        counts,
        near,
        tuple(layer for layer, _ in network.layers),
        float(radii[0]) if single else radii,
        frame.directions,
        frame.count,
        frame.seed,
    )
