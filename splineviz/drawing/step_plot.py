"""Draws curves over training steps with matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from splineviz.drawing.axes import axes_or_new
from splineviz.drawing.marks import plain
from splineviz.drawing.step_axis import StepAxis
from splineviz.drawing.step_curve import StepCurve, pieces

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Opacity of a band.
BAND = 0.2


def draw_step_curves(
    ax: Axes | None,
    curves: Sequence[StepCurve],
    label: str,
    axis: StepAxis | None = None,
    marked: bool = True,
) -> Axes:
    """Draw curves with their bands over a logarithmic axis of steps.

    Parameters
    ----------
    ax : matplotlib.axes.Axes or None
        Where to draw; a new figure if None.
    curves : sequence of StepCurve
    label : str
        Label of the vertical axis.
    axis : StepAxis, optional
        The axis of steps. Default: one that fits the curves.
    marked : bool
        Whether each value has a mark; otherwise only isolated values.

    Returns
    -------
    matplotlib.axes.Axes
        Without a legend.
    """
    from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

    ax = axes_or_new(ax)
    if axis is None:
        axis = StepAxis.of(np.concatenate([np.empty(0), *(curve.steps for curve in curves)]))
    for curve in curves:
        color, style = curve.style
        x = axis.positions(curve.steps)
        look: dict[str, Any] = {"color": color, "linestyle": style, "markersize": 2.5}
        rows = pieces(curve.steps, curve.values, curve.sparse)
        if marked or not rows:
            rows = [np.arange(len(x))]
        for number, piece in enumerate(rows):
            alone = "o" if marked or len(piece) == 1 else ""
            name = plain(curve.name) if number == 0 else "_nolegend_"
            ax.plot(x[piece], curve.values[piece], marker=alone, label=name, **look)
        if curve.low is not None and curve.high is not None:
            ax.fill_between(x, curve.low, curve.high, color=color, alpha=BAND, linewidth=0)
    ax.set_xscale("log")
    ax.set_xlim(axis.left / 1.1, axis.right * 1.1)
    ax.xaxis.set_major_locator(FixedLocator(axis.ticks))
    ax.xaxis.set_major_formatter(FixedFormatter(axis.labels))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xlabel("training step")
    ax.set_ylabel(plain(label))
    ax.set_ylim(bottom=0)
    return ax
