"""local_complexity: how many neurons' boundaries cross a small neighborhood of each point."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch

from splineviz.complexity.arguments.layer_choice import LayerChoice
from splineviz.complexity.arguments.layer_names import LIVE, Selection
from splineviz.complexity.arguments.neighborhood import Neighborhood
from splineviz.complexity.counting.batches import count_crossings
from splineviz.complexity.counting.full_precision import plain_torch
from splineviz.complexity.counting.neuron_states import neuron_states_of
from splineviz.complexity.propagation.memory_layout import rows_of
from splineviz.complexity.propagation.model_estimator import make_estimator
from splineviz.complexity.results.local_complexity import LocalComplexity
from splineviz.network.program import Program
from splineviz.progress import Progress, reporting
from splineviz.typing import AnyFloatArray, StateArray
from splineviz.validation.arrays import as_inputs
from splineviz.validation.calls import explained
from splineviz.validation.numbers import as_int


@explained(centre="center")
def local_complexity(
    model: torch.nn.Module | Program,
    x: npt.ArrayLike,
    *,
    radius: float | npt.ArrayLike = 0.005,
    directions: int | npt.ArrayLike | None = None,
    seed: int = 0,
    layers: Selection = None,
    logits: bool = False,
    winners: bool = False,
    live_at: npt.ArrayLike | None = None,
    center: bool = False,
    shared_frame: bool = True,
    batch_size: int | None = None,
    device: str | torch.device | None = None,
    progress: Progress | bool | None = None,
) -> LocalComplexity:
    """Count the neurons whose boundaries cross a small neighborhood of each point.

    The neighborhood of x is the cross-polytope with the vertices x + r v and x - r v for
    orthonormal directions v. All vertices go through the network, in eval mode. A neuron is crossed
    if its pre-activation does not have the same sign (negative, zero or positive) at all of them.
    A convolution has a neuron for each channel and pixel.

    Parameters
    ----------
    model : torch.nn.Module or Program
        Any network, in any mode, with any dtype, on any device. It is not changed; the computation
        uses a float64 copy of its weights.
    x : array-like of shape (N, *input_shape), floating point
        The points.
    radius : float, or sequence of float
        r, in units of the inputs.
    directions : int, or array-like of shape (P, *input_shape), optional
        How many random directions, at most the dimension of an input; or the directions
        themselves, unit vectors such as ``LocalComplexity.directions``. Default: 25, or
        the dimension of an input if that is smaller.
    seed : int
        Seed of the random directions. The global random state is neither read nor changed.
    layers : callable or sequence, optional
        Layers to count. Default: every activation listed under Notes. A function gets each
        :class:`~splineviz.complexity.arguments.layer_names.Layer` and says whether to count it. A
        list holds names: the name of an activation counts the signs of its pre-activations; the
        name of any other step, or of a module with one output, counts the signs of its output; a
        tuple of names counts the signs of the sum of their outputs. So ``["1", "3"]`` are two
        layers and ``[("1", "3")]`` is one. If a module is called several times, its name stands for
        the first call, and ``_1`` at the end for the second.
    logits : bool
        Whether to count the signs of the network's outputs too, as the paper's code does for MLPs.
    winners : bool
        Whether to count windows of max pooling, maxima and minima in which another value wins.
    live_at : array-like of shape (M, *input_shape), floating point, optional
        Count only neurons that are live at these points, as
        :func:`~splineviz.complexity.neuron_states.neuron_states` finds them: the points of x
        again, or the training points. Default: count all neurons.
    center : bool
        Whether x itself counts as a vertex.
    shared_frame : bool
        Whether all points share the same random directions. Otherwise those of a point depend on
        the seed and on its coordinates.
    batch_size : int, optional
        How many points to take at a time. Default: as many as keep memory small. The counts do
        not depend on it.
    device : str or torch.device, optional
        Where to compute. Default: where the model is.
    progress : bool or callable, optional
        True for a progress bar; a function is called with (points done, all points).

    Returns
    -------
    LocalComplexity

    Raises
    ------
    UnsupportedLayer
        If the model is not a module, or cannot be traced: it cannot be copied or run, is random,
        branches on computed numbers, or mixes the samples of a batch.
    ShapeMismatch
        If x is empty, or not a batch of inputs of the network.
    InvalidArgument
        If a radius is not positive; if there are more directions than dimensions, or some are not
        unit vectors; if the seed is not a whole number of at least 0, or the batch size not one of
        at least 1; if the device cannot compute in float64; if x does not hold real numbers; if
        `layers` holds anything but names; or if there is nothing to count.
    NonFiniteValues
        If x, a parameter or an output is NaN or infinite, or a value overflows. A buffer may be
        infinite, such as the mask of an attention.
    UnknownName
        If no layer has that name; the message lists similar ones.

    Notes
    -----
    After Humayun, Balestriero and Baraniuk, *Deep Networks Always Grok and Here is Why* (arXiv
    2402.15555), section 3. What differs from their code: the directions are uniform (Haar); no
    sample is dropped; by default the inputs of each nonlinearity are counted, not the outputs of
    each Linear; values that rounding cannot tell from zero count as zero, and ``uncertain`` says
    how many.

    LC is a lower bound for the neurons whose boundary passes through the image of the
    neighborhood, and exact for the cross-polytope in the first layer only. It depends on r, P and
    the directions: compare values for the same ones. Over a training even the sign of a change can
    depend on r: in the bundled run, LC near the training points is higher at the end than at the
    start for r = 0.005, and lower for 0.05 and 0.1. So measure two or three radii (a sequence, in
    one call) and report them. For smooth activations LC is a proxy.

    Where neurons die, LC falls although the boundaries of the others stay where they are. With
    `live_at` such neurons are left out, and ``fractions`` are shares of the live neurons.

    Over a training, :meth:`Run.local_complexity` measures each checkpoint of a run, and
    :meth:`ComplexityCurves.from_results` collects results from a loop of your own.

    The network is traced, and differences between vertices go through its program in float32;
    points that stay uncertain are repeated in float64. The rounding of each step is bounded for any
    numbers and any order of sums. The rounding of earlier steps is carried on as if its parts were
    independent, times 32. After steps that are neither affine nor piecewise linear, such as
    softmax, it is an estimate: the step runs once more with every input moved by its possible
    error.

    These count as activations, as modules, functions or methods of tensors. Piecewise linear: relu,
    leaky_relu, rrelu, prelu, abs, relu6, hardtanh, hardsigmoid, softshrink, threshold, clamp.
    Smooth, as a proxy: gelu, silu, mish, elu, celu, selu, tanh, sigmoid, softplus, logsigmoid,
    hardswish, hardshrink, glu (of its gate); softsign and tanhshrink count as the abs and the tanh
    that torch makes them of. With winners: maximum, minimum, amax, amin, max and min over an axis
    or of two tensors, max_pool and adaptive_max_pool. Nothing else: softmax, sin and exp are not
    counted, and neither are the comparisons behind ``torch.where``, for which there is a warning.
    The inside of one call of torch, such as ``torch.nn.LSTM`` or attention, is not counted.

    Forward hooks of the network run, since they may change what it computes. A hook that records
    sees the batches of this function.

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
    points = as_inputs(x, "x", integers=False)
    neighborhood = Neighborhood.read(
        radius,
        directions,
        points.shape[1:],
        seed=seed,
        shared_frame=shared_frame,
        center=center,
    )
    choice = LayerChoice.read(
        layers, winners=winners, logits=logits, live_at=live_at, input_shape=points.shape[1:]
    )
    return complexity_around(
        model,
        points,
        neighborhood,
        choice,
        batch_size=batch_size,
        device=device,
        progress=progress,
    )


def complexity_around(
    model: torch.nn.Module | Program,
    points: AnyFloatArray,
    neighborhood: Neighborhood,
    choice: LayerChoice,
    *,
    counted: Mapping[str, StateArray] | None = None,
    batch_size: int | None = None,
    device: str | torch.device | None = None,
    progress: Progress | bool | None = None,
) -> LocalComplexity:
    """Count the crossed neurons around some points, from arguments that were read.

    Parameters
    ----------
    model, batch_size, device, progress
        As for `local_complexity`.
    points : floating-point array (N, *input_shape)
        The points; finite numbers.
    neighborhood : Neighborhood
        The neighborhood of each of them.
    choice : LayerChoice
        The layers to count.
    counted : mapping of str to array (*layer shape), optional
        Only neurons that are live in these states are counted, by the name of the layer: those of
        the network at another checkpoint, for example. Default: as `choice` says.
    """
    size = None if batch_size is None else as_int(batch_size, "batch_size", 1)
    # Not inside plain_torch: torch.export writes the precision it finds down as the user's own.
    network = make_estimator(model, points.shape[1:], device, choice)
    with plain_torch(), reporting(progress, len(points)) as report:
        layers = tuple(layer for layer, _ in network.layers)
        neurons = np.array([layer.width for layer in layers], dtype=np.int64)
        live = None
        if counted is not None:
            live = [
                (states.flatten() if switches.leads else rows_of(states[None], 1)[0]) == LIVE
                for layer, switches in network.layers
                for states in [torch.from_numpy(counted[layer.name])]
            ]
        elif choice.live_at is not None:
            live = [each == LIVE for each in neuron_states_of(network, choice.live_at)]
        if live is not None:
            network.count_only(live)
            neurons = np.array([int(some.sum()) for some in live], dtype=np.int64)
        counts, uncertain = count_crossings(network, points, neighborhood, size, report)
    return LocalComplexity(
        layers=layers,
        choice=choice.by_names(network.names),
        neighborhood=neighborhood,
        counts=neighborhood.squeezed(counts),
        uncertain=neighborhood.squeezed(uncertain),
        neurons=neurons,
    )
