"""Networks for the tests of the partition room, as programs without torch."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import shapely
from hypothesis import strategies as st

import splineviz as sv
from splineviz.network.program import Program
from splineviz.network.step import Step

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


# Steps that make an activation of `width` neurons from what a linear layer makes: the size that the
# layer must have for each neuron, and (kind, options, shape behind it) of each step.
ACTIVATIONS = {
    "relu": lambda width: (1, [("relu", {}, (width,))]),
    "leaky": lambda width: (1, [("leaky_relu", {"negative_slope": 0.1}, (width,))]),
    "abs": lambda width: (1, [("leaky_relu", {"negative_slope": -1.0}, (width,))]),
    "clamp": lambda width: (1, [("clamp", {"min": -0.5, "max": 1.0}, (width,))]),
    "softshrink": lambda width: (1, [("softshrink", {"lambd": 0.5}, (width,))]),
    "max": lambda width: (3, _best_of("max", width, 3)),
    "min": lambda width: (2, _best_of("min", width, 2)),
    "max32": lambda width: (32, _best_of("max", width, 32)),
    "max behind relu": lambda width: (4, [("relu", {}, (4 * width,)), *_best_of("max", width, 4)]),
}


def _best_of(kind, width, k):
    """The largest or smallest of each group of k neurons."""
    options = {"axes": [2], "shape": [width]}
    return [("reshape", {"shape": [width, k]}, (width, k)), (kind, options, (width,))]


def network(layers, inputs=2):
    """A network of (weight, bias, activation) layers; the last without an activation.

    A degenerate layer has any number of neurons: those that make no whole group are left out.
    """
    steps, shapes, state = [], [(inputs,)], {}

    def add(kind, options, shape, names=None):
        steps.append(Step(kind, (len(steps),), f"{kind}{len(steps)}", names or {}, options))
        shapes.append(shape)

    for i, (weight, bias, activation) in enumerate(layers):
        per_neuron, behind = 1, []
        if activation is not None:
            per_neuron = ACTIVATIONS[activation](1)[0]
            behind = ACTIVATIONS[activation](len(bias) // per_neuron)[1]
        rows = len(bias) // per_neuron * per_neuron
        state[f"{i}.weight"], state[f"{i}.bias"] = weight[:rows], bias[:rows]
        add("linear", {}, (rows,), {"weight": f"{i}.weight", "bias": f"{i}.bias"})
        for kind, options, shape in behind:
            add(kind, options, shape)
    return Program(tuple(steps), tuple(shapes), state, len(steps))


@st.composite
def degenerate_networks(draw):
    """A small network of one of the classes above with layers of any activation."""
    name = draw(st.sampled_from(sorted(DEGENERATE)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    width, layers = 2, []
    for size in draw(st.lists(st.integers(1, 6), min_size=1, max_size=3)):
        activation = draw(st.sampled_from(sorted(set(ACTIVATIONS) - {"max32"})))
        per_neuron = ACTIVATIONS[activation](1)[0]
        rows = size * per_neuron
        weight, bias = DEGENERATE[name](
            rng.standard_normal((rows, width)), rng.standard_normal(rows)
        )
        layers.append((weight, bias, activation))
        width = len(bias) // per_neuron
    outputs = draw(st.integers(1, 3))
    layers.append((rng.standard_normal((outputs, width)), rng.standard_normal(outputs), None))
    return network(layers)


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


#: A domain that is not convex and has two holes.
FRAME_WITH_HOLES = shapely.Polygon(
    [(-1, -1), (1, -1), (1, 1), (0.2, 0.1), (-1, 1)],
    [
        [(-0.5, -0.5), (-0.2, -0.5), (-0.2, -0.2)],
        [(0.3, -0.6), (0.6, -0.6), (0.5, -0.3)],
    ],
)


def partition_of(domain):
    """A partition whose only region is the domain: that of a network without activation."""
    program = mlp([np.array([[1.0, 2.0]])], [np.array([3.0])])
    return sv.enumerate_regions(program, sv.InputSlice(np.zeros(2), np.eye(2), domain))


def partitions():
    """The partitions of small degenerate networks, on a square or on a domain with holes."""
    square = shapely.box(-1, -1, 1, 1)
    planes = [sv.InputSlice(np.zeros(2), np.eye(2), d) for d in (square, FRAME_WITH_HOLES)]
    return st.builds(
        sv.enumerate_regions,
        degenerate_networks(),
        st.sampled_from(planes),
    )
