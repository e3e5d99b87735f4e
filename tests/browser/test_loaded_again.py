"""A page that is loaded again, with the kernel still there, after choices that change widgets."""

from __future__ import annotations

import pytest

from tests.browser.test_complexity_plot import MAKE

pytestmark = pytest.mark.browser

ELSEWHERE = """
plane = sv.InputSlice.identity((-1.6, -1.6, 1.6, 1.6))
elsewhere = sv.RegionPlayer(sv.Run.bundled("checkerboard"), plane)
elsewhere
"""
READ = """
whole = elsewhere.wait(200)
print(whole, len(ipywidgets.Widget.get_manager_state()['state']) > 40)
"""
FRAME = ".splineviz-canvas [data-frame]"


def wait_for_lines(page, number):
    """So many curves, each with its band, and the line at the step; those before are gone."""
    page.wait_for_function(
        f"""document.querySelector(".bqplot")?.querySelectorAll("path.line[d^='M']").length
            === {2 * number + 1}"""
    )


def test_after_any_choice_a_page_that_is_loaded_again_has_all_widgets(new_notebook, screenshots):
    notebook = new_notebook("again.ipynb", MAKE, ELSEWHERE, READ)
    page = notebook.page
    for cell in (0, 1):
        notebook.run_cell(cell)
    page.locator(".bqplot").first.wait_for()
    page.wait_for_selector(FRAME, state="attached")
    wait_for_lines(page, 2)
    for choice, lines in (("by layer", 3), ("by probe", 2), ("by layer", 3), ("by probe", 2)):
        page.get_by_role("button", name=choice).click()
        wait_for_lines(page, lines)
    notebook.run_cell(2)
    assert notebook.output(2) == "True True"
    page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
    page.reload()
    page.wait_for_selector(FRAME, state="attached")
    wait_for_lines(page, 2)
    page.screenshot(path=screenshots / "loaded-again.png")
    assert page.get_by_text("Loading widget").count() == 0
    page.get_by_role("button", name="by layer").click()
    wait_for_lines(page, 3)
    assert not notebook.problems
