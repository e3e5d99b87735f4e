"""Networks for the tests of the partition room, as programs without torch."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from splineviz.network.program import Program, Step

CASES = Path(__file__).parent / "cases"


def mlp(weights, biases, negative_slope=None):
    """A fully connected network; ReLU between its layers, or LeakyReLU if a slope is given."""
    steps, shapes, state = [], [(weights[0].shape[1],)], {}
    kind, options = ("relu", {})
    if negative_slope is not None:
        kind, options = ("leaky_relu", {"negative_slope": negative_slope})
    for i, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        state[f"{i}.weight"], state[f"{i}.bias"] = weight, bias
        names = {"weight": f"{i}.weight", "bias": f"{i}.bias"}
        steps.append(Step("linear", (len(steps),), f"linear{i}", names, {}))
        shapes.append((len(bias),))
        if i < len(weights) - 1:
            steps.append(Step(kind, (len(steps),), f"relu{i}", {}, options))
            shapes.append((len(bias),))
    return Program(tuple(steps), tuple(shapes), state, len(steps))


def case(name):
    """One of the networks with known region counts."""
    with np.load(CASES / f"{name}.npz") as data:
        depth = sum(key.startswith("W") for key in data)
        return mlp([data[f"W{i}"] for i in range(depth)], [data[f"b{i}"] for i in range(depth)])


def random_mlp(seed, sizes):
    """Standard normal weights and biases."""
    rng = np.random.default_rng(seed)
    weights = [rng.standard_normal((m, n)) for n, m in pairwise(sizes)]
    return mlp(weights, [rng.standard_normal(m) for m in sizes[1:]])


def permuted(program, seed):
    """The same function with the neurons of every hidden layer in another order."""
    rng = np.random.default_rng(seed)
    depth = len(program.activations) + 1
    weights = [program.state[f"{i}.weight"] for i in range(depth)]
    biases = [program.state[f"{i}.bias"] for i in range(depth)]
    before = np.arange(weights[0].shape[1])
    for i in range(depth):
        order = rng.permutation(len(biases[i])) if i < depth - 1 else np.arange(len(biases[i]))
        weights[i], biases[i] = weights[i][order][:, before], biases[i][order]
        before = order
    return mlp(weights, biases)


# Each makes the hidden layers (weight, bias) of a network degenerate in its own way.
DEGENERATE = {
    "generic": lambda w, b: (w, b),
    "bias-free": lambda w, b: (w, 0 * b),
    "duplicated": lambda w, b: (np.concatenate([w, w]), np.concatenate([b, b])),
    "with its negation": lambda w, b: (np.concatenate([w, -w]), np.concatenate([b, -b])),
    "integer": lambda w, b: (np.round(2 * w), np.round(b)),
    "signs": lambda w, b: (np.sign(w), np.round(2 * b) / 2),
    "dead and always on": lambda w, b: (
        np.concatenate([w, 0 * w[:2]]),
        np.concatenate([b, [-1.0, 1.0][: len(w[:2])]]),
    ),
    "silent": lambda w, b: (w, b - 100.0),
}


@st.composite
def degenerate_mlps(draw):
    """A small network of one of the classes above, and the class's name."""
    name = draw(st.sampled_from(sorted(DEGENERATE)))
    hidden = draw(st.lists(st.integers(1, 9), min_size=1, max_size=3))
    outputs = draw(st.integers(1, 3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    weights, biases, width = [], [], 2
    for size in hidden:
        weight, bias = DEGENERATE[name](
            rng.standard_normal((size, width)), rng.standard_normal(size)
        )
        weights.append(weight)
        biases.append(bias)
        width = len(bias)
    weights.append(rng.standard_normal((outputs, width)))
    biases.append(rng.standard_normal(outputs))
    return name, mlp(weights, biases)
