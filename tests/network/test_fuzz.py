"""A stranger's program is refused by an error of ours, or it runs."""

from __future__ import annotations

import pytest

from tests.workers import fuzz


def test_two_thousand_programs() -> None:
    found = fuzz("tests.network.fuzzing", 0, 2_000, timeout=280)
    assert found.total() == 2_000
    # Both happen often, so that the test is worth something.
    assert found["refused"] > 400
    assert found["ran, and has regions"] > 400


@pytest.mark.nightly
@pytest.mark.parametrize("part", range(10))
def test_a_hundred_thousand_programs(part: int) -> None:
    assert fuzz("tests.network.fuzzing", part * 10_000, 10_000, timeout=1_500).total() == 10_000
