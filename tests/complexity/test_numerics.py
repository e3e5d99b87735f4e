"""Local complexity where numbers cancel, vanish or overflow, and in degenerate networks."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import splineviz as sv
from splineviz.complexity.arguments.layer_choice import LayerChoice
from splineviz.complexity.arguments.neighborhood import haar_directions
from splineviz.complexity.propagation.activation_deltas import local_slopes
from splineviz.complexity.propagation.estimator import Estimator
from splineviz.complexity.propagation.model_estimator import make_estimator
from splineviz.complexity.propagation.step_operator import StepOperator
from splineviz.errors import (
    NonFiniteValues,
)
from splineviz.network.piecewise_linear import PiecewiseLinear
from splineviz.network.tracing.trace import trace
from tests.complexity.plain import (
    cnn,
    mlp,
    plain_counts,
    points,
    resnet18,
    seeded,
)


def test_zero_is_a_sign_of_its_own():
    # z = relu(x): zero at one vertex and positive at the other is crossed; zero at both is not.
    model = nn.Sequential(nn.Linear(1, 1), nn.ReLU(), nn.Linear(1, 1), nn.ReLU())
    for layer in (model[0], model[2]):
        layer.weight.data[:], layer.bias.data[:] = 1.0, 0.0
    lc = sv.local_complexity(model, [[0.0], [-2.0], [2.0]], radius=1.0, directions=1)
    assert lc.counts.tolist() == [[1, 1], [0, 0], [0, 0]]
    on_boundary = sv.local_complexity(model, [[1.0], [-1.0]], radius=1.0, directions=1)
    assert on_boundary.counts.tolist() == [[1, 1], [1, 0]]


def test_neurons_that_cancel_are_zero_whatever_the_rounding():
    rng = np.random.default_rng(0)
    model = mlp(10, 40, 30, 2).double()
    weight = torch.from_numpy(rng.standard_normal((20, 10)))
    model[0].weight.data[:] = torch.cat([weight, weight])
    model[0].bias.data[:] = 0.3
    plus = torch.from_numpy(rng.standard_normal((30, 20)))
    model[2].weight.data[:] = torch.cat([plus, -plus], 1)
    model[2].bias.data[:] = 0.0
    x = points(50, 10, low=-1)
    for size in (1, 13, 50):
        lc = sv.local_complexity(model, x, radius=0.1, directions=5, batch_size=size)
        assert not lc.counts[:, 1].any()
        assert lc.counts[:, 0].any()


def test_dead_neurons_and_bias_free_networks_at_the_origin():
    model = seeded(lambda: mlp(5, 12, 12, 2, bias=False))
    model[2].weight.data[:4] = 0.0
    lc = sv.local_complexity(model, np.zeros((1, 5)), radius=0.1, directions=5)
    expected = plain_counts(model, np.zeros((1, 5)), 0.1, lc.directions)
    np.testing.assert_array_equal(lc.counts, expected)
    assert lc.counts[0, 0] == 12
    assert 0 < lc.counts[0, 1] <= 8


def test_float32_differences_stay_within_the_noise_that_is_carried():
    for make, shape, largest in (
        (lambda: mlp(30, *[50] * 10, 2), (30,), 1e-3),
        (lambda: resnet18(4), (3, 32, 32), 1e-3),
        # The more terms a sum has, the more of them may round alike.
        (lambda: mlp(64, 4096, 50, 2), (64,), 2e-2),
    ):
        network = make_estimator(seeded(make), shape, "cpu", LayerChoice(winners=True, logits=True))
        x = torch.from_numpy(points(3, *shape))
        directions = torch.from_numpy(haar_directions(8, shape, 0)[None])
        seen = {}
        centers = network.centers(x)
        for dtype in network.dtypes:

            def keep(number, found, dtype=dtype, seen=seen):
                seen[number, dtype] = found.span, found.differences.clone()

            network.propagate(centers, directions, 0.01, dtype, keep)
        for number in range(1, len(network.layers)):
            (coarse, d), (fine, exact) = (seen[number, dtype] for dtype in network.dtypes)
            share = ((d.double() - exact).abs().amax(1) / coarse.noise).nan_to_num(0.0)
            assert float(share.max()) < 0.3, (number, float(share.max()))
            # Nor is it so large that all samples would have to be done again.
            assert float(coarse.noise.mean()) < largest * float(fine.high.abs().mean() + 1e-9)


class Sums(nn.Module):
    """What an activation reads is read by a sum first."""

    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Conv2d(2, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, x):
        h = self.one(x)
        return torch.relu(h + self.two(torch.relu(h))) - torch.relu(h).flatten(2).unflatten(
            2, (6, 6)
        )


@pytest.mark.parametrize(
    ("make", "shape"),
    [(cnn, (1, 9, 9)), (lambda: resnet18(4), (3, 32, 32)), (Sums, (2, 6, 6)), (mlp, (6, 9, 9, 2))],
)
def test_differences_in_float64_alone(make, shape, monkeypatch):
    if make is mlp:
        make, shape = (lambda widths=shape: mlp(*widths)), shape[:1]
    net, x, radii = seeded(make), points(6, *shape, low=-1), [0.2, 0.01]
    expected = sv.local_complexity(net, x, radius=radii, directions=5).counts
    monkeypatch.setattr(Estimator, "dtypes", (torch.float64,))
    lc = sv.local_complexity(net, x, radius=radii, directions=5)
    np.testing.assert_array_equal(lc.counts, expected)
    assert not lc.uncertain.any()
    network = make_estimator(net, shape, None, LayerChoice())
    centers = network.centers(torch.from_numpy(x))
    before = {value: tensor.clone() for value, tensor in centers.items()}
    frame = torch.from_numpy(haar_directions(5, shape, 0)[None])
    network.propagate(centers, frame, 0.01, torch.float64, lambda number, found: None)
    assert all(torch.equal(centers[value], tensor) for value, tensor in before.items())


def test_equal_neurons_round_alike_and_their_errors_add_up():
    # One neuron many times over, and sums of it that nearly cancel.
    for width in (512, 4096):
        net = mlp(2, width, 64, 1).double()
        with torch.no_grad():
            net[0].weight[:] = torch.tensor([0.6, 0.7])
            net[0].bias[:] = 1.0
            net[2].weight[:] = 1.0
            net[2].weight[:, 3 * width // 4 :] = -3.0
            net[2].weight[:, -1] += 0.1
            net[2].bias[:] = -0.1 - 0.03 * torch.linspace(-1, 1, 64)
        x = points(500, 2, low=-0.3, high=0.3)
        lc = sv.local_complexity(net, x, radius=0.1, directions=np.eye(2))
        # Behind it all is one affine function and 64 offsets.
        z = 0.1 * (x @ [0.6, 0.7])[:, None] + 0.1 + net[2].bias.detach().numpy()
        np.testing.assert_array_equal(lc.counts[:, 1], (np.abs(z) < 0.1 * 0.1 * 0.7).sum(1))
        alone = sv.local_complexity(net, x[:20], radius=0.1, directions=np.eye(2), batch_size=1)
        np.testing.assert_array_equal(alone.counts, lc.counts[:20])


def test_what_cancels_exactly_is_not_crossed():
    net = mlp(2, 4096, 64, 1).double()
    with torch.no_grad():
        net[0].weight[:] = torch.tensor([0.6, 0.7])
        net[0].bias[:] = 1.0
        net[2].weight[:] = 1.0
        net[2].weight[:, 3 * 1024 :] = -3.0
        net[2].bias[:] = 0.0
    x = points(200, 2, low=-0.3, high=0.3)
    lc = sv.local_complexity(net, x, radius=0.1, directions=np.eye(2))
    assert lc.counts[:, 1].sum() == 0
    # Nothing tells zero from what rounding leaves of it.
    assert lc.uncertain[:, 1].min() == 64


def test_terms_that_are_hardly_alike_add_up_alike_in_all_batches():
    width = 16384
    net = mlp(2, width, 64, 1).double()
    rng = np.random.default_rng(0)
    with torch.no_grad():
        spread = torch.from_numpy(rng.uniform(0.5, 1.5, (width, 1)))
        net[0].weight[:] = torch.tensor([0.6, 0.7]) * spread
        net[0].bias[:] = spread[:, 0]
        net[2].weight[:] = torch.where(torch.arange(width) < 3 * width // 4, 1.0, -3.0)
        net[2].bias[:] = torch.linspace(-60, 60, 64)
    x = points(30, 2, low=-0.3, high=0.3)
    frame = np.eye(2)
    lc = sv.local_complexity(net, x, radius=0.1, directions=frame)
    np.testing.assert_array_equal(lc.counts, plain_counts(net, x, 0.1, frame))
    alone = sv.local_complexity(net, x, radius=0.1, directions=frame, batch_size=1)
    np.testing.assert_array_equal(alone.counts, lc.counts)


@pytest.mark.parametrize("radius", [1e39, 1e100])
def test_what_overflows_float32_is_counted_in_float64(radius):
    net = seeded(lambda: mlp(4, 30, 30, 2))
    x, frame = points(5, 4), np.eye(4)
    lc = sv.local_complexity(net, x, radius=radius, directions=frame)
    np.testing.assert_array_equal(lc.counts, plain_counts(net, x, radius, frame))
    assert lc.uncertain.sum() == 0


def test_large_weights_among_zeros_are_counted():
    for seed in range(10):
        net = seeded(lambda: mlp(6, 40, 40, 40, 2), seed)
        rng = np.random.default_rng(seed)
        with torch.no_grad():
            for layer in net[::2]:
                layer.weight *= 1e10 * torch.from_numpy(rng.integers(0, 2, layer.weight.shape))
                layer.bias *= 1e10
        x, frame = points(20, 6), np.eye(6)
        lc = sv.local_complexity(net, x, radius=0.05, directions=frame)
        np.testing.assert_array_equal(lc.counts, plain_counts(net, x, 0.05, frame))


def test_an_error_bound_that_overflows_float32_is_made_again_in_float64():
    net = seeded(lambda: mlp(4, 30, 30, 2))
    x, frame = 1e6 * points(5, 4, low=-1), np.eye(4)
    with torch.no_grad():
        net[0].weight *= 1e6
    lc = sv.local_complexity(net, x, radius=1e-12, directions=frame)
    assert (np.abs(lc.counts - plain_counts(net, x, 1e-12, frame)) <= lc.uncertain).all()


def test_errors_pass_a_kink_that_only_the_center_lies_before():
    r, d = 0.01, 8
    for seed in range(10):
        rng = np.random.default_rng(seed)
        net = mlp(d, 2 * d, 32, 64, 1).double()
        with torch.no_grad():
            net[0].weight[:] = torch.cat([torch.eye(d), -torch.eye(d)])
            net[0].bias[:] = 0.0
            # The sum of the sizes of the inputs, less than any vertex has.
            net[2].weight[:] = torch.from_numpy(rng.uniform(1, 2, (32, 2 * d)))
            net[2].bias[:] = -0.5 * r
            net[4].weight[:] = torch.from_numpy(rng.normal(size=(64, 32)))
            net[4].bias[:] = 0.0
            # The boundaries pass close to a vertex.
            z = net[:5](torch.cat([r * torch.eye(d), -r * torch.eye(d)]).double())
            shift = rng.choice([-1, 1], 64) * r * 10.0 ** rng.uniform(-9, -6, 64)
            net[4].bias[:] = torch.from_numpy(shift) - z.amax(0)
        lc = sv.local_complexity(net, np.zeros((1, d)), radius=r, directions=np.eye(d))
        expected = plain_counts(net, np.zeros((1, d)), r, np.eye(d))
        assert (np.abs(lc.counts - expected) <= lc.uncertain).all(), seed


@pytest.mark.parametrize(
    "layers", [(nn.Unfold(3),), (nn.Unfold(2, stride=2), nn.Fold(6, 2, stride=2))]
)
def test_windows_of_one_size(layers):
    net = seeded(lambda: nn.Sequential(*layers, nn.Flatten(), nn.LazyLinear(9), nn.ReLU()))
    x = points(4, 1, 6, 6).astype(np.float32)
    with torch.no_grad():
        net(torch.from_numpy(x))
    lc = sv.local_complexity(net, x, radius=0.2, directions=5)
    np.testing.assert_array_equal(lc.counts, plain_counts(net, x, 0.2, lc.directions))


@pytest.mark.parametrize("scale", [2.0**-30, 2.0**-60])
def test_small_weights_do_not_vanish(scale):
    net = seeded(lambda: mlp(6, 30, 30, 30, 2, bias=False))
    x, frame = points(40, 6, low=-1), np.eye(6)
    expected = sv.local_complexity(net, x, radius=0.1, directions=frame).counts
    with torch.no_grad():
        for layer in net[::2]:
            layer.weight *= scale
    lc = sv.local_complexity(net.double(), x, radius=0.1, directions=frame)
    np.testing.assert_array_equal(lc.counts, expected)


def test_slopes_are_as_exact_as_what_they_multiply():
    center = torch.tensor([[-1.0, 1.0]], dtype=torch.float64)
    kinks = PiecewiseLinear(np.zeros(1), np.array([0.3, 1.0]), 0.0)
    made = local_slopes(kinks, [0.3, 1.0], center, torch.float64)
    assert made.dtype == torch.float64
    assert made.tolist() == [[0.3, 1.0]]


@pytest.mark.parametrize(("mode", "shape"), [("bilinear", (1, 50, 50)), ("linear", (3, 40))])
def test_interpolation_has_all_digits_of_its_type(mode, shape):
    net = nn.Upsample(scale_factor=3.3, mode=mode)
    step = StepOperator(trace(net, shape), 0, torch.float32, torch.device("cpu"))
    x = torch.from_numpy(points(2, *shape)).float()
    expected = net(x.double()).float()
    assert torch.equal(step.linear([x]), expected)


def test_vertices_that_overflow_float64_are_refused():
    net = seeded(lambda: mlp(4, 30, 30, 2))
    with torch.no_grad():
        net[0].weight *= 1e30
    with pytest.raises(NonFiniteValues, match="vertices"):
        sv.local_complexity(net, points(5, 4), radius=1e290, directions=np.eye(4))
