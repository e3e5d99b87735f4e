"""Curves of metrics on a logarithmic step axis, with a line that marks the step shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from splineviz.drawing.metric_names import MetricName
from splineviz.drawing.step_axis import StepAxis
from splineviz.drawing.step_curve import StepCurve
from splineviz.validation.names import check_name
from splineviz.widgets.charts.bqplot_parts import ACCURACY, ValueAxis, round_ticks
from splineviz.widgets.charts.step_chart import StepChart

if TYPE_CHECKING:
    import pandas as pd


class MetricChart(StepChart):
    """Metrics over training steps.

    If all of them are accuracies from 0 to 1, that is what their axis spans; otherwise it spans the
    values. A missing value leaves a gap, unless the metric is taken now and then; a metric that
    has no values at all is said to have none.

    Parameters
    ----------
    metrics : DataFrame
        One row a logged step, in a column or index named ``step``.
    steps : sequence of int
        Training steps of the checkpoints; at least one.
    columns : sequence of str
        What to draw.
    axis : StepAxis, optional
        The axis of steps; the one that metrics and checkpoints need unless said.

    Attributes
    ----------
    positions : list of float
        Where the line stands for each checkpoint.

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


def accuracy_chart(
    metrics: pd.DataFrame, steps: Sequence[int], columns: Sequence[str] | None = None
) -> MetricChart | None:
    """Draw accuracies, or other metrics, over training steps.

    Parameters
    ----------
    metrics : DataFrame
        One row a logged step, in a column or index named ``step``.
    steps : sequence of int
        Training steps of the checkpoints.
    columns : sequence of str, optional
        What to draw; the accuracies (:func:`accuracy_columns`) unless said.

    Returns
    -------
    MetricChart or None
        None if there is nothing to draw.

    Raises
    ------
    UnknownName
        If a column is not in the table.
    """
    columns = choose_columns(metrics, columns)
    if not columns or len(metrics) == 0 or len(steps) == 0:
        return None
    return MetricChart(metrics, steps, columns)


def with_steps(metrics: pd.DataFrame) -> pd.DataFrame:
    """The table with the steps in a column ``step``, wherever they were."""
    return metrics if "step" in metrics.columns else metrics.reset_index(names="step")


def choose_columns(metrics: pd.DataFrame, columns: Sequence[str] | None) -> list[str]:
    """The columns to draw: those that are asked for, or the accuracies.

    Raises
    ------
    UnknownName
        If a column is not in the table.
    """
    if columns is None:
        return accuracy_columns(metrics)
    return check_columns(columns, [with_steps(metrics)])


def check_columns(columns: Sequence[str], tables: Sequence[pd.DataFrame]) -> list[str]:
    """Columns that are asked for, each once; a text is the name of one.

    Raises
    ------
    UnknownName
        If a column is in none of the tables.
    """
    known = list(dict.fromkeys(str(name) for table in tables for name in table.columns))
    several = isinstance(columns, Iterable) and not isinstance(columns, str)
    chosen = [*columns] if several else [columns]
    for name in chosen:
        check_name(known, "metric", name)
    return list(dict.fromkeys(map(str, chosen)))


def accuracy_columns(metrics: pd.DataFrame) -> list[str]:
    """The columns that hold accuracies, by their names.

    Parameters
    ----------
    metrics : DataFrame
        One row a logged step.

    Returns
    -------
    list of str
        Numbers whose name is that of an accuracy, as
        :class:`~splineviz.drawing.metric_names.MetricName` reads it; in the order of the table.
    """
    names = [str(name) for name in metrics.select_dtypes("number").columns]
    return [name for name in names if MetricName(name).is_accuracy]


def split_by_kind(columns: Sequence[str]) -> list[list[str]]:
    """Accuracies and other metrics apart, each if there are any."""
    accuracies = [name for name in columns if MetricName(name).is_accuracy]
    others = [name for name in columns if name not in accuracies]
    return [names for names in (accuracies, others) if names]


def metric_curves(
    metrics: pd.DataFrame,
    columns: Sequence[str],
    line_style: str | None = None,
    numbers: Mapping[str, int] | None = None,
) -> tuple[list[StepCurve], ValueAxis]:
    """Metrics as curves: first those without an attack, then those under one, by its strength.

    Parameters
    ----------
    metrics : DataFrame
        One row a logged step, in a column or index named ``step``.
    columns : sequence of str
        What to draw.
    line_style : str, optional
        Of all curves; that of their numbers unless said.
    numbers : mapping from str to int, optional
        The number of each metric's curve, which chooses its color; their order unless said.

    Returns
    -------
    curves : list of StepCurve
    values : ValueAxis
        The axis they need.
    """
    table = with_steps(metrics).sort_values("step", kind="stable")
    names = list(map(MetricName, columns))
    values = table[list(columns)].to_numpy(dtype=np.float64)
    values = values[np.isfinite(values)]
    in_range = bool(np.all((values >= 0) & (values <= 1)))
    is_accuracy = in_range and all(name.is_accuracy for name in names)
    groups = list(dict.fromkeys(name.group for name in names if name.is_adversarial))

    def place(name: MetricName) -> tuple[int, float]:
        return (1 + groups.index(name.group), name.strength) if name.is_adversarial else (0, 0.0)

    curves = [
        StepCurve(
            _label(name, is_accuracy),
            table["step"].to_numpy(dtype=np.int64),
            table[name.name].to_numpy(dtype=np.float64),
            number=number if numbers is None else numbers[name.name],
            line_style=line_style,
            sparse=True,
            group=name.group if name.eps else "",
        )
        for number, name in enumerate(sorted(names, key=place))
    ]
    if is_accuracy:
        return curves, ACCURACY
    label = names[0].readable() if len(names) == 1 else ""
    return curves, ValueAxis(label, round_ticks(values))


def _label(name: MetricName, is_accuracy: bool) -> str:
    if name.is_adversarial:
        return f"ε = {name.eps}" if name.eps else name.group
    return name.readable(is_accuracy)
