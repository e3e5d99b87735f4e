"""Curves of metrics on a logarithmic step axis, with a line that marks the step shown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import bqplot
import ipywidgets
import numpy as np

from splineviz.drawing.step_axis import StepAxis
from splineviz.errors import UnknownName
from splineviz.widgets.step_figure import (
    curve,
    legend_entries,
    round_ticks,
    step_figure,
    step_marker,
    step_scale,
    value_axis,
)

if TYPE_CHECKING:
    import pandas as pd

_ACCURACY = {"acc", "accuracy"}
_MOST_POINTS = 1000


@dataclass(frozen=True)
class Curves:
    """A figure, and what is needed to move its marker from elsewhere.

    Parameters
    ----------
    figure : bqplot.Figure
        The curves.
    legend : HBox
        Their names, each in its curve's colour; beside the figure, where it hides no curve.
    marker : bqplot.Lines
        A vertical line; its ``x`` is ``[position, position]``.
    positions : list of float
        Where the marker stands for each checkpoint.
    """

    figure: bqplot.Figure
    legend: ipywidgets.HBox
    marker: bqplot.Lines
    positions: list[float]


def accuracy_columns(metrics: pd.DataFrame) -> list[str]:
    """The columns that hold accuracies: numbers whose name has the word acc or accuracy in it.

    Words are what stands between characters that are neither letters nor digits: ``val_acc``,
    ``val/acc`` and ``accuracy.test`` are accuracies, ``pace`` is none.

    Parameters
    ----------
    metrics : DataFrame
        One row a logged step.

    Returns
    -------
    list of str
        In the order of the table.
    """
    return [
        str(name) for name in metrics.select_dtypes("number").columns if _is_accuracy(str(name))
    ]


def accuracy_curves(
    metrics: pd.DataFrame, steps: Sequence[int], columns: Sequence[str] | None = None
) -> Curves | None:
    """Draw accuracies, or other metrics, over training steps.

    If all of them are accuracies from 0 to 1, that is what their axis spans; otherwise it spans the
    values.

    Parameters
    ----------
    metrics : DataFrame
        One row a logged step, in a column or index named ``step``; missing values are left out.
    steps : sequence of int
        Training steps of the checkpoints.
    columns : sequence of str, optional
        What to draw; the accuracies (:func:`accuracy_columns`) unless said.

    Returns
    -------
    Curves or None
        None if there is nothing to draw.

    Raises
    ------
    UnknownName
        If a column is not in the table.
    """
    table = metrics if "step" in metrics.columns else metrics.reset_index(names="step")
    for name in columns or []:
        if name not in table.columns:
            raise UnknownName("metric", name, [str(known) for known in table.columns])
    columns = list(columns) if columns is not None else accuracy_columns(table)
    if not columns or len(table) == 0 or len(steps) == 0:
        return None
    all_steps = np.concatenate([table["step"].to_numpy(), np.asarray(steps)]).astype(np.int64)
    axis = StepAxis.of(all_steps)
    axis_y = _vertical_axis(table, columns)
    scales = {"x": step_scale(axis), "y": axis_y.scale}
    lines = []
    for number, name in enumerate(columns):
        rows = table[["step", name]].dropna()
        rows = rows.iloc[_spread(rows["step"].to_numpy())]
        x = axis.positions(rows["step"].to_numpy())
        lines.append(curve(x, rows[name].to_numpy(dtype=np.float64), scales, number))
    positions = axis.positions(steps).tolist()
    marker = step_marker(positions[0], scales)
    figure = step_figure(axis, scales["x"], axis_y, [*lines, marker])
    names = [_readable(name, axis_y.label) for name in columns]
    legend = ipywidgets.HBox(legend_entries(names))
    legend.add_class("splineviz-legend")
    return Curves(figure, legend, marker, positions)


def _words(name: str) -> list[str]:
    return [word for word in re.split(r"[\W_]+", name) if word]


def _is_accuracy(name: str) -> bool:
    return bool(_ACCURACY & {word.lower() for word in _words(name)})


def _vertical_axis(table: pd.DataFrame, columns: list[str]) -> bqplot.Axis:
    """The axis of the values, with its scale, whose ends are ticks."""
    values = table[columns].to_numpy(dtype=np.float64)
    values = values[np.isfinite(values)]
    if all(map(_is_accuracy, columns)) and np.all((values >= 0) & (values <= 1)):
        return value_axis("accuracy", np.linspace(0, 1, 6), ".1f")
    label = _readable(columns[0], "") if len(columns) == 1 else ""
    return value_axis(label, round_ticks(values))


def _spread(steps: np.ndarray) -> np.ndarray:
    """Row numbers of at most about a thousand points, spread evenly over a logarithmic axis."""
    if len(steps) <= _MOST_POINTS:
        return np.arange(len(steps))
    wanted = np.geomspace(1, max(2, steps.max()), _MOST_POINTS)
    rows = np.searchsorted(steps, wanted).clip(0, len(steps) - 1)
    return np.unique(np.concatenate([[0], rows, [len(steps) - 1]]))


def _readable(name: str, axis_label: str) -> str:
    """A metric's name in words; of train_accuracy "train" is enough if the axis says the rest."""
    said = _ACCURACY if axis_label == "accuracy" else set()
    return " ".join(word for word in _words(name) if word.lower() not in said) or name
