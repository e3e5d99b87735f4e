"""Do what Binder does with this repository, without Docker, and say whether it is good enough.

    python -m tools.binder_check

It follows repo2docker: a clean clone of the last commit, an empty environment of the Python that
binder/runtime.txt names, pip with binder/requirements.txt, then binder/postBuild. JupyterLab is
started through binder/start, with an address like Binder's and the settings of a first visit, on
one CPU and with 2 GB of memory (tools/memory_limit.py); Chromium runs outside of both, as a
visitor's browser does. Then notebook 00 is opened as the badge opens it, run and scrubbed, and
every notebook of the course is run, each with a kernel of its own.

The report is printed as Markdown; the exit status is 1 when something is too slow, too large or
fails. It takes some ten minutes. What repo2docker brings itself (an image of Ubuntu, conda, its
JupyterLab) is not made: the size is that of the environment and the clone alone.

Linux with git, Chromium (or SPLINEVIZ_CHROMIUM), and an environment with the dev extra. pip is
configured as ever: where PyTorch's own index cannot be reached, PIP_FIND_LINKS can name a folder
with its build for the CPU, PIP_RETRIES=0 spares the waiting for each package, and the report says
where the build came from. SPLINEVIZ_SCREENSHOTS
names a folder for pictures.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Error, sync_playwright

from tests.browser.lab import Lab, NotebookPage, open_browser
from tools.memory_limit import MB, MemoryLimit, command, family, most_resident, worked
from tools.repository_address import OPENS

ROOT = Path(__file__).resolve().parents[1]
FIRST = OPENS.rpartition("/")[2]
BASE = "/user/visitor/"
"""On Binder the server is not at the top of its address either."""
LIGHT = ("00", "01", "02", "03")
"""The notebooks that need no torch."""

LIMIT = 2000 * MB
GUARANTEED = 450 * MB
MOST_MEMORY = 1500 * MB
LONGEST_START = 30
LONGEST_NOTEBOOK = 60
PATIENCE = 240
"""Seconds after which a notebook counts as hanging."""

READY = ".sv-regions[data-frame]"
RUN_ALL = """
() => {
    window.ended = false;
    window.jupyterapp.commands.execute('notebook:run-all-cells')
        .finally(() => { window.ended = true; });
}
"""
ERRORS = """
() => [...window.jupyterapp.shell.currentWidget.content.model.cells]
    .filter(cell => cell.type === 'code')
    .flatMap(cell => cell.outputs.toJSON())
    .filter(output => output.output_type === 'error')
    .map(output => `${output.ename}: ${output.evalue}`)
"""


@dataclass
class Visit:
    """What was found while a notebook was open: seconds, of them the kernel's work, and bytes."""

    name: str
    seconds: float = float("nan")
    first_scrub: float | None = None
    work: float = 0.0
    kernel: int = 0
    everything: int = 0
    problems: list[str] = field(default_factory=list)

    def failures(self) -> list[str]:
        """What is not good enough, in words."""
        bounds: list[tuple[float | None, float, str]] = [
            (self.first_scrub, LONGEST_START, "s from opened to the first scrub"),
            (self.seconds, LONGEST_NOTEBOOK, "s for all cells"),
            (self.everything / MB, MOST_MEMORY / MB, "MB for everything"),
        ]
        if self.name.startswith(LIGHT):
            bounds.append((self.kernel / MB, GUARANTEED / MB, "MB for the kernel"))
        misses = [
            f"{value:.1f} {what}, at most {most:.0f}"
            for value, most, what in bounds
            if value is not None and not value <= most
        ]
        return [f"{self.name}: {one}" for one in [*misses, *self.problems]]


@dataclass(frozen=True)
class Build:
    """A clone and the environment for it."""

    clone: Path
    environment: dict[str, str]
    facts: dict[str, str]


class Binder:
    """JupyterLab as a visitor of Binder has it: one CPU, 2 GB of memory, a first visit.

    Parameters
    ----------
    home : Path
        A folder for the server's settings and its log.
    words : sequence of str or Path
        What starts JupyterLab, options aside.
    root : Path
        The clone, or a folder with its notebooks. JupyterLab may save them.
    environment : dict
        All environment variables.
    limit : int, optional
        Bytes (default: 2 GB).
    """

    def __init__(
        self,
        home: Path,
        words: Iterable[str | Path],
        root: Path,
        environment: dict[str, str],
        limit: int = LIMIT,
    ) -> None:
        self._limit_bytes = limit
        self.lab = Lab(
            home,
            command=words,
            environment=environment,
            root=root,
            base=BASE,
            settings={},
            prepare=self._restrict,
        )

    def _restrict(self, pid: int) -> None:
        os.sched_setaffinity(pid, {max(os.sched_getaffinity(pid))})
        self.limit = MemoryLimit(pid, self._limit_bytes)

    def close(self) -> None:
        """End the server and what it started."""
        self.lab.close()
        self.limit.close()

    def visit(self, browser: Any, name: str, look: Callable[[NotebookPage], None]) -> Visit:
        """Open a notebook of the course as the badge does, run all its cells, and end its kernel.

        Parameters
        ----------
        browser : playwright BrowserContext
            The visitor's browser.
        name : str
            The notebook. The first one is scrubbed as soon as its player is there.
        look : callable
            Called with the page at the end.

        Returns
        -------
        Visit
        """
        visit = Visit(name)
        notebook = NotebookPage(browser.new_page(), self.lab)
        notebook.page.set_default_timeout(1000 * PATIENCE)
        self.limit.start_over()
        killed = len(self.limit.killed)
        try:
            opened = time.monotonic()
            # The first time as the badge does; then without the tabs that were open before.
            notebook.go(OPENS if name == FIRST else f"lab/tree/notebooks/{name}?reset")
            started = time.monotonic()
            notebook.page.evaluate(RUN_ALL)
            if name == FIRST:
                scrub(notebook.page)
                visit.first_scrub = time.monotonic() - opened
            notebook.page.wait_for_function("window.ended")
            visit.seconds = time.monotonic() - started
            visit.problems += notebook.page.evaluate(ERRORS)
            look(notebook)
        except Error as error:
            visit.problems.append(str(error).splitlines()[0])
        kernels = self.kernels()
        visit.work = max(map(worked, kernels), default=0.0)
        visit.kernel = max(map(most_resident, kernels), default=0)
        visit.everything = self.limit.peak
        visit.problems += [f"killed: {one}" for one in self.limit.killed[killed:]]
        visit.problems += notebook.problems
        with suppress(Error):
            notebook.close()
        deadline = time.monotonic() + 30
        while set(self.kernels()) & set(kernels) and time.monotonic() < deadline:
            time.sleep(0.1)
        return visit

    def kernels(self) -> list[int]:
        """The processes that are kernels."""
        return [pid for pid in family(self.limit.pid) if "ipykernel" in command(pid)]


def scrub(page: Any) -> None:
    """Move the player by one step as soon as it is there, and see that it moved."""
    page.wait_for_selector(READY)
    before = page.locator(READY).first.get_attribute("data-frame")
    page.locator(".sv-time").first.focus()
    page.keyboard.press("ArrowRight")
    # Without a number while the frame is on its way.
    page.wait_for_selector(f"{READY}:not([data-frame='{before}'])")


def build(folder: Path) -> Build:
    """Clone and install as repo2docker does."""
    clone, place = folder / "clone", folder / "environment"
    run("git", "clone", "--quiet", str(ROOT), str(clone), cwd=ROOT)
    named = (clone / "binder" / "runtime.txt").read_text().strip()
    version = re.fullmatch(r"python-(\d+\.\d+)(?:\.\d+)?", named)
    python = version and shutil.which(f"python{version[1]}")
    if not python:
        sys.exit(f"binder/runtime.txt names {named!r}, which is not on this machine")
    # By the pip of this environment, as Debian's Python cannot put one in there.
    run(python, "-m", "venv", "--without-pip", str(place), cwd=folder)
    inside = place / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", str(inside), "install", "-q", "pip", cwd=folder)

    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("IPYTHON", "JUPYTER", "MPL", "NUMBA", "OMP", "PYTHON", "VIRTUAL"))
    }
    clean |= {"PATH": f"{place / 'bin'}{os.pathsep}{clean.get('PATH', os.defpath)}"}
    log = folder / "installed.json"
    begun = time.monotonic()
    install = ("pip", "install", "--no-cache-dir", "--report", str(log), "--quiet")
    run(*install, "-r", "binder/requirements.txt", cwd=clone, environment=clean)
    installed = time.monotonic()

    home = folder / "home"
    home.mkdir()
    environment = clean | {"HOME": str(home)}
    run("binder/postBuild", cwd=clone, environment=environment)
    compiled = time.monotonic()
    commit = run("git", "describe", "--always", "--long", cwd=clone).strip()
    left_out = run("git", "status", "--porcelain", cwd=ROOT).strip()
    return Build(
        clone,
        environment,
        {
            "Commit": commit + (" (uncommitted changes are left out)" if left_out else ""),
            "Python": run(str(inside), "--version", cwd=clone).strip().removeprefix("Python "),
            "PyTorch": torch_of(json.loads(log.read_text())),
            "Machine": f"{platform.system()} {platform.machine()}, one CPU of {os.cpu_count()}",
            "Environment": f"{size(place) / MB:,.0f} MB",
            "Clone with its history": f"{size(clone) / MB:,.0f} MB",
            "Installing": f"{installed - begun:.0f} s",
            "`postBuild`": f"{compiled - installed:.0f} s",
        },
    )


def torch_of(report: dict[str, Any]) -> str:
    """Which PyTorch pip installed, and from where, by pip's own report."""
    for one in report["install"]:
        if one["metadata"]["name"] == "torch":
            host = urlsplit(one["download_info"]["url"]).netloc
            return f"{one['metadata']['version']} from {host or 'a folder of this machine'}"
    return "not installed"


def run(*words: str, cwd: Path, environment: dict[str, str] | None = None) -> str:
    """Run a command and return what it prints; if it fails, end with what it complained about."""
    done = subprocess.run(words, cwd=cwd, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"this step failed: {' '.join(words)}\n{done.stdout}{done.stderr}")
    return done.stdout


def size(folder: Path) -> int:
    """What a folder takes on the disk: bytes."""
    return sum(512 * path.lstat().st_blocks for path in folder.rglob("*"))


def report(facts: dict[str, str], visits: list[Visit], failures: list[str]) -> str:
    """The report, as Markdown."""
    scrubs = [visit.first_scrub for visit in visits if visit.first_scrub is not None]
    facts = facts | {"Opened to first scrub": "".join(f"{seconds:.1f} s" for seconds in scrubs)}
    lines = ["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in facts.items())]
    lines += ["", "| notebook | seconds | of them CPU | kernel, MB | everything, MB |"]
    lines += ["|---|---|---|---|---|"]
    lines += [
        f"| {visit.name} | {visit.seconds:.1f} | {visit.work:.1f} | {visit.kernel / MB:,.0f} "
        f"| {visit.everything / MB:,.0f} |"
        for visit in visits
    ]
    return "\n".join([*lines, "", *(f"FAILED: {one}" for one in failures), ""])


def main() -> int:
    """Build, visit, report."""
    if sys.argv[1:]:
        sys.exit(__doc__)
    chromium = os.environ.get("SPLINEVIZ_CHROMIUM") or shutil.which("chromium")
    if sys.platform != "linux" or not chromium:
        sys.exit("this needs Linux, and Chromium: see the head of tools/binder_check.py")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
    pictures = os.environ.get("SPLINEVIZ_SCREENSHOTS")

    def look(notebook: NotebookPage) -> None:
        if pictures:
            name = notebook.page.url.partition("?")[0].rpartition("/")[2]
            notebook.page.screenshot(path=Path(pictures) / f"binder-{name}.png")

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        load = {"Load beforehand": f"{os.getloadavg()[0]:.1f} processes"}
        print("cloning and installing", flush=True)
        built = build(folder)
        words = [built.clone / "binder" / "start", "jupyter-lab"]
        binder = Binder(folder / "server", words, built.clone, built.environment)
        # The browser keeps away from the CPU that stands for Binder's, if there is another.
        mine = os.sched_getaffinity(0)
        os.sched_setaffinity(0, mine - {max(mine)} or mine)
        visits = []
        try:
            with sync_playwright() as playwright:
                browser = open_browser(playwright, chromium, folder / "profile")
                for path in sorted((built.clone / "notebooks").glob("*.ipynb")):
                    print(path.name, flush=True)
                    visits.append(binder.visit(browser, path.name, look))
                browser.close()
        finally:
            binder.close()
    failures = [one for visit in visits for one in visit.failures()]
    print(f"\n{report(built.facts | load, visits, failures)}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
