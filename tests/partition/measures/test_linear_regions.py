"""Linear regions: activation regions with one affine map, joined."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse.csgraph import connected_components

import splineviz as sv
from splineviz.errors import InvalidArgument
from tests.partition.networks import (
    FRAME_WITH_HOLES,
    case,
    degenerate_networks,
    mlp,
    partition_of,
    partitions,
    random_mlp,
)

SQUARE = sv.InputSlice.identity()


def doubled(seed, sizes, scale=1.0):
    """An affine network in disguise: every z is made again as relu(z) - relu(-z)."""
    rng = np.random.default_rng(seed)
    weights, biases, width = [], [], 2
    for size in sizes:
        weight, bias = scale * rng.standard_normal((size, width)), rng.standard_normal(size)
        if weights:
            weight = np.concatenate([weight, -weight], axis=1)
        weights.append(np.concatenate([weight, -weight]))
        biases.append(np.concatenate([bias, -bias]))
        width = size
    last = rng.standard_normal((2, width))
    return mlp([*weights, np.concatenate([last, -last], axis=1)], [*biases, np.zeros(2)])


@given(partitions())
def test_linear_regions_are_a_coverage_with_one_map_each(partition):
    merged = partition.merge_linear()
    n = len(merged)
    assert 1 <= n <= len(partition)
    assert merged.label.shape == (len(partition),)
    np.testing.assert_array_equal(np.unique(merged.label), np.arange(n))
    np.testing.assert_allclose(merged.areas.sum(), partition.plane.domain.area)
    np.testing.assert_allclose(shapely.area(merged.polygons), merged.areas, rtol=1e-9)
    assert shapely.is_valid(merged.polygons).all()
    assert shapely.coverage_is_valid(merged.polygons) or not shapely.coverage_is_valid(
        partition.polygons
    )
    points = partition.representative_points
    values = np.einsum("rok,rk->ro", merged.slopes[merged.label], points)
    expected = partition.program(points)
    np.testing.assert_allclose(values + merged.offsets[merged.label], expected, atol=1e-9)
    for region in range(n):
        members = merged.members(region)
        inside = partition.dual_graph()[members][:, members]
        assert connected_components(inside, directed=False, return_labels=False) == 1
    # Where maps meet they differ.
    slopes = merged.slopes
    sides = merged.label[partition.edges.regions[(partition.edges.regions >= 0).all(axis=1)]]
    sides = sides[sides[:, 0] != sides[:, 1]]
    assert (np.abs(slopes[sides[:, 0]] - slopes[sides[:, 1]]).max(axis=(1, 2)) > 0).all()


@given(seed=st.integers(0, 10_000), domain=st.sampled_from([SQUARE.domain, FRAME_WITH_HOLES]))
def test_a_neuron_that_nothing_reads_makes_no_linear_region(seed, domain):
    program = random_mlp(seed, [2, 6, 7, 2])
    state = {key: array.copy() for key, array in program.state.items()}
    state["2.weight"][:, 3] = 0.0
    less = {
        **state,
        "1.weight": np.delete(state["1.weight"], 3, axis=0),
        "1.bias": np.delete(state["1.bias"], 3),
        "2.weight": np.delete(state["2.weight"], 3, axis=1),
    }
    plane = sv.InputSlice(np.zeros(2), np.eye(2), domain)
    smaller = mlp([less[f"{i}.weight"] for i in range(3)], [less[f"{i}.bias"] for i in range(3)])
    partition = sv.enumerate_regions(program.with_state(state), plane)
    expected = sv.enumerate_regions(smaller, plane).merge_linear()
    merged = partition.merge_linear()
    assert len(merged) == len(expected)
    np.testing.assert_allclose(np.sort(merged.areas), np.sort(expected.areas), atol=1e-12)


@given(
    seed=st.integers(0, 10_000),
    sizes=st.lists(st.integers(1, 8), min_size=1, max_size=3),
    scale=st.sampled_from([1e-3, 1.0, 1e3]),
)
def test_terms_that_cancel_up_to_rounding_make_no_linear_region(seed, sizes, scale):
    partition = sv.enumerate_regions(doubled(seed, sizes, scale), SQUARE)
    merged = partition.merge_linear()
    assert len(merged) == 1
    assert shapely.symmetric_difference(merged.polygons[0], SQUARE.domain).area < 1e-12


def test_a_generic_network_has_nothing_to_merge():
    partition = sv.enumerate_regions(random_mlp(0, [2, 12, 1]), SQUARE)
    assert len(partition.merge_linear()) == len(partition)


def test_a_small_change_of_slope_is_a_change():
    # The jump at x = 0 is 1e-12 of the slope on both sides, thousands of times its rounding.
    program = mlp(
        [np.array([[1.0, 0.0], [1.0, 1.0]]), np.array([[1e-12, 1.0]])],
        [np.array([0.0, 5.0]), np.zeros(1)],
    )
    partition = sv.enumerate_regions(program, SQUARE)
    assert len(partition) == 2
    assert len(partition.merge_linear()) == 2
    assert len(partition.merge_linear(tolerance=1e-9)) == 1


def test_dead_outputs_merge_only_where_they_touch():
    # relu(x - 1/2) + relu(-x - 1/2): flat in the middle, and no two regions have one map.
    weights = [np.array([[1.0, 0.0], [-1.0, 0.0]]), np.ones((1, 2))]
    partition = sv.enumerate_regions(mlp(weights, [np.full(2, -0.5), np.zeros(1)]), SQUARE)
    assert len(partition.merge_linear()) == 3
    # relu(relu(x) - 1/2), relu(relu(-x) - 1/2): flat for |x| < 1/2, which x = 0 cuts in two.
    weights = [weights[0], np.eye(2), np.ones((1, 2))]
    partition = sv.enumerate_regions(
        mlp(weights, [np.zeros(2), np.full(2, -0.5), np.zeros(1)]), SQUARE
    )
    assert len(partition) == 4
    merged = partition.merge_linear()
    assert sorted(merged.areas) == [1.0, 1.0, 2.0]
    assert repr(merged) == "LinearRegions(3 of 4 activation regions)"


def test_a_linear_region_may_have_a_hole():
    # A bump of height 1 on a disc of lines: nothing but the middle has another map.
    angle = 2 * np.pi * np.arange(12) / 12
    normals = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    first, bias = normals, np.full(12, -0.3)
    # relu(1/4 - sum of relu(n.x - 0.3)) is positive round the origin, and 0 further out.
    weights = [first, -np.ones((1, 12)), np.ones((1, 1))]
    partition = sv.enumerate_regions(mlp(weights, [bias, np.full(1, 0.25), np.zeros(1)]), SQUARE)
    merged = partition.merge_linear()
    outside = merged.label[partition.locate([[0.99, 0.99]])[0]]
    assert len(merged.polygons[outside].interiors) == 1
    np.testing.assert_array_equal(merged.slopes[outside], 0.0)
    assert len(merged) < len(partition)
    assert shapely.coverage_is_valid(merged.polygons)


def test_a_network_without_activation_is_one_linear_region():
    partition = partition_of(FRAME_WITH_HOLES)
    merged = partition.merge_linear()
    assert len(merged) == 1
    assert merged.polygons[0].equals(FRAME_WITH_HOLES)
    np.testing.assert_array_equal(merged.members(0), [0])


def test_the_known_networks_merge_little():
    for name in ("A", "Gz"):
        partition = sv.enumerate_regions(case(name), SQUARE)
        assert 0.9 * len(partition) < len(partition.merge_linear()) <= len(partition)


@pytest.mark.parametrize("tolerance", [-1.0, np.nan])
def test_a_tolerance_without_meaning_is_refused(tolerance):
    with pytest.raises(InvalidArgument, match="tolerance"):
        partition_of(SQUARE.domain).merge_linear(tolerance=tolerance)


@given(degenerate_networks())
def test_any_activation_merges_where_its_slope_is_the_same(program):
    partition = sv.enumerate_regions(program, SQUARE)
    linear = partition.merge_linear()
    slopes, offsets = partition.affine_maps()
    scale = max(1.0, float(np.abs(slopes).max()), float(np.abs(offsets).max()))
    np.testing.assert_allclose(slopes, linear.slopes[linear.label], atol=1e-9 * scale)
    np.testing.assert_allclose(offsets, linear.offsets[linear.label], atol=1e-9 * scale)
