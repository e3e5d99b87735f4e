"""LiveCurves: loss and accuracies of a training, drawn while it goes on."""

from __future__ import annotations

from collections.abc import Mapping

import bqplot
import ipywidgets
import numpy as np

from splineviz.drawing.palette import CURVE_COLORS
from splineviz.drawing.step_curve import StepCurve
from splineviz.widgets.step_figure import legend_entries, round_ticks

MOST_POINTS = 400
_ACCURACIES = ("train_accuracy", "test_accuracy")


class LiveCurves(ipywidgets.VBox):
    """Two small figures over the steps: accuracies from 0 to 1, and the loss on a logarithmic axis.

    Of long trainings every other point is dropped, again and again, so that there are never more
    than 400. Values that are no finite numbers, and losses of 0, leave a gap.
    """

    def __init__(self) -> None:
        self._steps: list[int] = []
        self._rows: list[Mapping[str, float]] = []
        self._stride = 1
        self._count = 0
        self._x = bqplot.LinearScale(min=0, max=10)
        self._loss = bqplot.LogScale(min=0.1, max=1)
        self._axes = [_step_axis(self._x), _step_axis(self._x)]
        accuracy = bqplot.LinearScale(min=0, max=1)
        self._lines = {
            name: _line(self._x, accuracy, number) for number, name in enumerate(_ACCURACIES)
        }
        self._lines["train_loss"] = _line(self._x, self._loss, 0)
        self._loss_axis = _value_axis(self._loss, "training loss")
        accuracy_axis = _value_axis(accuracy, "accuracy")
        accuracy_axis.tick_values = np.linspace(0, 1, 6)
        accuracy_axis.tick_format = ".1f"
        self._loss_axis.tick_format = "~e"
        self.figures = [
            _figure([self._lines[name] for name in _ACCURACIES], [self._axes[0], accuracy_axis]),
            _figure([self._lines["train_loss"]], [self._axes[1], self._loss_axis]),
        ]
        none = np.empty(0)
        curves = [
            StepCurve(label, none.astype(np.int64), none, number=number)
            for number, label in enumerate(["train", "test"])
        ]
        legend = ipywidgets.HBox(legend_entries(curves))
        legend.add_class("splineviz-legend")
        super().__init__([legend, *self.figures])
        self.draw()

    def add(self, step: int, row: Mapping[str, float]) -> None:
        """Keep the measurements of one step; :meth:`draw` shows them.

        Parameters
        ----------
        step : int
            Not below the step before.
        row : mapping of str to float
            ``train_loss``, ``train_accuracy`` and ``test_accuracy``, or some of them.
        """
        if self._steps and step == self._steps[-1]:
            self._rows[-1] = row
            return
        self._count += 1
        # The newest point is always there; the one before it goes if it is none that is kept.
        if len(self._steps) > 1 and (self._count - 2) % self._stride:
            del self._steps[-1], self._rows[-1]
        self._steps.append(step)
        self._rows.append(row)
        if len(self._steps) > MOST_POINTS:
            self._steps, self._rows = self._steps[::2], self._rows[::2]
            self._stride *= 2

    def clear(self) -> None:
        """Forget everything."""
        self._steps, self._rows, self._stride, self._count = [], [], 1, 0
        self.draw()

    def draw(self) -> None:
        """Show what was added."""
        steps = np.array(self._steps, dtype=np.float64)
        for name, line in self._lines.items():
            values = np.array([row.get(name, np.nan) for row in self._rows], dtype=np.float64)
            there = np.isfinite(values) & ((values > 0) | (name != "train_loss"))
            with line.hold_sync():
                # A line through one point cannot be seen.
                line.marker = "circle" if there.sum() == 1 else None
                line.x, line.y = steps[there], values[there]
        ticks = round_ticks(np.array([0.0, max(10.0, steps.max(initial=0.0))]))
        self._x.max = float(ticks[-1])
        for axis in self._axes:
            axis.tick_values = ticks[::2] if len(ticks) > 6 else ticks
        losses = self._lines["train_loss"].y
        if len(losses):
            low, high = (np.log10(losses.min()), np.log10(losses.max()))
            first, last = int(np.floor(low)), max(int(np.ceil(high)), int(np.floor(low)) + 1)
            self._loss.min, self._loss.max = 10.0**first, 10.0**last
            stride = -(-(last - first) // 5)
            self._loss_axis.tick_values = 10.0 ** np.arange(first, last + 1, stride)

    def close(self) -> None:
        """Remove the curves from the page."""
        for figure in getattr(self, "figures", []):
            for mark in figure.marks:
                mark.close()
            figure.close()
        super().close()


def _line(x: bqplot.Scale, y: bqplot.Scale, number: int) -> bqplot.Lines:
    return bqplot.Lines(
        x=np.zeros(0), y=np.zeros(0), scales={"x": x, "y": y}, colors=[CURVE_COLORS[number]]
    )


def _step_axis(scale: bqplot.Scale) -> bqplot.Axis:
    return bqplot.Axis(
        scale=scale,
        label="training step",
        label_offset="30px",
        grid_lines="none",
        tick_format="~s",
    )


def _value_axis(scale: bqplot.Scale, label: str) -> bqplot.Axis:
    return bqplot.Axis(
        scale=scale,
        side="left",
        label=label,
        label_offset="40px",
        grid_lines="none",
        tick_format="~g",
    )


def _figure(marks: list[bqplot.Mark], axes: list[bqplot.Axis]) -> bqplot.Figure:
    figure = bqplot.Figure(
        marks=marks,
        axes=axes,
        fig_margin={"top": 10, "bottom": 46, "left": 58, "right": 16},
        padding_y=0.0,
        animation_duration=0,
    )
    figure.layout.width = "auto"
    figure.layout.height = "210px"
    figure.layout.min_width = "0"
    return figure
