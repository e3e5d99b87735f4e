"""A trace leaves no mark: not on the network, and on nothing global."""

from __future__ import annotations

import random
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
from tests.network.traced_nets import mlp, refused, seeded


def fingerprint(model: nn.Module) -> list[Any]:
    found: list[Any] = []
    for name, module in model.named_modules():
        hooks = (module._forward_hooks, module._forward_pre_hooks, module._backward_hooks)
        found.append((name, type(module), module.training, [list(hook) for hook in hooks]))
        found.append(sorted(vars(module)))
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        grad = None if tensor.grad is None else tensor.grad.tolist()
        found.append((name, id(tensor), tensor.data_ptr(), tensor._version))
        found.append((tensor.dtype, tensor.device, tensor.requires_grad, grad, tensor.tolist()))
    return found


@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize("refuse", [True, False])
def test_the_network_comes_back_untouched(train: bool, refuse: bool) -> None:
    model = seeded(
        lambda: nn.Sequential(
            nn.Linear(3, 4),
            nn.BatchNorm1d(4),
            nn.ReLU(inplace=True),
            nn.Dropout(0.5),
            nn.Linear(4, 2),
            nn.Softmax(0) if refuse else nn.ReLU(),
        )
    ).half()
    model.train(train)
    model[4].eval()
    model[0].weight.requires_grad_(False)
    model[4].bias.grad = torch.ones(2, dtype=torch.float16)
    model[2].register_forward_hook(lambda module, given, made: None)
    before = fingerprint(model)
    if refuse:
        refused(model)
    else:
        trace(model, (3,))
    assert fingerprint(model) == before


@pytest.mark.usefixtures("two_threads")
def test_nothing_global_changes() -> None:
    class Careless(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            random.random()
            np.random.rand()
            torch.rand(2)
            return x.relu()

    def state() -> list[Any]:
        name, keys, *rest = np.random.get_state()
        return [
            random.getstate(),
            (name, keys.tolist(), rest),
            torch.get_rng_state().tolist(),
            torch.get_default_dtype(),
            torch.get_num_threads(),
            torch.is_grad_enabled(),
            torch.is_inference_mode_enabled(),
            torch.nn.Module.__call__,
            np.geterr(),
        ]

    before = state()
    trace(Careless(), (2,))
    with pytest.raises(UnsupportedLayer):
        trace(nn.Sequential(Careless(), nn.Softmax(0)), (2,))
    assert state() == before


def test_the_result_is_the_same_each_time_and_in_any_default_dtype() -> None:
    model = mlp(3, 5, 2)
    expected = trace(model, (3,))
    torch.set_default_dtype(torch.float16)
    try:
        again = trace(model, (3,))
    finally:
        torch.set_default_dtype(torch.float32)
    assert again.to_json() == expected.to_json()
    x = np.ones((2, 3))
    np.testing.assert_array_equal(again(x), expected(x))


@pytest.mark.parametrize(
    "convert",
    [
        nn.Module.float,
        nn.Module.double,
        lambda model: trace(model, 2).to_module(torch.float64),
    ],
)
def test_training_the_network_on_does_not_reach_the_program(
    convert: Callable[[nn.Module], nn.Module],
) -> None:
    model = convert(mlp(2, 4, 1))
    program = trace(model, (2,))
    before = program(np.ones((1, 2)))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    np.testing.assert_array_equal(program(np.ones((1, 2))), before)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_network_on_a_device() -> None:
    model = mlp(2, 4, 1)
    expected = trace(model, (2,))
    found = trace(model.cuda(), (2,))
    assert next(model.parameters()).is_cuda
    assert found.to_json() == expected.to_json()
