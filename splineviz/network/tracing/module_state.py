"""What a network's forward may read beside its weights: classes, attributes and hooks."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from dataclasses import is_dataclass
from types import SimpleNamespace
from typing import Any, TypeAlias

import torch

from splineviz.network.torch_modules.model_copy import without_wrappers

Surroundings: TypeAlias = Mapping[tuple[str, str], Any]
"""What stands at a place: the path of a module, and the name of an attribute of it."""

_HOOKS = ("_forward_pre_hooks", "_forward_hooks")

# What every module has for torch itself, and what changes without changing what is computed in eval
# mode.
_TORCHS_OWN = frozenset(vars(torch.nn.Module())) - {*_HOOKS}


def surroundings_of(model: torch.nn.Module) -> Surroundings:
    """Record a network's state beside its weights, to compare it with a later one.

    Parameters
    ----------
    model : torch.nn.Module
        A network, possibly in wrappers.

    Returns
    -------
    mapping
        Two are equal if no module, hook or attribute was added, removed or exchanged, and no
        number, text or tensor in one has changed. Tensors are not kept alive. Inside other objects
        nobody looks.
    """
    state: dict[tuple[str, str], Any] = {}
    for path, module in without_wrappers(model).named_modules(remove_duplicate=False):
        state[path, ""] = type(module)
        fixed = module._non_persistent_buffers_set
        held = {name: value for name, value in module._buffers.items() if name in fixed}
        for name, value in {**vars(module), **held}.items():
            if name not in _TORCHS_OWN:
                state[path, name] = _mark(value, set())
    return state


def changed_places(before: Surroundings, now: Surroundings) -> list[str]:
    """List where two records differ, as phrases such as ``"the forward hooks of 'act'"``."""
    phrases: dict[str, None] = {}
    for path, name in {**before, **now}:
        if before.get((path, name)) != now.get((path, name)):
            phrases[_phrase(path, name, before, now)] = None
    return [*phrases]


def _phrase(path: str, name: str, before: Surroundings, now: Surroundings) -> str:
    owner = repr(path) if path else "the network"
    kinds = before.get((path, "")), now.get((path, ""))
    if None in kinds:
        return f"the module {owner}, which is {'gone' if kinds[1] is None else 'new'}"
    if kinds[0] is not kinds[1]:
        # Its attributes are other ones then.
        return f"the class of {owner}"
    what = "the forward hooks" if name in _HOOKS else f"the attribute {name!r}"
    return f"{what} of {owner}"


def _mark(value: Any, met: set[int]) -> Any:
    """Make a mark that is equal for the same value, and for no other."""
    if isinstance(value, bool | int | float | complex | str | bytes | type(None)):
        return type(value), value
    if isinstance(value, dict | list | tuple | set | frozenset):
        if id(value) in met:
            return type(value), "again"
        met.add(id(value))
        parts = [*value.items()] if isinstance(value, dict) else [*value]
        return type(value), tuple(_mark(item, met) for item in parts)
    if isinstance(value, SimpleNamespace) or (is_dataclass(value) and hasattr(value, "__dict__")):
        return _mark(vars(value) if id(value) not in met else None, met)
    version = None
    if isinstance(value, torch.Tensor) and not value.is_inference():
        version = value._version
    try:
        # Equal if what they refer to is the same object, and still there.
        return _Same(weakref.ref(value)), version
    except TypeError:
        return id(value), version


class _Same:
    """Equals a reference to the same object."""

    def __init__(self, reference: weakref.ref[Any]) -> None:
        self.reference = reference

    def __eq__(self, other: object) -> bool:
        mine = self.reference()
        return mine is not None and isinstance(other, _Same) and mine is other.reference()

    __hash__ = None  # type: ignore[assignment]
