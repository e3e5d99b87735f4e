"""Positions on a segment, as users give them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from splineviz.arrays import off_torch
from splineviz.errors import NonFiniteValues, ShapeMismatch


def as_positions(positions: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Positions as a float64 array (n,).

    Raises
    ------
    ShapeMismatch
        If they have another shape.
    NonFiniteValues
        If one is NaN or infinite.
    """
    try:
        t = np.asarray(off_torch(positions), dtype=np.float64)
    except (RuntimeError, TypeError, ValueError) as error:
        raise ShapeMismatch(f"positions do not make an array of numbers (n,): {error}") from error
    if t.ndim != 1:
        raise ShapeMismatch(f"positions have shape {t.shape}; expected (n,)")
    if not np.isfinite(t).all():
        raise NonFiniteValues(f"{(~np.isfinite(t)).sum()} positions are NaN or infinite")
    return t
