"""What a node of an exported graph is: its operation, its arguments, where it stands."""

from __future__ import annotations

import operator
from typing import Any

import torch
from torch import fx


def operation_of(target: Any) -> str:
    """Name an operation, without its overload and whether it works in place."""
    if isinstance(target, torch._ops.OpOverload):
        plain = target.overloadpacket.__name__
        return plain.rstrip("_") or plain
    return str(getattr(target, "__name__", target))


def is_of_numbers(target: Any) -> bool:
    """Whether a function computes with plain numbers, such as the sizes of tensors."""
    name = str(getattr(target, "__name__", ""))
    return str(getattr(target, "__module__", "")) in ("_operator", "math", "builtins") or (
        getattr(torch, name, None) is target and name.startswith("sym_")
    )


def is_mutable(node: fx.Node) -> bool:
    """Whether a node writes to its arguments."""
    target = node.target
    return isinstance(target, torch._ops.OpOverload) and bool(target._schema.is_mutable)


def arguments_of(node: fx.Node) -> dict[str, Any]:
    """Collect all arguments of a call by name, defaults included."""
    target: Any = node.target
    by_name = {}
    for place, argument in enumerate(target._schema.arguments):
        if place < len(node.args):
            by_name[argument.name] = node.args[place]
        elif argument.name in node.kwargs:
            by_name[argument.name] = node.kwargs[argument.name]
        else:
            by_name[argument.name] = argument.default_value
    return by_name


def flat(parts: Any) -> list[Any]:
    """Flatten nested lists and tuples."""
    if isinstance(parts, list | tuple):
        return [one for item in parts for one in flat(item)]
    return [parts]


def precision_of(node: fx.Node) -> float:
    """Find the relative rounding of the coarsest dtype that a call makes."""
    types = [
        result.dtype
        for result in flat(node.meta.get("val"))
        if isinstance(result, torch.Tensor) and result.is_floating_point()
    ]
    return max(float(torch.finfo(kind).eps) for kind in (*types, torch.float64))


def is_known(result: Any) -> bool:
    """Whether a value is a tensor whose shape torch.export knows."""
    return isinstance(result, torch.Tensor) and all(isinstance(n, int) for n in result.shape)


def picks(user: fx.Node, which: int) -> bool:
    """Whether a node picks one of several results, and is used."""
    return user.target is operator.getitem and bool(user.args[1] == which and user.users)


def innermost_call(node: fx.Node) -> Any:
    """Find the innermost call of a module around a node: a key and the module's path."""
    stack = node.meta.get("nn_module_stack") or {}
    return next(((key, path) for key, (path, _) in reversed([*stack.items()])), None)


def is_torchs_own(module: torch.nn.Module | None) -> bool:
    """Whether a module is one layer of torch, with torch's own forward."""
    # What is defined in a namespace of its own has no module.
    if module is None or not str(type(module).forward.__module__).startswith("torch.nn."):
        return False
    return all(name == "parametrizations" for name, _ in module.named_children())


def tensor_of(node: fx.Node) -> Any:
    """Return the fake tensor that a node makes: shape, dtype and memory, no numbers."""
    # Of dropout that is off torch.export does not know that it passes the tensor itself on.
    if node.op == "call_function" and operation_of(node.target).endswith("dropout"):
        source = node.args[0]
        assert isinstance(source, fx.Node)
        return tensor_of(source)
    return node.meta.get("val")
