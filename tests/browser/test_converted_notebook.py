"""A notebook as a page, made by nbconvert: what it shows without a kernel, with and without CDN."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

import splineviz
from tests.browser.converted import convert
from tests.browser.test_region_player import WATCH
from tests.browser.viewer import asked, satisfies

# The line at the step in the curves.
LINE = "path.line[style*='rgb(128, 128, 128)'], path.line[stroke='#808080']"

pytestmark = pytest.mark.browser

MAKE = """
import splineviz as sv

run = sv.Run.bundled("checkerboard")
player = sv.RegionPlayer(run, sv.InputSlice.identity())
player.wait()
player
"""
CURVES = "sv.CurvesView(run, player=player)"
GUIDE = Path(__file__).parents[2] / "docs" / "outside_a_notebook.md"
NO_NETWORK = [
    "--HTMLExporter.require_js_url=require.js",
    "--HTMLExporter.widget_renderer_url=embed-amd.js",
    "--HTMLExporter.mathjax_url=",
]
LAST = 55


@pytest.fixture(scope="module")
def executed(chromium_path, tmp_path_factory):
    """A notebook with the bundled run that nbconvert has executed; no browser has seen it."""
    path = tmp_path_factory.mktemp("converted") / "bundled.ipynb"
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in (MAKE, CURVES)],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    nbformat.write(notebook, path)
    command = [sys.executable, "-m", "nbconvert", "--to", "notebook", "--execute", "--inplace"]
    environment = os.environ | {"PYTHONPATH": str(Path(splineviz.__file__).parents[1])}
    subprocess.run([*command, str(path)], env=environment, check=True, capture_output=True)
    return path


@pytest.fixture(scope="module")
def page(executed, tmp_path_factory):
    return convert(executed, tmp_path_factory.mktemp("page"))


def test_the_page_shows_the_bundled_run(page, viewer, opened_page, screenshots):
    converted = opened_page(page, viewer.answer)
    player = converted.player
    player.wait_until_ready()
    line = converted.page.locator(LINE)
    line.wait_for(state="attached")
    assert (player.data("frame"), player.read_out()) == ("0", "step 0 (1 of 56)")
    before = player.picture(), player.marker(), line.get_attribute("d")
    converted.page.screenshot(path=screenshots / "converted-first.png")
    player.plot.focus()
    player.press("End", LAST)
    assert player.read_out() == "step 30,000 (56 of 56)"
    assert player.picture() != before[0]
    player.wait_for_marker(before[1], moved=True)
    assert line.get_attribute("d") != before[2]
    converted.page.screenshot(path=screenshots / "converted-last.png", full_page=True)
    # A click at the start of the curves in the other cell takes the player there.
    curves = converted.page.locator(".splineviz-linked-charts .bqplot .plotarea_events")
    curves.click(position={"x": 2, "y": 50})
    player.wait_for_frame(0)
    assert player.picture() == before[0]
    player.wait_for_marker(before[1])
    # The worker that fills frames ahead is there too.
    converted.page.evaluate(WATCH)
    converted.page.get_by_label("loop", exact=True).uncheck()
    player.choose("Speed", "4×")
    converted.page.get_by_label("play", exact=True).click()
    player.wait_for_frame(LAST)
    assert len(set(converted.page.evaluate("seen"))) > 40
    assert len(converted.page.workers) == 1


def test_the_page_asks_for_what_is_installed(page, viewer, opened_page):
    """The front ends of the Python packages are what the page wants from a CDN."""
    converted = opened_page(page, viewer.answer)
    converted.player.wait_until_ready()
    wanted = dict(asked(url) for url in converted.requests if url.startswith("http"))
    assert set(wanted) == {*viewer.files, "mathjax"}
    assert all(satisfies(viewer.versions[name], wanted[name]) for name in viewer.files)


@pytest.mark.parametrize(
    ("version", "wanted", "fits"),
    [
        ("1.0.15", "*", True),
        ("0.11.4", "~0.11.*", True),
        ("0.12.0", "~0.11.*", False),
        ("0.6.1", "^0.6.1", True),
        ("0.6.0", "^0.6.1", False),
        ("0.7.0", "^0.6.1", False),
        ("2.3.8", "^2.1.10", True),
        ("3.0.0", "^2.1.10", False),
    ],
)
def test_ranges_of_versions(version, wanted, fits):
    assert satisfies(version, wanted) is fits


def test_a_page_with_its_viewer_beside_it_needs_no_network(executed, viewer, opened_page, tmp_path):
    assert all(option in GUIDE.read_text(encoding="utf-8") for option in NO_NETWORK)
    viewer.copy_to(tmp_path)
    converted = opened_page(convert(executed, tmp_path, *NO_NETWORK), lambda route: route.abort())
    converted.scrub()
    assert all(url.startswith(("file:", "blob:")) for url in converted.requests)


def test_without_a_viewer_for_curves_the_regions_are_there(page, viewer, opened_page):
    """A CDN does not have every version of bqplot; that takes the curves, not the player."""

    def answer(route):
        if asked(route.request.url)[0].startswith("bq"):
            route.abort()
        else:
            viewer.answer(route)

    converted = opened_page(page, answer)
    player = converted.player
    player.wait_for_frame(0)
    player.plot.focus()
    player.press("End", LAST)
    assert player.colors() > 10
    converted.page.wait_for_timeout(1000)
    assert all("bq" in problem for problem in converted.problems)
    assert converted.problems
    converted.problems.clear()
