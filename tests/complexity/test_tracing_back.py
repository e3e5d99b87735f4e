"""Ranges that are found by row, and corrections, beside all vertices in float64."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from torch import nn

from splineviz.complexity.carrying import ProgramNeighborhoods
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
    network = ProgramNeighborhoods(trace(net, x.shape[1:]), torch.device("cpu"))
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


def test_a_row_along_the_longest_difference_is_not_called_shorter():
    # Of such a row float32 finds a length that is far too short.
    row = torch.tensor([1.834212064743042, 0.09016203880310059]).double()[
        torch.arange(413) * 2 // 413
    ]
    net = seeded(lambda: nn.Sequential(nn.Linear(8, 413), nn.ReLU(), nn.Linear(413, 1), nn.ReLU()))
    net = net.double()
    for just in (1e-8, 1e-7, 3e-7, 1e-6):
        with torch.no_grad():
            net[0].weight.zero_()
            net[0].weight[:, 0] = row
            net[0].bias.fill_(2.0)
            net[2].weight.copy_(row[None])
            length = float(net[2].weight[0] @ row)
            net[2].bias.fill_(-2 * float(net[2].weight.sum()) - 0.5 * length * (1 - just))
        found, layers, _ = screened(net, np.zeros((1, 8)), 0.5, np.eye(8))
        assert layers[1].amin() < 0 < layers[1].amax()
        assert len(found.near[1].sample) == 1


@pytest.mark.parametrize("power", [155, 160, 162, 164, 166, 168])
def test_squares_that_vanish_are_not_brought_back_by_the_radius(power):
    radius, tiny = 0.5e150, 10.0**-power
    net = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 1), nn.ReLU()).double()
    with torch.no_grad():
        net[0].weight.copy_(tiny * torch.eye(8, dtype=torch.float64))
        net[0].bias.fill_(2 * radius * tiny)
        net[2].weight.fill_(1.0)
        net[2].bias.fill_(-15.4 * radius * tiny)
    found, layers, _ = screened(net, np.zeros((1, 8)), radius, np.eye(8))
    assert layers[1].amin() < 0 < layers[1].amax()
    assert found is None or len(found.near[1].sample) == 1


def test_bounds_of_corrections_lose_nothing_to_squares_that_vanish():
    rule = trace(nn.ReLU().double(), (4,)).activation_at[0].rule
    tiny = torch.full((2,), 1e-170, dtype=torch.float64)
    near = Near(torch.tensor([1, 1]), torch.tensor([0, 3]), -0.5 * tiny, -tiny, tiny, 1e-16 * tiny)
    made = Corrections.of(rule, [0.0, 1.0], near, torch.stack([tiny, -tiny], 1), samples=3)
    assert made.length[1] >= 1e-170
    assert made.error[1] >= 2e-186
    assert (made.length[[0, 2]] == 0).all()
    assert (made.error[[0, 2]] == 0).all()


def test_a_sample_of_too_many_corrections_is_doubtful():
    # Round the first sample some neurons bend, and more lie on their boundary behind them.
    net = seeded(lambda: mlp(64, 64, 64, 3)).double()
    with torch.no_grad():
        net[0].bias.fill_(10.0)
        net[0].bias[:8] = 0.0
        net[2].bias.copy_(-net[2].weight @ net[0].bias)
    x = np.zeros((20, 64))
    x[1:] = 5.0
    found, _, _ = screened(net, x, 1e-3, np.eye(64))
    assert found.doubtful.tolist() == [True] + 19 * [False]
