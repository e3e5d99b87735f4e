from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from splineviz.errors import InvalidArgument
from splineviz.training.recording.schedule import due_test, log_schedule


def test_decades_are_hit_exactly() -> None:
    assert log_schedule(1000, 8) == (0, 1, 3, 10, 32, 100, 316, 1000)


def test_steps_saved_at_the_dense_start_are_spread_over_the_rest() -> None:
    steps = log_schedule(10_000, 80)
    assert len(steps) == 80
    assert steps[:12] == tuple(range(12))
    ratios = np.divide(steps[40:], steps[39:-1])
    assert np.ptp(ratios) < 0.02


@given(last=st.integers(1, 10**9), count=st.integers(2, 300))
def test_there_are_as_many_steps_as_asked_for(last: int, count: int) -> None:
    steps = log_schedule(last, count)
    assert len(steps) == min(count, last + 1)
    assert steps[0] == 0
    assert steps[-1] == last
    assert all(a < b for a, b in itertools.pairwise(steps))
    assert all(type(step) is int for step in steps)


@given(last=st.integers(1, 10**6), count=st.integers(2, 300))
def test_gaps_never_shrink_by_more_than_rounding(last: int, count: int) -> None:
    gaps = np.diff(log_schedule(last, count))
    assert (np.diff(gaps) >= -1).all()


@pytest.mark.parametrize(("last", "count"), [(0, 5), (-3, 5), (10, 1), (10, 0)])
def test_a_schedule_needs_a_first_and_a_last_step(last: int, count: int) -> None:
    with pytest.raises(InvalidArgument, match="at least"):
        log_schedule(last, count)


def test_numpy_integers_are_steps() -> None:
    assert log_schedule(np.int64(100), np.int32(4)) == (0, 1, 10, 100)


def test_whole_floats_are_steps() -> None:
    assert log_schedule(1e2, np.float32(4)) == (0, 1, 10, 100)  # type: ignore[arg-type]
    assert all(type(step) is int for step in log_schedule(1e2, 4))  # type: ignore[arg-type]


@pytest.mark.parametrize("last", [10.5, math.nan, math.inf, "10", None, 10**400], ids=type)
def test_what_is_no_last_step_is_refused(last: Any) -> None:
    with pytest.raises(InvalidArgument, match="last must be"):
        log_schedule(last, 4)


def due_steps(schedule: object, reported: range) -> list[int]:
    due = due_test(schedule)  # type: ignore[arg-type]
    return [step for previous, step in itertools.pairwise([-1, *reported]) if due(previous, step)]


def test_without_a_schedule_every_step_is_due() -> None:
    assert due_steps(None, range(0, 9, 3)) == [0, 3, 6]


def test_a_function_decides() -> None:
    assert due_steps(lambda step: step % 4 == 0, range(10)) == [0, 4, 8]


@pytest.mark.parametrize(
    "schedule",
    [[5, 0, 3, 3], (0, 3, 5), {0, 3, 5}, np.array([0, 3, 5]), iter([0, 3, 5]), [0.0, 3.0, 5.0]],
)
def test_steps_may_come_in_any_order_and_kind(schedule: object) -> None:
    assert due_steps(schedule, range(10)) == [0, 3, 5]


def test_the_first_reported_step_after_a_scheduled_one_is_due() -> None:
    assert due_steps(log_schedule(1000, 8), range(0, 1100, 7)) == [0, 7, 14, 35, 105, 322, 1001]


def test_an_endless_range_costs_nothing() -> None:
    assert due_steps(range(0, 10**15, 100), range(0, 500, 50)) == [0, 100, 200, 300, 400]
    assert due_steps(range(4, -1, -2), range(6)) == [0, 2, 4]


@pytest.mark.parametrize("schedule", [5, "0, 3", [0.5], [None]])
def test_what_is_no_schedule_is_refused(schedule: object) -> None:
    with pytest.raises(InvalidArgument, match="schedule must be an iterable of whole steps"):
        due_test(schedule)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "schedule",
    [[], (), range(0), range(5, 5), iter([])],
    ids=["list", "tuple", "range(0)", "range(5, 5)", "iterator"],
)
def test_a_schedule_without_steps_is_refused(schedule: Any) -> None:
    with pytest.raises(InvalidArgument, match="no checkpoint would ever be due"):
        due_test(schedule)


@pytest.mark.parametrize("schedule", [[-5], [3, -1], range(-1, 5)], ids=repr)
def test_a_schedule_with_negative_steps_is_refused(schedule: Any) -> None:
    with pytest.raises(InvalidArgument, match=r"negative step|at least 0"):
        due_test(schedule)


@given(
    scheduled=st.lists(st.integers(0, 60), min_size=1, max_size=12),
    reported=st.sets(st.integers(0, 80), max_size=30).map(sorted),
)
def test_every_scheduled_step_leads_to_the_next_reported_one(
    scheduled: list[int], reported: list[int]
) -> None:
    expected = {
        min(step for step in reported if step >= wanted)
        for wanted in scheduled
        if reported and reported[-1] >= wanted
    }
    due = due_test(scheduled)
    found = {b for a, b in itertools.pairwise([-1, *reported]) if due(a, b)}
    assert found == expected
