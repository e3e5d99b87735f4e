"""Numbers as users give them: arrays, lists, or tensors on any device."""

from __future__ import annotations

from typing import Any


def off_torch(values: Any) -> Any:
    """What numpy can read: of a tensor its numbers without gradient, on the CPU.

    Parameters
    ----------
    values : array-like or tensor
        bfloat16, which numpy does not know, becomes float32. What is no tensor comes back as it is.
    """
    if not hasattr(values, "detach"):
        return values
    values = values.detach().cpu()
    return values.float() if str(values.dtype) == "torch.bfloat16" else values
