"""JupyterLab and headless Chromium for the tests of this folder.

Without Chromium, Playwright or JupyterLab the tests are skipped with the reason; with CI=true in
the environment that is a failure. SPLINEVIZ_CHROMIUM names another browser to use,
SPLINEVIZ_SCREENSHOTS a folder for the pictures the tests take.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.browser.lab import Lab, NotebookPage, open_browser
from tests.browser.viewer import Viewer


def unavailable(reason):
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(f"the browser tests must run here: {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def chromium_path():
    path = os.environ.get("SPLINEVIZ_CHROMIUM") or shutil.which("chromium")
    if not path or not Path(path).exists():
        unavailable("Chromium is not installed")
    for module in ("playwright", "jupyterlab"):
        if importlib.util.find_spec(module) is None:
            unavailable(f"{module} is not installed")
    return path


@pytest.fixture(scope="session")
def lab(chromium_path, tmp_path_factory):
    server = Lab(tmp_path_factory.mktemp("lab"))
    yield server
    server.close()


@pytest.fixture(scope="session")
def browser(chromium_path, tmp_path_factory):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        context = open_browser(playwright, chromium_path, tmp_path_factory.mktemp("profile"))
        yield context
        context.close()


@pytest.fixture(scope="session")
def viewer(pytestconfig):
    """What draws widgets in a page of nbconvert; fetched when it is needed for the first time."""
    if not shutil.which("npm"):
        unavailable("npm is not installed")
    try:
        return Viewer(pytestconfig.cache.mkdir("npm"))
    except subprocess.SubprocessError as error:
        unavailable(f"npm cannot fetch the viewer of widgets: {getattr(error, 'stderr', error)}")


@pytest.fixture(scope="module")
def new_notebook(lab, browser):
    """Makes notebooks from a name and cells, each in a page of its own until the module ends."""
    opened = []

    def make(name, *cells):
        opened.append(NotebookPage(browser.new_page(), lab))
        return opened[-1].open(name, *cells)

    yield make
    for notebook in opened:
        notebook.close()


@pytest.fixture
def opened_page(browser):
    """Opens pages of nbconvert, with what answers for the network; none may have had a problem."""
    # It leans on a module of tests, which pytest imports itself, later than this file.
    from tests.browser.converted import Converted

    pages = []

    def make(path, answer):
        pages.append(Converted(browser.new_page(), path, answer))
        return pages[-1]

    yield make
    for one in pages:
        assert one.problems == []
        one.page.close()


@pytest.fixture
def screenshots(tmp_path):
    folder = Path(os.environ.get("SPLINEVIZ_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
