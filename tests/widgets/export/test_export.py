"""Pictures and animations of a player, as files."""

from __future__ import annotations

import io
import stat

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from splineviz.display.pictures import segments_of_frame
from splineviz.drawing.palette import CHANGE_COLORS, CLASS_COLORS
from splineviz.errors import (
    EncodingFailed,
    InvalidArgument,
    MissingProgram,
    NothingToDraw,
    UnknownStep,
    UnwritablePath,
)
from splineviz.partition.enumeration import enumerate_regions
from splineviz.widgets.common.esm_bundle import STATIC
from splineviz.widgets.export.player_figure import PlayerFigure
from splineviz.widgets.export.player_frames import color_limits
from splineviz.widgets.player.region_player import RegionPlayer
from tests.widgets.standin import StandInRun

SAVERS = {".png": "save_png", ".svg": "save_svg", ".gif": "save_gif", ".mp4": "save_mp4"}


@pytest.fixture(scope="module")
def player():
    from splineviz.partition.slices.input_slice import InputSlice

    player = RegionPlayer(StandInRun(), InputSlice.identity(), color="slope", background=False)
    yield player
    player.close()


@pytest.fixture(autouse=True)
def as_it_was(player):
    names = ["index", "coloring", "frame_scale", "layer", "compare", "viewport", "show_boundary"]
    before = {name: getattr(player.canvas, name) for name in [*names, "show_points", "loop"]}
    yield
    for name, value in before.items():
        setattr(player.canvas, name, value)


def opened(path):
    """A picture that holds no file open."""
    return Image.open(io.BytesIO(path.read_bytes()))


def colors(path):
    return {color for _, color in opened(path).convert("RGB").getcolors(maxcolors=2**24)}


def rgb(color):
    return tuple(round(255 * part) for part in to_rgb(color))


def drawn(player, step, curves=False):
    frame = player.frame(step)
    shown = PlayerFigure(player, color_limits(player, [frame]), 5, curves)
    shown.show(frame)
    return shown


def test_the_picture_shows_what_the_player_shows(player, tmp_path):
    player.canvas.coloring = 1
    player.save_png(tmp_path / "all.png")
    everything = colors(tmp_path / "all.png")
    assert rgb(CLASS_COLORS[0]) in everything
    assert rgb("#e3001b") in everything
    player.canvas.show_boundary = False
    player.save_png(tmp_path / "plain.png", step=1000, dpi=100)
    assert rgb("#e3001b") not in colors(tmp_path / "plain.png")
    assert opened(tmp_path / "plain.png").size[0] == 640
    assert {path.name for path in tmp_path.iterdir()} == {"all.png", "plain.png"}


def test_the_scale_is_that_of_the_run_or_of_the_step(player):
    ax = drawn(player, 100).figure.axes[0]
    norm = ax.collections[0].norm
    assert (norm.vmin, norm.vmax) == tuple(player.canvas.limits[player.canvas.coloring])
    player.canvas.frame_scale = True
    norm = drawn(player, 100).figure.axes[0].collections[0].norm
    assert (norm.vmin, norm.vmax) == player.frame(100).limits["slope"]


def test_the_viewport_and_the_title(player):
    player.canvas.viewport = (-0.5, 0.0, 0.5, 0.25)
    shown = drawn(player, 100)
    ax = shown.figure.axes[0]
    assert (*ax.get_xlim(), *ax.get_ylim()) == (-0.5, 0.5, 0.0, 0.25)
    assert ax.get_title() == f"step 100 · {len(player.frame(100)):,} linear regions"
    assert 0 < len(ax.collections[0].get_paths()) < len(player.frame(100))


def test_samples_and_lines_may_be_left_out(player):
    assert drawn(player, 100).figure.axes[0].lines
    player.canvas.show_points = False
    player.canvas.show_boundary = False
    player.canvas.layer = -2
    ax = drawn(player, 100).figure.axes[0]
    assert not ax.lines
    assert len(ax.collections) == 1


def test_the_edges_of_a_frame_are_those_of_the_partition(player):
    frame = player.frame(100)
    partition = enumerate_regions(player.run.program(100), player.plane)
    for layer in (-1, 0, 1):
        found = segments_of_frame(frame, layer)
        own = partition.edges.layer >= 0 if layer < 0 else partition.edges.layer == layer
        ends = np.sort(partition.edges.vertices[own], axis=1)
        wanted = partition.vertices[np.unique(ends, axis=0)] - (-1, -1)
        np.testing.assert_allclose(found, wanted, atol=1e-6)
    assert len(segments_of_frame(frame, -2)) == 0


def test_changes_are_drawn_where_the_player_shows_them(player, tmp_path):
    player.canvas.compare = -2
    player.save_png(tmp_path / "changes.png", step=100)
    found = colors(tmp_path / "changes.png")
    assert {rgb(color) for color in CHANGE_COLORS.values()} <= found
    # Nothing comes before the first step: it has its colors.
    player.save_png(tmp_path / "first.png", step=0)
    assert rgb(CHANGE_COLORS["born"]) not in colors(tmp_path / "first.png")


def test_the_front_end_has_the_same_colors():
    source = (STATIC / "player" / "drawing" / "colors.js").read_text()
    for name, color in CHANGE_COLORS.items():
        assert f'{name}: "{color}"' in source


def test_the_curves_stand_beside_with_a_line_at_the_step(player):
    shown = drawn(player, 100, curves=True)
    curves = shown.figure.axes[1]
    assert [line.get_label() for line in curves.lines[:2]] == ["train", "test"]
    assert list(curves.lines[2].get_xdata()) == [100.0, 100.0]
    shown.show(player.frame(0))
    assert list(curves.lines[2].get_xdata()) == [0.5, 0.5]


def test_the_parts_keep_their_places(player):
    player.canvas.frame_scale = True
    shown = drawn(player, 0, curves=True)
    before = [ax.get_position().bounds for ax in shown.figure.axes]
    for step in player.steps:
        shown.show(player.frame(step))
        shown.pixels(50)
        assert [ax.get_position().bounds for ax in shown.figure.axes] == before


def test_vectors(player, tmp_path):
    player.save_svg(tmp_path / "one.svg", step=100, curves=True)
    text = (tmp_path / "one.svg").read_text()
    assert text.count("<path") > len(player.frame(100))
    assert "<dc:date>" not in text


def test_an_animation(player, tmp_path):
    told = []
    path = tmp_path / "all.gif"
    player.save_gif(path, interval=250, width=4, dpi=50, progress=lambda *done: told.append(done))
    film = opened(path)
    assert film.n_frames == 5
    assert film.info["duration"] == 250
    assert film.info["loop"] == 0
    assert told == [(k, 5) for k in range(1, 6)]
    player.canvas.loop = False
    player.save_gif(path, [1000, 0], pause=1500, dpi=50)
    film = opened(path)
    assert film.n_frames == 2
    assert film.info["duration"] == 200
    film.seek(1)
    assert film.info["duration"] == 1700
    assert "loop" not in film.info
    assert list(tmp_path.iterdir()) == [path]


def test_frames_that_are_not_kept_are_made(plane, tmp_path):
    player = RegionPlayer(StandInRun(), plane, budget=1, background=False)
    assert player.canvas.frame(3) is None
    player.save_gif(tmp_path / "all.gif", width=4, dpi=50)
    assert opened(tmp_path / "all.gif").n_frames == 5
    assert player.canvas.frame(3) is None
    player.close()


def test_one_step_and_no_curves(plane, tmp_path):
    run = StandInRun(steps=(7,))
    run.metrics = run.metrics[[]]
    run.samples = None
    player = RegionPlayer(run, plane)
    player.save_gif(tmp_path / "one.gif", curves=True, dpi=50, pause=100)
    player.save_png(tmp_path / "one.png", curves=True, dpi=50)
    assert opened(tmp_path / "one.gif").n_frames == 1
    player.close()
    player.save_png(tmp_path / "closed.png", dpi=50)


def test_hostile_names(plane, tmp_path):
    names = (r"$\frac{", "<script>alert(1)</script>")
    run = StandInRun(class_names=names)
    run.metrics = run.metrics.rename(columns={"train_accuracy": r"acc $\frac{", "loss": "$"})
    player = RegionPlayer(run, plane, color="class", axis_labels=("$", "$$"))
    player.save_svg(tmp_path / "one.svg", curves=True)
    assert "<script" not in (tmp_path / "one.svg").read_text()
    player.close()


def test_wrong_targets(player, tmp_path):
    (tmp_path / "taken.png").mkdir()
    for extension, name in SAVERS.items():
        save = getattr(player, name)
        with pytest.raises(InvalidArgument, match=f"ends with {extension}"):
            save(tmp_path / "one.pdf")
        with pytest.raises(InvalidArgument, match=f"ends with {extension}"):
            save(tmp_path / "one")
        with pytest.raises(UnwritablePath, match="no folder"):
            save(tmp_path / "missing" / f"one{extension}")
    with pytest.raises(UnwritablePath, match="a folder of this name"):
        player.save_png(tmp_path / "taken.png")
    assert [path.name for path in tmp_path.iterdir()] == ["taken.png"]


def test_steps_that_do_not_exist(player, tmp_path):
    with pytest.raises(UnknownStep, match="no checkpoint at step 95"):
        player.save_png(tmp_path / "one.png", step=95)
    with pytest.raises(UnknownStep, match="no checkpoint at step 95"):
        player.save_gif(tmp_path / "one.gif", [0, 95])
    with pytest.raises(InvalidArgument, match="steps is empty"):
        player.save_gif(tmp_path / "one.gif", [])
    with pytest.raises(InvalidArgument, match="20 ms a frame"):
        player.save_gif(tmp_path / "one.gif", interval=10)
    with pytest.raises(InvalidArgument, match="pause is -1 ms"):
        player.save_gif(tmp_path / "one.gif", pause=-1)


def test_an_empty_run(plane, tmp_path):
    player = RegionPlayer(StandInRun(steps=()), plane)
    for extension, name in SAVERS.items():
        if extension != ".mp4":
            with pytest.raises(NothingToDraw, match="no checkpoints"):
                getattr(player, name)(tmp_path / f"one{extension}")


def test_a_step_that_cannot_be_read(plane, tmp_path):
    class Run(StandInRun):
        def program(self, step):
            if step == 100:
                raise ValueError("no weights")
            return super().program(step)

    player = RegionPlayer(Run(), plane)
    with pytest.raises(ValueError, match="no weights"):
        player.save_gif(tmp_path / "one.gif", dpi=50)
    player.save_gif(tmp_path / "one.gif", [0, 1], dpi=50)
    player.close()


def fake_ffmpeg(folder, monkeypatch, script):
    """A program that stands in for ffmpeg on the search path."""
    program = folder / "ffmpeg"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


def test_without_ffmpeg_the_error_says_what_works(player, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingProgram, match=r"needs the program ffmpeg.*save_gif"):
        player.save_mp4(tmp_path / "one.mp4")


def test_a_film(player, tmp_path, monkeypatch):
    # The last argument is the file; all frames come through the pipe.
    script = 'for last; do :; done; echo "$@" > "$(dirname $0)/called"; cat > "$last"'
    fake_ffmpeg(tmp_path, monkeypatch, script)
    path = tmp_path / "all.mp4"
    player.save_mp4(path, interval=40, width=4, dpi=50)
    called = (tmp_path / "called").read_text()
    assert "-framerate 25.0" in called or "-r 25.0" in called
    width, height = called.split("-s ")[1].split()[0].split("x")
    assert len(path.read_bytes()) == 5 * 4 * int(width) * int(height)


def test_ffmpeg_that_fails(player, tmp_path, monkeypatch):
    fake_ffmpeg(tmp_path, monkeypatch, "cat > /dev/null; echo no such codec >&2; exit 1")
    with pytest.raises(EncodingFailed, match="save_gif"):
        player.save_mp4(tmp_path / "all.mp4", width=4, dpi=50)
    assert not (tmp_path / "all.mp4").exists()


def test_pixels_are_the_same_each_time(player):
    pictures = [io.BytesIO() for _ in range(2)]
    for file in pictures:
        Image.fromarray(drawn(player, 100).pixels(50)).save(file, "PNG")
    assert pictures[0].getvalue() == pictures[1].getvalue()


@pytest.mark.parametrize("width", [0, -1, 2.9, float("nan"), float("inf"), 1e6])
def test_pictures_too_small_or_too_large(player, tmp_path, width):
    for extension, name in SAVERS.items():
        with pytest.raises(InvalidArgument, match=r"width|dpi"):
            getattr(player, name)(tmp_path / f"one{extension}", width=width)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("dpi", [0, -5, 1, float("nan"), 1e6])
def test_too_few_or_too_many_pixels(player, tmp_path, dpi):
    for extension in (".png", ".gif", ".mp4"):
        save = getattr(player, SAVERS[extension])
        with pytest.raises(InvalidArgument, match="from 10 to 1562"):
            save(tmp_path / f"one{extension}", dpi=dpi)
    player.save_png(tmp_path / "smallest.png", width=3, dpi=10)


def test_a_file_that_the_system_refuses(player, tmp_path):
    (tmp_path / "one.png").write_bytes(b"old")
    long = "x" * 252 + ".png"
    with pytest.raises(UnwritablePath, match=r"cannot write .*name too long"):
        player.save_png(tmp_path / long, dpi=20)
    assert [path.name for path in tmp_path.iterdir()] == ["one.png"]


def test_odd_names_and_a_file_that_is_there(player, tmp_path):
    path = tmp_path / "<b>ä ?\n'.PNG"
    path.write_bytes(b"old")
    player.save_png(path, dpi=20)
    assert opened(path).size == (128, 116)
    assert list(tmp_path.iterdir()) == [path]


def test_an_interruption_leaves_the_old_file(player, tmp_path):
    def interrupt(done, count):
        raise KeyboardInterrupt

    for save in (player.save_gif, player.save_html):
        target = tmp_path / f"one.{save.__name__.removeprefix('save_')}"
        target.write_bytes(b"old")
        with pytest.raises(KeyboardInterrupt):
            save(target, progress=interrupt)
        assert target.read_bytes() == b"old"
    assert {each.name for each in tmp_path.iterdir()} == {"one.gif", "one.html"}


def test_lines_and_marks_have_a_legend(player):
    drawn = PlayerFigure(player, color_limits(player, []), 6.4, True)
    [frame] = [f for step in (100, 1000) if len((f := player.frame(step)).boundary)][-1:]
    drawn.show(frame)
    picture, curves = drawn.figure.axes[:2]
    names = [text.get_text() for text in picture.get_legend().get_texts()]
    assert names == ["decision boundary", "class 0", "class 1"]
    box = picture.get_legend().get_window_extent()
    assert drawn.figure.bbox.y0 <= box.y0
    assert box.y1 < picture.bbox.y0
    # The curves are lines, as in the player, without a mark at each logged step.
    lines = [line for line in curves.lines if len(line.get_xdata()) > 2]
    assert len(lines) == len(player.curves.curves)
    assert {line.get_marker() for line in lines} == {""}
    assert len(curves.get_legend().get_texts()) == len(lines)
    player.canvas.show_points = player.canvas.show_boundary = False
    drawn.show(player.frame(10))
    assert picture.get_legend() is None


@pytest.mark.parametrize(("shown", "other"), [(1000, 10), (10, 1000)])
def test_changes_are_told_from_the_earlier_step_to_the_later(player, shown, other):
    earlier, later = player.frame(10), player.frame(1000)
    before, after = earlier.pattern_hashes(), later.pattern_hashes()
    player.canvas.compare = player.steps.index(other)
    drawn = PlayerFigure(player, color_limits(player, []), 6.4, False)
    picture = drawn._picture(player.frame(shown))
    colors = np.array(picture.coloring.colors())[picture.values]
    if shown == 1000:
        assert picture.coloring.title == "change since step 10"
        assert picture.other_color == CHANGE_COLORS["vanished"]
        wanted = np.where(np.isin(after, before), CHANGE_COLORS["kept"], CHANGE_COLORS["born"])
    else:
        assert picture.coloring.title == "change from step 10 to step 1,000"
        assert picture.other_color == CHANGE_COLORS["born"]
        wanted = np.where(np.isin(before, after), CHANGE_COLORS["kept"], CHANGE_COLORS["vanished"])
    assert colors.tolist() == wanted.tolist()
