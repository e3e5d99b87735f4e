"""The hooks that users have put on a network: which there are, and copies without them."""

from __future__ import annotations

from typing import Any

import torch

from splineviz.network.torch_modules.model_copy import deep_copy, tensors_in

_HOOKS = (
    "_forward_pre_hooks",
    "_forward_hooks",
    "_backward_pre_hooks",
    "_backward_hooks",
)


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
            seen = tensors_in([*args, *kwargs.values()])
            before = [tensor._version for tensor in seen]
            result = hook(*args, **kwargs)
            changed.append(result is not None or before != [tensor._version for tensor in seen])
            return result

        return call

    copied = deep_copy(network, {})
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
    copied = deep_copy(network, {})
    for module in copied.modules():
        for name in _HOOKS:
            hooks = getattr(module, name)
            for key in [key for key, hook in hooks.items() if not _is_of_torch(hook)]:
                del hooks[key]
    return copied


def _is_of_torch(hook: Any) -> bool:
    kind = getattr(hook, "__func__", type(hook))
    return str(getattr(kind, "__module__", "")).startswith(("torch.nn.utils", "splineviz."))
