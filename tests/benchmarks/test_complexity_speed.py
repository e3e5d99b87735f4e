"""Time and memory of local complexity, beside the plain method in the same run.

    python -m pytest tests/benchmarks/test_complexity_speed.py

prints a table at the end: for each network the median seconds of splineviz, and of the plain method
(all vertices pushed through the network at once, hooks keeping what feeds each ReLU), in float32
and in float64; the ratios; and the peak memory of a fresh process each, all its imports included.
The counts of splineviz are checked against those of the plain method in float64 where that is
measured.
"""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

import splineviz as sv
from splineviz.complexity.cross_polytope import haar_directions
from tests.complexity.plain import mlp, plain_counts, points, resnet18, seeded

# name -> (network, shape of an input, points, rounds, peers)
ALL = ("splineviz", "plain float32", "plain float64")
CASES = {
    "MLP 784-200x4-10": (lambda: mlp(784, *[200] * 4, 10), (784,), 512, 7, ALL),
    "the same, 10,000 points": (lambda: mlp(784, *[200] * 4, 10), (784,), 10_000, 1, ALL[:1]),
    "ResNet18 k=16": (resnet18, (3, 32, 32), 64, 3, ALL),
    "the same, 640 points": (resnet18, (3, 32, 32), 640, 1, ALL[:1]),
}
RUNS = [(name, peer) for name, case in CASES.items() for peer in case[4]]
RADIUS, DIRECTIONS = 0.005, 25


@cache
def made(name):
    make, shape, count, *_ = CASES[name]
    return seeded(make), points(count, *shape).astype(np.float32)


def counts_of(name, peer):
    model, x = made(name)
    if peer == "splineviz":
        return sv.local_complexity(model, x, radius=RADIUS, directions=DIRECTIONS).counts
    frame = haar_directions(DIRECTIONS, x.shape[1:], 0)
    dtype = torch.float32 if peer == "plain float32" else torch.float64
    return plain_counts(model, x, RADIUS, frame, dtype=dtype)


@pytest.mark.parametrize(("name", "peer"), RUNS)
def test_local_complexity(benchmark, name, peer):
    rounds = CASES[name][3]
    benchmark.group = name
    warmup = 1 if rounds > 1 else 0
    counts = benchmark.pedantic(counts_of, args=(name, peer), rounds=rounds, warmup_rounds=warmup)
    if peer == "plain float64":
        np.testing.assert_array_equal(counts, counts_of(name, "splineviz"))
    if sys.platform == "linux":
        benchmark.extra_info[f"megabytes {peer}"] = peak_megabytes(name, peer)


def peak_megabytes(name, peer):
    """Peak resident memory of a fresh process that measures once."""
    code = (
        "from tests.benchmarks.test_complexity_speed import counts_of\n"
        f"counts_of({name!r}, {peer!r})\n"
        "print(next(line for line in open('/proc/self/status') if 'VmHWM' in line).split()[1])"
    )
    root = Path(__file__).parents[2]
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=root, check=True)
    return int(out.stdout) / 1024
