"""Positions on a segment, as users give them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from splineviz.arrays import as_numbers
from splineviz.errors import NonFiniteValues, ShapeMismatch
from splineviz.typing import FloatArray


def as_positions(positions: npt.ArrayLike) -> FloatArray:
    """Positions as a float64 array (n,).

    Raises
    ------
    ShapeMismatch
        If they have another shape.
    NonFiniteValues
        If one is NaN or infinite.
    """
    t = as_numbers(positions, "positions", "(n,)")
    if t.ndim != 1:
        raise ShapeMismatch(f"positions have shape {t.shape}; expected (n,)")
    if not np.isfinite(t).all():
        raise NonFiniteValues(f"{(~np.isfinite(t)).sum()} positions are NaN or infinite")
    return t
