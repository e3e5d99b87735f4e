"""A stranger's run is refused by RunCorrupt, or it is replayed."""

from __future__ import annotations

import pytest

from tests.workers import fuzz


def test_some_runs() -> None:
    found = fuzz("tests.training.fuzzing", 0, 600, timeout=280)
    assert found.total() == 600
    assert found["has a program"] > 100
    assert found["opened"] > 100


@pytest.mark.nightly
def test_many_runs() -> None:
    assert fuzz("tests.training.fuzzing", 1_000, 20_000, timeout=3_000).total() == 20_000
