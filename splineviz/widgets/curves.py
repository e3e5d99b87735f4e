"""Curves of metrics on a logarithmic step axis, with a line that marks the step shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import bqplot
import ipywidgets

from splineviz.widgets.metric_lines import MetricLines
from splineviz.widgets.step_figure import (
    curve,
    legend_entries,
    step_figure,
    step_marker,
    step_scale,
    value_axis,
)

if TYPE_CHECKING:
    import pandas as pd


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
    lines : MetricLines
        What is drawn; its positions say where the marker stands for each checkpoint.
    """

    figure: bqplot.Figure
    legend: ipywidgets.HBox
    marker: bqplot.Lines
    lines: MetricLines


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
        What to draw; the accuracies
        (:func:`~splineviz.widgets.metric_lines.accuracy_columns`) unless said.

    Returns
    -------
    Curves or None
        None if there is nothing to draw.

    Raises
    ------
    UnknownName
        If a column is not in the table.
    """
    lines = MetricLines.of(metrics, steps, columns)
    if lines is None:
        return None
    axis_y = value_axis(lines.label, lines.ticks, lines.tick_format)
    scales = {"x": step_scale(lines.axis), "y": axis_y.scale}
    marks = [curve(x, y, scales, number) for number, (x, y) in enumerate(lines.lines)]
    marker = step_marker(lines.positions[0], scales)
    figure = step_figure(lines.axis, scales["x"], axis_y, [*marks, marker])
    legend = ipywidgets.HBox(legend_entries(lines.names))
    legend.add_class("splineviz-legend")
    return Curves(figure, legend, marker, lines)
