"""Arrays as users give them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from splineviz.arrays import off_torch
from splineviz.errors import InvalidArgument, NonFiniteValues, ShapeMismatch


def as_inputs(values: Any) -> npt.NDArray[Any]:
    """Inputs of a network as an array of real numbers, which may share memory with them.

    Parameters
    ----------
    values : array-like or tensor of shape (n, *input_shape)
        Numbers; a tensor may be on any device.

    Returns
    -------
    array of shape (n, *input_shape)
        float16, float32 or float64 as given, other numbers as float32, bfloat16 too.

    Raises
    ------
    ShapeMismatch
        If there are no inputs, or single numbers instead of arrays.
    NonFiniteValues
        If one is NaN or infinite.
    InvalidArgument
        If they are no real numbers.
    """
    array = _as_array(values, "inputs")
    if array.dtype.kind not in "buif":
        raise InvalidArgument(f"the inputs must be real numbers, not {array.dtype}")
    if array.ndim < 2 or array.size == 0:
        raise ShapeMismatch(
            f"the inputs have shape {array.shape}; they need at least one row and the shape of one "
            "input behind it: (n, *input_shape)"
        )
    if array.dtype.kind != "f" or array.dtype.itemsize > 8:
        array = array.astype(np.float32 if array.dtype.kind != "f" else np.float64)
    finite = np.isfinite(array).reshape(len(array), -1).all(axis=1)
    if not finite.all():
        raise NonFiniteValues(f"row {int(finite.argmin())} of the inputs holds NaN or infinity")
    return array


def as_labels(values: Any, n: int) -> npt.NDArray[Any]:
    """Labels of n inputs as an array, which may share memory with them.

    Parameters
    ----------
    values : array-like or tensor of shape (n,)
        Numbers or strings.
    n : int
        How many there must be.

    Raises
    ------
    ShapeMismatch
        If there is not one label for each input.
    NonFiniteValues
        If a label is NaN.
    """
    array = _as_array(values, "labels")
    if array.shape != (n,):
        raise ShapeMismatch(
            f"{n} inputs need labels of shape ({n},), one number or name each; given {array.shape}"
        )
    if array.dtype.kind == "f" and np.isnan(array).any():
        raise NonFiniteValues(f"the label of input {int(np.isnan(array).argmax())} is NaN")
    return array


def _as_array(values: Any, what: str) -> npt.NDArray[Any]:
    try:
        return np.asarray(off_torch(values))
    except (TypeError, ValueError) as error:
        raise InvalidArgument(f"the {what} do not make an array: {error}") from error
