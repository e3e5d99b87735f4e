"""From a torch network to a :class:`~splineviz.network.program.Program`.

The network is followed with :mod:`torch.fx`; each call that this meets is read by a row of
:data:`~splineviz.network.layers.LAYERS`, and refused if there is none. The result is then compared
with what the network computes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from torch import fx

from splineviz.errors import ShapeMismatch, UnsupportedLayer
from splineviz.network.agreement import check_agreement
from splineviz.network.following import ROOT, follow
from splineviz.network.interpret import interpret
from splineviz.network.isolation import (
    float64_copy,
    made_on,
    untouched_random_state,
    without_hooks,
)
from splineviz.network.lowering import Parts, lower, steps_of
from splineviz.network.module import ProgramModule, Tensors
from splineviz.network.program import Program

# Primes, and not alike: a reshape that names a batch size cannot work with both.
_BATCH_SIZES = (11, 13)

# The same sums for one sample and for many differ by rounding only; those of a network that mixes
# samples by far more.
_AGREEMENT = 1e-9


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
    sizes = tuple(input_shape) if isinstance(input_shape, Iterable) else (input_shape,)
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
    """Compare the program with the network's own forward, and a sample with a batch."""
    weights = {key: torch.tensor(array) for key, array in program.state.items()}
    found = check_agreement(program, weights, network, inputs)
    alone = interpret(Tensors(program, weights), {0: inputs[:1]})[program.output]
    if bool((alone - found[:1]).abs().max() > _AGREEMENT * found.abs().max()):
        raise UnsupportedLayer(
            "",
            type(network).__name__,
            "it mixes the samples of a batch: a sample alone gives another result",
            "Treat samples independently of each other.",
        )
