from __future__ import annotations

import ipywidgets
import numpy as np
import pandas as pd
import pytest
import traitlets

import splineviz as sv
from splineviz.errors import InvalidArgument, RunCorrupt, UnknownName
from splineviz.widgets.common.mirror import Mirror
from splineviz.widgets.common.table_link import TableLink
from splineviz.widgets.player.region_player import RegionPlayer
from splineviz.widgets.views.curves_view import CurvesView
from tests.widgets.standin import StandInRun
from tests.widgets.standin_player import StandInPlayer


@pytest.fixture(autouse=True)
def closed():
    yield
    ipywidgets.Widget.close_all()


@pytest.fixture(scope="module")
def complexity():
    run = sv.Run.bundled()
    return run.local_complexity(
        radius=[0.1, 0.2], directions=2, steps=[0, 1, 325, 30000], cache=False
    )


@pytest.fixture
def player(run):
    return StandInPlayer(run)


def names(panel):
    return [entry.value[3:] for entry in panel.legend.children]


def links(kind):
    return [w for w in ipywidgets.widgets.widget._instances.values() if isinstance(w, kind)]


def test_accuracies_have_a_panel(run, player):
    view = CurvesView(run, player=player)
    (panel,) = view.panels
    assert names(panel) == ["train", "test"]
    line = panel.figure.marks[0]
    np.testing.assert_array_equal(line.y, run.metrics["train_accuracy"])
    assert view.cursor.positions == [0.5, 1, 10, 100, 1000]
    assert view.cursor.ends == (0.5, 1000)
    assert view.cursor.figures == [panel.figure]
    (brush,) = view.cursor.brushes
    assert brush.scale is panel.marker.scales["x"]
    assert not view.cursor.slider


def test_other_metrics_and_local_complexity_have_panels_with_the_same_axis(run, complexity):
    view = CurvesView(run, metrics=["loss", "test_accuracy"], complexity=complexity, by="layer")
    assert [names(panel)[0] for panel in view.panels] == [
        "test",
        "loss",
        f"{complexity.names[0]!r} (relu, 64 neurons)",
    ]
    assert view.panels[2] is view.complexity
    assert {(panel.axis.left, panel.axis.right) for panel in view.panels} == {(0.5, 30000)}
    assert view.cursor.slider


def test_the_lines_are_linked_in_the_browser(run, player, complexity):
    view = CurvesView(run, player=player, complexity=complexity)
    tables = links(TableLink)
    assert {table.target for table in tables} == {panel.marker for panel in view.panels}
    assert all(table.source is view.cursor for table in tables)
    assert all(table.table == [[p, p] for p in (0.5, 1, 10, 100, 1000)] for table in tables)
    (mirror,) = links(Mirror)
    assert (mirror.source, mirror.target) == (player.canvas, view.cursor)
    assert mirror.names == mirror.back == ["index", "play_range"]


def test_it_begins_where_the_player_is(run, player):
    player.index = 3
    player.play_range = (1, 4)
    view = CurvesView(run, player=player)
    assert (view.index, view.step, view.play_range) == (3, 100, (1, 4))
    assert (view.cursor.index, view.cursor.play_range) == (3, (1, 4))
    assert view.panels[0].marker.x.tolist() == [100, 100]


def test_index_step_and_range_follow_the_cursor_and_move_it(run):
    view = CurvesView(run, index=-1)
    assert view.step == 1000
    view.cursor.index = 2
    view.cursor.play_range = (1, 3)
    assert (view.index, view.step, view.play_range) == (2, 10, (1, 3))
    view.step = 1
    view.play_range = ()
    assert (view.cursor.index, view.cursor.play_range) == (1, ())
    with pytest.raises(traitlets.TraitError, match="no checkpoint at step 95; near it: 100"):
        view.step = 95
    with pytest.raises(traitlets.TraitError, match="from 0 to 4, or empty"):
        view.play_range = (3, 9)


def test_in_python_it_goes_with_the_player(run, player):
    view = CurvesView(run, player=player)
    player.step = 100
    player.play_range = (0, 2)
    assert (view.index, view.step, view.play_range) == (3, 100, (0, 2))
    view.index = 1
    view.play_range = ()
    assert (player.index, player.canvas.index, player.canvas.play_range) == (1, 1, ())
    view.close()
    player.index = 2
    assert view.index == 1


def test_what_there_is_not_is_told(run, player, complexity):
    with pytest.raises(UnknownName, match="unknown metric 'gain'"):
        CurvesView(run, player=player, metrics=["gain"])
    with pytest.raises(UnknownName, match="unknown checkpoint '5'"):
        CurvesView(run, index=5)
    with pytest.raises(UnknownName, match="unknown probe 'x'"):
        CurvesView(run, complexity=complexity, probe="x")
    with pytest.raises(InvalidArgument, match="by must be"):
        CurvesView(run, complexity=complexity, by="x")


def test_a_run_without_checkpoints_says_so():
    run = StandInRun(steps=())
    for player in (None, StandInPlayer(run)):
        view = CurvesView(run, player=player)
        assert view.children[0].value == "This run has no checkpoints yet."
        view.refresh()
        view.close()


def test_a_run_without_accuracies_says_so(run):
    run.metrics = run.metrics[["loss"]]
    view = CurvesView(run)
    assert "no metric is an accuracy" in view.children[0].value
    run.metrics = pd.DataFrame({"test_acc": [0.5]}, index=pd.Index([3], name="step"))
    view.refresh()
    assert names(view.panels[0]) == ["test"]


def test_metrics_before_the_first_row_is_written(run, complexity):
    run.metrics = run.metrics.iloc[:0]
    assert CurvesView(run).panels == ()
    assert len(CurvesView(run, complexity=complexity).panels) == 1


def test_one_checkpoint():
    view = CurvesView(StandInRun(steps=(7,)))
    assert view.cursor.positions == [7]
    assert view.panels[0].marker.x.tolist() == [7, 7]


def test_a_run_that_grows(run, player, complexity):
    view = CurvesView(run, player=player, complexity=complexity)
    view.complexity.by = "layer"
    old = view.panels
    player.steps = [*player.steps, 100_000]
    player.canvas.count = 6
    assert view.steps == player.steps
    assert view.cursor.positions[-1] == 100_000
    assert view.cursor.ends == (0.5, 100_000)
    assert view.complexity.by == "layer"
    assert all(panel.figure.comm is None for panel in old)
    view.step = 100_000
    assert player.canvas.index == 5


@pytest.mark.parametrize("kind", [RunCorrupt, PermissionError])
def test_metrics_that_cannot_be_read_do_not_stop_a_player_that_grows(kind):
    class Run(StandInRun):
        broken = False

        @property
        def metrics(self):
            if self.broken:
                raise kind("metrics.csv is no table")
            return self._metrics

        @metrics.setter
        def metrics(self, table):
            self._metrics = table

    run = Run()
    player = StandInPlayer(run)
    view = CurvesView(run, player=player)
    panels = view.panels
    run.broken = True
    player.steps = [*player.steps, 100_000]
    player.canvas.count = 6
    assert view.cursor.note == "metrics.csv is no table"
    assert view.panels == panels


def test_closing_leaves_the_player(run, player):
    view = CurvesView(run, player=player)
    index = player.index
    kept = [view.cursor, *view.cursor.brushes, view.panels[0].marker]
    view.close()
    view.close()
    assert all(widget.comm is None for widget in kept)
    assert not links(TableLink)
    assert not links(Mirror)
    player.canvas.count = 7
    player.index = index + 1
    assert player.canvas.comm is not None


def test_a_player_that_is_closed_first(run, plane):
    player = RegionPlayer(run, plane, metrics=[], background=False)
    view = CurvesView(run, player=player)
    player.close()
    view.index = 2
    view.refresh()
    view.close()


def test_a_cell_that_is_run_again(run, player):
    views = [CurvesView(run, player=player) for _ in range(2)]
    player.index = 3
    assert [view.index for view in views] == [3, 3]
    views[0].close()
    player.index = 1
    assert [view.index for view in views] == [3, 1]


def test_hostile_names_stay_text(run):
    name = "<img src=x onerror=alert(1)> accuracy"
    run.metrics[name] = 0.5
    (panel,) = CurvesView(run, metrics=[name]).panels
    label = panel.legend.children[0]
    assert type(label) is ipywidgets.Label
    assert label.value == "━━ img src x onerror alert 1"
