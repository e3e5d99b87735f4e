"""From a user's model to the estimator that measures it."""

from __future__ import annotations

import warnings

import torch

from splineviz.complexity.arguments.layer_choice import read_selection, selected
from splineviz.complexity.arguments.layer_names import Selection
from splineviz.complexity.propagation.estimator import Estimator
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
    layers: Selection,
    winners: bool,
    logits: bool,
) -> Estimator:
    """Trace a network and choose the layers to count.

    Parameters
    ----------
    model : torch.nn.Module or Program
        The network.
    input_shape : tuple of int
        The shape of one sample.
    device : str, torch.device or None
        Where to compute; where the model is if None.
    layers, winners, logits
        As for :func:`~splineviz.complexity.local_complexity.local_complexity`.

    Returns
    -------
    Estimator
    """
    place, selection = _device(model, device), read_selection(layers)
    model = program_of(model, input_shape, "x holds inputs")
    estimator = Estimator(model, place)
    called = [name for i in model.opaque_steps for name in operation_names(model.steps[i].options)]
    chosen = selected(
        estimator.available, estimator.others, selection, winners, logits, [*dict.fromkeys(called)]
    )
    choices = [name for name in dict.fromkeys(called) if name in _COMPARISONS]
    if choices and (selection is None or callable(selection)):
        warnings.warn(
            f"the network compares numbers that it computes ({', '.join(choices)}), and where what "
            "it makes of that changes is not looked at: only activations are, such as relu, clamp "
            "and maximum. Write torch.where(x > 0, x, 0) as torch.relu(x), for example",
            stacklevel=4,
        )
    hidden = [model.steps[i].name for i in model.opaque_steps if _hides(model, i)]
    if hidden and selection is None:
        warnings.warn(
            f"activations inside {', '.join(map(repr, hidden[:4]))} are not looked at: torch runs "
            "them as a part of a step, because the samples are not on the first axis there, or as "
            "what has no exact place in a program. Keep the samples on an axis of their own",
            stacklevel=4,
        )
    return estimator.watch(chosen)


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


def _checked_device(device: str | torch.device) -> torch.device:
    try:
        place = torch.device(device)
        # A name may be that of a device which is not there, or has no float64 or no numbers at all.
        torch.zeros((), dtype=torch.float64, device=place).item()
    # Torch raises whatever comes: for CUDA that it was built without, AssertionError.
    except (AssertionError, ImportError, RuntimeError, TypeError) as error:
        why = str(error).partition("\n")[0]
        raise InvalidArgument(
            f"device={device!r} cannot compute in float64 here ({why}); say 'cpu', or 'cuda' where "
            "there is a GPU, or leave it out to compute where the model is"
        ) from error
    return place
