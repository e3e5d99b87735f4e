from __future__ import annotations

import threading

import pytest

from splineviz.widgets.common.frame_feed import FrameFeed, coarse_to_fine


@pytest.mark.parametrize("count", [0, 1, 2, 3, 6, 55])
def test_coarse_to_fine_holds_every_number_once(count):
    assert sorted(coarse_to_fine(count)) == list(range(count))


def test_coarse_to_fine_begins_with_the_ends_and_the_middle():
    assert coarse_to_fine(9) == [0, 8, 4, 2, 6, 1, 3, 5, 7]


def test_what_is_looked_at_is_made_first():
    made = []
    feed = FrameFeed(5, made.append, wanted=lambda: 3)
    feed.make_current()
    assert made == [3]
    feed.run()
    assert made == [3, 0, 4, 2, 1]


def test_a_frame_that_becomes_wanted_jumps_the_queue():
    wanted, made = [0], []

    def make(number):
        made.append(number)
        wanted[0] = 3

    feed = FrameFeed(5, make, wanted=lambda: wanted[0])
    feed.start()
    assert feed.wait(5)
    assert made[:2] == [0, 3]
    assert sorted(made) == [0, 1, 2, 3, 4]


def make_but(*bad):
    """A function that fails for some numbers, and the list of those it made."""
    made = []

    def make(number):
        if number in bad:
            raise ValueError(f"no weights {number}")
        made.append(number)

    return make, made


def test_frames_that_cannot_be_made_do_not_stop_the_others():
    make, made = make_but(4, 1)
    failed, ends = [], []
    feed = FrameFeed(
        5,
        make,
        wanted=lambda: 0,
        failed=lambda *failure: failed.append(failure),
        finished=lambda: ends.append(True),
    )
    feed.start()
    with pytest.raises(ValueError, match="no weights 4"):
        feed.wait(5)
    assert sorted(made) == [0, 2, 3]
    assert list(feed.errors) == [4, 1]
    assert failed == list(feed.errors.items())
    assert ends == [True]


def test_an_error_is_raised_at_the_end_only():
    failed, go_on = threading.Event(), threading.Event()

    def make(number):
        if number == 0:
            raise ValueError("no weights")
        go_on.wait(5)

    feed = FrameFeed(2, make, wanted=lambda: 0, failed=lambda number, error: failed.set())
    feed.start()
    assert failed.wait(5)
    assert not feed.wait(0)
    go_on.set()
    with pytest.raises(ValueError, match="no weights"):
        feed.wait(5)


def test_run_raises_the_first_error_after_the_last_frame():
    make, made = make_but(0)
    with pytest.raises(ValueError, match="no weights 0"):
        FrameFeed(3, make, wanted=lambda: 0).run()
    assert sorted(made) == [1, 2]


def test_stop_ends_the_feed():
    begun, go_on = threading.Event(), threading.Event()
    made = []

    def make(number):
        made.append(number)
        begun.set()
        go_on.wait(5)

    feed = FrameFeed(5, make, wanted=lambda: 0)
    feed.start()
    assert begun.wait(5)
    feed.stop()
    go_on.set()
    assert not feed.wait(5)
    assert made == [0]


def test_a_feed_that_was_not_started_is_not_done():
    assert not FrameFeed(2, print, wanted=lambda: 0).wait(0)


def test_when_there_is_no_room_only_what_is_demanded_is_made():
    made = []
    feed = FrameFeed(6, made.append, wanted=lambda: 0, is_full=lambda: len(made) >= 2)
    feed.make_current()
    feed.start()
    assert feed.wait(5)
    assert made == [0, 5]
    feed.demand([3, 0])
    assert feed.wait(5)
    assert made == [0, 5, 3, 0]


def test_more_frames_are_made_when_there_are_more():
    made = []
    feed = FrameFeed(2, made.append, wanted=lambda: 0)
    feed.run()
    feed.extend(4)
    assert feed.wait(5)
    assert made == [0, 1, 2, 3]


def test_a_stopped_feed_stays_stopped():
    made = []
    feed = FrameFeed(2, made.append, wanted=lambda: 0)
    feed.stop()
    feed.demand([1])
    feed.extend(3)
    assert made == []


def test_what_is_being_made_is_not_made_again_when_it_is_demanded():
    begun, go_on = threading.Event(), threading.Event()
    made = []

    def make(number):
        made.append(number)
        begun.set()
        go_on.wait(5)

    feed = FrameFeed(5, make, wanted=lambda: 0, is_full=lambda: True)
    feed.demand([3, 4])
    assert begun.wait(5)
    feed.demand([3, 1])
    go_on.set()
    assert feed.wait(5)
    assert made == [3, 1]
    feed.demand([3])
    assert feed.wait(5)
    assert made == [3, 1, 3]


def test_another_thread_may_be_at_the_first_frame_already():
    made = []
    feed = FrameFeed(2, made.append, wanted=lambda: 0)
    feed.extend(3)
    assert feed.wait(5)
    feed.make_current()
    assert made == [0, 1, 2, 0]
