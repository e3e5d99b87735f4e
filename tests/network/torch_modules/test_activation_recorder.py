"""The probe sees what a network's own activations are applied to, without the trace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from splineviz.errors import ShapeMismatch, UnsupportedLayer
from splineviz.network.torch_modules.activation_recorder import module_pre_activations
from splineviz.network.tracing.trace import trace
from splineviz.partition.enumeration import enumerate_regions
from splineviz.partition.slices.input_slice import InputSlice
from tests.network.nets import Net

X = np.random.default_rng(0).standard_normal((5, 4))


@pytest.mark.parametrize(
    ("function", "slope"),
    [
        (F.relu, 0.0),
        (torch.relu, 0.0),
        (nn.ReLU(), 0.0),
        (nn.ReLU(inplace=True), 0.0),
        (lambda x: x.relu(), 0.0),
        (lambda x: x.relu_(), 0.0),
        (F.relu_, 0.0),
        (torch.relu_, 0.0),
        (lambda x: F.relu(input=x, inplace=True), 0.0),
        (F.leaky_relu, 0.01),
        (nn.LeakyReLU(0.2), 0.2),
        (nn.LeakyReLU(0.2, inplace=True), 0.2),
        (lambda x: F.leaky_relu_(x, 0.3), 0.3),
        (lambda x: F.leaky_relu(x, negative_slope=0.4), 0.4),
    ],
)
def test_every_spelling_is_seen_once(function: Callable[..., Any], slope: float) -> None:
    (z,), outputs = module_pre_activations(Net(function), X)
    np.testing.assert_array_equal(z, X)
    np.testing.assert_allclose(outputs, np.where(X > 0, X, slope * X), rtol=1e-15)
    assert z.dtype == outputs.dtype == np.float64


@pytest.mark.parametrize("function", [nn.LeakyReLU(1.0), F.gelu, nn.Identity(), lambda x: x + 1])
def test_what_is_no_activation_is_not_seen(function: Callable[..., Any]) -> None:
    assert module_pre_activations(Net(function), X)[0] == []


def test_it_agrees_with_the_trace() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = nn.Sequential(
            nn.Unflatten(1, (1, 2, 2)),
            nn.Conv2d(1, 3, 2, padding=1),
            nn.BatchNorm2d(3),
            nn.ReLU(inplace=True),
            nn.AvgPool2d(3),
            nn.Flatten(),
            nn.Dropout(),
            nn.Linear(3, 4),
            nn.LeakyReLU(0.1, inplace=True),
            nn.Linear(4, 2),
        ).half()
    program = trace(model, (4,))
    found, outputs = module_pre_activations(model, X)
    for z, expected in zip(found, program.pre_activations(X), strict=True):
        np.testing.assert_allclose(z, expected, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(outputs, program(X), rtol=1e-12, atol=1e-13)
    for z, activation in zip(found, program.activations, strict=True):
        assert z.shape == (len(X), activation.width)


def test_it_runs_where_the_trace_cannot() -> None:
    (z,), _ = module_pre_activations(Net(lambda x: x.relu() if x.sum() > -99 else x), X)
    np.testing.assert_array_equal(z, X)


def test_hooks_belong_to_what_is_computed() -> None:
    model = nn.Sequential(nn.Identity(), nn.ReLU())
    model[0].register_forward_hook(lambda module, given, made: made - 1.0)
    (z,), _ = module_pre_activations(model, X)
    np.testing.assert_array_equal(z, X - 1.0)


def test_nothing_is_left_behind() -> None:
    model = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.ReLU(inplace=True), nn.Dropout())
    before = {key: tensor.clone() for key, tensor in model.state_dict().items()}
    rng, x = torch.get_rng_state(), X.copy()
    module_pre_activations(model, x)
    np.testing.assert_array_equal(x, X)
    assert torch.equal(torch.get_rng_state(), rng)
    assert all(module.training for module in model.modules())
    assert all(parameter.requires_grad for parameter in model.parameters())
    for key, tensor in model.state_dict().items():
        assert torch.equal(tensor, before[key])
    assert torch.is_grad_enabled()
    assert torch.overrides._get_current_function_mode_stack() == []


def test_errors() -> None:
    model = nn.Sequential(nn.Linear(4, 3), nn.ReLU())
    with pytest.raises(ShapeMismatch, match=r"Sequential cannot run on inputs of shape \(2, 5\)"):
        module_pre_activations(model, np.zeros((2, 5)))
    with pytest.raises(UnsupportedLayer, match="returns a tuple, not one tensor"):
        module_pre_activations(Net(lambda x: (x, x)), X)
    with pytest.raises(UnsupportedLayer, match=r"not a torch\.nn\.Module"):
        module_pre_activations(torch.relu, X)  # type: ignore[arg-type]


BOUNDED = {
    "clamp": lambda n, x: x.clamp(n.low, n.high),
    "clamp from below": lambda n, x: x.clamp(min=n.low),
    "clamp from above": lambda n, x: torch.clamp_max(x, n.high),
    "maximum": lambda n, x: torch.maximum(n.high, x),
    "minimum": lambda n, x: torch.minimum(x, n.low),
    "fmax": lambda n, x: torch.fmax(x, n.low),
}


@pytest.mark.parametrize("function", BOUNDED.values(), ids=BOUNDED)
def test_one_bound_for_each_neuron(function: Any) -> None:
    class Bounded(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.last = nn.Linear(2, 4), nn.Linear(4, 2)
            self.register_buffer("low", torch.tensor([-0.1, 0.0, 0.1, 0.2]))
            self.high = nn.Parameter(torch.tensor([0.5, 0.3, 0.4, 0.6]))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            made: torch.Tensor = self.last(function(self, self.first(x)))
            return made

    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = Bounded()
    assert enumerate_regions(model, InputSlice.identity()).verify(model)
