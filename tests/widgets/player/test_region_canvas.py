from __future__ import annotations

import threading

import numpy as np
import pytest

from splineviz.display.frames import Frame
from splineviz.errors import UnknownArgument, UnknownName
from splineviz.partition.enumeration import enumerate_regions
from splineviz.partition.plotting.colorings import COLORINGS
from splineviz.widgets.player.region_canvas import RegionCanvas


@pytest.fixture
def partition(run, plane):
    return enumerate_regions(run.program(10), plane)


@pytest.fixture
def frame(partition):
    return Frame.from_partition(partition, 10)


def test_each_frame_is_a_trait_of_packed_bytes(frame):
    canvas = RegionCanvas([0, 10])
    assert canvas.get_state(["frame_0", "frame_1"]) == {"frame_0": b"", "frame_1": b""}
    canvas.set_frame(1, frame)
    assert canvas.get_state(["frame_0", "frame_1"]) == {"frame_0": b"", "frame_1": frame.pack()}
    assert canvas.frame(0) is None
    assert canvas.frame(1).step == 10
    assert canvas.ready == 1


def test_two_canvases_have_frames_of_their_own(frame):
    one, other = RegionCanvas([0]), RegionCanvas([0, 1, 2])
    one.set_frame(0, frame)
    assert other.frame_0 == b""
    assert not one.has_trait("frame_1")


def test_a_frame_takes_about_40_bytes_a_region(frame):
    assert len(frame.pack()) < 50 * len(frame) + 1000


def test_limits_are_common_to_all_frames(run, plane):
    canvas = RegionCanvas(run.steps)
    assert canvas.limits == [None] * len(COLORINGS)
    for index, step in enumerate(run.steps):
        partition = enumerate_regions(run.program(step), plane)
        canvas.set_frame(index, Frame.from_partition(partition, step))
    by_name = dict(zip(COLORINGS, canvas.limits, strict=True))
    assert by_name["class"] is by_name["pattern"] is None
    low, high = by_name["slope"]
    assert 0 < low < high


def test_the_frame_of_no_checkpoint_is_refused(frame):
    with pytest.raises(UnknownName, match="unknown checkpoint '1'; known: 0"):
        RegionCanvas([0]).set_frame(1, frame)


def test_arguments_it_does_not_have_are_refused():
    with pytest.raises(UnknownArgument, match="RegionCanvas has no argument step"):
        RegionCanvas([0], step=3)


def test_samples_travel_as_bytes():
    canvas = RegionCanvas([0], points=[[0.5, 1]], point_classes=[3], anchors=np.zeros((1, 2)))
    state = canvas.get_state(["points", "point_classes", "anchors"])
    assert state["points"] == np.array([0.5, 1], "<f4").tobytes()
    assert state["point_classes"] == b"\x03\x00"
    assert state["anchors"] == bytes(8)


def test_each_checkpoint_has_a_message_of_its_own():
    canvas = RegionCanvas([0, 5, 9])
    canvas.set_message(2, "no weights")
    canvas.set_message(0, "NaN")
    assert canvas.get_state(["messages"]) == {"messages": {"2": "no weights", "0": "NaN"}}


def test_no_frame_is_lost_while_the_browser_sends_messages(frame):
    canvas = RegionCanvas(range(40))
    told = []
    for index in range(40):
        canvas.observe(lambda change: told.append(change["name"]), f"frame_{index}")

    def add_frames():
        for index in range(40):
            canvas.set_frame(index, frame)

    thread = threading.Thread(target=add_frames)
    thread.start()
    moves = 0
    while thread.is_alive():
        moves += 1
        canvas.set_state({"index": moves % 40})
    thread.join()
    assert sorted(told) == sorted(f"frame_{index}" for index in range(40))


def test_beyond_the_budget_frames_are_sent_and_not_kept(frame):
    canvas = RegionCanvas([0, 10, 20], budget=len(frame.pack()) + 1)
    sent = []
    canvas.send = lambda content, buffers: sent.append((content, buffers))
    for index in range(3):
        canvas.set_frame(index, frame)
        assert canvas.is_full == (index > 0)
    assert [len(canvas.get_state([f"frame_{i}"])[f"frame_{i}"]) > 0 for i in range(3)] == [1, 1, 0]
    assert sent == [({"frame": 2}, [frame.pack()])]
    assert canvas.frame(2) is None
    assert canvas.ready == 3


def test_the_browser_asks_for_frames():
    canvas, asked = RegionCanvas([0, 10, 20]), []
    canvas.on_frame_request(asked.append)
    canvas._handle_custom_msg({"want": [2, 1, 7, -1]}, [])
    canvas._handle_custom_msg({"something": "else"}, [])
    assert asked == [[2, 1]]


def test_checkpoints_can_be_added(frame):
    canvas = RegionCanvas([0])
    canvas.add_steps([10, 20])
    assert (canvas.count, canvas.steps) == (3, [0, 10, 20])
    canvas.set_frame(2, frame)
    state = canvas.get_state()
    assert state["frame_2"] == frame.pack()
    assert state["frame_1"] == b""


def test_frames_that_are_not_kept_are_forgotten_in_the_browser_too(frame):
    canvas = RegionCanvas([0, 10], budget=0)
    sent = []
    canvas.send = lambda content, buffers=None: sent.append(content)
    canvas.set_frame(1, frame)
    canvas.clear_frames()
    assert sent == [{"frame": 1}, {"forget": [1]}]
    canvas.clear_frames()
    assert len(sent) == 2


def test_views_are_counted_as_far_as_they_are_told_of():
    canvas = RegionCanvas([0])
    seen = [canvas.is_seen]
    for change in (1, 1, -1, -1, -1, 1):
        canvas._handle_custom_msg({"views": change}, [])
        seen.append(canvas.is_seen)
    assert seen == [True, True, True, True, False, False, True]
    assert "views" not in canvas.get_state()


def test_frames_can_be_forgotten(frame):
    canvas = RegionCanvas([0, 10])
    canvas.set_frame(1, frame)
    canvas.set_message(0, "no weights")
    canvas.clear_frames()
    assert canvas.frame(1) is None
    assert (canvas.ready, canvas.messages, canvas.is_full) == (0, {}, False)
    assert canvas.limits == [None] * len(COLORINGS)
    canvas.set_frame(1, frame)
    assert canvas.frame(1).step == 10


def test_a_zoom_that_is_not_known_yet_is_undone_too():
    canvas = RegionCanvas([0], viewport=(0.0, 0.0, 0.5, 0.5))
    sent = []
    canvas.send = lambda content, buffers=None: sent.append(content)
    canvas.show_everything()
    canvas.show_everything()
    assert canvas.viewport == ()
    assert sent == [{"everything": True}] * 2
