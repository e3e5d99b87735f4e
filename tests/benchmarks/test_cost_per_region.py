"""What a region costs, from a thousand to a million of them, for one network.

    OMP_NUM_THREADS=1 python -m pytest tests/benchmarks/test_cost_per_region.py --plot cost.svg

prints microseconds for each region on one core, as the square that is looked at grows, and draws
them if it is told where.
"""

from __future__ import annotations

import time
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.figure import Figure

import splineviz as sv
from tests.partition.networks import mlp

SIZES = (2, 256, 256, 256, 256, 256, 256, 1)
HALF_WIDTHS = (0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4)


def he_normal(sizes):
    """Weights of variance two over the fan-in, biases of standard deviation one half."""
    rng = np.random.default_rng(0)
    weights = [rng.standard_normal((m, n)) * (2 / n) ** 0.5 for n, m in pairwise(sizes)]
    return mlp(weights, [0.5 * rng.standard_normal(m) for m in sizes[1:]])


@pytest.fixture(scope="module")
def measured(request):
    costs = []
    yield costs
    regions, cost = np.array(costs).T
    name = "-".join(map(str, SIZES))
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        print(f"\nmicroseconds for each region of {name} on one core")
        for count, each in costs:
            print(f"{int(count):>11,} regions {each:8.2f}")
    path = request.config.getoption("--plot")
    if path is not None:
        figure = Figure(figsize=(6, 3), layout="constrained")
        axes = figure.subplots()
        axes.plot(regions, cost, "o-")
        axes.set(
            xscale="log",
            ylim=(0, 1.25 * cost.max()),
            xlabel="regions",
            ylabel="microseconds per region",
            title=f"Cost of a region of {name}, one core",
        )
        axes.grid(alpha=0.3)
        figure.savefig(path)


@pytest.mark.parametrize("half_width", HALF_WIDTHS)
def test_cost_of_a_region(measured, half_width):
    program = he_normal(SIZES)
    plane = sv.InputSlice.identity((-half_width, -half_width, half_width, half_width))
    seconds = []
    for _ in range(2):
        started = time.perf_counter()
        part = sv.enumerate_regions(program, plane, threads=1)
        seconds.append(time.perf_counter() - started)
    measured.append((len(part), 1e6 * min(seconds) / len(part)))
