"""Choosing samples in JupyterLab, with the mouse and with the keyboard."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

MAKE = """
import splineviz as sv
from splineviz.training.data import digits

data = digits(200)
picker = sv.SlicePicker(data.train_inputs, data.train_labels)
picker
"""
TELL = "print(picker.chosen, picker.plane and picker.plane.input_shape)"
POINTS = """
import splineviz as sv
from splineviz.training.data import two_moons

data = two_moons(40)
sv.SlicePicker(data.train_inputs, data.train_labels, class_names=("<b>upper</b>", "lower"))
"""


def sample(page, number, gallery=0):
    return page.locator(".sv-gallery").nth(gallery).locator(f"[data-sample='{number}']")


def test_three_pictures_make_a_plane(new_notebook, screenshots):
    notebook = new_notebook("picker.ipynb", MAKE, TELL, TELL, TELL)
    page = notebook.page
    notebook.run_cell(0)
    sample(page, 0).wait_for()
    assert page.locator(".sv-gallery").first.locator("img").count() == 24
    page.screenshot(path=screenshots / "picker-empty.png")
    page.wait_for_function(
        "[...document.querySelectorAll('.sv-sample img')].every(i => i.naturalWidth === 8)"
    )
    for number in (0, 20):
        sample(page, number).click()
    page.get_by_text("Slice through A and B").wait_for()
    # The third by keyboard alone.
    sample(page, 20).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    page.get_by_text("Slice through A, B and C").wait_for()
    assert sample(page, 40).get_attribute("aria-pressed") == "true"
    assert sample(page, 40).get_attribute("aria-label").startswith("sample 40, class 2")
    assert page.evaluate("document.activeElement.dataset.sample") == "40"
    page.locator(".bqplot path.area[d^='M']").wait_for(state="attached")
    page.wait_for_timeout(500)
    page.screenshot(path=screenshots / "picker-three.png")
    notebook.run_cell(1)
    assert notebook.output(1) == "[0, 20, 40] (64,)"

    # A nearest one takes the place of C; a click on a chosen one puts it back.
    near = page.locator(".sv-gallery").nth(2).locator(".sv-sample").first
    number = int(near.get_attribute("data-sample"))
    near.click()
    page.wait_for_selector(f".sv-gallery >> nth=1 >> [data-sample='{number}']")
    notebook.run_cell(2)
    assert notebook.output(2) == f"[0, 20, {number}] (64,)"
    for chosen in (number, 20, 0):
        sample(page, chosen, gallery=1).click()
        page.wait_for_function(
            "([k]) => ![...document.querySelectorAll('.sv-gallery')][1]"
            ".querySelector(`[data-sample='${k}']`)",
            arg=[chosen],
        )
    page.get_by_text("Nothing is chosen yet").wait_for()
    notebook.run_cell(3)
    assert notebook.output(3) == "[] None"
    assert not notebook.problems


def test_pages_and_a_choice_without_a_plane(new_notebook, screenshots):
    twice = "picker.chosen = [30, 30]"
    notebook = new_notebook("pages.ipynb", MAKE, twice)
    page = notebook.page
    notebook.run_cell(0)
    sample(page, 0).wait_for()
    page.locator("[title='next page of samples']").click()
    sample(page, 3).wait_for()
    notebook.run_cell(1)
    page.get_by_text("No plane: the same sample was chosen twice").wait_for()
    page.screenshot(path=screenshots / "picker-trouble.png")
    notebook.run_cell(0)
    sample(page, 0).wait_for()
    assert not notebook.problems


def test_points_without_pictures_in_the_dark(new_notebook, screenshots):
    notebook = new_notebook("points.ipynb", POINTS, MAKE)
    page = notebook.page
    page.evaluate(
        "window.jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Dark' })"
    )
    notebook.run_cell(0)
    sample(page, 3).click()
    page.get_by_text("Every sample lies in this plane.").wait_for()
    assert page.locator(".sv-gallery b").count() == 0
    page.screenshot(path=screenshots / "picker-points-dark.png")
    notebook.run_cell(1)
    page.wait_for_timeout(800)
    gallery = page.locator(".splineviz-picker").nth(1)
    gallery.locator("[data-sample='1']").first.click()
    gallery.locator("[data-sample='2']").first.click()
    gallery.get_by_text("Slice through A and B").wait_for()
    gallery.evaluate("picker => picker.scrollIntoView()")
    page.wait_for_timeout(800)
    page.screenshot(path=screenshots / "picker-dark.png")
    page.evaluate(
        "window.jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Light' })"
    )
    page.wait_for_timeout(800)
    assert not notebook.problems
