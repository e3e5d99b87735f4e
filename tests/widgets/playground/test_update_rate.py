from __future__ import annotations

import pytest

from splineviz.widgets.playground import update_rate
from splineviz.widgets.playground.update_rate import UpdateRate


def test_updates_of_the_last_two_seconds(monkeypatch):
    now = 10.0
    monkeypatch.setattr(update_rate, "monotonic", lambda: now)
    rate = UpdateRate()
    assert rate.per_second() == 0
    rate.add(50)
    now = 11.0
    rate.add(50)
    assert rate.per_second() == pytest.approx(100)
    now = 12.5
    assert rate.per_second() == pytest.approx(50 / 1.5)
    now = 20.0
    assert rate.per_second() == 0
    rate.add(1)
    rate.clear()
    assert rate.per_second() == 0
