"""Time and memory of local complexity, beside the plain method in the same run.

    python -m pytest tests/benchmarks/test_complexity_speed.py

prints a table at the end: for each network the median seconds of splineviz, and of the plain method
(all vertices pushed through the network at once, hooks keeping what feeds each ReLU), in float32
and in float64; the medians of the ratios; and the peak memory, all imports included. Each has a
process of its own, and they take turns, as the machine's speed changes. The counts of splineviz are
checked against those of the plain method in float64 where that is measured. The larger the radius,
the more neurons switch and the more there is to do; networks are measured before and after a
training.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from statistics import median
from subprocess import PIPE
from typing import NamedTuple

import numpy as np
import pytest
import torch

import splineviz as sv
from splineviz.complexity.arguments.cross_polytope import haar_directions
from tests.complexity.plain import mlp, plain_counts, points, resnet18, seeded

ALL = ("splineviz", "plain float32", "plain float64")
WIDE, NARROW = (784, *[200] * 4, 10), (64, *[200] * 3, 10)
DIRECTIONS = 25


class Case(NamedTuple):
    make: Callable[[], torch.nn.Module]
    shape: tuple[int, ...]
    points: int
    rounds: int
    peers: tuple[str, ...] = ALL
    radius: float = 0.005
    trained: bool = False


def _of_radii(widths):
    name = f"{widths[0]}-200x{len(widths) - 2}-10"
    for trained in (False, True):
        for radius in (0.005, 0.05, 0.2):
            peers = ALL if radius == 0.005 else ALL[:2]
            case = Case(lambda: mlp(*widths), (widths[0],), 512, 7, peers, radius, trained)
            yield f"{name}{' trained' if trained else ''} {radius}", case


CASES = {
    **dict(_of_radii(WIDE)),
    **dict(_of_radii(NARROW)),
    "784, 10,000 points": Case(lambda: mlp(*WIDE), (784,), 10_000, 1, ALL[:2]),
    "ResNet18 k=16": Case(resnet18, (3, 32, 32), 64, 3),
    "the same, 640 points": Case(resnet18, (3, 32, 32), 640, 1, ALL[:1]),
}


@cache
def made(name):
    case = CASES[name]
    model, x = seeded(case.make), points(case.points, *case.shape).astype(np.float32)
    if case.trained:
        learn_by_heart(model, torch.from_numpy(x))
    return model, x


def learn_by_heart(model, x, steps=300):
    """Train on the points themselves, with classes by lot."""
    rng = torch.Generator().manual_seed(0)
    y = torch.randint(0, 10, (len(x),), generator=rng)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for _ in range(steps):
        some = torch.randint(0, len(x), (128,), generator=rng)
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(x[some]), y[some]).backward()
        optimizer.step()


def counts_of(name, peer):
    model, x = made(name)
    radius = CASES[name].radius
    if peer == "splineviz":
        return sv.local_complexity(model, x, radius=radius, directions=DIRECTIONS).counts
    frame = haar_directions(DIRECTIONS, x.shape[1:], 0)
    dtype = torch.float32 if peer == "plain float32" else torch.float64
    return plain_counts(model, x, radius, frame, dtype=dtype)


@pytest.mark.parametrize("name", CASES)
def test_local_complexity(benchmark, name):
    case = CASES[name]
    rounds, peers = case.rounds, case.peers
    benchmark.group, benchmark.extra_info["points"] = name, case.points
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
