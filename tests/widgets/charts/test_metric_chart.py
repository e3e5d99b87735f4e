from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from splineviz.drawing.metric_curves import accuracy_columns, choose_columns
from splineviz.errors import UnknownName
from splineviz.widgets.charts.metric_chart import MetricChart


def accuracy_chart(table, steps, columns=None):
    return MetricChart(table, steps, choose_columns(table, columns))


def metrics(**columns):
    steps = pd.Index([0, 1, 10, 100], name="step")
    return pd.DataFrame(columns, index=steps, dtype=np.float64)


def test_accuracies_are_found_by_name():
    table = metrics(loss=1, train_accuracy=1, test_acc=1, pace=1, accuracy=1)
    assert accuracy_columns(table) == ["train_accuracy", "test_acc", "accuracy"]


@pytest.mark.parametrize(
    "name", ["val/acc", "test acc", "accuracy.test", "val_acc", "Val-Accuracy"]
)
def test_words_of_a_name_may_be_set_apart_by_anything(name):
    assert accuracy_columns(metrics(**{name: 1})) == [name]


def test_there_is_a_position_for_each_checkpoint():
    curves = accuracy_chart(metrics(train_accuracy=[0.1, 0.2, 0.5, 1]), [0, 10, 100])
    assert curves.positions == [0.5, 10.0, 100.0]
    assert curves.marker.x.tolist() == [0.5, 0.5]
    scale = curves.figure.marks[0].scales["x"]
    assert (scale.min, scale.max) == (0.5, 100.0)
    axis = curves.figure.axes[0]
    assert axis.tick_values.tolist() == [0.5, 1, 10, 100]
    assert axis.tick_labels == {"0.5": "0", "1": "1", "10": "10", "100": "100"}


def test_without_step_0_the_axis_begins_at_the_first_step():
    table = metrics(train_accuracy=[0.1, 0.2, 0.5, 1]).drop(index=0)
    curves = accuracy_chart(table, [1, 100])
    assert curves.figure.axes[0].tick_values.tolist() == [1, 10, 100]
    assert curves.positions == [1.0, 100.0]


def test_a_short_run_has_ticks_between_the_powers_of_ten():
    table = pd.DataFrame({"step": range(8), "test_accuracy": 0.5})
    axis = accuracy_chart(table, range(8)).figure.axes[0]
    assert axis.tick_values.tolist() == [0.5, 1, 2, 5, 10]
    assert axis.tick_labels == {"0.5": "0", "1": "1", "2": "2", "5": "5", "10": "10"}


def test_a_single_point_is_drawn_as_a_circle():
    table = pd.DataFrame({"step": [5], "test_accuracy": [0.5]})
    line, circles, _ = accuracy_chart(table, [5]).figure.marks
    assert (line.x.tolist(), circles.x.tolist(), circles.y.tolist()) == ([], [5], [0.5])
    line, circles, _ = accuracy_chart(metrics(test_accuracy=0.5), [5]).figure.marks
    assert (len(line.x), len(circles.x)) == (4, 0)


def vertical(curves):
    axis = curves.figure.axes[1]
    *drawn, marker = curves.figure.marks
    assert all(mark.scales["y"] is axis.scale for mark in drawn)
    assert marker is curves.marker
    assert marker.y.tolist() == [marker.scales["y"].min, marker.scales["y"].max]
    return axis.label, axis.scale.min, axis.scale.max


def test_accuracies_go_from_0_to_1():
    table = metrics(train_accuracy=[0.2, 0.4, np.nan, 0.9], test_accuracy=0.5)
    assert vertical(accuracy_chart(table, [0])) == ("accuracy", 0, 1)


def test_accuracies_in_percent_are_in_sight():
    curves = accuracy_chart(metrics(train_acc=[10, 50, 99, 100], test_acc=[10, 20, 30, 90]), [0])
    assert vertical(curves) == ("", 0, 100)
    assert [entry.value[3:] for entry in curves.legend.children] == ["train acc", "test acc"]


def test_one_metric_that_is_no_accuracy_names_its_axis():
    table = metrics(train_loss=[3, 2, 1, 0.5], test_accuracy=0.5)
    assert vertical(accuracy_chart(table, [0], ["train_loss"])) == ("train loss", 0.5, 3)
    assert vertical(accuracy_chart(table, [0], ["train_loss", "test_accuracy"])) == ("", 0.5, 3)


@pytest.mark.parametrize(
    ("loss", "ends"),
    [
        (2, (1, 3)),
        (0, (-0.6, 0.6)),
        (np.nan, (0, 1)),
        (1e-30, (4e-31, 1.6e-30)),
        (1e30, (5e29, 1.5e30)),
    ],
)
def test_a_metric_that_does_not_change_has_room_around_it(loss, ends):
    label, *found = vertical(accuracy_chart(metrics(loss=loss), [0], ["loss"]))
    assert label == "loss"
    assert found == pytest.approx(ends, rel=1e-9, abs=0)


def test_values_of_any_size_have_an_axis():
    _, low, high = vertical(accuracy_chart(metrics(a=[-1e308, 0, 1, 1e308]), [0], ["a"]))
    assert low <= -1e300 < 1e300 <= high < np.inf


def test_one_name_is_as_good_as_a_list_of_one():
    table = metrics(train_loss=[3, 2, 1, 0.5])
    for columns in ("train_loss", ["train_loss", "train_loss"]):
        assert len(accuracy_chart(table, [0], columns).curves) == 1


def test_values_taken_now_and_then_are_joined():
    curves = accuracy_chart(metrics(test_accuracy=[0.1, np.nan, np.nan, 0.9]), [0])
    line = curves.figure.marks[0]
    assert line.x.tolist() == [0.5, 100.0]
    assert line.y.tolist() == [0.1, 0.9]


@pytest.mark.parametrize("missing", [np.nan, np.inf])
def test_missing_values_leave_a_gap(missing):
    loss = [5, 4, missing, 3, missing, 2, 1, 0]
    table = pd.DataFrame({"step": range(1, 9), "loss": loss})
    line, circles, _ = accuracy_chart(table, [1], ["loss"]).figure.marks
    assert line.x.tolist() == [[1, 2, 2], [6, 7, 8]]
    assert line.y.tolist() == [[5, 4, 4], [2, 1, 0]]
    assert (circles.x.tolist(), circles.y.tolist()) == ([4], [3])


def test_a_metric_without_values_says_so():
    curves = accuracy_chart(metrics(train_accuracy=0.5, test_accuracy=np.nan), [0])
    assert [entry.value[3:] for entry in curves.legend.children] == ["train", "test (no values)"]
    assert len(curves.figure.marks[2].x) == 0


def test_accuracies_under_attack_stand_together_by_their_strength():
    names = ["pgd_eps0.1_acc", "train_acc", "fgsm_8/255", "pgd_eps0.03_acc", "pgd_loss", "adv_acc"]
    curves = accuracy_chart(metrics(**dict.fromkeys(names, 0.5)), [0])
    train, pgd, fgsm, adversarial = curves.legend.children
    assert train.value == "━━ train"
    assert [entry.value for entry in pgd.children] == ["PGD:", "━━ ε = 0.03", "━━ ε = 0.1"]
    assert [entry.value for entry in fgsm.children] == ["FGSM:", "━━ ε = 8/255"]
    assert adversarial.value == "━━ adversarial"
    assert vertical(curves) == ("accuracy", 0, 1)
    colors = [marks.colors[0] for marks in curves.figure.marks[:-1:2]]
    assert colors[1:3] == [entry.style.text_color for entry in pgd.children[1:]]


def test_steps_out_of_order_are_sorted():
    table = pd.DataFrame({"step": [10, 1, 5], "loss": [3.0, 1.0, 2.0]})
    line = accuracy_chart(table, [1], ["loss"]).figure.marks[0]
    assert (line.x.tolist(), line.y.tolist()) == ([1, 5, 10], [1, 2, 3])


def test_long_logs_are_thinned():
    steps = np.arange(30_000)
    table = pd.DataFrame({"step": steps, "test_accuracy": steps / 30_000})
    line = accuracy_chart(table, [0, 29_999]).figure.marks[0]
    assert len(line.x) <= 1002
    assert line.x[0] == 0.5
    assert line.x[-1] == 29_999


def test_what_a_long_log_is_thinned_to_has_its_peaks():
    loss = np.ones(30_000)
    loss[[20_011, 20_012]] = [9, 0]
    table = pd.DataFrame({"step": np.arange(30_000), "loss": loss})
    line = accuracy_chart(table, [0], ["loss"]).figure.marks[0]
    assert (line.y.max(), line.y.min()) == (9, 0)
    assert np.all(np.diff(line.x) > 0)


def test_each_curve_is_named_in_its_color():
    table = metrics(train_accuracy=1, test_accuracy=0.5)
    curves = accuracy_chart(table, [0])
    assert [entry.value[3:] for entry in curves.legend.children] == ["train", "test"]
    colors = [mark.colors[0] for mark in curves.figure.marks[:-1:2]]
    assert [entry.style.text_color for entry in curves.legend.children] == colors


def test_columns_can_be_chosen():
    curves = accuracy_chart(metrics(loss=[3, 2, 1, 0], test_accuracy=0.5), [0], ["loss"])
    assert len(curves.figure.marks) == 3
    with pytest.raises(UnknownName, match="unknown metric 'gain'; known: loss"):
        accuracy_chart(metrics(loss=0), [0], ["gain"])
