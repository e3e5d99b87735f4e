"""Components and holes of each class's part, against shapely and known shapes."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

import splineviz as sv
from splineviz.partition.measures.class_boundaries import class_topology as room
from tests.partition.networks import (
    FRAME_WITH_HOLES,
    degenerate_networks,
    mlp,
    permuted,
    random_mlp,
)

SQUARE = sv.InputSlice.identity((-1, -1, 1, 1))
WIDE = sv.InputSlice.identity((-3, -3, 3, 3))
HOLES = sv.InputSlice([0.0, 0.0], np.eye(2), FRAME_WITH_HOLES)
ABS = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])


def by_shapely(partition):
    """Cut the domain along the decision boundary; a part without its rim is an open set."""
    lines = [
        *partition.decision_boundary().geoms,
        *shapely.get_parts(partition.plane.domain.boundary),
    ]
    drawn = shapely.get_parts(shapely.union_all(lines, grid_size=1e-9))
    pieces = [[] for _ in range(max(2, math.prod(partition.program.output_shape)))]
    for face in shapely.get_parts(shapely.polygonize(drawn)):
        middle = shapely.point_on_surface(face)
        if partition.plane.domain.contains(middle):
            outputs = partition.program(partition.plane.embed(shapely.get_coordinates(middle)))[0]
            if len(outputs) == 1:
                outputs = np.append(0.0, outputs)
            pieces[int((outputs >= outputs.max() - 1e-12).argmax())].append(face)
    components, holes = [], []
    for faces in pieces:
        joined = shapely.buffer(shapely.union_all(faces), -1e-6, quad_segs=2)
        open_parts = [one for one in shapely.get_parts(joined) if one.area > 1e-10]
        components.append(len(open_parts))
        holes.append(sum(len(one.interiors) for one in open_parts))
    return components, holes


def check(partition):
    topology = partition.class_topology()
    assert (topology.components.tolist(), topology.holes.tolist()) == by_shapely(partition)
    return topology


@pytest.mark.parametrize("plane", [WIDE, HOLES], ids=["square", "holes"])
@pytest.mark.parametrize("sizes", [(2, 16, 16, 3), (2, 20, 1), (2, 6, 40), (2, 10, 10, 10, 4)])
def test_it_counts_what_shapely_counts(sizes, plane):
    for seed in range(6):
        check(sv.enumerate_regions(random_mlp(seed, list(sizes)), plane))


@given(degenerate_networks(), st.sampled_from([SQUARE, HOLES]))
def test_it_counts_what_shapely_counts_in_degenerate_networks(program, plane):
    check(sv.enumerate_regions(program, plane))


def diamond(level, plane, single=False):
    """Class 1 where |x| + |y| exceeds a level."""
    last = np.ones((1, 4)) if single else np.stack([np.zeros(4), np.ones(4)])
    offset = np.array([-level]) if single else np.array([level, 0.0])
    return sv.enumerate_regions(mlp([ABS, last], [np.zeros(4), offset]), plane)


@pytest.mark.parametrize("single", [False, True])
def test_a_hole_is_where_another_class_is_enclosed(single):
    topology = check(diamond(0.5, SQUARE, single))
    assert topology.components.tolist() == [1, 1]
    assert topology.holes.tolist() == [0, 1]


def test_a_hole_that_touches_the_outside_in_a_point_is_none():
    # The left corner of the diamond lies on the border: the rest is a crescent.
    topology = check(diamond(0.5, sv.InputSlice.identity((-0.5, -1, 1, 1))))
    assert topology.components.tolist() == [1, 1]
    assert topology.holes.tolist() == [0, 0]


def test_pieces_that_touch_in_a_point_are_apart():
    # |x + y| - |x - y| has the sign of x y: quadrants, which meet in the origin.
    first = np.array([[1.0, 1.0], [-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0]])
    program = mlp([first, np.array([[1.0, 1.0, -1.0, -1.0]])], [np.zeros(4), np.zeros(1)])
    topology = sv.enumerate_regions(program, SQUARE).class_topology()
    assert topology.components.tolist() == [2, 2]
    assert topology.holes.tolist() == [0, 0]


def test_an_island_inside_one_region_is_found():
    # One region: a small constant against x, -x, y and -y.
    weights = np.concatenate([np.zeros((1, 2)), ABS])
    program = mlp([weights], [np.array([0.1, 0.0, 0.0, 0.0, 0.0])])
    partition = sv.enumerate_regions(program, SQUARE)
    assert len(partition) == 1
    topology = check(partition)
    assert topology.components.tolist() == [1] * 5
    assert topology.holes.tolist() == [0] * 5


def test_a_line_of_ties_parts_nothing():
    # Outputs 0 and |x|: equal on a line, where the lower class wins; it has no area.
    program = mlp([ABS[:2], np.array([[0.0, 0.0], [1.0, 1.0]])], [np.zeros(2), np.zeros(2)])
    topology = sv.enumerate_regions(program, SQUARE).class_topology()
    assert topology.components.tolist() == [0, 1]


def test_of_outputs_that_are_equal_everywhere_the_first_has_all():
    program = mlp([ABS, np.ones((3, 4))], [np.zeros(4), np.zeros(3)])
    topology = sv.enumerate_regions(program, SQUARE).class_topology()
    assert topology.components.tolist() == [1, 0, 0]
    assert topology.holes.tolist() == [0, 0, 0]


def test_holes_of_the_domain_are_holes():
    program = mlp([np.zeros((2, 2))], [np.array([0.0, 1.0])])
    topology = sv.enumerate_regions(program, HOLES).class_topology()
    assert topology.components.tolist() == [0, 1]
    assert topology.holes.tolist() == [0, 2]


def test_the_order_of_neurons_and_the_size_of_blocks_change_nothing(monkeypatch):
    for seed in range(3):
        program = random_mlp(seed, [2, 14, 14, 4])
        parts = [sv.enumerate_regions(one, WIDE) for one in (program, permuted(program, seed))]
        first, second = (partition.class_topology().to_dataframe() for partition in parts)
        assert first.equals(second)
        monkeypatch.setattr(room, "_BLOCK", 40)
        again = sv.enumerate_regions(program, WIDE).class_topology()
        assert again.to_dataframe().equals(first)
        monkeypatch.undo()


def test_the_text_and_the_table():
    topology = diamond(0.5, SQUARE).class_topology()
    assert repr(topology) == "ClassTopology(2 classes, 2 components, 1 holes)"
    table = topology.to_dataframe()
    assert table.index.name == "class"
    assert table["holes"].tolist() == [0, 1]
