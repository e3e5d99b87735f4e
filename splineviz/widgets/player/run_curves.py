"""RunCurves: the metrics of a run over its steps, as a player draws them below the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from splineviz.drawing.metric_curves import choose_columns, metric_curves, with_steps
from splineviz.drawing.step_axis import StepAxis
from splineviz.drawing.step_curve import StepCurve, pieces
from splineviz.drawing.value_axis import ACCURACY, ValueAxis
from splineviz.typing import FloatArray

if TYPE_CHECKING:
    import pandas as pd

_DASHES = {"solid": "none", "dashed": "6 4", "dotted": "2 3"}


@dataclass(frozen=True, eq=False)
class RunCurves:
    """The metrics of a run over its steps.

    Attributes
    ----------
    axis : StepAxis
        The axis of steps: all that were logged, and all checkpoints.
    curves : tuple of StepCurve
        One for each metric; empty if there is none to draw.
    values : ValueAxis
        Their axis.
    """

    axis: StepAxis
    curves: tuple[StepCurve, ...]
    values: ValueAxis

    @classmethod
    def of(
        cls, metrics: pd.DataFrame, steps: Sequence[int], columns: Sequence[str] | None = None
    ) -> RunCurves:
        """Read the curves of a run.

        Parameters
        ----------
        metrics : DataFrame
            One row per logged step, with the step in a column or index named ``step``.
        steps : sequence of int
            Training steps of the checkpoints.
        columns : sequence of str, optional
            The columns to draw. Default: those that are accuracies.

        Raises
        ------
        UnknownName
            If a column is not in the table.
        """
        names = choose_columns(metrics, columns)
        logged = [int(step) for step in with_steps(metrics)["step"]] if names else []
        axis = StepAxis.of([*logged, *steps])
        if not logged:
            return cls(axis, (), ACCURACY)
        curves, values = metric_curves(metrics, names)
        return cls(axis, tuple(curves), values)

    def describe(self) -> dict[str, Any]:
        """What a front end needs to draw them, as JSON values.

        Returns
        -------
        dict
            ``axis``: the first positive step and the ends of the axis. ``values``: label and ticks.
            ``lines``: of each curve its name, color and dashes, and its pieces as [steps, values].
        """
        return {
            "axis": {"first": self.axis.first, "left": self.axis.left, "right": self.axis.right},
            "values": {"label": self.values.label, "ticks": _rounded(self.values.ticks)},
            "lines": [_line(curve) for curve in self.curves],
        }


def _line(curve: StepCurve) -> dict[str, Any]:
    color, style = curve.style
    return {
        "name": f"{curve.name} (no values)" if curve.is_empty else curve.name,
        "color": color,
        "dash": _DASHES[style],
        "pieces": [
            [curve.steps[piece].tolist(), _rounded(curve.values[piece])]
            for piece in pieces(curve.steps, curve.values, curve.sparse)
        ],
    }


def _rounded(numbers: FloatArray) -> list[float]:
    return [float(f"{number:.6g}") for number in numbers.tolist()]
