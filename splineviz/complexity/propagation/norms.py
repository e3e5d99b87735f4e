"""Lengths of vectors that are not less than they are."""

from __future__ import annotations

import math

import torch

VANISHED = 2.0**-500
"""More than what vanishes in float64 takes from a length or a product of lengths."""

# Of a length that is so many times what vanishes, that is less than a millionth.
_SHORT = 2.0**10


def lengths(values: torch.Tensor) -> torch.Tensor:
    """Euclidean lengths, with what rounding, and squares that vanish, may have taken from them.

    Parameters
    ----------
    values : tensor (..., numbers)

    Returns
    -------
    tensor (..., 1)
        Zero where all numbers are. Elsewhere no shorter than they are.
    """
    kind = torch.finfo(values.dtype)
    # Whatever the order of the sum; its root loses half as much.
    rounded = 1 + (values.shape[-1] / 2 + 4) * kind.eps / 2
    made = torch.linalg.vector_norm(values, dim=-1, keepdim=True) * rounded
    lost = math.sqrt(values.shape[-1] * kind.tiny)
    short = made < _SHORT * lost
    if bool(short.any()):
        made = torch.where(short & (values != 0).any(-1, keepdim=True), made + lost, made)
    return made
