"""Ranges that are found by row, and corrections, beside all vertices in float64."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from torch import nn

from splineviz.complexity.carrying import ProgramNeighbourhoods
from splineviz.complexity.corrections import Corrections
from splineviz.complexity.cross_polytope import Frame
from splineviz.complexity.span import Near
from splineviz.network.kinks import Kinks
from splineviz.network.trace import trace
from tests.complexity.plain import mlp, seeded

ACTIVATIONS = {
    "relu": nn.ReLU,
    "leaky": lambda: nn.LeakyReLU(0.2),
    "steep": lambda: nn.LeakyReLU(30.0),
    "hardtanh": lambda: nn.Hardtanh(-0.3, 0.2),
    "prelu": lambda: nn.PReLU(init=-0.7),
    "softshrink": lambda: nn.Softshrink(0.1),
}
DIRECTIONS = 8


def screened(net, x, radius, directions):
    """What is found, the values of each pre-activation at the vertices and at the samples."""
    network = ProgramNeighbourhoods(trace(net, x.shape[1:]), torch.device("cpu"))
    names = [layer.name for layer, _ in network.available if layer.kind != "output"]
    network = network.watch([(name,) for name in names])
    centres = network.centres(torch.from_numpy(x))
    frame = torch.tensor(directions)[None]
    found = network.screened(centres, frame, radius)
    values = torch.cat(
        [torch.from_numpy(x)[:, None] + sign * radius * frame for sign in (1, -1)], 1
    )
    layers = []
    with torch.no_grad():
        for layer in net:
            if not isinstance(layer, nn.Linear):
                layers.append(values)
            values = layer(values)
    points = [switches.points.tolist() for _, switches in network.layers]
    return found, layers, points


def random_chain(rng, activation):
    widths = [DIRECTIONS + int(rng.integers(20)), *rng.integers(1, 60, int(rng.integers(2, 6)))]
    layers = []
    for before, after in itertools.pairwise(map(int, widths)):
        dense = nn.Linear(before, after)
        with torch.no_grad():
            if rng.random() < 0.2:
                dense.weight.copy_((4 * dense.weight).round())
            if rng.random() < 0.2:
                dense.bias.zero_()
            if rng.random() < 0.2:
                dense.weight *= 10.0 ** rng.uniform(-2, 2)
        layers += [dense, activation()]
    return nn.Sequential(*layers).double().eval()


@pytest.mark.parametrize("kind", ACTIVATIONS)
def test_ranges_lie_within_their_noise_and_none_is_missed(kind):
    samples = compared = 0
    for seed in range(50):
        rng = np.random.default_rng(seed)
        net = seeded(lambda rng=rng: random_chain(rng, ACTIVATIONS[kind]), seed)
        x = rng.standard_normal((12, net[0].in_features))
        if seed % 5 == 0:
            x = x.round()
        axes = np.eye(x.shape[1])[:DIRECTIONS]
        directions = Frame.of(DIRECTIONS, x.shape[1:]).directions if seed % 3 else axes
        found, layers, points = screened(net, x, 10.0 ** rng.uniform(-4, -1), directions)
        if found is None:
            continue
        known = ~found.doubtful
        samples += int(known.sum())
        for values, near, kinks in zip(layers, found.near, points, strict=True):
            near = near.at(known[near.sample])
            low, high = values.amin(1), values.amax(1)
            # What this test itself loses.
            off = 1e-12 * values.abs().amax(1)
            listed = torch.zeros_like(low, dtype=torch.bool)
            listed[near.sample, near.column] = True
            for kink in kinks:
                switches = (low - kink < -off) & (high - kink > off)
                assert not (switches & ~listed)[known].any(), seed
            at = near.sample, near.column
            for end, expected in ((near.low, low), (near.high, high)):
                wrong = (near.centre + end - expected[at]).abs()
                assert (wrong <= near.noise + off[at]).all(), seed
            # Nor is the noise so large that nothing is certain.
            compared += int((near.high - near.low > 100 * near.noise).sum())
    assert samples > 200
    assert compared > 100


@pytest.mark.parametrize("kind", ACTIVATIONS)
def test_corrections_and_slopes_make_what_an_activation_makes(kind):
    rng = np.random.default_rng(0)
    activation = seeded(ACTIVATIONS[kind]).double()
    program = trace(activation, (4,))
    rule = program.activation_at[0].rule
    assert isinstance(rule, Kinks)
    slopes = rule.slopes.reshape(len(rule.slopes), -1)[:, 0].tolist()
    sample = torch.tensor([0, 0, 2, 2, 2])
    centre = torch.from_numpy(rng.uniform(-0.5, 0.5, 5))
    d = torch.from_numpy(rng.uniform(-0.5, 0.5, (5, 6)))
    zero = torch.zeros(5, dtype=torch.float64)
    column = torch.tensor([1, 3, 0, 1, 2])
    near = Near(sample, column, centre, zero, zero, zero + 1e-9)
    made = Corrections.of(rule, slopes, near, d, samples=4)
    with torch.no_grad():
        bent = activation(centre[:, None] + d) - activation(centre[:, None])
        tiny = 1e-9
        slope = (activation(centre + tiny) - activation(centre - tiny)) / (2 * tiny)
    torch.testing.assert_close(made.values + slope[:, None] * d, bent, atol=1e-5, rtol=0)
    assert (made.length[[1, 3]] == 0).all()
    assert (made.length[[0, 2], 0] >= made.values[[0, 2]].abs().amax(1)).all()
    assert (made.error[[0, 2]] > 1e-9).all()

    rows = torch.from_numpy(rng.standard_normal((3, 4))).float()
    of = torch.tensor([0, 1, 2])
    dense = torch.zeros(4, 4, 6, dtype=torch.float64)
    dense[sample, column] = made.values
    expected = torch.einsum("rc,rcv->rv", rows.double(), dense[of])
    torch.testing.assert_close(made.times(of, rows), expected)
    assert (made.bound(of, rows) >= expected.abs().amax(1)).all()


def test_scales_that_products_may_leave_are_not_screened():
    net = seeded(lambda: mlp(10, 20, 20, 20, 20, 3)).double()
    x, directions = np.ones((3, 10)), np.eye(10)
    assert screened(net, x, 1e-3, directions)[0] is not None
    assert screened(net, x, 1e-300, directions)[0] is None
    with torch.no_grad():
        for dense in net[2], net[4]:
            dense.weight *= 1e-140
    assert screened(net, x, 1e-3, directions)[0] is None
