"""Numbers as users give them: whole ones, seeds, arrays, lists, or tensors on any device."""

from __future__ import annotations

from operator import index
from typing import Any

import numpy as np

from splineviz.errors import InvalidArgument, ShapeMismatch
from splineviz.typing import FloatArray


def off_torch(values: Any) -> Any:
    """What numpy can read: of a tensor its numbers without gradient, on the CPU.

    Parameters
    ----------
    values : array-like or tensor
        bfloat16, which numpy does not know, becomes float32. What is no tensor comes back as it is.
    """
    if not hasattr(values, "detach"):
        return values
    values = values.detach().cpu()
    return values.float() if str(values.dtype) == "torch.bfloat16" else values


def as_numbers(values: Any, what: str, form: str) -> FloatArray:
    """Numbers of any type as a float64 array.

    Parameters
    ----------
    values : array-like or tensor
    what, form : str
        What they are, and the shape of their array, for the message.

    Raises
    ------
    ShapeMismatch
        If they make no array of numbers.
    """
    try:
        return np.asarray(off_torch(values), dtype=np.float64)
    except (RuntimeError, TypeError, ValueError) as error:
        raise ShapeMismatch(f"{what} do not make an array of numbers {form}: {error}") from error


def read_whole(value: Any, what: str, least: int) -> int:
    """A whole number of any integer type.

    Parameters
    ----------
    value : int or what behaves like one
        As a user gives it.
    what : str
        The argument's name.
    least : int
        The least number allowed.

    Raises
    ------
    InvalidArgument
        If it is no whole number, below the least, or does not fit into 64 bits.
    """
    try:
        number = index(value)
    except TypeError as error:
        raise InvalidArgument(f"{what} must be a whole number, not {value!r}") from error
    if number < least:
        raise InvalidArgument(f"{what} must be at least {least}, not {number}")
    if number >= 2**63:
        raise InvalidArgument(f"{what} must be below 2**63, not {number}")
    return number


def random_generator(seed: Any) -> np.random.Generator:
    """A generator of the caller's own, which the seed decides.

    Raises
    ------
    InvalidArgument
        If the seed is no whole number of at least 0: NumPy would take None, and never draw the same
        again.
    """
    return np.random.default_rng(read_whole(seed, "seed", 0))
