"""What the tensors of an exported graph hold after one that shares their memory was written to."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from typing import Any

import numpy as np
import torch
from torch import fx

from splineviz.network.tracing.exporting.export import Exported
from splineviz.network.tracing.exporting.graph_nodes import is_mutable, operation_of
from splineviz.network.tracing.exporting.sample_axis import FIRST
from splineviz.network.tracing.operations.call import (
    Add,
    Constant,
    Refused,
    Value,
    as_value,
)


def writes_to_constants(exported: Exported, of_shape: Collection[str]) -> bool:
    """Whether a forward may write in place to values that do not depend on the samples.

    Parameters
    ----------
    exported : Exported
    of_shape : collection of str
        The operations that look at the shape of a tensor only.
    """
    values: set[fx.Node] = set()
    for node in exported.graph.nodes:
        name = str(node.target)
        if node.op == "placeholder" and not (name in exported.paths or name in exported.constants):
            values.add(node)
        elif node.op == "get_attr":
            submodule = getattr(exported.submodules, name, None)
            if isinstance(submodule, fx.GraphModule) and any(
                map(is_mutable, submodule.graph.nodes)
            ):
                # Whatever it writes to.
                return True
        elif node.op == "call_function":
            operation = operation_of(node.target)
            if values.isdisjoint(node.all_input_nodes):
                if is_mutable(node):
                    return True
            elif operation not in of_shape and not operation.endswith("_as"):
                values.add(node)
    return False


def _memory(tensor: torch.Tensor) -> int:
    return tensor.untyped_storage()._cdata


def shares_memory(tensor: Any, other: torch.Tensor) -> bool:
    """Whether two tensors use the same memory."""
    return isinstance(tensor, torch.Tensor) and bool(_memory(tensor) == _memory(other))


def _layout(tensor: torch.Tensor) -> tuple[Any, ...]:
    """Offset, shape and strides of a tensor in its memory."""
    return tensor.storage_offset(), tuple(tensor.shape), tuple(tensor.stride())


def _places(tensor: torch.Tensor) -> np.ndarray | None:
    """Indices in its memory of the numbers of one sample of a tensor, (*shape).

    None if the samples do not lie one behind the other.
    """
    samples = tensor.shape[0] if tensor.ndim else 0
    size = tensor.untyped_storage().nbytes() // tensor.element_size()
    if not samples or size % samples or tensor.stride(0) != size // samples:
        return None
    grid = np.full(tuple(tensor.shape[1:]), tensor.storage_offset(), dtype=np.int64)
    for axis, (side, stride) in enumerate(zip(tensor.shape[1:], tensor.stride()[1:], strict=True)):
        along = np.arange(side) * stride
        grid += along.reshape([-1 if k == axis else 1 for k in range(grid.ndim)])
    return grid


def after_writing(
    old: Any,
    tensor: torch.Tensor,
    memory: torch.Tensor,
    written: Value,
    add: Add,
    constant: Callable[[torch.Tensor], Constant],
) -> Any:
    """Compute a tensor's value after a write to another one in the same memory.

    Parameters
    ----------
    old : Value, tensor or Unfinished
        What it held before.
    tensor, memory : tensor
        Where the two are.
    written : Value
        What was written.
    add : callable
        Adds steps.
    constant : callable
        What a row sees of a tensor.

    Raises
    ------
    Refused
        If it cannot be divided by sample.
    """
    if _layout(tensor) == _layout(memory):
        return written
    known = isinstance(old, torch.Tensor) or (isinstance(old, Value) and old.samples == FIRST)
    apart = known and written.samples == FIRST
    shown, overwritten = (_places(tensor), _places(memory)) if apart else (None, None)
    if shown is None or overwritten is None:
        raise Refused(
            "it writes in place to a part of a tensor, or to a view of it, that is read again "
            "later",
            "Use the call that returns a new tensor, such as relu(x) for relu_(x).",
        )
    where = {place: k for k, place in enumerate(overwritten.reshape(-1).tolist())}
    sources = [where.get(place) for place in shown.reshape(-1).tolist()]
    if all(k is None for k in sources):
        return old
    shape, size = tuple(shown.shape), len(sources)
    if sources == [*range(len(where))]:
        return add("reshape", [written], {"shape": [*shape]}, shape=shape)
    before = old if isinstance(old, Value) else as_value(constant(old), written, add)
    flat = [
        add(
            "reshape", [value], {"shape": [math.prod(value.shape)]}, shape=(math.prod(value.shape),)
        )
        for value in (before, written)
    ]
    both = add("cat", flat, {"axis": 1}, shape=(size + len(where),))
    index = [k if at is None else size + at for k, at in enumerate(sources)]
    entries = [{"slice": [None, None, None]}, {"places": index}]
    picked = add("getitem", [both], {"index": entries}, shape=(size,))
    return add("reshape", [picked], {"shape": [*shape]}, shape=shape)
