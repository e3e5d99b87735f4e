"""Small networks to trace, and what their traces are held to."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from splineviz.errors import (
    UnsupportedLayer,
)
from splineviz.network.tracing.trace import trace


def seeded(make: Callable[[], Any], seed: int = 0) -> Any:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return make()


def mlp(*widths: int) -> Any:
    def make() -> nn.Sequential:
        layers: list[nn.Module] = []
        for inputs, outputs in itertools.pairwise(widths):
            layers += [nn.Linear(inputs, outputs), nn.ReLU()]
        return nn.Sequential(*layers[:-1])

    return seeded(make)


class Net(nn.Module):
    """Two linear layers 3-4-4 and a forward given as a function of the network and its input."""

    def __init__(self, forward: Callable[[Any, torch.Tensor], Any]) -> None:
        super().__init__()
        self.first = nn.Linear(3, 4)
        self.second = nn.Linear(4, 4)
        self.act = nn.ReLU()
        self.inplace = nn.ReLU(inplace=True)
        self.run = forward

    def forward(self, x: torch.Tensor) -> Any:
        return self.run(self, x)


def net(forward: Callable[[Any, torch.Tensor], Any]) -> Any:
    return seeded(lambda: Net(forward))


def agrees(model: nn.Module, shape: tuple[int, ...]) -> Any:
    """Trace a model and check the program against it; return the program."""
    program = trace(model, shape)
    x = np.random.default_rng(5).standard_normal((9, *shape))
    reference = copy.deepcopy(model).double().eval()
    with torch.no_grad():
        expected = reference(torch.from_numpy(x.copy())).numpy()
    np.testing.assert_allclose(program(x), expected, rtol=1e-11, atol=1e-12)
    return program


def names(program: Any) -> list[str]:
    return [step.name for step in program.steps]


def in_place_after_residual(n: Any, x: torch.Tensor) -> torch.Tensor:
    x = n.first(x)
    y = n.second(x)
    x += y
    x.relu_()
    return n.second(x)


def in_place_on_the_input(n: Any, x: torch.Tensor) -> torch.Tensor:
    n.inplace(x)
    return n.first(x)


class Inner(nn.Module):
    """Applies a function two modules deep."""

    def __init__(self, function: Callable[[Any, torch.Tensor], Any]) -> None:
        super().__init__()
        self.function = function
        self.scale = nn.Parameter(torch.tensor([1.0, -2.0, 0.5]))
        self.register_buffer("mean", torch.tensor([0.1, 0.2, 0.3]))

    def forward(self, x: torch.Tensor) -> Any:
        return self.function(self, x)


def opaque_in(program: Any) -> list[tuple[str, str]]:
    """The names of the opaque steps and their operations."""
    steps = [program.steps[i] for i in program.opaque_steps]
    return [(step.name, step.options["operation"].partition(".")[0]) for step in steps]


def refused(model: Any, shape: Any = (3,)) -> UnsupportedLayer:
    with pytest.raises(UnsupportedLayer) as caught:
        trace(model, shape)
    error = caught.value
    for part in (error.path or "at the top of the network", error.kind, error.why, error.advice):
        assert part in str(error)
    return error
