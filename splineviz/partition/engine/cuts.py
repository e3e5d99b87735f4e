"""Cut: functions that are affine on each cell, and cut it where they are zero."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from splineviz.network.max_selection import MaxSelection, flat_values
from splineviz.network.piecewise_linear import PiecewiseLinear
from splineviz.network.program import Program
from splineviz.partition.engine.tournament import lead_units, leads, next_round, pairs
from splineviz.partition.rounding.values import EPS, ULPS, PiecewiseLinearRounding, ValueBounds
from splineviz.typing import FloatArray

Values = Mapping[int, FloatArray]
"""Values of a program by their number, each of shape (n, *shape)."""


@dataclass(frozen=True, eq=False)
class Cut:
    """The functions with which one activation, or one round of a maximum, cuts all cells.

    Parameters
    ----------
    step : int
        The step of the program that reads the values from which they follow.
    columns : callable
        From the values that the step reads to the functions, float64 array (n, W).
    unit : float64 array (W,)
        Unit of rounding of each over the whole slice, as in ``ValueBounds``.
    units : callable
        From the values that the step reads and their units of rounding to the units of the
        functions at the same points, float64 array (n, W).
    source : int, optional
        The value that the functions are, if they are just the entries of one value.
    """

    step: int
    columns: Callable[[Values], FloatArray]
    unit: FloatArray
    units: Callable[[Values, Values], FloatArray]
    source: int | None = None

    @property
    def tolerance(self) -> FloatArray:
        """How near to zero counts as zero, float64 array (W,).

        Over the whole slice: a value beyond it surely has its sign. One within it is looked up
        again with the finer bound of :mod:`~splineviz.partition.engine.local_values`.
        """
        return ULPS * EPS * self.unit


def breakpoint_cut(program: Program, step: int, rule: PiecewiseLinear, read: ValueBounds) -> Cut:
    """The cut of a function of single numbers: each value cuts where it meets a breakpoint.

    Parameters
    ----------
    program : Program
    step : int
        The step of the activation.
    rule : PiecewiseLinear
    read : ValueBounds
        Of the value that it reads.
    """
    (source,), rounding = program.steps[step].inputs, PiecewiseLinearRounding(rule)
    return Cut(
        step,
        lambda values: rule.switches(values[source]),
        rounding.column_units(read.unit)[0],
        lambda _, units: rounding.column_units(units[source]),
        source if rule.breakpoints.tolist() == [0.0] else None,
    )


def tournament_cuts(
    program: Program, step: int, rule: MaxSelection, read: Sequence[ValueBounds]
) -> list[Cut]:
    """The cuts of a maximum over several values, to be applied one after another.

    One for each round of a tournament: pairs are compared, then the winners of pairs, and so on.
    They cut too much; :func:`~splineviz.partition.engine.tournament.settle` joins cells again.
    Parameters are those of :func:`breakpoint_cut`.
    """
    sources = program.steps[step].inputs
    unit = flat_values([rounding.unit for rounding in read])[0, rule.candidates.T]
    cuts: list[Cut] = []
    while len(unit) > 1:
        cuts.append(_round(step, rule, len(cuts), sources, np.hypot(*pairs(unit)).reshape(-1)))
        unit = next_round(unit)
    return cuts


def _round(
    step: int, rule: MaxSelection, number: int, sources: Sequence[int], unit: FloatArray
) -> Cut:
    return Cut(
        step,
        lambda values: leads(rule, number, [values[v] for v in sources]),
        unit,
        lambda values, units: lead_units(
            rule, number, [values[v] for v in sources], [units[v] for v in sources]
        ),
    )
