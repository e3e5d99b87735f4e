"""Training live in JupyterLab."""

from __future__ import annotations

import re

import pytest

pytestmark = pytest.mark.browser

MAKE = """
import threading
import splineviz as sv

def threads():
    return sum(thread.name == "splineviz-live" for thread in threading.enumerate())

playground = sv.Playground("checkerboard", folder=FOLDER)
playground
"""
TELL = "print(threads(), playground.running, playground.training.steps)"
FRAMES = """
() => {
    const root = document.querySelector('.sv-regions');
    window.seen = [];
    new MutationObserver(() => window.seen.push(root.dataset.step))
        .observe(root, { attributeFilter: ['data-step'] });
}
"""


class Page:
    def __init__(self, notebook):
        self.notebook, self.page = notebook, notebook.page
        self.text = self.page.locator(".sv-live-text")
        self.message = self.page.locator(".sv-live-message")
        self.pad = self.page.locator(".sv-pad")

    def button(self, name):
        # Its name for a screen reader is its tip.
        return self.page.locator(".splineviz-playground button", has_text=name).first

    def click(self, name):
        self.button(name).click()

    def choose(self, title, label):
        box = self.page.locator(".widget-dropdown", has=self.page.get_by_text(title, exact=True))
        box.locator("select").select_option(label=label)

    def wait_for_text(self, pattern):
        self.page.wait_for_function(
            "p => new RegExp(p).test(document.querySelector('.sv-live-text')?.textContent)",
            arg=pattern,
        )

    def wait_for_pad(self, words):
        self.page.wait_for_selector(f".sv-pad[aria-label*='{words}']")

    def step(self):
        return int(re.match(r"step ([\d,]+)", self.text.inner_text())[1].replace(",", ""))

    def theme(self, name):
        self.page.evaluate(
            "theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme })",
            f"JupyterLab {name}",
        )
        self.page.wait_for_timeout(800)


@pytest.fixture
def playground(new_notebook, tmp_path):
    def make(name, *cells):
        notebook = new_notebook(name, MAKE.replace("FOLDER", repr(str(tmp_path))), *cells)
        notebook.page.set_viewport_size({"width": 1440, "height": 900})
        notebook.run_cell(0)
        notebook.page.wait_for_selector(".sv-regions[data-frame='0']")
        return Page(notebook)

    return make


def test_train_watch_pause_and_stop(playground, screenshots):
    view = playground("live.ipynb", TELL, TELL)
    page = view.page
    view.wait_for_text("^step 0 · paused")
    page.screenshot(path=screenshots / "playground-first.png")
    view.choose("Data", "two moons")
    page.wait_for_function("document.querySelector('.sv-legend').innerText.includes('upper moon')")
    page.evaluate(FRAMES)
    view.click("Start")
    page.wait_for_function("window.seen.length > 20")
    view.wait_for_text(r"[1-9]\d* steps/s · [1-9]\d* frames/s")
    page.locator(".bqplot path.line[d^='M']").first.wait_for(state="attached")
    page.wait_for_timeout(3000)
    page.screenshot(path=screenshots / "playground-live.png")
    view.click("Pause")
    view.wait_for_text("paused")
    # The picture is that of the step where it stopped.
    page.wait_for_function(
        f"document.querySelector('.sv-regions').dataset.step === '{view.step()}'"
    )
    step = view.step()
    page.wait_for_timeout(400)
    assert view.step() == step
    view.click("Step")
    view.wait_for_text(f"^step {step + 1:,} ")
    view.theme("Dark")
    page.screenshot(path=screenshots / "playground-dark.png")
    view.theme("Light")
    view.click("Start")
    page.wait_for_timeout(500)
    view.click("Stop")
    view.notebook.run_cell(1)
    assert view.notebook.output(1).startswith("0 False ")
    view.click("Reset")
    view.wait_for_text("^step 0 ")
    assert not view.notebook.problems


def test_points_are_drawn_with_mouse_and_keys(playground, screenshots):
    view = playground("pad.ipynb")
    page = view.page
    view.choose("Data", "your own points")
    view.wait_for_text("draw some points")
    page.wait_for_selector(".sv-pad[data-points='0']")
    view.click("Start")
    page.get_by_text("There are no points to learn").wait_for()
    box = view.pad.bounding_box()
    page.mouse.move(box["x"] + 40, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 180, box["y"] + 60, steps=12)
    page.mouse.up()
    page.wait_for_function("Number(document.querySelector('.sv-pad').dataset.points) > 8")
    view.pad.focus()
    page.keyboard.press("2")
    for key in ("ArrowDown", "ArrowDown", "Enter", "ArrowLeft", "Enter", "ArrowLeft", "Space"):
        page.keyboard.press(key)
    view.wait_for_pad("3 of class 2, 0 of class 3; drawing class 2")
    view.click("Start")
    view.wait_for_text(r"[1-9]\d* steps/s")
    # Drawing goes on while it trains.
    view.pad.click(position={"x": 20, "y": 200})
    view.wait_for_pad("4 of class 2,")
    page.wait_for_timeout(1500)
    page.screenshot(path=screenshots / "playground-drawn.png")
    page.get_by_role("checkbox", name="erase").check()
    view.wait_for_pad("erasing")
    view.pad.click(position={"x": 20, "y": 200})
    view.wait_for_pad("3 of class 2, 0 of class 3; erasing")
    view.click("Clear")
    page.wait_for_selector(".sv-pad[data-points='0']")
    assert not view.notebook.problems


def test_a_training_that_diverges_says_so(playground, screenshots):
    view = playground("diverge.ipynb", TELL)
    view.choose("Optimizer", "SGD with momentum")
    view.choose("Learning rate", "10")
    view.choose("Init scale", "8")
    view.click("Start")
    view.page.get_by_text("lower the learning rate, then reset").wait_for()
    assert re.match(r"training diverged at step [\d,]+", view.message.inner_text())
    view.page.screenshot(path=screenshots / "playground-diverged.png")
    view.button("Start").wait_for()
    assert not view.notebook.problems


def test_recording_and_replay(playground, screenshots):
    view = playground("record.ipynb")
    page = view.page
    view.click("Replay")
    page.get_by_text("nothing has been trained yet").wait_for()
    for _ in range(3):
        view.click("Step")
    view.click("Replay")
    page.get_by_text("Replay of steps 0 to 3, which are in memory only").wait_for()
    page.locator(".splineviz-player .sv-regions[data-frame='0']").wait_for()
    view.click("Reset")
    view.wait_for_text("^step 0 ")
    page.get_by_role("checkbox", name="Record").check()
    view.wait_for_text("recorded in ")
    view.click("Start")
    page.wait_for_timeout(1500)
    view.click("Replay")
    page.get_by_text("Replay of what is recorded in").wait_for()
    page.locator(".splineviz-player").wait_for()
    page.wait_for_timeout(3000)
    page.locator(".splineviz-player").scroll_into_view_if_needed()
    page.screenshot(path=screenshots / "playground-replay.png")
    assert not view.notebook.problems


def test_running_the_cell_again_ends_the_thread(playground):
    view = playground("again.ipynb", TELL)
    view.click("Start")
    view.wait_for_text(r"[1-9]\d* steps/s")
    view.notebook.run_cell(0)
    view.page.wait_for_timeout(1500)
    view.notebook.run_cell(1)
    assert view.notebook.output(1) == "0 False 0"
    assert not view.notebook.problems
