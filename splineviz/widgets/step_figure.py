"""The parts of a figure of curves over training steps: axes, legend, the line at a step."""

from __future__ import annotations

from collections.abc import Sequence

import bqplot
import ipywidgets
import numpy as np
import numpy.typing as npt

from splineviz.drawing.palette import curve_style
from splineviz.drawing.step_axis import StepAxis

_DASHES = {"solid": "━━", "dashed": "╍╍", "dotted": "┅┅"}


def step_scale(axis: StepAxis) -> bqplot.LogScale:
    """The scale of a step axis."""
    return bqplot.LogScale(min=axis.left, max=axis.right)


def curve(
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    scales: dict[str, bqplot.Scale],
    number: int,
) -> bqplot.Lines:
    """A curve, in the colour and line style of its number."""
    color, line_style = curve_style(number)
    return bqplot.Lines(
        x=x,
        y=y,
        scales=scales,
        colors=[color],
        line_style=line_style,
        # A line through one point cannot be seen.
        marker="circle" if len(x) == 1 else None,
    )


def step_marker(position: float, scales: dict[str, bqplot.Scale]) -> bqplot.Lines:
    """A vertical line; its ``x`` is ``[position, position]``."""
    return bqplot.Lines(
        x=np.array([position, position]),
        y=np.array([scales["y"].min, scales["y"].max]),
        scales=scales,
        colors=["#808080"],
        stroke_width=2,
    )


def step_figure(
    axis: StepAxis, scale: bqplot.LogScale, axis_y: bqplot.Axis, marks: Sequence[bqplot.Mark]
) -> bqplot.Figure:
    """A figure with a labelled axis of steps."""
    figure = bqplot.Figure(
        marks=list(marks),
        axes=[
            bqplot.Axis(
                scale=scale,
                label="training step",
                label_offset="32px",
                tick_values=np.array(axis.ticks),
                tick_labels=dict(zip(map(_key, axis.ticks), axis.labels, strict=True)),
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
    return figure


def value_axis(label: str, ticks: npt.NDArray[np.float64], tick_format: str = "~g") -> bqplot.Axis:
    """A vertical axis with its scale, whose ends are ticks."""
    return bqplot.Axis(
        scale=bqplot.LinearScale(min=float(ticks[0]), max=float(ticks[-1])),
        side="left",
        label=label,
        tick_values=ticks,
        tick_format=tick_format,
        label_offset="36px",
    )


def round_ticks(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """A few round numbers that enclose some finite values."""
    from matplotlib.ticker import MaxNLocator

    low, high = (values.min(), values.max()) if len(values) else (0.0, 1.0)
    if low == high:
        low, high = low - 0.5, high + 0.5
    return np.asarray(MaxNLocator(5).tick_values(low, high))


def legend_entries(names: Sequence[str]) -> list[ipywidgets.Label]:
    """Names, each in the colour and behind the dashes of the curve of its number."""
    entries = []
    for number, name in enumerate(names):
        color, line_style = curve_style(number)
        entry = ipywidgets.Label(f"{_DASHES[line_style]} {name}")
        entry.style.text_color = color
        entries.append(entry)
    return entries


def _key(value: float) -> str:
    """A number as a JavaScript object key spells it."""
    return str(int(value)) if value == int(value) else repr(value)
