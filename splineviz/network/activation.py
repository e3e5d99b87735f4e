"""Activation: what a piecewise-linear step of a program is."""

from __future__ import annotations

from dataclasses import dataclass

from splineviz.network.max_selection import MaxSelection
from splineviz.network.piecewise_linear import PiecewiseLinear


@dataclass(frozen=True)
class Activation:
    """A piecewise-linear step: it cuts the input into regions.

    Attributes
    ----------
    number : int
        Its place among :attr:`Program.activations`.
    step : int
        Its index in :attr:`Program.steps`.
    name : str
        The step's name.
    width : int
        The number of columns of its activation pattern: breakpoints times neurons, or the
        candidates of all windows.
    rule : PiecewiseLinear or MaxSelection
        The meaning of the columns, and the function.
    shape : tuple of int
        The shape of its value, for one sample.
    """

    number: int
    step: int
    name: str
    width: int
    rule: PiecewiseLinear | MaxSelection
    shape: tuple[int, ...]
