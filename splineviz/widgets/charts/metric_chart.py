"""MetricChart: metrics over training steps, with a line at the step shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from splineviz.drawing.metric_curves import metric_curves, with_steps
from splineviz.drawing.step_axis import StepAxis
from splineviz.widgets.charts.step_chart import StepChart

if TYPE_CHECKING:
    import pandas as pd


class MetricChart(StepChart):
    """Metrics over training steps.

    If all of them are accuracies, the axis goes from 0 to 1; otherwise it spans the values. A
    missing value leaves a gap, unless the metric is only measured now and then. The legend says
    which metrics have no values.

    Parameters
    ----------
    metrics : DataFrame
        One row per logged step, with the step in a column or index named ``step``.
    steps : sequence of int
        Training steps of the checkpoints; at least one.
    columns : sequence of str
        The columns to draw.
    axis : StepAxis, optional
        The axis of steps. Default: one that fits the metrics and checkpoints.

    Attributes
    ----------
    positions : list of float
        The position of the line for each checkpoint.

    Raises
    ------
    UnknownName
        If a column is not in the table.
    """

    def __init__(
        self,
        metrics: pd.DataFrame,
        steps: Sequence[int],
        columns: Sequence[str],
        axis: StepAxis | None = None,
    ) -> None:
        table = with_steps(metrics)
        axis = StepAxis.of([*table["step"].astype(int), *steps]) if axis is None else axis
        self.positions = axis.positions(steps).tolist()
        curves, values = metric_curves(table, columns)
        super().__init__(axis, int(steps[0]))
        self.show(curves, values)
