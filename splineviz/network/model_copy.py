"""Copies of a user's network, run without leaving a trace on it or on anything global."""

from __future__ import annotations

import copy
import random
import re
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import Any, TypeVar

import numpy as np
import torch

from splineviz.errors import ShapeMismatch, SplinevizError, UnsupportedLayer

Kind = TypeVar("Kind")

# Classes of torch by name, because asking for that of compiled modules would import the compiler.
_WRAPPERS = {
    "OptimizedModule": "_orig_mod",
    "DataParallel": "module",
    "DistributedDataParallel": "module",
}

# What torch says of numbers of different types.
_TYPES = re.compile(r"\bdtypes?\b|scalar types?|type \(.*\) should be the same", re.IGNORECASE)

# What it says of an Embedding that is given real numbers.
_TOKENS = re.compile(r"argument #\d+ 'indices'|for embedding\b|tensors used as indices must")

# A prime: rows of weights do not get the same factors.
_FACTORS = 8191

_HOOKS = (
    "_forward_pre_hooks",
    "_forward_hooks",
    "_backward_pre_hooks",
    "_backward_hooks",
)


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
        for tensor in _tensors(list(vars(module).values()))
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
        copied = _deep_copy(model, kept)
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


def moved_copy(network: torch.nn.Module) -> torch.nn.Module:
    """Copy a copy with other weights: of the same signs, and none of them zero."""
    copied = _deep_copy(network, {})
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


def has_hooks(network: torch.nn.Module) -> bool:
    """Whether a network has hooks that `without_hooks` leaves out."""
    return any(
        not _is_of_torch(hook)
        for module in network.modules()
        for name in _HOOKS
        for hook in getattr(module, name).values()
    )


def hooks_only_watch(network: torch.nn.Module, batch: torch.Tensor) -> bool:
    """Whether the users' hooks neither return anything nor write to their arguments.

    Parameters
    ----------
    network : torch.nn.Module
        A copy made here; another copy of it is run.
    batch : tensor of shape (n, *input_shape)
    """
    changed: list[bool] = []

    def watched(hook: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            seen = _tensors([*args, *kwargs.values()])
            before = [tensor._version for tensor in seen]
            result = hook(*args, **kwargs)
            changed.append(result is not None or before != [tensor._version for tensor in seen])
            return result

        return call

    copied = _deep_copy(network, {})
    for module in copied.modules():
        for name in _HOOKS[:2]:
            hooks = getattr(module, name)
            for key, hook in hooks.items():
                if not _is_of_torch(hook):
                    hooks[key] = watched(hook)
    try:
        copied(batch.clone())
    except Exception:
        # Told where the network itself is run.
        return True
    return not any(changed)


def without_hooks(network: torch.nn.Module) -> torch.nn.Module:
    """Copy a copy without its users' hooks.

    Those with which torch makes weights, as for pruning, are kept.
    """
    copied = _deep_copy(network, {})
    for module in copied.modules():
        for name in _HOOKS:
            hooks = getattr(module, name)
            for key in [key for key, hook in hooks.items() if not _is_of_torch(hook)]:
                del hooks[key]
    return copied


def _is_of_torch(hook: Any) -> bool:
    kind = getattr(hook, "__func__", type(hook))
    return str(getattr(kind, "__module__", "")).startswith(("torch.nn.utils", "splineviz."))


def _tensors(value: Any) -> list[torch.Tensor]:
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


def _deep_copy(model: torch.nn.Module, copies: dict[int, Any]) -> torch.nn.Module:
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
