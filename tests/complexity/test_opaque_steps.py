"""Local complexity through steps that are neither affine nor piecewise linear."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import splineviz as sv
from splineviz.complexity.arguments.neighborhood import haar_directions
from splineviz.errors import InvalidArgument, NonFiniteValues
from splineviz.network.interpret import Numbers, walk
from splineviz.network.program import Program
from splineviz.network.step import Step
from tests.complexity.plain import points, vertices

TOKENS, WIDTH, HEADS = 5, 8, 2


class Build:
    """A program, step by step; each method returns the number of the value that it makes."""

    def __init__(self, *shape, seed=0):
        self.rng = np.random.default_rng(seed)
        self.steps, self.shapes, self.state, self.names = [], [shape], {}, []

    def step(self, kind, inputs, shape, params=None, **options):
        function = kind if kind != "opaque" else options["operation"].partition(".")[0]
        taken = self.names.count(function)
        self.names.append(function)
        name = f"{function}_{taken}" if taken else function
        self.steps.append(Step(kind, inputs, name, params or {}, options))
        self.shapes.append(tuple(shape))
        return len(self.steps)

    def linear(self, value, width, bias=True):
        before, n = self.shapes[value][-1], len(self.state)
        params = {"weight": f"{n}.weight"}
        self.state[f"{n}.weight"] = self.rng.standard_normal((width, before)) / before**0.5
        if bias:
            params["bias"] = f"{n}.bias"
            self.state[f"{n}.bias"] = 0.3 * self.rng.standard_normal(width)
        return self.step("linear", (value,), (*self.shapes[value][:-1], width), params)

    def relu(self, value):
        return self.step("relu", (value,), self.shapes[value])

    def add(self, *values):
        return self.step("add", values, self.shapes[values[0]])

    def op(self, operation, *arguments, shape=None, keywords=None, result=None):
        """A step that torch runs; values are given as ``[number]``."""
        inputs = tuple(part[0] for part in arguments if isinstance(part, list))
        order = iter(range(len(inputs)))
        given = [{"value": next(order)} if isinstance(a, list) else a for a in arguments]
        given = [list(a) if isinstance(a, tuple) else a for a in given]
        shape = self.shapes[inputs[0]] if shape is None else shape
        options = {"operation": operation, "arguments": given, "keywords": keywords or {}}
        return self.step("opaque", inputs, shape, **options, result=result)

    def done(self):
        return Program(tuple(self.steps), tuple(self.shapes), self.state, len(self.steps))


def mlp_with(operation, *arguments):
    net = Build(12)
    hidden = net.op(operation, [net.linear(0, 30)], *arguments)
    hidden = net.relu(net.linear(hidden, 30))
    net.linear(net.op(operation, [net.linear(hidden, 30)], *arguments), 3)
    return net.done()


def product():
    net = Build(12)
    one, other = net.relu(net.linear(0, 30)), net.linear(0, 30)
    hidden = net.op("mul.Tensor", [one], [other])
    net.linear(net.relu(net.linear(hidden, 30)), 3)
    return net.done()


def attention(net, value, mask=False):
    """Of one layer of a transformer, with its residual connection."""
    normed = net.op("layer_norm.default", [value], (WIDTH,))
    split = (TOKENS, HEADS, WIDTH // HEADS)
    heads = []
    for _ in range(3):
        of_heads = net.op("view.default", [net.linear(normed, WIDTH)], (-1, *split), shape=split)
        heads.append(net.op("transpose.int", [of_heads], 1, 2, shape=(HEADS, *split[::2])))
    query, key, values = heads
    turned = net.op("transpose.int", [key], 2, 3, shape=(HEADS, WIDTH // HEADS, TOKENS))
    scores = net.op("matmul.default", [query], [turned], shape=(HEADS, TOKENS, TOKENS))
    if mask:
        # What is masked out is -inf, and which it is is a truth value at each vertex.
        missing = net.op("isnan.default", [scores])
        ones = net.op("ones_like.default", [scores])
        upper = net.op("triu.default", [ones], 1)
        masked = net.op("logical_or.default", [missing], [upper])
        scores = net.op("masked_fill.Scalar", [scores], [masked], {"float": "-inf"})
    weights = net.op("softmax.int", [scores], -1)
    mixed = net.op("matmul.default", [weights], [values], shape=(HEADS, *split[::2]))
    back = net.op("transpose.int", [mixed], 1, 2, shape=split)
    flat = net.op("reshape.default", [back], (-1, TOKENS, WIDTH), shape=(TOKENS, WIDTH))
    return net.add(value, net.linear(flat, WIDTH))


def transformer(activation="gelu.default", mask=False):
    net = Build(TOKENS, WIDTH)
    value = 0
    for _ in range(2):
        value = attention(net, value, mask)
        hidden = net.linear(net.op("layer_norm.default", [value], (WIDTH,)), 2 * WIDTH)
        hidden = net.relu(hidden) if activation == "relu" else net.op(activation, [hidden])
        value = net.add(value, net.linear(hidden, WIDTH))
    net.linear(net.op("layer_norm.default", [value], (WIDTH,)), 3)
    return net.done()


PROGRAMS = {
    "softmax": lambda: mlp_with("softmax.int", -1),
    "gelu": lambda: mlp_with("gelu.default"),
    "silu": lambda: mlp_with("silu.default"),
    "tanh": lambda: mlp_with("tanh.default"),
    "layer norm": lambda: mlp_with("layer_norm.default", (30,)),
    "product": product,
    "transformer": transformer,
    "transformer with relu": lambda: transformer("relu"),
    "masked transformer": lambda: transformer("relu", mask=True),
}


def looked_at(program):
    """The value that each counted layer is looked at by, and its number of points."""
    acting = {*program.smooth_steps, *program.activation_at}
    return [program.steps[i].inputs[0] for i in sorted(acting)]


def plain(program, x, radius, directions):
    """The counts from their definition, and the values behind them at all vertices."""
    corners = vertices(x, radius, directions).numpy()
    values = {0: corners.reshape(-1, *x.shape[1:])}
    for i, _, made in walk(Numbers(program), values):
        values[i + 1] = made
    layers = [values[v].reshape(len(x), corners.shape[1], -1) for v in looked_at(program)]
    signs = [np.sign(layer) for layer in layers]
    counts = [(sign.min(1) != sign.max(1)).sum(1) for sign in signs]
    return np.stack(counts, 1), layers


@pytest.mark.parametrize("radius", [1e-6, 0.005, 0.2, 2.0])
@pytest.mark.parametrize("name", PROGRAMS)
def test_counts_are_those_of_the_definition(name, radius):
    program = PROGRAMS[name]()
    x = points(12, *program.input_shape, low=-1)
    lc = sv.local_complexity(program, x, radius=radius, directions=6)
    expected, _ = plain(program, x, radius, lc.directions)
    np.testing.assert_array_equal(lc.counts, expected)
    assert not lc.uncertain.any()
    assert lc.counts.any() or radius < 0.2
    again = sv.local_complexity(program, x, radius=radius, directions=6, batch_size=5)
    np.testing.assert_array_equal(lc.counts, again.counts)


def test_layers_with_a_curve_are_proxies_and_the_others_are_not():
    lc = sv.local_complexity(transformer(), points(2, TOKENS, WIDTH), radius=0.1, directions=6)
    assert [layer.kind for layer in lc.layers] == ["gelu", "gelu"]
    assert all(layer.proxy for layer in lc.layers)
    assert lc.widths.tolist() == [2 * WIDTH * TOKENS] * 2
    mixed = sv.local_complexity(
        mlp_with("tanh.default"), points(2, 12), radius=0.1, directions=6, logits=True
    )
    assert [(layer.kind, layer.proxy) for layer in mixed.layers] == [
        *(("tanh", True), ("relu", False), ("tanh", True), ("output", False))
    ]
    named = sv.local_complexity(
        mlp_with("tanh.default"),
        points(2, 12),
        radius=0.1,
        directions=6,
        layers=["linear", "tanh", "linear_1"],
    )
    assert [layer.proxy for layer in named.layers] == [True, True, False]


def test_the_gate_of_glu_is_looked_at():
    program = mlp_with("glu.default", -1)
    x = points(20, 12, low=-1)
    lc = sv.local_complexity(program, x, radius=0.2, directions=6, layers=["glu"])
    assert lc.widths.tolist() == [15]


def test_values_that_are_no_numbers_have_no_sign():
    program = transformer("relu", mask=True)
    with pytest.raises(InvalidArgument, match="'isnan' makes truth values or places"):
        sv.local_complexity(
            program, points(2, TOKENS, WIDTH), radius=0.1, directions=6, layers=["isnan"]
        )


def test_an_overflow_is_no_count():
    net = Build(4)
    net.relu(net.linear(net.op("exp.default", [net.linear(0, 4)]), 4))
    with pytest.raises(NonFiniteValues, match="overflows"):
        sv.local_complexity(net.done(), 1e6 * points(3, 4), radius=0.1, directions=3)


@pytest.mark.parametrize("exponent", [0, 4, 8])
@pytest.mark.parametrize("operation", ["tanh.default", "exp.default", "sin.default"])
def test_what_rounding_leaves_open_is_near(operation, exponent):
    # Behind a large number the small differences are lost, and counts must not be certain.
    net = Build(6)
    offset = 10.0**exponent
    hidden = net.op("add.Scalar", [net.op(operation, [net.linear(0, 40)])], offset)
    hidden = net.op("sub.Scalar", [hidden], offset)
    net.relu(net.linear(hidden, 40, bias=False))
    program = net.done()
    x = points(40, 6, low=-1)
    exact = Build(6)
    exact.relu(exact.linear(exact.op(operation, [exact.linear(0, 40)]), 40, bias=False))
    for radius in (1e-9, 1e-4, 0.1):
        lc = sv.local_complexity(program, x, radius=radius, directions=6)
        expected, _ = plain(exact.done(), x, radius, lc.directions)
        assert (abs(lc.counts - expected) <= lc.uncertain).all()
    assert not lc.uncertain.any() or exponent == 8


def test_a_random_state_and_threads_stay_as_they_are():
    before = torch.random.get_rng_state()
    sv.local_complexity(transformer(), points(2, TOKENS, WIDTH), radius=0.1, directions=6)
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize("name", ["gelu", "transformer", "masked transformer"])
def test_deformations_are_those_of_the_vertices(name):
    program = PROGRAMS[name]()
    x = points(5, *program.input_shape, low=-1)
    made = sv.deformation(program, x, radius=0.1, directions=6)
    directions = haar_directions(6, program.input_shape, 0)
    _, layers = plain(program, x, 0.1, directions)
    for number, layer in enumerate(layers):
        between = np.linalg.norm(layer[:, :, None] - layer[:, None], axis=-1)
        np.testing.assert_allclose(made.diameters[:, number], between.max((1, 2)), rtol=1e-9)
