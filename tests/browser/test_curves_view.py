"""Curves beside a player, as a user meets them; the player here is a stand-in."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

MAKE = """
import numpy as np
from standin import StandInRun
from standin_player import StandInPlayer
import splineviz as sv
from IPython.display import display

run = StandInRun(steps=(0, 1, 3, 10, 30, 100, 300, 1000))
for eps in (0.03, 0.1):
    run.metrics[f"pgd_eps{eps}_accuracy"] = run.metrics["test_accuracy"] - eps * 2
run.metrics.iloc[9:12, 2] = np.nan
player = StandInPlayer(run)
bundled = sv.Run.bundled()
random = np.random.default_rng(7).uniform(-1.5, 1.5, (99, 2))
probes = {"training": bundled.samples[0], "random": random}
complexity = bundled.local_complexity(
    probes, radius=0.1, directions=2, steps=bundled.steps[bundled.steps <= 1000], cache=False
)
view = sv.CurvesView(run, player=player, complexity=complexity)
display(player.canvas, view)
"""
ALONE = """
alone = sv.CurvesView(run, metrics=["loss"])
alone
"""
SLEEP = """
import time
print("asleep", flush=True)
time.sleep(60)
"""
TOLD = "print(view.index, view.step, view.play_range, player.index, player.play_range)"
MARKER = "path.line[style*='rgb(128, 128, 128)'], path.line[stroke='#808080']"


class View:
    """The view on a page, through what a user sees."""

    def __init__(self, page):
        self.page = page
        self.canvas = page.locator(".standin-canvas")
        self.figures = page.locator(".splineviz-linked-charts .bqplot")
        self.cursor = page.locator(".sv-cursor").first

    def plot(self, number=0):
        self.figures.nth(number).scroll_into_view_if_needed()
        return self.figures.nth(number).locator(".plotarea_background").bounding_box()

    def at(self, share, number=0):
        box = self.plot(number)
        return box["x"] + share * box["width"], box["y"] + box["height"] / 2

    def click(self, share, number=0):
        self.page.mouse.click(*self.at(share, number))

    def drag(self, start, end, number=0):
        self.page.mouse.move(*self.at(start, number))
        self.page.mouse.down()
        for part in (0.25, 0.5, 0.75, 1):
            self.page.mouse.move(*self.at(start + part * (end - start), number))
        self.page.mouse.up()

    def wait_for(self, name, value):
        self.page.wait_for_selector(f".standin-canvas[data-{name}='{value}']")

    def marker(self, number=0):
        """Where the line of a figure is, as a share of its axis."""
        box = self.plot(number)
        line = self.figures.nth(number).locator(MARKER).bounding_box()
        return (line["x"] + line["width"] / 2 - box["x"]) / box["width"]

    def wait_for_marker(self, share, number=0):
        for _ in range(40):
            if abs(self.marker(number) - share) < 0.01:
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"the line is at {self.marker(number)}, not at {share}")

    def choose(self, text):
        self.cursor.get_by_role("button", name=text).click()


@pytest.fixture(scope="module")
def opened(new_notebook):
    notebook = new_notebook("curves.ipynb", MAKE, TOLD, SLEEP, ALONE)
    notebook.run_cell(0)
    grounds = ".splineviz-linked-charts .bqplot .plotarea_background"
    notebook.page.wait_for_function(f"document.querySelectorAll('{grounds}').length == 2")
    notebook.page.wait_for_timeout(500)
    return notebook


# Steps 0 to 1000 stand on an axis from 0.5 to 1000.
SHARE = {0: 0.0, 1: 0.0912, 10: 0.3941, 100: 0.697, 1000: 1.0}


def test_a_click_moves_the_player_and_the_lines(opened, screenshots):
    view = View(opened.page)
    opened.page.screenshot(path=screenshots / "curves-view.png")
    view.click(SHARE[10] + 0.02)
    view.wait_for("index", 3)
    for number in (0, 1):
        view.wait_for_marker(SHARE[10], number)
    view.click(SHARE[100], 1)
    view.wait_for("index", 5)
    view.drag(SHARE[100], SHARE[1000])
    view.wait_for("index", 7)
    opened.run_cell(1)
    assert opened.output(1) == "7 1000 () 7 ()"
    assert opened.problems == []


def test_a_brush_chooses_what_plays(opened, screenshots):
    view = View(opened.page)
    view.choose("choose what plays")
    view.drag(SHARE[1] + 0.02, SHARE[100] + 0.02)
    view.wait_for("range", "2 5")
    view.cursor.get_by_text("steps 3 to 100 play").wait_for()
    opened.page.wait_for_timeout(300)
    opened.page.screenshot(path=screenshots / "curves-brush.png")
    brushes = view.page.locator(".bqplot .selection:visible")
    assert brushes.count() == 2
    box, plot = brushes.first.bounding_box(), view.plot()
    # It snaps to the checkpoints.
    assert abs((box["x"] - plot["x"]) / plot["width"] - 0.2357) < 0.01
    assert abs((box["x"] + box["width"] - plot["x"]) / plot["width"] - SHARE[100]) < 0.01
    before = view.canvas.get_attribute("data-index")
    view.click(SHARE[1000] - 0.02)
    view.wait_for("range", "")
    assert view.canvas.get_attribute("data-index") == before
    view.drag(SHARE[100] + 0.02, SHARE[100] + 0.04, number=1)
    view.wait_for("range", "5 5")
    view.cursor.get_by_text("only step 100 plays").wait_for()
    opened.run_cell(1)
    assert opened.output(1) == "7 1000 (5, 5) 7 (5, 5)"
    view.choose("play all")
    view.wait_for("range", "")
    view.choose("go to step")
    opened.page.wait_for_timeout(200)
    view.click(SHARE[1])
    view.wait_for("index", 1)
    assert opened.problems == []


def test_all_of_it_works_while_the_kernel_is_busy(opened):
    view = View(opened.page)
    opened.run_cell(2, wait=False)
    opened.page.get_by_text("asleep", exact=True).wait_for()
    view.click(SHARE[10])
    view.wait_for("index", 3)
    view.wait_for_marker(SHARE[10])
    view.wait_for_marker(SHARE[10], 1)
    view.choose("choose what plays")
    view.drag(SHARE[10] - 0.02, SHARE[1000])
    view.wait_for("range", "3 7")
    assert opened.is_running(2)
    opened.interrupt(2)
    view.choose("play all")
    view.choose("go to step")
    assert opened.problems == []


def test_without_a_player_there_is_a_slider(opened, screenshots):
    opened.run_cell(3)
    page = opened.page
    slider = page.get_by_label("Training step")
    slider.scroll_into_view_if_needed()
    before = View(page).canvas.get_attribute("data-index")
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.get_by_text("step 3", exact=True).wait_for()
    view = View(page)
    view.wait_for_marker(0.2357, 2)
    page.keyboard.press("End")
    view.wait_for_marker(1.0, 2)
    assert view.canvas.get_attribute("data-index") == before
    page.screenshot(path=screenshots / "curves-alone.png")
    # Without a mouse a range begins and ends at the step that is shown.
    alone = page.locator(".sv-cursor").nth(1)
    alone.get_by_role("button", name="choose what plays").press("Enter")
    alone.get_by_role("button", name="end here").press("Enter")
    slider.focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    alone.get_by_role("button", name="start here").press("Enter")
    alone.get_by_text("steps 1 to 1,000 play").wait_for()
    assert opened.problems == []


REAL = """
import splineviz as sv
from IPython.display import display

run = sv.Run.bundled("checkerboard")
player = sv.RegionPlayer(run, sv.InputSlice.identity(), metrics=[])
view = sv.CurvesView(run, player=player, metrics=["train_accuracy", "test_accuracy", "train_loss"])
display(view, player)
"""
READY = "print(player.wait(120))"
RANGE = "print(player.play_range == view.play_range, len(view.play_range))"


def test_a_real_player_plays_the_range_that_is_chosen(new_notebook, screenshots):
    notebook = new_notebook("real.ipynb", REAL, READY, RANGE)
    page = notebook.page
    page.evaluate(
        "jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Dark' })"
    )
    notebook.run_cell(0)
    notebook.run_cell(1)
    assert notebook.output(1) == "True"
    page.wait_for_selector(".sv-regions[data-step='0']")
    view = View(page)
    view.choose("choose what plays")
    view.drag(0.5, 0.6)
    page.get_by_text("steps ").first.wait_for()
    page.wait_for_timeout(300)
    page.screenshot(path=screenshots / "curves-real.png")
    first, last = page.locator(".sv-told").first.inner_text().split()[1:4:2]
    notebook.run_cell(2)
    assert notebook.output(2) == "True 2"
    page.evaluate(
        """() => {
            const root = document.querySelector('.sv-regions');
            window.seen = new Set();
            new MutationObserver(() => window.seen.add(Number(root.dataset.step)))
                .observe(root, { attributeFilter: ['data-step'] });
        }"""
    )
    page.locator(".sv-play").click()
    page.wait_for_function(f"window.seen.has({first}) && window.seen.has({last})")
    page.locator(".sv-play").click()
    seen = page.evaluate("[...window.seen]")
    assert min(seen) == int(first)
    assert max(seen) == int(last)
    page.screenshot(path=screenshots / "curves-dark-player.png")
    page.evaluate(
        "jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Light' })"
    )
    assert notebook.problems == []
