"""How many exact frames a second the playground shows while it trains.

    python -m pytest tests/benchmarks/test_playground_speed.py -q -s

trains networks with three hidden layers on the checkerboard and prints updates and frames a second:
in the kernel alone, where every frame is answered at once, and in real JupyterLab in headless
Chromium, where a frame counts once it is painted. On busy cores all of it is slower by their load:
run it on an idle machine.
"""

from __future__ import annotations

import time

import pytest

from tests.browser.conftest import browser, chromium_path, lab, new_notebook  # noqa: F401

WIDTHS = (16, 32, 64)
WARM_UP, SECONDS = 3.0, 6.0
MAKE = """
import splineviz as sv

playground = sv.Playground("checkerboard", width=WIDTH)
playground
"""
START = "playground.start()"
COUNT = """
async seconds => {
    const root = document.querySelector('.sv-regions');
    const first = Number(root.dataset.step);
    const began = performance.now();
    let frames = 0;
    const observer = new MutationObserver(records => {
        frames += records.some(record => record.oldValue !== root.dataset.step);
    });
    observer.observe(root, { attributeFilter: ['data-step'], attributeOldValue: true });
    await new Promise(resolve => setTimeout(resolve, 1000 * seconds));
    observer.disconnect();
    const passed = (performance.now() - began) / 1000;
    const { step, regions } = root.dataset;
    return { frames: frames / passed, steps: (step - first) / passed, regions: Number(regions) };
}
"""


def report(where, width, found):
    print(
        f"\n{where}, 2-{width}-{width}-{width}-2: {found['frames']:.1f} frames/s, "
        f"{found['steps']:,.0f} updates/s, {found['regions']:,} regions"
    )


@pytest.mark.parametrize("width", WIDTHS)
def test_in_the_kernel(width):
    from splineviz.widgets.playground.playground import Playground

    playground = Playground("checkerboard", width=width)
    status = playground.status
    status.send = lambda content: status._hear(status, {"painted": content["frame"]}, [])
    try:
        playground.start()
        time.sleep(WARM_UP)
        began, sent, steps = time.perf_counter(), status._count, playground.training.steps
        time.sleep(SECONDS)
        passed = time.perf_counter() - began
        found = {
            "frames": (status._count - sent) / passed,
            "steps": (playground.training.steps - steps) / passed,
            "regions": len(playground.canvas.frame(0)),
        }
    finally:
        playground.close()
    report("kernel alone", width, found)


@pytest.mark.browser
@pytest.mark.parametrize("width", WIDTHS)
def test_in_the_browser(width, new_notebook):  # noqa: F811
    notebook = new_notebook(f"speed-{width}.ipynb", MAKE.replace("WIDTH", str(width)), START)
    page = notebook.page
    notebook.run_cell(0)
    page.wait_for_selector(".sv-regions[data-frame='0']")
    notebook.run_cell(1)
    page.wait_for_timeout(1000 * WARM_UP)
    report("JupyterLab", width, page.evaluate(COUNT, SECONDS))
    page.locator(".splineviz-playground button", has_text="Stop").click()
