"""The boundaries of each layer alone, beside the player they go together with."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

MAKE = """
from standin import StandInRun
import splineviz as sv
from IPython.display import display

run = StandInRun(widths=(2, 24, 24, 24, 2))
player = sv.RegionPlayer(run, sv.InputSlice.identity(), metrics=[])
panels = sv.LayerPanels(player)
display(panels, player)
"""
WAIT = "print(player.wait(60))"
SHOW = "player.show(sv.InputSlice.identity(bounds=(0, 0, 2, 1)), background=False)"
TOLD = "print(player.step)"
SLEEP = """
import time
print("asleep", flush=True)
time.sleep(60)
"""
# The ticks of the color bars, which the small pictures have but do not show.
STEPS = "[...document.querySelectorAll('.sv-regions')].map(root => root.dataset.step)"
LIMITS = "[...document.querySelectorAll('.sv-bar-ticks')].map(ticks => ticks.innerHTML)"


ZOOMED = "document.querySelectorAll('.sv-everything:not([hidden])').length"


def cards_stay_in_place(page, picture, layer):
    """The card below a small picture is about what is drawn, and moves nothing when filled."""
    plot, card = picture.locator(".sv-plot"), picture.locator(".sv-card")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    for x, y in ((0.03, 0.03), (0.5, 0.5), (0.97, 0.04), (0.05, 0.96), (0.97, 0.97), (0.3, 0.8)):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        card.get_by_text("nearest boundary").wait_for()
        text = card.inner_text()
        assert layer in text
        assert " of 24, " not in text
        assert plot.bounding_box() == box
        assert card.evaluate("card => card.scrollWidth <= card.clientWidth")


def wait_for_all(page, step):
    page.wait_for_function(
        f"document.querySelectorAll('.sv-regions[data-step=\"{step}\"]').length == 4"
    )


def test_each_layer_alone(new_notebook, screenshots):
    notebook = new_notebook("layers.ipynb", MAKE, WAIT, TOLD, SLEEP, SHOW)
    notebook.run_cell(0)
    notebook.run_cell(1)
    assert notebook.output(1) == "True"
    page = notebook.page
    wait_for_all(page, 0)
    assert page.get_by_text("layer 0 ('relu0'): 24 neurons").count() == 1
    plain = page.locator(".sv-plain")
    assert plain.count() == 3
    slider = page.locator(".sv-time")
    slider.focus()
    page.keyboard.press("End")
    wait_for_all(page, 1000)
    page.wait_for_timeout(300)
    page.screenshot(path=screenshots / "layers.png")
    # The colors mean the same as in the player.
    limits = page.evaluate(LIMITS)
    assert len(limits) == 4
    assert len(set(limits)) == 1
    # Each draws other lines.
    pictures = [
        plain.nth(k).locator(".sv-fill").evaluate("canvas => canvas.toDataURL()") for k in range(3)
    ]
    assert len(set(pictures)) == 3
    cards_stay_in_place(page, plain.nth(2), "layer 2 ")
    # The way back from a zoom is on each picture; that of the player is in its toolbar.
    plot = plain.nth(1).locator(".sv-plot")
    plot.click(position={"x": 90, "y": 60})
    for undo in (
        plain.nth(1).get_by_role("button", name="show everything").click,
        plot.dblclick,
        lambda: page.keyboard.press("0"),
    ):
        box = plot.bounding_box()
        page.mouse.move(box["x"] + 90, box["y"] + 60)
        page.mouse.wheel(0, -200)
        page.wait_for_function(f"{ZOOMED} === 3")
        assert plot.bounding_box() == box
        undo()
        page.wait_for_function(f"{ZOOMED} === 0")
    page.keyboard.press("Escape")
    page.mouse.move(0, 0)
    notebook.run_cell(3, wait=False)
    page.get_by_text("asleep", exact=True).wait_for()
    plain.nth(1).locator(".sv-plot").focus()
    page.keyboard.press("ArrowLeft")
    wait_for_all(page, 100)
    assert notebook.is_running(3)
    notebook.interrupt(3)
    notebook.run_cell(2)
    assert notebook.output(2) == "100"
    # The space bar on a small picture plays the player, which moves all.
    plain.nth(1).locator(".sv-plot").focus()
    page.keyboard.press(" ")
    page.locator(".sv-play[aria-label='pause']").wait_for()
    wait_for_all(page, 1000)
    wait_for_all(page, 1)
    page.keyboard.press(" ")
    page.locator(".sv-play[aria-label='play']").wait_for()
    page.wait_for_timeout(300)
    steps = page.evaluate(STEPS)
    page.wait_for_timeout(500)
    assert page.evaluate(STEPS) == steps
    assert len(set(steps)) == 1
    slider.focus()
    page.keyboard.press("Home")
    for key in ("ArrowRight",) * 3:
        page.keyboard.press(key)
    wait_for_all(page, 100)
    page.get_by_label("Color", exact=True).select_option(label="area")
    page.wait_for_function(
        "document.querySelectorAll('.sv-plot[aria-label$=\"colored by area\"]').length == 4"
    )
    notebook.run_cell(4)
    wait_for_all(page, 100)
    page.wait_for_function(
        "[...document.querySelectorAll('.sv-axes')].every(axes => axes.textContent.includes('2'))"
    )
    page.screenshot(path=screenshots / "layers-elsewhere.png")
    assert len(set(page.evaluate(LIMITS))) == 1
    assert notebook.problems == []
