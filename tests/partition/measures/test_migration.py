"""Points along the decision boundary, and region migration measured with them."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

import splineviz as sv
from splineviz.errors import EmptyBoundary, InvalidArgument, NonFiniteValues
from splineviz.partition.measures.lines import points_along
from splineviz.partition.measures.migration import stream_of_uniform
from splineviz.partition.measures.uniform_points import uniform_points
from tests.partition.networks import mlp, partition_of, random_mlp

SQUARE = sv.InputSlice.identity()


@pytest.fixture(scope="module")
def two_lines():
    """relu(x) - 1/4: a neuron boundary at x = 0, the decision boundary at x = 1/4."""
    program = mlp([np.array([[1.0, 0.0]]), np.ones((1, 1))], [np.zeros(1), np.array([-0.25])])
    return sv.enumerate_regions(program, SQUARE)


def test_points_along_lines_are_where_their_length_says():
    lines = shapely.MultiLineString([[(0, 0), (1, 0), (1, 2)], [(5, 5), (5, 6)]])
    points = points_along(lines, np.array([0.0, 0.125, 0.25, 0.5, 0.75, 0.875, 1.0]))
    expected = [[0, 0], [0.5, 0], [1, 0], [1, 1], [5, 5], [5, 5.5], [5, 6]]
    np.testing.assert_allclose(points, expected)


def test_samples_lie_on_the_decision_boundary_uniformly():
    partition = sv.enumerate_regions(random_mlp(5, [2, 16, 16, 3]), SQUARE)
    boundary = partition.decision_boundary()
    points = partition.sample_decision_boundary(2000)
    assert points.shape == (2000, 2)
    assert shapely.distance(shapely.points(points), boundary).max() < 1e-12
    values = np.sort(partition.program(points), axis=1)
    np.testing.assert_allclose(values[:, -1], values[:, -2], atol=1e-12)
    for line in boundary.geoms:
        share = line.length / boundary.length
        found = (shapely.distance(shapely.points(points), line) < 1e-12).mean()
        assert found == pytest.approx(share, abs=4 * np.sqrt(share / 2000))


def test_samples_depend_on_the_seed_alone(two_lines):
    state = np.random.get_state()[1].copy()
    one = two_lines.sample_decision_boundary(5, seed=1)
    np.testing.assert_array_equal(one, two_lines.sample_decision_boundary(5, seed=1))
    assert (one != two_lines.sample_decision_boundary(5, seed=2)).any()
    np.testing.assert_array_equal(np.random.get_state()[1], state)


def test_no_decision_boundary_has_no_samples(two_lines):
    partition = partition_of(shapely.box(0, 0, 1, 1))
    with pytest.raises(EmptyBoundary, match="one class is predicted on the whole slice"):
        partition.sample_decision_boundary(3)
    with pytest.raises(InvalidArgument, match="n must be at least 1, not 0"):
        two_lines.sample_decision_boundary(0)


def test_migration_is_made_of_densities(two_lines):
    points = [[0.0, 0.0], [0.1, 0.5], [-0.6, -0.5], [7.0, 7.0]]
    found = two_lines.migration(points, 0.3, n_boundary=50, seed=4)
    near = two_lines.boundary_density(points[:3], 0.3)
    assert found.n_points == 3
    assert found.radius == 0.3
    assert found.density_near_data == pytest.approx(near.mean())
    y = (np.arange(50) + np.random.default_rng(4).random()) / 25 - 1
    along = two_lines.boundary_density(np.stack([np.full(50, 0.25), y], axis=1), 0.3)
    assert found.density_near_decision == pytest.approx(along.mean())
    assert found.ratio == pytest.approx(along.mean() / near.mean())
    assert found.median_distance == pytest.approx(0.1)
    assert two_lines.migration(points, 0.3, layer="relu0", n_boundary=50, seed=4) == found


def test_there_are_as_many_uniform_points_as_said(two_lines):
    points = [[0.0, 0.0]]
    same = two_lines.migration(points, 0.3, n_boundary=50, n_uniform=50, seed=4)
    assert same == two_lines.migration(points, 0.3, n_boundary=50, seed=4)
    few = two_lines.migration(points, 0.3, n_boundary=50, n_uniform=7, seed=4)
    assert few.density_near_decision == same.density_near_decision
    drawn = uniform_points(SQUARE.domain, 7, stream_of_uniform(4))
    near = two_lines.boundary_density(drawn, 0.3)
    assert few.density_near_uniform == pytest.approx(near.mean())


def test_uniform_points_are_the_control(two_lines):
    found = two_lines.migration([[0.0, 0.0]], 0.3, n_boundary=4000, seed=4)
    # A line of length 2 within 0.3 of points of a square of area 4: far from the sides, the length
    # near a point is on average the length in all times the area of the disc over that of the
    # square. Near the sides there is less of both.
    assert found.density_near_uniform == pytest.approx(2 / 4, rel=0.05)
    ratio = found.density_near_decision / found.density_near_uniform
    assert found.ratio_uniform == pytest.approx(ratio)
    # Uniform in x, the distances |x| from the line x = 0 have the median 1/2.
    assert found.median_distance_uniform == pytest.approx(0.5, abs=0.04)
    same = two_lines.migration([[0.9, 0.9]], 0.3, n_boundary=4000, seed=4)
    assert same.density_near_uniform == found.density_near_uniform


def test_neurons_that_draw_a_boundary_are_counted():
    # On the square: relu(x) switches, relu(x - 2) is off, relu(x + 2) is on; behind it 70 more.
    rows = np.concatenate([np.zeros((70, 3)), np.ones((1, 3))])
    weights = [np.array([[1.0, 0.0]] * 3), rows, np.ones((1, 71))]
    program = mlp(weights, [np.array([0.0, -2.0, 2.0]), np.full(71, -2.5), np.zeros(1)])
    partition = sv.enumerate_regions(program, SQUARE)
    patterns = partition.activation_patterns()
    wanted = patterns.any(axis=0) & ~patterns.all(axis=0)
    assert wanted.tolist() == [True, False, False, *[False] * 70, True]
    found = [
        partition.migration([[0.0, 0.0]], 0.1, layer=layer).n_switching for layer in (None, 0, 1)
    ]
    assert found == [2, 1, 1]
    assert partition.migration([[0.0, 0.0]], 0.1, layer=[1, 1, 0]).n_switching == 2
    flat = partition_of(shapely.box(-1, -1, 1, 1)).migration([[0.0, 0.0]], 0.1)
    assert flat.n_switching == 0


def test_uniform_points_are_uniform_and_miss_holes():
    holed = shapely.Polygon(
        [(0, 0), (4, 0), (4, 4), (0, 4)],
        [[(1, 1), (3, 1), (3, 3), (1, 3)], [(3.5, 3), (4, 3.5), (3.5, 3.5)]],
    )
    points = uniform_points(holed, 12_000, np.random.default_rng(0))
    assert points.shape == (12_000, 2)
    assert shapely.intersects(holed, shapely.points(points)).all()
    tiles = [shapely.box(i, j, i + 1, j + 1) for i in range(4) for j in range(4)]
    for tile in tiles:
        share = shapely.area(tile & holed) / holed.area
        found = shapely.contains(tile, shapely.points(points)).mean()
        assert found == pytest.approx(share, abs=4 * np.sqrt(max(share, 1e-12) / 12_000))


def test_what_is_not_there_is_nan_or_infinite(two_lines):
    flat = partition_of(shapely.box(-1, -1, 1, 1)).migration([[0.0, 0.0]], 0.1)
    assert flat.density_near_data == 0.0
    assert np.isnan([flat.density_near_decision, flat.ratio, flat.ratio_uniform]).all()
    assert flat.median_distance == flat.median_distance_uniform == np.inf
    assert flat.density_near_uniform == 0.0
    outside = two_lines.migration(np.empty((0, 2)), 0.3)
    assert outside.n_points == 0
    assert outside.density_near_decision > 0
    assert np.isnan([outside.density_near_data, outside.ratio, outside.median_distance]).all()
    away = two_lines.migration([[-0.9, 0.0]], 0.3)
    assert away.density_near_data == 0.0
    assert away.ratio == np.inf


def test_arguments_without_meaning_are_refused(two_lines):
    with pytest.raises(InvalidArgument, match="radius"):
        two_lines.migration([[0.0, 0.0]], -0.1)
    with pytest.raises(InvalidArgument, match="n_boundary must be at least 1"):
        two_lines.migration([[0.0, 0.0]], 0.1, n_boundary=0)
    with pytest.raises(NonFiniteValues):
        two_lines.migration([[0.0, np.inf]], 0.1)
