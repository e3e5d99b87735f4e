"""Rules and verdicts."""

from __future__ import annotations

import math

import pytest

from splineviz.claims.claim import (
    MIXED,
    NO,
    NOT_REPRODUCED,
    NOT_TESTABLE,
    OPPOSITE,
    REPRODUCED,
    REVERSED,
    UNDECIDED,
    YES,
    Experiment,
    Rule,
    verdict,
)

RULE = Rule(
    "at least 2",
    lambda n: n["a"] >= 2,
    lambda n: n["a"] < 0,
    "negative",
    lambda n: n["b"] > 0,
    "b is positive",
)


@pytest.mark.parametrize(
    ("a", "b", "outcome"),
    [(2, 1, YES), (1, 1, NO), (-1, 1, OPPOSITE), (2, 0, UNDECIDED), (math.nan, 1, UNDECIDED)],
)
def test_an_outcome(a: float, b: float, outcome: str) -> None:
    assert RULE.outcome({"a": a, "b": b}) == outcome


def test_never_is_a_number_that_decides() -> None:
    assert RULE.outcome({"a": math.inf, "b": 1}) == YES


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([YES, YES], REPRODUCED),
        ([NO, NO], NOT_REPRODUCED),
        ([NO, OPPOSITE], NOT_REPRODUCED),
        ([OPPOSITE, OPPOSITE], REVERSED),
        ([UNDECIDED], NOT_TESTABLE),
        ([YES, NO], MIXED),
        ([YES, OPPOSITE], MIXED),
        ([YES, UNDECIDED], MIXED),
        ([NO, UNDECIDED], MIXED),
    ],
)
def test_a_verdict(outcomes: list[str], expected: str) -> None:
    assert verdict(outcomes) == verdict(outcomes[::-1]) == expected


def test_an_experiment_is_its_settings() -> None:
    one, other = Experiment.of("a", x=1, b=2), Experiment.of("a", b=2, x=1)
    assert one == other
    assert hash(one) == hash(other)
    assert str(one) == "a, b 2, x 1"
