"""The player in JupyterLab, as a user meets it."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

MAKE = """
from standin import StandInRun
from splineviz.partition.slices.input_slice import InputSlice
from splineviz.widgets.player.region_player import RegionPlayer

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
from splineviz.partition.slices.input_slice import InputSlice
from splineviz.widgets.player.region_player import RegionPlayer

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
INK = """
canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(v => v)
"""
TICKS = "[...document.querySelectorAll('.sv-bar-tick')].map(tick => tick.textContent).join()"
CURSOR = ".sv-time-cursor"
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
    const slider = document.querySelector('.sv-time');
    const root = document.querySelector('.sv-regions');
    return slider.getAttribute('aria-valuenow') === root.dataset.frame;
}
"""


class Player:
    """The player on a page, through what a user sees and the canvas' data attributes."""

    def __init__(self, page):
        self.page = page
        self.root = page.locator(".sv-regions")
        self.plot = page.locator(".sv-plot")
        self.handle = page.locator(".sv-time")
        self.card = page.locator(".sv-card")
        self.told = page.locator(".sv-card-row", has_text="step")

    def wait_until_ready(self):
        self.root.and_(self.page.locator("[data-frame]")).wait_for()
        self.page.wait_for_function(
            "!document.querySelector('.sv-status').textContent.includes('ready')"
        )
        self.page.wait_for_selector(f"{CURSOR}[transform]", state="attached")

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

    def choose(self, menu, option):
        self.page.get_by_label(menu, exact=True).select_option(label=option)

    def choose_color(self, title):
        self.choose("Color", title)
        self.page.wait_for_selector(f'.sv-plot[aria-label$="colored by {title}"]')

    def marker(self):
        return self.page.locator(CURSOR).get_attribute("transform")

    def wait_for_marker(self, place, moved=False):
        """Wait until the cursor of the time bar is at a place, or has left it."""
        self.page.wait_for_function(
            """([selector, place, moved]) =>
                (document.querySelector(selector).getAttribute('transform') !== place) === moved""",
            arg=[CURSOR, place, moved],
        )

    def read_out(self):
        return self.page.locator(".sv-read-out").inner_text()

    def at(self, x, y):
        """A place in the window, from shares of the picture's width and height."""
        box = self.plot.bounding_box()
        return box["x"] + x * box["width"], box["y"] + y * box["height"]

    def viewport(self):
        return [float(value) for value in self.data("viewport").split()]

    def wait_for_data(self, name, value):
        self.page.wait_for_selector(f".sv-regions[data-{name}='{value}']")


@pytest.fixture(scope="module")
def replay(new_notebook):
    notebook = new_notebook("replay.ipynb", MAKE, "print(player.index, player.step)", SLEEP)
    notebook.run_cell(0)
    Player(notebook.page).wait_until_ready()
    return notebook


@pytest.fixture
def opened(replay):
    """The notebook and its player, at the first checkpoint and in the first coloring."""
    player = Player(replay.page)
    player.choose_color("slope norm")
    player.plot.focus()
    replay.page.keyboard.press("Escape")
    replay.page.keyboard.press("0")
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
    assert player.read_out() == "step 1 (2 of 8)"
    assert player.picture() != start
    player.wait_for_marker(marker, moved=True)
    player.press("End", COUNT - 1)
    assert player.read_out() == "step 1,000 (8 of 8)"
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
        assert player.read_out() == "step 1,000 (8 of 8)"
        player.press("Home", 0)
        assert player.picture() == start
        player.wait_for_marker(marker)
        assert player.read_out() == "step 0 (1 of 8)"
    assert notebook.is_running(2)
    notebook.interrupt(2)


def test_playing(opened):
    notebook, player = opened
    page = notebook.page
    player.choose("Speed", "4×")
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
    page.get_by_label("play", exact=True).wait_for()
    page.wait_for_function(STANDING)
    frame = player.data("frame")
    page.wait_for_timeout(300)
    assert player.data("frame") == frame


def test_hovering_tells_about_a_region(opened, screenshots):
    notebook, player = opened
    page = notebook.page
    box = player.plot.bounding_box()
    card = player.card
    assert "Point at a region" in card.inner_text()
    page.mouse.move(box["x"] + 0.75 * box["width"], box["y"] + 0.25 * box["height"])
    player.told.wait_for()
    card.get_by_text(" u ").first.wait_for()
    text = card.inner_text()
    for fact in (
        "step",
        "slope norm",
        "area",
        "output",
        "class",
        "active neurons",
        " of 64, ",
        "nearest boundary",
        ", neuron ",
        "(0.5, 0.5)",
    ):
        assert fact in text
    assert int(player.data("region")) >= 0
    page.screenshot(path=screenshots / "player-hover.png")
    page.mouse.move(0, 0)
    card.get_by_text("Point at a region").wait_for()
    assert player.told.count() == 0


def test_colors_change_without_the_kernel(opened, screenshots):
    notebook, player = opened
    page = notebook.page
    fall_asleep(notebook)
    pictures = {player.picture()}
    titles = page.get_by_label("Color", exact=True).locator("option").all_inner_texts()
    assert len(titles) == 7
    for title in titles:
        player.choose_color(title)
        pictures.add(player.picture())
        page.screenshot(path=screenshots / f"player-{title.split()[0]}.png")
    assert len(pictures) == 7
    assert notebook.is_running(2)
    notebook.interrupt(2)


def test_the_scale_of_one_step(opened):
    _, player = opened
    ticks = player.page.locator(".sv-bar-tick")
    of_run, picture = ticks.all_inner_texts(), player.picture()
    player.choose("Scale", "this step")
    player.page.wait_for_function(f"old => {TICKS} !== old", arg=",".join(of_run))
    assert player.picture() != picture
    player.choose("Scale", "whole run")
    player.page.wait_for_function(f"old => {TICKS} === old", arg=",".join(of_run))
    assert player.picture() == picture


def test_zooming_and_moving(opened, screenshots):
    _, player = opened
    page, whole = player.page, player.viewport()
    assert whole == [-1, -1, 1, 1]
    picture = player.picture()
    page.mouse.move(*player.at(0.75, 0.25))
    page.mouse.wheel(0, -200)
    page.wait_for_function("document.querySelector('.sv-status').textContent.includes('enlarged')")
    near = player.viewport()
    zoom = 2 / (near[2] - near[0])
    assert zoom == pytest.approx(1.95, abs=0.1)
    # What is under the pointer stays there.
    assert near[0] + 0.75 * (near[2] - near[0]) == pytest.approx(0.5, abs=0.01)
    assert player.picture() != picture
    page.screenshot(path=screenshots / "player-zoomed.png")

    page.mouse.move(*player.at(0.5, 0.5))
    page.mouse.down()
    page.mouse.move(*player.at(0.25, 0.5), steps=4)
    page.mouse.up()
    moved = player.viewport()
    assert moved[0] - near[0] == pytest.approx(0.25 * (near[2] - near[0]), abs=0.02)
    assert moved[1] == pytest.approx(near[1], abs=0.01)
    assert player.data("pinned") == ""

    page.mouse.dblclick(*player.at(0.5, 0.5))
    player.wait_for_data("viewport", " ".join(f"{v:.5f}" for v in whole))
    page.keyboard.press("Escape")
    assert player.picture() == picture
    page.keyboard.press("+")
    page.get_by_text("1.5 times enlarged").wait_for()
    page.get_by_role("button", name="show everything").click()
    player.wait_for_data("viewport", " ".join(f"{v:.5f}" for v in whole))


def test_ten_turns_of_the_wheel_in_and_out(opened):
    _, player = opened
    page = player.page
    box = player.plot.bounding_box()
    place = (0.71, 0.33)
    page.mouse.move(*player.at(*place))
    pointed = [-1 + 2 * place[0], 1 - 2 * place[1]]
    viewports = [player.viewport()]
    for turn in (-100,) * 10 + (100,) * 10:
        page.mouse.wheel(0, turn)
        page.wait_for_timeout(100)
        left, low, right, high = player.viewport()
        viewports.append([left, low, right, high])
        # The picture stays where it is, and the place under the pointer in it, to within a pixel.
        assert player.plot.bounding_box() == box
        assert abs(left + place[0] * (right - left) - pointed[0]) < (right - left) / box["width"]
        assert abs(high - place[1] * (high - low) - pointed[1]) < (high - low) / box["height"]
    assert viewports[10][2] - viewports[10][0] < 0.1
    assert viewports[-1] == pytest.approx([-1, -1, 1, 1], abs=1e-3)
    page.keyboard.press("0")
    player.wait_for_data("viewport", "-1.00000 -1.00000 1.00000 1.00000")


def test_lines_that_are_not_drawn_are_not_picked(opened):
    _, player = opened
    page = player.page
    player.press("End", COUNT - 1)
    places = [(0.1 + 0.04 * k, 0.15 + 0.09 * (k % 8)) for k in range(20)]
    nearest = page.locator(".sv-card-row", has_text="nearest boundary")
    for layer in (0, 1, 2):
        player.choose("Lines", f"layer {layer} ('relu{layer}') only")
        page.wait_for_timeout(150)
        for place in places:
            page.mouse.move(*player.at(*place))
            assert f"layer {layer} " in nearest.inner_text()
    player.choose("Lines", "none")
    page.wait_for_timeout(150)
    for place in places:
        page.mouse.move(*player.at(*place))
        player.told.wait_for()
        assert nearest.count() == 0
        page.mouse.click(*player.at(*place))
        assert (player.data("pinned"), player.data("neuron")) == (player.data("region"), "")
        page.keyboard.press("n")
        assert player.data("neuron") == ""
        page.keyboard.press("Escape")
    player.choose("Lines", "all layers")


def test_pinning_a_region(opened, screenshots):
    _, player = opened
    page = player.page
    player.press("End", COUNT - 1)
    # A place well inside of a region: nothing else in sight of a click.
    page.keyboard.press("+")
    for _ in range(4):
        page.keyboard.press("+")
    page.keyboard.press("Shift+ArrowRight")
    player.told.wait_for()
    assert int(player.data("region")) >= 0
    page.keyboard.press("Enter")
    player.card.get_by_text("Pinned region").wait_for()
    text = player.card.inner_text()
    assert "Pinned region, with " in text
    assert text.count("of 64 active") == 3
    assert player.card.locator(".sv-squares").count() == 3
    assert player.data("pinned") == player.data("region")
    page.screenshot(path=screenshots / "player-pinned.png")
    player.press("Home", 0)
    player.card.get_by_text("does not exist at this step").wait_for()
    player.press("End", COUNT - 1)
    assert "Pinned region" in player.card.inner_text()
    page.keyboard.press("Escape")
    player.card.get_by_text("Point at a region").wait_for()


def test_a_square_shows_its_neurons_boundary(opened):
    _, player = opened
    page = player.page
    lines = page.locator(".sv-lines")
    squares = page.locator(".sv-squares").first
    squares.scroll_into_view_if_needed()
    page.mouse.move(0, 0)
    page.wait_for_timeout(300)
    plain, unmarked = lines.evaluate(PICTURE), squares.evaluate(PICTURE)
    box = squares.bounding_box()
    # A neuron without a line on the slice has nothing to show.
    for neuron in range(8):
        place = (box["x"] + 4 + 9 * neuron, box["y"] + 4)
        page.mouse.move(*place)
        page.wait_for_timeout(150)
        if lines.evaluate(PICTURE) != plain:
            break
    assert lines.evaluate(PICTURE) != plain
    assert squares.evaluate(PICTURE) != unmarked
    assert player.data("neuron") == ""
    page.mouse.move(0, 0)
    page.wait_for_timeout(300)
    assert lines.evaluate(PICTURE) == plain
    assert squares.evaluate(PICTURE) == unmarked
    page.mouse.click(*place)
    assert player.data("neuron") == str(neuron + 1)
    player.card.get_by_text(f"boundary of layer 0 ('relu0'), neuron {neuron}").wait_for()
    page.mouse.click(*place)
    assert player.data("neuron") == ""


def test_alt_and_a_click_mark_a_neuron_however_far(opened):
    _, player = opened
    page = player.page
    for _ in range(6):
        page.keyboard.press("+")
    page.wait_for_timeout(300)
    page.keyboard.down("Alt")
    page.mouse.click(*player.at(0.5, 0.5))
    page.keyboard.up("Alt")
    assert int(player.data("neuron")) > 0
    assert player.data("pinned") == ""


def test_a_term_is_explained_on_request(opened):
    _, player = opened
    page = player.page
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Enter")
    page.get_by_label("what is output?").click()
    player.card.get_by_text("It is zero on the decision boundary.").wait_for()
    page.get_by_label("what is output?").click()
    player.card.get_by_text("It is zero on the decision boundary.").wait_for(state="hidden")
    player.plot.focus()


def test_the_boundary_of_a_neuron(opened, screenshots):
    _, player = opened
    page = player.page
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("n")
    player.card.get_by_text("boundary of layer ").wait_for()
    neuron = player.data("neuron")
    assert int(neuron) > 0
    page.screenshot(path=screenshots / "player-neuron.png")
    # It stays while the run goes on.
    player.press("ArrowRight", 1)
    assert player.data("neuron") == neuron
    page.keyboard.press("Escape")
    player.wait_for_data("neuron", "")


def test_a_click_pins_or_shows_a_neuron(opened):
    _, player = opened
    page = player.page
    page.mouse.click(*player.at(0.31, 0.62))
    page.wait_for_function(
        "(d => d.pinned || d.neuron)(document.querySelector('.sv-regions').dataset)"
    )
    page.mouse.click(*player.at(0.31, 0.62))
    page.wait_for_function(
        "(d => !d.pinned && !d.neuron)(document.querySelector('.sv-regions').dataset)"
    )


def test_layers_one_by_one(opened, screenshots):
    _, player = opened
    page = player.page
    options = page.get_by_label("Lines", exact=True).locator("option").all_inner_texts()
    assert options == [
        "all layers",
        "layer 0 ('relu0') only",
        "layer 1 ('relu1') only",
        "layer 2 ('relu2') only",
        "none",
    ]
    pictures = [player.picture()]
    for option in options[1:]:
        player.choose("Lines", option)
        page.wait_for_timeout(150)
        pictures.append(player.picture())
        page.screenshot(path=screenshots / f"player-lines-{option[:7].replace(' ', '-')}.png")
    assert len(set(pictures)) == 5
    player.choose("Lines", "all layers")


def test_born_kept_and_vanished(opened, screenshots):
    _, player = opened
    page = player.page
    status = page.locator(".sv-status")
    player.press("ArrowRight", 1)
    player.choose("Compare", "step before")
    status.get_by_text("since step 0: ").wait_for()
    assert "born" in status.inner_text()
    header = page.locator(".sv-header").inner_text()
    assert "change since step 0" in header
    page.screenshot(path=screenshots / "player-compare.png")
    # Chosen again, there is nothing to change, but the menu says the step all the same.
    menu = "document.querySelector('select[aria-label=Compare]').selectedOptions[0].textContent"
    for _ in range(2):
        player.choose("Compare", "this step")
        page.wait_for_timeout(150)
        assert page.evaluate(menu) == "step 1"
    player.plot.focus()
    player.press("End", COUNT - 1)
    status.get_by_text("since step 1: ").wait_for()
    player.choose("Compare", "off")
    page.locator(".sv-header").get_by_text("slope norm").wait_for()


def test_what_is_drawn_can_be_hidden(opened):
    _, player = opened
    page = player.page
    player.press("End", COUNT - 1)
    for name, layer in (("decision boundary", ".sv-lines"), ("data", ".sv-points")):
        page.mouse.move(0, 0)
        canvas = page.locator(layer)
        assert canvas.evaluate(INK)
        page.get_by_label(name, exact=True).uncheck()
        page.wait_for_timeout(150)
        assert not canvas.evaluate(INK)
        page.get_by_label(name, exact=True).check()
        page.wait_for_timeout(150)
        assert canvas.evaluate(INK)


def test_everything_is_in_sight(opened):
    notebook, player = opened
    page = notebook.page
    player.press("End", COUNT - 1)
    names = page.locator(".sv-legend .sv-entry").all_inner_texts()
    assert names == ["decision boundary", "<b>in</b>", "out"]
    assert page.locator(".splineviz-player b").count() == 0
    for part in (".splineviz-player", ".sv-plot", ".sv-time-bar", ".sv-controls"):
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
            for part in (".sv-time", ".sv-plot", ".jp-WindowedPanel-outer")
        )
        page.locator(".splineviz-player").evaluate("player => player.scrollIntoView()")
        page.screenshot(path=screenshots / f"player-{width}.png")
        assert plot["y"] + plot["height"] <= slider["y"]
        assert slider["y"] + slider["height"] - plot["y"] <= room["height"]
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
    boundary = page.locator(".sv-legend .sv-entry").first
    progress = "2 of 4 steps ready, 1 of 4 steps could not be computed"
    status.get_by_text(progress).wait_for()

    player.plot.focus()
    player.press("ArrowRight", 1)
    assert boundary.inner_text() == "no decision boundary"
    player.press("Home", 0)
    assert boundary.inner_text() == "decision boundary"
    box = player.plot.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 4)
    player.told.wait_for()

    page.keyboard.press("End")
    message.get_by_text("This step could not be computed: no weights").wait_for()
    assert status.inner_text() == progress
    assert player.told.count() == 0
    assert player.data("frame") is None
    page.mouse.move(box["x"] + box["width"] / 3, box["y"] + box["height"] / 3)
    assert player.told.count() == 0
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
    assert player.read_out() == "step 5 (1 of 1)"
    assert player.handle.get_attribute("aria-disabled") == "true"
    assert page.get_by_label("play", exact=True).is_disabled()
    player.plot.focus()
    for key in ("ArrowRight", "End", " "):
        page.keyboard.press(key)
    assert player.data("frame") == "0"
    assert "no checkpoints yet" in page.locator(".splineviz-note").inner_text()
    page.screenshot(path=screenshots / "player-few.png")
    assert notebook.problems == []


def test_notebook_7(lab, browser, screenshots):
    lab.write("seven.ipynb", MAKE)
    page = browser.new_page()
    with page.expect_websocket(lambda socket: "/channels" in socket.url) as opening:
        page.goto(f"{lab.url}/notebooks/seven.ipynb")
    # The kernel has answered: what is run from now on is not lost.
    opening.value.wait_for_event("framereceived")
    page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status='idle']")
    # Not those of the page's own start.
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    player = Player(page)
    player.wait_for_frame(0)
    player.plot.focus()
    player.press("End", COUNT - 1)
    assert player.colors() > 10
    page.screenshot(path=screenshots / "player-notebook-7.png")
    assert problems == []
    page.close()


SET_LATER = """
player.canvas.height = 250
player.canvas.axis_labels = ("left to right", "down to up")
player.canvas.class_colors = ["#123456"]
"""
TWO_VIEWS = """
from IPython.display import display
display(player, player)
"""
COUNT_STEPS = """
async seconds => {
    const root = document.querySelector('.sv-regions');
    let steps = 0;
    const observer = new MutationObserver(() => steps++);
    observer.observe(root, { attributeFilter: ['data-frame'] });
    await new Promise(resolve => setTimeout(resolve, 1000 * seconds));
    observer.disconnect();
    return steps / seconds;
}
"""


def test_traits_that_are_set_later_and_a_second_view(new_notebook, screenshots):
    views = "print(player.canvas.views)"
    notebook = new_notebook("later.ipynb", MAKE, SET_LATER, TWO_VIEWS, "0", views)
    page = notebook.page
    notebook.run_cell(0)
    player = Player(page)
    player.wait_until_ready()
    plot = player.plot
    assert plot.bounding_box()["height"] > 300
    notebook.run_cell(1)
    page.wait_for_function("document.querySelector('.sv-plot').clientHeight === 250")
    axes = page.locator(".sv-axes")
    axes.get_by_text("left to right").wait_for()
    axes.get_by_text("down to up").wait_for()
    dot = page.locator(".sv-dot").first
    assert dot.evaluate("dot => dot.style.background") == "rgb(18, 52, 86)"
    page.screenshot(path=screenshots / "player-set-later.png")

    # A click on the time bar goes to a step, without the kernel's help.
    box = page.locator(".sv-time").bounding_box()
    page.mouse.click(box["x"] + box["width"] - 2, box["y"] + box["height"] / 2)
    player.wait_for_frame(COUNT - 1)
    page.mouse.click(box["x"] + 1, box["y"] + box["height"] / 2)
    player.wait_for_frame(0)

    # Three views of the model play as fast as one.
    notebook.run_cell(2)
    page.wait_for_function("document.querySelectorAll('.sv-regions[data-frame]').length === 3")
    page.get_by_label("play", exact=True).first.click()
    assert page.evaluate(COUNT_STEPS, 3) == pytest.approx(5, abs=1.1)
    page.get_by_label("pause", exact=True).first.click()
    notebook.run_cell(4)
    assert notebook.output(4) == "3"
    page.evaluate("window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
    page.wait_for_function("document.querySelectorAll('.sv-regions').length === 0")
    notebook.run_cell(4)
    assert notebook.output(4) == "0"
    assert notebook.problems == []


def test_a_very_thin_slice(new_notebook, screenshots):
    make = MAKE.replace("InputSlice.identity()", "InputSlice.identity((-1, 0, 1, 1e-4))")
    notebook = new_notebook("thin.ipynb", make)
    notebook.run_cell(0)
    player = Player(notebook.page)
    player.wait_for_frame(0)
    player.plot.focus()
    player.press("End", COUNT - 1)
    assert player.colors() > 10
    notebook.page.mouse.move(*player.at(0.5, 0.5))
    player.told.wait_for()
    notebook.page.screenshot(path=screenshots / "player-thin.png")
    assert notebook.problems == []


def test_a_zoom_is_undone_by_another_slice_of_the_same_size(new_notebook):
    tell = "print(player.canvas.viewport)"
    notebook = new_notebook(
        "zoom-slice.ipynb", MAKE, tell, "player.show(InputSlice.identity())", tell
    )
    page = notebook.page
    notebook.run_cell(0)
    player = Player(page)
    player.wait_until_ready()
    # The wheel comes to rest after a quarter of a second, and only then is the kernel told.
    page.evaluate(
        """() => {
            const [original, late] = [window.setTimeout, 1e6];
            window.setTimeout = (task, ms) => original(task, ms === 250 ? late : ms);
        }"""
    )
    player.plot.focus()
    page.mouse.move(*player.at(0.5, 0.5))
    page.mouse.wheel(0, -200)
    page.get_by_text("times enlarged").wait_for()
    notebook.run_cell(1)
    assert notebook.output(1) == "()"
    notebook.run_cell(2)
    player.wait_for_data("viewport", "-1.00000 -1.00000 1.00000 1.00000")
    notebook.run_cell(3)
    assert notebook.output(3) == "()"
    assert notebook.problems == []


def test_a_player_for_each_cell_and_the_dark_theme(new_notebook, screenshots):
    notebook = new_notebook("many.ipynb", MAKE, MAKE, "players = [player]; player.close()")
    page = notebook.page
    notebook.run_cell(0)
    notebook.run_cell(1)
    first, second = (page.locator(".sv-regions").nth(k) for k in (0, 1))
    for root in (first, second):
        root.and_(page.locator("[data-frame='0']")).wait_for()
    second.locator(".sv-plot").focus()
    page.keyboard.press("ArrowRight")
    second.and_(page.locator("[data-frame='1']")).wait_for()
    assert first.get_attribute("data-frame") == "0"
    page.evaluate(
        """async () => {
            const theme = { theme: 'JupyterLab Dark' };
            await window.jupyterapp.commands.execute('apputils:change-theme', theme);
        }"""
    )
    page.wait_for_selector("body[data-jp-theme-light='false']", state="attached")
    page.screenshot(path=screenshots / "player-dark.png")
    # The second is closed, the first goes on.
    notebook.run_cell(2)
    page.wait_for_function("document.querySelectorAll('.sv-regions').length === 1")
    first.locator(".sv-plot").focus()
    page.keyboard.press("End")
    page.wait_for_selector(f".sv-regions[data-frame='{COUNT - 1}']")
    page.evaluate(
        "window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Light'})"
    )
    assert notebook.problems == []


def test_frames_beyond_the_budget_come_when_they_are_looked_at(new_notebook):
    make = MAKE.replace("InputSlice.identity())", "InputSlice.identity(), budget=1)")
    notebook = new_notebook("budget.ipynb", make)
    notebook.run_cell(0)
    player = Player(notebook.page)
    player.wait_for_frame(0)
    notebook.page.get_by_text("1 of 8 steps kept, others come when looked at").wait_for()
    player.plot.focus()
    for key, index in (("End", COUNT - 1), ("ArrowLeft", COUNT - 2), ("Home", 0)):
        player.press(key, index)
    assert notebook.problems == []


def test_frames_beyond_the_budget_are_those_of_the_slice_that_is_shown(new_notebook):
    make = MAKE.replace("InputSlice.identity())", "InputSlice.identity(), budget=1)")
    show = "player.show(InputSlice.identity((-0.1, -0.1, 0.1, 0.1)))"
    ask = "print(len(player.frame(1000)))"
    notebook = new_notebook("budget-slice.ipynb", make, show, ask)
    notebook.run_cell(0)
    player = Player(notebook.page)
    player.wait_for_frame(0)
    player.plot.focus()
    player.press("End", COUNT - 1)
    player.press("Home", 0)
    notebook.run_cell(1)
    player.plot.focus()
    player.press("End", COUNT - 1)
    notebook.run_cell(2)
    player.wait_for_data("regions", notebook.output(2))
    assert notebook.problems == []


GROWING = """
from standin import StandInRun
from splineviz.partition.slices.input_slice import InputSlice
from splineviz.widgets.player.region_player import RegionPlayer

class Growing(StandInRun):
    status, written, whole = "recording", 2, StandInRun()

    @property
    def steps(self):
        return self.whole.steps[: self.written]

    @steps.setter
    def steps(self, steps):
        pass

    def program(self, step):
        return self.whole.program(step)

    def refresh(self):
        pass

run = Growing()
player = RegionPlayer(run, InputSlice.identity())
player
"""


def test_a_run_that_is_still_written_grows(new_notebook):
    notebook = new_notebook("growing.ipynb", GROWING, "run.written = 4")
    notebook.run_cell(0)
    player = Player(notebook.page)
    player.wait_for_frame(0)
    assert player.read_out() == "step 0 (1 of 2)"
    player.plot.focus()
    player.press("End", 1)
    notebook.run_cell(1)
    notebook.page.get_by_text("(2 of 4)").wait_for()
    player.plot.focus()
    player.press("End", 3)
    assert player.read_out() == "step 100 (4 of 4)"
    player.wait_for_marker("", moved=True)
    assert notebook.problems == []


NASTY = "<script>window.hacked = true</script><img src=x onerror='window.hacked = true'>"
HOSTILE = f"""
from standin import StandInRun
from splineviz.partition.slices.input_slice import InputSlice
from splineviz.widgets.player.region_player import RegionPlayer

nasty = {NASTY!r}
run = StandInRun(class_names=(nasty, "out"))
run.metrics = run.metrics.rename(columns={{"test_accuracy": nasty + " accuracy"}})
run.metrics.iloc[3:6, 1] = float("nan")
RegionPlayer(
    run, InputSlice.identity(), axis_labels=(nasty, nasty),
    metrics=["train_accuracy", nasty + " accuracy"],
    colorings={{nasty: lambda partition: partition.areas}}, color=nasty,
)
"""


def test_text_of_a_run_stays_text(new_notebook, screenshots):
    notebook = new_notebook("hostile.ipynb", HOSTILE)
    notebook.run_cell(0)
    page = notebook.page
    player = Player(page)
    player.wait_for_frame(0)
    page.mouse.move(*player.at(0.4, 0.4))
    player.told.wait_for()
    page.keyboard.press("Enter")
    player.choose_color("class")
    page.wait_for_timeout(500)
    page.screenshot(path=screenshots / "player-hostile.png")
    assert page.evaluate("window.hacked") is None
    assert page.locator(".splineviz-player img, .splineviz-player script").count() == 0
    assert page.locator(".sv-legend").inner_text().count("<script>") == 1
    assert notebook.problems == []
