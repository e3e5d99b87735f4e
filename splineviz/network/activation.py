"""Activation: what a piecewise-linear step of a program is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from splineviz.network.max_selection import MaxSelection
from splineviz.network.piecewise_linear import PiecewiseLinear
from splineviz.typing import BoolArray


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

    @property
    def neurons(self) -> int:
        """How many neurons it has; the windows of a maximum count as neurons."""
        rule = self.rule
        if isinstance(rule, PiecewiseLinear):
            return self.width // len(rule.breakpoints)
        return len(rule.counts)

    def by_neuron(self, columns: BoolArray) -> BoolArray:
        """Say which neurons have any of their columns set.

        Parameters
        ----------
        columns : bool array (n, width)

        Returns
        -------
        bool array (n, neurons)
        """
        rule = self.rule
        if isinstance(rule, PiecewiseLinear):
            by_breakpoint = columns.reshape(len(columns), len(rule.breakpoints), -1)
            return np.logical_or.reduce(by_breakpoint, axis=1)
        starts = np.cumsum(rule.counts) - rule.counts
        return np.logical_or.reduceat(columns, starts, axis=1)
