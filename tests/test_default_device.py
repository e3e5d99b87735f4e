"""Where the caller has torch make tensors changes no result, and stays as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import splineviz as sv
from splineviz.network.torch_modules.activation_recorder import module_pre_activations
from splineviz.network.torch_modules.evaluation import evaluator
from splineviz.network.tracing.trace import trace

POINTS = np.random.default_rng(0).normal(size=(6, 2))
PLANE = sv.InputSlice.identity((-1.0, -1.0, 1.0, 1.0))


class Shifted(nn.Module):
    """Its forward makes tensors without saying where, and bends in one way or another."""

    def __init__(self, act: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.first = nn.Linear(2, 6)
        self.second = nn.Linear(6, 3)
        self.act = act

    def forward(self, x: torch.Tensor) -> Any:
        return self.second(self.act(self.first(x)) + torch.arange(6, dtype=x.dtype))


def pooled(x: torch.Tensor) -> torch.Tensor:
    return nn.functional.max_pool1d(x.clamp(max=1.0).unsqueeze(1), 3, 1, 1).squeeze(1)


def made(act: Callable[[torch.Tensor], torch.Tensor]) -> Shifted:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Shifted(act)


@contextmanager
def nowhere() -> Iterator[None]:
    """Tensors are made without numbers, so that whatever uses one fails."""
    torch.set_default_device("meta")
    try:
        yield
        assert torch.get_default_device() == torch.device("meta")
    finally:
        torch.set_default_device(None)


def everything(model: nn.Module) -> list[Any]:
    """All that is asked of any network."""
    found, outputs = module_pre_activations(model, POINTS)
    lc = sv.local_complexity(
        model, POINTS, radius=[0.1, 1.0], directions=2, winners=True, shared_frame=False
    )
    return [
        *found,
        outputs,
        evaluator(model)(POINTS),
        lc.counts,
        sv.deformation(model, POINTS, radius=0.3, directions=2).diameters,
        sv.complexity_map(model, PLANE, resolution=4, radius=0.1, directions=2).counts,
    ]


def of_programs(model: nn.Module) -> list[Any]:
    """What is asked of networks that can be traced."""
    program = trace(model, 2)
    regions = sv.enumerate_regions(model, PLANE)
    return [
        program(POINTS),
        program.to_module(torch.float64)(torch.from_numpy(POINTS)).detach().numpy(),
        sv.local_complexity(program, POINTS, radius=0.1, directions=2).counts,
        regions.areas,
        regions.verify(model).signs_checked,
    ]


def agrees(ask: Callable[[nn.Module], list[Any]], act: Callable[..., torch.Tensor]) -> None:
    model = made(act)
    expected = ask(model)
    with nowhere():
        found = ask(model)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("act", [torch.relu, pooled, nn.functional.gelu])
def test_any_network(act: Callable[..., torch.Tensor]) -> None:
    agrees(everything, act)


@pytest.mark.parametrize("act", [torch.relu, pooled])
def test_a_network_that_is_traced(act: Callable[..., torch.Tensor]) -> None:
    agrees(of_programs, act)
