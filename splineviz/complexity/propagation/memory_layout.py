"""The order in which the numbers of a sample lie in memory."""

from __future__ import annotations

import math

import torch


def rows_of(values: torch.Tensor, lead: int) -> torch.Tensor:
    """Flatten values (..., *shape) to (..., columns) after `lead` axes; channels of images last.

    In this order, neither convolutions nor sums over vertices have to copy anything.
    """
    if values.ndim == lead + 3:
        values = values.movedim(lead, -1)
    return values.reshape(*values.shape[:lead], math.prod(values.shape[lead:]))


def values_of(rows: torch.Tensor, shape: tuple[int, ...]) -> torch.Tensor:
    """Restore the shape of rows: (..., columns) to (..., *shape)."""
    lead = rows.shape[:-1]
    if len(shape) == 3:
        return rows.reshape(*lead, *shape[1:], shape[0]).movedim(-1, len(lead))
    return rows.reshape(*lead, *shape)
