"""What callers let torch round away elsewhere does not change counts, and stays as it was."""

import threading

import numpy as np
import pytest
import torch

import splineviz as sv
from splineviz.complexity.precision import full_precision
from tests.complexity.plain import mlp, plain_counts, points, seeded

OWNERS = [
    torch.backends.cuda.matmul,
    torch.backends.cudnn.conv,
    torch.backends.mkldnn.matmul,
    torch.backends.mkldnn.conv,
]


def settings():
    return torch.get_float32_matmul_precision(), [owner.fp32_precision for owner in OWNERS]


@pytest.fixture(params=["highest", "high", "medium"])
def allowed(request):
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(request.param)
    yield settings()
    torch.set_float32_matmul_precision(before)


def counted():
    model, x = seeded(lambda: mlp(20, 50, 50, 3)), points(256, 20)
    found = sv.local_complexity(model, x, radius=0.05, directions=8)
    expected = plain_counts(model, x, 0.05, found.directions)
    return found.counts, expected


def test_counts_under_autocast():
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found, expected = counted()
        assert torch.is_autocast_enabled("cpu")
    np.testing.assert_array_equal(found, expected)


def test_counts_where_less_precision_is_allowed(allowed):
    np.testing.assert_array_equal(*counted())
    assert settings() == allowed


def test_products_are_precise_within(allowed):
    with full_precision():
        assert [owner.fp32_precision for owner in OWNERS] == ["ieee"] * len(OWNERS)
        assert not torch.is_autocast_enabled("cpu")
    assert settings() == allowed


def test_settings_come_back_after_an_error(allowed):
    with pytest.raises(sv.errors.InvalidArgument), torch.autocast("cpu"):
        sv.local_complexity(torch.nn.Linear(2, 2), [[0.0, 1.0]], directions=2)
    assert settings() == allowed


def test_threads_that_overlap_leave_the_settings(allowed):
    inside, leave = threading.Event(), threading.Event()

    def first():
        with full_precision():
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=first)
    thread.start()
    assert inside.wait(10)
    with full_precision():
        leave.set()
        thread.join()
        assert torch.backends.cuda.matmul.fp32_precision == "ieee"
    assert settings() == allowed
