"""Time and memory of local complexity, beside the plain method in the same run.

    python -m pytest tests/benchmarks/test_complexity_speed.py

prints a table in Markdown: for each network and radius how many times as fast as the plain method
splineviz is (all vertices pushed through the network at once in float32, hooks keeping what feeds
each ReLU), and its seconds; and the peak memory of both, all imports included. Times are those of
the processor on one core, tracing included, and the shortest of several. Each method has a process
of its own, and they take turns, as the machine's speed changes. The counts are checked against the
plain method in float64. The larger the radius, the more neurons switch and the more there is to do;
networks are measured before and after a training.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from pathlib import Path
from subprocess import PIPE
from typing import NamedTuple

import numpy as np
import pytest
import torch

import splineviz as sv
from splineviz.complexity.arguments.neighborhood import haar_directions
from tests.complexity.plain import mlp, plain_counts, points, resnet18, seeded

OURS, PLAIN, EXACT = "splineviz", "plain float32", "plain float64"
DIRECTIONS, RADII = 25, (0.005, 0.05, 0.2)


class Case(NamedTuple):
    make: Callable[[], torch.nn.Module]
    shape: tuple[int, ...]
    points: int = 512
    rounds: int = 6
    radii: tuple[float, ...] = RADII
    peers: tuple[str, ...] = (OURS, PLAIN, EXACT)
    trained: bool = False


def wide():
    return mlp(784, *[200] * 4, 10)


def narrow():
    return mlp(64, *[200] * 3, 10)


CASES = {
    "MLP 784-200x4-10": Case(wide, (784,)),
    "the same, trained": Case(wide, (784,), trained=True),
    "MLP 64-200x3-10": Case(narrow, (64,)),
    "MLP 64-200x3-10, trained": Case(narrow, (64,), trained=True),
    # Each point costs the same.
    "ResNet18, width 16, 32x32": Case(resnet18, (3, 32, 32), points=16, rounds=3),
    # For the memory.
    "MLP 784-200x4-10, many points": Case(wide, (784,), 10_000, 2, RADII[:1], (OURS, PLAIN)),
}


@pytest.fixture(scope="module")
def table(lines_at_the_end):
    """The rows of the table; what the machine did beside it is said below."""
    lines = lines_at_the_end
    lines.append(f"| network | points | {' | '.join(map(str, RADII))} | MB, and of the plain |")
    lines.append("|---|---|---|---|---|---|")
    before = os.getloadavg()[0]
    yield lines
    lines += ["", f"Load of the machine before and after: {before:.1f}, {os.getloadavg()[0]:.1f}"]


@pytest.mark.parametrize("name", CASES)
def test_local_complexity(name, table):
    case, shortest, counts, megabytes = CASES[name], {}, {}, {}
    with ExitStack() as stack:
        peers = {peer: stack.enter_context(measuring(name, peer)) for peer in case.peers}
        for number in range(case.rounds):
            for radius in case.radii:
                for peer, measure in peers.items():
                    if peer == EXACT and number > 0:
                        continue
                    answer, key = measure(radius), (radius, peer)
                    shortest[key] = min(answer["seconds"], shortest.get(key, np.inf))
                    counts[key], megabytes[peer] = answer["counts"], answer["megabytes"]
    if EXACT in case.peers:
        for radius in case.radii:
            assert counts[radius, OURS] == counts[radius, EXACT]
    cells = ["" for _ in RADII]
    for k, radius in enumerate(case.radii):
        own, plain = shortest[radius, OURS], shortest[radius, PLAIN]
        cells[k] = f"{plain / own:.1f} ({own:.3g})"
    used = f"{megabytes[OURS]:,.0f}, {megabytes[PLAIN]:,.0f}"
    table.append(f"| {name} | {case.points:,} | {' | '.join(cells)} | {used} |")


@contextmanager
def measuring(name, peer):
    """A process of its own, with one thread, that counts whenever it is told a radius.

    What one method leaves of the memory that it had would make another, in the same process,
    faster or slower by half.
    """
    command = [sys.executable, "-c", f"import {__name__} as it; it.serve({name!r}, {peer!r})"]
    root, one_core = Path(__file__).parents[2], {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        command, cwd=root, env=one_core, stdin=PIPE, stdout=PIPE, text=True
    ) as process:

        def measure(radius):
            process.stdin.write(f"{radius}\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())

        yield measure
        process.stdin.close()


def serve(name, peer):
    """Count at each radius that comes; answer with digest, time and peak memory so far."""
    case = CASES[name]
    model, x = seeded(case.make), points(case.points, *case.shape).astype(np.float32)
    if case.trained:
        learn_by_heart(model, torch.from_numpy(x))
    for line in sys.stdin:
        start = time.process_time()
        counts = counts_of(model, x, float(line), peer)
        seconds = time.process_time() - start
        megabytes = np.nan
        if sys.platform == "linux":
            lines = Path("/proc/self/status").read_text().splitlines()
            megabytes = int(next(line for line in lines if "VmHWM" in line).split()[1]) / 1024
        digest = hashlib.sha256(counts.tobytes()).hexdigest()
        answer = {"counts": digest, "seconds": seconds, "megabytes": megabytes}
        print(json.dumps(answer), flush=True)


def counts_of(model, x, radius, peer):
    if peer == OURS:
        return sv.local_complexity(model, x, radius=radius, directions=DIRECTIONS).counts
    frame = haar_directions(DIRECTIONS, x.shape[1:], 0)
    dtype = torch.float32 if peer == PLAIN else torch.float64
    return plain_counts(model, x, radius, frame, dtype=dtype)


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
