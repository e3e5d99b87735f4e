"""Upper bounds of Euclidean norms, safe against rounding and underflow."""

from __future__ import annotations

import math

import torch

VANISHED = 2.0**-500
"""More than what vanishes in float64 takes from a length or a product of lengths."""

# Of a length that is so many times what vanishes, that is less than a millionth.
_SHORT = 2.0**10


def norm_upper_bound(values: torch.Tensor) -> torch.Tensor:
    """Bound Euclidean norms from above: rounding and vanishing squares are added back.

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
    norms = torch.linalg.vector_norm(values, dim=-1, keepdim=True) * rounded
    lost = math.sqrt(values.shape[-1] * kind.tiny)
    short = norms < _SHORT * lost
    if bool(short.any()):
        norms = torch.where(short & (values != 0).any(-1, keepdim=True), norms + lost, norms)
    return norms
