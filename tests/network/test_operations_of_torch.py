"""Layers and functions that only torch can run: opaque steps."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from splineviz.network.tracing.trace import trace
from tests.network.traced_nets import Inner, agrees, opaque_in, seeded


@pytest.mark.parametrize(
    ("layer", "shape", "operation"),
    [
        (nn.GELU(), (3,), "gelu"),
        (nn.Sigmoid(), (3,), "sigmoid"),
        (nn.Tanh(), (3,), "tanh"),
        (nn.Softmax(1), (3,), "softmax"),
        (nn.LayerNorm(3), (3,), "layer_norm"),
        (nn.GroupNorm(1, 3), (3, 2), "group_norm"),
        (nn.GLU(), (4,), "glu"),
        (nn.LPPool2d(2, 2), (1, 4, 4), ""),
        (nn.Upsample(scale_factor=2, mode="bicubic"), (1, 4, 4), "upsample_bicubic2d"),
        (nn.Hardshrink(), (3,), "hardshrink"),
        (nn.Threshold(0.5, 0.0), (3,), "threshold"),
        (nn.InstanceNorm2d(1), (1, 4, 4), "instance_norm"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else "",
)
def test_layers_that_torch_runs(layer: nn.Module, shape: tuple[int, ...], operation: str) -> None:
    program = agrees(nn.Sequential(nn.Identity(), nn.ModuleDict({"body": layer})["body"]), shape)
    found = opaque_in(program)
    assert found
    if operation:
        assert found == [("1", operation)]


@pytest.mark.parametrize(
    ("function", "operations"),
    [
        (lambda n, x: F.gelu(x), "gelu"),
        (lambda n, x: F.layer_norm(x, (3,), n.scale), "layer_norm"),
        (lambda n, x: x * x, "mul"),
        (lambda n, x: x * x.relu(), "mul"),
        (lambda n, x: x / (1 + x.abs()), "div"),
        (lambda n, x: 1.0 / (2 + x.relu()), "reciprocal"),
        (lambda n, x: torch.div(x, 2, rounding_mode="floor"), "div"),
        (lambda n, x: x**2, "pow"),
        (lambda n, x: torch.matmul(x.unsqueeze(1), x.unsqueeze(2)).flatten(1), "matmul"),
        (lambda n, x: torch.where(x > 0, x, 0.0), "gt where"),
        (lambda n, x: torch.gather(x, 1, x.argmax(1, keepdim=True)), "argmax gather"),
        (lambda n, x: torch.add(x.max(1, keepdim=True)[1], x), "max add"),
        (lambda n, x: x.clamp(min=x.relu()), "clamp"),
        (
            lambda n, x: x.masked_fill(n.mean > 0.15, float("-inf")).softmax(1),
            "masked_fill softmax",
        ),
        (lambda n, x: (x + torch.tensor([0.0, float("-inf"), 0.0])).exp(), "add exp"),
        (lambda n, x: torch.einsum("ni,nj->nij", x, x), "einsum"),
        (lambda n, x: x.sort(1)[0], "sort"),
        (lambda n, x: x.topk(2, 1).values, "topk"),
        (lambda n, x: F.scaled_dot_product_attention(x[:, None], x[:, None], x[:, None]), ""),
    ],
)
def test_functions_that_torch_runs(
    function: Callable[[Any, torch.Tensor], Any], operations: str
) -> None:
    model = nn.Sequential(nn.Sequential(OrderedDict(inner=Inner(function))), nn.ReLU())
    found = opaque_in(agrees(model, (3,)))
    assert found
    if operations:
        assert [operation for _, operation in found] == operations.split()
    assert all(name.startswith("0.inner.") for name, _ in found)
    program = trace(model, (3,))
    again = type(program).from_json(json.loads(json.dumps(program.to_json())), program.state)
    x = np.random.default_rng(0).standard_normal((4, 3))
    np.testing.assert_array_equal(again(x), program(x))


def test_what_is_compared_with_constants_is_piecewise_linear() -> None:
    for function in (
        lambda n, x: x.clamp(n.mean),
        lambda n, x: x.clamp(n.mean, n.mean + 1),
        lambda n, x: torch.maximum(x, n.scale),
        lambda n, x: torch.minimum(n.scale, x),
        lambda n, x: torch.cat([x, torch.zeros_like(x), n.scale.expand(len(x), -1)], 1),
        lambda n, x: torch.stack([x, n.scale.expand(len(x), -1)], 1).flatten(1),
        lambda n, x: torch.cat([n.scale.expand(len(x), 1, -1), x[:, None]], 1).flatten(1),
    ):
        program = agrees(nn.Sequential(Inner(function), nn.ReLU()), (3,))
        assert program.opaque_steps == ()


def test_attention_and_recurrence() -> None:
    class Attending(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.attention = nn.MultiheadAttention(4, 2, batch_first=True)
            self.memory = nn.LSTM(4, 3, batch_first=True)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            mask = torch.full((3, 3), float("-inf"), dtype=x.dtype).triu(1)
            made, _ = self.attention(x, x, x, attn_mask=mask)
            return self.memory(made)[0]

    program = agrees(seeded(Attending), (3, 4))
    assert "lstm" in [operation for _, operation in opaque_in(program)]
    layer = seeded(lambda: nn.TransformerEncoderLayer(4, 2, 8, batch_first=True))
    assert [a.name for a in agrees(layer, (3, 4)).activations] == ["relu"]
