"""Regions cut by the decision boundary: every point has its own class."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import shapely

import splineviz as sv
from splineviz.network.torch_modules.evaluation import predicted_classes
from tests.partition.networks import FRAME_WITH_HOLES, mlp, random_mlp

SQUARE = sv.InputSlice.identity()
HOLES = sv.InputSlice([0.0, 0.0], np.eye(2), FRAME_WITH_HOLES)


def shapes_of(vertices, pieces):
    """The pieces as shapely polygons, by the even-odd rule."""
    shapes = []
    for first, last in pairwise(pieces.piece_offsets):
        shape = shapely.Polygon()
        for begin, end in pairwise(pieces.ring_offsets[first : last + 1]):
            ring = shapely.Polygon(vertices[pieces.ring_vertices[begin:end]])
            shape = shape.symmetric_difference(shapely.make_valid(ring))
        shapes.append(shape)
    return np.array(shapes, dtype=object)


def drawn_and_true(partition, n=4000):
    """The classes that are drawn at points of a slice, and those that are predicted there."""
    low, high = np.reshape(partition.plane.domain.bounds, (2, 2))
    points = np.random.default_rng(0).uniform(low, high, (n, 2))
    region = partition.locate(points)
    points, region = points[region >= 0], region[region >= 0]
    drawn = partition.predictions()[region]
    vertices, pieces = partition.class_pieces()
    tree = shapely.STRtree(shapes_of(vertices, pieces))
    point, piece = tree.query(shapely.points(points), predicate="intersects")
    assert len(point) == len(np.unique(point))
    np.testing.assert_array_equal(pieces.regions[piece], region[point])
    drawn[point] = pieces.classes[piece]
    outputs = partition.program(partition.plane.embed(points)).reshape(len(points), -1)
    return drawn, predicted_classes(outputs)


@pytest.mark.parametrize("plane", [SQUARE, HOLES], ids=["square", "holes"])
@pytest.mark.parametrize("sizes", [(2, 16, 16, 3), (2, 20, 1), (2, 12, 12, 2), (2, 6, 40)])
def test_every_point_has_its_own_class(sizes, plane):
    cut = 0
    for seed in range(6):
        partition = sv.enumerate_regions(random_mlp(seed, list(sizes)), plane)
        drawn, true = drawn_and_true(partition)
        np.testing.assert_array_equal(drawn, true)
        cut += len(partition.class_pieces()[1])
    assert cut > 10


def test_in_blocks_it_is_the_same(monkeypatch):
    partition = sv.enumerate_regions(random_mlp(3, [2, 16, 16, 10]), SQUARE)
    vertices, pieces = partition.class_pieces()
    monkeypatch.setattr("splineviz.partition.measures.class_boundaries.class_pieces._BLOCK", 100)
    again, others = partition.class_pieces()
    np.testing.assert_array_equal(again, vertices)
    for name, array in vars(pieces).items():
        np.testing.assert_array_equal(getattr(others, name), array)


def test_a_class_that_wins_at_no_corner_is_found():
    """The third output wins in the middle of the only region."""
    weights = np.array([[0.0, 0.0], [1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    biases = np.array([0.6, 0.0, 0.0, 0.0, 0.0])
    partition = sv.enumerate_regions(mlp([weights], [biases]), SQUARE)
    assert len(partition) == 1
    assert partition.predictions().tolist() == [0]
    vertices, pieces = partition.class_pieces()
    assert sorted(pieces.classes.tolist()) == [1, 2, 3, 4]
    areas = shapely.area(shapes_of(vertices, pieces))
    np.testing.assert_allclose(areas, (4 - 1.2**2) / 4, atol=1e-12)


def test_ties_go_to_the_lower_class_and_leave_no_slivers():
    # Two outputs are equal on the whole slice, a third one beyond a line.
    tied = mlp([np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 0.0]])], [np.zeros(3)])
    partition = sv.enumerate_regions(tied, SQUARE)
    vertices, pieces = partition.class_pieces()
    drawn, true = drawn_and_true(partition)
    np.testing.assert_array_equal(drawn, true)
    assert set(drawn.tolist()) == {0, 2}
    # The decision boundary runs along an edge: no region is cut.
    kink = mlp([np.array([[1.0, 0.0]]), np.array([[1.0]])], [np.zeros(1), np.zeros(1)])
    partition = sv.enumerate_regions(kink, SQUARE)
    assert len(partition) == 2
    assert sorted(partition.predictions().tolist()) == [0, 1]
    vertices, pieces = partition.class_pieces()
    assert len(pieces) == 0
    np.testing.assert_array_equal(vertices, partition.vertices)


def test_neighbors_share_the_points_of_the_boundary():
    partition = sv.enumerate_regions(random_mlp(1, [2, 20, 20, 2]), SQUARE)
    vertices, pieces = partition.class_pieces()
    line = partition.decision_boundary()
    crossings = vertices[len(partition.vertices) :]
    assert shapely.distance(line, shapely.points(crossings)).max() < 1e-12
    # Each crossing is on an edge of two regions, or on the border of the slice.
    ends = np.abs(crossings).max(axis=1) == 1
    used = np.bincount(pieces.ring_vertices, minlength=len(vertices))[len(partition.vertices) :]
    assert (used[~ends] == 2).all()
