"""Which numbers of a memory the tensors of an exported graph show."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch


def _memory(tensor: torch.Tensor) -> int:
    return tensor.untyped_storage()._cdata


def shares_memory(tensor: Any, other: torch.Tensor) -> bool:
    """Whether two tensors lie in the same memory."""
    return isinstance(tensor, torch.Tensor) and bool(_memory(tensor) == _memory(other))


def layout(tensor: torch.Tensor) -> tuple[Any, ...]:
    """Where a tensor's numbers lie in its memory."""
    return tensor.storage_offset(), tuple(tensor.shape), tuple(tensor.stride())


def places(tensor: torch.Tensor) -> np.ndarray | None:
    """The places in its memory that a tensor shows of one sample, (*shape).

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
