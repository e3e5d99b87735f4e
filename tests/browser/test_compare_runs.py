"""Two runs side by side, as a user meets them."""

from __future__ import annotations

from itertools import pairwise

import pytest

pytestmark = pytest.mark.browser

MAKE = """
from standin import StandInRun
import splineviz as sv

shape = dict(widths=(2, 24, 24, 2))
a = StandInRun(steps=(0, 1, 10, 100, 1000), **shape)
b = StandInRun(steps=(0, 3, 10, 30, 1000), seed=4, **shape)
b.metrics["test_accuracy"] -= 0.1
view = sv.CompareRuns(a, b, sv.InputSlice.identity(), names=("batch norm", "<i>none</i>"))
view
"""
WAIT = "print(view.wait(60))"
TOLD = "print(view.index, view.step, [player.step for player in view.players])"
SLEEP = """
import time
print("asleep", flush=True)
time.sleep(60)
"""
# The steps of both pictures, whenever the slider has moved.
SEEN = """
() => {
    window.seen = [];
    const pictures = [...document.querySelectorAll('.sv-regions')];
    new MutationObserver(() => setTimeout(() => {
        window.seen.push(pictures.map(picture => picture.dataset.step));
    }, 100)).observe(document.querySelector('.sv-cursor'), { attributeFilter: ['data-index'] });
}
"""


class Comparison:
    def __init__(self, page):
        self.page = page
        self.pictures = page.locator(".sv-regions")
        self.slider = page.get_by_label("Training step")

    def wait_for(self, *steps):
        for number, step in enumerate(steps):
            self.page.wait_for_function(
                f"document.querySelectorAll('.sv-regions')[{number}].dataset.step === '{step}'"
            )

    def ends(self):
        """The ticks of the color bars."""
        bars = self.page.locator(".sv-bar-ticks")
        return [bars.nth(number).inner_text() for number in range(bars.count())]


@pytest.fixture(scope="module")
def opened(new_notebook):
    notebook = new_notebook("compare.ipynb", MAKE, WAIT, TOLD, SLEEP)
    notebook.run_cell(0)
    notebook.page.wait_for_function("document.querySelectorAll('.sv-regions').length == 2")
    notebook.run_cell(1)
    assert notebook.output(1) == "True"
    yield notebook
    assert notebook.problems == []


def test_one_slider_moves_both(opened, screenshots):
    view = Comparison(opened.page)
    view.wait_for(0, 0)
    view.slider.focus()
    opened.page.keyboard.press("ArrowRight")
    view.wait_for(1, 0)
    opened.page.keyboard.press("ArrowRight")
    view.wait_for(1, 3)
    opened.page.keyboard.press("End")
    view.wait_for(1000, 1000)
    opened.page.wait_for_timeout(300)
    opened.page.screenshot(path=screenshots / "compare.png")
    opened.run_cell(2)
    assert opened.output(2) == "6 1000 [1000, 1000]"


def test_the_scales_are_the_same(opened):
    first, second = Comparison(opened.page).ends()
    assert first == second != ""
    opened.page.get_by_label("Color", exact=True).select_option(label="area")
    opened.page.wait_for_function(
        "document.querySelectorAll('.sv-plot[aria-label$=\"colored by area\"]').length == 2"
    )
    first, second = Comparison(opened.page).ends()
    assert first == second != ""


def test_the_keys_on_one_picture_move_the_other(opened):
    view = Comparison(opened.page)
    view.pictures.nth(1).locator(".sv-plot").focus()
    opened.page.keyboard.press("Home")
    view.wait_for(0, 0)
    opened.page.keyboard.press("ArrowRight")
    opened.page.keyboard.press("ArrowRight")
    opened.page.keyboard.press("ArrowRight")
    view.wait_for(10, 30)


def test_a_zoom_is_that_of_both_and_has_a_way_back(opened):
    view = Comparison(opened.page)
    page = opened.page
    plot = view.pictures.nth(1).locator(".sv-plot")
    whole = view.pictures.nth(0).get_attribute("data-viewport")
    plot.focus()
    box = plot.bounding_box()
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.3 * box["height"])
    for _ in range(3):
        page.mouse.wheel(0, -100)
    back = view.pictures.nth(0).get_by_role("button", name="show everything")
    back.wait_for()
    assert plot.bounding_box() == box
    assert view.pictures.nth(0).get_attribute("data-viewport") != whole
    back.click()
    for number in (0, 1):
        page.wait_for_function(
            "([number, whole]) =>"
            " document.querySelectorAll('.sv-regions')[number].dataset.viewport === whole",
            arg=[number, whole],
        )
    assert back.is_hidden()
    page.mouse.move(0, 0)
    plot.focus()


def test_a_zoom_in_one_picture_is_taken_back_at_once_in_the_other(opened):
    """Before the wheel is at rest: what it has not told the kernel yet must not come back."""
    view = Comparison(opened.page)
    page = opened.page
    plot = view.pictures.nth(1).locator(".sv-plot")
    whole = view.pictures.nth(1).get_attribute("data-viewport")
    back = view.pictures.nth(0).get_by_role("button", name="show everything")
    for _ in range(4):
        plot.focus()
        box = plot.bounding_box()
        page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.3 * box["height"])
        for _ in range(3):
            page.mouse.wheel(0, -100)
        back.click()
        page.wait_for_timeout(500)
        assert view.pictures.nth(1).get_attribute("data-viewport") == whole
    page.mouse.move(0, 0)


def test_the_space_bar_on_a_picture_plays_both(opened):
    view = Comparison(opened.page)
    page = opened.page
    page.keyboard.press("Home")
    view.wait_for(0, 0)
    page.evaluate(SEEN)
    page.keyboard.press(" ")
    page.wait_for_function("window.seen.length > 12")
    page.keyboard.press(" ")
    page.wait_for_timeout(500)
    seen = page.evaluate("window.seen")
    page.wait_for_timeout(500)
    assert page.evaluate("window.seen") == seen
    # One after another, as the slider goes over the steps of both.
    order = [(0, 0), (1, 0), (1, 3), (10, 10), (10, 30), (100, 30), (1000, 1000)]
    places = [order.index(tuple(map(int, pair))) for pair in seen]
    assert all((after - before) % 7 == 1 for before, after in pairwise(places))


def test_it_works_while_the_kernel_is_busy_and_plays(opened, screenshots):
    view = Comparison(opened.page)
    page = opened.page
    opened.run_cell(3, wait=False)
    page.get_by_text("asleep", exact=True).wait_for()
    view.slider.scroll_into_view_if_needed()
    view.slider.focus()
    page.keyboard.press("End")
    view.wait_for(1000, 1000)
    figure = page.locator(".splineviz-linked-charts .bqplot")
    figure.scroll_into_view_if_needed()
    plot = figure.locator(".plotarea_background").bounding_box()
    page.mouse.click(plot["x"] + 0.3941 * plot["width"], plot["y"] + plot["height"] / 2)
    view.wait_for(10, 10)
    page.screenshot(path=screenshots / "compare-curves.png")
    view.slider.scroll_into_view_if_needed()
    page.locator(".widget-play button").first.click()
    view.wait_for(1000, 1000)
    view.wait_for(1, 0)
    page.locator(".widget-play button").first.click()
    assert opened.is_running(3)
    opened.interrupt(3)
