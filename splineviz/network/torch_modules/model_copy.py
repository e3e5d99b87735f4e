"""Copies of a user's network, which share nothing with it."""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, TypeVar

import torch

from splineviz.errors import UnsupportedLayer

Kind = TypeVar("Kind")

# Classes of torch by name, because asking for that of compiled modules would import the compiler.
_WRAPPERS = {
    "OptimizedModule": "_orig_mod",
    "DataParallel": "module",
    "DistributedDataParallel": "module",
}

# A prime: rows of weights do not get the same factors.
_FACTORS = 8191


def without_wrappers(model: torch.nn.Module) -> torch.nn.Module:
    """Unwrap a network from compiled and data-parallel wrappers, in any order.

    Parameters
    ----------
    model : torch.nn.Module
        A network, as it is or wrapped by ``torch.compile``, ``DataParallel`` or
        ``DistributedDataParallel``, also several times.

    Returns
    -------
    torch.nn.Module
        The network itself, not a copy.
    """
    while (inner := _wrapped(model)) is not None:
        model = inner
    return model


def _wrapped(model: torch.nn.Module) -> torch.nn.Module | None:
    """Return the module that a wrapper runs; None if it is no wrapper."""
    for kind in type(model).__mro__:
        if kind.__name__ in _WRAPPERS and kind.__module__.startswith("torch."):
            inner: torch.nn.Module = getattr(model, _WRAPPERS[kind.__name__])
            return inner
    return None


def eval_copy(model: torch.nn.Module) -> torch.nn.Module:
    """Copy a network in eval mode, sharing nothing with it, with its dtype and device.

    Parameters
    ----------
    model : torch.nn.Module
        Any module in any mode, dtype and on any device. Compiled and data-parallel wrappers are
        taken off. Its forward hooks are copied too: they belong to what it computes.

    Returns
    -------
    torch.nn.Module
        Its parameters require no gradient.

    Raises
    ------
    UnsupportedLayer
        If it is not a module or cannot be copied.
    """
    return _copied(model, float64=False)


def _copied(model: torch.nn.Module, *, float64: bool) -> torch.nn.Module:
    """An `eval_copy`; its parameters may be float64 on the CPU already."""
    if not isinstance(model, torch.nn.Module):
        if callable(getattr(model, "program", None)):
            raise UnsupportedLayer(
                "",
                type(model).__name__,
                "it holds a network for each step",
                "Take one of them: run.program(step), or run.model(step).",
            )
        raise UnsupportedLayer(
            "",
            type(model).__name__,
            "it is not a torch.nn.Module",
            "Pass a torch.nn.Module, or write one whose forward calls it.",
        )
    model = without_wrappers(model)
    for path, submodule in model.named_modules():
        if isinstance(submodule, torch.jit.ScriptModule):
            raise UnsupportedLayer(
                path,
                type(submodule).__name__,
                "it was compiled by TorchScript, which keeps no layers that can be followed",
                f"{'Put' if path else 'Pass'} the module that it was made from"
                f"{' in its place' if path else ''}.",
            )
    own = {id(submodule) for submodule in model.modules()}
    for path, submodule in model.named_modules():
        if any(id(getattr(value, "__self__", value)) in own for value in _closed_over(submodule)):
            raise UnsupportedLayer(
                path,
                type(submodule).__name__,
                "its forward was replaced by a function that holds the network itself, so that a "
                "copy would still run the original",
                "Write a subclass with another forward, or use a forward hook.",
            )
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        if torch.nn.parameter.is_lazy(tensor):
            why = "its shape is not known before the first call"
            advice = "Run one batch through the network first."
        elif tensor.is_complex():
            why, advice = "it is complex", "Use real weights."
        elif tensor.is_meta:
            why = "it is on the meta device, without values"
            advice = "Load the network's weights first."
        else:
            continue
        raise UnsupportedLayer(name, "parameter", why, advice)
    # torch refuses to deep-copy tensors that carry a gradient history, such as an activation that
    # the network keeps; they are no part of what it computes.
    kept = {
        id(tensor): tensor.detach().clone()
        for module in model.modules()
        for tensor in tensors_in(list(vars(module).values()))
        if not tensor.is_leaf
    }
    try:
        if float64:
            # Converted at once: a copy of large weights takes as long as some layers.
            kept |= {
                id(parameter): torch.nn.Parameter(_float64(parameter.detach()), requires_grad=False)
                for parameter in model.parameters()
                if type(parameter) is torch.nn.Parameter
                and parameter.is_floating_point()
                and parameter.dtype != torch.float64
            }
        copied = deep_copy(model, kept)
    except Exception as error:
        raise UnsupportedLayer(
            "",
            type(model).__name__,
            f"it cannot be copied ({type(error).__name__}: {error})",
            "Make copy.deepcopy(model) work: take tensors with a gradient history, open files, "
            "locks and generators out of its attributes and its hooks.",
        ) from error
    theirs = {id(tensor) for tensor in _weights(model)}
    if any(id(tensor) in theirs for tensor in _weights(copied)):
        raise UnsupportedLayer(
            "",
            type(model).__name__,
            "a copy of it shares weights with it",
            "Make copy.deepcopy(model) copy them: see to its __deepcopy__.",
        )
    return copied.eval().requires_grad_(False)


def _weights(model: torch.nn.Module) -> Iterator[torch.Tensor]:
    yield from model.parameters()
    yield from model.buffers()


def _closed_over(module: torch.nn.Module) -> list[Any]:
    """List what a function holds that replaces a module's forward."""
    function = vars(module).get("forward")
    held = [*(getattr(function, "__defaults__", None) or ())]
    for cell in getattr(function, "__closure__", None) or ():
        # A cell may be empty still.
        with suppress(ValueError):
            held.append(cell.cell_contents)
    return held


def float64_copy(model: torch.nn.Module) -> torch.nn.Module:
    """Copy a network as `eval_copy` does, in float64 and on the CPU.

    Parameters
    ----------
    model : torch.nn.Module
        As for `eval_copy`.

    Returns
    -------
    torch.nn.Module

    Raises
    ------
    UnsupportedLayer
        If it is not a module or cannot be copied to float64.
    """
    copied = _copied(model, float64=True)
    for module in copied.modules():
        for name, value in vars(module).items():
            if isinstance(value, torch.Tensor) and value.is_floating_point():
                # A plain attribute, which Module.to leaves where and as it is.
                vars(module)[name] = _float64(value.detach())
    known = {id(module) for module in copied.modules()}
    for module in [*copied.modules()]:
        # Layers that are kept in a list are no part of the network for torch.
        for layer in _held(list(vars(module).values()), torch.nn.Module):
            if id(layer) not in known:
                layer.eval().requires_grad_(False).to("cpu").to(torch.float64)
    return copied.to("cpu").to(torch.float64)


def _float64(tensor: torch.Tensor) -> torch.Tensor:
    # In two steps: some devices have no float64.
    return tensor.to("cpu").to(torch.float64)


def moved_copy(network: torch.nn.Module) -> torch.nn.Module:
    """Copy a copy with other weights: of the same signs, and none of them zero."""
    copied = deep_copy(network, {})
    generator = torch.Generator().manual_seed(0)
    for tensor in [*copied.parameters(), *copied.buffers()]:
        if tensor.is_floating_point():
            # All weights are moved in each trace, and drawing them takes longest: factors repeat.
            size = tensor.numel()
            drawn = torch.empty(min(size, _FACTORS), dtype=tensor.dtype)
            drawn.uniform_(1.0, 1.5, generator=generator)
            factors = drawn.repeat(-(-size // _FACTORS))[:size].view(tensor.shape)
            zero = None if bool(tensor.all()) else tensor == 0
            tensor.mul_(factors)
            if zero is not None:
                tensor[zero] = 2 * factors[zero] - 2.5
    return copied


def tensors_in(value: Any) -> list[torch.Tensor]:
    """List the tensors in nested lists, tuples and dicts."""
    return _held(value, torch.Tensor)


def _held(value: Any, kind: type[Kind]) -> list[Kind]:
    """List the objects of a type in nested lists, tuples and dicts."""
    held: list[Kind] = []
    waiting, met = [value], set()
    while waiting:
        item = waiting.pop()
        if isinstance(item, kind):
            held.append(item)
        elif isinstance(item, dict | list | tuple) and id(item) not in met:
            met.add(id(item))
            waiting.extend(item.values() if isinstance(item, dict) else item)
    return held


def deep_copy(model: torch.nn.Module, copies: dict[int, Any]) -> torch.nn.Module:
    """Copy a network deeply; `copies` gives the copies of some objects by the objects' ids."""
    # Every module has a dozen containers for hooks, nearly always empty, and deepcopy spends more
    # time on these than on all else in a small network.
    empty = {
        id(value): type(value)()
        for module in model.modules()
        for value in vars(module).values()
        if type(value) in (OrderedDict, set) and not value
    }
    copied = copy.deepcopy(model, {**empty, **copies})
    for wrapper in copied.modules():
        inner = _wrapped(wrapper)
        if inner is not None:
            # Wrappers around a part: a copy is not worth compiling, and stands on one device.
            vars(wrapper)["forward"] = inner.__call__
    return copied
