"""A script that ends while a widget is at work ends as any other, not with a crash."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from splineviz.widgets.common.worker_thread import WorkerThread

ROOT = Path(__file__).parents[3]

# What is registered first is called last.
BEFORE = """
import atexit, threading, time
atexit.register(lambda: print([thread.name for thread in threading.enumerate()]))
"""
AT_WORK = {
    "frames": """
from splineviz.widgets.common.frame_feed import FrameFeed
begun = threading.Event()
feed = FrameFeed(10**6, lambda number: (begun.set(), time.sleep(0.1)), lambda: 0)
feed.start()
begun.wait()
""",
    "training": """
from splineviz.widgets.playground.live_worker import LiveWorker
begun = threading.Event()
worker = LiveWorker(lambda n: (begun.set(), time.sleep(0.1)), lambda: None, lambda: True, print)
worker.start()
begun.wait()
""",
    "looks": """
from splineviz.widgets.common.run_watcher import RunWatcher
begun = threading.Event()
look = lambda: (begun.set(), time.sleep(0.1))
tail = RunWatcher(look, lambda: True, lambda: True, lambda trouble: None, first=0.01)
tail.start()
begun.wait()
""",
    "a player": """
import splineviz as sv
segment = sv.InputSlice.segment([-1.5, -1.3], [1.5, -1.3])
player = sv.RegionPlayer(sv.Run.bundled("checkerboard"), segment)
""",
}


@pytest.mark.parametrize("work", AT_WORK.values(), ids=AT_WORK)
def test_no_thread_is_at_work_when_python_ends(work):
    done = subprocess.run(
        [sys.executable, "-c", BEFORE + work], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "['MainThread']\n"


def test_a_thread_lets_go_of_what_would_stop_it():
    stopped = []
    thread = WorkerThread(lambda: None, lambda: stopped.append(1), "mine")
    thread.start()
    thread.join()
    thread.end()
    assert stopped == []
