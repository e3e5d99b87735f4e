"""The metrics of a run as curves over training steps: which to draw, and how they are named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from splineviz.drawing.metric_names import MetricName
from splineviz.drawing.step_curve import StepCurve
from splineviz.drawing.value_axis import ACCURACY, ValueAxis, round_ticks
from splineviz.validation.names import check_name

if TYPE_CHECKING:
    import pandas as pd


def with_steps(metrics: pd.DataFrame) -> pd.DataFrame:
    """Return the table with the steps in a column ``step``."""
    return metrics if "step" in metrics.columns else metrics.reset_index(names="step")


def choose_columns(metrics: pd.DataFrame, columns: Sequence[str] | None) -> list[str]:
    """Choose the columns to draw: the given ones, or the accuracies for None.

    Raises
    ------
    UnknownName
        If a column is not in the table.
    """
    if columns is None:
        return accuracy_columns(metrics)
    return check_columns(columns, [with_steps(metrics)])


def check_columns(columns: Sequence[str], tables: Sequence[pd.DataFrame]) -> list[str]:
    """Check the names of columns, and return each once; a text is a single name.

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
    """Find the columns that hold accuracies, by their names.

    Parameters
    ----------
    metrics : DataFrame
        One row per logged step.

    Returns
    -------
    list of str
        Numeric columns that are named as an accuracy (see
        :class:`~splineviz.drawing.metric_names.MetricName`), in the order of the table.
    """
    names = [str(name) for name in metrics.select_dtypes("number").columns]
    return [name for name in names if MetricName(name).is_accuracy]


def split_by_kind(columns: Sequence[str]) -> list[list[str]]:
    """Split columns into accuracies and other metrics; leaves out empty lists."""
    accuracies = [name for name in columns if MetricName(name).is_accuracy]
    others = [name for name in columns if name not in accuracies]
    return [names for names in (accuracies, others) if names]


def metric_curves(
    metrics: pd.DataFrame,
    columns: Sequence[str],
    line_style: str | None = None,
    numbers: Mapping[str, int] | None = None,
) -> tuple[list[StepCurve], ValueAxis]:
    """Convert metrics to curves: first those without an attack, then the others, by its strength.

    Parameters
    ----------
    metrics : DataFrame
        One row per logged step, with the step in a column or index named ``step``.
    columns : sequence of str
        The columns to draw.
    line_style : str, optional
        The line style of all curves. Default: chosen by their numbers.
    numbers : mapping from str to int, optional
        The number of each metric's curve, which chooses its color. Default: their order.

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
