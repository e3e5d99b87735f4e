from __future__ import annotations

import threading

import ipywidgets
import numpy as np
import pandas as pd
import pytest

import splineviz as sv
from splineviz.errors import EndlessWait, InvalidArgument, ShapeMismatch, UnknownName
from splineviz.widgets.views.migration_view import MigrationView
from tests.widgets.standin import StandInRun
from tests.widgets.standin_player import StandInPlayer


@pytest.fixture(autouse=True)
def closed():
    yield
    ipywidgets.Widget.close_all()


def test_the_curves_are_those_of_the_plain_function(run, plane):
    view = MigrationView(run, plane, radius=0.2, n_boundary=50, seed=1, background=False)
    curves = sv.region_migration(run, plane, radius=0.2, n_boundary=50, seed=1)
    pd.testing.assert_frame_equal(view.curves.to_dataframe(), curves.to_dataframe())
    distances, densities = view.panels
    band, line, circles, control, _, _ = distances.figure.marks
    np.testing.assert_array_equal(control.y, curves.median_distance_uniform)
    assert line.x.tolist() == [0.5, 1, 10, 100, 1000]
    np.testing.assert_array_equal(line.y, curves.median_distance)
    low, high = curves.quartile_distances.T
    np.testing.assert_array_equal(band.y, [*low, *high[::-1]])
    assert len(circles.x) == 0
    near_data, _, near_decision, alone, near_uniform, _, _ = densities.figure.marks
    np.testing.assert_array_equal(near_uniform.y, curves.density_near_uniform)
    assert near_uniform.colors == control.colors != near_data.colors
    np.testing.assert_array_equal(near_data.y, curves.density_near_data)
    there = ~np.isnan(curves.density_near_decision)
    # Where there is no decision boundary is a gap.
    assert there.tolist() == [True, False, False, False, True]
    assert len(near_decision.x) == 0
    assert alone.x.tolist() == [0.5, 1000]
    assert alone.y.tolist() == curves.density_near_decision[there].tolist()
    assert densities.figure.axes[1].label == "length of boundary by area (1 / slice units)"
    assert densities.figure.axes[1].scale.max >= np.nanmax(curves.density_near_decision)
    assert view.cursor.note == ""


def test_it_is_of_use_from_the_first_checkpoint_on(plane):
    go_on = threading.Event()

    class Slow(StandInRun):
        def program(self, step):
            if step != 10:
                go_on.wait(30)
            return super().program(step)

    run = Slow()
    player = StandInPlayer(run)
    player.index = 2
    view = MigrationView(run, plane, player=player)
    assert view.curves.steps.tolist() == [10]
    assert view.panels[0].figure.marks[2].x.tolist() == [10]
    assert view.cursor.note == "1 of 5 steps measured"
    assert not view.wait(0)
    view.index = 4
    go_on.set()
    assert view.wait(60)
    assert view.panels[0].figure.marks[1].x.tolist() == [0.5, 1, 10, 100, 1000]
    assert view.cursor.note == ""


def test_a_checkpoint_that_fails_is_told_and_the_others_are_measured(plane):
    class Broken(StandInRun):
        def program(self, step):
            if step == 100:
                raise ValueError("no weights")
            return super().program(step)

    view = MigrationView(Broken(), plane)
    with pytest.raises(ValueError, match="no weights"):
        view.wait(60)
    assert view.curves.steps.tolist() == [0, 1, 10, 1000]
    assert view.cursor.note == "1 of 5 steps could not be measured"


def test_what_is_wrong_from_the_start_is_raised(run, plane):
    with pytest.raises(ShapeMismatch):
        MigrationView(run, sv.InputSlice.around(np.zeros(3)))
    with pytest.raises(InvalidArgument, match="radius"):
        MigrationView(run, plane, radius=0)
    with pytest.raises(UnknownName):
        MigrationView(run, plane, layer="x")
    with pytest.raises(UnknownName, match="unknown checkpoint '9'"):
        MigrationView(run, plane, index=9)


def test_without_checkpoints_there_is_nothing_to_measure(plane):
    view = MigrationView(StandInRun(steps=()), plane)
    assert "no checkpoints" in view.children[0].value
    assert view.wait()
    assert len(view.curves.steps) == 0
    view.refresh()
    view.close()


def test_one_checkpoint(plane):
    view = MigrationView(StandInRun(steps=(7,)), plane)
    assert view.wait()
    assert view.panels[0].figure.marks[2].x.tolist() == [7]


def test_a_run_that_grows(plane):
    run = StandInRun()
    player = StandInPlayer(run)
    run.steps = run.steps[:3]
    player.steps = run.steps.tolist()
    view = MigrationView(run, plane, player=player)
    assert view.wait(60)
    player.steps = [0, 1, 10, 100, 1000]
    run.steps = np.array(player.steps)
    player.canvas.count = 3
    assert view.wait(60)
    assert view.curves.steps.tolist() == player.steps
    assert view.cursor.ends == (0.5, 1000)
    assert view.panels[0].figure.marks[1].x.tolist() == [0.5, 1, 10, 100, 1000]


def test_a_closed_view_measures_no_more(plane):
    go_on = threading.Event()

    class Slow(StandInRun):
        def program(self, step):
            if step != 0:
                go_on.wait(30)
            return super().program(step)

    view = MigrationView(Slow(), plane)
    panels = view.panels
    view.close()
    view.close()
    go_on.set()
    assert not view.wait(30)
    assert len(view.curves.steps) <= 2
    assert all(panel.figure.comm is None for panel in panels)


def test_waiting_in_an_observer_says_that_it_would_never_end(plane):
    run, go_on = StandInRun(), threading.Event()
    program = run.program

    def late(step):
        if step != run.steps[0]:
            go_on.wait(60)
        return program(step)

    run.program = late
    view = MigrationView(run, plane, n_boundary=20, index=0)
    found = []

    def wait(change):
        found.append(view.wait(0))
        with pytest.raises(EndlessWait, match="observer"):
            view.wait()
        found.append("told")

    view.cursor.observe(wait, "index")
    # As the browser does it.
    view.cursor.set_state({"index": 1})
    assert found == [False, "told"]
    go_on.set()
    assert view.wait(60)
    view.close()


def test_on_a_segment_it_speaks_of_breakpoints(run):
    segment = sv.InputSlice.segment([-1.0, 0.1], [1.0, 0.1])
    view = MigrationView(run, segment, n_boundary=50, background=False)
    curves = sv.region_migration(run, segment, n_boundary=50)
    pd.testing.assert_frame_equal(view.curves.to_dataframe(), curves.to_dataframe())
    labels = [panel.figure.axes[1].label for panel in view.panels]
    assert labels == [curves.distance_label, curves.density_label]
    titles = [head.value for panel in view.panels for head in panel.children[:2]]
    assert "Distance to a breakpoint" in titles
    assert "Breakpoints within 0.1" in titles
