"""The points around which complexity is measured, checked, and cut into batches."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from splineviz.arrays import off_torch, read_whole
from splineviz.errors import InvalidArgument, NonFiniteValues, ShapeMismatch
from splineviz.typing import AnyFloatArray, FloatArray


def checked_points(x: Any) -> AnyFloatArray:
    """Points as a floating-point array, not copied if they are one.

    Parameters
    ----------
    x : array-like or tensor of shape (n, *input_shape)

    Raises
    ------
    ShapeMismatch
        If there is no point, or no axis behind the first.
    InvalidArgument
        If they are no real numbers, or whole numbers.
    NonFiniteValues
        If one holds NaN or infinity.
    """
    try:
        points = np.asarray(off_torch(x))
    except (RuntimeError, TypeError, ValueError) as error:
        raise ShapeMismatch(f"x does not make an array of points: {error}") from error
    if points.dtype.kind in "bui":
        raise InvalidArgument(
            f"x holds {points.dtype} numbers; a neighborhood is measured in real numbers. Convert "
            "it as the network's inputs are, such as x / 255.0; for tokens, give the embeddings "
            "to the part of the network behind them"
        )
    if points.dtype.kind != "f":
        raise InvalidArgument(f"x must hold real numbers, not {points.dtype}")
    if points.ndim < 2 or points.size == 0:
        raise ShapeMismatch(
            f"x has shape {points.shape}; at least one point is needed, and the shape of an input "
            "behind the first axis: (n, *input_shape). For a single point, give x[None]"
        )
    for rows in batches(len(points), max(1, 2**22 // math.prod(points.shape[1:]))):
        finite = np.isfinite(points[rows]).reshape(len(points[rows]), -1).all(axis=1)
        if not finite.all():
            row = rows.start + int(np.flatnonzero(~finite)[0])
            raise NonFiniteValues(f"x[{row}] holds NaN or infinite values")
    return points


def checked_radii(radius: float | npt.ArrayLike) -> tuple[FloatArray, bool]:
    """The radii, and whether there is just one that was no sequence.

    Raises
    ------
    InvalidArgument
        If one is not positive and finite, or there is none.
    """
    wrong = InvalidArgument(
        f"radius must be a positive number or a sequence of them, not {radius!r}"
    )
    try:
        given = np.asarray(off_torch(radius))
    except (RuntimeError, TypeError, ValueError) as error:
        raise wrong from error
    if given.dtype.kind not in "uif" or given.ndim > 1 or given.size == 0:
        raise wrong
    radii = given.astype(np.float64)
    if not (np.isfinite(radii) & (radii > 0)).all():
        raise wrong
    return np.atleast_1d(radii), radii.ndim == 0


def checked_batch_size(size: int | None) -> int | None:
    """How many points to take at a time, if that is said.

    Raises
    ------
    InvalidArgument
        If it is not a whole number of at least 1.
    """
    return None if size is None else read_whole(size, "batch_size", 1)


def batches(count: int, size: int) -> list[slice]:
    """Slices of at most so many rows, all about as long."""
    size = math.ceil(count / max(1, math.ceil(count / size)))
    return [slice(i, min(i + size, count)) for i in range(0, count, size)]
