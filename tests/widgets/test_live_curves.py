from __future__ import annotations

import numpy as np

from splineviz.widgets.live_curves import MOST_POINTS, LiveCurves


def test_curves_of_what_was_added():
    curves = LiveCurves()
    curves.add(0, {"train_loss": 0.7, "train_accuracy": 0.5, "test_accuracy": 0.4})
    curves.add(30, {"train_loss": 0.02, "train_accuracy": 0.9})
    curves.draw()
    train, test = curves.figures[0].marks
    (loss,) = curves.figures[1].marks
    assert train.x.tolist() == [0, 30]
    assert test.x.tolist() == [0]
    assert loss.y.tolist() == [0.7, 0.02]
    assert (loss.scales["y"].min, loss.scales["y"].max) == (0.01, 1)
    assert loss.scales["x"].max >= 30
    curves.clear()
    assert len(loss.x) == 0
    curves.close()


def test_numbers_that_cannot_be_drawn_leave_a_gap():
    curves = LiveCurves()
    for step, value in enumerate([1.0, np.nan, np.inf, 0.0, 0.5]):
        curves.add(step, {"train_loss": value, "train_accuracy": value})
    curves.draw()
    assert curves.figures[1].marks[0].x.tolist() == [0, 4]


def test_a_long_training_keeps_a_few_points_and_the_newest():
    curves = LiveCurves()
    for step in range(5000):
        curves.add(step, {"train_loss": 1.0})
    curves.draw()
    steps = curves.figures[1].marks[0].x
    assert MOST_POINTS / 3 < len(steps) <= MOST_POINTS
    assert (steps[0], steps[-1]) == (0, 4999)
    assert np.ptp(np.diff(steps)[:-1]) == 0


def test_the_same_step_again_replaces_it():
    curves = LiveCurves()
    for value in (1.0, 0.5):
        curves.add(3, {"train_loss": value})
    curves.draw()
    assert curves.figures[1].marks[0].y.tolist() == [0.5]


def test_the_legend_promises_values_from_the_start():
    legend = LiveCurves().children[0]
    assert [entry.value for entry in legend.children] == ["━━ train", "━━ test"]
