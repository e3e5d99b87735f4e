"""Time and memory to enumerate all regions, beside regioncam (Rust, float32) in the same run.

    OMP_NUM_THREADS=1 python -m pytest tests/benchmarks/test_enumeration_speed.py

prints a table at the end: for each network the median seconds of splineviz on one core and on two,
of regioncam, and of nothing but the float64 matrix products at the vertices, one core each; the
ratios of these; and of a fresh process that enumerates once on one core how long that takes (cold),
and its peak memory, all its imports included. A, B, C, F64 and F128 are the networks with known
counts; the others are drawn at torch's default scale.
"""

from __future__ import annotations

import subprocess
import sys
import time
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import regioncam

import splineviz as sv
from splineviz.network.program import Program
from splineviz.network.step import Step
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


def cnn():
    """Images 1x28x28, conv 8, pool, conv 16, pool, linear 32, linear 10, ReLU between."""
    rng = np.random.default_rng(0)
    state, steps, shapes = {}, [], [(1, 28, 28)]

    def add(kind, options, shape, weight_shape=None):
        names = {}
        if weight_shape is not None:
            bound = np.prod(weight_shape[1:]) ** -0.5
            names = {"weight": f"{len(steps)}.weight", "bias": f"{len(steps)}.bias"}
            state[names["weight"]] = rng.uniform(-bound, bound, weight_shape)
            state[names["bias"]] = rng.uniform(-bound, bound, weight_shape[0])
        steps.append(Step(kind, (len(steps),), f"step{len(steps)}", names, options))
        shapes.append(shape)

    conv = {"stride": [1, 1], "padding": "same", "dilation": [1, 1], "groups": 1}
    pool = {"kernel_size": [2, 2], "stride": [2, 2], "padding": [0, 0], "dilation": [1, 1]}
    for before, after, size in ((1, 8, 28), (8, 16, 14)):
        add("conv2d", conv, (after, size, size), (after, before, 3, 3))
        add("relu", {}, (after, size, size))
        half = size // 2
        add(
            "max_pool2d", {**pool, "ceil_mode": False, "windows": [half, half]}, (after, half, half)
        )
    add("reshape", {"shape": [784]}, (784,))
    add("linear", {}, (32,), (32, 784))
    add("relu", {}, (32,))
    add("linear", {}, (10,), (10, 32))
    return Program(tuple(steps), tuple(shapes), state, len(steps))


def near_an_image():
    """A square round a random image, in which each pixel is drawn on its own."""
    return sv.InputSlice.around(np.random.default_rng(0).random((1, 28, 28)), half_width=0.12)


def plain(make):
    return lambda: (make(), SQUARE)


# name -> (network and slice, rounds, whether regioncam can do it)
CASES = {
    "A": (plain(lambda: case("A")), 15, True),
    "F64": (plain(lambda: case("F64")), 15, True),
    "C": (plain(lambda: case("C")), 9, True),
    "F128": (plain(lambda: case("F128")), 9, True),
    "B": (plain(lambda: case("B")), 9, True),
    "2-256x3-1": (plain(lambda: default_mlp(2, 256, 256, 256, 1)), 5, True),
    # regioncam needs more memory than there is here for the first, and has no pooling.
    "2-512x3-1": (plain(lambda: default_mlp(2, 512, 512, 512, 1)), 1, False),
    "CNN 28x28": (lambda: (cnn(), near_an_image()), 3, False),
}
# So long small networks are enumerated before anything is measured: the first calls of a process
# load the compiled kernels, and those of the first second are slower than all later ones.
WARM_SECONDS = 2.0
PEERS = ("one core", "two cores", "regioncam", "products")


@cache
def made(name):
    return CASES[name][0]()


def layers_of(program):
    """Weight and bias of each layer of an MLP."""
    depth = len(program.activations) + 1
    return [(program.state[f"{i}.weight"], program.state[f"{i}.bias"]) for i in range(depth)]


def with_regioncam(layers):
    found = regioncam.Regioncam(size=1)
    for i, (weight, bias) in enumerate(layers):
        found.linear(weight, bias)
        if i < len(layers) - 1:
            found.relu()
    return found.num_faces


@cache
def products(name):
    """The factors of the matrix products that give each layer's pre-activations at the vertices."""
    layers = layers_of(made(name)[0])
    rng = np.random.default_rng(0)
    vertices = 4
    factors = []
    for depth, (weight, _) in enumerate(layers[:-1]):
        factors.append((rng.standard_normal((vertices, weight.shape[1])), weight.T.copy()))
        rest = [np.zeros((1, len(weight)))], [np.zeros(1)]
        parts = [[layer[i] for layer in layers[: depth + 1]] + rest[i] for i in range(2)]
        if depth < len(layers) - 2:
            vertices = len(sv.enumerate_regions(mlp(*parts), SQUARE).vertices)
    return factors


@pytest.fixture(scope="module", autouse=True)
def warm_process():
    end = time.perf_counter() + WARM_SECONDS
    while time.perf_counter() < end:
        for name in ("A", "C"):
            for threads in (1, 2):
                sv.enumerate_regions(*made(name), threads=threads)


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("name", CASES)
def test_enumerate(benchmark, name, peer):
    _, rounds, comparable = CASES[name]
    if not comparable and peer in ("regioncam", "products"):
        pytest.skip("only MLPs that fit its memory" if peer == "regioncam" else "only MLPs")
    program, plane = made(name)
    if peer == "regioncam":
        layers = [
            (np.ascontiguousarray(weight.T, dtype=np.float32), bias.astype(np.float32))
            for weight, bias in layers_of(program)
        ]
        run = lambda: with_regioncam(layers)  # noqa: E731
    elif peer == "products":
        factors = products(name)
        run = lambda: sum(len(rows @ columns) for rows, columns in factors)  # noqa: E731
    else:
        threads = 1 if peer == "one core" else 2
        run = lambda: len(sv.enumerate_regions(program, plane, threads=threads))  # noqa: E731
    benchmark.group = name
    warmup = 1 if rounds > 1 else 0
    count = benchmark.pedantic(run, rounds=rounds, warmup_rounds=warmup)
    if peer == "one core":
        benchmark.extra_info["regions"] = count
        benchmark.extra_info["cold"], kilobytes = in_a_fresh_process(name)
        if kilobytes:
            benchmark.extra_info["megabytes"] = kilobytes / 1024


def in_a_fresh_process(name):
    """Seconds of the first enumeration of a process, on one core, and its peak memory (Linux)."""
    code = (
        "import sys, time\n"
        "import splineviz as sv\n"
        "from tests.benchmarks.test_enumeration_speed import made\n"
        f"network, plane = made({name!r})\n"
        "start = time.perf_counter()\n"
        "sv.enumerate_regions(network, plane, threads=1)\n"
        "print(time.perf_counter() - start)\n"
        "if sys.platform == 'linux':\n"
        "    print(next(x for x in open('/proc/self/status') if 'VmHWM' in x).split()[1])"
    )
    root = Path(__file__).parents[2]
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=root, check=True)
    seconds, *kilobytes = out.stdout.split()
    return float(seconds), int(kilobytes[0]) if kilobytes else None
