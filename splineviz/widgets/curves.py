"""Curves of metrics on a logarithmic step axis, with a line that marks the step shown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import bqplot
import ipywidgets
import numpy as np

from splineviz.errors import UnknownName

if TYPE_CHECKING:
    import pandas as pd

#: Line colours that stay apart for colour-blind readers, after M. Okabe and K. Ito (2008); the
#: first is lighter than theirs, to be seen on a dark page as well.
CURVE_COLORS = ["#2b8cc4", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"]

_ACCURACY = {"acc", "accuracy"}
_MOST_POINTS = 1000
_DASHES = {"solid": "━━", "dashed": "╍╍", "dotted": "┅┅"}
_LINE_STYLES = list(_DASHES)


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


def axis_positions(steps: np.ndarray, first: float) -> np.ndarray:
    """Where steps stand on a logarithmic axis that has a place for step 0.

    Parameters
    ----------
    steps : ndarray of integers
        Training steps, 0 included.
    first : float
        The smallest positive step on the axis; step 0 stands at half of it, its left end.

    Returns
    -------
    ndarray of float64
    """
    return np.where(steps > 0, steps, first / 2).astype(np.float64)


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
    positive = all_steps[all_steps > 0]
    first = float(positive.min()) if len(positive) else 1.0
    last = float(positive.max()) if len(positive) else 1.0
    left = first / 2 if (all_steps == 0).any() else first
    scale_x = bqplot.LogScale(min=left, max=max(last, 10 * first))
    axis_y = _vertical_axis(table, columns)
    lines, names = [], []
    for k, name in enumerate(columns):
        rows = table[["step", name]].dropna()
        rows = rows.iloc[_spread(rows["step"].to_numpy())]
        lines.append(
            bqplot.Lines(
                x=axis_positions(rows["step"].to_numpy(), first),
                y=rows[name].to_numpy(dtype=np.float64),
                scales={"x": scale_x, "y": axis_y.scale},
                colors=[CURVE_COLORS[k % len(CURVE_COLORS)]],
                # A line through one point cannot be seen.
                marker="circle" if len(rows) == 1 else None,
                line_style=_LINE_STYLES[k // len(CURVE_COLORS) % len(_LINE_STYLES)],
            )
        )
        entry = ipywidgets.Label(f"{_DASHES[lines[-1].line_style]} {_readable(name, axis_y.label)}")
        entry.style.text_color = lines[-1].colors[0]
        names.append(entry)
    positions = axis_positions(np.asarray(steps), first).tolist()
    marker = bqplot.Lines(
        x=np.array([positions[0]] * 2),
        y=np.array([axis_y.scale.min, axis_y.scale.max]),
        scales={"x": scale_x, "y": axis_y.scale},
        colors=["#808080"],
        stroke_width=2,
    )
    ticks = _tick_steps(first, scale_x.max)
    labels = {_key(step): _short(step) for step in ticks}
    if left < first:
        labels[_key(left)] = "0"
        ticks = [left, *ticks]
    figure = bqplot.Figure(
        marks=[*lines, marker],
        axes=[
            bqplot.Axis(
                scale=scale_x,
                label="training step",
                label_offset="32px",
                tick_values=np.array(ticks),
                tick_labels=labels,
                grid_lines="none",
            ),
            axis_y,
        ],
        fig_margin={"top": 12, "bottom": 50, "left": 52, "right": 16},
        padding_y=0.0,
        animation_duration=0,
    )
    figure.layout.width = "auto"
    figure.layout.height = "380px"
    figure.layout.min_width = "0"
    legend = ipywidgets.HBox(names)
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
        ticks, tick_format, label = np.linspace(0, 1, 6), ".1f", "accuracy"
    else:
        ticks, tick_format = _round_ticks(values), "~g"
        label = _readable(columns[0], "") if len(columns) == 1 else ""
    return bqplot.Axis(
        scale=bqplot.LinearScale(min=float(ticks[0]), max=float(ticks[-1])),
        side="left",
        label=label,
        tick_values=ticks,
        tick_format=tick_format,
        label_offset="36px",
    )


def _round_ticks(values: np.ndarray) -> np.ndarray:
    """A few round numbers that enclose some values."""
    from matplotlib.ticker import MaxNLocator

    low, high = (values.min(), values.max()) if len(values) else (0.0, 1.0)
    if low == high:
        low, high = low - 0.5, high + 0.5
    return np.asarray(MaxNLocator(5).tick_values(low, high))


def _spread(steps: np.ndarray) -> np.ndarray:
    """Row numbers of at most about a thousand points, spread evenly over a logarithmic axis."""
    if len(steps) <= _MOST_POINTS:
        return np.arange(len(steps))
    wanted = np.geomspace(1, max(2, steps.max()), _MOST_POINTS)
    rows = np.searchsorted(steps, wanted).clip(0, len(steps) - 1)
    return np.unique(np.concatenate([[0], rows, [len(steps) - 1]]))


def _tick_steps(first: float, last: float) -> list[float]:
    """Powers of ten from the first step to the last; over a short axis 2 and 5 times them too."""
    powers = range(int(np.floor(np.log10(first))), int(np.floor(np.log10(last))) + 1)
    factors = (1, 2, 5) if last < 100 * first else (1,)
    ticks = [factor * 10.0**power for power in powers for factor in factors]
    return [tick for tick in ticks if first <= tick <= last]


def _key(value: float) -> str:
    """A number as a JavaScript object key spells it."""
    return str(int(value)) if value == int(value) else repr(value)


def _short(step: float) -> str:
    """A round step as people write it on an axis: 100, 2k, 10k, 1M."""
    for size, letter in ((10**6, "M"), (10**3, "k")):
        if step >= size:
            return f"{step / size:g}{letter}"
    return f"{step:g}"


def _readable(name: str, axis_label: str) -> str:
    """A metric's name in words; of train_accuracy "train" is enough if the axis says the rest."""
    said = _ACCURACY if axis_label == "accuracy" else set()
    return " ".join(word for word in _words(name) if word.lower() not in said) or name
