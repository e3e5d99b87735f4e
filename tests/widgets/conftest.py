from __future__ import annotations

import pytest

from splineviz.partition.slices.input_slice import InputSlice
from tests.widgets.standin import StandInRun


@pytest.fixture
def run():
    return StandInRun()


@pytest.fixture
def plane():
    return InputSlice.identity()
