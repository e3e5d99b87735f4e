"""The parts of a figure of curves over training steps: axes, curves, legend, the line at a step."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import bqplot
import ipywidgets
import numpy as np

from splineviz.drawing.step_axis import StepAxis
from splineviz.drawing.step_curve import StepCurve, pieces
from splineviz.drawing.step_plot import BAND
from splineviz.drawing.value_axis import ValueAxis
from splineviz.typing import FloatArray, IntArray

_DASHES = {"solid": "━━", "dashed": "╍╍", "dotted": "┅┅"}
_CIRCLE = 20


class CurveMarks:
    """The marks of one StepCurve: a band, a line, and circles at values without a neighbor.

    Parameters
    ----------
    curve : StepCurve
        The first curve to draw. It decides the color and whether there is a band.
    axis : StepAxis
        The axis of steps.
    scales : dict of bqplot.Scale
        By ``x`` and ``y``.
    """

    def __init__(self, curve: StepCurve, axis: StepAxis, scales: dict[str, bqplot.Scale]) -> None:
        color, line_style = curve.style
        self._color = color
        self.band: bqplot.Lines | None = None
        if curve.low is not None:
            self.band = bqplot.Lines(
                x=np.empty(0),
                y=np.empty(0),
                scales=scales,
                fill="inside",
                close_path=True,
                colors=[color],
                stroke_width=0,
            )
        self.line = bqplot.Lines(
            x=np.empty(0), y=np.empty(0), scales=scales, colors=[color], line_style=line_style
        )
        self.circles = bqplot.Scatter(
            x=np.empty(0), y=np.empty(0), scales=scales, colors=[color], default_size=_CIRCLE
        )
        self.draw(curve, axis)

    def draw(self, curve: StepCurve, axis: StepAxis) -> None:
        """Draw another curve in the same colors."""
        x = axis.positions(curve.steps)
        joined = pieces(curve.steps, curve.values, curve.sparse)
        _set(
            self.line,
            *_joined([(x[piece], curve.values[piece]) for piece in joined if len(piece) > 1]),
        )
        alone = np.concatenate(
            [np.empty(0, np.int64), *(piece for piece in joined if len(piece) == 1)]
        )
        _set(self.circles, x[alone], curve.values[alone])
        if self.band is not None and curve.low is not None and curve.high is not None:
            bands = [rows for rows in pieces(curve.steps, curve.low, curve.sparse) if len(rows) > 1]
            self.band.fill_colors = [self._color] * max(1, len(bands))
            self.band.fill_opacities = [BAND] * max(1, len(bands))
            _set(self.band, *_joined([_outline(x, curve.low, curve.high, rows) for rows in bands]))


def _outline(
    x: FloatArray, low: FloatArray, high: FloatArray, rows: IntArray
) -> tuple[FloatArray, FloatArray]:
    """The outline of a band: forward along the lower ends, back along the upper ones."""
    back = rows[::-1]
    return np.concatenate([x[rows], x[back]]), np.concatenate([low[rows], high[back]])


def _joined(parts: Sequence[tuple[FloatArray, FloatArray]]) -> tuple[FloatArray, FloatArray]:
    """Join lines: one as it is, several as rows that are padded with their last point."""
    if len(parts) == 1:
        return parts[0]
    longest = max((len(x) for x, _ in parts), default=0)
    rows = [
        [np.pad(values, (0, longest - len(values)), mode="edge") for values in line]
        for line in parts
    ]
    if not rows:
        return np.empty(0), np.empty(0)
    return np.array([x for x, _ in rows]), np.array([y for _, y in rows])


def _set(mark: bqplot.Mark, x: FloatArray, y: FloatArray) -> None:
    with mark.hold_sync():
        mark.x = x
        mark.y = y


def step_scale(axis: StepAxis) -> bqplot.LogScale:
    """The scale of a step axis."""
    return bqplot.LogScale(min=axis.left, max=axis.right)


def step_marker(position: float, scale: bqplot.LogScale) -> bqplot.Lines:
    """A vertical line from edge to edge; its ``x`` is ``[position, position]``."""
    return bqplot.Lines(
        x=np.array([position, position]),
        y=np.array([0.0, 1.0]),
        scales={"x": scale, "y": bqplot.LinearScale(min=0.0, max=1.0)},
        colors=["#808080"],
        stroke_width=2,
    )


def bqplot_figure(
    axis: StepAxis, scale: bqplot.LogScale, axis_y: bqplot.Axis, marks: Sequence[bqplot.Mark]
) -> bqplot.Figure:
    """Create a figure with a labeled axis of steps."""
    axis_x = bqplot.Axis(scale=scale, label="training step", label_offset="32px", grid_lines="none")
    set_step_axis(axis_x, axis)
    figure = bqplot.Figure(
        marks=list(marks),
        axes=[axis_x, axis_y],
        fig_margin={"top": 12, "bottom": 50, "left": 56, "right": 16},
        padding_y=0.0,
        animation_duration=0,
        # The toolbar would hide curves, and panning would break the clicks on the axis.
        display_toolbar=False,
    )
    figure.add_class("splineviz-figure")
    figure.layout.width = "auto"
    figure.layout.height = "380px"
    figure.layout.min_width = "0"
    return figure


def set_step_axis(axis_x: bqplot.Axis, axis: StepAxis) -> None:
    """Change the steps of a horizontal axis and its scale."""
    with axis_x.scale.hold_sync():
        axis_x.scale.min, axis_x.scale.max = axis.left, axis.right
    with axis_x.hold_sync():
        axis_x.tick_values = np.array(axis.ticks)
        axis_x.tick_labels = dict(zip(map(_key, axis.ticks), axis.labels, strict=True))


def vertical_axis(values: ValueAxis, log: bool = False) -> bqplot.Axis:
    """A vertical axis with its scale, which may be logarithmic."""
    scale = bqplot.LogScale() if log else bqplot.LinearScale()
    axis = bqplot.Axis(scale=scale, side="left", label_offset="40px")
    set_axis(axis, values)
    return axis


def set_axis(axis: bqplot.Axis, values: ValueAxis) -> None:
    """Change label, ticks and scale of a vertical axis."""
    with axis.scale.hold_sync():
        axis.scale.min, axis.scale.max = float(values.ticks[0]), float(values.ticks[-1])
    with axis.hold_sync():
        axis.label = values.label
        axis.tick_format = values.tick_format
        axis.tick_values = values.ticks


def legend_entries(curves: Sequence[StepCurve]) -> list[ipywidgets.Widget]:
    """Create the labels of curves, each in its color with its line style; groups are together."""
    entries: list[ipywidgets.Widget] = []
    for group, together in groupby(curves, key=lambda curve: curve.group):
        labels = [_entry(curve) for curve in together]
        if group:
            row = ipywidgets.HBox([ipywidgets.Label(f"{group}:"), *labels])
            row.add_class("splineviz-legend-group")
            row.layout.flex_flow = "row wrap"
            row.layout.grid_gap = "0 8px"
            entries.append(row)
        else:
            entries += labels
    return entries


def _entry(curve: StepCurve) -> ipywidgets.Label:
    color, line_style = curve.style
    missing = " (no values)" if curve.is_empty else ""
    entry = ipywidgets.Label(f"{_DASHES[line_style]} {curve.label}{missing}")
    entry.style.text_color = color
    return entry


def _key(value: float) -> str:
    """A number as the key of a JavaScript object."""
    return str(int(value)) if value == int(value) else repr(value)
