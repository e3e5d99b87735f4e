"""Slices, partitions, certificates and runs as cells show them, on a light page and a dark one."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

FIRST = """
import numpy as np
import splineviz as sv

rng = np.random.default_rng(0)
weights = rng.normal(size=(12, 2)), rng.normal(size=(2, 12))
net = sv.dense_network(weights, [rng.normal(size=12), np.zeros(2)])
partition = sv.enumerate_regions(net, sv.InputSlice.identity())
partition
"""
OTHERS = [
    "partition.verify(net)",
    "sv.InputSlice.through(*rng.random((3, 64)))",
    "sv.Run.bundled()",
]
THEME = "jupyterapp.commands.execute('apputils:change-theme', {{ theme: 'JupyterLab {}' }})"
SHOWN = ".jp-RenderedHTML > div"
COLOR = "element => getComputedStyle(element).color"


def test_they_are_read_in_both_themes(new_notebook, screenshots):
    notebook = new_notebook("objects.ipynb", FIRST, *OTHERS)
    shown = []
    for number in range(4):
        notebook.run_cell(number)
        shown.append(notebook.page.locator(".jp-CodeCell").nth(number).locator(SHOWN))
    assert [one.locator("img").count() for one in shown] == [1, 0, 3, 2]
    colors = []
    for name in ("Light", "Dark"):
        notebook.page.evaluate(THEME.format(name))
        notebook.page.wait_for_timeout(800)
        colors.append([one.evaluate(COLOR) for one in shown])
        for number, one in enumerate(shown):
            one.scroll_into_view_if_needed()
            notebook.page.screenshot(path=screenshots / f"object-{number}-{name}.png")
    light, dark = colors
    assert len(set(light)) == len(set(dark)) == 1
    assert light != dark
    notebook.page.evaluate(THEME.format("Light"))
