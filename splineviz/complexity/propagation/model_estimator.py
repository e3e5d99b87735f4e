"""From a user's model to the estimator that measures it."""

from __future__ import annotations

import sys
import warnings
from typing import Any

import torch

from splineviz.complexity.arguments.layer_choice import LayerChoice
from splineviz.complexity.propagation.estimator import Estimator
from splineviz.complexity.propagation.network_layers import NetworkLayers
from splineviz.errors import InvalidArgument
from splineviz.network.layers.opaque import operation_names
from splineviz.network.program import Program
from splineviz.network.tracing.operations import ACTIVATIONS
from splineviz.network.tracing.program_of import program_of

_COMPARISONS = frozenset({"gt", "lt", "ge", "le", "eq", "ne", "sign", "heaviside"})

_BENDING = ACTIVATIONS | {"rnn_relu"}
"""Operations that bend: those that a step of a program would show."""


def make_estimator(
    model: torch.nn.Module | Program,
    input_shape: tuple[int, ...],
    device: str | torch.device | None,
    choice: LayerChoice,
) -> Estimator:
    """Trace a network and choose the layers to count. Default device: that of the model."""
    place = _device(model, device)
    model = program_of(model, input_shape, "x holds inputs")
    layers = NetworkLayers(model, place)
    calls = [name for i in model.opaque_steps for name in operation_names(model.steps[i].options)]
    called = [*dict.fromkeys(calls)]
    chosen = choice.select(layers.available, layers.others, called)
    comparing = [name for name in called if name in _COMPARISONS]
    if comparing and not isinstance(choice.layers, tuple):
        _warn(
            f"the network compares numbers that it computes ({', '.join(comparing)}), and where "
            "the results change is not counted: only activations are, such as relu, clamp and "
            "maximum. Write torch.where(x > 0, x, 0) as torch.relu(x), for example"
        )
    hidden = [model.steps[i].name for i in model.opaque_steps if _hides(model, i)]
    if hidden and choice.layers is None:
        _warn(
            f"activations inside {', '.join(map(repr, hidden[:4]))} are not counted: torch runs "
            "them within a larger step, because the samples are not on the first axis there, or "
            "because the step has no exact form in a program. Keep the samples on an axis of their "
            "own"
        )
    program, watched = layers.watch(chosen)
    return Estimator(program, place, watched, chosen)


def _warn(message: str) -> None:
    """Warn, and point at the line outside of this package that called it."""
    frame, level = sys._getframe(), 1
    while frame.f_back is not None and _is_ours(frame.f_globals.get("__name__", "")):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, stacklevel=level)


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] == __name__.partition(".")[0]


def _hides(program: Program, i: int) -> bool:
    """Whether an opaque step contains an activation that no step of the program shows."""
    *before, last = operation_names(program.steps[i].options)
    inside = before if i in program.smooth_steps else [*before, last]
    return not _BENDING.isdisjoint(inside)


def _device(model: torch.nn.Module | Program, device: str | torch.device | None) -> torch.device:
    if device is not None:
        return _checked_device(device)
    if isinstance(model, torch.nn.Module):
        for tensor in [*model.parameters(), *model.buffers()]:
            # Others, such as mps, have no float64.
            if tensor.device.type == "cuda":
                return tensor.device
    return torch.device("cpu")


def _checked_device(device: Any) -> torch.device:
    if isinstance(device, bool) or not isinstance(device, str | int | torch.device):
        raise InvalidArgument(
            f"device={device!r} cannot compute anything: it must be a name such as 'cpu' or "
            "'cuda:0', or a torch.device"
        )
    try:
        place = torch.device(device)
        # The device of that name may not be there, or have no float64, or no numbers at all.
        torch.zeros((), dtype=torch.float64, device=place).item()
    # Torch raises many kinds of error; for CUDA that it was built without, AssertionError.
    except (AssertionError, ImportError, RuntimeError, ValueError) as error:
        why = str(error).partition("\n")[0]
        raise InvalidArgument(
            f"device={device!r} cannot compute in float64 here ({why}); say 'cpu', or 'cuda' where "
            "there is a GPU, or leave it out to compute where the model is"
        ) from error
    return place
