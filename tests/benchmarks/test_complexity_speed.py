"""Time and memory of local complexity, beside the plain method in the same run.

    python -m pytest tests/benchmarks/test_complexity_speed.py

prints a table at the end: for each network the median seconds of splineviz, and of the plain method
(all vertices pushed through the network at once, hooks keeping what feeds each ReLU), in float32
and in float64; the medians of the ratios; and the peak memory, all imports included. Each has a
process of its own, and they take turns, as the machine's speed changes. The counts of splineviz are
checked against those of the plain method in float64 where that is measured.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from statistics import median
from subprocess import PIPE

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
    "the same, 10,000 points": (lambda: mlp(784, *[200] * 4, 10), (784,), 10_000, 1, ALL[:2]),
    "ResNet18 k=16": (resnet18, (3, 32, 32), 64, 3, ALL),
    "the same, 640 points": (resnet18, (3, 32, 32), 640, 1, ALL[:1]),
}
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


@pytest.mark.parametrize("name", CASES)
def test_local_complexity(benchmark, name):
    _, _, points_in_all, rounds, peers = CASES[name]
    benchmark.group, benchmark.extra_info["points"] = name, points_in_all
    seconds = {peer: [] for peer in peers[1:]}
    with ExitStack() as stack:
        ours, *others = (stack.enter_context(measuring(name, peer)) for peer in peers)

        def others_first():
            for peer, other in zip(seconds, others, strict=True):
                start = time.perf_counter()
                other()
                seconds[peer].append(time.perf_counter() - start)

        answers = {peer: once() for peer, once in zip(peers, (ours, *others), strict=True)}
        benchmark.pedantic(
            ours, setup=others_first, rounds=rounds, warmup_rounds=1 if rounds > 1 else 0
        )
    if "plain float64" in answers:
        assert answers["splineviz"]["counts"] == answers["plain float64"]["counts"]
    for peer, answer in answers.items():
        if "megabytes" in answer:
            benchmark.extra_info[f"megabytes {peer}"] = answer["megabytes"]
    for peer, all_times in seconds.items():
        # Without the round that warms up.
        times, own_times = all_times[-rounds:], benchmark.stats.stats.data
        benchmark.extra_info[peer] = median(times)
        # Of each round, in which the machine is about as fast for both.
        ratios = [other / own for other, own in zip(times, own_times, strict=True)]
        benchmark.extra_info[f"ratio {peer}"] = median(ratios)


@contextmanager
def measuring(name, peer):
    """A process of its own that counts whenever it is told to.

    What one method leaves of the memory that it had would make another, in the same process,
    faster or slower by half.
    """
    command = [sys.executable, "-c", f"import {__name__} as it; it.serve({name!r}, {peer!r})"]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, cwd=root, stdin=PIPE, stdout=PIPE, text=True) as process:

        def once():
            process.stdin.write("\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())

        yield once
        process.stdin.close()


def serve(name, peer):
    """Count for each line that comes, and answer with a digest, and the peak memory so far."""
    for _ in sys.stdin:
        answer = {"counts": hashlib.sha256(counts_of(name, peer).tobytes()).hexdigest()}
        if sys.platform == "linux":
            lines = Path("/proc/self/status").read_text().splitlines()
            peak = next(line for line in lines if line.startswith("VmHWM"))
            answer["megabytes"] = int(peak.split()[1]) / 1024
        print(json.dumps(answer), flush=True)
