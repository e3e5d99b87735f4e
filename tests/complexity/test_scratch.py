"""Memory that is used again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from splineviz.complexity.scratch import Scratch


def test_memory_that_was_given_back_is_taken_again():
    scratch, like = Scratch(), torch.zeros(1)
    made = scratch.take((3, 4), like)
    scratch.give(made)
    again = scratch.take((2, 5), like)
    assert again.shape == (2, 5)
    assert again.data_ptr() == made.data_ptr()
    assert scratch.take((2, 5), like).data_ptr() != made.data_ptr()


def test_neither_another_type_nor_too_little_is_taken():
    scratch, like = Scratch(), torch.zeros(1)
    made = scratch.take((3, 4), like)
    scratch.give(made)
    assert scratch.take((3, 4), like.double()).dtype == torch.float64
    assert scratch.take((13,), like).data_ptr() != made.data_ptr()
    assert scratch.take((12,), like).data_ptr() == made.data_ptr()


def test_only_the_last_few_are_kept():
    scratch, like = Scratch(), torch.zeros(1)
    given = [torch.zeros(100 + i) for i in range(20)]
    for tensor in given:
        scratch.give(tensor)
    places = {tensor.data_ptr() for tensor in given}
    found = [scratch.take((100,), like) for _ in range(20)]
    assert 0 < sum(tensor.data_ptr() in places for tensor in found) < 6


@pytest.mark.skipif(sys.platform == "win32", reason="there is no resource module on Windows")
@pytest.mark.parametrize("make", ["resnet18(4)", "mlp(3072, *[400] * 4, 10)"])
def test_memory_does_not_grow_with_the_points(make):
    """In a process of its own: the peak is that of the process."""
    code = f"""
import resource
import splineviz as sv
from tests.complexity.plain import mlp, points, resnet18, seeded

net = seeded(lambda: {make})
x = points(90, 3072).reshape(90, *((3, 32, 32) if "resnet" in {make!r} else (3072,)))
for count in (6, 90):
    sv.local_complexity(net, x[:count], batch_size=3)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
    command = [sys.executable, "-c", code]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    few, many = (int(line) for line in done.stdout.split())
    assert many < 1.15 * few, (few, many)
