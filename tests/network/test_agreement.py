from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from splineviz.errors import TraceMismatch, UnsupportedLayer
from splineviz.network.program import Program
from splineviz.network.tracing.agreement import check_agreement, inputs_for
from splineviz.network.tracing.trace import trace, traced


def weights_of(network: nn.Module) -> dict[str, torch.Tensor]:
    return {**dict(network.named_parameters()), **dict(network.named_buffers())}


def normalized(seed: int = 0, size: float = 1.0) -> nn.Sequential:
    """A float64 network whose channels differ in size by many orders of magnitude."""
    layers: list[nn.Module] = []
    for fan_in in (6, 32, 32):
        layers += [nn.Linear(fan_in, 32), nn.BatchNorm1d(32), nn.LeakyReLU(0.1)]
    made = nn.Sequential(*layers, nn.Linear(32, 4)).double().eval().requires_grad_(False)
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in made.state_dict().items():
        if tensor.is_floating_point():
            nn.init.normal_(tensor, generator=generator)
            tensor.mul_(size ** (2 * torch.rand(tensor.shape, generator=generator) - 1))
        if "var" in name:
            tensor.abs_()
    return made


@pytest.mark.parametrize("size", [1.0, 1e3, 1e9])
@pytest.mark.parametrize("seed", range(4))
def test_rounding_is_no_difference_and_a_slope_is(size: float, seed: int) -> None:
    network: Any = normalized(seed, size)
    program = trace(network, 6)
    inputs = inputs_for(program)
    with torch.no_grad():
        check_agreement(program, weights_of(network), network, inputs)
        network[8].negative_slope += 1e-7
        with pytest.raises(TraceMismatch, match="rounding explains at most"):
            check_agreement(program, weights_of(network), network, inputs)


def test_terms_that_cancel_are_no_difference() -> None:
    # Its outputs are rounding alone, and the order of its terms another than in the program.
    class Cancelling(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm = nn.BatchNorm1d(3).double().eval().requires_grad_(False)
            self.norm.running_mean += 1e9
            self.norm.running_var.mul_(1e-4)

        def forward(self, x: torch.Tensor) -> Any:
            return self.norm(x + 1e9)

    network = Cancelling()
    program = trace(network, 3)
    with torch.no_grad():
        check_agreement(program, weights_of(network), network, inputs_for(program))


def test_a_random_forward_is_a_difference() -> None:
    class Noisy(nn.Module):
        noise = 0.0

        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(2, 2).double().requires_grad_(False)

        def forward(self, x: torch.Tensor) -> Any:
            return self.layer(x) * ((1 + self.noise * (1 + torch.rand(()))) if self.noise else 1)

    network = Noisy()
    program = trace(network, 2)
    network.noise = 1e-6
    with pytest.raises(TraceMismatch, match="the forward is random"):
        check_agreement(program, weights_of(network), network, inputs_for(program))


def test_a_forward_that_fails_is_told() -> None:
    network: Any = nn.Sequential(nn.Linear(2, 2)).double()
    program = trace(network, 2)
    weights = weights_of(network)
    network[0] = nn.Linear(3, 2).double()
    with pytest.raises(UnsupportedLayer, match="its forward fails in float64"):
        check_agreement(program, weights, network, inputs_for(program))


@pytest.mark.parametrize("rows", [0, 1, 7, 1000])
def test_samples_are_a_third_of_the_inputs(rows: int) -> None:
    program = trace(nn.Linear(2, 3), 2)
    samples = 7 + np.random.default_rng(0).random((rows, 2), dtype=np.float32)
    inputs = inputs_for(program, samples).numpy()
    assert len(inputs) == len(inputs_for(program)) == 45
    assert np.isin(inputs, samples).all(1).sum() == min(rows, 15)
    np.testing.assert_array_equal(inputs, inputs_for(program, samples))


def test_a_large_network_is_run_on_few_inputs() -> None:
    program: Program = trace(nn.Sequential(nn.Conv2d(1, 32, 3), nn.ReLU()), (1, 96, 96))
    assert inputs_for(program).shape == (3, 1, 96, 96)


class Halved(nn.Module):
    """Two outputs of one layer, the first of which passes through half precision."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layer, self.act = nn.Linear(4, 8), nn.LeakyReLU(0.1)

    def forward(self, x: torch.Tensor) -> Any:
        hidden = self.act(self.layer(x))
        return torch.stack([self.coarse(hidden), hidden], 1)

    def coarse(self, hidden: torch.Tensor) -> torch.Tensor:
        return hidden.bfloat16().double()


class Attending(Halved):
    """An attention in half precision, which becomes one opaque step."""

    def coarse(self, hidden: torch.Tensor) -> torch.Tensor:
        parts = hidden.view(len(hidden), 4, 2).permute(1, 0, 2).bfloat16()
        return torch.softmax(parts, 0).permute(1, 0, 2).double().reshape(len(hidden), 8)


@pytest.mark.parametrize("kind", [Halved, Attending])
def test_a_coarse_type_elsewhere_hides_no_difference(kind: type[Halved]) -> None:
    network: Any = kind().double().eval().requires_grad_(False)
    program, _, roundings = traced(network, 4)
    assert 0 < len(roundings) < len(program.steps) - 1
    inputs = inputs_for(program)
    check_agreement(program, weights_of(network), network, inputs, roundings)
    # Without it, what becomes of the coarse type would be a difference.
    with pytest.raises(TraceMismatch):
        check_agreement(program, weights_of(network), network, inputs)
    # The second output does not depend on it: no tolerance there.
    network.act.negative_slope += 1e-7
    with pytest.raises(TraceMismatch, match="rounding explains at most"):
        check_agreement(program, weights_of(network), network, inputs, roundings)
