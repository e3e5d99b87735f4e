from __future__ import annotations

import gc
import threading
import time

import numpy as np
import pytest
import torch

from splineviz.errors import InvalidArgument, UnknownName
from splineviz.partition.enumeration import enumerate_regions
from splineviz.training.runs import Run
from splineviz.widgets.playground import live_display
from splineviz.widgets.playground.data_sets import DATA
from splineviz.widgets.playground.playground import Playground

SMALL = {"width": 6, "depth": 2, "points": 40}


@pytest.fixture
def make(tmp_path):
    made = []

    def playground(data="two moons", **settings):
        made.append(Playground(data, folder=tmp_path, **{**SMALL, **settings}))
        return made[-1]

    yield playground
    for one in made:
        one.close()
    assert threads() == 0


def threads():
    return sum(thread.name == "splineviz-live" for thread in threading.enumerate())


def wait_for(test):
    deadline = time.monotonic() + 60
    while not test():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("data", DATA)
def test_every_data_set_is_shown_before_training(make, data):
    playground = make(data)
    frame = playground.canvas.frame(0)
    assert frame.step == 0
    assert len(frame) >= 1
    assert playground.canvas.class_names == list(playground.training.data.class_names)
    assert len(playground.points.pad.points) == (0 if data == "your own points" else 40)
    assert np.abs(playground.points.pad.points).max(initial=0) < 2
    assert threads() == 0


def test_the_picture_is_that_of_the_network(make):
    playground = make(batch_norm=True)
    playground.step(25)
    partition = enumerate_regions(playground.training.program(), playground.plane)
    frame = playground.canvas.frame(0)
    assert frame.step == 25
    np.testing.assert_array_equal(frame.values["class"], partition.predictions())
    np.testing.assert_allclose(frame.values["slope"], partition.slope_norms(), rtol=1e-6)
    assert playground.status.text == "step 25 · paused"


def test_it_trains_until_it_is_paused(make):
    playground = make()
    playground.start()
    assert playground.running
    assert playground.toolbar.start.description == "Pause"
    wait_for(lambda: playground.canvas.frame(0).step > 0)
    wait_for(lambda: "steps/s" in playground.status.text)
    playground.pause()
    assert playground._worker.wait()
    steps = playground.training.steps
    assert playground.canvas.frame(0).step == steps
    time.sleep(0.1)
    assert playground.training.steps == steps
    assert playground.toolbar.start.description == "Start"


def test_buttons(make):
    playground = make()
    playground.toolbar.start.click()
    wait_for(lambda: playground.training.steps > 0)
    playground.toolbar.start.click()
    assert not playground.running
    playground._worker.wait()
    steps = playground.training.steps
    playground.toolbar.step.click()
    assert playground.training.steps == steps + 1
    playground.toolbar.reset.click()
    playground._worker.wait()
    assert playground.training.steps == playground.canvas.frame(0).step == 0
    playground.toolbar.start.click()
    playground.toolbar.stop.click()
    assert threads() == 0
    playground.toolbar.start.click()
    assert threads() == 1


def test_learning_rate_weight_decay_and_batch_apply_at_once(make):
    playground = make()
    training = playground.training
    playground.step(3)
    playground.settings.learning_rate.value = 0.1
    playground.settings.weight_decay.value = 0.01
    playground.settings.batch.value = 8
    assert playground.training is training
    assert (training.learning_rate, training.weight_decay, training.batch) == (0.1, 0.01, 8)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("width", 9),
        ("depth", 1),
        ("scale", 2.0),
        ("batch_norm", True),
        ("optimizer", "SGD"),
        ("points", 60),
        ("seed", 5),
        ("data", "blobs"),
    ],
)
def test_other_settings_begin_anew(make, name, value):
    playground = make()
    playground.step(3)
    getattr(playground.settings, name).value = value
    playground._worker.wait()
    assert playground.training.steps == 0
    assert playground.canvas.frame(0).step == 0


def test_a_change_while_it_trains_goes_on_with_the_new_network(make):
    playground = make()
    playground.start()
    wait_for(lambda: playground.training.steps > 10)
    old = playground.training
    playground.settings.width.value = 9
    assert playground.training is not old
    wait_for(lambda: playground.training.steps > 10)
    assert playground.running


def test_points_are_drawn_and_learned(make):
    playground = make("your own points")
    playground.start()
    assert "draw some on the pad first" in playground.status.message
    assert not playground.running
    playground.points.pad.draw([[0, 0], [1, 1]], 2)
    assert playground.status.message == ""
    assert playground.training.data.train_labels.tolist() == [2, 2]
    assert playground.canvas.points.tolist() == [[2, 2], [3, 3]]
    playground.start()
    wait_for(lambda: playground.training.steps > 0)
    playground.points.clear.click()
    assert not playground.running
    assert playground.status.message == ""
    playground._worker.wait()
    assert len(playground.canvas.points) == 0


def points_of(playground):
    pad, data = playground.points.pad, playground.training.data
    np.testing.assert_array_equal(pad.points, data.train_inputs)
    np.testing.assert_array_equal(pad.point_classes, data.train_labels)
    np.testing.assert_array_equal(playground.canvas.points, data.train_inputs + 2)
    return [*map(tuple, pad.points.tolist())], pad.point_classes.tolist()


ANEW = {
    "width": 9,
    "depth": 1,
    "scale": 2.0,
    "batch_norm": True,
    "optimizer": "SGD",
    "seed": 5,
    "reset": None,
}


@pytest.mark.parametrize("name", ANEW)
@pytest.mark.parametrize("data", ["two moons", "your own points"])
def test_what_was_drawn_stays_when_a_training_begins_anew(make, data, name):
    playground = make(data)
    pad = playground.points.pad
    pad.draw([[0, 0], [1, 1]], 0)
    playground.points.class_menu.value = 1
    pad.draw([[1.5, -1.5]], 1)
    pad.rub([[1, 1]], 0.01)
    before = points_of(playground)
    playground.step(3)
    if name == "reset":
        playground.toolbar.reset.click()
    else:
        getattr(playground.settings, name).value = ANEW[name]
    playground._worker.wait()
    assert playground.training.steps == 0
    assert points_of(playground) == before
    assert before[0][-1] == (1.5, -1.5)
    assert before[1][-1] == 1
    # What is drawn next is of the class that was chosen.
    assert playground.points.class_menu.value == pad.current == 1


def test_an_edited_data_set_keeps_what_is_missing(make):
    playground = make()
    playground.points.pad.rub([playground.points.pad.points[0]], 1e-6)
    before = points_of(playground)
    assert len(before[0]) == 39
    playground.settings.seed.value = 3
    assert points_of(playground) == before


def test_a_seed_chooses_other_points_where_nothing_was_drawn(make):
    playground = make()
    before = points_of(playground)
    playground.settings.seed.value = 3
    assert points_of(playground) != before


def test_another_number_of_points_leaves_those_that_were_drawn(make):
    playground = make()
    playground.points.pad.draw([[0, 0]], 1)
    playground.settings.points.value = 60
    points, classes = points_of(playground)
    assert len(points) == 61
    assert (points[-1], classes[-1]) == ((0, 0), 1)


def test_an_accidental_clear_is_undone(make):
    playground = make()
    pad = playground.points.pad
    assert playground.points.undo.disabled
    pad.draw([[0, 0]], 1)
    before = points_of(playground)
    test_points = playground.training.data.test_inputs
    playground.step(4)
    playground.points.clear.click()
    assert points_of(playground) == ([], [])
    # The test points are those of a data set of which nothing is left.
    assert len(playground.training.data.test_inputs) == 0
    playground.points.undo.click()
    assert points_of(playground) == before
    assert playground.training.data.test_inputs is test_points
    playground.points.undo.click()
    assert len(pad.points) == 40
    assert playground.points.undo.disabled
    playground.points.undo.click()
    assert len(pad.points) == 40
    assert playground.training.steps == 4


def test_an_accidental_choice_of_a_data_set_is_undone(make):
    playground = make("your own points")
    playground.points.pad.draw([[0, 0], [1, 1]], 2)
    playground.settings.data.value = "two moons"
    assert len(playground.points.pad.points) == 40
    playground.points.undo.click()
    assert playground.settings.data.value == "your own points"
    assert points_of(playground) == ([(0, 0), (1, 1)], [2, 2])
    assert playground.canvas.class_names == ["class 1", "class 2", "class 3"]
    playground.step(2)


def test_a_movement_of_the_mouse_is_undone_as_a_whole(make):
    playground = make("your own points")
    pad = playground.points.pad
    for stroke, x in [(7, 0), (7, 0.5), (7, 1), (8, 1.5)]:
        pad._handle_message(
            None, {"do": "draw", "points": [[x, 0]], "class": 0, "stroke": stroke}, []
        )
    for left in (3, 0, 0):
        pad._handle_message(None, {"do": "undo"}, [])
        assert len(pad.points) == left


@pytest.mark.parametrize(
    ("name", "wrong", "said"),
    [
        ("width", 2000, "width must be from 1 to 1,024, not 2,000"),
        ("width", 0, "width must be from 1 to 1,024, not 0"),
        ("depth", 17, "depth must be from 1 to 16, not 17"),
        ("seed", -1, "seed must be from 0 to 2,147,483,648, not -1"),
    ],
)
def test_a_number_that_is_refused_is_told(make, name, wrong, said):
    playground = make()
    training = playground.training
    control = getattr(playground.settings, name)
    before = control.value
    control.set_state({"value": wrong})
    assert control.value == before
    assert playground.status.message == said
    assert playground.training is training


def test_a_width_of_200_is_taken(make):
    playground = make(width=6, depth=1)
    playground.settings.width.set_state({"value": 200})
    assert playground.training.model[0].out_features == 200
    assert playground.status.message == ""


def test_class_menu_and_pad_agree(make):
    playground = make("blobs")
    playground.points.class_menu.value = 2
    assert playground.points.pad.current == 2
    playground.points.pad.current = 1
    assert playground.points.class_menu.value == 1
    playground.points.class_menu.value = 2
    playground.settings.data.value = "circles"
    assert playground.points.pad.current == playground.points.class_menu.value == 0


def test_a_training_that_diverges_stops_and_says_so(make):
    playground = make(optimizer="SGD", learning_rate=1e8, width=16, depth=3)
    playground.start()
    wait_for(lambda: not playground.running)
    assert playground.status.message.startswith("training diverged at step ")
    assert "lower the learning rate" in playground.status.message
    playground.settings.learning_rate.value = 1e-2
    playground.start()
    wait_for(lambda: playground.training.steps > 200)
    assert playground.status.message == ""


def test_too_many_regions_are_said_and_training_goes_on(make, monkeypatch):
    monkeypatch.setattr(live_display, "MOST_REGIONS", 5)
    playground = make()
    assert "too many to draw live" in playground.status.message
    playground.start()
    wait_for(lambda: playground.training.steps > 10)
    assert playground.running
    # What is shown is an old picture, until there are few enough again.
    assert "too many regions" in playground.canvas.outdated
    monkeypatch.setattr(live_display, "MOST_REGIONS", 60_000)
    wait_for(lambda: not playground.canvas.outdated)
    wait_for(lambda: playground.status.message == "")


def test_recording_and_replay(make, tmp_path):
    playground = make(record=True)
    with pytest.raises(InvalidArgument, match="nothing has been trained yet"):
        make().player()
    playground.step(5)
    player = playground.player()
    assert player.wait(60)
    assert player.canvas.frame(3).step == 3
    player.close()
    playground.toolbar.replay.click()
    said, _ = playground.replay.children
    assert said.value == f"Replay of what is recorded in {tmp_path / '001'}"
    playground.reset()
    assert Run(tmp_path / "001").steps.tolist() == [0, 1, 2, 3, 4, 5]
    assert playground.training.recording == tmp_path / "002"


@pytest.mark.parametrize("batch_norm", [False, True])
def test_a_training_that_was_not_recorded_is_replayed(make, tmp_path, batch_norm):
    playground = make(batch_norm=batch_norm)
    playground.step(5)
    states = [playground.training.state()]
    playground.step(30)
    states.append(playground.training.state())
    playground.toolbar.replay.click()
    said, player = playground.replay.children
    assert said.value.startswith("Replay of steps 0 to 35, which are in memory only")
    assert player.steps[:6] == [0, 1, 2, 3, 4, 5]
    assert player.steps[-1] == 35
    assert player.wait(60)
    for step, state in zip((5, 35), states, strict=True):
        program = playground.training.program().with_state(state)
        partition = enumerate_regions(program, playground.plane)
        assert len(player.canvas.frame(player.steps.index(step))) == len(partition)
    assert player.run.metrics["train_loss"].notna().all()
    # Nothing was asked to be kept.
    assert list(tmp_path.iterdir()) == []
    folder = player.run.path
    assert folder.exists()
    playground.step(2)
    playground.toolbar.replay.click()
    assert player.comm is None
    assert playground.replay.children[1].steps[-1] == 37
    del player
    gc.collect()
    assert not folder.exists()


def test_there_is_nothing_to_replay_before_the_first_step(make):
    playground = make()
    playground.toolbar.replay.click()
    assert playground.status.message == "nothing has been trained yet: train for a few steps first"


def test_a_reset_while_it_trains_is_recorded_from_its_first_step(make, tmp_path):
    playground = make(record=True)
    playground.start()
    for number in (2, 3, 4):
        wait_for(lambda: playground.training.steps > 5)
        playground.reset()
        run = Run(tmp_path / f"{number:03}")
        assert run.steps[0] == 0
    assert playground.running
    playground.stop()
    loss = playground.curves.loss.figure.marks[0]
    assert (np.diff(loss.x) > 0).all()


def test_recording_begins_and_ends_on_the_way(make, tmp_path):
    playground = make()
    playground.step(3)
    playground.settings.record.value = True
    assert "recorded in" in playground.status.text
    playground.step(2)
    playground.settings.record.value = False
    assert Run(tmp_path / "001").steps.tolist() == [3, 4, 5]
    playground.settings.record.value = True
    assert "reset to record another" in playground.status.message


def test_a_folder_that_cannot_be_written_is_said(make, tmp_path):
    playground = make()
    (tmp_path / "file").write_text("")
    playground.recording.folder = tmp_path / "file"
    playground.settings.record.value = True
    assert playground.status.message != ""


def test_the_thread_ends_when_no_picture_is_left(make):
    playground = make()
    hear = playground.status._handle_message
    hear(None, {"came": "a"}, [])
    playground.start()
    hear(None, {"came": "b"}, [])
    hear(None, {"gone": "a"}, [])
    assert threads() == 1
    hear(None, {"gone": "b"}, [])
    assert threads() == 0
    assert not playground.running


def test_a_closed_playground(make):
    playground = make()
    playground.start()
    playground.close()
    playground.close()
    assert threads() == 0
    with pytest.raises(InvalidArgument, match="closed"):
        playground.start()


def test_settings_without_meaning(make):
    with pytest.raises(UnknownName, match="unknown data set 'moons'"):
        make("moons")
    with pytest.raises(UnknownName, match="unknown optimizer"):
        make(optimizer="Adam")
    for setting in ({"points": 0}, {"width": 0}, {"learning_rate": -1.0}, {"batch": 0}):
        with pytest.raises(InvalidArgument):
            make(**setting)
    with pytest.raises(InvalidArgument, match="batch normalization needs at least 2"):
        make(batch_norm=True, batch=1)


@pytest.mark.usefixtures("two_threads")
def test_nothing_global_changes(make):
    state, threads_before = torch.get_rng_state(), torch.get_num_threads()
    old = np.random.get_state()[1].tolist()
    playground = make()
    playground.start()
    wait_for(lambda: playground.training.steps > 20)
    playground.stop()
    assert torch.equal(torch.get_rng_state(), state)
    assert np.random.get_state()[1].tolist() == old
    assert torch.get_num_threads() == threads_before


def test_colors_keep_their_meaning_until_a_reset(make):
    playground = make(width=16, learning_rate=0.05)
    slope = list(playground.canvas.rows).index("slope")
    ends = [playground.canvas.limits[slope]]
    for _ in range(8):
        playground.step(40)
        ends.append(playground.canvas.limits[slope])
    _, highs = zip(*ends, strict=True)
    assert list(highs) == sorted(highs)
    assert highs[-1] > highs[0]
    first = ends[0]
    playground.reset()
    playground._worker.wait()
    assert playground.canvas.limits[slope] == first


def test_the_curves_have_points_between_the_frames(make):
    playground = make()
    playground.start()
    wait_for(lambda: playground.training.steps > 100)
    playground.pause()
    playground._worker.wait()
    steps = np.array(playground.curves._steps)
    assert (steps[0], steps[-1]) == (0, playground.training.steps)
    assert (np.diff(steps) > 0).all()
    # At most a few updates, or a few more than a quarter farther on.
    assert (np.diff(steps) <= 8 + 0.3 * steps[:-1]).all()


def test_the_scale_may_be_that_of_the_step(make):
    playground = make()
    toolbar = playground.toolbar
    assert toolbar.scale.value is False
    toolbar.color.value = list(playground.canvas.rows).index("class")
    assert toolbar.scale.disabled
    toolbar.color.value = 0
    assert not toolbar.scale.disabled


def test_a_closed_playground_records_nothing(make, tmp_path):
    playground = make(record=True)
    playground.close()
    with pytest.raises(InvalidArgument, match="closed"):
        playground.reset()
    assert [path.name for path in tmp_path.iterdir()] == ["001"]


def test_many_updates_at_once_have_points_on_the_curves_too(make):
    playground = make()
    playground.step(100)
    steps = np.array(playground.curves._steps)
    assert (steps[0], steps[-1]) == (0, 100)
    assert (np.diff(steps) <= 1 + 0.25 * steps[:-1]).all()


def test_the_number_of_ones_own_points_is_that_of_those_drawn(make):
    assert make("your own points").settings.points.disabled
    assert not make().settings.points.disabled
