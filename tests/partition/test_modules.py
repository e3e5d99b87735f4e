"""From torch modules to proved partitions: every kind of layer, against the module itself."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn

import splineviz as sv
from splineviz.errors import NonFiniteValues, UnsupportedLayer
from tests.partition.networks import case


class Residual(nn.Module):
    """Two blocks with a skip round each, one of them over a functional relu."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(2, 12)
        self.inner = nn.Linear(12, 12)
        self.last = nn.Linear(12, 3)

    def forward(self, x):
        x = torch.relu(self.first(x))
        x = x + nn.functional.relu(self.inner(x))
        return self.last(torch.relu(x + self.inner(x)))


def convolutional():
    return nn.Sequential(
        nn.Conv2d(1, 3, 3, padding="same"),
        nn.BatchNorm2d(3),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.Conv2d(3, 4, 3, stride=2, padding=1),
        nn.LeakyReLU(0.1),
        nn.Flatten(),
        nn.Dropout(0.5),
        nn.Sequential(nn.Linear(16, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Identity()),
        nn.Linear(8, 3),
    )


class Branches(nn.Module):
    """Two branches, of which the larger goes on, with constants and functions between."""

    def __init__(self):
        super().__init__()
        self.left = nn.Linear(2, 9)
        self.right = nn.Linear(2, 9)
        self.last = nn.Linear(9, 2)

    def forward(self, x):
        a = nn.functional.hardtanh(self.left(x), -0.5, 1.0)
        b = torch.abs(self.right(x)) - 0.3
        return self.last(torch.maximum(a, b).clamp(min=-0.2) * 2.0)


class Maxout(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(2, 24)
        self.last = nn.Linear(8, 2)

    def forward(self, x):
        return self.last(self.first(x).view(-1, 8, 3).max(dim=2).values)


class PreActivationBlock(nn.Module):
    def __init__(self, before, after, stride):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(before)
        self.conv1 = nn.Conv2d(before, after, 3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(after)
        self.conv2 = nn.Conv2d(after, after, 3, padding=1, bias=False)
        if stride != 1 or before != after:
            self.shortcut = nn.Conv2d(before, after, 1, stride=stride, bias=False)

    def forward(self, x):
        out = nn.functional.relu(self.bn1(x))
        shortcut = self.shortcut(out) if hasattr(self, "shortcut") else x
        out = self.conv1(out)
        out = self.conv2(nn.functional.relu(self.bn2(out)))
        return out + shortcut


def residual_images():
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1, bias=False),
        PreActivationBlock(4, 4, 1),
        PreActivationBlock(4, 6, 2),
        nn.MaxPool2d(3, stride=2, padding=1),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(6, 3),
    )


def pooled():
    return nn.Sequential(
        nn.Conv2d(1, 3, 3, padding=1),
        nn.ReLU6(),
        nn.MaxPool2d(2),
        nn.Conv2d(3, 4, 3, padding=1),
        nn.PReLU(4, init=-0.3),
        nn.MaxPool2d(3, stride=2, padding=1),
        nn.Flatten(),
        nn.Linear(16, 6),
        nn.Hardsigmoid(),
        nn.Linear(6, 3),
    )


def seeded(make):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = make()
        for module in model.modules():
            if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
                nn.init.normal_(module.running_mean, std=0.1)
                nn.init.uniform_(module.running_var, 0.5, 2.0)
                nn.init.uniform_(module.weight, 0.5, 1.5)
        return model


SQUARE = sv.InputSlice.identity((-2, -2, 2, 2))
IMAGES = np.random.default_rng(0).standard_normal((3, 1, 8, 8))
MODELS = {
    "mlp": (lambda: nn.Sequential(nn.Linear(2, 20), nn.ReLU(), nn.Linear(20, 1)), SQUARE),
    "without bias": (
        lambda: nn.Sequential(
            nn.Linear(2, 20, bias=False), nn.ReLU(), nn.Linear(20, 9, bias=False), nn.ReLU()
        ),
        SQUARE,
    ),
    "residual": (Residual, SQUARE),
    "convolutional": (convolutional, sv.InputSlice.through(*IMAGES)),
    "branches": (Branches, SQUARE),
    "maxout": (Maxout, SQUARE),
    "pooled": (pooled, sv.InputSlice.around(IMAGES[0], half_width=0.5)),
    "residual images": (residual_images, sv.InputSlice.around(IMAGES[0], half_width=0.5)),
}


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
@pytest.mark.parametrize("name", MODELS)
def test_the_partition_is_proved_against_the_module_itself(name, dtype):
    make, plane = MODELS[name]
    model = seeded(make).to(dtype)
    partition = sv.enumerate_regions(model, plane)
    assert len(partition) > 20
    partition.verify(model)


@pytest.mark.parametrize("name", MODELS)
def test_the_model_comes_back_untouched(name):
    make, plane = MODELS[name]
    model = seeded(make).train()
    next(model.parameters()).requires_grad_(False)
    before = copy.deepcopy(model.state_dict())
    flags = [(p.requires_grad, p.grad) for p in model.parameters()]
    modes = [m.training for m in model.modules()]
    random = torch.random.get_rng_state(), np.random.get_state()[1].copy()
    sv.enumerate_regions(model, plane).verify(model)
    for key, value in model.state_dict().items():
        torch.testing.assert_close(value, before[key], rtol=0, atol=0)
    assert [(p.requires_grad, p.grad) for p in model.parameters()] == flags
    assert [m.training for m in model.modules()] == modes
    assert torch.equal(torch.random.get_rng_state(), random[0])
    np.testing.assert_array_equal(np.random.get_state()[1], random[1])
    assert torch.get_default_dtype() == torch.float32


@pytest.mark.parametrize("name", ["residual", "branches", "maxout", "pooled"])
def test_the_reference_agrees(name):
    make, plane = MODELS[name]
    model = seeded(make)
    partition = sv.enumerate_regions(model, plane)
    reference = sv.enumerate_regions(model, plane, engine="shapely")
    reference.verify(model)
    assert len(partition) == len(reference)


def test_a_certificate_is_not_given_for_another_model():
    make, plane = MODELS["mlp"]
    partition = sv.enumerate_regions(seeded(make), plane)
    model = seeded(make)
    with torch.no_grad():
        model[0].bias[3] += 1e-3
    with pytest.raises(sv.errors.InvalidPartition):
        partition.verify(model)


def test_nan_weights_are_refused_by_name():
    make, plane = MODELS["mlp"]
    model = seeded(make)
    with torch.no_grad():
        model[0].weight[0, 0] = float("nan")
    with pytest.raises(NonFiniteValues, match=r"0\.weight"):
        sv.enumerate_regions(model, plane)


def test_an_activation_that_is_not_piecewise_linear_is_refused_by_place():
    model = nn.Sequential(nn.Linear(2, 4), nn.Sequential(nn.GELU()), nn.Linear(4, 1))
    with pytest.raises(UnsupportedLayer, match=r"(?i)^gelu at '1\.0' is not supported"):
        sv.enumerate_regions(model, SQUARE)


def test_a_program_is_as_good_as_the_module():
    program = case("A")
    module = program.to_module(dtype=torch.float64)
    plane = sv.InputSlice.identity()
    by_module = sv.enumerate_regions(module, plane)
    np.testing.assert_array_equal(by_module.vertices, sv.enumerate_regions(program, plane).vertices)
    by_module.verify(program)
