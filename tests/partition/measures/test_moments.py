"""Perimeters and eccentricities of regions, against closed forms."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import affinity

import splineviz as sv
from tests.partition.networks import FRAME_WITH_HOLES, case, partition_of, partitions


def regular(n):
    angle = 2 * np.pi * np.arange(n) / n
    return shapely.Polygon(np.stack([np.cos(angle), np.sin(angle)], axis=1))


def quadrature(polygon):
    """Eccentricity by triangles and the midpoints of their sides, exact for quadratic functions."""
    triangles = shapely.get_parts(shapely.constrained_delaunay_triangles(polygon))
    areas = shapely.area(triangles)
    corners = np.stack([shapely.get_coordinates(t)[:3] for t in triangles])
    points = (corners + np.roll(corners, 1, axis=1)).reshape(-1, 2) / 2
    weights = np.repeat(areas / 3, 3)
    low, high = np.linalg.eigvalsh(np.cov(points.T, aweights=weights, ddof=0))
    return np.sqrt(1 - low / high)


@pytest.mark.parametrize("n", [3, 4, 5, 6, 100])
def test_regular_polygons_are_not_elongated(n):
    partition = partition_of(regular(n))
    # A square root of the machine epsilon is what rounding leaves of zero.
    assert partition.eccentricities[0] == pytest.approx(0.0, abs=1e-7)
    assert partition.perimeters[0] == pytest.approx(2 * n * np.sin(np.pi / n))


@given(
    n=st.sampled_from([3, 4, 7, 64]),
    ratio=st.floats(1e-3, 0.9),
    angle=st.floats(0.0, 180.0),
    size=st.sampled_from([1e-8, 1.0, 1e8]),
    place=st.sampled_from([0.0, 10.0]),
)
def test_a_squeezed_regular_polygon_has_the_eccentricity_of_the_ellipse(
    n, ratio, angle, size, place
):
    polygon = affinity.rotate(affinity.scale(regular(n), 1.0, ratio), angle, origin=(0, 0))
    polygon = affinity.translate(polygon, place, -place)
    partition = partition_of(affinity.scale(polygon, size, size, origin=(0, 0)))
    assert partition.eccentricities[0] == pytest.approx(np.sqrt(1 - ratio**2), rel=1e-9)


def test_a_hole_is_taken_away():
    frame = shapely.box(-2, -1, 2, 1).difference(shapely.box(-1, -0.5, 1, 0.5))
    partition = partition_of(frame)
    # Variances (4^2 * 8 - 2^2 * 2) / 12 / 6 and (2^2 * 8 - 1^2 * 2) / 12 / 6, to a factor.
    assert partition.eccentricities[0] == pytest.approx(np.sqrt(1 - 30 / 120))
    assert partition.perimeters[0] == pytest.approx(12 + 6)
    holes = partition_of(FRAME_WITH_HOLES)
    assert holes.eccentricities[0] == pytest.approx(quadrature(FRAME_WITH_HOLES), rel=1e-9)
    assert holes.perimeters[0] == pytest.approx(FRAME_WITH_HOLES.length)


@given(partitions())
def test_the_moments_are_those_of_the_triangles(partition):
    assert ((partition.eccentricities >= 0) & (partition.eccentricities <= 1)).all()
    clear = np.flatnonzero(partition.areas > 1e-4)
    expected = [quadrature(polygon) for polygon in partition.polygons[clear]]
    np.testing.assert_allclose(partition.eccentricities[clear], expected, atol=1e-6)
    np.testing.assert_allclose(partition.perimeters, [p.length for p in partition.polygons])


@pytest.mark.parametrize("width", [1e-6, 1e-12, 1e-15, 1e-16, 1e-17, 1e-300, 0.0])
def test_slivers_of_any_width_are_elongated(width):
    corners = np.array([(0.1, 0.3), (0.7, 0.9), (0.7 - width, 0.9 + width), (0.1, 0.3 + width)])
    partition = replace(partition_of(shapely.box(0, 0, 1, 1)), vertices=corners)
    assert 1.0 - 1e-9 <= partition.eccentricities[0] <= 1.0


def test_all_regions_of_a_network_at_any_scale():
    program = case("A")
    partition = sv.enumerate_regions(program, sv.InputSlice.identity())
    assert np.isfinite(partition.eccentricities).all()
    for size in (1e-8, 1e8):
        scaled = replace(partition, vertices=partition.vertices * size)
        np.testing.assert_allclose(scaled.eccentricities, partition.eccentricities, atol=1e-7)
        np.testing.assert_allclose(scaled.perimeters, partition.perimeters * size)
