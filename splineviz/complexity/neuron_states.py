"""neuron_states: which neurons are dead, live or always on at some points."""

from __future__ import annotations

import numpy.typing as npt
import torch

from splineviz.complexity.arguments.layer_choice import LayerChoice
from splineviz.complexity.arguments.layer_names import Selection
from splineviz.complexity.counting.full_precision import plain_torch
from splineviz.complexity.counting.neuron_states import neuron_states_of
from splineviz.complexity.propagation.memory_layout import values_of
from splineviz.complexity.propagation.model_estimator import make_estimator
from splineviz.complexity.results.neuron_states import NeuronStates
from splineviz.network.program import Program
from splineviz.progress import Progress, reporting
from splineviz.validation.arrays import as_inputs
from splineviz.validation.calls import explained


@explained()
def neuron_states(
    model: torch.nn.Module | Program,
    x: npt.ArrayLike,
    *,
    layers: Selection = None,
    winners: bool = False,
    device: str | torch.device | None = None,
    progress: Progress | bool | None = None,
) -> NeuronStates:
    """Find which neurons are dead, live or always on at some points.

    A neuron is *live* if it switches: its pre-activation does not lie on the same side of all
    breakpoints at all points. It is *dead* if it does not switch, and the piece of the activation
    on which it stays is constant: a ReLU that is off at all points. Otherwise it is *always on*.

    Parameters
    ----------
    model : torch.nn.Module or Program
        Any network, in any mode, dtype and on any device; it comes back untouched.
    x : array-like of shape (N, *input_shape), floating point
        The reference points, such as the training points.
    layers : callable or sequence, optional
        As for :func:`~splineviz.complexity.local_complexity.local_complexity`. Default: every
        activation.
    winners : bool
        Whether to include windows of max pooling, maxima and minima.
    device : str or torch.device, optional
        Where to compute. Default: where the model is.
    progress : bool or callable, optional
        True for a progress bar; a function is called with (points done, all points).

    Returns
    -------
    NeuronStates

    Raises
    ------
    UnsupportedLayer, ShapeMismatch, NonFiniteValues, UnknownName, InvalidArgument
        As for `local_complexity`.

    Notes
    -----
    A pre-activation that equals a breakpoint lies below it: a ReLU at 0 is off. ReLU6 has two
    constant pieces; a neuron that is below 0 at some points and above 6 at others is live. What
    has no constant piece is never dead: leaky ReLU, smooth activations (of which the zero of the
    pre-activation counts as breakpoint), the sign of values that a name chooses, and a window of
    max pooling, which is live if the same value does not win at all points.

    The signs are those of float64 numbers. Points are taken batch by batch, so memory does not
    grow with them.

    Examples
    --------
    >>> import splineviz as sv
    >>> run = sv.Run.bundled("checkerboard")
    >>> sv.neuron_states(run.program(30000), run.samples[0])
    NeuronStates(98 dead, 88 live, 6 always on of 192 neurons in 3 layers; 150 points)
    """
    points = as_inputs(x, "x", integers=False)
    choice = LayerChoice.read(layers, winners=winners)
    # Not inside plain_torch: torch.export writes the precision it finds down as the user's own.
    network = make_estimator(model, points.shape[1:], device, choice)
    with plain_torch(), reporting(progress, len(points)) as report:
        of_layers = neuron_states_of(network, points, report)
    states = {
        layer.name: (each.reshape(layer.shape) if switches.leads else values_of(each, layer.shape))
        .cpu()
        .numpy()
        for each, (layer, switches) in zip(of_layers, network.layers, strict=True)
    }
    return NeuronStates(
        layers=tuple(layer for layer, _ in network.layers), states=states, n_points=len(points)
    )
