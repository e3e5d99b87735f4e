"""How large the rounding error of each pre-activation may be at points, each by itself.

The certificate decides with it which signs it may compare. It asks the network at the points alone
and knows nothing of cells, so that a mistake of the engine about them cannot hide here.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from splineviz.network.contest import Contest, flat_values
from splineviz.network.interpret import Numbers, walk
from splineviz.network.kinks import Kinks
from splineviz.network.program import Program
from splineviz.partition.rounding import kink_units, unit_of_sum

FloatArray = npt.NDArray[np.float64]


def units_at(
    program: Program, inputs: FloatArray, input_unit: FloatArray, decided: float
) -> tuple[FloatArray, FloatArray]:
    """Units of rounding at some inputs.

    A neuron that is surely off passes no error on: what it makes is 0, exactly. One whose sign is
    not sure passes it on as if it were on.

    Parameters
    ----------
    program : Program
    inputs : float64 array (n, *input_shape)
    input_unit : float64 array (*input_shape)
        Unit of rounding of the inputs: they are points of a slice, whose coordinates are known to
        within rounding of its size.
    decided : float
        A sign is sure where its number is so many units from zero.

    Returns
    -------
    pre_activations : float64 array (n, total width)
        Of the pre-activations of all activations, in network order.
    outputs : float64 array (n, out)
    """
    values: dict[int, tuple[FloatArray, FloatArray]] = {
        0: (inputs, np.broadcast_to(input_unit, inputs.shape))
    }
    columns = [np.empty((len(inputs), 0))]
    for i, read, made in walk(Numbers(program), {0: inputs}):
        units = [values[v][1] for v in program.steps[i].inputs]
        activation = program.activation_at.get(i)
        if activation is None:
            size = program.affine_magnitude(i, *(np.abs(value) for value in read))
            unit = unit_of_sum(size, program.affine_deviation(i, *units))
        elif isinstance(activation.rule, Contest):
            of_columns, unit = _behind_contest(activation.rule, read, units, decided)
            columns.append(of_columns)
            unit = unit.reshape(made.shape)
        else:
            of_columns, unit = _behind_kinks(activation.rule, read[0], units[0], made, decided)
            columns.append(of_columns)
        values[i + 1] = made, unit
        for v in {*program.steps[i].inputs, i + 1} - {program.output}:
            if program.last_use[v] <= i:
                del values[v]
    return np.concatenate(columns, axis=1), values[program.output][1].reshape(len(inputs), -1)


def _behind_kinks(
    rule: Kinks, value: FloatArray, unit: FloatArray, made: FloatArray, decided: float
) -> tuple[FloatArray, FloatArray]:
    """Units of the columns, and of what an activation makes."""
    of_columns = kink_units(rule, unit)
    z = rule.switches(value)
    shape = value.shape[1:]
    low, high = (
        np.abs(rule.segments(z + side * of_columns > 0, shape)[0]) for side in (-decided, decided)
    )
    slope = np.where(low == high, low, rule.steepest)
    shift = float(np.abs(rule.offsets).max())
    passed = slope * unit
    # ReLU, LeakyReLU and the like add nothing.
    return of_columns, np.hypot(passed, np.abs(made) + shift) if shift else passed


def _behind_contest(
    rule: Contest, values: Sequence[FloatArray], units: Sequence[FloatArray], decided: float
) -> tuple[FloatArray, FloatArray]:
    """Units of the columns, and of the winners (n, windows)."""
    standing = rule.sign * flat_values(values)[:, rule.candidates]
    unit = flat_values(units)[:, rule.candidates]
    winner = standing.argmax(axis=2)[:, :, None]
    best, of_best = (np.take_along_axis(array, winner, axis=2) for array in (standing, unit))
    near = standing >= best - decided * np.hypot(unit, of_best)
    won = np.where(near, unit, 0.0).max(axis=2)
    # A candidate is compared with the best, and the best with the next of them.
    others = standing.copy()
    np.put_along_axis(others, winner, -np.inf, axis=2)
    second = others.argmax(axis=2)[:, :, None]
    of_second = np.take_along_axis(unit, second, axis=2)
    other = np.maximum(of_best, of_second)
    of_columns = np.hypot(
        unit[:, rule.column_window, _places(rule)], other[:, rule.column_window, 0]
    )
    return of_columns, won


def _places(rule: Contest) -> npt.NDArray[np.int64]:
    """The place of each column among the candidates of its window."""
    first = np.cumsum(rule.counts) - rule.counts
    return np.arange(rule.width) - first[rule.column_window]
