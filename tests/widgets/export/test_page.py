"""A player as one HTML file; tests/browser/test_export.py opens it."""

from __future__ import annotations

import base64
import gzip
import json
import re

import numpy as np
import pytest

from splineviz.display.frames import Frame
from splineviz.errors import InvalidArgument, NothingToDraw, UnknownStep, UnwritablePath
from splineviz.partition.slices.input_slice import InputSlice
from splineviz.widgets.common.esm_bundle import module
from splineviz.widgets.player.region_player import RegionPlayer
from tests.widgets.standin import StandInRun

HOSTILE = ("</script><script>alert(1)</script>", "<!-- & \u2028 $title")


@pytest.fixture(scope="module")
def player():
    player = RegionPlayer(StandInRun(class_names=HOSTILE), InputSlice.identity(), background=False)
    yield player
    player.close()


def state_of(path):
    found = re.findall(
        r'<script type="application/json" id="sv-state">(.*?)</script>', path.read_text()
    )
    assert len(found) == 1
    return json.loads(found[0])


def frames_of(path, compressed=True):
    pattern = r'<script type="text/plain" class="sv-frame" data-index="(\d+)">(.*?)</script>'
    unpacked = {}
    for number, text in re.findall(pattern, path.read_text()):
        data = base64.b64decode(text)
        unpacked[int(number)] = Frame.unpack(gzip.decompress(data) if compressed else data)
    return unpacked


def test_the_page_has_all_that_the_player_shows(player, tmp_path):
    path = tmp_path / "all.html"
    player.save_html(path)
    state = state_of(path)
    traits = state["traits"]
    assert traits["steps"] == player.steps
    assert traits["limits"] == [limit and list(limit) for limit in player.canvas.limits]
    assert traits["class_names"] == list(HOSTILE)
    points = np.frombuffer(base64.b64decode(state["arrays"]["points"]), "<f4").reshape(-1, 2)
    np.testing.assert_array_equal(points, player.canvas.points)
    frames = frames_of(path)
    assert [frames[k].step for k in range(5)] == player.steps
    np.testing.assert_array_equal(frames[3].vertices, player.frame(100).vertices)
    assert [line["name"] for line in traits["curves"]["lines"]] == ["train", "test"]
    assert traits["region_counts"] == [len(player.frame(step)) for step in player.steps]
    assert traits["flags"] == player.canvas.flags
    assert list(tmp_path.iterdir()) == [path]


def test_no_text_of_a_run_becomes_markup(player, tmp_path):
    path = tmp_path / "all.html"
    player.save_html(path, title=HOSTILE[0])
    text = path.read_text()
    assert "alert(1)</script>" not in text
    # State, frames and the module: what opens is what closes, and nothing else.
    assert text.count("<script") == text.count("</script>") == 2 + len(player.steps)
    assert "&lt;/script&gt;&lt;script&gt;alert(1)" in text


def test_the_module_fits_into_a_script_tag():
    source = module("export/page.js")
    assert not re.search(r"</script|<!--|<script", source, re.IGNORECASE)


def test_nothing_is_fetched(player, tmp_path):
    path = tmp_path / "all.html"
    player.save_html(path)
    text = path.read_text()
    assert "default-src 'none'" in text
    addresses = set(re.findall(r"https?://[^\s\"'<>]+", text))
    assert addresses <= {"http://www.w3.org/2000/svg"}


def test_the_same_player_is_the_same_file(player, tmp_path):
    for name in ("one.html", "two.html"):
        player.save_html(tmp_path / name)
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()


def test_some_steps(player, tmp_path):
    path = tmp_path / "some.html"
    player.step, player.canvas.compare, player.play_range = 100, 1, (0, 2)
    player.annotate(1, "left out")
    player.annotate(100, "kept")
    player.canvas.bookmarks = [1, 4]
    player.save_html(path, [1000, 0, 100], compress=False)
    state = state_of(path)
    traits = state["traits"]
    assert (traits["steps"], traits["count"], traits["index"]) == ([0, 100, 1000], 3, 1)
    assert traits["region_counts"] == [len(player.frame(step)) for step in (0, 100, 1000)]
    assert [(mark["index"], mark["name"]) for mark in traits["annotations"]] == [(1, "kept")]
    assert traits["bookmarks"] == [2]
    # Step 1, which changes were told against, is not in the file.
    assert (traits["compare"], traits["play_range"]) == (-1, [])
    assert not state["compressed"]
    assert [frame.step for frame in frames_of(path, compressed=False).values()] == [0, 100, 1000]
    player.canvas.compare = 3
    player.save_html(path, [1000, 100])
    assert state_of(path)["traits"]["compare"] == 0
    player.step, player.canvas.compare, player.play_range = 0, -1, ()
    player.canvas.annotations, player.canvas.bookmarks = [], []


def test_frames_that_are_not_kept_are_made(plane, tmp_path):
    told = []
    player = RegionPlayer(StandInRun(), plane, budget=1, background=False)
    path = tmp_path / "all.html"
    player.save_html(path, progress=lambda *done: told.append(done))
    assert len(frames_of(path)) == 5
    assert told[-1] == (5, 5)
    # The scale spans them all, though the player has seen the first alone.
    full = RegionPlayer(StandInRun(), plane, background=False)
    wanted = [limit and list(limit) for limit in full.canvas.limits]
    assert state_of(path)["traits"]["limits"] == wanted
    player.close()
    full.close()


def test_a_step_that_cannot_be_read_says_so(plane, tmp_path):
    class Run(StandInRun):
        def program(self, step):
            if step == 100:
                raise ValueError("no weights")
            return super().program(step)

    player = RegionPlayer(Run(), plane)
    path = tmp_path / "all.html"
    player.save_html(path)
    assert sorted(frames_of(path)) == [0, 1, 2, 4]
    message = "This step could not be computed: no weights"
    assert state_of(path)["traits"]["messages"] == {"3": message}
    path.unlink()
    with pytest.raises(ValueError, match="no weights"):
        player.save_html(path, [100])
    assert not path.exists()
    player.close()


def test_pictures_of_the_anchors(tmp_path):
    run = StandInRun(widths=(64, 8, 2))
    plane = InputSlice.through(*np.random.default_rng(0).uniform(size=(3, 64)))
    player = RegionPlayer(run, plane, background=False)
    player.save_html(tmp_path / "all.html")
    thumbnails = state_of(tmp_path / "all.html")["traits"]["thumbnails"]
    assert [one["caption"] for one in thumbnails] == ["A", "B", "C"]
    assert base64.b64decode(thumbnails[0]["png"]).startswith(b"\x89PNG")
    player.close()


def test_no_curves_one_step_and_a_closed_player(plane, tmp_path):
    run = StandInRun(steps=(7,))
    run.metrics = run.metrics[[]]
    run.samples = None
    player = RegionPlayer(run, plane)
    player.close()
    player.save_html(tmp_path / "all.html")
    assert state_of(tmp_path / "all.html")["traits"]["curves"]["lines"] == []


def test_wrong_arguments(player, plane, tmp_path):
    with pytest.raises(InvalidArgument, match=r"ends with \.html"):
        player.save_html(tmp_path / "all.htm")
    with pytest.raises(UnwritablePath, match="no folder"):
        player.save_html(tmp_path / "missing" / "all.html")
    with pytest.raises(UnknownStep, match="no checkpoint at step 95"):
        player.save_html(tmp_path / "all.html", [95])
    with pytest.raises(InvalidArgument, match="steps is empty"):
        player.save_html(tmp_path / "all.html", [])
    with pytest.raises(NothingToDraw):
        RegionPlayer(StandInRun(steps=()), plane).save_html(tmp_path / "all.html")
    assert not list(tmp_path.iterdir())


def test_a_large_page_says_how_large_it_is(player, tmp_path, monkeypatch):
    monkeypatch.setattr("splineviz.widgets.export.page._LARGE", 1000)
    with pytest.warns(UserWarning, match=r"has 0 MB for 5 steps.*steps=player.steps\[::2\]"):
        player.save_html(tmp_path / "large.html")
    assert (tmp_path / "large.html").stat().st_size > 1000
