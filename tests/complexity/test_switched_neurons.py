"""What is counted without making each vertex is what all vertices would give."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from torch import nn

import splineviz as sv
from splineviz.complexity.arguments.layer_choice import LayerChoice
from splineviz.complexity.arguments.neighborhood import haar_directions
from splineviz.complexity.propagation.estimator import Estimator
from splineviz.complexity.propagation.model_estimator import make_estimator
from splineviz.complexity.propagation.rounding import Rounding
from splineviz.complexity.propagation.step_operator import StepOperator
from splineviz.complexity.propagation.vertex_deltas import AntipodalPairs, VertexDeltas
from splineviz.network.tracing.trace import trace
from tests.complexity.plain import (
    Transformer,
    cnn,
    mlp,
    plain_counts,
    points,
    resnet18,
    seeded,
)

DIRECTIONS = 8
ACTIVATIONS = {
    "relu": (nn.ReLU, (0,)),
    "leaky": (lambda: nn.LeakyReLU(0.1), (0,)),
    "steep": (lambda: nn.LeakyReLU(300.0), (0,)),
    "hardtanh": (lambda: nn.Hardtanh(-1.0, 0.5), (-1.0, 0.5)),
    "relu6": (nn.ReLU6, (0, 6)),
    "prelu": (lambda: nn.PReLU(init=-0.7), (0,)),
}


@pytest.fixture
def pairs(monkeypatch):
    """Counts how often pairs were kept and split; with `never` they always are."""

    class Pairs:
        kept = split = 0
        never = False

    is_worth = AntipodalPairs.is_worth

    def counting(self, *rest):
        worth = not Pairs.never and is_worth(self, *rest)
        Pairs.kept, Pairs.split = Pairs.kept + worth, Pairs.split + (not worth)
        return worth

    monkeypatch.setattr(AntipodalPairs, "is_worth", counting)
    return Pairs


def chain(rng, activation):
    """A random network with dense layers of many kinds, one behind another."""
    widths = [DIRECTIONS + int(rng.integers(20)), *rng.integers(1, 40, int(rng.integers(1, 6)))]
    layers = []
    for before, after in itertools.pairwise(widths):
        dense = nn.Linear(int(before), int(after), bias=bool(rng.random() < 0.8))
        with torch.no_grad():
            match int(rng.integers(8)):
                case 0:
                    dense.weight.copy_((3 * before**0.5 * dense.weight).round())
                case 1:
                    dense.weight.copy_(dense.weight[:1].expand_as(dense.weight))
                case 2:
                    dense.weight *= 10.0 ** rng.uniform(-6, 6)
                case 3 if dense.bias is not None:
                    dense.bias.zero_()
                case 4 if dense.bias is not None:
                    dense.bias.fill_(1e6 * rng.random())
                case 5:
                    dense.weight[rng.random(int(after)) < 0.5] = 0.0
        layers += [dense, activation()]
    if rng.random() < 0.5:
        layers.append(nn.Linear(int(widths[-1]), 3))
    return nn.Sequential(*layers), int(widths[0])


@pytest.mark.parametrize("kind", ACTIVATIONS)
def test_counts_are_those_of_all_vertices(kind, pairs):
    make, kinks = ACTIVATIONS[kind]
    kinds = (type(make()),)
    for seed in range(60):
        rng = np.random.default_rng(seed)
        net, inputs = seeded(lambda rng=rng: chain(rng, make)[0], seed), None
        inputs = net[0].in_features
        x = rng.standard_normal((20, inputs)) * 10.0 ** rng.uniform(-2, 2)
        if rng.random() < 0.3:
            x = x.round()
        radius = 10.0 ** rng.uniform(-7, 1)
        pairs.never = False
        lc = sv.local_complexity(
            net, x, radius=radius, directions=DIRECTIONS, logits=bool(seed % 2)
        )
        pairs.never = True
        full = sv.local_complexity(
            net, x, radius=radius, directions=DIRECTIONS, logits=bool(seed % 2)
        )
        assert (abs(lc.counts - full.counts) <= lc.uncertain + full.uncertain).all(), seed
        plain = plain_counts(net, x, radius, lc.directions, kinds, kinks)
        assert (
            abs(lc.counts[:, : plain.shape[1]] - plain) <= full.uncertain[:, : plain.shape[1]]
        ).all()
    assert pairs.kept > 100


@pytest.mark.parametrize("radius", [1e-3, 1e-2, 0.1, 1.0])
def test_few_samples_are_split_at_a_small_radius(radius, pairs):
    net, x = seeded(lambda: mlp(50, 80, 80, 80, 3)), points(200, 50)
    lc = sv.local_complexity(net, x, radius=radius)
    assert lc.counts.any()
    assert not lc.uncertain.any()
    assert (pairs.split > 0) == (radius == 1.0)
    np.testing.assert_array_equal(lc.counts, plain_counts(net, x, radius, lc.directions))


@pytest.mark.parametrize("kind", ACTIVATIONS)
def test_the_center_as_a_vertex(kind, pairs):
    net, x = seeded(lambda: mlp(12, 30, 30, 30, 3, activation=ACTIVATIONS[kind][0])), points(60, 12)
    found = sv.local_complexity(net, x, radius=0.01, directions=DIRECTIONS, center=True)
    assert pairs.kept
    pairs.never = True
    other = sv.local_complexity(net, x, radius=0.01, directions=DIRECTIONS, center=True)
    np.testing.assert_array_equal(found.counts, other.counts)


def test_a_sample_that_many_neurons_bend():
    # All vertices lie in front of the kinks of all copies, in turn: each bends.
    net = seeded(lambda: mlp(8, 40, 30, 3, activation=nn.ReLU))
    x = np.zeros((3, 8))
    with torch.no_grad():
        net[0].weight.copy_(net[0].weight[:1].expand(40, -1))
        net[0].bias.zero_()
        net[2].bias.fill_(0.1)
    lc = sv.local_complexity(net, x, radius=0.01, directions=DIRECTIONS)
    np.testing.assert_array_equal(lc.counts, plain_counts(net, x, 0.01, lc.directions))


def test_one_sample_with_many_switching_neurons_among_others_with_none():
    net = seeded(lambda: mlp(8, 60, 60, 60, 3)).double()
    x = points(30, 8, low=3, high=4)
    x[7] = 0.0
    with torch.no_grad():
        net[0].bias.zero_()
    lc = sv.local_complexity(net, x, radius=0.01, directions=DIRECTIONS)
    assert lc.counts[7, 0] == 60
    np.testing.assert_array_equal(lc.counts, plain_counts(net, x, 0.01, lc.directions))


def test_nothing_switches_at_a_tiny_radius(pairs):
    told = []
    net, x = seeded(lambda: mlp(20, 30, 30, 3)), points(50, 20)
    lc = sv.local_complexity(
        net, x, radius=1e-12, directions=DIRECTIONS, progress=lambda *done: told.append(done)
    )
    assert not pairs.split
    assert not lc.counts.any()
    assert told[-1] == (50, 50)


class Chain:
    """Differences of some samples that take random steps, beside all their vertices."""

    def __init__(self, seed, samples=6, directions=4, width=9):
        self.rng = torch.Generator().manual_seed(seed)
        self.pairs = AntipodalPairs(samples, directions, torch.float64, torch.device("cpu"))
        self.d = VertexDeltas.odd(self.random(samples, directions, width))
        self.every = torch.cat([self.d.rows, -self.d.rows], 1)

    def random(self, *shape):
        return torch.randn(shape, generator=self.rng, dtype=torch.float64)

    def switch(self, share):
        """Move some neurons at each vertex on their own."""
        samples, directions, width = self.d.rows.shape
        chosen = torch.rand((samples, width), generator=self.rng) < share
        sample, column = chosen.nonzero(as_tuple=True)
        plus, minus = self.random(2, len(sample), directions)
        rows = self.d.rows.clone()
        rows[sample, :, column] += (plus - minus) / 2
        columns = self.d.dense_columns()
        self.pairs.add(sample, (plus + minus) / 2)
        self.d = VertexDeltas(rows, columns, column)
        self.every[sample, :, column] += torch.cat([plus, minus], 1)

    def multiply(self):
        matrix = self.random(self.every.shape[2], self.every.shape[2])
        rows, columns = self.d.rows @ matrix, self.d.dense_columns() @ matrix
        self.d = VertexDeltas(rows, columns, self.d.units[:0])
        self.every = self.every @ matrix


@pytest.mark.parametrize("share", [0.0, 0.05, 0.3, 1.0])
def test_odd_and_even_parts_make_all_vertices(share):
    for seed in range(5):
        chain = Chain(seed)
        for _ in range(3):
            chain.switch(share)
            for _ in range(2):
                torch.testing.assert_close(chain.pairs.vertices(chain.d), chain.every)
                low, high = chain.pairs.extent(chain.d)
                assert (low <= chain.every.amin(1) + 1e-12).all()
                assert (high >= chain.every.amax(1) - 1e-12).all()
                sample, column = (chain.every[:, 0] > 0).nonzero(as_tuple=True)
                made = chain.pairs.at(chain.d, sample, column)
                torch.testing.assert_close(made, chain.every[sample, :, column])
                chain.multiply()


def test_a_value_made_before_more_neurons_switched_keeps_its_vertices():
    chain = Chain(0)
    chain.switch(0.2)
    chain.multiply()
    early, every = chain.d, chain.every.clone()
    chain.switch(0.5)
    torch.testing.assert_close(chain.pairs.vertices(early), every)
    sample, column = torch.ones_like(every[:, 0], dtype=torch.bool).nonzero(as_tuple=True)
    made = chain.pairs.at(early, sample, column)
    torch.testing.assert_close(made, every[sample, :, column])


@pytest.mark.parametrize("batch_size", [1, 7, None])
def test_some_radii_split_pairs_and_others_do_not(batch_size):
    net, x, radii = seeded(lambda: mlp(20, 30, 30, 3)), points(40, 20), [1e-9, 3.0, 1e-3]
    lc = sv.local_complexity(net, x, radius=radii, directions=DIRECTIONS, batch_size=batch_size)
    for counts, radius in zip(lc.counts, radii, strict=True):
        np.testing.assert_array_equal(counts, plain_counts(net, x, radius, lc.directions))


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(20, 20), nn.Linear(20, 20)

    def forward(self, x):
        h = torch.relu(self.first(x))
        return x + torch.relu(self.second(h) + h)


@pytest.mark.parametrize("radius", [1e-9, 1e-3, 0.1])
@pytest.mark.parametrize(
    ("make", "options"),
    [
        (Residual, {}),
        (lambda: mlp(20, 30, 600, 3), {}),
        (lambda: mlp(20, 30, 30, 3), {"shared_frame": False}),
        (lambda: mlp(20, 30, 30, 3), {"directions": 3}),
        (lambda: nn.Sequential(nn.Linear(20, 30), nn.Tanh(), nn.Linear(30, 3)), {}),
        (lambda: nn.Sequential(nn.Linear(20, 30), nn.ReLU(), nn.BatchNorm1d(30), nn.ReLU()), {}),
        # The sign of what an activation makes is looked at.
        (lambda: nn.Sequential(nn.Linear(20, 30), nn.Hardtanh()), {"logits": True}),
        (lambda: nn.Sequential(nn.Linear(20, 30), nn.Hardtanh()), {"layers": ["0", "1"]}),
    ],
)
def test_pairs_in_many_kinds_of_networks(make, options, radius, pairs):
    net, x = seeded(make), points(30, 20)
    options = {"directions": DIRECTIONS, **options}
    found = sv.local_complexity(net, x, radius=radius, **options)
    pairs.never = True
    split = sv.local_complexity(net, x, radius=radius, **options)
    np.testing.assert_array_equal(found.counts, split.counts)


def test_layers_before_the_first_activation_are_looked_at(pairs):
    net, x = seeded(lambda: nn.Sequential(nn.Linear(20, 8), *mlp(8, 30, 3))), points(30, 20)
    options = {"radius": 0.01, "directions": DIRECTIONS, "layers": ["0", "1", "2", "output"]}
    with_all = sv.local_complexity(net, x, **options)
    pairs.never = True
    np.testing.assert_array_equal(sv.local_complexity(net, x, **options).counts, with_all.counts)
    assert with_all.counts.any()


@pytest.mark.parametrize("split", [True, False])
@pytest.mark.parametrize(
    "scales", [(1e-100, 1e100, 1), (1e-170, 1e170, 1), (1e150, 1e-150, 1), (1, 1e-200, 1e200)]
)
def test_small_and_large_weights_cancel(scales, split, pairs):
    net = seeded(lambda: mlp(10, 30, 30, 3, bias=False)).double()
    x = points(60, 10, low=-1)
    expected = sv.local_complexity(net, x, radius=0.02, directions=DIRECTIONS).counts
    assert expected.any()
    with torch.no_grad():
        for dense, scale in zip(net[::2], scales, strict=True):
            dense.weight *= scale
    pairs.never = split
    lc = sv.local_complexity(net, x, radius=0.02, directions=DIRECTIONS)
    assert (abs(lc.counts - expected) <= lc.uncertain).all()
    # Where squares vanish not much is certain.
    assert not lc.uncertain.any() or min(scales) < 1e-150


def test_a_radius_that_is_tiny_or_huge():
    net, x = seeded(lambda: mlp(10, 30, 30, 3)), points(20, 10)
    assert not sv.local_complexity(net, x, radius=1e-300, directions=DIRECTIONS).counts.any()
    lc = sv.local_complexity(net, x, radius=1e200, directions=DIRECTIONS)
    np.testing.assert_array_equal(lc.counts, plain_counts(net, x, 1e200, lc.directions))


@pytest.mark.parametrize(
    "make",
    [
        lambda: nn.Conv2d(3, 8, 3, padding=1),
        lambda: nn.Conv2d(3, 8, 3, padding=2, stride=2, dilation=2),
        lambda: nn.Conv2d(3, 6, 3, groups=3),
        lambda: nn.Conv2d(3, 8, 3, padding=1, padding_mode="circular"),
        lambda: nn.Conv2d(3, 8, 3, padding="same", padding_mode="reflect"),
        lambda: nn.Conv2d(3, 8, (1, 4), padding=(0, 3)),
        lambda: nn.ConvTranspose2d(3, 4, 3, stride=2),
        lambda: nn.AvgPool2d(2),
        lambda: nn.AdaptiveAvgPool2d(3),
        lambda: nn.Upsample(scale_factor=2, mode="bilinear"),
        lambda: nn.BatchNorm2d(3).eval(),
        nn.Flatten,
        lambda: nn.Sequential(nn.Flatten(), nn.Linear(3 * 64, 5)),
    ],
)
def test_bounds_of_steps_are_bounds(make):
    net = seeded(make)
    program = trace(net, (3, 8, 8))
    rng = np.random.default_rng(0)
    for dtype in (torch.float32, torch.float64):
        values = torch.from_numpy(rng.standard_normal((5, 3, 8, 8))).to(dtype)
        made, bound = values, values.abs()
        for i in range(len(program.steps)):
            step = StepOperator(program, i, dtype, torch.device("cpu"))
            bound = step.bound([bound], [torch.zeros_like(bound).double()], 1.0)
            made = step.linear([made])
        assert (made.abs() <= bound * (1 + 1e-5)).all()


def test_ranges_that_nobody_asks_for_do_not_make_results_uncertain():
    net, x = seeded(lambda: resnet18(4)), points(6, 3, 32, 32)
    network = make_estimator(net, (3, 32, 32), "cpu", LayerChoice(winners=True, logits=True))
    asked = {watched.value for watched in network._watched}
    assert len(asked) < 0.7 * sum(step.kind != "relu" for step in network.program.steps)
    lc = sv.local_complexity(net, x, radius=0.005, directions=haar_directions(8, (3, 32, 32), 0))
    np.testing.assert_array_equal(lc.counts, plain_counts(net, x, 0.005, lc.directions.copy()))
    assert not lc.uncertain.any()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (lambda: mlp(10, 8, 8, 8, 3, bias=False), (10,)),
        (
            lambda: nn.Sequential(nn.Conv2d(1, 4, 3, bias=False), nn.ReLU(), nn.Conv2d(4, 4, 3)),
            (1, 7, 7),
        ),
        (
            lambda: nn.Sequential(
                *(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3, bias=False), nn.ReLU())
            ),
            (1, 7, 7),
        ),
    ],
)
def test_what_is_zero_at_all_vertices_is_certain(make, shape, dtype):
    net = seeded(make).to(dtype)
    with torch.no_grad():
        for parameter in net[0].parameters():
            parameter.copy_(-parameter.abs())
        net[0].weight -= 10.0
    x = 1.0 + points(20, *shape)
    lc = sv.local_complexity(net, x, radius=0.01, directions=DIRECTIONS)
    assert not lc.counts.any()
    assert not lc.uncertain.any()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_what_is_saturated_at_zero_at_all_vertices_is_certain(dtype):
    layers = nn.Linear(10, 8), nn.Hardtanh(-1.0, 0.0), nn.Linear(8, 3, bias=False), nn.ReLU()
    net = nn.Sequential(*layers).to(dtype)
    with torch.no_grad():
        net[0].weight.fill_(10.0)
    x = 1.0 + points(20, 10)
    assert not net(torch.tensor(x, dtype=dtype)).any()
    lc = sv.local_complexity(net, x, radius=0.01, directions=DIRECTIONS)
    assert not lc.counts.any()
    assert not lc.uncertain.any()


def test_a_kernel_of_which_one_weight_is_not_zero():
    net = nn.Sequential(nn.Conv2d(1, 1, 3, padding=1, bias=False), nn.ReLU())
    with torch.no_grad():
        net[0].weight.zero_()
        net[0].weight[0, 0, 0, 0] = 1.0
    lc = sv.local_complexity(net, points(5, 1, 4, 4), radius=0.01, directions=DIRECTIONS)
    assert not lc.counts.any()
    assert not lc.uncertain.any()


def test_a_bias_that_lies_on_a_kink_is_rounded():
    net = seeded(lambda: mlp(8, 8, 8, 3, activation=nn.Hardtanh)).double()
    with torch.no_grad():
        net[2].weight *= 1e-16
        net[2].bias.fill_(1.0)
    lc = sv.local_complexity(net, points(100, 8), radius=0.01, directions=DIRECTIONS)
    assert (lc.uncertain[:, 1] >= lc.counts[:, 1]).all()


@pytest.mark.parametrize(
    "extra",
    [nn.Identity, lambda: nn.Dropout(0.5), lambda: nn.Sequential(nn.Dropout(0.1), nn.Identity())],
)
def test_steps_that_change_nothing_and_dead_neurons(extra):
    net = seeded(lambda: nn.Sequential(*mlp(20, 30, 30)[:2], extra(), *mlp(30, 30, 30, 3)))
    with torch.no_grad():
        for dense in (net[0], net[3]):
            dense.weight[:3] = 0.0
            dense.bias[:3] = 0.0
    x = points(40, 20)
    lc = sv.local_complexity(net, x, radius=1e-4, directions=DIRECTIONS)
    np.testing.assert_array_equal(lc.counts, plain_counts(net, x, 1e-4, lc.directions))


@pytest.fixture
def coarse(monkeypatch):
    """Float32 that leaves thousands of times as much open; keeps how many vertices are made."""
    noise, propagate, sent = Rounding.noise, Estimator.propagate, []

    def larger(self, variance, linear):
        return noise(self, variance, linear) * (1 if self.dtype == torch.float64 else 3e4)

    def counting(self, centers, directions, radius, dtype, visit):
        sent.append((dtype, len(centers[0]) * directions.shape[1]))
        propagate(self, centers, directions, radius, dtype, visit)

    monkeypatch.setattr(Rounding, "noise", larger)
    monkeypatch.setattr(Estimator, "propagate", counting)
    return sent


@pytest.mark.parametrize(
    ("make", "shape", "options"),
    [
        (lambda: mlp(12, 30, 30, 30, 3), (12,), {}),
        (lambda: mlp(12, 30, 30, 30, 3), (12,), {"center": True, "shared_frame": False}),
        (lambda: mlp(12, 30, 30, 3, activation=nn.ReLU6), (12,), {"logits": True}),
        (lambda: mlp(12, 30, 30, 3, activation=lambda: nn.Hardtanh(-0.2, 0.1)), (12,), {}),
        (lambda: nn.Sequential(nn.Linear(12, 30), nn.GLU(), nn.Linear(15, 9)), (12,), {}),
        (lambda: Transformer(), (4, 8), {"shared_frame": False}),
        (cnn, (1, 9, 9), {"winners": True, "center": True}),
        (lambda: resnet18(2), (3, 32, 32), {}),
    ],
)
@pytest.mark.parametrize("most", [2**23, 400])
def test_doubtful_vertices_alone_are_made_in_float64(
    make, shape, options, most, coarse, monkeypatch
):
    monkeypatch.setattr("splineviz.complexity.counting.batches._ON_CPU", most)
    net, x = seeded(make), points(12, *shape, low=-1)
    for radius in (1e-3, 0.03, 0.5):
        found = sv.local_complexity(net, x, radius=radius, directions=DIRECTIONS, **options)
        in_float64 = sum(number for dtype, number in coarse if dtype == torch.float64)
        with monkeypatch.context() as alone:
            alone.setattr(Estimator, "dtypes", (torch.float64,))
            all_vertices = sv.local_complexity(
                net, x, radius=radius, directions=DIRECTIONS, **options
            )
        np.testing.assert_array_equal(found.counts, all_vertices.counts)
        np.testing.assert_array_equal(found.uncertain, all_vertices.uncertain)
        # At larger radii something is doubtful at nearly all of them.
        assert in_float64 < DIRECTIONS * len(x) or radius > 1e-3
        coarse.clear()
