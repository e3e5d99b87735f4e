"""Distance to the nearest neuron boundary, and the density of boundaries, against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

import splineviz as sv
from splineviz.errors import InvalidArgument, NonFiniteValues, ShapeMismatch, UnknownName
from splineviz.partition.measures.density import lengths_in_discs
from splineviz.partition.measures.discs import polygon_areas_in_discs
from splineviz.partition.measures.neuron_boundaries import boundary_segments
from tests.partition.networks import FRAME_WITH_HOLES, mlp, partition_of, partitions, random_mlp

SQUARE = sv.InputSlice.identity()
LINE = mlp([np.array([[1.0, 0.0]]), np.ones((1, 1))], [np.zeros(1), np.zeros(1)])  # relu(x)


@pytest.fixture(scope="module")
def line():
    return sv.enumerate_regions(LINE, SQUARE)


def area_in_disc(polygon, center, radius):
    polygon = shapely.orient_polygons(polygon)
    rings = [shapely.get_coordinates(ring) for ring in shapely.get_rings(polygon)]
    starts = np.concatenate([ring[:-1] for ring in rings])
    ends = np.concatenate([ring[1:] for ring in rings])
    return polygon_areas_in_discs(np.array([center], dtype=float), radius, starts, ends)[0]


def test_the_distance_to_a_line(line):
    points = np.array([[0.5, 0.2], [-0.25, 1.0], [0.0, 0.3], [3.0, 5.0]])
    expected = [0.5, 0.25, 0.0, 5.0]  # the last one's nearest point is an end
    np.testing.assert_array_equal(line.distance_to_boundary(points), expected)
    assert line.distance_to_boundary(np.empty((0, 2))).shape == (0,)


@given(partitions(), st.integers(0, 1000))
def test_the_distance_is_that_of_shapely(partition, seed):
    points = np.random.default_rng(seed).uniform(-1.2, 1.2, (20, 2))
    for layer in [None, *range(len(partition.layers)), [layer.name for layer in partition.layers]]:
        segments = boundary_segments(partition.vertices, partition.edges, partition.layers, layer)
        lines = shapely.multilinestrings(shapely.linestrings(segments))
        found = partition.distance_to_boundary(points, layer)
        if len(segments) == 0:
            assert np.isinf(found).all()
        else:
            np.testing.assert_allclose(found, shapely.distance(shapely.points(points), lines))


def test_without_boundary_the_distance_is_infinite():
    partition = partition_of(shapely.box(0, 0, 1, 1))
    assert partition.distance_to_boundary([[0.5, 0.5]]).tolist() == [np.inf]
    assert partition.boundary_density([[0.5, 0.5]], 0.1).tolist() == [0.0]
    two = sv.enumerate_regions(random_mlp(0, [2, 5, 1]), SQUARE)
    assert two.distance_to_boundary([[0.5, 0.5]], layer=[]).tolist() == [np.inf]


def test_the_density_of_a_line_in_closed_form(line):
    radius, off = 0.3, 0.1
    disc = np.pi * radius**2
    found = line.boundary_density(
        [[0, 0], [off, 0.2], [0.5, 0], [0, 1], [0.0, 1 + off], [5.0, 0.0]], radius
    )
    segment = radius**2 * np.arccos(off / radius) - off * np.sqrt(radius**2 - off**2)
    expected = [
        2 * radius / disc,
        2 * np.sqrt(radius**2 - off**2) / disc,
        0.0,
        radius / (disc / 2),
        (radius - off) / segment,
        np.nan,
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-14)


@given(partitions(), st.integers(0, 1000), st.sampled_from([0.02, 0.3, 1.0, 5.0]))
def test_the_density_is_that_of_discs_with_many_corners(partition, seed, radius):
    points = np.random.default_rng(seed).uniform(-1.1, 1.1, (4, 2))
    segments = boundary_segments(partition.vertices, partition.edges, partition.layers, None)
    lines = shapely.multilinestrings(shapely.linestrings(segments))
    discs = shapely.buffer(shapely.points(points), radius, quad_segs=2000)
    lengths = shapely.length(shapely.intersection(discs, lines))
    areas = shapely.area(shapely.intersection(discs, partition.plane.domain))
    with np.errstate(invalid="ignore"):
        expected = lengths / areas
    clear = (areas == 0) | (areas > 1e-3 * radius**2)
    found = partition.boundary_density(points, radius)[clear]
    np.testing.assert_allclose(found, expected[clear], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("size", [1e-8, 1.0, 1e8])
def test_areas_in_discs_in_closed_form(size):
    square = shapely.box(-size, -size, size, size)
    quarter = np.pi * size**2 / 4
    assert area_in_disc(square, (size, size), size) == pytest.approx(quarter)
    assert area_in_disc(square, (size, 0), size) == pytest.approx(2 * quarter)
    assert area_in_disc(square, (0, 0), size) == pytest.approx(4 * quarter)
    assert area_in_disc(square, (0, 0), 2 * size) == pytest.approx(4 * size**2)
    assert area_in_disc(square, (size / 3, 0), 1e4 * size) == pytest.approx(4 * size**2)
    assert area_in_disc(square, (3 * size, 0), size) == pytest.approx(0.0, abs=1e-12 * size**2)


def test_holes_are_no_part_of_a_disc():
    for center in [(-0.3, -0.4), (0.45, -0.5), (0.0, 0.0)]:
        for radius in (0.05, 0.2, 0.7, 9.0):
            disc = shapely.Point(center).buffer(radius, quad_segs=20_000)
            expected = disc.intersection(FRAME_WITH_HOLES).area
            found = area_in_disc(FRAME_WITH_HOLES, center, radius)
            assert found == pytest.approx(expected, rel=1e-7, abs=1e-12)


def test_a_corner_given_twice_changes_nothing():
    domain = shapely.Polygon([(0, 0), (1, 0), (1, 0), (1, 1), (0, 1)])
    partition = partition_of(domain)
    assert partition.boundary_density([[1.0, 0.0]], 0.5).tolist() == [0.0]


def test_blocks_of_points_do_not_change_the_density(line, monkeypatch):
    partition = sv.enumerate_regions(random_mlp(2, [2, 12, 12, 1]), SQUARE)
    points = np.random.default_rng(0).uniform(-1, 1, (50, 2))
    segments = boundary_segments(partition.vertices, partition.edges, partition.layers, None)
    expected = lengths_in_discs(points, 0.2, segments)
    areas = partition.boundary_density(points, 0.2)
    monkeypatch.setattr("splineviz.partition.measures.density._BLOCK", 1)
    monkeypatch.setattr("splineviz.partition.measures.discs._BLOCK", 1)
    np.testing.assert_array_equal(lengths_in_discs(points, 0.2, segments), expected)
    np.testing.assert_array_equal(partition.boundary_density(points, 0.2), areas)


def test_layers_add_up_where_no_boundaries_coincide():
    partition = sv.enumerate_regions(random_mlp(2, [2, 6, 6, 1]), SQUARE)
    points = np.random.default_rng(0).uniform(-1, 1, (10, 2))
    each = [partition.boundary_density(points, 0.4, layer=layer) for layer in ("relu0", 1)]
    np.testing.assert_allclose(sum(each), partition.boundary_density(points, 0.4))
    nearest = [partition.distance_to_boundary(points, layer) for layer in (0, "relu1")]
    np.testing.assert_array_equal(np.min(nearest, axis=0), partition.distance_to_boundary(points))


@pytest.mark.parametrize("radius", [-1.0, 0.0, np.nan, np.inf])
def test_a_radius_without_meaning_is_refused(line, radius):
    with pytest.raises(InvalidArgument, match="radius must be a positive number"):
        line.boundary_density([[0.0, 0.0]], radius)


def test_points_without_meaning_are_refused(line):
    for measure in (line.distance_to_boundary, lambda points: line.boundary_density(points, 0.1)):
        with pytest.raises(ShapeMismatch, match=r"\(n, 2\)"):
            measure([0.0, 0.0])
        with pytest.raises(NonFiniteValues, match=r"1 points have NaN .* example point 1"):
            measure([[0.0, 0.0], [np.nan, 0.0]])
    with pytest.raises(UnknownName, match="unknown layer 'relu1'; known: relu0"):
        line.boundary_density([[0.0, 0.0]], 0.1, layer="relu1")


def test_a_disc_that_only_touches_the_domain_misses_it(line):
    assert np.isnan(line.boundary_density([[1.5, 0.0]], 0.5))
    assert np.isnan(line.boundary_density([[1.0 + 0.1 * (1 - 1e-13), 0.0]], 0.1))
    assert line.boundary_density([[1.0 + 0.1 * (1 - 1e-3), 0.0]], 0.1) == 0.0


def test_a_disc_much_larger_than_the_domain_holds_all_of_it():
    plane = sv.InputSlice.identity((-1e-7, -1e-7, 1e-7, 1e-7))
    partition = sv.enumerate_regions(LINE, plane)
    np.testing.assert_allclose(partition.boundary_density([[0.0, 0.0]], 1.0), 2e-7 / 4e-14)
