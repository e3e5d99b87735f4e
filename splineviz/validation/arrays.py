"""Arrays as users give them: arrays, lists or tensors on any device."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from splineviz.errors import InvalidArgument, NonFiniteValues, ShapeMismatch
from splineviz.typing import AnyFloatArray, FloatArray
from splineviz.validation.numbers import as_int
from splineviz.validation.tensors import detached
from splineviz.validation.wording import shown

# Numbers that are looked at together for NaN and infinity.
_BLOCK = 2**22


def as_array(values: Any, what: str, form: str = "") -> npt.NDArray[Any]:
    """Read an array of any type, which may share memory with what was given.

    Parameters
    ----------
    values : array-like or tensor
        A tensor may be on any device.
    what : str
        The argument's name.
    form : str, optional
        The shape it is to have, such as ``"(n, 2)"``, for the message.

    Raises
    ------
    ShapeMismatch
        If it does not make an array, such as rows of different lengths.
    InvalidArgument
        If entries are masked: their numbers would count.
    """
    if np.ma.is_masked(values):
        raise InvalidArgument(
            f"{what} has masked entries, whose hidden numbers would count: leave the rows out, or "
            "fill them with .filled(value)"
        )
    try:
        return np.asarray(detached(values))
    except (RuntimeError, TypeError, ValueError) as error:
        wanted = f" of shape {form}" if form else ""
        raise ShapeMismatch(f"{what} must make an array{wanted}: {error}") from error


def as_numbers(values: Any, what: str, form: str = "") -> FloatArray:
    """Read real numbers of any type as a float64 array, which may share memory.

    Raises
    ------
    ShapeMismatch
        If they do not make an array.
    InvalidArgument
        If they are no real numbers, or some are masked.
    """
    array = as_array(values, what, form)
    if array.dtype.kind not in "buif" and array.size:
        wanted = f"an array of real numbers{f' of shape {form}' if form else ''}"
        raise InvalidArgument(f"{what} must be {wanted}, not {shown(values)}")
    return array.astype(np.float64, copy=False)


def as_finite(values: Any, what: str, form: str = "") -> FloatArray:
    """Copy real, finite numbers into a float64 array.

    Raises
    ------
    NonFiniteValues
        If one is NaN or infinite.
    ShapeMismatch, InvalidArgument
        As `as_numbers` does.
    """
    array = np.array(as_numbers(values, what, form))
    if not np.isfinite(array).all():
        raise NonFiniteValues(f"{what}: {np.sum(~np.isfinite(array))} values are NaN or infinite")
    return array


def as_points(points: Any, what: str = "points") -> FloatArray:
    """Read slice coordinates as a float64 array (n, 2).

    Raises
    ------
    ShapeMismatch
        If they have another shape.
    NonFiniteValues
        If one is NaN or infinite.
    InvalidArgument
        If they are no real numbers.
    """
    coordinates = as_numbers(points, what, "(n, 2)")
    if coordinates.ndim != 2 or coordinates.shape[1] != 2:
        raise ShapeMismatch(f"{what} have shape {coordinates.shape}; expected (n, 2)")
    bad = ~np.isfinite(coordinates).all(axis=1)
    if bad.any():
        raise NonFiniteValues(
            f"{bad.sum()} {what} have NaN or infinite coordinates, for example point "
            f"{np.flatnonzero(bad)[0]}"
        )
    return coordinates


def as_positions(positions: Any, what: str = "positions") -> FloatArray:
    """Read positions on a segment as a float64 array (n,).

    Raises
    ------
    ShapeMismatch, NonFiniteValues, InvalidArgument
        As `as_points` does.
    """
    t = as_numbers(positions, what, "(n,)")
    if t.ndim != 1:
        raise ShapeMismatch(f"{what} have shape {t.shape}; expected (n,)")
    if not np.isfinite(t).all():
        raise NonFiniteValues(f"{(~np.isfinite(t)).sum()} {what} are NaN or infinite")
    return t


def as_inputs(values: Any, what: str, integers: bool = True) -> AnyFloatArray:
    """Read a batch of a network's inputs as floating-point numbers, which may share memory.

    Parameters
    ----------
    values : array-like or tensor of shape (n, *input_shape)
    what : str
        The argument's name.
    integers : bool
        Whether whole numbers are taken, as float32. Not where distances in input space are
        measured: whole numbers are pixels or tokens before their conversion.

    Returns
    -------
    array of shape (n, *input_shape)
        float16, float32 or float64 as given, longer numbers as float64; bfloat16 as float32.

    Raises
    ------
    ShapeMismatch
        If there is no row, or no axis after the first.
    NonFiniteValues
        If a row holds NaN or infinity.
    InvalidArgument
        If they are no real numbers, or some are masked.
    """
    array = as_array(values, what, "(n, *input_shape)")
    if array.dtype.kind in "bui" and not integers:
        raise InvalidArgument(
            f"{what} must be floating point, not {array.dtype}: convert it as the network's inputs "
            f"are, such as {what} / 255.0; for tokens, give the embeddings to the part of the "
            "network after them"
        )
    if array.dtype.kind not in "buif" and array.size:
        raise InvalidArgument(f"{what} must hold real numbers, not {shown(values)}")
    if array.ndim < 2 or array.size == 0:
        raise ShapeMismatch(
            f"{what} has shape {array.shape}; it needs at least one row, and the shape of one "
            f"input after the first axis: (n, *input_shape). For a single input, give {what}[None]"
        )
    if array.dtype.kind != "f":
        array = array.astype(np.float32)
    elif array.dtype.itemsize > 8:
        array = array.astype(np.float64)
    rows = max(1, _BLOCK // math.prod(array.shape[1:]))
    for first in range(0, len(array), rows):
        block = array[first : first + rows]
        finite = np.isfinite(block).reshape(len(block), -1).all(axis=1)
        if not finite.all():
            raise NonFiniteValues(f"{what}[{first + int(finite.argmin())}] holds NaN or infinity")
    return array


def as_labels(values: Any, n: int, what: str = "labels") -> npt.NDArray[Any]:
    """Read the labels of n inputs as an array (n,), which may share memory.

    Parameters
    ----------
    values : array-like or tensor of shape (n,)
        Numbers or strings.
    n : int
        How many there must be.
    what : str
        The argument's name.

    Raises
    ------
    ShapeMismatch
        If there is not one label for each input.
    NonFiniteValues
        If a label is NaN.
    InvalidArgument
        If they are neither numbers nor strings, or some are masked.
    """
    array = as_array(values, what, "(n,)")
    if array.shape != (n,):
        raise ShapeMismatch(
            f"{what} must have shape ({n},), one number or name for each input; given {array.shape}"
        )
    if array.dtype.kind == "f" and np.isnan(array).any():
        raise NonFiniteValues(f"{what}[{int(np.isnan(array).argmax())}] is NaN")
    return array


def as_shape(shape: Any, what: str, example: str) -> tuple[int, ...]:
    """Read the shape of an array; a whole number is the shape of a vector.

    Raises
    ------
    ShapeMismatch
        If it is no sequence of whole numbers of at least 1.
    """
    try:
        sizes = tuple(shape) if isinstance(shape, Iterable) else (shape,)
        if isinstance(shape, str | bytes):
            raise TypeError(f"{shown(shape)} is text")
        return tuple(as_int(size, "a size", 1) for size in sizes)
    except (TypeError, InvalidArgument) as error:
        raise ShapeMismatch(f"{what} is {example}, not {shown(shape)}: {error}") from error
