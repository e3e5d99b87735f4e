"""A notebook that was saved with its widgets: what is in it, and what it shows without running."""

from __future__ import annotations

import base64
import json

import nbformat
import pytest

from splineviz.display.frames import Frame
from tests.browser.converted import convert
from tests.browser.lab import NotebookPage
from tests.browser.test_region_player import Player

pytestmark = pytest.mark.browser

NAME = "saved.ipynb"
MAKE = """
from standin import StandInRun
from splineviz.partition.slices.input_slice import InputSlice
from splineviz.widgets.player.region_player import RegionPlayer

run = StandInRun(class_names=("</script><b>in</b>", "out"))
player = RegionPlayer(run, InputSlice.identity(), background=False)
player
"""
MANAGER = "@jupyter-widgets/jupyterlab-manager/plugin"
STATE = "application/vnd.jupyter.widget-state+json"
NO_KERNEL = "jupyterapp.shell.currentWidget.sessionContext.shutdown()"


@pytest.fixture(scope="module")
def saved(lab, browser):
    """A notebook that was run, saved with its widgets, and closed."""
    lab.configure(MANAGER, {"saveState": True})
    notebook = NotebookPage(browser.new_page(), lab).open(NAME, MAKE)
    notebook.run_cell(0)
    Player(notebook.page).wait_until_ready()
    notebook.page.evaluate("jupyterapp.commands.execute('docmanager:save')")
    notebook.close()
    yield lab.root / NAME
    lab.configure(MANAGER, {"saveState": False})


@pytest.fixture
def reopened(saved, lab, browser):
    """The notebook, opened again, with nothing run and no kernel at all."""
    notebook = NotebookPage(browser.new_page(), lab)
    notebook.page.goto(f"{lab.url}/lab/tree/{NAME}?reset")
    notebook.page.wait_for_function("window.jupyterapp?.shell.currentWidget?.sessionContext")
    notebook.page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.ready")
    yield notebook
    notebook.close()


def states_of(notebook):
    return notebook["metadata"]["widgets"][STATE]["state"].values()


def canvas_of(states):
    [canvas] = [one for one in states if "class_names" in one["state"]]
    return canvas


def test_the_frames_are_in_the_notebook(saved):
    canvas = canvas_of(states_of(json.loads(saved.read_text())))
    assert canvas["state"]["steps"] == [0, 1, 10, 100, 1000]
    buffers = {one["path"][0]: base64.b64decode(one["data"]) for one in canvas["buffers"]}
    frames = [Frame.unpack(buffers[f"frame_{index}"]) for index in range(5)]
    assert [frame.step for frame in frames] == [0, 1, 10, 100, 1000]


def test_the_player_scrubs_in_a_notebook_that_was_not_run(reopened, screenshots):
    player = Player(reopened.page)
    player.wait_until_ready()
    start, marker = player.picture(), player.marker()
    assert player.colors() > 10
    reopened.page.evaluate(NO_KERNEL)
    player.plot.focus()
    player.press("End", 4)
    assert player.picture() != start
    player.wait_for_marker(marker, moved=True)
    assert player.read_out() == "step 1,000 (5 of 5)"
    player.choose_color("activation pattern")
    reopened.page.screenshot(path=screenshots / "notebook-reopened.png")
    player.handle.focus()
    player.press("Home", 0)
    player.choose_color("output")
    assert player.picture() == start
    player.wait_for_marker(marker)
    assert reopened.problems == []


def test_a_notebook_becomes_a_page_with_its_frames(saved):
    from nbconvert import HTMLExporter

    page, _ = HTMLExporter().from_notebook_node(nbformat.read(saved, as_version=4))
    text = page.split(f'<script type="{STATE}">')[1].split("</script>")[0]
    canvas = canvas_of(json.loads(text)["state"].values())
    assert canvas["state"]["class_names"][0] == "</script><b>in</b>"
    assert {f"frame_{index}" for index in range(5)} <= {one["path"][0] for one in canvas["buffers"]}


def test_the_player_scrubs_in_that_page(saved, viewer, opened_page, tmp_path, screenshots):
    converted = opened_page(convert(saved, tmp_path), viewer.answer)
    converted.scrub()
    assert "</script><b>in</b>" in converted.page.locator(".sv-legend").inner_text()
    converted.page.screenshot(path=screenshots / "notebook-converted.png")
