"""What a partition knows about its regions."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

import splineviz as sv
from splineviz.errors import ShapeMismatch
from tests.partition.networks import case, degenerate_mlps, mlp, random_mlp

SQUARE = sv.InputSlice.identity()


@pytest.fixture(scope="module")
def partition():
    return sv.enumerate_regions(case("A"), SQUARE)


def test_the_affine_maps_are_the_network_and_its_jacobian_in_every_region(partition):
    slope, offset = partition.affine_maps()
    points = partition.representative_points
    outputs = partition.program(SQUARE.embed(points))
    np.testing.assert_allclose(np.einsum("rok,rk->ro", slope, points) + offset, outputs, atol=1e-12)
    torch = pytest.importorskip("torch")
    module = partition.program.to_module(dtype=torch.float64)
    jacobian = torch.func.vmap(torch.func.jacrev(lambda x: module(x[None])[0]))
    np.testing.assert_allclose(jacobian(torch.from_numpy(points)).detach(), slope, atol=1e-12)


def test_the_outputs_agree_on_both_sides_of_every_edge(partition):
    slope, offset = partition.affine_maps()
    inner = partition.edges.regions.min(axis=1) >= 0
    ends = partition.vertices[partition.edges.vertices[inner]]
    sides = [
        np.einsum("eok,evk->evo", slope[r], ends) + offset[r][:, None]
        for r in partition.edges.regions[inner].T
    ]
    np.testing.assert_allclose(sides[0], sides[1], atol=1e-12)


def test_slope_norms_measure_the_slice_in_input_units():
    program = random_mlp(0, [5, 8, 3])
    plane = sv.InputSlice.around(np.zeros(5), seed=3)
    partition = sv.enumerate_regions(program, plane)
    step = 1e-7 * plane.basis
    at = plane.embed(partition.representative_points)
    change = np.stack([program(at + h) - program(at - h) for h in step], axis=2) / 2e-7
    np.testing.assert_allclose(
        partition.slope_norms(), np.linalg.norm(change, axis=(1, 2)), rtol=1e-5
    )


def test_locate_finds_the_region_of_a_point(partition):
    np.testing.assert_array_equal(
        partition.locate(partition.representative_points), np.arange(len(partition))
    )
    np.testing.assert_array_equal(partition.locate([[5.0, 0.0]]), [-1])
    np.testing.assert_array_equal(partition.locate(np.empty((0, 2))), [])
    assert (partition.locate(partition.vertices) >= 0).all()
    with pytest.raises(ShapeMismatch, match=r"\(n, 2\)"):
        partition.locate([1.0, 2.0])


def test_the_polygons_are_counter_clockwise_and_cover_the_domain(partition):
    rings = shapely.get_exterior_ring(partition.polygons)
    assert shapely.is_ccw(rings).all()
    assert shapely.coverage_is_valid(partition.polygons)
    assert shapely.union_all(partition.polygons).equals(SQUARE.domain)


@pytest.mark.parametrize("outputs", [1, 2, 5])
def test_the_decision_boundary_is_where_the_prediction_changes(outputs):
    program = random_mlp({1: 2, 2: 5, 5: 5}[outputs], [2, 16, 16, outputs])
    partition = sv.enumerate_regions(program, SQUARE)
    boundary = partition.decision_boundary()
    assert boundary.length > 0
    ends = np.concatenate([shapely.get_coordinates(line)[1:-1] for line in boundary.geoms])
    values = np.sort(program(ends), axis=1)
    tie = values[:, -1] - values[:, -2] if outputs > 1 else values[:, 0]
    np.testing.assert_allclose(tie, 0.0, atol=1e-12)
    # The boundary cuts the square into cells of one class each: a fine grid must agree.
    cells = shapely.get_parts(
        shapely.polygonize([shapely.node(shapely.union_all([boundary, SQUARE.domain.boundary]))])
    )
    assert shapely.area(cells).sum() == pytest.approx(4.0)
    for cell in cells[shapely.area(cells) > 1e-6]:
        xmin, ymin, xmax, ymax = cell.bounds
        grid = np.stack(np.meshgrid(np.linspace(xmin, xmax, 25), np.linspace(ymin, ymax, 25)), -1)
        points = grid.reshape(-1, 2)
        inside = shapely.contains_xy(shapely.buffer(cell, -1e-9), *points.T)
        found = program(points[inside])
        predicted = found.argmax(axis=1) if outputs > 1 else found[:, 0] > 0
        assert len(np.unique(predicted)) <= 1


def test_a_class_that_wins_only_inside_one_region_is_found():
    # Three outputs are equal at a point inside the only region; a fourth wins round it.
    angle = np.array([0.0, 2.1, 4.2])
    weight = np.concatenate([np.stack([np.cos(angle), np.sin(angle)], axis=1), np.zeros((1, 2))])
    program = mlp([weight], [np.array([0.0, 0.0, 0.0, 0.3])])
    partition = sv.enumerate_regions(program, SQUARE)
    assert len(partition) == 1
    assert partition.predictions()[0] == 3
    (triangle,) = shapely.polygonize([partition.decision_boundary()]).geoms
    assert triangle.contains(shapely.Point(0, 0))


def test_one_class_everywhere_has_no_boundary():
    program = mlp([np.zeros((2, 2))], [np.array([0.0, 1.0])])
    partition = sv.enumerate_regions(program, SQUARE)
    assert partition.decision_boundary().is_empty
    np.testing.assert_array_equal(partition.predictions(), [1])


def test_predictions_are_those_of_the_network(partition):
    expected = partition.program(SQUARE.embed(partition.representative_points))[:, 0] > 0
    np.testing.assert_array_equal(partition.predictions(), expected)


def test_repr_says_how_large_it_is(partition):
    assert repr(partition) == (
        "SplinePartition(1,180 regions, 1,255 vertices, 2,434 edges, neurons 32-32-32)"
    )


@pytest.mark.parametrize(
    ("weights", "biases", "length"),
    [
        # relu(x): class 1 on the right, a tie on the whole left, which is class 0.
        ([[[1.0, 0.0]], [[1.0]]], [[0.0], [0.0]], 2.0),
        # [relu(x), 0]: class 0 on both sides.
        ([[[1.0, 0.0]], [[1.0], [0.0]]], [[0.0], [0.0, 0.0]], 0.0),
        # [relu(x + y) - relu(x - y), 0]: a tie on the left of both lines.
        (
            [[[1.0, 1.0], [1.0, -1.0]], [[1.0, -1.0], [0.0, 0.0]]],
            [[0.0, 0.0], [0.0, 0.0]],
            1.0 + np.sqrt(2.0),
        ),
        # x and -x: the boundary lies along the edge between the two regions.
        ([[[1.0, 0.0], [-1.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]]], [[0.0, 0.0], [0.0, 0.0]], 2.0),
    ],
)
def test_the_decision_boundary_where_outputs_tie(weights, biases, length):
    program = mlp([np.array(w) for w in weights], [np.array(b) for b in biases])
    partition = sv.enumerate_regions(program, SQUARE)
    assert partition.decision_boundary().length == pytest.approx(length)


def test_classes_that_are_equal_everywhere_have_one_boundary_with_a_third():
    program = mlp([np.array([[1.0, 0.0], [1.0, 0.0], [-1.0, 0.0]])], [np.zeros(3)])
    partition = sv.enumerate_regions(program, SQUARE)
    boundary = partition.decision_boundary()
    assert boundary.length == pytest.approx(2.0)
    assert len(boundary.geoms) == 1


@pytest.mark.parametrize("cut", [False, True])
def test_many_classes_make_a_voronoi_diagram(cut):
    """2 c.x - |c|^2 is largest for the nearest of the sites c; once plain, once behind ReLUs."""
    sites = np.random.default_rng(0).uniform(-1.0, 1.0, (60, 2))
    program = mlp([2 * sites], [-(sites**2).sum(axis=1)])
    if cut:  # x = relu(x) - relu(-x)
        weights = [
            np.concatenate([np.eye(2), -np.eye(2)]),
            np.concatenate([2 * sites, -2 * sites], 1),
        ]
        program = mlp(weights, [np.zeros(4), -(sites**2).sum(axis=1)])
    partition = sv.enumerate_regions(program, SQUARE)
    cells = shapely.voronoi_polygons(shapely.multipoints(sites), extend_to=SQUARE.domain)
    lines = shapely.union_all(shapely.boundary(shapely.get_parts(cells)))
    expected = shapely.intersection(lines, SQUARE.domain)
    found = partition.decision_boundary()
    assert found.length == pytest.approx(expected.length)
    assert shapely.hausdorff_distance(found, expected) < 1e-9


@given(degenerate_mlps(), st.integers(0, 1000))
def test_the_decision_boundary_lies_between_points_of_different_classes(network, seed):
    """Also where classes are equal on whole regions: the first of them counts."""
    _, program = network
    rng = np.random.default_rng(seed)
    depth = len(program.activations)
    weights, biases = (
        [program.state[f"{i}.{role}"] for i in range(depth)] for role in ("weight", "bias")
    )
    last = rng.integers(-1, 2, (6, len(biases[-1]))).astype(float)
    program = mlp([*weights, last], [*biases, rng.integers(-1, 2, 6).astype(float)])
    boundary = sv.enumerate_regions(program, SQUARE).decision_boundary()
    start = rng.uniform(-0.99, 0.99, (300, 2))
    ends = np.stack([start, start + rng.uniform(-0.01, 0.01, start.shape)], axis=1)
    outputs = program(ends.reshape(-1, 2))
    tied = outputs >= outputs.max(axis=1, keepdims=True) - 1e-10
    classes = tied.argmax(axis=1).reshape(-1, 2)
    differ = classes[:, 0] != classes[:, 1]
    assert shapely.intersects(shapely.linestrings(ends[differ]), boundary).all()


def test_the_decision_boundary_may_follow_a_part_of_an_edge():
    # relu(x) and relu(-x) are equal on the line x = 0; on its upper half 4 y is larger.
    weights = [np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])]
    weights.append(np.array([[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 4.0, -4.0]]))
    partition = sv.enumerate_regions(mlp(weights, [np.zeros(4), np.zeros(3)]), SQUARE)
    boundary = partition.decision_boundary()
    along = shapely.intersection(boundary, shapely.LineString([(0, -1), (0, 1)]))
    assert along.length == pytest.approx(1.0)
    assert boundary.length == pytest.approx(1.0 + 2 * np.hypot(1.0, 0.25))
