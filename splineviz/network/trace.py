"""From a torch network to a :class:`~splineviz.network.program.Program`.

The network is followed with :mod:`torch.fx`; each call that this meets is read by a row of
:data:`~splineviz.network.layers.LAYERS`, and refused if there is none. The result is then compared
with what the network computes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import fx

from splineviz.errors import (
    NonFiniteValues,
    ShapeMismatch,
    TraceMismatch,
    UnsupportedLayer,
)
from splineviz.network.following import ROOT, follow
from splineviz.network.isolation import (
    float64_copy,
    made_on,
    untouched_random_state,
    without_hooks,
)
from splineviz.network.lowering import Parts, lower, steps_of
from splineviz.network.module import ProgramModule, output_of, walk
from splineviz.network.program import Program

# Primes, and not alike: a reshape that names a batch size cannot work with both.
_BATCH_SIZES = (11, 13)

# The program does the same operations in another order than torch, so that they agree up to
# rounding, which grows slowly with width and depth; a wrong graph is off by far more.
_AGREEMENT = 1e-9
_CAUSES = (
    "This happens if a forward hook changes values, or if the forward is random or depends on more "
    "than its input; remove what does"
)


def trace(model: torch.nn.Module, input_shape: Sequence[int] | int) -> Program:
    """Trace a piecewise-linear network.

    Parameters
    ----------
    model : torch.nn.Module
        A network that takes one tensor of shape (n, *input_shape), a batch, and returns one tensor
        of shape (n, *output_shape). It may be in any mode, dtype and on any device, and is traced
        as it is in eval mode. It is copied, and comes back untouched.
    input_shape : int or sequence of int
        The shape of one sample.

    Returns
    -------
    Program
        With the weights in float64.

    Raises
    ------
    UnsupportedLayer
        If the network contains something without a row in
        :data:`~splineviz.network.layers.LAYERS`, mixes the samples of a batch, or has a forward
        that cannot be followed; the message says where, why and what would work.
    ShapeMismatch
        If the network does not take inputs of that shape.
    NonFiniteValues
        If a weight is NaN or infinite, or the output overflows.
    TraceMismatch
        If the program does not compute what the network's own forward does.

    Notes
    -----
    Forward hooks can change what a network computes, so they run, on the copy, in the calls that
    the program is compared with.

    Other threads may run networks meanwhile, and those that trace wait for each other. While
    torch.fx follows a forward, torch lets no thread run what :func:`torch.compile` made.
    """
    shape = _checked_shape(input_shape)
    with (
        untouched_random_state(),
        made_on("cpu"),
        torch.inference_mode(False),
        torch.no_grad(),
    ):
        network, inputs = float64_copy(model), _inputs(shape)
        program = _of_program_module(network, shape)
        if program is None:
            program = _of_forward(network, inputs)
        _compare(program, network, inputs)
    return program


def _of_program_module(network: torch.nn.Module, shape: tuple[int, ...]) -> Program | None:
    """The program of a module that a program made, or None for any other module."""
    if not isinstance(network, ProgramModule):
        return None
    program = network.program()
    if program.input_shape != shape:
        raise ShapeMismatch(
            f"the network takes inputs of shape {program.input_shape}; given {shape}"
        )
    return program


def _of_forward(network: torch.nn.Module, inputs: torch.Tensor) -> Program:
    """The program of the calls that a network's forward makes."""
    graph, root = follow(without_hooks(network), tuple(inputs.shape[1:]))
    parts = Parts(root)
    program = lower(graph, parts, inputs[: _BATCH_SIZES[0]].clone())
    _check_batch_size(program, graph, parts, inputs)
    return program


def _checked_shape(input_shape: Sequence[int] | int) -> tuple[int, ...]:
    sizes = (input_shape,) if isinstance(input_shape, int) else tuple(input_shape)
    if not all(isinstance(size, int | np.integer) and size > 0 for size in sizes):
        raise ShapeMismatch(
            f"the input shape must be the shape of one sample, in positive integers, such as (2,) "
            f"or (1, 28, 28); given {input_shape!r}"
        )
    return tuple(int(size) for size in sizes)


def _inputs(shape: tuple[int, ...]) -> torch.Tensor:
    """Random inputs, small, middling and large, as many as the largest batch has."""
    scales = np.resize([0.01, 1.0, 10.0], max(_BATCH_SIZES)).reshape(-1, *[1] * len(shape))
    rng = np.random.default_rng(1)
    return torch.from_numpy(scales * rng.standard_normal((len(scales), *shape)))


def _check_batch_size(
    program: Program, graph: fx.Graph, parts: Parts, inputs: torch.Tensor
) -> None:
    """Refuse a network that does something else for another number of samples."""
    few, more = _BATCH_SIZES
    cause = "the steps differ"
    try:
        again = steps_of(graph, parts, inputs[:more].clone())
    except (ShapeMismatch, UnsupportedLayer) as error:
        cause = str(error)
    else:
        if again == (program.steps, program.shapes):
            return
    raise UnsupportedLayer(
        "",
        type(getattr(parts.root, ROOT)).__name__,
        f"it works for a batch of {few} samples but not alike for {more} ({cause})",
        "Treat samples independently of each other and of their number, for example with "
        "x.view(x.size(0), -1).",
    )


def _compare(program: Program, network: torch.nn.Module, inputs: torch.Tensor) -> None:
    """Compare the program with the network's own forward, hooks included."""
    kind = type(network).__name__
    try:
        expected = network(inputs.clone())
    except Exception as error:
        raise UnsupportedLayer(
            "",
            kind,
            f"its forward fails in float64 on the CPU ({type(error).__name__}: {error})",
            "Let the forward, and hooks on it, work on tensors of any dtype and device.",
        ) from error
    if not isinstance(expected, torch.Tensor) or expected.shape[1:] != program.output_shape:
        raise TraceMismatch(
            f"the trace of {kind} makes a tensor of shape (n, *{program.output_shape}), but its "
            f"forward makes {_described(expected)}. {_CAUSES}"
        )
    # In torch: numpy's threads would go on spinning beside those of torch.
    weights = {key: torch.tensor(array) for key, array in program.state.items()}
    alone = output_of(program, weights, inputs[:1])
    found, largest = inputs, inputs.abs().max()
    # One value at a time: together they may not fit into memory.
    for i, made in walk(program, weights, inputs):
        largest = largest.maximum(made.abs().max())
        if i + 1 == program.output:
            found = made
    if not (largest.isfinite() and expected.isfinite().all()):
        raise NonFiniteValues(
            f"{kind} overflows on inputs between {inputs.min():.3g} and {inputs.max():.3g}, though "
            "its weights are finite; make its weights smaller"
        )
    if bool((alone - found[:1]).abs().max() > _AGREEMENT * largest):
        raise UnsupportedLayer(
            "",
            kind,
            "it mixes the samples of a batch: a sample alone gives another result",
            "Treat samples independently of each other.",
        )
    difference = float((found - expected).abs().max())
    if difference > _AGREEMENT * largest:
        raise TraceMismatch(
            f"the trace of {kind} does not compute what its forward does: on random inputs the "
            f"outputs differ by up to {difference:.3g}, where rounding explains at most "
            f"{_AGREEMENT * largest:.3g}. {_CAUSES}"
        )


def _described(value: Any) -> str:
    if isinstance(value, torch.Tensor):
        return f"one of shape {tuple(value.shape)}"
    return f"a {type(value).__name__}"
