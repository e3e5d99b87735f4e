"""What errors say of a value that is not what it should be."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable

import numpy as np


def kind_of(value: object) -> str:
    """Name the class of a value: "a list"."""
    return "None" if value is None else with_article(type(value))


def with_article(kind: type) -> str:
    """Name a class: "an InputSlice"."""
    return f"{'an' if kind.__name__[0] in 'AEIOUaeiou' else 'a'} {kind.__name__}"


def shown(value: object) -> str:
    """A value as an error shows it, shortened."""
    if isinstance(value, np.ndarray) or hasattr(value, "detach"):
        shape = tuple(getattr(value, "shape", ()))
        return f"an array of {getattr(value, 'dtype', 'numbers')} of shape {shape}"
    try:
        return reprlib.repr(value)
    except Exception:
        # A repr of the user's own may raise anything.
        return with_article(type(value))


def after(advice: str) -> str:
    """Join advice to the fault before it."""
    return f": {advice}" if advice else ""


def listed(names: Iterable[str]) -> str:
    """Join names as English does: "a, b and c"."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
