"""When to keep a checkpoint: log-spaced steps, and what a recorder makes of any schedule."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence

from splineviz.errors import InvalidArgument
from splineviz.validation.calls import explained
from splineviz.validation.numbers import as_int

Schedule = Iterable[int] | Callable[[int], bool] | None
"""Steps, or a test of a step, or None for every step."""


@explained()
def log_schedule(
    last: int,
    count: int,
) -> tuple[int, ...]:
    """Steps of training spaced evenly on a logarithmic axis, with step 0 in front.

    Training moves fast at first and slowly later, so checkpoints are best taken densely at the
    start. Where the logarithmic spacing falls below one step the steps are consecutive, and the
    checkpoints saved there are spread over the rest: there are always exactly `count` steps.

    Parameters
    ----------
    last : int
        The last step, at least 1.
    count : int
        How many steps, at least 2. With more than `last` + 1 every step is returned.

    Returns
    -------
    tuple of int
        Strictly increasing, from 0 (the untrained network) to `last`.

    Raises
    ------
    InvalidArgument
        If `last` is below 1 or `count` below 2, or they are not whole numbers.

    Examples
    --------
    >>> log_schedule(1000, 8)
    (0, 1, 3, 10, 32, 100, 316, 1000)
    """
    last = as_int(last, "last", 1)
    count = as_int(count, "count", 2)
    if count > last:
        return tuple(range(last + 1))
    if count == 2:
        return (0, last)
    steps = [0, 1]
    position = 1.0
    for remaining in range(count - 2, 0, -1):
        position *= (last / position) ** (1 / remaining)
        if round(position) <= steps[-1]:
            position = steps[-1] + 1.0
        steps.append(round(position))
    return tuple(steps)


def due_test(schedule: Schedule) -> Callable[[int, int], bool]:
    """Turn a schedule into a test of whether a checkpoint is due.

    A list of steps is read generously: a loop that reports every 7 steps never meets step 100, so
    a checkpoint is due at the first reported step at or after each scheduled one.

    Parameters
    ----------
    schedule : iterable of int, callable, or None
        Steps in any order; or a function of the step; or None, which makes every step due. A
        ``range`` is kept as it is, so that it may be as long as it likes.

    Returns
    -------
    callable
        ``due(previous, step) -> bool``, where `previous` is the step reported before `step` (-1 if
        there was none).

    Raises
    ------
    InvalidArgument
        If the schedule holds no step, or something that is not a step.
    """
    if schedule is None:
        return lambda previous, step: True
    if callable(schedule):
        test = schedule
        return lambda previous, step: bool(test(step))
    steps = _sorted_steps(schedule)
    return lambda previous, step: bisect_right(steps, step) > bisect_right(steps, previous)


def _sorted_steps(schedule: Iterable[int]) -> Sequence[int]:
    steps: Sequence[int]
    if isinstance(schedule, range) and schedule.step > 0:
        steps = schedule
    else:
        try:
            if isinstance(schedule, str | bytes):
                raise TypeError("it is text")
            steps = sorted({as_int(step, f"schedule[{i}]", 0) for i, step in enumerate(schedule)})
        except (TypeError, InvalidArgument) as error:
            raise InvalidArgument(
                "schedule must be an iterable of whole steps, a function of the step, or None for "
                f"every step: {error}"
            ) from error
    if not steps:
        raise InvalidArgument(
            "schedule holds no steps, so no checkpoint would ever be due. Pass None for a "
            "checkpoint at every step"
        )
    if steps[0] < 0:
        raise InvalidArgument(f"schedule cannot hold the negative step {steps[0]}")
    return steps
