from __future__ import annotations

import gc
import subprocess
import sys
import threading
import time
import weakref

import ipywidgets
import numpy as np
import pytest
import traitlets

from splineviz.errors import (
    EndlessWait,
    InvalidArgument,
    NonFiniteValues,
    ShapeMismatch,
    SplinevizError,
    UnknownName,
    UnknownStep,
    UnsupportedLayer,
)
from splineviz.network.program import Program
from splineviz.network.step import Step
from splineviz.partition.enumeration import enumerate_regions
from splineviz.partition.plotting.colorings import COLORINGS, ON_DEMAND, Coloring
from splineviz.partition.slices.input_slice import InputSlice
from splineviz.widgets.player.region_player import RegionPlayer
from splineviz.widgets.player.samples import class_numbers, samples_on_slice
from tests.widgets.standin import StandInRun


@pytest.fixture
def player(run, plane):
    player = RegionPlayer(run, plane)
    yield player
    player.close()
    player.wait(10)


def test_all_frames_are_made(player, run):
    assert player.wait(60)
    assert [player.canvas.frame(i).step for i in range(5)] == run.steps.tolist()
    assert player.canvas.progress == ""


def test_the_frames_are_those_of_the_network(player, run, plane):
    player.wait(60)
    partition = enumerate_regions(run.program(100), plane)
    frame = player.canvas.frame(3)
    np.testing.assert_allclose(frame.values["slope"], partition.slope_norms(), rtol=1e-6)
    np.testing.assert_array_equal(frame.values["class"], partition.predictions())


def test_the_first_frame_is_there_at_once(run, plane):
    made = []

    def partition(program, plane):
        made.append(program)
        return enumerate_regions(program, plane)

    player = RegionPlayer(run, plane, index=-1, background=False, partition=partition)
    assert player.index == 4
    assert player.step == 1000
    np.testing.assert_array_equal(made[0].state["0.weight"], run.program(1000).state["0.weight"])
    assert len(made) == 5


class EndsInSoftmax(StandInRun):
    """A run of a network that ends in a softmax."""

    def program(self, step):
        plain = super().program(step)
        options = {"operation": "softmax.int", "arguments": [{"value": 0}, -1], "keywords": {}}
        softmax = Step("opaque", (plain.output,), "head.softmax", {}, options)
        shapes = (*plain.shapes, plain.output_shape)
        return Program((*plain.steps, softmax), shapes, plain.state, len(shapes) - 1)


@pytest.mark.parametrize("background", [True, False])
def test_a_network_without_exact_regions_is_refused(plane, background):
    running = threading.active_count()
    with pytest.raises(UnsupportedLayer, match=r"softmax at 'head\.softmax'"):
        RegionPlayer(EndsInSoftmax(), plane, background=background)
    deadline = time.monotonic() + 10
    while threading.active_count() > running and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() <= running


def test_index_and_step_follow_the_slider_and_move_it(player):
    player.canvas.index = 2
    assert (player.index, player.step) == (2, 10)
    player.step = 1000
    assert (player.index, player.canvas.index) == (4, 4)
    player.index = 0
    assert (player.step, player.canvas.index) == (0, 0)


def test_a_range_to_play(player):
    player.play_range = (1, 3)
    assert player.canvas.play_range == (1, 3)
    for wrong in [(3, 1), (0, 5), (2,), (-1, 2)]:
        with pytest.raises(traitlets.TraitError, match="from 0 to 4"):
            player.play_range = wrong
    player.play_range = ()
    assert player.canvas.play_range == ()


def test_checkpoints_that_do_not_exist_are_refused(player, run, plane):
    with pytest.raises(traitlets.TraitError, match="no checkpoint at step 95; near it: 100"):
        player.step = 95
    with pytest.raises(traitlets.TraitError, match="from 0 to 4, not 5"):
        player.index = 5
    with pytest.raises(UnknownName, match="unknown checkpoint '5'"):
        RegionPlayer(run, plane, index=5)


def test_unknown_names_are_refused(run, plane):
    with pytest.raises(UnknownName, match="unknown coloring 'slop'"):
        RegionPlayer(run, plane, color="slop")
    with pytest.raises(UnknownName, match="'output' has taken its place"):
        RegionPlayer(run, plane, color="margin")
    with pytest.raises(UnknownName, match="unknown metric 'gain'"):
        RegionPlayer(run, plane, metrics=["gain"])
    with pytest.raises(TypeError, match="colour"):
        RegionPlayer(run, plane, colour="slope")


def test_a_slice_of_another_space_is_refused(run):
    with pytest.raises(ShapeMismatch):
        RegionPlayer(run, InputSlice.around(np.zeros(3)))


def test_a_run_without_checkpoints_says_so(plane):
    player = RegionPlayer(StandInRun(steps=()), plane)
    assert "no checkpoints" in player.children[0].value
    assert player.wait()
    player.close()


def test_one_checkpoint_leaves_nothing_to_slide(plane):
    player = RegionPlayer(StandInRun(steps=(7,)), plane)
    assert player.wait()
    assert player.step == 7


def test_a_run_without_metrics_or_samples(plane):
    run = StandInRun()
    run.samples = None
    run.metrics = run.metrics[["loss"]]
    player = RegionPlayer(run, plane)
    assert player.curves.curves == ()
    assert player.canvas.curves["lines"] == []
    assert len(player.canvas.points) == 0
    assert player.wait(60)


def test_a_checkpoint_that_fails_is_told_and_the_others_are_made(run, plane):
    bad = run.program(100).state["0.weight"]

    def partition(program, plane):
        if np.array_equal(program.state["0.weight"], bad):
            raise NonFiniteValues("weights overflow")
        return enumerate_regions(program, plane)

    player = RegionPlayer(run, plane, partition=partition)
    with pytest.raises(NonFiniteValues, match="overflow"):
        player.wait(60)
    assert [player.canvas.frame(i) is not None for i in range(5)] == [True, True, True, False, True]
    assert player.canvas.messages == {"3": "This step could not be computed: weights overflow"}
    assert player.canvas.progress == "1 of 5 steps could not be computed"


def test_coordinates_count_from_the_corner_of_the_domain(run):
    plane = InputSlice.identity((-0.5, -0.25, 0.5, 1.0))
    player = RegionPlayer(run, plane, background=False)
    points, _ = samples_on_slice(run, plane, outputs=2)
    np.testing.assert_allclose(player.canvas.points, points + np.array([0.5, 0.25]), rtol=1e-6)
    vertices = player.canvas.frame(0).vertices
    assert vertices.min(axis=0).tolist() == [0, 0]
    assert vertices.max(axis=0).tolist() == [1, 1.25]


def test_the_stars_count_from_the_corner_too():
    run = StandInRun(widths=(3, 8, 2))
    plane = InputSlice.through(*run.samples[0][:3])
    player = RegionPlayer(run, plane, background=False)
    corner = plane.domain.bounds[:2]
    np.testing.assert_allclose(player.canvas.anchors, plane.anchors - corner, rtol=1e-6)


def test_close_ends_the_feed(run, plane):
    player = RegionPlayer(run, plane)
    player.close()
    player.wait(60)
    for widget in (player, player.canvas):
        assert widget.comm is None


def test_a_closed_player_lets_go_of_its_frames(run, plane):
    player = RegionPlayer(run, plane, background=False)
    gone = weakref.ref(player.canvas)
    player.close()
    del player
    gc.collect()
    assert gone() is None


def test_class_names_are_those_of_the_run_or_counted(plane):
    named = RegionPlayer(StandInRun(class_names=("in", "out")), plane)
    assert named.canvas.class_names == ["in", "out"]
    counted = RegionPlayer(StandInRun(widths=(2, 8, 3)), plane)
    assert counted.canvas.class_names == ["class 0", "class 1", "class 2"]


def test_only_samples_on_the_slice_are_drawn():
    run = StandInRun(widths=(3, 8, 2))
    anchors = run.samples[0][:3]
    points, classes = samples_on_slice(run, InputSlice.through(*anchors), outputs=2)
    assert len(points) == 3
    np.testing.assert_array_equal(classes, run.samples[1][:3])


def test_samples_outside_the_domain_are_not_drawn():
    run = StandInRun()
    points, _ = samples_on_slice(run, InputSlice.identity((-0.5, -0.5, 0.5, 0.5)), outputs=2)
    assert 0 < len(points) < len(run.samples[0])
    assert np.abs(points).max() <= 0.5


@pytest.mark.parametrize(
    ("targets", "outputs", "classes"),
    [
        (np.array([0, 3, 1]), 4, [0, 3, 1]),
        (np.array([-1, 1, 1]), 1, [0, 1, 1]),
        (np.array([[0.0], [1.0], [-2.0]]), 1, [0, 1, 0]),
        (np.array([0.0, 9.0, 3.0]), 10, [0, 9, 3]),
        (np.array([0.0, 9.0, 3.0]), 1, [0, 1, 1]),
        (np.array([-1.0, 1.0]), 2, [0, 1]),
        (np.array([0.5, 2.0, np.nan]), 2, [1, 1, 0]),
        (np.eye(3)[[2, 0, 1]], 3, [2, 0, 1]),
        (np.empty(0), 2, []),
        (np.empty((0, 3)), 3, []),
    ],
)
def test_targets_as_class_numbers(targets, outputs, classes):
    assert class_numbers(targets, outputs).tolist() == classes


def test_a_replay_needs_no_torch():
    code = """
import sys
from splineviz.partition.slices.input_slice import InputSlice
from splineviz.widgets.player.region_player import RegionPlayer
from tests.widgets.standin import StandInRun
assert RegionPlayer(StandInRun(), InputSlice.identity()).wait(60)
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_samples_that_span_a_slice_are_stars_with_their_class():
    run = StandInRun(steps=(0, 1), widths=(64, 8, 2), class_names=("left", "right"))
    inputs, labels = run.samples
    player = RegionPlayer(run, InputSlice.through(*inputs[:3]), background=False)
    assert len(player.canvas.anchors) == 3
    assert len(player.canvas.points) == 0
    captions = [one["caption"] for one in player.canvas.thumbnails]
    names = [("left", "right")[label] for label in labels[:3]]
    assert captions == [f"{letter}: {name}" for letter, name in zip("ABC", names, strict=True)]


def test_another_slice(player, run):
    player.wait(60)
    player.step = 100
    plane = InputSlice.identity((-0.5, -0.25, 0.5, 1.0))
    player.show(plane)
    assert player.wait(60)
    assert player.step == 100
    assert player.canvas.bounds == (-0.5, -0.25, 0.5, 1.0)
    partition = enumerate_regions(run.program(10), plane)
    assert len(player.canvas.frame(2)) == len(partition)
    with pytest.raises(ShapeMismatch):
        player.show(InputSlice.around(np.zeros(3)))
    assert player.plane is plane
    assert player.canvas.frame(4) is not None


def test_what_comes_of_an_old_slice_after_all_is_not_told(run, plane):
    begun, stuck, go_on = threading.Event(), threading.Event(), threading.Event()
    other = InputSlice.identity((-0.5, -0.25, 0.5, 1.0))

    def partition(program, where):
        if where is plane and begun.is_set():
            stuck.set()
            go_on.wait(10)
            raise ValueError("no regions")
        begun.set()
        return enumerate_regions(program, where)

    player = RegionPlayer(run, plane, partition=partition)
    old = player._frames.feed
    assert stuck.wait(10)
    player.show(other, background=False)
    go_on.set()
    with pytest.raises(ValueError, match="no regions"):
        old.wait(10)
    assert player.canvas.messages == {}
    assert player.canvas.progress == ""
    player.close()


def test_beyond_the_budget_frames_are_made_when_they_are_wanted(run, plane):
    player = RegionPlayer(run, plane, budget=1, background=False)
    sent = []
    player.canvas.send = lambda content, buffers: sent.append(content["frame"])
    assert [player.canvas.frame(i) is not None for i in range(5)] == [True] + [False] * 4
    assert player.canvas.progress == "1 of 5 steps kept, others come when looked at"
    player.canvas._handle_custom_msg({"want": [3, 4]}, [])
    assert player.wait(60)
    assert sent == [3, 4]
    partition = enumerate_regions(run.program(100), plane)
    assert len(player.frame(100)) == len(partition)


def test_colorings_of_ones_own(run, plane):
    compactness = Coloring("compactness", "", "linear", lambda p: p.areas / p.perimeters**2)
    by_step = {
        step: np.arange(len(enumerate_regions(run.program(step), plane))) for step in run.steps
    }
    player = RegionPlayer(
        run,
        plane,
        color="number",
        background=False,
        colorings={"form": compactness, "corners": lambda p: p.areas > 0.1, "number": by_step},
    )
    assert (
        player.canvas.coloring == list(COLORINGS | {"form": 0, "corners": 0}).index("corners") + 1
    )
    frame = player.canvas.frame(2)
    partition = enumerate_regions(run.program(10), plane)
    np.testing.assert_allclose(frame.values["form"], partition.areas / partition.perimeters**2)
    np.testing.assert_array_equal(frame.values["number"], by_step[10])
    np.testing.assert_array_equal(frame.values["corners"], partition.areas > 0.1)


@pytest.mark.parametrize("name", ON_DEMAND)
def test_a_coloring_on_demand_is_there_if_color_names_it(run, plane, name):
    player = RegionPlayer(run, plane, color=name, background=False)
    partition = enumerate_regions(run.program(10), plane)
    wanted = np.asarray(ON_DEMAND[name].values(partition), dtype=np.float32)
    np.testing.assert_array_equal(player.canvas.frame(2).values[name], wanted)
    assert [row["name"] for row in player.canvas.colorings] == [*COLORINGS, name]
    assert player.canvas.coloring == len(COLORINGS)
    other = RegionPlayer(run, plane, background=False)
    assert name not in other.canvas.frame(2).values
    segment = InputSlice.segment([-1.0, 0.0], [1.0, 0.5])
    player.show(segment, background=False)
    assert len(player.canvas.frame(2).values[name]) == len(player.canvas.frame(2))


def test_a_coloring_that_does_not_fit_is_refused(run, plane):
    with pytest.raises(ShapeMismatch, match="'few' gives an array of shape \\(3,\\)"):
        RegionPlayer(run, plane, colorings={"few": lambda partition: np.zeros(3)})
    with pytest.raises(UnknownName, match="unknown step '0'; known: 7"):
        RegionPlayer(run, plane, colorings={"few": {7: np.zeros(3)}})


def test_a_coloring_may_be_of_any_numbers(run, plane):
    first = enumerate_regions(run.program(0), plane)
    signs = np.arange(len(first)) % 3 - 1
    large = 2**40 + np.arange(len(first))
    colorings = {"signs": lambda p: np.arange(len(p)) % 3 - 1, "large": {0: large}}
    player = RegionPlayer(StandInRun(steps=(0,)), plane, color="signs", colorings=colorings)
    frame = player.frame(0)
    np.testing.assert_array_equal(frame.values["signs"], signs)
    np.testing.assert_allclose(frame.values["large"], large)
    assert player.canvas.limits[player.canvas.coloring] == (-1, 1)


class GrowingRun(StandInRun):
    """A run that is still being written."""

    status = "recording"

    def __init__(self):
        super().__init__()
        self._all, self.steps = self.steps, self.steps[:2]

    def refresh(self):
        self.steps = self._all
        self.status = "finished"
        return True

    def program(self, step):
        written, self.steps = self.steps, self._all
        program = super().program(step)
        self.steps = written
        return program


def until(condition):
    """Wait until something is the case, a minute at the most."""
    deadline = time.monotonic() + 60
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert condition()


def test_new_checkpoints_of_a_run_appear(plane):
    run = GrowingRun()
    player = RegionPlayer(run, plane)
    player._watcher.wake()
    until(lambda: player.canvas.ready == 5 and None not in player.canvas.region_counts)
    assert player.steps == [0, 1, 10, 100, 1000]
    assert player.canvas.frame(4).step == 1000
    player.step = 1000
    player.close()


def test_a_run_that_cannot_be_followed_is_told_and_tried_again(plane):
    run = GrowingRun()
    refresh, metrics = run.refresh, run.metrics
    run.refresh = lambda: (_ for _ in ()).throw(OSError("the folder is gone"))
    player = RegionPlayer(run, plane)
    assert player.wait(60)
    player._watcher.wake()
    trouble = "the run cannot be followed, trying again: the folder is gone"
    until(lambda: player.canvas.progress == trouble)
    # The checkpoints can be read again, the metrics cannot.
    before = player.curves
    run.refresh, run.metrics = refresh, metrics.drop(columns="train_accuracy")
    player._metrics = ["train_accuracy"]
    player._watcher.wake()
    until(lambda: player.canvas.ready == 5 and "train_accuracy" in player.canvas.progress)
    assert player.curves is before
    run.metrics = metrics
    player._watcher.wake()
    until(lambda: player.canvas.progress == "" and player.curves is not before)
    player.close()


def test_a_player_that_is_displayed_again_looks_at_its_run(plane):
    run = GrowingRun()
    player = RegionPlayer(run, plane)
    assert player.canvas.is_seen
    player.canvas._handle_custom_msg({"views": 1}, [])
    assert player.canvas.is_seen
    player.canvas._handle_custom_msg({"views": -1}, [])
    assert not player.canvas.is_seen
    player.canvas._handle_custom_msg({"views": 1}, [])
    until(lambda: player.canvas.ready == 5)
    player.close()


def test_waiting_in_an_observer_says_that_it_would_never_end(run, plane):
    go_on, first = threading.Event(), threading.Event()

    def partition(program, where):
        if first.is_set():
            go_on.wait(60)
        first.set()
        return enumerate_regions(program, where)

    player = RegionPlayer(run, plane, partition=partition)
    found = []

    def wait(change):
        try:
            found.append(player.wait(0 if change["new"] == 1 else None))
        except EndlessWait as error:
            found.append(str(error))

    player.observe(wait, "index")
    # As the browser does it.
    player.canvas.set_state({"index": 1})
    player.canvas.set_state({"index": 2})
    assert found[0] is False
    assert "observer" in found[1]
    player.canvas.observe(lambda change: wait({"new": 2}), "ready")
    go_on.set()
    assert player.wait(60)
    assert all("observer" in answer for answer in found[2:])
    assert len(found) == 2 + 4
    player.canvas.set_state({"index": 3})
    assert found[-1] is True
    player.close()


def test_a_run_that_kept_samples_but_none_at_all(plane):
    run = StandInRun()
    run.samples = (np.empty((0, 2)), np.empty(0))
    player = RegionPlayer(run, plane)
    assert len(player.canvas.points) == 0
    assert player.wait(60)


def test_a_player_lets_go_of_all_its_widgets(run, plane):
    before = set(ipywidgets.widgets.widget._instances)
    player = RegionPlayer(run, plane, background=False)
    player.show(InputSlice.identity((-0.5, -0.5, 0.5, 0.5)), background=False)
    player.close()
    assert set(ipywidgets.widgets.widget._instances) == before


def test_the_numbers_of_regions_are_told(run, plane):
    player = RegionPlayer(run, plane, background=False)
    counts = [len(enumerate_regions(run.program(step), plane)) for step in run.steps]
    assert player.canvas.region_counts == counts
    other = InputSlice.identity((-0.5, -0.5, 0.5, 0.5))
    player.show(other, background=False)
    counts = [len(enumerate_regions(run.program(step), other)) for step in run.steps]
    assert player.canvas.region_counts == counts
    names = [flag["name"] for flag in player.canvas.flags]
    assert "most linear regions" in names


def test_texts_and_bookmarks_on_the_time_bar(run, plane):
    player = RegionPlayer(run, plane, background=False)
    player.annotate(100, "here")
    player.annotate(1, "first")
    player.annotate(100, "now")
    marks = [(mark["index"], mark["step"], mark["name"]) for mark in player.canvas.annotations]
    assert marks == [(1, 1, "first"), (3, 100, "now")]
    player.annotate(1, "")
    assert [mark["index"] for mark in player.canvas.annotations] == [3]
    with pytest.raises(UnknownStep):
        player.annotate(5, "nowhere")
    with pytest.raises(InvalidArgument):
        player.annotate(1, 5)
    assert player.bookmarks == []
    player.canvas.set_state({"bookmarks": [0, 4]})
    assert player.bookmarks == [0, 1000]
    # A cell that is run again has a player as new; what the user marked by hand stays.
    player.reinitialize(run, plane)
    assert player.canvas.annotations == []
    assert player.bookmarks == [0, 1000]
    player.close()


def test_a_state_shows_the_same_again(run, plane):
    player = RegionPlayer(run, plane, background=False)
    assert player.state == {"step": 0, "color": "output"}
    player.step = 100
    player.canvas.set_traits(
        compare=1, show_points=False, coloring=1, viewport=(-0.5, -0.5, 0.5, 0.5)
    )
    state = player.state
    assert state["compare"] == 1
    assert state["data"] is False
    other = RegionPlayer(run, plane, background=False)
    other.state = state
    assert other.state == state
    other.state = {"compare": "step before"}
    assert other.state == {"step": 100, "color": state["color"], "compare": "step before"}
    for wrong in (
        None,
        {"shade": 1},
        {"step": 5},
        {"color": "none"},
        {"compare": "before"},
        {"data": "yes"},
        {"view": [0, 0, 0, 1]},
        {"view": [0, 0, float("nan"), 1]},
        {"view": "0011"},
    ):
        before = other.state
        with pytest.raises(SplinevizError):
            other.state = wrong
        assert other.state == before


def map_answers(player, *requests):
    """What the player's canvas answers to requests for maps, each (index, region)."""
    sent = []
    player.canvas.send = lambda content, buffers=None: sent.append(content)
    for number, (index, region) in enumerate(requests):
        asked = {"index": index, "region": region, "id": str(number)}
        player.canvas._handle_custom_msg({"map": asked}, [])
    player.close()
    return [content["map"] for content in sent if "map" in content]


def test_the_map_of_a_region_is_told_on_request(run, plane):
    player = RegionPlayer(run, plane, background=False)
    partition = enumerate_regions(run.program(run.steps[1]), plane)
    slope, offset = partition.affine_maps()
    regions = [0, len(partition) // 2, len(partition) - 1]
    answers = map_answers(player, *((1, region) for region in regions), (99, 0))
    assert [answer["id"] for answer in answers] == ["0", "1", "2"]
    for region, answer in zip(regions, answers, strict=True):
        np.testing.assert_allclose(answer["slope"], slope[region], atol=1e-12)
        np.testing.assert_allclose(answer["offset"], offset[region], atol=1e-12)


def test_where_there_is_no_map_the_reason_is_told(run, plane):
    player = RegionPlayer(run, plane, background=False)
    (answer,) = map_answers(player, (1, 10**6))
    assert answer["problem"] == "the region is no longer there"
    player = RegionPlayer(run, plane, background=False, partition=enumerate_regions)
    (answer,) = map_answers(player, (1, 0))
    assert answer["problem"] == "not for a partition of your own"
    player = RegionPlayer(run, plane, budget=1, background=False)
    (answer,) = map_answers(player, (3, 0))
    assert answer["problem"] == "not kept in memory for this step"


def test_a_map_that_cannot_be_computed_is_not_made_up(run, plane, monkeypatch):
    player = RegionPlayer(run, plane, background=False)
    monkeypatch.setattr(run, "program", lambda step: 1 / 0)
    (answer,) = map_answers(player, (1, 0))
    assert answer["problem"] == "could not be computed: division by zero"
