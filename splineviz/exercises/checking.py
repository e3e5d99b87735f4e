"""check: hold an answer to an exercise of the notebooks against what was expected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

#: What an exercise cell has in place of an answer.
UNANSWERED = ...


def check(
    answer: Any,
    expected: Any | Callable[[Any], bool],
    *,
    tolerance: float = 0.0,
    wanted: str = "",
    because: str = "",
) -> None:
    """Print whether an answer is right, and if not, what was expected.

    Nothing is raised, so a notebook with open exercises runs from top to bottom.

    Parameters
    ----------
    answer : object
        The reader's. ``...`` stands for one that is still open.
    expected : object or callable
        The right answer: a number, text, a list or an array. A function is called with the answer
        and returns whether it is right; say in `wanted` what it looks for.
    tolerance : float
        How far numbers may be off (default: 0).
    wanted : str, optional
        What to print in place of `expected`.
    because : str, optional
        A sentence to print after a right or a wrong answer.

    Examples
    --------
    >>> check(4, 1 + 3)
    Right: 4.
    >>> check(5, 4, because="Three neurons cut a line into four pieces.")
    Not yet: expected 4, got 5. Three neurons cut a line into four pieces.
    >>> check(..., 4)
    Open: replace the dots (...) by your answer and run the cell again.
    """
    if answer is UNANSWERED:
        verdict = "Open: replace the dots (...) by your answer and run the cell again."
    else:
        verdict = f"Right: {_in_words(answer)}."
        if not _is_right(answer, expected, tolerance):
            verdict = f"Not yet: expected {wanted or _in_words(expected)}, got {_in_words(answer)}."
        if because:
            verdict += f" {because}"
    print(verdict)  # noqa: T201


def _is_right(answer: Any, expected: Any, tolerance: float) -> bool:
    """Whether an answer is the expected one, up to a tolerance; or what a function says of it."""
    try:
        if callable(expected):
            return bool(expected(answer))
        if isinstance(expected, str):
            return str(answer).strip().casefold() == expected.strip().casefold()
        actual, right = np.asarray(answer, dtype=float), np.asarray(expected, dtype=float)
    except Exception:  # any kind of answer may come, and a wrong kind is a wrong answer
        return False
    return actual.shape == right.shape and bool((np.abs(actual - right) <= tolerance).all())


def _in_words(value: Any) -> str:
    if value is None or isinstance(value, str | bool | np.bool_):
        return str(value)
    try:
        numbers = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        return type(value).__name__
    if numbers.size > 12:
        return f"{numbers.size} numbers"
    return np.array2string(numbers, separator=", ", formatter={"float": lambda x: f"{x:.6g}"})
