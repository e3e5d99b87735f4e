"""Local complexity against exact counts: on slices, and in balls."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import splineviz as sv
from splineviz.complexity.agreement import ComplexityAgreement
from splineviz.errors import InvalidArgument

RUN = sv.Run.bundled("checkerboard")
PLANE = sv.InputSlice.identity((-2, -2, 2, 2))


def test_it_compares_local_complexity_with_the_count_on_the_slice():
    program, points = RUN.program(30000), RUN.samples[0][:50]
    part = sv.enumerate_regions(program, PLANE)
    for shape in ("disc", "cross-polytope"):
        agreement = sv.slice_agreement(
            program, PLANE, points=points, radius=[0.05, 0.2], shape=shape
        )
        lc = sv.local_complexity(program, points, radius=[0.05, 0.2], directions=np.eye(2))
        np.testing.assert_array_equal(agreement.estimated, lc.counts.sum(axis=-1))
        exact = [part.crossed_neurons(points, r, shape=shape).sum(axis=1) for r in (0.05, 0.2)]
        np.testing.assert_array_equal(agreement.exact, exact)
        # Signs that differ at two corners differ in between.
        assert agreement.above.tolist() == [0, 0]


@pytest.mark.parametrize("step", [0, 1100, 30000])
def test_local_complexity_stands_for_exact_crossings(step):
    agreement = sv.slice_agreement(
        RUN.program(step), PLANE, points=RUN.samples[0], shape="cross-polytope"
    )
    assert agreement.correlation[0] > 0.9
    assert agreement.missed[0] < 0.05


def test_maxima_and_points_near_the_border_are_left_out():
    torch.manual_seed(0)

    class Best(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = nn.Linear(2, 12), nn.Linear(6, 2)

        def forward(self, x):
            return self.second(torch.relu(self.first(x)).unflatten(1, (6, 2)).amax(2))

    points = np.array([[0.0, 0.0], [0.3, -0.5], [0.95, 0.0], [7.0, 0.0]])
    plane = sv.InputSlice.identity((-1, -1, 1, 1))
    agreement = sv.slice_agreement(Best(), plane, points=points, radius=0.2)
    part = sv.enumerate_regions(Best().eval(), plane)
    assert len(part.layers) == 2
    assert agreement.exact.shape == (1, 2)
    assert (agreement.exact <= 12).all()
    with pytest.raises(InvalidArgument, match=r"none whose disc of radius 0\.2 lies in the domain"):
        sv.slice_agreement(Best(), plane, points=points[2:], radius=0.2)


def test_of_one_layer_the_count_in_the_ball_is_a_distance():
    torch.manual_seed(1)
    network = nn.Sequential(nn.Linear(5, 20), nn.ReLU(), nn.Linear(20, 2)).double()
    x = np.random.default_rng(0).standard_normal((15, 5))
    agreement = sv.ball_agreement(network, x, radius=[0.1, 0.5], directions=5)
    weight, bias = (one.detach().numpy() for one in network[0].parameters())
    distance = np.abs(x @ weight.T + bias) / np.linalg.norm(weight, axis=1)
    wanted = [(distance < radius).sum(axis=1) for radius in (0.1, 0.5)]
    np.testing.assert_array_equal(agreement.exact, wanted)
    # The cross-polytope lies in the ball.
    assert agreement.above.tolist() == [0, 0]
    assert (agreement.bias <= 0).all()


def test_where_the_ball_is_free_local_complexity_is_zero():
    x = RUN.samples[0][:40]
    for step in (0, 1100, 30000):
        program = RUN.program(step)
        agreement = sv.ball_agreement(program, x, radius=[0.005, 0.05])
        free = np.array([sv.region_at(program, one).distance for one in x]) >= [[0.005], [0.05]]
        np.testing.assert_array_equal(agreement.exact == 0, free)
        assert not agreement.estimated[free].any()


def test_numbers_are_those_of_their_definitions():
    estimated, exact = (
        np.array([[1, 2, 0, 4], [0, 0, 0, 0]]),
        np.array([[2, 2, 1, 3], [0, 0, 0, 0]]),
    )
    agreement = ComplexityAgreement(np.array([0.1, 0.2]), estimated, exact)
    assert agreement.correlation[0] == pytest.approx(np.corrcoef(estimated[0], exact[0])[0, 1])
    assert agreement.bias.tolist() == [-0.25, 0.0]
    assert agreement.missed[0] == 2 / 8
    assert agreement.above.tolist() == [1, 0]
    assert agreement.empty_missed[0] == 0.25
    for name in ("correlation", "missed", "empty_missed"):
        assert np.isnan(getattr(agreement, name)[1])
    table = agreement.to_dataframe()
    assert table.index.tolist() == [0.1, 0.2]
    assert table["exact"].tolist() == [2.0, 0.0]
    assert repr(agreement).startswith("ComplexityAgreement(4 points; radius 0.1: correlation 0.956")


def test_a_neuron_with_two_breakpoints_counts_once():
    layer = torch.nn.Linear(2, 4)
    with torch.no_grad():
        layer.weight.mul_(20)
    model = torch.nn.Sequential(layer, torch.nn.ReLU6(), torch.nn.Linear(4, 2))
    points = np.zeros((1, 2))
    plane = sv.InputSlice.identity(bounds=(-3, -3, 3, 3))
    for found in (
        sv.slice_agreement(model, plane, points=points, radius=2.0),
        sv.ball_agreement(model, points, radius=2.0),
    ):
        assert found.estimated.tolist() == found.exact.tolist() == [[4]]
