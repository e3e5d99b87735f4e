"""Upper bounds of Euclidean norms, safe against rounding and underflow."""

from __future__ import annotations

import math

import torch

VANISHED = 2.0**-500
"""More than a length, or a product of lengths, can lose in float64 because numbers vanish."""

# A length that is so many times its possible loss loses less than a millionth.
_SHORT = 2.0**10


def norm_upper_bound(values: torch.Tensor) -> torch.Tensor:
    """Bound Euclidean norms from above: rounding and vanishing squares are added back.

    Parameters
    ----------
    values : tensor (..., numbers)

    Returns
    -------
    tensor (..., 1)
        Zero where all numbers are zero. Elsewhere never below the true norm.
    """
    kind = torch.finfo(values.dtype)
    # This holds for any order of the sum. The root halves its relative error.
    rounded = 1 + (values.shape[-1] / 2 + 4) * kind.eps / 2
    norms = torch.linalg.vector_norm(values, dim=-1, keepdim=True) * rounded
    lost = math.sqrt(values.shape[-1] * kind.tiny)
    short = norms < _SHORT * lost
    if bool(short.any()):
        norms = torch.where(short & (values != 0).any(-1, keepdim=True), norms + lost, norms)
    return norms
