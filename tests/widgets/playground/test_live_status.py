from __future__ import annotations

from splineviz.widgets.playground import live_status
from splineviz.widgets.playground.live_status import LiveStatus


def hear(status, **content):
    status._handle_message(status, content, [])


def at(monkeypatch, seconds):
    monkeypatch.setattr(live_status, "monotonic", lambda: seconds)


def test_two_frames_may_be_on_the_way(monkeypatch):
    status = LiveStatus()
    at(monkeypatch, 10.0)
    assert status.ready()
    status.mark_sent()
    assert status.ready()
    status.mark_sent()
    at(monkeypatch, 10.2)
    assert not status.ready()
    hear(status, painted=1)
    assert status.ready()


def test_without_an_answer_there_is_one_frame_a_second(monkeypatch):
    status = LiveStatus()
    for second in (1.0, 1.1):
        at(monkeypatch, second)
        status.mark_sent()
    at(monkeypatch, 1.9)
    assert not status.ready()
    at(monkeypatch, 2.2)
    assert status.ready()


def test_painted_frames_are_counted(monkeypatch):
    status = LiveStatus()
    for k in range(1, 9):
        at(monkeypatch, k / 10)
        status.mark_sent()
        hear(status, painted=k)
        hear(status, painted=k)
    assert status.frames_per_second() == 4
    at(monkeypatch, 5)
    assert status.frames_per_second() == 0


def test_views_come_and_go():
    status = LiveStatus()
    hear(status, came="a")
    hear(status, came="b")
    hear(status, came="b")
    assert status.views == 2
    hear(status, gone="a")
    hear(status, gone="a")
    assert status.views == 1
