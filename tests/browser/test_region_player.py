"""The player in JupyterLab, as a user meets it."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

MAKE = """
from standin import StandInRun
from splineviz.partition.slices import InputSlice
from splineviz.widgets.region_player import RegionPlayer

run = StandInRun(
    steps=(0, 1, 3, 10, 30, 100, 300, 1000),
    widths=(2, 64, 64, 64, 2),
    class_names=("<b>in</b>", "out"),
)
player = RegionPlayer(run, InputSlice.identity())
player
"""
COUNT = 8
# Step 1 has no decision boundary, step 3 never gets ready, step 1000 cannot be read.
HOLES = """
import threading
from standin import StandInRun
from splineviz.partition.slices import InputSlice
from splineviz.widgets.region_player import RegionPlayer

class Run(StandInRun):
    def program(self, step):
        if step == 3:
            threading.Event().wait()
        if step == 1000:
            raise ValueError("no weights")
        program = super().program(step)
        bias = program.state["2.bias"] + ([1e3, 0] if step == 1 else 0)
        return program.with_state({**program.state, "2.bias": bias})

player = RegionPlayer(Run(steps=(0, 1, 3, 1000)), InputSlice.identity())
player
"""
SLEEP = """
import time
print("asleep", flush=True)
time.sleep(60)
"""
PICTURE = """
async canvas => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return Array.from(new Uint8Array(await crypto.subtle.digest('SHA-256', data))).join();
}
"""
COLORS = """
canvas => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return new Set(new Uint32Array(data.buffer)).size;
}
"""
MARKER = "path.line[style*='rgb(128, 128, 128)'], path.line[stroke='#808080']"
WATCH = """
() => {
    const root = document.querySelector('.sv-regions');
    window.seen = [];
    new MutationObserver(() => window.seen.push(root.dataset.frame))
        .observe(root, { attributeFilter: ['data-frame'] });
}
"""
STANDING = """
() => {
    const handle = document.querySelector('.splineviz-slider .noUi-handle');
    const { frame } = document.querySelector('.sv-regions').dataset;
    return Number(handle.getAttribute('aria-valuenow')) === Number(frame);
}
"""


class Player:
    """The player on a page, through what a user sees and the canvas' data attributes."""

    def __init__(self, page):
        self.page = page
        self.root = page.locator(".sv-regions")
        self.plot = page.locator(".sv-plot")
        self.handle = page.locator(".splineviz-slider .noUi-handle")

    def wait_until_ready(self):
        self.root.and_(self.page.locator("[data-frame]")).wait_for()
        self.page.wait_for_function(
            "!document.querySelector('.sv-status').textContent.includes('ready')"
        )
        self.page.wait_for_selector(MARKER, state="attached")

    def wait_for_frame(self, index):
        self.page.wait_for_selector(f".sv-regions[data-frame='{index}']")

    def press(self, key, index):
        self.page.keyboard.press(key)
        self.wait_for_frame(index)

    def data(self, name):
        return self.root.get_attribute(f"data-{name}")

    def colors(self):
        return self.page.locator(".sv-fill").evaluate(COLORS)

    def picture(self):
        return self.page.locator(".sv-fill").evaluate(PICTURE)

    def choose_color(self, title):
        self.page.locator(".splineviz-controls select").nth(1).select_option(label=title)
        self.page.wait_for_selector(f'.sv-plot[aria-label$="coloured by {title}"]')

    def marker(self):
        return self.page.locator(MARKER).get_attribute("d")

    def wait_for_marker(self, path, moved=False):
        """Wait until the line in the curves is drawn at a path, or has left it."""
        self.page.wait_for_function(
            """([selector, path, moved]) =>
                (document.querySelector(selector).getAttribute('d') !== path) === moved""",
            arg=[MARKER, path, moved],
        )

    def read_out(self):
        return self.page.locator(".splineviz-slider .widget-readout").inner_text()


@pytest.fixture(scope="module")
def replay(new_notebook):
    notebook = new_notebook("replay.ipynb", MAKE, "print(player.index, player.step)", SLEEP)
    notebook.run_cell(0)
    Player(notebook.page).wait_until_ready()
    return notebook


@pytest.fixture
def opened(replay):
    """The notebook and its player, at the first checkpoint and in the first colouring."""
    player = Player(replay.page)
    player.choose_color("slope norm")
    player.plot.focus()
    player.press("Home", 0)
    yield replay, player
    assert replay.problems == []


def test_scrubbing(opened, screenshots):
    notebook, player = opened
    page = notebook.page
    assert player.data("frame") == "0"
    assert player.colors() > 10
    start, marker = player.picture(), player.marker()
    page.screenshot(path=screenshots / "player-first.png")

    player.handle.focus()
    player.press("ArrowRight", 1)
    assert player.data("step") == "1"
    assert player.read_out() == "1"
    assert player.picture() != start
    player.wait_for_marker(marker, moved=True)
    player.press("End", COUNT - 1)
    assert player.read_out() == "1,000"
    page.screenshot(path=screenshots / "player-last.png")

    notebook.run_cell(1)
    assert notebook.output(1) == "7 1000"

    player.handle.focus()
    player.press("Home", 0)
    assert player.picture() == start
    player.wait_for_marker(marker)

    player.plot.focus()
    for key, index in [
        ("ArrowRight", 1),
        ("ArrowUp", 2),
        ("ArrowLeft", 1),
        ("End", 7),
        ("Home", 0),
    ]:
        player.press(key, index)
    assert player.picture() == start


def fall_asleep(notebook):
    notebook.run_cell(2, wait=False)
    notebook.page.get_by_text("asleep", exact=True).wait_for()


def test_scrubbing_while_the_kernel_is_busy(opened):
    notebook, player = opened
    start, marker = player.picture(), player.marker()
    fall_asleep(notebook)
    for focus in (player.handle, player.plot):
        focus.focus()
        player.press("End", COUNT - 1)
        assert player.picture() != start
        player.wait_for_marker(marker, moved=True)
        assert player.read_out() == "1,000"
        player.press("Home", 0)
        assert player.picture() == start
        player.wait_for_marker(marker)
        assert player.read_out() == "0"
    assert notebook.is_running(2)
    notebook.interrupt(2)


def test_playing(opened):
    notebook, player = opened
    page = notebook.page
    page.locator(".splineviz-controls select").first.select_option(label="4×")
    page.evaluate(WATCH)
    player.plot.focus()
    page.keyboard.press(" ")
    # Past the end it starts over; a slow page may skip frames.
    page.wait_for_function(
        f"""() => {{
            const frames = window.seen.map(Number);
            const back = frames.findIndex((frame, k) => k > 0 && frame < frames[k - 1]);
            return back > 0 && frames[back - 1] >= {COUNT // 2} && frames.length > back + 1;
        }}"""
    )
    player.handle.focus()
    page.keyboard.press(" ")
    page.wait_for_selector(".splineviz-controls .fa-play")
    page.wait_for_function(STANDING)
    frame = player.data("frame")
    page.wait_for_timeout(300)
    assert player.data("frame") == frame


def test_hovering_tells_about_a_region(opened, screenshots):
    notebook, player = opened
    page = notebook.page
    box = player.plot.bounding_box()
    tip = page.locator(".sv-tip")
    assert tip.is_hidden()
    page.mouse.move(box["x"] + 0.75 * box["width"], box["y"] + 0.25 * box["height"])
    tip.wait_for()
    text = tip.inner_text()
    for fact in ("slope norm", "area", "class at each region's middle", "(0.5, 0.5)"):
        assert fact in text
    assert int(player.data("region")) >= 0
    page.screenshot(path=screenshots / "player-hover.png")
    page.mouse.move(0, 0)
    tip.wait_for(state="hidden")


def test_colours_change_without_the_kernel(opened, screenshots):
    notebook, player = opened
    page = notebook.page
    fall_asleep(notebook)
    pictures = {player.picture()}
    for title in ("class at each region's middle", "area", "activation pattern"):
        player.choose_color(title)
        pictures.add(player.picture())
        page.screenshot(path=screenshots / f"player-{title.split()[0]}.png")
    assert len(pictures) == 4
    assert notebook.is_running(2)
    notebook.interrupt(2)


def test_everything_is_in_sight(opened):
    notebook, player = opened
    page = notebook.page
    player.press("End", COUNT - 1)
    names = page.locator(".sv-legend .sv-entry").all_inner_texts()
    assert names == ["decision boundary", "<b>in</b>", "out"]
    assert page.locator(".splineviz-player b").count() == 0
    for part in (".splineviz-player", ".sv-plot", ".splineviz-side .bqplot", ".splineviz-controls"):
        box = page.locator(part).bounding_box()
        assert box["x"] + box["width"] <= 1280
    overflowing = page.evaluate(
        """[...document.querySelectorAll('.jp-OutputArea-output, .jp-WindowedPanel-outer')]
            .filter(box => box.scrollWidth > box.clientWidth).map(box => box.className)"""
    )
    assert overflowing == []


@pytest.mark.parametrize(("width", "height"), [(1024, 768), (1280, 800), (1440, 900)])
def test_slider_and_picture_fit_one_screen(opened, screenshots, width, height):
    page = opened[0].page
    size = page.viewport_size
    page.set_viewport_size({"width": width, "height": height})
    try:
        page.wait_for_timeout(500)
        slider, plot, room = (
            page.locator(part).bounding_box()
            for part in (".splineviz-slider", ".sv-plot", ".jp-WindowedPanel-outer")
        )
        page.locator(".splineviz-player").evaluate("player => player.scrollIntoView()")
        page.screenshot(path=screenshots / f"player-{width}.png")
        assert slider["y"] + slider["height"] <= plot["y"]
        assert plot["y"] + plot["height"] - slider["y"] <= room["height"]
        assert plot["x"] + plot["width"] <= room["x"] + room["width"]
        assert plot["width"] >= 300
    finally:
        page.set_viewport_size(size)
        page.wait_for_timeout(500)


def test_frames_that_are_not_there(new_notebook, screenshots):
    notebook = new_notebook("holes.ipynb", HOLES)
    page = notebook.page
    notebook.run_cell(0)
    player = Player(page)
    message, status = page.locator(".sv-message"), page.locator(".sv-status")
    boundary, tip = page.locator(".sv-legend .sv-entry").first, page.locator(".sv-tip")
    progress = "2 of 4 steps ready, 1 of 4 steps could not be computed"
    status.get_by_text(progress).wait_for()

    player.plot.focus()
    player.press("ArrowRight", 1)
    assert boundary.inner_text() == "no decision boundary"
    player.press("Home", 0)
    assert boundary.inner_text() == "decision boundary"
    box = player.plot.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 4)
    tip.wait_for()

    page.keyboard.press("End")
    message.get_by_text("This step could not be computed: no weights").wait_for()
    assert status.inner_text() == progress
    assert tip.is_hidden()
    assert player.data("frame") is None
    page.mouse.move(box["x"] + box["width"] / 3, box["y"] + box["height"] / 3)
    assert tip.is_hidden()
    said = f"{message.inner_text()} · {progress}"
    assert player.plot.get_attribute("aria-label") == said
    page.screenshot(path=screenshots / "player-failed-step.png")

    page.keyboard.press("ArrowLeft")
    message.get_by_text("Step 3 is not computed yet", exact=True).wait_for()
    page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    message.get_by_text("the kernel has stopped: run the cell again").wait_for()
    player.press("Home", 0)
    assert message.inner_text() == ""
    assert notebook.problems == []


def test_running_a_cell_again_leaves_nothing_behind(new_notebook):
    # The canvas alone, since bqplot's figures leave listeners of their own on the window.
    notebook = new_notebook("again.ipynb", MAKE.rstrip() + ".canvas")
    player = Player(notebook.page)
    notebook.run_cell(0)
    player.wait_for_frame(0)
    before = notebook.listeners("window")
    old = player.plot.element_handle()
    notebook.run_cell(0)
    notebook.page.wait_for_function("plot => !plot.isConnected", arg=old)
    player.wait_for_frame(0)
    assert player.root.count() == 1
    assert notebook.listeners("window") == before
    player.plot.focus()
    player.press("ArrowRight", 1)
    assert notebook.problems == []


def test_runs_with_one_checkpoint_and_with_none(new_notebook, screenshots):
    one = MAKE.replace("(0, 1, 3, 10, 30, 100, 300, 1000)", "(5,)").replace("64, 64, 64", "8")
    none = MAKE.replace("(0, 1, 3, 10, 30, 100, 300, 1000)", "()")
    notebook = new_notebook("few.ipynb", one, none)
    page = notebook.page
    notebook.run_cell(0)
    notebook.run_cell(1)
    player = Player(page)
    player.wait_for_frame(0)
    assert player.read_out() == "5"
    assert page.locator(".splineviz-slider [disabled]").count() == 1
    player.plot.focus()
    for key in ("ArrowRight", "End", " "):
        page.keyboard.press(key)
    assert player.data("frame") == "0"
    assert "no checkpoints yet" in page.locator(".splineviz-note").inner_text()
    page.screenshot(path=screenshots / "player-few.png")
    assert notebook.problems == []
