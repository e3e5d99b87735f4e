"""The short form of tools/binder_check.py, in this environment: the first notebook on Binder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from numba.core import codegen

from tests.browser.conftest import unavailable
from tools.binder_check import FIRST, Binder
from tools.memory_limit import MB, MemoryLimit

ROOT = Path(__file__).parents[2]
GREEDY = """
import subprocess, sys
HOLD = "held = b'x' * {megabytes} * 10**6"
exec(HOLD)
if {more}:
    code = f"import time; {{HOLD}}; time.sleep(5)"
    subprocess.call([sys.executable, "-c", code], stdout=-3, stderr=-3)
print("done")
"""

needs_linux = pytest.fixture(autouse=True)(
    lambda: None if sys.platform == "linux" else unavailable("a limit on memory needs Linux")
)


def greedy(megabytes, more, limit):
    """How a process ends that takes some memory, itself and in a child, below a limit."""
    code = GREEDY.format(megabytes=megabytes, more=more)
    process = subprocess.Popen(
        [sys.executable, "-c", f"input()\n{code}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    watched = MemoryLimit(process.pid, limit)
    try:
        output = process.communicate("\n", timeout=20)
    finally:
        watched.close()
    return output, watched


def test_one_process_is_refused_more_than_the_limit():
    (_, complaint), watched = greedy(300, False, 200 * MB)
    assert "MemoryError" in complaint
    assert watched.killed == []


def test_processes_together_are_held_to_the_limit():
    # Its child takes as much again: each is below the limit, but not both.
    _, watched = greedy(150, True, 250 * MB)
    assert len(watched.killed) == 1
    assert watched.peak > 250 * MB


def test_below_the_limit_nothing_happens():
    (output, complaint), watched = greedy(100, False, 250 * MB)
    assert (output, complaint, watched.killed) == ("done\n", "", [])


@pytest.mark.browser
def test_the_first_notebook_fits_and_is_scrubbed(browser, tmp_path, screenshots):
    # The kernels that other tests have compiled for this very CPU; in full it is done for any.
    environment = os.environ | {
        "NUMBA_CPU_NAME": codegen.ll.get_host_cpu_name(),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
    }
    subprocess.run([ROOT / "binder" / "postBuild"], cwd=ROOT, env=environment, check=True)
    # JupyterLab may save what it shows, and not here.
    clone = tmp_path / "clone"
    shutil.copytree(ROOT / "notebooks", clone / "notebooks")
    words = [ROOT / "binder" / "start", sys.executable, "-m", "jupyterlab"]
    binder = Binder(tmp_path / "server", words, clone, environment)
    try:
        visit = binder.visit(
            browser,
            FIRST,
            lambda notebook: notebook.page.screenshot(path=screenshots / "binder.png"),
        )
    finally:
        binder.close()
    assert visit.problems == []
    assert visit.first_scrub > 0
    assert 50 * MB < visit.kernel < 450 * MB
    assert 50 * MB < visit.everything < 1500 * MB
