"""Time to enumerate all regions, beside regioncam (Rust, float32) in the same run.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python -m pytest tests/benchmarks -q

prints, for each network, the median time of both on one core and their ratio. The cases A, B, C,
F64 and F128 are the networks with known counts; the others are drawn at torch's default scale.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import regioncam

import splineviz as sv
from tests.partition.networks import case, mlp

SQUARE = sv.InputSlice.identity()


def default_mlp(*sizes):
    """Weights uniform in plus or minus one over the root of the fan-in, as torch draws them."""
    rng = np.random.default_rng(0)
    weights, biases = [], []
    for n, m in pairwise(sizes):
        bound = n**-0.5
        weights.append(rng.uniform(-bound, bound, (m, n)))
        biases.append(rng.uniform(-bound, bound, m))
    return mlp(weights, biases)


NETWORKS = {
    "A": lambda: case("A"),
    "F64": lambda: case("F64"),
    "C": lambda: case("C"),
    "F128": lambda: case("F128"),
    "B": lambda: case("B"),
    "2-256x3-1": lambda: default_mlp(2, 256, 256, 256, 1),
}


def with_regioncam(layers):
    found = regioncam.Regioncam(size=1)
    for i, (weight, bias) in enumerate(layers):
        found.linear(weight, bias)
        if i < len(layers) - 1:
            found.relu()
    return found.num_faces


@pytest.mark.parametrize("peer", ["splineviz", "regioncam"])
@pytest.mark.parametrize("name", NETWORKS)
def test_enumerate(benchmark, name, peer):
    program = NETWORKS[name]()
    depth = len(program.activations) + 1
    layers = [
        (
            np.ascontiguousarray(program.state[f"{i}.weight"].T, dtype=np.float32),
            program.state[f"{i}.bias"].astype(np.float32),
        )
        for i in range(depth)
    ]
    benchmark.group = f"regions of {name}"
    rounds = 3 if name == "2-256x3-1" else 7
    if peer == "splineviz":
        count = benchmark.pedantic(
            lambda: len(sv.enumerate_regions(program, SQUARE, threads=1)),
            rounds=rounds,
            warmup_rounds=1,
        )
    else:
        count = benchmark.pedantic(lambda: with_regioncam(layers), rounds=rounds, warmup_rounds=1)
    benchmark.extra_info["regions"] = count
