"""Whatever is clicked, a page that is loaded again gets all widgets."""

from __future__ import annotations

import itertools
import random

import ipywidgets
import numpy as np
import pytest

import splineviz as sv
from splineviz.widgets.charts.complexity_plot import ComplexityPlot
from splineviz.widgets.charts.step_cursor import StepCursor
from splineviz.widgets.player.region_canvas import RegionCanvas
from splineviz.widgets.player.region_player import RegionPlayer
from splineviz.widgets.playground.playground import Playground
from splineviz.widgets.playground.point_pad import PointPad
from splineviz.widgets.slice_picker.sample_gallery import SampleGallery
from splineviz.widgets.views.curves_view import CurvesView
from tests.widgets.common.test_lifecycle import MAKERS
from tests.widgets.standin import StandInRun
from tests.widgets.states import check_states, open_widgets


@pytest.fixture(autouse=True)
def closed():
    # What tests of other files have left open is not clicked on.
    ipywidgets.Widget.close_all()
    yield
    ipywidgets.Widget.close_all()


@pytest.fixture(scope="module")
def complexity():
    run = sv.Run.bundled()
    probes = {"training": run.samples[0], "half": run.samples[0][:20] / 2}
    return run.local_complexity(
        probes, radius=[0.1, 0.2], directions=2, steps=[0, 1, 325], cache=False
    )


def from_the_page(widget, **state):
    return lambda: widget.set_state(state)


def of_numbers(control):
    step = control.step or 1
    near = (control.value + step, control.value - step)
    return [from_the_page(control, value=np.clip(v, control.min, control.max)) for v in near]


def actions_of(widget):
    """What a user can do with one widget."""
    if isinstance(widget, ipywidgets.Button):
        return [widget.click]
    if isinstance(widget, (ipywidgets.Dropdown, ipywidgets.ToggleButtons)):
        return [from_the_page(widget, index=index) for index in range(len(widget.options))]
    if isinstance(widget, ipywidgets.Checkbox):
        return [from_the_page(widget, value=value) for value in (True, False)]
    if isinstance(widget, ipywidgets.IntSlider):
        return of_numbers(widget)
    if isinstance(widget, ipywidgets.IntText):
        return [from_the_page(widget, value=value) for value in (widget.value + 1, 1, -1)]
    if isinstance(widget, (ipywidgets.FloatSlider, ipywidgets.FloatLogSlider)):
        return [from_the_page(widget, value=widget.value * factor) for factor in (0.5, 1)]
    if isinstance(widget, StepCursor):
        ranges = [[0, min(1, len(widget.steps) - 1)], []]
        changes = [{"play_range": chosen} for chosen in ranges] + [{"mode": "range"}, {"index": 0}]
    elif isinstance(widget, RegionCanvas):
        changes = [{"index": widget.count - 1}, {"coloring": 1}, {"compare": 0}, {"layer": 0}]
    elif isinstance(widget, SampleGallery):
        changes = [{"chosen": chosen} for chosen in ([], [0], [0, 1], [0, 1, 2], [1, 1])]
    elif isinstance(widget, PointPad):
        drawn = {"do": "draw", "points": [[0, 0]], "class": 0}
        rubbed = {"do": "rub", "points": [[0, 0]], "radius": 1}
        return [
            lambda told=told: widget._handle_message(widget, told, []) for told in (drawn, rubbed)
        ]
    else:
        changes = []
    return [from_the_page(widget, **change) for change in changes]


WIDGETS = dict(MAKERS)
for none_to_click in ("nothing to draw", "playground"):
    del WIDGETS[none_to_click]


def click_through(widgets, rounds=2):
    """Every action a few times, in some order; returns how many there are."""
    actions = [action for widget in widgets for action in actions_of(widget)]
    for seed in range(rounds):
        for action in random.Random(seed).sample(actions, len(actions)):
            action()
            check_states()
    return len(actions)


@pytest.mark.parametrize("name", WIDGETS)
def test_any_clicks_leave_states_that_can_be_read(name, plane):
    player = RegionPlayer(StandInRun(), plane, background=False)
    WIDGETS[name](player, plane)
    widgets = sorted(open_widgets(), key=lambda widget: widget.model_id)
    assert click_through(widgets) > 3


def test_any_clicks_in_a_playground(tmp_path):
    playground = Playground("two moons", width=4, depth=1, points=20, folder=tmp_path)
    widgets = sorted(open_widgets(), key=lambda widget: widget.model_id)
    assert click_through(widgets, rounds=1) > 40
    playground.close()
    check_states()


@pytest.mark.parametrize("make", [ComplexityPlot, lambda c: CurvesView(StandInRun(), complexity=c)])
def test_menus_of_local_complexity_in_any_order(complexity, make):
    make(complexity)
    menus = [
        w for w in open_widgets() if isinstance(w, (ipywidgets.Dropdown, ipywidgets.ToggleButtons))
    ]
    actions = [action for menu in menus for action in actions_of(menu)]
    assert len(actions) == 6
    before = len(open_widgets())
    for clicks in itertools.product(actions, repeat=2):
        for click in clicks:
            click()
        check_states()
    actions[0]()
    # Three layers in place of two probes.
    assert abs(len(open_widgets()) - before) < 12


CLOSED = {
    "the player": lambda player, plane: player,
    **{name: make for name, make in WIDGETS.items() if name != "player"},
}


@pytest.mark.parametrize("name", CLOSED)
def test_what_is_closed_is_let_go_of(name, plane):
    player = RegionPlayer(StandInRun(), plane, background=False)
    views = [make(player, plane) for make in WIDGETS.values()]
    widget = CLOSED[name](player, plane)
    slider = ipywidgets.IntSlider()
    box = ipywidgets.HBox([slider, widget])
    link = ipywidgets.jslink((box, "box_style"), (widget, "box_style"))
    widget.close()
    assert box.children == (slider,)
    assert link.comm is None
    check_states()
    for view in views:
        view.close()
        check_states()
