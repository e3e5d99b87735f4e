"""Networks that a trace could get wrong without a word, found in a review."""

from __future__ import annotations

import types
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from splineviz.errors import UnsupportedLayer
from splineviz.network.tracing.trace import trace


def agrees(model: nn.Module, x: np.ndarray) -> None:
    with torch.no_grad():
        expected = model(torch.from_numpy(x).float()).numpy()
    np.testing.assert_allclose(trace(model, x.shape[1:])(x), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    "hook",
    [
        lambda module, args, made: made.clamp(-30, 30),
        lambda module, args, made: -made + 3,
    ],
)
def test_a_hook_that_changes_values_where_no_sample_shows_it(hook: Any) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))
    nn.init.zeros_(model[2].weight)
    model[0].register_forward_hook(hook)
    trace(model, 2)
    with torch.no_grad():
        model[2].weight.fill_(1.0)
    agrees(model, np.array([[200.0, -150.0], [0.1, 0.2]]))


def test_a_hook_that_writes_in_place() -> None:
    def write(module: Any, args: Any, made: torch.Tensor) -> None:
        made.clamp_(-30, 30)

    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))
    model[0].register_forward_hook(write)
    agrees(model, np.array([[200.0, -150.0], [0.1, 0.2]]))


class Recurrent(nn.Module):
    """The usual slip: batch_first is forgotten, so that samples follow each other in time."""

    def __init__(self) -> None:
        super().__init__()
        self.memory, self.out = nn.LSTM(4, 4), nn.Linear(4, 1)

    def forward(self, x: torch.Tensor) -> Any:
        return self.out(torch.relu(self.memory(x)[0][:, -1]))


class Calling(nn.Module):
    def __init__(self, function: Any) -> None:
        super().__init__()
        self.layer, self.function = nn.Linear(3, 3), function

    def forward(self, x: torch.Tensor) -> Any:
        return self.function(self.layer(x))


def test_samples_that_are_mixed_one_way_only() -> None:
    with pytest.raises(UnsupportedLayer, match="mixes the samples"):
        trace(Recurrent(), (3, 4))
    for function in (
        lambda x: x.T.cumsum(1).T,
        lambda x: torch.cummax(x, 0).values,
        lambda x: F.scaled_dot_product_attention(x[None], x[None], x[None], is_causal=True)[0],
        lambda x: x.relu() * torch.where((x.abs().amax(1) > 200).any(), 2.0, 1.0),
    ):
        with pytest.raises(UnsupportedLayer, match="mixes the samples"):
            trace(Calling(function), 3)


def test_what_is_hidden_behind_a_weight_of_zero_is_traced_again() -> None:
    class Configured(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.last = nn.Linear(2, 8), nn.Linear(8, 1)
            nn.init.zeros_(self.last.weight)
            self.settings = types.SimpleNamespace(act=F.relu)
            self.held = [types.SimpleNamespace(act=F.relu)]

        def forward(self, x: torch.Tensor) -> Any:
            return self.last(self.held[0].act(self.settings.act(self.first(x))))

    model = Configured()
    assert [step.kind for step in trace(model, 2).steps] == ["linear", "relu", "relu", "linear"]
    model.settings.act = torch.abs
    assert [step.kind for step in trace(model, 2).steps] == ["linear", "abs", "relu", "linear"]
    model.held[0].act = torch.abs
    assert [step.kind for step in trace(model, 2).steps] == ["linear", "abs", "abs", "linear"]


def test_a_forward_in_a_mode_of_its_own() -> None:
    class Moded(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(4, 4)

        def forward(self, x: torch.Tensor) -> Any:
            with torch.autocast("cpu", enabled=False):
                x = torch.relu(self.layer(x))
            with torch.enable_grad():
                return torch.relu(self.layer(x))

    agrees(Moded(), np.random.default_rng(0).standard_normal((5, 4)))


def test_as_many_places_as_there_are_samples() -> None:
    class Turned(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0).eval()

        def forward(self, x: torch.Tensor) -> Any:
            return self.layer(x.transpose(0, 1)).transpose(0, 1)

    agrees(Turned().eval(), np.random.default_rng(0).standard_normal((2, 31, 8)))


def test_a_forward_that_was_replaced_by_a_closure() -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    plain = model.forward
    model.forward = lambda x: plain(x) * 2  # type: ignore[method-assign]
    with pytest.raises(UnsupportedLayer, match="replaced by a function"):
        trace(model, 2)
    assert int(model[1].num_batches_tracked) == 0


def test_a_forward_that_writes_to_its_weights_for_one_sample_alone() -> None:
    class Writing(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(2, 3)

        def forward(self, x: torch.Tensor) -> Any:
            if len(x) == 1:
                with torch.no_grad():
                    self.layer.weight.mul_(2.0)
            return self.layer(x).relu()

    with pytest.raises(UnsupportedLayer, match="writes to its own weights"):
        trace(Writing(), 2)


def test_a_forward_that_writes_to_its_weights_each_time() -> None:
    class Clipping(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.tensor([[3.0, -0.5]]))

        def forward(self, x: torch.Tensor) -> Any:
            before = x @ self.weight.T
            self.weight.data.clamp_(-1, 1)
            return torch.cat([before, x @ self.weight.T], 1)

    # The first term is another one in the second call.
    with pytest.raises(UnsupportedLayer):
        trace(Clipping(), 2)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_program_keeps_its_weights_when_the_network_learns(dtype: torch.dtype) -> None:
    model = nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.ReLU()).to(dtype)
    for _ in range(2):
        program = trace(model, 2)
        before = {key: array.copy() for key, array in program.state.items()}
        with torch.no_grad():
            for tensor in [*model.parameters(), model[1].running_mean]:
                tensor.add_(1.0)
        for key, array in program.state.items():
            np.testing.assert_array_equal(array, before[key])
            assert not array.flags.writeable


def test_a_network_whose_copy_shares_its_weights() -> None:
    class Sharing(nn.Linear):
        def __deepcopy__(self, memo: Any) -> Any:
            return self

    with pytest.raises(UnsupportedLayer, match="shares weights with it"):
        trace(nn.Sequential(Sharing(2, 3)), 2)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda x: x.clamp(max=torch.full((3,), -torch.inf)), "its upper bound is -inf"),
        (lambda x: x.clamp(min=float("inf")), "its lower bound is inf"),
        (lambda x: x.clamp(min=torch.tensor([-torch.inf, 0.0, 1.0])), "infinite or not a number"),
        (lambda x: x.clamp(min=torch.full((3,), torch.nan)), "infinite or not a number"),
    ],
)
def test_bounds_that_are_none(function: Any, message: str) -> None:
    with pytest.raises(UnsupportedLayer, match=message):
        trace(Calling(function), 3)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: torch.cat([x, x.new_zeros(len(x), 0)], 1),
        lambda x: torch.cat([torch.zeros(0), x, torch.ones(len(x), 2), torch.zeros(0)], 1),
        lambda x: x.clamp(min=torch.full((3,), -torch.inf), max=torch.tensor([0.0, 1.0, 2.0])),
    ],
)
def test_what_is_empty_or_no_bound_changes_nothing(function: Any) -> None:
    agrees(Calling(function), np.random.default_rng(0).standard_normal((5, 3)))
