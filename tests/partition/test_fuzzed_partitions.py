"""A stranger's partition is refused by PartitionCorrupt, or it can be used."""

from __future__ import annotations

import pytest

from tests.workers import fuzz


def test_some_partitions() -> None:
    found = fuzz("tests.partition.fuzzing", 0, 600, timeout=280)
    assert found.total() == 600
    assert found["refused"] > 200
    assert found["loaded"] > 60


@pytest.mark.nightly
def test_many_partitions() -> None:
    assert fuzz("tests.partition.fuzzing", 1_000, 20_000, timeout=3_000).total() == 20_000
