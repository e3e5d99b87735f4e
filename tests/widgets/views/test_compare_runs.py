from __future__ import annotations

import threading

import ipywidgets
import numpy as np
import pytest
from ipywidgets.widgets.widget_link import Link

from splineviz.errors import InvalidArgument, ShapeMismatch, UnknownName
from splineviz.partition.slices.input_slice import InputSlice
from splineviz.widgets.common.mirror import Mirror
from splineviz.widgets.common.table_link import TableLink
from splineviz.widgets.player.region_player import RegionPlayer
from splineviz.widgets.views.compare_runs import CompareRuns
from splineviz.widgets.views.run_names import distinct_names
from tests.widgets.standin import StandInRun


@pytest.fixture(autouse=True)
def closed():
    yield
    ipywidgets.Widget.close_all()


@pytest.fixture
def runs():
    return StandInRun(steps=(0, 10, 100)), StandInRun(steps=(5, 10, 50), seed=1)


@pytest.fixture
def view(runs, plane):
    return CompareRuns(*runs, plane, names=("with", "without"), background=False)


def links(kind):
    return [w for w in ipywidgets.widgets.widget._instances.values() if isinstance(w, kind)]


def test_one_slider_over_the_steps_of_both(view):
    assert view.steps == [0, 5, 10, 50, 100]
    assert view.cursor.slider
    tables = {link.target: link for link in links(TableLink)}
    first, second = (tables[canvas] for canvas in view.canvases)
    # The last checkpoint at or before each step; the first, where there is none.
    assert first.table == [0, 0, 1, 1, 2]
    assert second.table == [0, 0, 1, 2, 2]
    assert first.back == [0, 2, 4]
    assert second.back == [1, 2, 3]
    assert first.source is second.source is view.cursor


def test_the_players_make_what_is_looked_at(view):
    view.step = 50
    assert [player.step for player in view.players] == [10, 50]
    assert view.cursor.index == 3
    assert [canvas.source for canvas in view.canvases] == [p.canvas for p in view.players]
    assert view.wait(1)


def test_it_begins_at_a_step(runs, plane):
    view = CompareRuns(*runs, plane, names=("a", "b"), index=-2)
    assert view.step == 50
    assert [player.step for player in view.players] == [10, 50]
    assert [canvas.index for canvas in view.canvases] == [1, 2]


def test_colors_mean_the_same_in_both(view):
    own = [player.canvas.limits for player in view.players]
    for row, pair in enumerate(zip(*own, strict=True)):
        shared = [canvas.limits[row] for canvas in view.canvases]
        if None in pair:
            assert shared == [None, None]
        else:
            ends = (min(low for low, _ in pair), max(high for _, high in pair))
            assert shared == [ends, ends]
    assert own[0] != own[1]
    found = {(link.source, link.target) for link in links(Link)}
    for canvas in view.canvases:
        assert ((view.color_menu, "index"), (canvas, "coloring")) in found
        # The space bar on a picture plays both.
        assert ((view.play, "playing"), (canvas, "playing")) in found
    assert all({"limits", "playing"}.isdisjoint(mirror.names) for mirror in links(Mirror))


def test_the_metrics_of_both_are_drawn_together(view, runs):
    (panel,) = view.panels
    entries = [[entry.value for entry in group.children] for group in panel.legend.children]
    assert entries == [
        ["with:", "━━ train", "━━ test"],
        ["without:", "╍╍ train", "╍╍ test"],
    ]
    lines = panel.figure.marks[:-1:2]
    assert [line.line_style for line in lines] == ["solid", "solid", "dashed", "dashed"]
    assert lines[0].colors == lines[2].colors
    np.testing.assert_array_equal(lines[3].y, runs[1].metrics["test_accuracy"])
    assert panel.figure.axes[1].label == "accuracy"


def test_metrics_of_one_run_only(runs, plane):
    a, b = runs
    b.metrics = b.metrics.rename(columns={"loss": "other_loss"})
    view = CompareRuns(a, b, plane, names=("a", "b"), metrics=["other_loss", "loss"])
    (panel,) = view.panels
    assert [curve.name for curve in panel.curves] == ["a, loss", "b, other loss"]
    assert panel.curves[0].number != panel.curves[1].number
    with pytest.raises(UnknownName, match="unknown metric 'gain'"):
        CompareRuns(a, b, plane, names=("a", "b"), metrics=["gain"])


def test_without_metrics_there_are_still_the_pictures(runs, plane):
    for run in runs:
        run.metrics = run.metrics[["loss"]]
    view = CompareRuns(*runs, plane, names=("a", "b"))
    assert view.panels == ()
    assert len(view.canvases) == 2
    assert view.cursor in view.children[0].children


def test_play_runs_over_the_range(view):
    assert (view.play.min, view.play.max) == (0, 4)
    view.play_range = (2, 3)
    assert (view.play.min, view.play.max) == (2, 3)
    view.play_range = ()
    assert (view.play.min, view.play.max) == (0, 4)


def test_a_run_that_grows(view, runs):
    player = view.players[1]
    runs[1].steps = np.append(runs[1].steps, 500)
    player.steps = [*player.steps, 500]
    player.canvas.add_steps([500])
    assert view.steps == [0, 5, 10, 50, 100, 500]
    tables = {link.target: link.table for link in links(TableLink)}
    assert tables[view.canvases[1]] == [0, 0, 1, 2, 2, 3]
    assert view.play.max == 5


def test_what_is_wrong_is_told(runs, plane):
    with pytest.raises(InvalidArgument, match="names must be those of the two runs"):
        CompareRuns(*runs, plane, names=("a",))
    with pytest.raises(UnknownName, match="unknown coloring"):
        CompareRuns(*runs, plane, names=("a", "b"), color="slop")
    with pytest.raises(UnknownName, match="unknown checkpoint '5'"):
        CompareRuns(*runs, plane, names=("a", "b"), index=5)
    with pytest.raises(ShapeMismatch):
        CompareRuns(*runs, InputSlice.around(np.zeros(3)), names=("a", "b"))


def test_a_second_run_that_does_not_fit_leaves_no_player(runs, plane):
    with pytest.raises(ShapeMismatch):
        CompareRuns(runs[0], StandInRun(widths=(3, 4, 2)), plane, names=("a", "b"))
    assert not links(RegionPlayer)
    for thread in threading.enumerate():
        if thread.name == "splineviz-frames":
            # It ends with the frame that it is making.
            thread.join(10)
            assert not thread.is_alive()


def test_a_run_without_checkpoints_is_named(runs, plane):
    view = CompareRuns(runs[0], StandInRun(steps=()), plane, names=("a", "<b>"))
    assert view.children[0].value.startswith("<b>: no checkpoints yet")
    assert view.wait()
    view.close()


def test_closing_closes_the_players(view):
    players, canvases = view.players, view.canvases
    view.close()
    view.close()
    assert all(player.canvas.comm is None for player in players)
    assert all(canvas.comm is None for canvas in canvases)
    for kind in (TableLink, Link, Mirror, RegionPlayer):
        assert not links(kind)


def test_runs_of_one_name_are_told_apart(tmp_path):
    class Named(StandInRun):
        def __init__(self, path):
            super().__init__(steps=(0, 10))
            self.path, self.name = path, path.name

    a, b = Named(tmp_path / "a" / "runs" / "moons"), Named(tmp_path / "b" / "runs" / "moons")
    assert distinct_names([a, b]) == ["a/runs/moons", "b/runs/moons"]
    assert distinct_names([a, Named(tmp_path / "spiral")]) == ["moons", "spiral"]
    view = CompareRuns(a, a, InputSlice.identity(), background=False)
    titles = [box.children[0].value for box in view._pictures.children]
    assert titles == ["━━ moons (1)", "╍╍ moons (2)"]


def test_the_cursor_knows_what_can_be_shown(runs, plane):
    view = CompareRuns(*runs, plane, names=("a", "b"), background=False)
    assert view.cursor.available == [0, 1, 2, 3, 4]
    first, second = (player.canvas for player in view.players)
    assert all(canvas.settled for canvas in (first, second, *view.canvases))
    second.clear_frames()
    assert view.cursor.available == []
    second.set_frame(1, view.players[1].frame(10))
    assert view.cursor.available == [2]
    assert not any(canvas.settled for canvas in view.canvases)
    # What is not kept comes when it is asked for.
    second._budget = 1
    second.set_frame(0, view.players[1].frame(5))
    assert view.cursor.available == [0, 1, 2, 3, 4]
