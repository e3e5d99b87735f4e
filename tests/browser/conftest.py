"""JupyterLab and headless Chromium for the tests of this folder.

Without Chromium, Playwright or JupyterLab the tests are skipped with the reason; with CI=true in
the environment that is a failure. SPLINEVIZ_CHROMIUM names another browser to use,
SPLINEVIZ_SCREENSHOTS a folder for the pictures the tests take.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from pathlib import Path

import nbformat
import pytest

import splineviz
from tests.browser.viewer import Viewer

STANDINS = sorted((Path(__file__).parents[1] / "widgets").glob("standin*.py"))
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SETTINGS = {
    "@jupyterlab/apputils-extension/notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
    },
    "@jupyterlab/apputils-extension/themes": {"theme": "JupyterLab Light"},
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
}


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


class Lab:
    """A JupyterLab server of its own, with private settings."""

    def __init__(self, home):
        self.root = home / "notebooks"
        self.root.mkdir(parents=True)
        for path in STANDINS:
            shutil.copy(path, self.root)
        self._settings = home / "settings"
        for name, value in SETTINGS.items():
            self.configure(name, value)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        private = {
            "JUPYTER_CONFIG_DIR": home / "config",
            "JUPYTER_DATA_DIR": home / "data",
            "JUPYTER_RUNTIME_DIR": home / "runtime",
            "IPYTHONDIR": home / "ipython",
            "JUPYTERLAB_SETTINGS_DIR": self._settings,
            "JUPYTERLAB_WORKSPACES_DIR": home / "workspaces",
            "PYTHONPATH": Path(splineviz.__file__).parents[1],
        }
        arguments = [
            "--no-browser",
            "--allow-root",
            "--ServerApp.ip=127.0.0.1",
            f"--ServerApp.port={port}",
            "--ServerApp.port_retries=0",
            "--IdentityProvider.token=",
            "--ServerApp.password=",
            "--ServerApp.disable_check_xsrf=True",
            f"--ServerApp.root_dir={self.root}",
            "--LabApp.expose_app_in_browser=True",
            "--LabApp.extension_manager=readonly",
        ]
        self.log = home / "jupyter.log"
        with self.log.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "jupyterlab", *arguments],
                env=os.environ | {name: str(value) for name, value in private.items()},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._wait()

    def configure(self, name, value):
        path = self._settings / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value))

    def _wait(self):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{self.url}/api/status", timeout=2):
                    return
            except (urllib.error.URLError, OSError):
                if self._process.poll() is not None:
                    break
                time.sleep(0.1)
        self.close()
        raise RuntimeError(f"JupyterLab did not start:\n{self.log.read_text()}")

    def write(self, name, *cells):
        notebook = nbformat.v4.new_notebook(
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}}
        )
        notebook.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
        nbformat.write(notebook, self.root / name)

    def close(self):
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class NotebookPage:
    """A notebook in the browser. `problems` collects the errors of its console and scripts."""

    def __init__(self, page, lab):
        self.page = page
        self.lab = lab
        self.problems = []
        page.on("pageerror", lambda error: self.problems.append(f"page: {error}"))
        page.on("console", self._hear)

    def _hear(self, message):
        url = message.location.get("url") or ""
        # A font of JupyterLab's that its server may refuse is no fault of a widget.
        if message.type == "error" and not url.endswith(".woff2"):
            self.problems.append(f"console: {message.text} ({url})")

    def open(self, name, *cells):
        self.lab.write(name, *cells)
        self.page.goto(f"{self.lab.url}/lab/tree/{name}?reset")
        self.page.wait_for_function("window.jupyterapp?.shell.currentWidget?.sessionContext")
        self.page.evaluate(
            """async () => {
                const session = window.jupyterapp.shell.currentWidget.sessionContext;
                await session.ready;
                await session.session.kernel.info;
            }"""
        )
        return self

    def run_cell(self, number, wait=True):
        """Run one cell, from 0; without waiting the kernel is then busy with it."""
        self.page.evaluate(
            """async ([number, wait]) => {
                window.jupyterapp.shell.currentWidget.content.activeCellIndex = number;
                const done = window.jupyterapp.commands.execute('notebook:run-cell');
                if (wait) await done;
            }""",
            [number, wait],
        )

    def is_running(self, number):
        return self._cell(number).locator(".jp-InputPrompt").inner_text() == "[*]:"

    def interrupt(self, number):
        """Interrupt the kernel and wait until a cell has ended."""
        self.page.evaluate(
            "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.interrupt()"
        )
        self._cell(number).locator(".jp-OutputArea-output", has_text="KeyboardInterrupt").wait_for()

    def _cell(self, number):
        return self.page.locator(".jp-CodeCell").nth(number)

    def output(self, number):
        """The text that a cell printed."""
        return self._cell(number).locator(".jp-OutputArea-output pre").first.inner_text().strip()

    def listeners(self, expression):
        """How many listeners of each type a page object has."""
        session = self.page.context.new_cdp_session(self.page)
        found = session.send("Runtime.evaluate", {"expression": expression})
        listeners = session.send(
            "DOMDebugger.getEventListeners", {"objectId": found["result"]["objectId"]}
        )
        session.detach()
        return Counter(listener["type"] for listener in listeners["listeners"])

    def close(self):
        """End the kernel and close the page."""
        self.page.evaluate(
            "async () => {"
            " await window.jupyterapp?.shell.currentWidget?.context.sessionContext.shutdown(); }"
        )
        self.page.close()


@pytest.fixture(scope="session")
def lab(chromium_path, tmp_path_factory):
    server = Lab(tmp_path_factory.mktemp("lab"))
    yield server
    server.close()


@pytest.fixture(scope="session")
def browser(chromium_path, tmp_path_factory):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            str(tmp_path_factory.mktemp("profile")),
            executable_path=chromium_path,
            headless=True,
            args=FLAGS,
            viewport={"width": 1280, "height": 800},
        )
        context.set_default_timeout(30_000)
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
