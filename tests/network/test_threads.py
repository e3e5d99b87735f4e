"""Tracing in one thread: others go on running their networks, and may trace as well."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensor

from splineviz.errors import UnsupportedLayer
from splineviz.network.program import Program
from splineviz.network.tracing.trace import trace


class Meanwhile(nn.Module):
    """Calls a function while it is traced, before anything else."""

    def __init__(self, meanwhile: Callable[[nn.Module], Any]) -> None:
        super().__init__()
        self.first = nn.Linear(2, 3)
        self.act = nn.ReLU()
        self.second = nn.Linear(3, 1)
        self.meanwhile = meanwhile

    def forward(self, x: torch.Tensor) -> Any:
        if isinstance(x, FakeTensor):
            self.meanwhile(self)
        return self.second(self.act(self.first(x)))


def names(program: Program) -> list[str]:
    return [step.name for step in program.steps]


@pytest.fixture
def elsewhere() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


@pytest.fixture(autouse=True)
def unchanged() -> Iterator[None]:
    before = (nn.Module.__call__, nn.Module.__getattr__)
    yield
    assert (nn.Module.__call__, nn.Module.__getattr__) == before


def test_other_threads_run_networks_during_a_trace(elsewhere: ThreadPoolExecutor) -> None:
    other, x = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)), torch.ones(5, 2)
    expected, found = other(x), []

    def run(network: nn.Module) -> None:
        weight = elsewhere.submit(lambda: other[0].weight).result()
        found.extend([elsewhere.submit(other, x).result(), weight])

    assert names(trace(Meanwhile(run), 2)) == ["first", "act", "second"]
    assert torch.equal(found[0], expected)
    assert found[1] is other[0].weight


def test_a_trace_waits_for_that_of_another_thread(elsewhere: ThreadPoolExecutor) -> None:
    began, other = threading.Event(), Meanwhile(lambda network: began.set())
    traced: list[Future[Program]] = []

    def trace_other(network: nn.Module) -> None:
        traced.append(elsewhere.submit(trace, other, 2))
        assert not began.wait(0.2)

    assert names(trace(Meanwhile(trace_other), 2)) == ["first", "act", "second"]
    assert names(traced[0].result(10)) == ["first", "act", "second"]
    assert began.is_set()


def test_a_network_that_traces_another_is_refused() -> None:
    inner = nn.Linear(2, 3)
    with pytest.raises(UnsupportedLayer, match="its forward fails"):
        trace(Meanwhile(lambda network: trace(inner, 2)), 2)
