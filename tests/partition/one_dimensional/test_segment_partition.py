from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import splineviz as sv
from splineviz.errors import (
    InvalidArgument,
    InvalidPartition,
    NonFiniteValues,
    ShapeMismatch,
    UnknownName,
)
from tests.partition.one_dimensional.exact import intervals

UNIT = sv.InputSlice.identity(bounds=(-2, 2))


def dense(layers):
    """A float64 network of the given (weight, bias) pairs."""
    modules = []
    for weight, bias in layers:
        linear = torch.nn.Linear(len(weight[0]), len(weight), dtype=torch.float64)
        with torch.no_grad():
            linear.weight[:] = torch.tensor([[float(w) for w in row] for row in weight])
            linear.bias[:] = torch.tensor([float(b) for b in bias])
        modules += [linear, torch.nn.ReLU()]
    return torch.nn.Sequential(*modules[:-1])


def default(*widths, seed=0):
    torch.manual_seed(seed)
    modules = []
    for inputs, outputs in pairwise(widths):
        modules += [torch.nn.Linear(inputs, outputs), torch.nn.ReLU()]
    return torch.nn.Sequential(*modules[:-1])


@st.composite
def small_networks(draw):
    """Dense networks of small quarters: kinks that coincide, dead and duplicated neurons."""
    widths = [
        1,
        *draw(st.lists(st.integers(1, 4), min_size=1, max_size=3)),
        draw(st.integers(1, 3)),
    ]
    quarter = st.integers(-4, 4).map(lambda n: Fraction(n, 4))
    return [
        (
            [[draw(quarter) for _ in range(inputs)] for _ in range(outputs)],
            [draw(quarter) for _ in range(outputs)],
        )
        for inputs, outputs in pairwise(widths)
    ]


@settings(max_examples=150, deadline=None)
@given(small_networks())
def test_beside_the_definition_in_fractions(layers):
    network = dense(layers)
    found = sv.enumerate_regions(network, UNIT, threads=1)
    expected = intervals(layers, -2, 2)
    assert found.activation_patterns().tolist() == [list(pattern) for pattern, _, _ in expected]
    np.testing.assert_allclose(
        found.breakpoints, [float(end) for _, end, _ in expected[:-1]], rtol=0, atol=1e-14
    )
    slope, offset = found.affine_maps()
    maps = np.array([[[float(m), float(c)] for m, c in rows] for _, _, rows in expected])
    np.testing.assert_allclose(slope, maps[..., 0], atol=1e-13)
    np.testing.assert_allclose(offset, maps[..., 1], atol=1e-13)
    found.verify(network)


@settings(max_examples=30, deadline=None)
@given(small_networks())
def test_both_engines_agree(layers):
    network = dense(layers)
    compiled = sv.enumerate_regions(network, UNIT, threads=1)
    shapely = sv.enumerate_regions(network, UNIT, engine="shapely")
    np.testing.assert_allclose(compiled.ends, shapely.ends, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(compiled.activation_patterns(), shapely.activation_patterns())


@pytest.mark.parametrize("seed", range(5))
def test_beside_the_network_at_many_positions(seed):
    network = default(1, 16, 16, 3, seed=seed)
    partition = sv.enumerate_regions(network, UNIT)
    positions = np.linspace(-2, 2, 997)
    with torch.no_grad():
        expected = network.double()(torch.from_numpy(positions)[:, None]).numpy()
    np.testing.assert_allclose(partition.outputs(positions), expected, atol=1e-14)
    np.testing.assert_allclose(
        partition.values(), network(torch.from_numpy(partition.ends)[:, None]).detach(), atol=1e-14
    )
    assert (np.diff(partition.ends) > 0).all()
    assert partition.lengths.sum() == pytest.approx(4.0)


def test_depth_doubles_the_pieces():
    """The sawtooth of Telgarsky (2016): two neurons a layer, 2^L pieces."""
    tent = [([[2], [4]], [0, -2]), ([[1, -1]], [0])]
    modules = [module for _ in range(8) for module in (*dense(tent), torch.nn.Identity())]
    partition = sv.enumerate_regions(
        torch.nn.Sequential(*modules), sv.InputSlice.identity(bounds=(0, 1))
    )
    assert len(partition) == 2**8
    np.testing.assert_array_equal(partition.breakpoints, np.arange(1, 2**8) / 2**8)
    assert set(np.abs(partition.affine_maps()[0]).ravel()) == {2.0**8}


def test_a_shallow_network_has_at_most_one_piece_more_than_neurons():
    for seed in range(10):
        partition = sv.enumerate_regions(default(1, 12, 1, seed=seed), UNIT)
        assert len(partition) == 1 + len(partition.crossings()) <= 13


def test_kinks_that_coincide_are_one_breakpoint():
    network = torch.nn.Sequential(torch.nn.Linear(1, 4, bias=False), torch.nn.ReLU())
    partition = sv.enumerate_regions(network, UNIT)
    np.testing.assert_array_equal(partition.breakpoints, [0.0])
    table = partition.crossings()
    assert table.neuron.tolist() == [0, 1, 2, 3]
    assert table.distinct == 1
    assert table.counts().tolist() == [4]


def test_kinks_at_the_ends_are_no_breakpoints():
    network = dense([([[1], [1], [1]], [2, -2, 0]), ([[1, 1, 1]], [0])])
    np.testing.assert_array_equal(sv.enumerate_regions(network, UNIT).breakpoints, [0.0])


def test_a_dead_neuron_makes_no_breakpoint():
    network = dense([([[1], [0], [0]], [0, -1, 0]), ([[1, 1, 1]], [0])])
    partition = sv.enumerate_regions(network, UNIT)
    assert partition.crossings().neuron.tolist() == [0]
    assert partition.neuron_breakpoints(0, 1).tolist() == []


def test_an_affine_network_is_one_region():
    partition = sv.enumerate_regions(torch.nn.Linear(1, 2), UNIT)
    assert len(partition) == 1
    assert partition.breakpoints.shape == (0,)
    assert len(partition.crossings()) == 0
    assert partition.activation_patterns().shape == (1, 0)
    partition.verify(partition.program)


def test_other_activations():
    network = torch.nn.Sequential(
        torch.nn.Linear(1, 8),
        torch.nn.Hardtanh(),
        torch.nn.Linear(8, 8),
        torch.nn.Unflatten(1, (1, 8)),
        torch.nn.MaxPool1d(4),
        torch.nn.Flatten(),
        torch.nn.LeakyReLU(0.1),
        torch.nn.Linear(2, 2),
    )
    partition = sv.enumerate_regions(network, UNIT)
    partition.verify(network)
    positions = np.linspace(-2, 2, 400)
    with torch.no_grad():
        expected = network.double()(torch.from_numpy(positions)[:, None]).numpy()
    np.testing.assert_allclose(partition.outputs(positions), expected, atol=1e-14)


def test_the_regions_of_a_segment_are_those_of_a_plane_through_it():
    network = default(6, 20, 20, 4)
    rng = np.random.default_rng(0)
    x0, x1, x2 = rng.normal(size=(3, 6))
    partition = sv.enumerate_regions(network, sv.InputSlice.segment(x0, x1))
    plane = sv.InputSlice.through(x0, x1, x2)
    whole = sv.enumerate_regions(network, plane)
    inputs = partition.segment.embed(partition.midpoints)
    regions = whole.locate(plane.project(inputs)[0])
    np.testing.assert_array_equal(
        whole.activation_patterns()[regions], partition.activation_patterns()
    )
    # As many sign changes as the ends' patterns need at least, and of those neurons.
    flips = partition.activation_patterns()[[0, -1]]
    assert partition.crossings().counts().sum() >= (flips[0] != flips[1]).sum()


def test_where_things_are():
    partition = sv.enumerate_regions(dense([([[1], [1]], [1, -1]), ([[1, -2]], [0])]), UNIT)
    np.testing.assert_array_equal(partition.breakpoints, [-1.0, 1.0])
    assert partition.locate([-2, -1.5, -1, 0, 1.5, 2, 2.5]).tolist() == [0, 0, 0, 1, 2, 2, -1]
    np.testing.assert_array_equal(partition.distance_to_breakpoint([-3, -1, 0.5]), [2, 0, 0.5])
    np.testing.assert_array_equal(
        partition.breakpoint_density([-1.5, 0.0, 2.0, 9.0], 1.0), [1 / 1.5, 1.0, 1.0, np.nan]
    )
    assert np.isnan(partition.outputs([3.0])).all()
    np.testing.assert_array_equal(partition.neuron_breakpoints("1", 1), [1.0])


def test_breakpoints_of_one_layer_alone():
    partition = sv.enumerate_regions(
        dense([([[1], [1]], [1, -1]), ([[1, 0]], [-2]), ([[1]], [0])]), UNIT
    )
    # Of the second layer at 1, where one of the first layer is as well.
    np.testing.assert_array_equal(partition.breakpoints, [-1.0, 1.0])
    assert partition.distance_to_breakpoint([-1.0]).tolist() == [0.0]
    assert partition.distance_to_breakpoint([-1.0], layer=1).tolist() == [2.0]
    assert partition.distance_to_breakpoint([-1.0], layer=[0, "3"]).tolist() == [0.0]
    assert partition.breakpoint_density([0.0], 1.0).tolist() == [1.0]
    assert partition.breakpoint_density([0.0], 1.0, layer="3").tolist() == [0.5]
    with pytest.raises(UnknownName):
        partition.breakpoint_density([0.0], 1.0, layer=2)


def test_migration_counts_breakpoints_by_length():
    # Kinks at -1, 0 and 1; the output is 0 at -0.5 and, rising, never again.
    partition = sv.enumerate_regions(
        dense([([[1], [1], [1]], [1, 0, -1]), ([[2, 1, 1]], [-1])]), UNIT
    )
    np.testing.assert_array_equal(partition.decision_boundary(), [-0.5])
    points = [-1.5, 0.25, 1.75, 9.0]
    found = partition.migration(points, radius=0.5, seed=3)
    assert (found.n_points, found.n_switching, found.radius) == (3, 3, 0.5)
    # From -2 to -1: one kink on 1. From -0.25 to 0.75: one. From 1.25 to 2: none.
    assert found.density_near_data == pytest.approx(2 / 3)
    assert found.density_near_decision == 2.0
    assert found.ratio == pytest.approx(3.0)
    assert found.median_distance == 0.5
    # Three kinks on a length of 4, each seen from a length of 1: near 3/4.
    assert found.density_near_uniform == pytest.approx(0.75, abs=0.1)
    assert found == partition.migration(points, radius=0.5, seed=3)
    assert found != partition.migration(points, radius=0.5, seed=4)
    one = partition.migration(points, radius=0.5, layer=0, n_uniform=10)
    assert one.density_near_data == found.density_near_data


def test_migration_of_an_affine_network():
    partition = sv.enumerate_regions(dense([([[1]], [5])]), UNIT)
    found = partition.migration([0.0], radius=0.5)
    assert (found.density_near_data, found.median_distance) == (0.0, np.inf)
    assert np.isnan(found.density_near_decision)
    assert np.isnan(partition.migration([9.0], radius=0.5).density_near_data)


def test_neurons_that_nothing_reads_join_linear_regions():
    network = dense([([[1], [1]], [1, -1]), ([[1, 0]], [0])])
    assert sv.enumerate_regions(network, UNIT).linear_regions().tolist() == [0, 1, 1]


def test_tables():
    partition = sv.enumerate_regions(default(1, 6, 2), UNIT)
    table = partition.to_dataframe()
    assert len(table) == len(partition)
    assert table.start[0] == -2
    assert list(table.columns[-2:]) == ["offset_1", "active_1"]
    crossings = partition.crossings().to_dataframe()
    assert set(crossings.name) == {"1"}
    np.testing.assert_array_equal(crossings.position, partition.breakpoints)


def test_another_network_is_refused():
    partition = sv.enumerate_regions(default(1, 6, 2, seed=0), UNIT)
    with pytest.raises(InvalidPartition):
        partition.verify(default(1, 6, 2, seed=1))
    text = str(partition.verify(default(1, 6, 2, seed=0)))
    assert f"{len(partition)} activation regions on a segment" in text


def test_wrong_arguments():
    partition = sv.enumerate_regions(default(1, 6, 2), UNIT)
    with pytest.raises(NonFiniteValues):
        partition.locate([np.nan])
    with pytest.raises(InvalidArgument, match="radius"):
        partition.breakpoint_density([0.0], 0.0)
    for radius in (np.inf, "wide", None):
        with pytest.raises(InvalidArgument, match="radius must be a positive number"):
            partition.breakpoint_density([0.0], radius)
    with pytest.raises(InvalidArgument, match="n_uniform"):
        partition.migration([0.0], 0.1, n_uniform=0)
    with pytest.raises(InvalidArgument, match="seed"):
        partition.migration([0.0], 0.1, seed=-1)
    with pytest.raises(InvalidArgument, match="positions must be an array of real numbers"):
        partition.locate("left")
    for positions in ([[0.0, 1.0]], 0.5):
        with pytest.raises(ShapeMismatch, match=r"\(n,\)"):
            partition.locate(positions)
    with pytest.raises(UnknownName):
        partition.neuron_breakpoints(0, 6)
    with pytest.raises(UnknownName):
        partition.neuron_breakpoints("5", 0)


@pytest.mark.parametrize("bounds", [(0.0, 1e-200), (0.0, 1e200), (-1e308, 1e308)])
def test_a_segment_that_is_too_short_or_too_long_says_so_in_lengths(bounds):
    with pytest.raises(NonFiniteValues, match=r"the segment reaches to .* has the length"):
        sv.enumerate_regions(default(1, 6, 2), sv.InputSlice.identity(bounds=bounds))
