"""How large the rounding error of each pre-activation may be at points, each by itself.

The certificate decides with it which signs it may compare. It runs the network at the points alone
and knows nothing of cells, so that a mistake of the engine about cells cannot hide here.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from splineviz.network.interpret import walk
from splineviz.network.program import Program
from splineviz.partition.rounding.values import Rounded, RoundedValues, rounding_of
from splineviz.typing import FloatArray


def units_at(
    program: Program, inputs: FloatArray, input_unit: FloatArray, decided: float
) -> tuple[FloatArray, FloatArray]:
    """Units of rounding at some inputs.

    A neuron that is surely off outputs exactly 0 and passes no error on. One whose sign is not sure
    passes its error on as if it were on: the bound must hold for either sign.

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
    domain = _AtPoints(program, decided)
    start = Rounded(inputs, np.broadcast_to(input_unit, inputs.shape))
    wanted = [program.output, *(activation.step + 1 for activation in program.activations)]
    of_output = start.unit
    for i, _, result in walk(domain, {0: start}, wanted):
        if i + 1 == program.output:
            of_output = result.unit
    columns = [np.empty((len(inputs), 0)), *domain.columns]
    return np.concatenate(columns, axis=1), of_output.reshape(len(inputs), -1)


class _AtPoints(RoundedValues):
    """Values and units at points; keeps the units of all pre-activations in `columns`."""

    def __init__(self, program: Program, decided: float) -> None:
        super().__init__(program)
        self.decided = decided
        self.columns: list[FloatArray] = []

    def activation(self, i: int, inputs: Sequence[Rounded]) -> Rounded:
        rounding = rounding_of(self.program.activation_at[i].rule)
        outputs = self.program.activate(i, *(one.value for one in inputs))
        of_columns, unit = rounding.at_points(inputs, outputs, self.decided)
        self.columns.append(of_columns)
        return Rounded(outputs, unit)
