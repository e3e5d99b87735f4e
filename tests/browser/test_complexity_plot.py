"""Local complexity over a training in JupyterLab, linked to something that has a step."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

MAKE = """
import numpy as np
import ipywidgets
import traitlets
import splineviz as sv

run = sv.Run.bundled("checkerboard")
random = np.random.default_rng(7).uniform(-1.5, 1.5, (99, 2))
probes = {"training": run.samples[0], "random": random}
curves = run.local_complexity(probes, radius=[0.1, 0.2], directions=2, cache=False)
slider = ipywidgets.SelectionSlider(options=run.steps.tolist(), value=30000)
plot = sv.ComplexityPlot(curves)
traitlets.link((slider, "value"), (plot, "step"))
plot
"""
MOVE = "slider.value = 96"
BANDS = ".bqplot path.line[d^='M'][style*='fill-opacity: 0.2']"
LINES = ".bqplot path.line[d^='M']"


def test_curves_with_bands_by_probe_and_by_layer(new_notebook, screenshots):
    notebook = new_notebook("complexity.ipynb", MAKE, MOVE)
    notebook.run_cell(0)
    page = notebook.page
    page.locator(".bqplot").wait_for()
    page.wait_for_function(f"""document.querySelectorAll("{BANDS}").length >= 2""")
    box = page.locator(".bqplot").bounding_box()
    bands = [band.bounding_box() for band in page.locator(BANDS).all()]
    assert len(bands) == 2
    assert all(band["height"] > 5 and band["width"] > box["width"] / 2 for band in bands)
    page.screenshot(path=screenshots / "complexity-by-probe.png")
    page.get_by_role("button", name="by layer").click()
    page.wait_for_function(f"""document.querySelectorAll("{LINES}").length >= 4""")
    page.get_by_text("training, layer by layer; radius 0.1, 2 directions").wait_for()
    notebook.run_cell(1)
    page.wait_for_timeout(500)
    page.screenshot(path=screenshots / "complexity-by-layer.png")
    assert not notebook.problems


def theme(page, name):
    page.evaluate(
        "theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme })",
        f"JupyterLab {name}",
    )
    page.wait_for_timeout(800)


def color_of(page, selector, name):
    return page.locator(selector).first.evaluate("(e, name) => getComputedStyle(e)[name]", name)


def test_alone_it_looks_right_in_the_dark(new_notebook, screenshots):
    notebook = new_notebook("complexity-dark.ipynb", MAKE)
    notebook.run_cell(0)
    page = notebook.page
    page.locator(".bqplot .axislabel").first.wait_for()
    for name in ("Dark", "Light"):
        theme(page, name)
        page.screenshot(path=screenshots / f"complexity-alone-{name.lower()}.png")
        for text in (".axislabel", ".tick text"):
            of_texts = color_of(page, f".bqplot {text}", "fill")
            assert of_texts == color_of(page, ".splineviz-step-chart", "color")
    # Where an axis ends, nothing of it goes through the label there.
    clips = page.locator(".bqplot .domain").evaluate_all(
        "all => all.map(each => getComputedStyle(each).clipPath)"
    )
    assert len(clips) == 2
    assert all(clip.startswith("inset(") for clip in clips)
    assert not notebook.problems
