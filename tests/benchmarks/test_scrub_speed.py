"""What replaying costs, in real JupyterLab in headless Chromium.

    python -m pytest tests/benchmarks/test_scrub_speed.py -q -s

prints, for runs of 12 checkpoints with about 1,000, 10,000 and 50,000 regions: the main-thread work
to draw a step whose picture has been filled ahead, the time from a key press to the painted frame,
and the distinct frames a second under 30 key presses a second and while playing as fast as it goes;
for the bundled run the time from running the cell to the first frame on screen; and for 100 frames
of about 2,000 regions the bytes on the wire and in the browser.
"""

from __future__ import annotations

import statistics
import time

import pytest

from tests.browser.conftest import browser, chromium_path, lab, new_notebook  # noqa: F401

MAKE = """
from standin import StandInRun
import splineviz as sv

run = StandInRun(steps=range({count}), widths=(2, {width}, {width}, {width}, 2))
run.metrics = run.metrics.iloc[:20]
player = sv.RegionPlayer(run, sv.InputSlice.identity())
player
"""
BUNDLED = """
import splineviz as sv

sv.RegionPlayer(
    sv.Run.bundled("checkerboard"), sv.InputSlice.identity((-1.5, -1.5, 1.5, 1.5))
)
"""
# About 1,000, 10,000 and 50,000 regions.
WIDTHS = (28, 82, 176)
COUNT = 12
SECONDS = 3
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
# Counts the frames that reach the screen: one at most for each animation frame.
COUNT_FRAMES = """
([seconds, presses]) => new Promise(resolve => {
    const root = document.querySelector('.sv-regions');
    const plot = document.querySelector('.sv-plot');
    const begun = performance.now();
    let [painted, last, direction] = [0, root.dataset.frame, 1];
    const press = () => {
        if (Number(root.dataset.frame) === COUNT - 1) direction = -1;
        if (Number(root.dataset.frame) === 0) direction = 1;
        const key = direction > 0 ? 'ArrowRight' : 'ArrowLeft';
        plot.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
    };
    const timer = presses ? setInterval(press, 1000 / presses) : 0;
    const look = () => {
        if (root.dataset.frame !== last) painted++;
        last = root.dataset.frame;
        if (performance.now() - begun < 1000 * seconds) requestAnimationFrame(look);
        else {
            clearInterval(timer);
            resolve(1000 * painted / (performance.now() - begun));
        }
    };
    requestAnimationFrame(look);
})
""".replace("COUNT", str(COUNT))


def spread(values, unit):
    ordered = sorted(values)
    tenth = ordered[int(0.9 * (len(ordered) - 1))]
    return (
        f"median {statistics.median(ordered):,.1f}, nine in ten under {tenth:,.1f}, "
        f"largest {ordered[-1]:,.1f}{unit}"
    )


def megabytes(count):
    return f"{count / 2**20:,.1f} MB"


@pytest.mark.browser
@pytest.mark.parametrize("width", WIDTHS)
def test_scrub(new_notebook, width):  # noqa: F811
    name = f"scrub{width}.ipynb"
    notebook = new_notebook(name, MAKE.format(count=COUNT, width=width), "player.wait(300)")
    page = notebook.page
    notebook.run_cell(0)
    notebook.run_cell(1)
    page.wait_for_selector(".sv-regions[data-frame='0']")
    # Until the pictures of all steps are filled ahead.
    page.wait_for_timeout(4000)
    root = page.locator(".sv-regions")
    page.locator(".sv-plot").focus()
    regions, draws, waits = [], [], []
    for key, frames in (("ArrowRight", range(1, COUNT)), ("ArrowLeft", range(COUNT - 1)[::-1])) * 2:
        for frame in frames:
            page.evaluate(f"() => {{ window.painted = ({TIME_TO_PAINT})(); }}")
            page.keyboard.press(key)
            page.wait_for_selector(f".sv-regions[data-frame='{frame}']")
            waits.append(page.evaluate("window.painted"))
            assert root.get_attribute("data-cached") == "true"
            draws.append(float(root.get_attribute("data-draw-ms")))
            regions.append(int(root.get_attribute("data-regions")))
    pressed = page.evaluate(COUNT_FRAMES, [SECONDS, 30])
    page.get_by_label("Speed", exact=True).select_option(label="fastest")
    page.locator(".sv-plot").focus()
    page.keyboard.press(" ")
    played = page.evaluate(COUNT_FRAMES, [SECONDS, 0])
    page.keyboard.press(" ")
    print(f"\nregions of a frame: {min(regions):,} to {max(regions):,}")
    print(f"main-thread work to draw a step: {spread(draws, ' ms')}")
    print(f"key press to painted frame: {spread(waits, ' ms')}")
    print(f"frames a second under 30 key presses a second: {pressed:.1f}; playing: {played:.1f}")


@pytest.mark.browser
def test_first_frame_of_the_bundled_run(new_notebook):  # noqa: F811
    notebook = new_notebook("first.ipynb", BUNDLED)
    begun = time.perf_counter()
    notebook.run_cell(0, wait=False)
    notebook.page.wait_for_selector(".sv-regions[data-frame='0']")
    print(f"\nfrom running the cell to the first frame: {time.perf_counter() - begun:.2f} s")


@pytest.mark.browser
def test_memory_of_a_hundred_frames(new_notebook):  # noqa: F811
    notebook = new_notebook(
        "hundred.ipynb", "import splineviz", MAKE.format(count=100, width=38), "player.wait(300)"
    )
    page = notebook.page
    received = []
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.on(
        "Network.webSocketFrameReceived",
        # Binary messages are written in base64.
        lambda event: received.append(len(event["response"]["payloadData"]) * 3 // 4),
    )

    def used():
        session.send("HeapProfiler.collectGarbage")
        usage = session.send("Runtime.getHeapUsage")
        return usage["usedSize"] + usage.get("backingStorageSize", 0)

    notebook.run_cell(0)
    before = used()
    notebook.run_cell(1)
    notebook.run_cell(2)
    page.wait_for_selector(".sv-regions[data-frame='0']")
    page.locator(".sv-plot").focus()
    page.get_by_label("Speed", exact=True).select_option(label="fastest")
    page.locator(".sv-plot").focus()
    page.keyboard.press(" ")
    page.wait_for_timeout(6000)
    page.keyboard.press(" ")
    regions = page.locator(".sv-regions").get_attribute("data-regions")
    print(f"\n100 frames of about {int(regions):,} regions, all of them played")
    print(f"on the wire: {megabytes(sum(received))}; in the browser: {megabytes(used() - before)}")
