"""Values of options, read from text."""

from __future__ import annotations

import argparse


def numbers(text: str) -> tuple[float, ...]:
    """Read numbers between commas."""
    try:
        return tuple(float(number) for number in text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"expected a number such as 0.05, or several such as 0.005,0.05, not {text!r}"
        ) from error


def whole_number(text: str) -> int:
    """Read a whole number."""
    try:
        return int(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"expected a whole number such as 1000, not {text!r}"
        ) from error
