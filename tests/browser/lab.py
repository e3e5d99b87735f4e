"""JupyterLab and headless Chromium, for the tests of this folder and for tools/binder_check.py."""

from __future__ import annotations

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

import splineviz

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


def open_browser(playwright, chromium, profile):
    """Headless Chromium with an empty profile, which is a folder."""
    context = playwright.chromium.launch_persistent_context(
        str(profile),
        executable_path=chromium,
        headless=True,
        args=FLAGS,
        viewport={"width": 1280, "height": 800},
    )
    context.set_default_timeout(30_000)
    return context


class Lab:
    """A JupyterLab server of its own, with private settings.

    By default it is that of this environment, opened on an empty folder, with settings that
    suit the tests. `prepare` is called with the process as soon as it has been started.
    """

    def __init__(
        self,
        home,
        *,
        command=(sys.executable, "-m", "jupyterlab"),
        environment=None,
        root=None,
        base="/",
        settings=SETTINGS,
        prepare=None,
    ):
        home.mkdir(parents=True, exist_ok=True)
        self.root = root or home / "notebooks"
        if root is None:
            self.root.mkdir()
            for path in STANDINS:
                shutil.copy(path, self.root)
        if environment is None:
            environment = os.environ | {"PYTHONPATH": str(Path(splineviz.__file__).parents[1])}
        self._settings = home / "settings"
        for name, value in settings.items():
            self.configure(name, value)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}{base}".rstrip("/")
        private = {
            "JUPYTER_CONFIG_DIR": home / "config",
            "JUPYTER_DATA_DIR": home / "data",
            "JUPYTER_RUNTIME_DIR": home / "runtime",
            "IPYTHONDIR": home / "ipython",
            "JUPYTERLAB_SETTINGS_DIR": self._settings,
            "JUPYTERLAB_WORKSPACES_DIR": home / "workspaces",
        }
        arguments = [
            "--no-browser",
            "--allow-root",
            "--ServerApp.ip=127.0.0.1",
            f"--ServerApp.port={port}",
            "--ServerApp.port_retries=0",
            f"--ServerApp.base_url={base}",
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
                [*map(str, command), *arguments],
                env=environment | {name: str(value) for name, value in private.items()},
                cwd=self.root,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        if prepare:
            prepare(self._process.pid)
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
        # No fault of a widget: a font of JupyterLab's that its server may refuse, and what its
        # debugger says when a notebook is left while it asks the kernel.
        of_the_lab = url.endswith(".woff2") or "restore the debugger state" in message.text
        if message.type == "error" and not of_the_lab:
            self.problems.append(f"console: {message.text} ({url})")

    def open(self, name, *cells):
        self.lab.write(name, *cells)
        return self.go(f"lab/tree/{name}?reset")

    def go(self, path):
        """Open an address of the server's, and wait for the kernel of its notebook."""
        self.page.goto(f"{self.lab.url}/{path}")
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
