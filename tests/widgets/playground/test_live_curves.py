from __future__ import annotations

import numpy as np
import pytest

from splineviz.widgets.playground.live_curves import LiveCurves


@pytest.fixture
def curves():
    curves = LiveCurves()
    yield curves
    curves.close()


def lines(panel):
    """The steps and values of each line, without the circles and the marker."""
    return [(mark.x.tolist(), mark.y.tolist()) for mark in panel.figure.marks[:-1:2]]


def test_curves_of_what_was_added(curves):
    curves.add(0, {"train_loss": 0.7, "train_accuracy": 0.5, "test_accuracy": 0.4})
    curves.add(30, {"train_loss": 0.02, "train_accuracy": 0.9})
    curves.draw()
    train, test = lines(curves.accuracies)
    assert train == ([0.5, 30], [0.5, 0.9])
    assert test == ([], [])
    # A single value is a circle.
    assert curves.accuracies.figure.marks[3].y.tolist() == [0.4]
    assert lines(curves.loss) == [([0.5, 30], [0.7, 0.02])]
    steps, losses = curves.loss.figure.axes
    assert (steps.scale.min, steps.scale.max) == (0.5, 50)
    assert (losses.scale.min, losses.scale.max) == pytest.approx((0.01, 1))
    assert losses.label == "training loss"
    curves.clear()
    assert lines(curves.loss) == [([], [])]
    assert steps.scale.max == 10


def test_numbers_that_cannot_be_drawn_leave_a_gap(curves):
    for step, value in enumerate([1.0, 0.9, np.nan, np.inf, 0.0, 0.5, 0.4]):
        curves.add(step, {"train_loss": value, "train_accuracy": value})
    curves.draw()
    ((x, _),) = lines(curves.loss)
    assert np.unique(x).tolist() == [0.5, 1, 5, 6]


@pytest.mark.parametrize("losses", [(1e-300, 1e300), (5e-8, 2e3), (1, 1), (0.02, 0.03)])
def test_the_loss_has_a_few_powers_of_ten(curves, losses):
    for step, value in enumerate(losses):
        curves.add(step, {"train_loss": value})
    curves.draw()
    axis = curves.loss.figure.axes[1]
    powers = np.log10(axis.tick_values)
    np.testing.assert_allclose(powers, powers.round(), atol=1e-9)
    assert 2 <= len(powers) <= 6
    assert len(np.unique(np.diff(powers).round(9))) == 1
    assert axis.scale.min <= min(losses) <= max(losses) <= axis.scale.max


def test_a_long_training_keeps_a_few_points_and_the_newest(curves):
    for step in range(30_000):
        curves.add(step, {"train_loss": 1.0})
    curves.draw()
    ((x, _),) = lines(curves.loss)
    assert 200 < len(x) < 600
    assert (x[0], x[-1]) == (0.5, 29_999)
    # Early steps, which are far apart on the axis, are all there.
    assert x[1:20] == list(range(1, 20))
    assert curves.loss.figure.axes[0].scale.max == 50_000


def test_the_same_step_again_replaces_it(curves):
    for value in (1.0, 0.5):
        curves.add(3, {"train_loss": value})
    curves.draw()
    assert curves.loss.figure.marks[1].y.tolist() == [0.5]


def test_the_legend_promises_values_from_the_start(curves):
    assert [entry.value for entry in curves.accuracies.legend.children] == ["━━ train", "━━ test"]
