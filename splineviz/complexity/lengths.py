"""Lengths of vectors that are not less than they are."""

from __future__ import annotations

import math

import torch

# Of a length that is so many times what vanishes, that is less than a millionth.
_SHORT = 2.0**10


def lengths(values: torch.Tensor) -> torch.Tensor:
    """Euclidean lengths, with what squares that are too small for their type may have added.

    Parameters
    ----------
    values : tensor (..., numbers)

    Returns
    -------
    tensor (..., 1)
        Zero where all numbers are. Elsewhere no shorter than they are, but for rounding.
    """
    made = torch.linalg.vector_norm(values, dim=-1, keepdim=True)
    lost = math.sqrt(values.shape[-1] * torch.finfo(values.dtype).tiny)
    short = made < _SHORT * lost
    if bool(short.any()):
        made = torch.where(short & (values != 0).any(-1, keepdim=True), made + lost, made)
    return made
