"""A cell that is run again, and code that makes widgets on purpose."""

from __future__ import annotations

import inspect

import ipywidgets
import numpy as np
import pytest
import traitlets

import splineviz as sv
from splineviz.errors import UnknownName
from splineviz.partition.slices.input_slice import InputSlice
from splineviz.widgets.common import rerun_cells as again
from splineviz.widgets.common.rerun_cells import same
from splineviz.widgets.player.region_player import RegionPlayer
from splineviz.widgets.playground.playground import Playground
from splineviz.widgets.slice_picker.slice_picker import SlicePicker
from splineviz.widgets.views.compare_runs import CompareRuns
from splineviz.widgets.views.curves_view import CurvesView
from splineviz.widgets.views.layer_panels import LayerPanels
from splineviz.widgets.views.migration_view import MigrationView
from tests.widgets.standin import StandInRun


@pytest.fixture(autouse=True)
def closed():
    ipywidgets.Widget.close_all()
    yield
    ipywidgets.Widget.close_all()


def open_widgets():
    return ipywidgets.widgets.widget._instances


def state():
    """What a notebook would be saved with; raises if a part of a widget is closed."""
    found = ipywidgets.Widget.get_manager_state()["state"]
    assert "IPY_MODEL_None" not in str(found)
    return found


class Notebook:
    """Cells, which are run as a front end does that tells which."""

    def __init__(self, monkeypatch):
        self._now = ("", "")
        self._runs = 0
        monkeypatch.setattr(again, "_cell", lambda: self._now)

    def run(self, cell, make):
        self._runs += 1
        self._now = (cell, f"execution {self._runs}")
        try:
            return make()
        finally:
            self._now = ("", "")


@pytest.fixture
def notebook(monkeypatch):
    return Notebook(monkeypatch)


@pytest.fixture
def make(run, plane):
    return lambda **options: RegionPlayer(run, plane, background=False, **options)


def test_a_cell_that_is_run_again_gets_its_player(notebook, make):
    player = notebook.run("a", make)
    before = state()
    assert notebook.run("a", make) is player
    assert len(state()) == len(before)
    assert notebook.run("b", make) is not player


def test_the_frames_stay(notebook, run, plane):
    made = []

    def partition(program, plane):
        made.append(program)
        return sv.enumerate_regions(program, plane)

    def cell():
        return RegionPlayer(run, plane, background=False, partition=partition)

    player = notebook.run("a", cell)
    frames = [player.canvas.frame_0, player.canvas.frame_4]
    notebook.run("a", cell)
    assert len(made) == 5
    assert player.canvas.frame_0 is frames[0]
    assert player.canvas.frame_4 is frames[1]


def test_it_looks_as_a_new_one(notebook, make):
    player = notebook.run("a", make)
    limits = player.canvas.limits
    with player.canvas.hold_sync():
        player.index, player.play_range = 3, (1, 3)
        player.canvas.set_trait("playing", True)
        player.canvas.layer, player.canvas.compare, player.canvas.coloring = 1, 0, 2
        player.canvas.viewport = (0.0, 0.0, 1.0, 1.0)
    notebook.run("a", lambda: make(index=-1, color="class"))
    assert (player.index, player.step, player.play_range) == (4, 1000, ())
    canvas = player.canvas
    assert (canvas.playing, canvas.layer, canvas.compare) == (False, -1, -1)
    assert canvas.colorings[canvas.coloring]["name"] == "class"
    assert canvas.viewport == ()
    assert canvas.limits == limits


def test_what_goes_together_with_it_follows(notebook, make, run, plane):
    player = notebook.run("a", make)
    view = notebook.run("b", lambda: CurvesView(run, player=player))
    migration = notebook.run(
        "c", lambda: MigrationView(run, plane, player=player, background=False)
    )
    plot = traitlets.HasTraits()
    plot.add_traits(step=traitlets.Int())
    traitlets.link((player, "step"), (plot, "step"))
    picker = SlicePicker(np.random.default_rng(0).random((20, 2)), player=player)
    box = ipywidgets.HBox([player])
    again = notebook.run("a", make)
    again.index = 2
    assert view.index == migration.index == 2
    assert plot.step == 10
    picker.chosen = [0, 1, 2]
    assert again.plane is picker.plane
    assert box.children == (again,)
    state()


def test_two_players_on_purpose(notebook, make, run):
    def side_by_side():
        return ipywidgets.HBox([make(), make()])

    first = notebook.run("a", side_by_side).children
    assert first[0] is not first[1]
    assert notebook.run("a", side_by_side).children == first
    other = InputSlice.identity((0, 0, 1, 1))
    assert notebook.run("a", lambda: RegionPlayer(run, other, background=False)) not in first


def test_a_player_that_was_closed_is_made_anew(notebook, make):
    player = notebook.run("a", make)
    player.close()
    assert notebook.run("a", make) is not player


def test_a_wrong_argument_leaves_the_player_as_it_was(notebook, make):
    player = notebook.run("a", make)
    with pytest.raises(UnknownName, match="unknown coloring"):
        notebook.run("a", lambda: make(color="slop"))
    with pytest.raises(TypeError):
        notebook.run("a", lambda: make(colour="slope"))
    assert player.canvas.comm is not None
    assert player.wait(1)
    assert notebook.run("a", make) is player


def test_other_weights_in_the_same_folder(notebook, plane):
    """A training that was recorded anew is another one: none of its frames is an old one's."""

    class Recorded(StandInRun):
        path = "runs/one"

        @property
        def checkpoints(self):
            return [(step, hash(str(self._ends))) for step in self.steps]

    runs = [Recorded(seed=0), Recorded(seed=0), Recorded(seed=1, steps=(0, 5))]
    same_run, as_before, other = runs
    player = notebook.run("a", lambda: RegionPlayer(same_run, plane, background=False))
    view = CurvesView(same_run, player=player)
    player.index = 4
    frame = player.canvas.frame_0
    assert notebook.run("a", lambda: RegionPlayer(as_before, plane, background=False)) is player
    assert player.canvas.frame_0 is frame
    assert notebook.run("a", lambda: RegionPlayer(other, plane, background=False)) is player
    assert player.canvas.frame_0 != frame
    fresh = RegionPlayer(other, plane, background=False)
    assert fresh is not player
    assert player.canvas.frame_1 == fresh.canvas.frame_1
    assert player.canvas.steps == [0, 5]
    assert player.canvas.limits == fresh.canvas.limits
    assert player.canvas.frame(2) is None
    assert (view.steps, view.index) == ([0, 5], 0)


def test_other_colorings_are_drawn_anew(notebook, make):
    player = notebook.run("a", lambda: make(colorings={"half": lambda part: part.areas / 2}))
    third = notebook.run("a", lambda: make(colorings={"third": lambda part: part.areas / 3}))
    assert third is player
    assert player.canvas.colorings[-1]["title"] == "third"
    frame = player.canvas.frame(2)
    np.testing.assert_allclose(frame.values["third"], frame.areas / 3, rtol=1e-4)


def test_a_line_of_a_script_that_runs_again(run, plane):
    for times in range(3):
        player = RegionPlayer(run, plane, background=False)
        if times == 0:
            before = len(state())
        assert len(state()) == before
    kept = [RegionPlayer(run, plane, background=False) for _ in range(2)]
    assert len({*kept, player}) == 3
    colors = []
    for color in ("slope", "class"):
        one = RegionPlayer(run, plane, background=False, color=color)
        colors.append(one)
    assert colors[0] is not colors[1]


def test_a_function_that_makes_players(make):
    first = make()
    second = make()
    assert first is not second


def test_code_that_is_executed_again(run, plane):
    names = {"sv": sv, "run": run, "plane": plane}
    exec("player = sv.RegionPlayer(run, plane)", names)
    player = names["player"]
    exec("player = sv.RegionPlayer(run, plane)", names)
    assert names["player"] is player
    exec("other = sv.RegionPlayer(run, plane)", names)
    assert names["other"] is not player


def test_a_shell_without_cells(run, plane):
    """IPython names the text of each execution anew."""
    names = {"sv": sv, "run": run, "plane": plane}
    text = "player = sv.RegionPlayer(run, plane)"
    exec(compile(text, "<ipython-input-1-a1b2>", "exec"), names)
    player = names["player"]
    exec(compile(text, "<ipython-input-2-a1b2>", "exec"), names)
    assert names["player"] is player


VIEWS = {
    "curves": lambda player, plane: CurvesView(
        player.run, player=player, metrics=["train_accuracy", "loss"]
    ),
    "curves alone": lambda player, plane: CurvesView(player.run),
    "migration": lambda player, plane: MigrationView(
        player.run, plane, player=player, background=False
    ),
    "layers": lambda player, plane: LayerPanels(player),
    "picker": lambda player, plane: SlicePicker(np.eye(8), player=player),
    "playground": lambda player, plane: Playground("two moons", width=4, depth=1),
}


@pytest.mark.parametrize("name", VIEWS)
def test_views_that_are_made_again_leave_nothing_behind(name, notebook, make, plane):
    player = make()
    view = notebook.run("a", lambda: VIEWS[name](player, plane))
    box, parts = ipywidgets.VBox([view]), len(open_widgets())
    for _ in range(2):
        assert notebook.run("a", lambda: VIEWS[name](player, plane)) is view
        assert len(open_widgets()) == parts
        assert view.model_id in str(view._repr_mimebundle_())
        assert len(view.children) > 0
        state()
    assert box.children == (view,)
    if hasattr(view, "index"):
        view.index = 2
        assert view.step == 10
    view.close()
    player.close()


def test_a_comparison_keeps_its_frames(notebook, run, plane):
    other = StandInRun(seed=1, steps=(0, 30))

    def cell(**options):
        return CompareRuns(run, other, plane, names=("a", "b"), background=False, **options)

    view = notebook.run("a", cell)
    players, frame = view.players, view.players[1].canvas.frame_1
    parts = len(open_widgets())
    assert notebook.run("a", lambda: cell(color="class", index=2)) is view
    assert len(open_widgets()) == parts
    assert view.players == players
    assert players[1].canvas.frame_1 is frame
    assert view.index == 2
    assert view.wait(1)
    with pytest.raises(UnknownName):
        notebook.run("a", lambda: cell(metrics=["gain"]))
    assert not [w for w in open_widgets().values() if isinstance(w, RegionPlayer)]


def test_help_knows_the_arguments():
    assert list(inspect.signature(RegionPlayer).parameters)[:3] == ["run", "plane", "color"]


def test_arguments_that_mean_the_same(plane, run):
    assert same(InputSlice.identity((0, 0, 1, 1)), InputSlice.identity((0, 0, 1, 1)))
    assert not same(InputSlice.identity((0, 0, 1, 1)), InputSlice.identity((0, 0, 1, 2)))
    assert same([1, {"a": np.arange(3)}], [1, {"a": np.arange(3)}])
    assert not same({"a": np.arange(3)}, {"a": np.arange(4)})
    assert not same(lambda: 1, lambda: 1)
    assert not same(1, 1.0)
    path = sv.Run.bundled("checkerboard").path
    assert same(sv.Run(path), sv.Run(path))
    assert not same(run, StandInRun())
