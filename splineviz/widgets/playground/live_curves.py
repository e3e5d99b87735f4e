"""LiveCurves: loss and accuracies during a training."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from splineviz.drawing.step_axis import StepAxis
from splineviz.drawing.step_curve import StepCurve, extremes
from splineviz.drawing.value_axis import ACCURACY, ValueAxis, log_ticks
from splineviz.typing import FloatArray
from splineviz.widgets.charts.step_chart import StepChart
from splineviz.widgets.common.lifecycle import OwningBox

# A point is dropped if its step is larger than the one before by less than this fraction.
_APART = 0.02
# Smaller numbers are written with a power of ten on the axis.
_SHORT = 5e-3
_ACCURACIES = {"train_accuracy": "train", "test_accuracy": "test"}


class LiveCurves(OwningBox):
    """Two small charts over a logarithmic axis of steps: accuracies, and the loss (logarithmic).

    Points that could not be distinguished on the axis are dropped: a few hundred remain, however
    long the training is. Values that are not finite, and losses of 0, leave a gap.

    Attributes
    ----------
    accuracies, loss : StepChart
    """

    def __init__(self) -> None:
        self._steps: list[int] = []
        self._rows: list[Mapping[str, float]] = []
        self.accuracies = StepChart(_axis_to(0))
        self.loss = StepChart(_axis_to(0), log=True)
        for panel in (self.accuracies, self.loss):
            panel.marker.visible = False
            panel.figure.layout.height = "210px"
        super().__init__([self.accuracies, self.loss])
        self.draw()

    def add(self, step: int, row: Mapping[str, float]) -> None:
        """Add the measurements of one step; :meth:`draw` shows them.

        Parameters
        ----------
        step : int
            Not below the step before.
        row : mapping of str to float
            ``train_loss``, ``train_accuracy`` and ``test_accuracy``, or some of them.
        """
        steps, rows = self._steps, self._rows
        # The newest point is always kept; it is dropped at the next one if the two are too close.
        crowded = len(steps) > 1 and steps[-1] < (1 + _APART) * steps[-2]
        if crowded or (steps and steps[-1] == step):
            del steps[-1], rows[-1]
        steps.append(step)
        rows.append(row)

    def clear(self) -> None:
        """Remove all points."""
        self._steps, self._rows = [], []
        self.draw()

    def draw(self) -> None:
        """Draw the points that were added."""
        axis = _axis_to(self._steps[-1] if self._steps else 0)
        accuracies = [
            self._curve(name, label, number)
            for number, (name, label) in enumerate(_ACCURACIES.items())
        ]
        self.accuracies.show(accuracies, ACCURACY, axis)
        loss = self._curve("train_loss", "train", 0)
        loss.values[~(loss.values > 0)] = np.nan
        ticks = log_ticks(extremes([loss]))
        tick_format = "~g" if ticks[0] > _SHORT else ".0e"
        self.loss.show([loss], ValueAxis("training loss", ticks, tick_format), axis)

    def _curve(self, name: str, label: str, number: int) -> StepCurve:
        values: FloatArray = np.array(
            [row.get(name, np.nan) for row in self._rows], dtype=np.float64
        )
        return StepCurve(label, np.array(self._steps, np.int64), values, number=number)


def _axis_to(last: int) -> StepAxis:
    """The axis of a running training: its end is 1, 2 or 5 times a power of ten."""
    power = 10 ** (len(str(last)) - 1)
    right = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= last)
    return StepAxis.of([0, 1, max(10, right)])
