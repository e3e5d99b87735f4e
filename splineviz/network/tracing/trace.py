"""trace: a network as a program."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from splineviz.errors import (
    InvalidProgram,
    ShapeMismatch,
    SplinevizError,
    TraceMismatch,
    UnsupportedLayer,
)
from splineviz.network.interpret import walk
from splineviz.network.layers.opaque import operation_name
from splineviz.network.layers.schemas.schema import NoBatch
from splineviz.network.program import Program
from splineviz.network.program_checks import StepCannotBe
from splineviz.network.torch_modules.hooks import has_hooks, hooks_only_watch, without_hooks
from splineviz.network.torch_modules.model_copy import float64_copy
from splineviz.network.torch_modules.program_module import ProgramModule, Tensors
from splineviz.network.torch_modules.running import made_on, untouched_random_state
from splineviz.network.tracing.agreement import check_agreement
from splineviz.network.tracing.exporting.export import exported
from splineviz.network.tracing.lowering.folding import Folding
from splineviz.network.tracing.lowering.graph_lowering import Lowered, lower
from splineviz.network.tracing.module_state import surroundings_of
from splineviz.network.tracing.operations.call import MIXES_SAMPLES
from splineviz.network.tracing.start_module import Start, start_behind
from splineviz.network.tracing.trace_cache import remember, traced_before
from splineviz.validation.calls import explained
from splineviz.validation.wording import shown

# How many samples a network is exported with: primes of which few shapes have a multiple. The
# second is tried where the first fails. What the network does for so many is compared with what it
# does for fewer, and for one alone.
_SAMPLES = (31, 37)
_MOST_COMPARED = 7
# Where that is more numbers than this in all, two: a small and a large one. In a network so large
# these cost as much as its export.
_NUMBERS = 2**20

# The same sums for one sample and for many differ by rounding only; those of a step that mixes
# samples by far more.
_AGREEMENT = 1e-9


@explained()
def trace(
    model: torch.nn.Module,
    example: Sequence[int] | int | npt.ArrayLike | torch.Tensor,
    *,
    start: str | None = None,
) -> Program:
    """Trace a network: write down the operations that it makes.

    Parameters
    ----------
    model : torch.nn.Module
        A network that takes one tensor of shape (n, *input_shape), a batch, and returns one tensor
        of shape (n, *output_shape). It may be in any mode, dtype and on any device, and is traced
        as it is in eval mode. It is copied, and comes back untouched.
    example : int, sequence of int, array or tensor
        The shape of one sample, or a batch of samples.
    start : str, optional
        The path of a module, such as ``"transformer.wte"``, whose result is to be the program's
        input. So a network whose input is the numbers of tokens is traced behind its embedding;
        ``example`` is then a batch of tokens, and what else the network makes of tokens, such as
        a mask, is that of the first sample in it. Default: the network's own input.

    Returns
    -------
    Program
        With the weights in float64.

    Raises
    ------
    UnsupportedLayer
        If the network mixes the samples of a batch, is random, decides by numbers, or has a
        forward that cannot be followed; the message says where, why and what would work.
    ShapeMismatch
        If the network does not take inputs of that shape.
    UnknownName
        If the network has no module of the name `start`.
    NonFiniteValues
        If a weight is NaN or infinite, or the output overflows.
    TraceMismatch
        If the program does not compute what the network's own forward does.

    Notes
    -----
    What is neither affine nor piecewise linear becomes an opaque step, which torch runs. Local
    complexity is measured in such a program; :func:`~splineviz.enumerate_regions` needs one
    without.

    Forward hooks belong to what a network computes. They run on the copy.

    A network is exported in the first call only. In later ones its weights are read and the program
    is compared with it, on inputs of seven sizes; of three if the network is very large. Where they
    differ, or anything beside the weights has changed, it is exported again. Nothing keeps the
    network or its weights.
    """
    return traced(model, example if start is None else start_at(start, example)).program


def start_at(start: str, example: Sequence[int] | int | npt.ArrayLike | torch.Tensor) -> Start:
    """Find where a program begins, from the arguments of `trace`."""
    batch = _read(example)[1]
    return Start(start, None if batch is None else batch[:1].clone())


def traced(
    model: torch.nn.Module,
    example: Sequence[int] | int | npt.ArrayLike | torch.Tensor | Start,
) -> Lowered:
    """Trace a network, and keep how its weights follow from the network's.

    Parameters
    ----------
    model, example
        As for `trace`; or, in place of an example, where in the network the program begins.
    """
    start = example if isinstance(example, Start) else None
    shape = () if isinstance(example, Start) else _read(example)[0]
    with (
        untouched_random_state(),
        made_on("cpu"),
        torch.inference_mode(False),
        torch.no_grad(),
    ):
        network = float64_copy(model)
        if start is not None:
            return _of_forward(network, start_behind(network, start))
        if isinstance(network, ProgramModule):
            program = _of_program_module(network, shape)
            return Lowered(program, Folding(tuple(program.state)))
        surroundings = surroundings_of(model)
        lowered = traced_before(model, shape, network, surroundings)
        if lowered is None:
            lowered = _of_forward(network, shape)
            remember(model, shape, lowered, surroundings)
        return lowered


def _of_program_module(network: ProgramModule, shape: tuple[int, ...]) -> Program:
    program = network.program()
    if program.input_shape != shape:
        raise ShapeMismatch(
            f"the network takes inputs of shape {program.input_shape}; given {shape}"
        )
    return program


def _of_forward(network: torch.nn.Module, shape: tuple[int, ...]) -> Lowered:
    """Make the program of a network's forward."""
    inputs = _inputs(shape, _MOST_COMPARED)
    if not has_hooks(network):
        return _compared(network, network, inputs)
    # What hooks keep that only watch should not be the stand-ins of torch.export.
    if hooks_only_watch(network, inputs[:1]):
        return _compared(without_hooks(network), network, inputs)
    return _compared(network, network, inputs)


def _compared(followed: torch.nn.Module, network: torch.nn.Module, inputs: torch.Tensor) -> Lowered:
    """Make the program of one network and compare it with another one, which it must equal."""
    first, second = _SAMPLES
    try:
        return _compared_with(first, followed, network, inputs)
    except (UnsupportedLayer, TraceMismatch, InvalidProgram) as error:
        try:
            return _compared_with(second, followed, network, inputs)
        except SplinevizError:
            if isinstance(error, InvalidProgram):
                raise UnsupportedLayer(
                    "",
                    type(network).__name__,
                    f"it cannot be written down as a program ({error})",
                    "Write it with other operations.",
                ) from error
            raise error from None


def _compared_with(
    count: int, followed: torch.nn.Module, network: torch.nn.Module, inputs: torch.Tensor
) -> Lowered:
    shape = tuple(inputs.shape[1:])
    graph = exported(followed, torch.zeros((count, *shape), dtype=torch.float64))
    lowered = lower(graph, followed, count, shape)
    program = lowered.program
    _check_opaque_steps(program)
    # In the memory of the program's, where the forward does not write to it.
    held = lowered.folding.weights_of(followed, shared=True)
    weights = {key: tensor.double() for key, tensor in held.items()}
    versions = [tensor._version for tensor in held.values()]
    numbers = sum(map(math.prod, program.shapes))
    if _MOST_COMPARED * numbers > _NUMBERS:
        inputs = inputs[[0, 2]]
    outputs = None
    for batch in (inputs, inputs[-1:]):
        try:
            outputs = check_agreement(
                program,
                weights,
                network,
                batch,
                lowered.roundings,
                # Only what torch runs could treat samples differently when they are alone.
                outputs=None if outputs is None or program.opaque_steps else outputs[-1:],
            )
        except (TraceMismatch, UnsupportedLayer) as error:
            again = _inputs(shape, count)
            try:
                check_agreement(program, weights, network, again, lowered.roundings)
                _check_samples_apart(program, weights, inputs)
            except RuntimeError:
                # Torch cannot run for so many samples what was written down for others.
                pass
            raise UnsupportedLayer(
                "",
                type(network).__name__,
                f"it works for a batch of {count} samples but not alike for {len(batch)} ({error})",
                "Treat samples independently of each other and of their number, for example with "
                "x.view(x.size(0), -1).",
            ) from error
    if versions != [tensor._version for tensor in held.values()]:
        raise UnsupportedLayer(
            "",
            type(network).__name__,
            "its forward writes to its own weights for some numbers of samples",
            "Let the forward only read them.",
        )
    _check_samples_apart(program, weights, inputs)
    return lowered


def _check_opaque_steps(program: Program) -> None:
    """Refuse opaque steps that torch cannot run for any number of samples."""
    try:
        program.check_opaque_steps()
    except StepCannotBe as error:
        why = "it cannot be a step of a program"
        advice = "Write it with other operations, or make the network or its input smaller."
        if isinstance(error.misfit, NoBatch):
            why, advice = "it mixes the samples of a batch", MIXES_SAMPLES
        raise UnsupportedLayer(
            error.step.name, operation_name(error.step.options), f"{why}: {error.misfit}", advice
        ) from error


def _check_samples_apart(
    program: Program, weights: Mapping[str, torch.Tensor], inputs: torch.Tensor
) -> None:
    """Refuse a network in which a step that torch runs mixes the samples of a batch.

    All other steps keep them apart by what they are. The first sample and the last are compared, as
    some steps mix one way only, and those between are up to 1,000 times as large. So it is for
    numbers drawn at random in place of what a step reads: zeros of an activation may hide what it
    mixes.
    """
    if not program.opaque_steps:
        return
    domain = Tensors(program, weights)
    batch = inputs.clone()
    batch[1:-1] *= 100.0
    ends = batch[[0, -1]]
    generator = torch.Generator().manual_seed(0)
    together = {}
    for i, read, result in walk(domain, {0: batch}):
        if i in program.opaque_steps:
            together[i] = result[[0, -1]]
            _check_step(domain, i, [_drawn(value, generator) for value in read])
    for k in range(2):
        for i, _, alone in walk(domain, {0: ends[k : k + 1]}):
            if i in together and not _same(alone, together[i][k : k + 1]):
                raise _mixing(program, i)


def _check_step(domain: Tensors, i: int, inputs: Sequence[torch.Tensor]) -> None:
    """Refuse a step that mixes the samples of what it is given."""
    samples = len(inputs[0])
    try:
        together = domain.opaque(i, inputs)
        alone = [domain.opaque(i, [value[k : k + 1] for value in inputs]) for k in (0, samples - 1)]
    except SplinevizError:
        # Not every step takes any numbers: some are places.
        return
    if not all(_same(one, together[k]) for one, k in zip(alone, ([0], [-1]), strict=True)):
        raise _mixing(domain.program, i)


def _drawn(like: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Draw numbers, or truth values, for a tensor; others are kept."""
    if like.is_floating_point():
        return torch.randn(like.shape, generator=generator, dtype=like.dtype)
    if like.dtype == torch.bool:
        return torch.rand(like.shape, generator=generator) < 0.5
    return like


def _mixing(program: Program, i: int) -> UnsupportedLayer:
    step = program.steps[i]
    return UnsupportedLayer(
        step.name,
        operation_name(step.options),
        "it mixes the samples of a batch: a sample alone gives another result",
        MIXES_SAMPLES,
    )


def _same(alone: torch.Tensor, together: torch.Tensor) -> bool:
    if alone.shape != together.shape:
        return False
    one, other = alone.double(), together.double()
    size = float(other.nan_to_num(0.0, 0.0, 0.0).abs().max())
    return bool(
        torch.isclose(one, other, rtol=_AGREEMENT, atol=_AGREEMENT * size, equal_nan=True).all()
    )


def _read(example: Any) -> tuple[tuple[int, ...], torch.Tensor | None]:
    """Return the shape of one sample, and the samples if there are any."""
    if isinstance(example, torch.Tensor | np.ndarray):
        if example.ndim > 1:
            return _read_batch(example)
        # The numbers of a shape, in an array.
        example = example.tolist()
    sizes = [*example] if isinstance(example, Sequence) else [example]
    if isinstance(example, str | bytes) or not all(
        isinstance(size, int | np.integer) and not isinstance(size, bool) and 0 < size < 2**31
        for size in sizes
    ):
        raise ShapeMismatch(
            "example must be the shape of one sample, in positive integers, such as (2,) or "
            f"(1, 28, 28), or an array, a batch of samples; not {shown(example)}"
        )
    return tuple(int(size) for size in sizes), None


def _read_batch(example: torch.Tensor | np.ndarray) -> tuple[tuple[int, ...], torch.Tensor]:
    kinds = isinstance(example, torch.Tensor) or (
        example.dtype.kind in "fiub" and not np.ma.is_masked(example)
    )
    batch = torch.as_tensor(example).detach() if kinds else None
    if batch is None or batch.is_complex() or batch.is_meta or 0 in batch.shape:
        raise ShapeMismatch(
            "example must be a batch of real numbers or tokens, of shape (n, ...), not "
            f"{type(example).__name__} of {example.dtype} and shape {tuple(example.shape)}"
        )
    return tuple(batch.shape[1:]), batch.to("cpu")


def _inputs(shape: tuple[int, ...], count: int) -> torch.Tensor:
    """Draw small, middling and large random inputs."""
    scales = np.resize([0.01, 1.0, 10.0], count).reshape(-1, *[1] * len(shape))
    rng = np.random.default_rng(1)
    return torch.from_numpy(scales * rng.standard_normal((count, *shape)))
