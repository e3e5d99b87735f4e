"""What is closed leaves nothing behind in the kernel."""

from __future__ import annotations

import bqplot
import ipywidgets
import numpy as np
import pytest

from splineviz.widgets.common.lifecycle import close_all
from splineviz.widgets.player.region_player import RegionPlayer
from splineviz.widgets.playground.playground import Playground
from splineviz.widgets.slice_picker.slice_picker import SlicePicker
from splineviz.widgets.views.compare_runs import CompareRuns
from splineviz.widgets.views.curves_view import CurvesView
from splineviz.widgets.views.layer_panels import LayerPanels
from splineviz.widgets.views.migration_view import MigrationView
from tests.widgets.standin import StandInRun
from tests.widgets.states import check_states, open_widgets


def compared(player, plane):
    return CompareRuns(player.run, StandInRun(seed=1), plane, names=("a", "b"), background=False)


def picked(player, plane):
    picker = SlicePicker(np.random.default_rng(0).random((20, 8)))
    picker.chosen = [0, 1]
    return picker


MAKERS = {
    "player": lambda player, plane: RegionPlayer(player.run, plane, background=False),
    "curves": lambda player, plane: CurvesView(
        player.run, player=player, metrics=["train_accuracy", "loss"]
    ),
    "curves alone": lambda player, plane: CurvesView(player.run),
    "nothing to draw": lambda player, plane: CurvesView(StandInRun(steps=())),
    "migration": lambda player, plane: MigrationView(
        player.run, plane, player=player, background=False
    ),
    "layers": lambda player, plane: LayerPanels(player),
    "comparison": compared,
    "picker": picked,
    "playground": lambda player, plane: Playground("two moons", width=4, depth=1),
}


@pytest.mark.parametrize("name", MAKERS)
def test_nothing_is_left_of_a_closed_widget(name, plane):
    player = RegionPlayer(StandInRun(), plane, background=False)
    before = open_widgets()
    widget = MAKERS[name](player, plane)
    widget.close()
    assert open_widgets() == before
    assert player.canvas.comm is not None
    widget.close()
    player.close()


def test_a_box_in_a_box():
    before = open_widgets()
    close_all([ipywidgets.HBox([ipywidgets.VBox([ipywidgets.Button(), ipywidgets.Label()])])])
    assert open_widgets() == before


def test_what_others_use_stays():
    scales = {name: bqplot.LinearScale() for name in "xy"}
    lines = [bqplot.Lines(x=[0, 1], y=[0, 1], scales=scales) for _ in range(2)]
    close_all(lines[:1])
    assert all(scale.comm is not None for scale in scales.values())
    check_states()
    close_all(lines[1:])
    assert all(scale.comm is None for scale in scales.values())
    layout = ipywidgets.Layout()
    labels = [ipywidgets.Label(layout=layout) for _ in range(2)]
    close_all(labels[:1])
    assert layout.comm is not None
    close_all(labels[1:])
    assert layout.comm is None
