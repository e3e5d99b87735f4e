"""Whole numbers as users give them: steps, counts and seeds."""

from __future__ import annotations

from operator import index
from typing import Any

import numpy as np

from splineviz.errors import RecordingError

LIMIT = 2**63


def whole_number(value: Any, what: str) -> int:
    """Read an integer of any type, or a float such as ``1e4`` that is one.

    Parameters
    ----------
    value : int, float or what behaves like an integer
        The number.
    what : str
        What it is, for the message of an error: ``"a step"``.

    Raises
    ------
    RecordingError
        If it is not a whole number, or does not fit into 64 bits.
    """
    try:
        if isinstance(value, float | np.floating) and value.is_integer():
            number = int(value)
        else:
            number = index(value)
    except TypeError as error:
        raise RecordingError(f"{what} must be a whole number, not {value!r}") from error
    if abs(number) >= LIMIT:
        raise RecordingError(f"{what} is too large: it must be below 2**63")
    return number


def natural_number(value: Any, what: str) -> int:
    """Read a whole number that is not negative, as `whole_number` does.

    Raises
    ------
    RecordingError
        If it is not a whole number from 0 to 2**63 - 1.
    """
    number = whole_number(value, what)
    if number < 0:
        raise RecordingError(f"{what} cannot be negative: {number}")
    return number
