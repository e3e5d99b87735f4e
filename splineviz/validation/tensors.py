"""Tensors, read without torch."""

from __future__ import annotations

from typing import Any


def detached(values: Any) -> Any:
    """Take a tensor's numbers for numpy: without gradient, on the CPU.

    Parameters
    ----------
    values : array-like or tensor
        bfloat16, which numpy does not know, becomes float32. What is no tensor comes back as it is.
    """
    if not hasattr(values, "detach"):
        return values
    values = values.detach().cpu()
    return values.float() if str(values.dtype) == "torch.bfloat16" else values
