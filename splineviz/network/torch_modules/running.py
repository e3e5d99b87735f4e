"""Running a copy of a user's network, without a change to anything global."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import numpy as np
import torch

from splineviz.errors import ShapeMismatch, SplinevizError, UnsupportedLayer

# What torch says of numbers of different types.
_TYPES = re.compile(r"\bdtypes?\b|scalar types?|type \(.*\) should be the same", re.IGNORECASE)

# What it says of an Embedding that is given real numbers.
_TOKENS = re.compile(r"argument #\d+ 'indices'|for embedding\b|tensors used as indices must")


def run_copy(network: torch.nn.Module, batch: torch.Tensor) -> torch.Tensor:
    """Run a copy on a batch of inputs.

    Raises
    ------
    ShapeMismatch
        If it does not take inputs of that shape.
    UnsupportedLayer
        If it does not return one tensor, or needs another type of number.
    """
    try:
        with made_on(batch.device):
            outputs = network(batch)
    except SplinevizError:
        raise
    except Exception as error:
        raise not_run(network, batch, error) from error
    if not isinstance(outputs, torch.Tensor):
        raise UnsupportedLayer(
            "",
            type(network).__name__,
            f"its forward returns a {type(outputs).__name__}, not one tensor",
            "Write a module whose forward calls it and returns one tensor.",
        )
    return outputs


def not_run(
    network: torch.nn.Module, batch: torch.Tensor, error: Exception, origin: str = ""
) -> UnsupportedLayer | ShapeMismatch:
    """Translate an exception from the user's forward into one of ours.

    Parameters
    ----------
    network : torch.nn.Module
    batch : tensor (n, *input_shape)
        What it was run on.
    error : Exception
    origin : str
        Where the shape of the batch comes from, to be read behind it.
    """
    kind, why = type(network).__name__, f"{type(error).__name__}: {error}"
    if _TOKENS.search(str(error)):
        return UnsupportedLayer(
            "",
            kind,
            f"its inputs are the numbers of tokens, which cannot be moved by a little ({why})",
            "Give the embeddings to the part of the network behind its Embedding.",
        )
    if _TYPES.search(str(error)):
        where = _unregistered(network)
        if where is not None:
            return UnsupportedLayer(
                "",
                kind,
                f"the layers in {where!r} are not registered, so that torch does not know their "
                "weights",
                "Keep them in a torch.nn.ModuleList or ModuleDict, parameters in a "
                "torch.nn.ParameterList.",
            )
        kept = str(batch.dtype).removeprefix("torch.")
        return UnsupportedLayer(
            "",
            kind,
            f"it is run in {kept}, and its forward needs or makes numbers of another type ({why})",
            "Take conversions such as x.float() out of its forward, or convert to x.dtype, and "
            "make new tensors with dtype=x.dtype.",
        )
    return ShapeMismatch(
        f"{kind} cannot run on inputs of shape {tuple(batch.shape)}{origin} ({why})"
    )


def _unregistered(network: torch.nn.Module) -> str | None:
    """Find where a network holds weights in a list, tuple or dict, unknown to torch."""
    known = {id(item) for item in network.modules()}
    for path, module in network.named_modules():
        for name, value in vars(module).items():
            if name.startswith("_") or not isinstance(value, list | tuple | dict):
                continue
            for item in value.values() if isinstance(value, dict) else value:
                own = isinstance(item, torch.nn.Module) and any(True for _ in item.parameters())
                if (own and id(item) not in known) or isinstance(item, torch.nn.Parameter):
                    return ".".join(filter(None, [path, name]))
    return None


def made_on(device: str | torch.device) -> AbstractContextManager[Any]:
    """Make new tensors on this device, if the caller has set a default device.

    A copy of a network may stand on another device than the network, and what its forward makes
    belongs where the copy stands.
    """
    chosen = torch.get_default_device().type != "cpu"
    return torch.device(device) if chosen else nullcontext()


@contextmanager
def untouched_random_state() -> Iterator[None]:
    """Restore the random states of Python, numpy and torch on leaving."""
    python_state = random.getstate()
    numpy_state = np.random.get_state()
    devices = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else ()
    with torch.random.fork_rng(devices=devices):
        try:
            yield
        finally:
            random.setstate(python_state)
            np.random.set_state(numpy_state)
