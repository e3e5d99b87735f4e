"""What a scrub step of the bundled run costs, in real JupyterLab in headless Chromium.

    python -m pytest tests/benchmarks/test_scrub_speed.py -q -s

prints, over every step of the checkerboard run forwards and back: the regions of a frame, the
main-thread work to draw one (fill of the id buffer included where it was not filled ahead), and
the time from a key press to the painted frame.
"""

from __future__ import annotations

import statistics

import pytest

from tests.browser.conftest import browser, chromium_path, lab, new_notebook  # noqa: F401

MAKE = """
import splineviz as sv

player = sv.RegionPlayer(
    sv.Run.bundled("checkerboard"), sv.InputSlice.identity((-1.5, -1.5, 1.5, 1.5))
)
player
"""
TIME_TO_PAINT = """
() => new Promise(resolve => {
    const root = document.querySelector('.sv-regions');
    window.addEventListener('keydown', () => {
        const pressed = performance.now();
        new MutationObserver((_, observer) => {
            observer.disconnect();
            requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - pressed)));
        }).observe(root, { attributeFilter: ['data-frame'] });
    }, { once: true, capture: true });
})
"""


def spread(values, unit):
    ordered = sorted(values)
    tenth = ordered[int(0.9 * (len(ordered) - 1))]
    return (
        f"median {statistics.median(ordered):,.1f}, nine in ten under {tenth:,.1f}, "
        f"largest {ordered[-1]:,.1f}{unit}"
    )


@pytest.mark.browser
def test_scrub(new_notebook):  # noqa: F811
    notebook = new_notebook("scrub.ipynb", MAKE, "player.wait(120)")
    page = notebook.page
    notebook.run_cell(0)
    notebook.run_cell(1)
    page.wait_for_selector(".sv-regions[data-frame='0']")
    page.wait_for_timeout(3000)
    root = page.locator(".sv-regions")
    last = 55
    page.locator(".sv-plot").focus()
    regions, draws, waits = [], [], []
    for key, frames in (("ArrowRight", range(1, last + 1)), ("ArrowLeft", range(last)[::-1])):
        for frame in frames:
            page.evaluate(f"() => {{ window.painted = ({TIME_TO_PAINT})(); }}")
            page.keyboard.press(key)
            page.wait_for_selector(f".sv-regions[data-frame='{frame}']")
            waits.append(page.evaluate("window.painted"))
            draws.append(float(root.get_attribute("data-draw-ms")))
            regions.append(int(root.get_attribute("data-regions")))
    print(f"\nregions of a frame: {min(regions):,} to {max(regions):,}")
    print(f"main-thread work to draw a step: {spread(draws, ' ms')}")
    print(f"key press to painted frame: {spread(waits, ' ms')}")
