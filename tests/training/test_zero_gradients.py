"""An attack without a gradient to follow says so, and does not where a network is constant."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import splineviz as sv
from splineviz.errors import SplinevizWarning, ZeroGradients

EPS = 0.03
ATTACKS = [
    *(sv.pgd_accuracy, sv.fgsm_accuracy, sv.pgd_attack),
    *(sv.apgd_accuracy, sv.apgd_attack, sv.robust_accuracy_bound),
]


class Through(torch.nn.Module):
    """A network behind, or in front of, a function."""

    def __init__(self, net, before=None, after=None):
        super().__init__()
        self.net, self.before, self.after = net, before, after

    def forward(self, x):
        x = x if self.before is None else self.before(x)
        made = self.net(x)
        return made if self.after is None else self.after(made)


class Masked(torch.autograd.Function):
    """A function of a user's own that has no gradient, under no name that is known."""

    @staticmethod
    def forward(ctx, x):
        return x * 1.0

    @staticmethod
    def backward(ctx, gradient):
        return torch.zeros_like(gradient)


@pytest.fixture(scope="module")
def trained():
    """A network that is right at all samples, and breaks at many."""
    torch.manual_seed(0)
    x = torch.rand(120, 48)
    w = torch.randn(48)
    y = (x @ w > (x @ w).median()).long()
    net = torch.nn.Sequential(torch.nn.Linear(48, 32), torch.nn.ReLU(), torch.nn.Linear(32, 2))
    optimizer = torch.optim.Adam(net.parameters(), 1e-2)
    for _ in range(200):
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        optimizer.step()
    with torch.no_grad():
        net[2].weight *= 1000
        net[2].bias *= 1000
    return net, x, y


HIDDEN = {
    "softmax": ({"after": lambda z: z.softmax(1)}, "softmax: attack the outputs in front"),
    "Softmax": ({"after": torch.nn.Softmax(1)}, "softmax: attack the outputs in front"),
    "sigmoid": ({"after": torch.sigmoid}, "sigmoid: attack the outputs in front"),
    "Sigmoid": ({"after": torch.nn.Sigmoid()}, "sigmoid: attack the outputs in front"),
    "tanh": ({"after": torch.tanh}, "tanh: attack the outputs in front"),
    "hardtanh": ({"after": F.hardtanh}, "hardtanh: attack the outputs in front"),
    "round": ({"before": lambda x: torch.round(x * 64) / 64}, "round: take it out"),
    "floor": ({"before": lambda x: (x * 256).floor() / 256}, "floor: take it out"),
    "detach": ({"after": lambda z: z.detach() + 0 * z}, "detach: take it out"),
    "unknown": ({"before": Masked.apply}, "nothing that is known to saturate or to round, yet"),
}


@pytest.mark.parametrize("row", HIDDEN.values(), ids=HIDDEN)
@pytest.mark.parametrize("attack", ATTACKS)
def test_a_hidden_gradient_is_told(trained, row, attack):
    net, x, y = trained
    assert sv.pgd_accuracy(net, x, y, eps=EPS, bounds=(0, 1)) < 0.8
    how, told = row
    model = Through(net, **how)
    with pytest.warns(ZeroGradients, match=told) as caught:
        attack(model, x, y, eps=EPS, bounds=(0, 1))
    [one] = caught
    samples = one.message.samples
    assert samples.shape == (len(x),)
    assert samples.mean() > 0.5
    assert f"at {samples.sum()} of the " in str(one.message)
    assert one.filename == __file__
    assert issubclass(ZeroGradients, SplinevizWarning)


def test_the_samples_without_a_gradient_can_be_read(trained):
    net, x, y = trained
    softmax = torch.nn.Sequential(net, torch.nn.Softmax(1))
    eps = [0.0, EPS, 2 * EPS]
    masks = sv.pgd_zero_gradients(softmax, x, y, eps=eps, bounds=(0, 1))
    assert masks.shape == (3, len(x))
    assert not masks[0].any()
    assert masks[1].mean() > 0.5
    alone = sv.pgd_zero_gradients(softmax, x, y, eps=EPS, bounds=(0, 1))
    np.testing.assert_array_equal(alone, masks[1])
    with pytest.warns(ZeroGradients) as caught:
        share = sv.pgd_accuracy(softmax, x, y, eps=EPS, bounds=(0, 1))
    np.testing.assert_array_equal(caught[0].message.samples, alone)
    assert share >= alone.mean()
    assert not sv.pgd_zero_gradients(net, x, y, eps=eps, bounds=(0, 1)).any()


def test_gradients_that_vanish_at_some_samples_only(trained):
    net, x, y = trained
    with torch.no_grad():
        gap = net(x).diff(dim=1).abs()[:, 0]
    # Rounds to a gradient of zero behind the median only.
    scale = 104 / float(gap.median())
    model = Through(net, after=lambda z: (scale * z).softmax(1))
    with pytest.warns(ZeroGradients, match="softmax"):
        sv.pgd_accuracy(model, x, y, eps=0.002, bounds=(0, 1))
    share = sv.pgd_zero_gradients(model, x, y, eps=0.002, bounds=(0, 1)).mean()
    assert 0.2 < share < 0.8


def test_one_start_with_a_gradient_is_enough():
    # The gradient is zero below 0, and all starts but those above stand still.
    model = torch.nn.Sequential(torch.nn.Linear(1, 1), torch.nn.ReLU(), torch.nn.Linear(1, 2))
    with torch.no_grad():
        values = ([[1.0]], [0.0], [[0.0], [1.0]], [0.0, -9.0])
        for weight, value in zip(model.parameters(), values, strict=True):
            weight.copy_(torch.tensor(value))
    x, y = np.full((40, 1), -0.5), np.zeros(40, dtype=int)
    few = sv.pgd_zero_gradients(model, x, y, eps=1.0, bounds=(-2, 2))
    many = sv.pgd_zero_gradients(model, x, y, eps=1.0, bounds=(-2, 2), restarts=20)
    assert 0 < few.sum() < 40
    assert not many.any()
    # Not constant in the ball, so that standing still proves nothing.
    with pytest.warns(ZeroGradients, match="outputs are not constant there"):
        sv.pgd_accuracy(model, x, y, eps=1.0, bounds=(-2, 2))


@pytest.mark.parametrize("loss", ["margin", "cross-entropy"])
def test_a_cross_entropy_that_rounds_to_zero_is_told(trained, loss):
    net, x, y = trained
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        sv.pgd_accuracy(net, x, y, eps=EPS, bounds=(0, 1), loss=loss)
    told = [str(one.message) for one in caught]
    if loss == "margin":
        assert told == []
    else:
        assert "Use the loss 'margin'" in told[0]


def test_a_cross_entropy_that_rounds_to_zero_is_told_of_apgd_alone(trained):
    """With its default losses a loss that does not round comes after it."""
    net, x, y = trained
    sv.apgd_accuracy(net, x, y, eps=EPS, bounds=(0, 1))
    with pytest.warns(ZeroGradients, match="Use the loss 'margin'"):
        sv.apgd_accuracy(net, x, y, eps=EPS, bounds=(0, 1), loss="cross-entropy")


def test_half_precision_is_told(trained):
    net, x, y = trained
    small = torch.nn.Sequential(net, torch.nn.Linear(2, 2, bias=False)).to(torch.bfloat16)
    with torch.no_grad():
        small[1].weight.copy_(1e-39 * torch.eye(2))
    with pytest.warns(ZeroGradients, match=r"computes in bfloat16.*float\(\)"):
        sv.pgd_accuracy(small, x.bfloat16(), y, eps=EPS, bounds=(0, 1))


def constant(bias):
    """A network whose last neurons are all off on the cube."""
    net = torch.nn.Sequential(
        *(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 8), torch.nn.ReLU()),
        torch.nn.Linear(8, 3),
    )
    with torch.no_grad():
        net[2].bias.fill_(bias)
    return net


# Warnings are errors in these tests.


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_constant_network_is_no_cause_for_alarm(attack):
    net = constant(-100.0)
    x = torch.rand(30, 4)
    y = net(x).argmax(1)
    attack(net, x, y, eps=0.2)
    assert sv.pgd_zero_gradients(net, x, y, eps=0.2).all()
    # Wrong as they are: nothing is said of their gradient.
    assert not sv.pgd_zero_gradients(net, x, (y + 1) % 3, eps=0.2).any()
    attack(Through(net, after=lambda z: z.softmax(1)), x, (y + 1) % 3, eps=0.2)


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_an_ordinary_training_warns_at_no_checkpoint(norm):
    run = sv.Run.bundled("checkerboard")
    x, y = (part[:100] for part in run.samples)
    for step in run.steps:
        sv.pgd_accuracy(run.model(step), x, y, eps=[0.05, 0.2, 0.5], norm=norm)
        sv.fgsm_accuracy(run.model(step), x, y, eps=0.2, norm=norm)
        sv.apgd_accuracy(run.model(step), x, y, eps=0.2, norm=norm, steps=10)
