"""What callers let torch round away elsewhere does not change counts, and stays as it was."""

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import torch

import splineviz as sv
from splineviz.complexity.counting.full_precision import full_precision
from tests.complexity.plain import mlp, plain_counts, points, seeded

OWNERS = [
    torch.backends.cuda.matmul,
    torch.backends.cudnn.conv,
    torch.backends.mkldnn.matmul,
    torch.backends.mkldnn.conv,
]
# All that torch has, from those that others inherit to those that inherit.
SETTINGS = [
    ("generic", "all"),
    *((backend, "all") for backend in ("cuda", "mkldnn")),
    *((backend, op) for backend in ("cuda", "mkldnn") for op in ("matmul", "conv", "rnn")),
]


def settings():
    return [torch._C._get_fp32_precision_getter(*setting) for setting in SETTINGS]


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


CHOSEN = [
    {},
    {("generic", "all"): "tf32"},
    {("generic", "all"): "bf16"},
    {("cuda", "all"): "tf32"},
    {("mkldnn", "all"): "bf16"},
    {("generic", "all"): "ieee", ("cuda", "matmul"): "ieee", ("mkldnn", "all"): "ieee"},
    {("generic", "all"): "ieee", ("cuda", "matmul"): "tf32", ("mkldnn", "conv"): "bf16"},
    {("generic", "all"): "tf32", ("mkldnn", "conv"): "tf32"},
]


def check_inheritance():
    def choose(chosen):
        for setting, precision in chosen.items():
            torch._C._set_fp32_precision_setter(*setting, precision)

    def inherited():
        before, found = torch.backends.fp32_precision, []
        for precision in ("none", "ieee", "tf32", "bf16"):
            torch.backends.fp32_precision = precision
            found.append(settings())
        torch.backends.fp32_precision = before
        return found

    for chosen in CHOSEN:
        choose(chosen)
        before = settings(), inherited()
        with full_precision():
            assert [owner.fp32_precision for owner in OWNERS] == ["ieee"] * len(OWNERS)
        assert (settings(), inherited()) == before, chosen
        choose(dict.fromkeys(chosen, "none"))


def test_what_was_inherited_still_is():
    # In a process of its own, as some of torch's defaults cannot be set again.
    code = f"from {__name__} import check_inheritance; check_inheritance()"
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=root, check=True)


def test_what_is_set_meanwhile_stays():
    before = torch.backends.fp32_precision
    with full_precision():
        torch.backends.fp32_precision = "tf32"
    try:
        assert torch.backends.fp32_precision == "tf32"
    finally:
        torch.backends.fp32_precision = before


def test_precision_stays_inherited_where_a_network_is_traced_for_the_first_time():
    """In a process of its own: what was set or traced before hides it."""
    code = """
import numpy as np, torch, splineviz as sv
owners = (torch.backends, torch.backends.cudnn, torch.backends.cuda.matmul)
owners += (torch.backends.cudnn.conv, torch.backends.cudnn.rnn)
before = [owner.fp32_precision for owner in owners]
model = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.ReLU())
sv.local_complexity(model, np.zeros((3, 2)))
model = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.ReLU())
sv.neuron_states(model, np.zeros((3, 2)))
model = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.ReLU())
sv.deformation(model, np.zeros((3, 2)))
assert before == [owner.fp32_precision for owner in owners]
torch.backends.cudnn.allow_tf32
torch.export.export(model, (torch.zeros(2, 2),))
"""
    subprocess.run([sys.executable, "-c", code], check=True)
