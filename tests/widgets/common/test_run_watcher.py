from __future__ import annotations

import threading
import time

import pytest

from splineviz.widgets.common.run_watcher import RunWatcher


class Watched:
    """A run in which each look finds something or not, and its watcher."""

    def __init__(self, *looks, seen=True):
        self.looks = list(looks)
        self.reports = []
        self.pauses = []
        self.seen = seen
        self.done = threading.Event()
        self.watcher = RunWatcher(
            self.look,
            lambda: bool(self.looks),
            lambda: self.seen,
            self.report,
            first=0.001,
            most=0.004,
            most_unseen=0.008,
        )

    def look(self):
        look = self.looks.pop(0)
        if isinstance(look, Exception):
            raise look
        return look

    def report(self, trouble):
        self.reports.append(trouble)

    def run(self):
        """Work in this thread; the pauses are noted rather than made."""
        self.watcher._woken.wait = self.pauses.append
        self.watcher._work()
        return [round(1000 * pause, 2) for pause in self.pauses]


def test_looks_become_rarer_until_something_comes():
    watched = Watched(False, False, True, False, False, False, False, False)
    assert watched.run() == [1, 1.5, 2.25, 1, 1.5, 2.25, 3.38, 4]


def test_what_nobody_sees_is_looked_at_even_less():
    watched = Watched(*[False] * 8, seen=False)
    assert watched.run()[-1] == 8
    assert max(watched.run()) == 8


def test_trouble_is_told_and_tried_again():
    watched = Watched(OSError("no folder"), KeyError(), True)
    watched.run()
    assert watched.reports == ["no folder", "KeyError", ""]


def test_after_trouble_the_last_look_is_made_up_for():
    watched = Watched(OSError("no folder"))
    watched.report = lambda trouble: watched.looks.append(True) if trouble else None
    watched.watcher._report = watched.report
    watched.run()
    assert watched.looks == []


def test_waking_and_stopping():
    looked = threading.Event()

    def look():
        looked.set()
        return False

    watcher = RunWatcher(look, lambda: True, lambda: True, lambda trouble: None, first=60)
    before = set(threading.enumerate())
    watcher.start()
    (thread,) = set(threading.enumerate()) - before
    assert not looked.wait(0.05)
    watcher.wake()
    assert looked.wait(5)
    looked.clear()
    watcher.stop()
    thread.join(5)
    assert not thread.is_alive()
    assert not looked.is_set()


def test_a_run_that_is_finished_is_not_looked_at():
    watched = Watched()
    started = time.monotonic()
    watched.run()
    assert watched.reports == []
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("message", ["", "gone"])
def test_trouble_has_a_name_in_any_case(message):
    watched = Watched(ValueError(message), True)
    watched.run()
    assert watched.reports[0] == (message or "ValueError")
