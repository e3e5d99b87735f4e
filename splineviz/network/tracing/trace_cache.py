"""Traces of networks that are still there: used again where nothing but numbers has changed."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import NamedTuple
from weakref import WeakKeyDictionary

import torch

from splineviz.errors import SplinevizError
from splineviz.network.program import Program
from splineviz.network.program_weights import ProgramWeights
from splineviz.network.step import Step
from splineviz.network.torch_modules.model_copy import moved_copy
from splineviz.network.tracing.agreement import FEWEST, check_agreement, inputs_for
from splineviz.network.tracing.lowering.folding import Folding
from splineviz.network.tracing.lowering.graph_lowering import Lowered
from splineviz.network.tracing.module_state import Surroundings


class _Trace(NamedTuple):
    """What is kept of a trace: all but the weights."""

    steps: tuple[Step, ...]
    shapes: tuple[tuple[int, ...], ...]
    output: int
    folding: Folding
    roundings: Mapping[int, float]
    surroundings: Surroundings


_TRACES: MutableMapping[torch.nn.Module, dict[tuple[int, ...], _Trace]] = WeakKeyDictionary()


def remember(
    model: torch.nn.Module, shape: tuple[int, ...], lowered: Lowered, surroundings: Surroundings
) -> None:
    """Keep the trace of a network as long as the network exists.

    Parameters
    ----------
    model : torch.nn.Module
        The user's network, not a copy.
    shape : tuple of int
        Of one sample.
    lowered : Lowered
        What was traced of it.
    surroundings : Surroundings
        What there was beside its weights before.
    """
    program = lowered.program
    _TRACES.setdefault(model, {})[shape] = _Trace(
        program.steps,
        program.shapes,
        program.output,
        lowered.folding,
        lowered.roundings,
        surroundings,
    )


def traced_before(
    model: torch.nn.Module,
    shape: tuple[int, ...],
    network: torch.nn.Module,
    surroundings: Surroundings,
) -> Lowered | None:
    """Return the trace of a network with the weights that it has now, if it is known.

    Parameters
    ----------
    model, shape
        As for `remember`.
    network : torch.nn.Module
        A copy in float64, on the CPU and in eval mode.
    surroundings : Surroundings
        What there is beside its weights now.

    Returns
    -------
    Lowered or None
        None if it was not traced, if anything beside its weights has changed since, or if the
        program with its weights of now does not compute what the network does, on inputs of seven
        sizes (of three in a very large network). It is to be traced then.
    """
    known = _TRACES.get(model, {}).get(shape)
    if known is None or known.surroundings != surroundings:
        return None
    try:
        # Before it runs: a forward may write to buffers.
        weights = known.folding.weights_of(network)
        state = ProgramWeights({key: tensor.double().numpy() for key, tensor in weights.items()})
        program = Program(known.steps, known.shapes, state, known.output)
        inputs = inputs_for(program)
        check_agreement(program, weights, network, inputs, known.roundings)
        # Once more with other weights: what is behind a weight of zero does not show.
        moved = moved_copy(network)
        of_moved = known.folding.weights_of(moved, shared=True)
        # In a network so large that few inputs do, a large one reaches all segments too.
        few = inputs if len(inputs) > FEWEST else inputs[1:2]
        check_agreement(program, of_moved, moved, few, known.roundings)
    except (KeyError, SplinevizError):
        # A weight is gone or has another shape, a value overflows: the trace will say it.
        return None
    return Lowered(program, known.folding, known.roundings)
