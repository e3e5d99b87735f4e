"""A network is exported once, and again where anything but its weights has changed."""

from __future__ import annotations

import gc
import weakref
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from splineviz.errors import NonFiniteValues, ShapeMismatch
from splineviz.network.tracing import trace as tracing
from splineviz.network.tracing.trace import trace

SLOPE = 0.1


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(2, 4), nn.Linear(4, 2)
        self.slope, self.gate, self.act = 0.2, 0.0, nn.ReLU()
        self.scale = torch.ones(4)

    def forward(self, x: torch.Tensor) -> Any:
        hidden = F.leaky_relu(self.first(x), self.slope) * self.scale
        gated = self.act(hidden) * self.gate
        return self.last(hidden + gated + F.leaky_relu(hidden, SLOPE))


@pytest.fixture
def exports(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    counted: list[int] = []
    plain = tracing.exported

    def counting(*args: Any) -> Any:
        counted.append(1)
        return plain(*args)

    monkeypatch.setattr(tracing, "exported", counting)
    return counted


def agrees(model: nn.Module) -> None:
    x = np.random.default_rng(0).standard_normal((9, 2))
    expected = model.eval()(torch.from_numpy(x).float()).detach().numpy()
    np.testing.assert_allclose(trace(model, 2)(x), expected, rtol=1e-4, atol=1e-5)


def test_other_weights_need_no_export(exports: list[int]) -> None:
    model = Net()
    for _ in range(3):
        agrees(model)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.mul_(-1.3)
    model.train().half()
    trace(model, 2)
    assert len(exports) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda net: setattr(net, "slope", 0.7),
        # Behind a gate of zero, where no output shows it.
        lambda net: setattr(net, "act", nn.ReLU6()),
        lambda net: net.scale.mul_(2.0),
        lambda net: net.first.register_forward_hook(lambda module, given, made: 2 * made),
        lambda net: setattr(net, "last", nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2))),
    ],
)
def test_what_changed_is_exported_again(change: Any, exports: list[int]) -> None:
    model = Net()
    agrees(model)
    change(model)
    agrees(model)
    assert len(exports) >= 2


def test_what_is_no_part_of_the_network_shows_in_its_outputs(
    exports: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Net()
    agrees(model)
    monkeypatch.setitem(globals(), "SLOPE", 0.9)
    agrees(model)
    assert len(exports) == 2


def test_a_fault_that_came_in_between_is_told() -> None:
    model = Net()
    trace(model, 2)
    with pytest.raises(ShapeMismatch):
        trace(model, 3)
    with torch.no_grad():
        model.first.weight[0, 0] = torch.nan
    with pytest.raises(NonFiniteValues, match=r"'first\.weight'"):
        trace(model, 2)


def test_nothing_keeps_the_network_or_its_weights() -> None:
    model = Net()
    trace(model, 2)
    gone = [weakref.ref(model), *(weakref.ref(tensor) for tensor in model.parameters())]
    del model
    gc.collect()
    assert [reference() for reference in gone] == [None] * len(gone)


class Clipped(nn.Module):
    """Clips what it computes, times a number that no surroundings show."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(3, width), nn.Linear(width, 2)
        self.held = SimpleNamespace(factor=1.0)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.hardtanh(self.second(self.first(x).relu()) * self.held.factor)


@pytest.mark.parametrize("width", [64, 40_000])
def test_a_changed_number_shows_though_large_inputs_are_clipped(width: int) -> None:
    model = Clipped(width)
    trace(model, (3,))
    model.held.factor = 0.25
    x = torch.full((1, 3), 0.01)
    program = trace(model, (3,))
    np.testing.assert_allclose(program(x.numpy()), model(x).detach().numpy(), rtol=1e-4)
