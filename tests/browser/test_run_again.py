"""Cells that are run again, playing before all is computed, and keys that are the notebook's."""

from __future__ import annotations

import json

import pytest

from tests.browser.lab import NotebookPage
from tests.browser.test_region_player import CURSOR, Player
from tests.browser.test_saved_notebook import MANAGER, STATE

pytestmark = pytest.mark.browser

SETUP = """
import time
from standin import StandInRun
import splineviz as sv

run, plane = StandInRun(steps=range(0, 1000, 50), widths=(2, 24, 24, 2)), sv.InputSlice.identity()
"""
PLAYER = "player = sv.RegionPlayer(run, plane)\nplayer.wait()\nplayer"
CURVES = "view = sv.CurvesView(run, player=player)\nview"
LAYERS = "sv.LayerPanels(player, height=150)"
AGAIN = "player"
SLOW = """
def slow(program, plane):
    time.sleep(0.4)
    return sv.enumerate_regions(program, plane)

slow_player = sv.RegionPlayer(run, plane, partition=slow)
slow_player
"""
LAST = "document.querySelectorAll('.sv-regions[data-frame=\"19\"]').length == 4"
CELLS = "window.jupyterapp.shell.currentWidget.content.model.cells.length"
TICKS = "[...document.querySelectorAll('.sv-bar-tick')].map(tick => tick.textContent).join()"
WATCH = f"""
() => {{
    const root = document.querySelector('.sv-regions');
    window.seen = [];
    new MutationObserver(() => {{
        const message = root.querySelector('.sv-message').textContent;
        window.seen.push([root.dataset.frame ?? message, {TICKS}]);
    }}).observe(root, {{ subtree: true, attributeFilter: ['data-frame', 'class'] }});
}}
"""


@pytest.fixture(scope="module")
def saving(lab):
    lab.configure(MANAGER, {"saveState": True})
    yield
    lab.configure(MANAGER, {"saveState": False})


def saved_state(notebook, lab, name):
    notebook.page.evaluate("jupyterapp.commands.execute('docmanager:save')")
    notebook.page.wait_for_timeout(500)
    text = (lab.root / name).read_text()
    return len(text), json.loads(text)["metadata"]["widgets"][STATE]["state"]


def test_a_player_that_is_run_five_times(saving, lab, browser, screenshots):
    name = "five.ipynb"
    notebook = NotebookPage(browser.new_page(), lab)
    notebook.open(name, SETUP, PLAYER, CURVES, LAYERS, AGAIN)
    page = notebook.page
    for cell in range(5):
        notebook.run_cell(cell)
    page.wait_for_function("document.querySelectorAll('.sv-regions[data-frame]').length == 4")
    size, state = saved_state(notebook, lab, name)
    for _ in range(5):
        notebook.run_cell(1)
    page.wait_for_function("document.querySelectorAll('.sv-regions[data-frame]').length == 4")
    later, after = saved_state(notebook, lab, name)
    assert len(after) == len(state)
    assert later < 1.05 * size
    # Views in other cells, and the player shown once more in one, go with it.
    page.locator(".sv-plot").first.focus()
    page.keyboard.press("End")
    page.wait_for_function(
        "document.querySelectorAll('.sv-regions[data-frame=\"19\"]').length == 4"
    )
    page.locator(".sv-cursor[data-index='19']").first.wait_for(state="attached")
    page.screenshot(path=screenshots / "run-again.png", full_page=True)
    assert "Loading widget" not in page.locator("body").inner_text()
    assert notebook.problems == []
    notebook.close()


def test_playing_right_after_the_cell_was_run(new_notebook, screenshots):
    notebook = new_notebook("early.ipynb", SETUP, SLOW)
    page = notebook.page
    notebook.run_cell(0)
    notebook.run_cell(1, wait=False)
    player = Player(page)
    player.wait_for_frame(0)
    page.get_by_label("play", exact=True).click()
    page.wait_for_selector(".sv-regions[data-frame]:not([data-frame='0'])")
    page.evaluate(WATCH)
    page.wait_for_timeout(800)
    page.screenshot(path=screenshots / "playing-early.png")
    assert page.locator(".sv-time-here").count() > 1
    page.wait_for_function("new Set(window.seen.map(([frame]) => frame)).size > 15", timeout=60_000)
    seen = page.evaluate("window.seen")
    assert all(frame.isdigit() for frame, _ in seen)
    assert len({ticks for _, ticks in seen}) == 1
    page.get_by_label("pause", exact=True).click()
    player.wait_until_ready()
    assert page.locator(".sv-time-here").count() == 1
    assert notebook.problems == []


def test_the_steps_that_play_are_seen_and_cleared(new_notebook, screenshots):
    notebook = new_notebook("range.ipynb", SETUP, PLAYER, "player.play_range = (4, 9)")
    page = notebook.page
    for cell in range(3):
        notebook.run_cell(cell)
    page.wait_for_selector(f"{CURSOR}[transform]", state="attached")
    clear = page.locator(".sv-range")
    clear.get_by_text("steps 200 to 450 play").wait_for()
    band = page.locator(".sv-time-range").bounding_box()
    first = page.locator(".sv-time-handle[data-end=first]").bounding_box()
    assert band["x"] <= first["x"] + first["width"] <= band["x"] + band["width"]
    page.screenshot(path=screenshots / "play-range.png")
    clear.click()
    clear.wait_for(state="hidden")
    assert page.locator(".sv-time-range").count() == 0
    assert notebook.problems == []


def test_keys_in_a_widget_are_not_the_notebooks(new_notebook):
    notebook = new_notebook("keys.ipynb", SETUP, PLAYER, CURVES, "saved = 1")
    page = notebook.page
    for cell in range(3):
        notebook.run_cell(cell)
    page.wait_for_selector(f"{CURSOR}[transform]", state="attached")
    count = page.evaluate(CELLS)
    focusable = [
        page.locator(".sv-plot").first,
        page.locator(".sv-time").first,
        page.get_by_label("play", exact=True),
        page.get_by_label("Color", exact=True),
        page.get_by_label("loop", exact=True),
        page.locator(".sv-keys summary").first,
        page.get_by_role("button", name="go to step"),
    ]
    for place in focusable:
        place.focus()
        for key in "ddxabzy":
            page.keyboard.press(key)
        assert page.evaluate(CELLS) == count
    plot = page.locator(".sv-plot").first
    plot.focus()
    page.keyboard.press("Tab")
    assert not plot.evaluate("plot => plot === document.activeElement")
    plot.focus()
    # Escape lets go of what is pinned; the second in a row leads out.
    page.keyboard.press("Escape")
    assert plot.evaluate("plot => plot === document.activeElement")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.closest('.sv-regions') === null")
    # Outside, the notebook has its keys again.
    page.keyboard.press("b")
    page.wait_for_function(f"{CELLS} === {count + 1}")
    assert notebook.problems == []
