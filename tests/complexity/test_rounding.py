"""What is carried as error covers what float32 loses."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from splineviz.complexity.propagation.activation_deltas import activation_delta, local_slopes
from splineviz.complexity.propagation.norms import norm_upper_bound
from splineviz.complexity.propagation.rounding import Rounding
from splineviz.complexity.propagation.step_operator import StepOperator
from splineviz.network.piecewise_linear import PiecewiseLinear
from splineviz.network.tracing.trace import trace

RULES = {
    "relu": PiecewiseLinear([0.0], [0.0, 1.0], 0.0),
    "leaky": PiecewiseLinear([0.0], [0.1, 1.0], 0.0),
    "steep": PiecewiseLinear([0.0], [1000.3, 1.0], 0.0),
    "hardtanh": PiecewiseLinear([-1.0, 1.0], [0.0, 1.0, 0.0], -1.0),
    "folded": PiecewiseLinear([-0.3, 0.2, 0.9], [5.1, -300.7, 0.0, 70.3], 0.0),
}


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("scale", [1e-6, 1e-2, 1.0])
def test_bends_in_float32_are_within_the_error_that_is_carried(name, scale):
    rule, radius = RULES[name], 0.01
    generator = torch.Generator().manual_seed(0)
    center = torch.randn((20, 300), generator=generator, dtype=torch.float64)
    # Half of the vertices do not come near a kink.
    d = (scale * torch.randn((20, 8, 300), generator=generator)).float()
    exact = activation_delta(rule, rule.slopes.tolist(), center, d.double())
    made = activation_delta(rule, rule.slopes.tolist(), center, d)
    ends = (d.amin(1), d.amax(1), torch.zeros_like(center))
    sides = torch.stack(
        [(center + end - point).sign() for end in ends for point in rule.breakpoints]
    )
    still = (sides.amin(0) == sides.amax(0)) & (sides[0] != 0)
    largest = torch.full_like(center, float(rule.slope_variation.max())).float()
    summed = local_slopes(rule, rule.slope_variation.tolist(), center, torch.float32)
    summed = torch.where(still, summed, largest)
    size = d.abs().amax(1) / radius
    rounding = Rounding(torch.float32, radius)
    _, variance = rounding.bent(0 * size, size, 0 * size, summed, len(rule.breakpoints))
    error = (made.double() - exact).abs().amax(1)
    assert (error <= rounding.noise(variance, linear=False) * (1 + 1e-6)).all()


def test_sums_are_those_of_what_a_function_is_written_with():
    assert RULES["relu"].slope_variation.tolist() == [0.0, 1.0]
    assert RULES["hardtanh"].slope_variation.tolist() == [0.0, 1.0, 2.0]
    assert RULES["steep"].slope_variation.tolist() == pytest.approx([1000.3, 1999.6])
    channels = PiecewiseLinear([0.0], np.array([[-0.5, 2.0], [1.0, 1.0]]), 0.0)
    assert channels.slope_variation.tolist() == [[0.5, 2.0], [2.0, 3.0]]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_lengths_lose_nothing_to_squares_that_vanish(dtype):
    tiny, a_bit = torch.finfo(dtype).tiny, 8 * torch.finfo(dtype).eps
    values = torch.tensor([[3.0, 4.0], [3 * tiny, 4 * tiny], [0.0, 0.0], [tiny, 1.0]], dtype=dtype)
    made = norm_upper_bound(values)[:, 0]
    assert 5 <= made[0] <= 5 + a_bit * 5
    assert made[1] >= 5 * tiny
    assert made[2] == 0
    assert 1 <= made[3] <= 1 + a_bit


@pytest.mark.parametrize("count", [1, 7, 413, 4096])
def test_lengths_lose_nothing_to_rounding(count):
    rng = np.random.default_rng(count)
    for levels in range(1, 20):
        # Equal squares round alike, and what they lose adds up.
        values = rng.uniform(0, 2, levels)[np.arange(count) * levels // count].astype(np.float32)
        exact = math.sqrt(math.fsum(value * value for value in values.tolist()))
        made = float(norm_upper_bound(torch.from_numpy(values)))
        assert exact <= made <= exact * (1 + 1e-7 * (count + 8))


@pytest.mark.parametrize("size", [1e-100, 1e-60, 1e-20, 1.0])
def test_noise_in_float64_does_not_vanish_with_its_square(size):
    layer = nn.Linear(3, 2, bias=False).double()
    with torch.no_grad():
        layer.weight.fill_(1e-140)
    program = trace(layer, (3,))
    step = StepOperator(program, 0, torch.float64, torch.device("cpu"))
    rounding, none = Rounding(torch.float64, 1.0), torch.zeros(1, 3, dtype=torch.float64)
    made, variance = rounding.stepped(step, [none], [none + size], [none], linear=False)
    assert (rounding.noise(variance, linear=False) > 2**-53 * made).all()
    # Nothing but zeros has no error.
    _, variance = rounding.stepped(step, [none], [none], [none], linear=False)
    assert (variance == 0).all()
