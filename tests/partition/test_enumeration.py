"""Every region, exactly: golden counts, closed forms, properties, and the readable reference."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

import splineviz as sv
from splineviz.errors import NonFiniteValues, ShapeMismatch, UnknownName
from tests.partition.networks import DEGENERATE, case, degenerate_mlps, mlp, permuted, random_mlp

SQUARE = sv.InputSlice.identity()
FRAME_WITH_HOLES = shapely.Polygon(
    [(-1, -1), (1, -1), (1, 1), (0.2, 0.1), (-1, 1)],
    [
        [(-0.5, -0.5), (-0.2, -0.5), (-0.2, -0.2)],
        [(0.3, -0.6), (0.6, -0.6), (0.5, -0.3)],
    ],
)


def assert_same_regions(part, other):
    """The same patterns with the same areas, whatever the order of the regions."""
    mine, others = (
        sorted(zip(map(bytes, np.packbits(p.activation_patterns(), axis=1)), p.areas, strict=True))
        for p in (part, other)
    )
    assert [pattern for pattern, _ in mine] == [pattern for pattern, _ in others]
    areas = [[area for _, area in regions] for regions in (mine, others)]
    np.testing.assert_allclose(*areas, atol=1e-9 * part.plane.domain.area)


@pytest.mark.parametrize(
    ("name", "count", "larger"),
    [
        ("A", 1_180, 1_180),
        ("B", 22_136, 22_130),
        ("C", 5_453, 5_453),
        ("F64", 3_766, 3_766),
        ("F128", 20_618, 20_614),
        ("Gz", 122, 122),
        ("Gg", 641, 641),
    ],
)
def test_known_counts(name, count, larger):
    program = case(name)
    part = sv.enumerate_regions(program, SQUARE)
    assert len(part) == count
    assert (part.areas > 1e-12 * SQUARE.domain.area).sum() == larger
    part.verify(program)


@pytest.mark.parametrize("name", ["A", "Gz", "Gg"])
def test_the_reference_finds_the_same_regions(name):
    program = case(name)
    part = sv.enumerate_regions(program, SQUARE)
    reference = sv.enumerate_regions(program, SQUARE, engine="shapely")
    assert_same_regions(part, reference)
    assert len(part.vertices) == len(reference.vertices)
    assert len(part.edges) == len(reference.edges)
    reference.verify(program)


def lines_inside(program, square=1.0):
    """Number of lines of a one-layer network that meet the open square, and their crossings."""
    w, b = program.state["0.weight"], program.state["0.bias"]
    corners = np.array([(-1, -1), (-1, 1), (1, -1), (1, 1)]) * square
    z = corners @ w.T + b
    meets = (z.min(axis=0) < 0) & (z.max(axis=0) > 0)
    w, b = w[meets], b[meets]
    crossings = 0
    for i in range(len(w)):
        for j in range(i):
            point = np.linalg.solve(w[[i, j]], -b[[i, j]])
            crossings += bool((np.abs(point) < square).all())
    return len(w), crossings


@given(seed=st.integers(0, 10_000), width=st.integers(1, 60))
def test_one_layer_is_an_arrangement_of_lines(seed, width):
    program = random_mlp(seed, [2, width, 1])
    lines, crossings = lines_inside(program)
    assert len(sv.enumerate_regions(program, SQUARE)) == 1 + lines + crossings


@given(degenerate_mlps(), st.sampled_from([1e-8, 1.0, 1e8]))
def test_any_network_gives_a_proved_partition(network, size):
    _, program = network
    depth = len(program.activations) + 1
    state = dict(program.state)
    for i in range(depth):
        state[f"{i}.bias"] = state[f"{i}.bias"] * size
    program = program.with_state(state)
    plane = sv.InputSlice.identity((-size, -size, size, size))
    part = sv.enumerate_regions(program, plane)
    part.verify(program)
    other = sv.enumerate_regions(permuted(program, 1), plane)
    assert len(other) == len(part)
    np.testing.assert_allclose(np.sort(other.areas), np.sort(part.areas), atol=1e-9 * size**2)


@given(degenerate_mlps())
def test_any_network_gives_the_regions_of_the_reference(network):
    _, program = network
    part = sv.enumerate_regions(program, SQUARE)
    reference = sv.enumerate_regions(program, SQUARE, engine="shapely")
    assert_same_regions(part, reference)


@given(degenerate_mlps())
def test_domains_with_notches_and_holes(network):
    _, program = network
    plane = sv.InputSlice(np.zeros(2), np.eye(2), FRAME_WITH_HOLES)
    part = sv.enumerate_regions(program, plane)
    part.verify(program)
    reference = sv.enumerate_regions(program, plane, engine="shapely")
    assert_same_regions(part, reference)


def test_a_network_whose_boundaries_miss_the_domain_has_one_region_with_holes():
    program = DEGENERATE["silent"](np.eye(2), np.zeros(2))
    program = mlp([program[0], np.ones((1, 2))], [program[1], np.zeros(1)])
    part = sv.enumerate_regions(program, sv.InputSlice(np.zeros(2), np.eye(2), FRAME_WITH_HOLES))
    assert len(part) == 1
    assert part.polygons[0].equals(FRAME_WITH_HOLES)
    assert not part.activation_patterns().any()


def test_a_linear_network_is_one_region():
    program = mlp([np.array([[1.0, 2.0]])], [np.array([3.0])])
    part = sv.enumerate_regions(program, SQUARE)
    assert len(part) == 1
    assert part.activation_patterns().shape == (1, 0)
    slope, offset = part.affine_maps()
    np.testing.assert_allclose(slope[0], [[1.0, 2.0]])
    np.testing.assert_allclose(offset[0], [3.0])
    part.verify(program)


def test_boundaries_along_the_border_and_through_the_corners():
    weights = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, -1.0]])
    program = mlp([weights, np.ones((1, 4))], [np.array([1.0, -1.0, 0.0, 0.0]), np.zeros(1)])
    part = sv.enumerate_regions(program, SQUARE)
    part.verify(program)
    assert len(part) == 4
    assert len(part.vertices) == 5


@pytest.mark.parametrize("size", [1e-8, 1e8])
def test_scale_does_not_change_the_count(size):
    program = case("A")
    state = {key: a * size if key.endswith("bias") else a for key, a in program.state.items()}
    plane = sv.InputSlice.identity((-size, -size, size, size))
    assert len(sv.enumerate_regions(program.with_state(state), plane)) == 1_180


def test_threads_do_not_change_anything():
    program = case("F128")
    before = threading.active_count()
    one = sv.enumerate_regions(program, SQUARE)
    two = sv.enumerate_regions(program, SQUARE, threads=2)
    for name in ("vertices", "ring_vertices", "ring_offsets", "region_offsets"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
    for name in ("vertices", "regions", "layer", "neuron"):
        np.testing.assert_array_equal(getattr(one.edges, name), getattr(two.edges, name))
    np.testing.assert_array_equal(one.activation_patterns(), two.activation_patterns())
    assert threading.active_count() == before


def test_leaky_relu_has_the_boundaries_of_relu_in_the_first_layer():
    program = random_mlp(3, [2, 20, 1])
    weights = [program.state[f"{i}.weight"] for i in range(2)]
    biases = [program.state[f"{i}.bias"] for i in range(2)]
    leaky = mlp(weights, biases, negative_slope=0.1)
    part = sv.enumerate_regions(leaky, SQUARE)
    part.verify(leaky)
    assert len(part) == len(sv.enumerate_regions(program, SQUARE))


def test_progress_is_reported_for_each_activation():
    seen = []
    part = sv.enumerate_regions(case("A"), SQUARE, progress=lambda *args: seen.append(args))
    assert [(done, total) for done, total, _ in seen] == [(1, 3), (2, 3), (3, 3)]
    assert seen[-1][2] == len(part)


def test_the_edge_labels_name_a_neuron_that_changes_sign_there():
    part = sv.enumerate_regions(case("Gg"), SQUARE)
    patterns = part.activation_patterns()
    first = np.cumsum([0] + [layer.width for layer in part.layers])
    inner = np.flatnonzero(part.edges.layer >= 0)
    column = first[part.edges.layer[inner]] + part.edges.neuron[inner]
    left, right = part.edges.regions[inner].T
    assert (patterns[left, column] != patterns[right, column]).all()
    border = part.edges.layer < 0
    assert (part.edges.regions[border].min(axis=1) == -1).all()


def test_a_slice_of_another_space_is_refused():
    with pytest.raises(ShapeMismatch, match=r"\(2,\).*\(3,\)"):
        sv.enumerate_regions(case("A"), sv.InputSlice.around(np.zeros(3)))


def test_values_that_overflow_are_refused():
    program = random_mlp(0, [2, 4, 4, 1])
    state = {key: array * 1e200 for key, array in program.state.items()}
    with pytest.raises(NonFiniteValues, match="overflow"), np.errstate(all="ignore"):
        sv.enumerate_regions(program.with_state(state), SQUARE)


def test_an_unknown_engine_and_a_bad_thread_count_are_refused():
    with pytest.raises(UnknownName, match="compiled, shapely"):
        sv.enumerate_regions(case("A"), SQUARE, engine="rust")
    with pytest.raises(ValueError, match="at least 1"):
        sv.enumerate_regions(case("A"), SQUARE, threads=0)


@pytest.mark.parametrize("offset", [1.0, 1e4, 1e6, 1e8])
def test_the_rounding_of_terms_that_cancel_makes_no_regions(offset):
    """The second layer takes a large bias of the first away again, and repeats its neuron."""
    first = np.array([[0.1, 0.3], [0.3, -0.1]])
    weights = [first, np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), np.ones((1, 3))]
    biases = [np.full(2, offset), np.full(3, -offset), np.zeros(1)]
    part = sv.enumerate_regions(mlp(weights, biases), SQUARE)
    assert len(part) == 4
    part.verify(part.program)


def test_regions_round_holes_that_touch_in_a_point():
    """GEOS does not call this coverage valid, though every edge is shared as it should be."""
    domain = shapely.box(-1, -1, 1, 1).difference(
        shapely.union_all(
            [
                shapely.Polygon([(0, 0), (0.5, 0.25), (0.25, 0.5)]),
                shapely.Polygon([(0, 0), (-0.5, -0.25), (-0.25, -0.5)]),
            ]
        )
    )
    program = mlp(
        [np.array([[1.0, -1.0], [1.0, 1.0]]), np.ones((1, 2))], [np.zeros(2), np.zeros(1)]
    )
    part = sv.enumerate_regions(program, sv.InputSlice(np.zeros(2), np.eye(2), domain))
    part.verify(program)
