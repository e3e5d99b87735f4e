from __future__ import annotations

import numpy as np
import pytest

from splineviz.drawing.palette import CURVE_COLORS, LINE_STYLES, curve_style
from splineviz.drawing.step_axis import StepAxis


def test_step_0_stands_left_of_the_first_step():
    axis = StepAxis.of([50, 0, 1])
    assert (axis.left, axis.first, axis.right) == (0.5, 1, 50)
    assert axis.positions(np.array([0, 1, 50])).tolist() == [0.5, 1.0, 50.0]
    assert axis.labels[0] == "0"


def test_without_step_0_the_axis_begins_at_the_first_step():
    axis = StepAxis.of([20, 2000])
    assert (axis.left, axis.right) == (20, 2000)
    assert axis.ticks == [100, 1000]
    assert axis.labels == ["100", "1k"]


@pytest.mark.parametrize("steps", [[], [0]])
def test_an_axis_of_nothing_spans_a_power_of_ten(steps):
    axis = StepAxis.of(steps)
    assert (axis.first, axis.right) == (1, 10)


def test_labels_of_long_trainings_are_short():
    assert StepAxis.of([1000, 2_000_000]).labels == ["1k", "10k", "100k", "1M"]


def test_each_curve_has_a_look_of_its_own():
    number = len(CURVE_COLORS) * len(LINE_STYLES)
    assert len({curve_style(k) for k in range(number)}) == number
    assert curve_style(number) == curve_style(0)
