"""Networks that do not compute what their layers say: hooks, and changes behind the trace."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from splineviz.errors import (
    TraceMismatch,
)
from splineviz.network.tracing.trace import trace
from tests.network.traced_nets import (
    agrees,
    in_place_on_the_input,
    mlp,
    names,
    net,
    refused,
    seeded,
)


def test_a_hook_that_watches_is_allowed() -> None:
    model = mlp(2, 4, 1)
    seen: list[torch.Size] = []
    model[1].register_forward_hook(lambda module, given, made: seen.append(made.shape))
    model[1].register_full_backward_hook(lambda module, given, made: None)
    model.register_forward_pre_hook(lambda module, given: None)
    program = trace(model, (2,))
    assert names(program) == ["0", "1", "2"]
    assert len(model[1]._forward_hooks) == len(model[1]._backward_hooks) == 1
    assert [size[0] for size in seen] == [1, 7, 1], "no stand-ins for tensors"


def test_the_comparison_gets_inputs_that_no_layer_has_written_to() -> None:
    model = net(in_place_on_the_input)
    given: list[torch.Tensor] = []
    model.register_forward_pre_hook(lambda module, args: given.append(args[0].clone()))
    trace(model, (3,))
    assert (given[1] < 0).any(dim=1).float().mean() > 0.6


@pytest.mark.parametrize("at", [None, 0, 1])
def test_a_hook_that_changes_values_is_followed(at: int | None) -> None:
    model = mlp(2, 4, 1)
    (model if at is None else model[at]).register_forward_hook(lambda m, given, made: 2 * made)
    assert "mul" in {step.kind for step in agrees(model, (2,)).steps}


def test_a_hook_that_changes_the_shape_is_refused() -> None:
    model = mlp(2, 4, 1)
    model.register_forward_hook(lambda m, given, made: (made,))
    assert "returns a tuple" in refused(model, (2,)).why


def test_a_hook_that_fails_is_told() -> None:
    model = mlp(2, 4, 1)
    model.register_forward_hook(lambda m, given, made: made.missing)
    assert "missing" in refused(model, (2,)).why


def test_a_hidden_change_of_a_layer_is_followed() -> None:
    class Shifted(nn.Conv2d):
        def _conv_forward(self, *args: Any) -> torch.Tensor:
            return super()._conv_forward(*args) + 1e-3

    agrees(seeded(lambda: nn.Sequential(Shifted(1, 2, 3))), (1, 5, 5))


def test_what_changes_from_call_to_call_is_refused() -> None:
    class Counting(nn.Module):
        calls = 0

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.calls += 1
            return x * self.calls

    with pytest.raises(TraceMismatch, match="depends on more than its input"):
        trace(Counting(), (3,))
