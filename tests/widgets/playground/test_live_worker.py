from __future__ import annotations

import threading
import time

import pytest

from splineviz.widgets.playground.live_worker import LiveWorker


class Job:
    """Counts updates and frames."""

    def __init__(self):
        self.steps, self.shown, self.errors = 0, [], []
        self.may_show, self.error = True, None
        self.worker = LiveWorker(self.train, self.show, lambda: self.may_show, self.errors.append)

    def train(self, n):
        if self.error:
            raise self.error
        self.steps += n
        time.sleep(0.001)

    def show(self):
        self.shown.append(self.steps)


@pytest.fixture
def job():
    job = Job()
    yield job
    job.worker.stop()


def wait_for(test):
    deadline = time.monotonic() + 10
    while not test():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_it_trains_and_shows_until_it_is_paused(job):
    assert not job.worker.alive
    job.worker.start()
    wait_for(lambda: len(job.shown) >= 3)
    job.worker.pause()
    assert job.worker.wait()
    steps = job.steps
    assert job.shown[-1] == steps
    time.sleep(0.05)
    assert job.steps == steps
    assert job.worker.alive
    assert not job.worker.running


def test_single_steps_are_shown(job):
    for _ in range(3):
        job.worker.step()
        assert job.worker.wait()
    job.worker.step(5)
    assert job.worker.wait()
    assert job.steps == 8
    assert job.shown == [1, 2, 3, 8]


def test_nothing_is_shown_while_the_page_is_behind(job):
    job.may_show = False
    job.worker.start()
    wait_for(lambda: job.steps > 50)
    assert job.shown == []
    job.worker.pause()
    assert job.worker.wait()
    assert job.shown == [job.steps]


def test_what_goes_wrong_pauses_it(job):
    job.error = ValueError("no")
    job.worker.start()
    assert job.worker.wait()
    assert job.errors == [job.error]
    assert not job.worker.running
    job.error = None
    job.worker.step()
    assert job.worker.wait()
    assert job.steps == 1


def test_the_thread_ends_and_another_may_begin(job):
    def threads():
        return [thread for thread in threading.enumerate() if thread.name == "splineviz-live"]

    job.worker.start()
    job.worker.stop()
    assert threads() == []
    job.worker.stop()
    job.worker.start()
    assert len(threads()) == 1
    wait_for(lambda: job.shown)


def test_it_can_be_stopped_from_its_own_thread():
    workers = []
    worker = LiveWorker(lambda n: workers[0].stop(), lambda: None, lambda: True, lambda error: None)
    workers.append(worker)
    worker.start()
    assert worker.wait()
    wait_for(lambda: not worker.alive)
