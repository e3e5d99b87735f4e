"""StepChart: curves over training steps, with a legend and a line at one step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import bqplot
import ipywidgets
import numpy as np
import traitlets

from splineviz.drawing.step_axis import StepAxis
from splineviz.drawing.step_curve import StepCurve
from splineviz.drawing.value_axis import ValueAxis
from splineviz.widgets.charts.bqplot_parts import (
    CurveMarks,
    bqplot_figure,
    legend_entries,
    set_axis,
    set_step_axis,
    step_marker,
    step_scale,
    vertical_axis,
)
from splineviz.widgets.charts.figure_styles import FigureStyles
from splineviz.widgets.common.lifecycle import OwningBox, close_all


class StepChart(OwningBox):
    """Curves over training steps, with a legend above them and a line at one step.

    Parameters
    ----------
    axis : StepAxis
        The axis of steps.
    step : int
        The first position of the line.
    head : sequence of Widget
        Widgets to show above the legend.
    log : bool
        Whether the vertical axis is logarithmic.

    Attributes
    ----------
    step : int
        The position of the line. It may be set to any step. A line that is linked in the browser
        moves without changing `step`.
    axis : StepAxis
    curves : tuple of StepCurve
        The curves that are drawn.
    values : ValueAxis
        Label and ticks of the vertical axis.
    figure : bqplot.Figure
    legend : HBox
        The names of the curves, each in its color. It is above the figure and hides no curve.
    marker : bqplot.Lines
        The line; its ``x`` is ``[position, position]``.
    """

    step = traitlets.Int(0, min=0)

    # A class-level default: close() must work even if __init__ raised.
    figure: bqplot.Figure = None

    def __init__(
        self,
        axis: StepAxis,
        step: int = 0,
        head: Sequence[ipywidgets.Widget] = (),
        log: bool = False,
    ) -> None:
        self.axis = axis
        self.curves: tuple[StepCurve, ...] = ()
        self._drawn: list[CurveMarks] = []
        scale = step_scale(axis)
        self.marker = step_marker(axis.positions([step])[0], scale)
        self._axis_y = vertical_axis(ValueAxis("", np.array([0.1, 1.0])), log)
        self._scales = {"x": scale, "y": self._axis_y.scale}
        self.figure = bqplot_figure(axis, scale, self._axis_y, [self.marker])
        self.legend = ipywidgets.HBox()
        self.legend.add_class("splineviz-legend")
        super().__init__([*head, self.legend, self.figure, FigureStyles()])
        self.add_class("splineviz-step-chart")
        self.step = step

    def show(
        self, curves: Sequence[StepCurve], values: ValueAxis, axis: StepAxis | None = None
    ) -> None:
        """Replace the curves.

        Parameters
        ----------
        curves : sequence of StepCurve
        values : ValueAxis
            Label and ticks of the vertical axis.
        axis : StepAxis, optional
            A new axis of steps. Default: the old one.
        """
        if axis is not None and axis != self.axis:
            self.axis = axis
            set_step_axis(self.figure.axes[0], axis)
            self.marker.x = np.repeat(axis.positions([self.step]), 2)
        before, self.curves = self.curves, tuple(curves)
        self.values = values
        set_axis(self._axis_y, values)
        if list(map(_style_key, before)) == list(map(_style_key, curves)):
            for marks, curve in zip(self._drawn, curves, strict=True):
                marks.draw(curve, self.axis)
        else:
            old = [mark for mark in self.figure.marks if mark is not self.marker]
            self._drawn = [CurveMarks(curve, self.axis, self._scales) for curve in curves]
            bands = [marks.band for marks in self._drawn if marks.band is not None]
            lines = [mark for marks in self._drawn for mark in (marks.line, marks.circles)]
            self.figure.marks = [*bands, *lines, self.marker]
            close_all(old)
        if list(map(_label_key, before)) != list(map(_label_key, curves)):
            entries = self.legend.children
            self.legend.children = legend_entries(curves)
            close_all(entries)

    def close(self) -> None:
        """Remove the chart from the page."""
        if self.figure is not None:
            super().close()

    @traitlets.observe("step")
    def _follow_step(self, change: dict[str, Any]) -> None:
        self.marker.x = np.repeat(self.axis.positions([change["new"]]), 2)


def _style_key(curve: StepCurve) -> tuple[Any, ...]:
    return (*curve.style, curve.low is None)


def _label_key(curve: StepCurve) -> tuple[Any, ...]:
    return (*curve.style, curve.group, curve.label, curve.is_empty)
