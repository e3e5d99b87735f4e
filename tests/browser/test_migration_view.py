"""Region migration beside the player, measured while it is looked at."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

MAKE = """
import splineviz as sv
from IPython.display import display

run = sv.Run.bundled("checkerboard")
plane = sv.InputSlice.identity(bounds=(-1.5, -1.5, 1.5, 1.5))
player = sv.RegionPlayer(run, plane, metrics=[])
view = sv.MigrationView(run, plane, player=player)
display(player, view)
"""
WAIT = "print(view.wait(200) and player.wait(60))"
TOLD = "print(view.step, player.step)"
LINES = ".splineviz-linked-charts .bqplot path.line[d^='M']"
SLEEP = """
import time
print("asleep", flush=True)
time.sleep(60)
"""


def test_curves_come_as_they_are_measured_and_move_the_player(new_notebook, screenshots):
    notebook = new_notebook("migration.ipynb", MAKE, WAIT, TOLD, SLEEP)
    notebook.run_cell(0)
    page = notebook.page
    page.locator(".sv-cursor").wait_for()
    page.wait_for_selector(LINES, state="attached")
    page.screenshot(path=screenshots / "migration-first.png")
    notebook.run_cell(1)
    assert notebook.output(1) == "True"
    page.wait_for_function("!document.querySelector('.sv-told').textContent.includes('measured')")
    figures = page.locator(".splineviz-linked-charts .bqplot")
    assert figures.count() == 2
    figures.first.scroll_into_view_if_needed()
    plot = figures.first.locator(".plotarea_background").bounding_box()
    lines = [line.bounding_box() for line in figures.first.locator("path.line[d^='M']").all()]
    assert max(line["width"] for line in lines) > 0.95 * plot["width"]
    middle = plot["y"] + plot["height"] / 2
    page.mouse.click(plot["x"] + plot["width"] - 1, middle)
    page.wait_for_selector(".sv-regions[data-step='30000']")
    page.screenshot(path=screenshots / "migration.png")
    notebook.run_cell(2)
    assert notebook.output(2) == "30000 30000"
    notebook.run_cell(3, wait=False)
    page.get_by_text("asleep", exact=True).wait_for()
    figures.first.scroll_into_view_if_needed()
    plot = figures.first.locator(".plotarea_background").bounding_box()
    page.mouse.click(plot["x"] + 1, plot["y"] + plot["height"] / 2)
    page.wait_for_selector(".sv-regions[data-step='0']")
    assert notebook.is_running(3)
    notebook.interrupt(3)
    assert notebook.problems == []
