"""Slices: their geometry, and one clear error for each way to get them wrong."""

from __future__ import annotations

import json

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from splineviz import InputSlice
from splineviz.errors import InvalidSlice, NonFiniteValues, ShapeMismatch


def orthonormal(plane):
    flat = plane.basis.reshape(2, -1)
    np.testing.assert_allclose(flat @ flat.T, np.eye(2), atol=1e-14)


@given(st.integers(0, 10_000))
def test_embed_and_project_are_inverse(seed):
    rng = np.random.default_rng(seed)
    plane = InputSlice.through(*rng.standard_normal((3, 2, 4)))
    points = rng.standard_normal((6, 2))
    coordinates, distance = plane.project(plane.embed(points))
    np.testing.assert_allclose(coordinates, points, atol=1e-12)
    np.testing.assert_allclose(distance, 0, atol=1e-12)


def test_no_points_are_projected_on_no_points():
    plane = InputSlice.identity()
    coordinates, distance = plane.project(np.empty((0, 2)))
    assert (coordinates.shape, distance.shape) == ((0, 2), (0,))
    coordinates, held = plane.holds(np.empty((0, 2)))
    assert (coordinates.shape, held.shape) == ((0, 2), (0,))


def test_through_holds_its_anchors_in_a_rectangle_with_a_margin():
    anchors = np.array([[0.0, 0, 0], [4.0, 0, 0], [0, 0, 3.0]])
    plane = InputSlice.through(*anchors, margin=0.5)
    orthonormal(plane)
    np.testing.assert_allclose(plane.embed(plane.anchors), anchors, atol=1e-15)
    xmin, ymin, xmax, ymax = plane.domain.bounds
    assert (xmax - xmin, ymax - ymin) == pytest.approx((4 + 2 * 2, 3 + 2 * 2))
    np.testing.assert_allclose(plane.project(anchors)[0], plane.anchors, atol=1e-15)


def test_nearly_collinear_anchors_still_give_right_angles():
    plane = InputSlice.through([0, 0, 0], [1, 0, 0], [2, 1e-6, 0])
    orthonormal(plane)


def test_around_has_the_sample_in_the_middle():
    x = np.arange(12.0).reshape(3, 4)
    plane = InputSlice.around(x, half_width=2.0)
    orthonormal(plane)
    np.testing.assert_array_equal(plane.embed([[0, 0]])[0], x)
    assert plane.domain.bounds == (-2, -2, 2, 2)
    other = InputSlice.around(x, half_width=2.0, seed=1)
    assert not np.allclose(plane.basis, other.basis)


def test_around_leaves_the_global_generator_alone():
    state = np.random.get_state()[1].copy()
    InputSlice.around(np.zeros(5))
    np.testing.assert_array_equal(np.random.get_state()[1], state)


def test_around_follows_given_directions():
    plane = InputSlice.around(np.zeros(3), directions=[[2.0, 0, 0], [1.0, 1.0, 0]])
    np.testing.assert_allclose(plane.basis, [[1, 0, 0], [0, 1, 0]], atol=1e-15)


def test_principal_finds_the_directions_of_variation():
    rng = np.random.default_rng(0)
    data = rng.standard_normal((200, 5)) * [0.1, 7.0, 0.1, 3.0, 0.1]
    plane = InputSlice.principal(data)
    orthonormal(plane)
    assert abs(plane.basis[0, 1]) > 0.99
    assert abs(plane.basis[1, 3]) > 0.99
    assert plane.basis[0].max() > 0
    coordinates, _ = plane.project(data)
    assert shapely.contains_xy(plane.domain, *coordinates.T).all()


def test_the_whole_of_a_slice_survives_json():
    plane = InputSlice.through(*np.random.default_rng(2).standard_normal((3, 1, 4, 4)))
    again = InputSlice.from_json(json.loads(json.dumps(plane.to_json())))
    np.testing.assert_array_equal(plane.origin, again.origin)
    np.testing.assert_array_equal(plane.basis, again.basis)
    np.testing.assert_array_equal(plane.anchors, again.anchors)
    assert shapely.equals_identical(plane.domain, again.domain)


def test_a_slice_cannot_be_changed_behind_its_back():
    plane = InputSlice.identity()
    with pytest.raises(ValueError, match="read-only"):
        plane.origin[0] = 5.0


def test_tensors_are_taken_as_they_come():
    torch = pytest.importorskip("torch")
    x = torch.zeros(3, requires_grad=True)
    assert InputSlice.around(x).input_shape == (3,)


BOW_TIE = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
BAD = {
    "collinear": (lambda: InputSlice.through([0, 0], [1, 1], [2, 2]), InvalidSlice, "one line"),
    "equal": (lambda: InputSlice.through([0, 0], [0, 0], [2, 2]), InvalidSlice, "one line"),
    "two shapes": (lambda: InputSlice.through([0, 0], [1, 1, 1], [2, 2]), ShapeMismatch, "shapes"),
    "nan": (
        lambda: InputSlice.through([0, 0], [np.nan, 1], [2, 2]),
        NonFiniteValues,
        "x1: 1 value",
    ),
    "infinite": (lambda: InputSlice.around([0, np.inf]), NonFiniteValues, "x: 1 values"),
    "margin": (
        lambda: InputSlice.through([0, 0], [1, 0], [0, 1], margin=-1),
        InvalidSlice,
        "margin",
    ),
    "no width": (lambda: InputSlice.around([0, 0], half_width=0), InvalidSlice, "half_width"),
    "parallel": (
        lambda: InputSlice.around([0, 0, 0], directions=[[1, 0, 0], [2, 0, 0]]),
        InvalidSlice,
        "parallel",
    ),
    "direction shape": (
        lambda: InputSlice.around([0, 0, 0], directions=[[1, 0], [0, 1]]),
        ShapeMismatch,
        "directions",
    ),
    "one-dimensional input": (lambda: InputSlice.around([0.0]), InvalidSlice, "plane"),
    "few samples": (lambda: InputSlice.principal(np.eye(2)), InvalidSlice, "three samples"),
    "flat data": (
        lambda: InputSlice.principal(np.outer(np.arange(5), [1, 2, 3])),
        InvalidSlice,
        "fewer than two directions",
    ),
    "bounds": (lambda: InputSlice.identity((1, 1, -1, -1)), InvalidSlice, "lower corner"),
    "three bounds": (lambda: InputSlice.identity((1, 1, 2)), InvalidSlice, "four numbers"),
    "empty domain": (
        lambda: InputSlice(np.zeros(2), np.eye(2), shapely.Polygon()),
        InvalidSlice,
        "empty",
    ),
    "not a polygon": (
        lambda: InputSlice(np.zeros(2), np.eye(2), shapely.LineString([(0, 0), (1, 1)])),
        InvalidSlice,
        "LineString",
    ),
    "not a geometry": (lambda: InputSlice(np.zeros(2), np.eye(2), "box"), InvalidSlice, "str"),
    "bow tie": (lambda: InputSlice(np.zeros(2), np.eye(2), BOW_TIE), InvalidSlice, "Self-inter"),
    "basis shape": (
        lambda: InputSlice(np.zeros(3), np.eye(2), shapely.box(0, 0, 1, 1)),
        ShapeMismatch,
        r"\(2, 3\)",
    ),
    "basis rank": (
        lambda: InputSlice(np.zeros(2), [[1, 1], [1, 1]], shapely.box(0, 0, 1, 1)),
        InvalidSlice,
        "do not span",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_each_mistake_has_its_error(name):
    make, error, message = BAD[name]
    with pytest.raises(error, match=message):
        make()


def test_points_and_inputs_of_the_wrong_shape_are_refused():
    plane = InputSlice.identity()
    with pytest.raises(ShapeMismatch, match=r"expected \(n, 2\)"):
        plane.embed([1.0, 2.0])
    with pytest.raises(ShapeMismatch, match="inputs have shape"):
        plane.project(np.zeros((3, 4)))


def test_repr_shows_the_window():
    assert repr(InputSlice.identity((-1, -2, 3, 4))) == (
        "InputSlice(input_shape=(2,), bounds=(-1, -2, 3, 4), anchors=0)"
    )


def test_between_two_inputs() -> None:
    x0, x1 = np.zeros((2, 3)), np.array([[0.0, 3.0, 0.0], [0.0, 0.0, 4.0]])
    plane = InputSlice.between(x0, x1, margin=0.5, seed=3)
    np.testing.assert_allclose(plane.embed(plane.anchors), np.stack([x0, x1]), atol=1e-12)
    assert plane.domain.bounds == (-5, -5, 5, 5)
    flat = plane.basis.reshape(2, -1)
    np.testing.assert_allclose(flat @ flat.T, np.eye(2), atol=1e-12)
    same, other = (InputSlice.between(x0, x1, seed=seed) for seed in (3, 4))
    np.testing.assert_array_equal(plane.basis, same.basis)
    assert not np.allclose(plane.basis[1], other.basis[1])


def test_a_direction_chooses_the_plane_between_two_inputs() -> None:
    direction = [1.0, 0.0, 2.0]
    plane = InputSlice.between([0.0, 0, 0], [2.0, 0, 0], direction=direction)
    np.testing.assert_allclose(plane.basis, [[1, 0, 0], [0, 0, 1]])


@pytest.mark.parametrize(
    ("x1", "direction", "message"),
    [
        ([0.0, 0.0], None, "the two anchors are equal"),
        ([1.0, 0.0], [-2.0, 0.0], "that of the line through the two anchors.* Choose another"),
        ([1.0, 0.0], [0.0, 0.0], "the direction is zero"),
    ],
)
def test_two_inputs_between_which_there_is_no_plane(x1, direction, message) -> None:
    with pytest.raises(InvalidSlice, match=message):
        InputSlice.between([0.0, 0.0], x1, direction=direction)


def test_two_inputs_of_different_shapes() -> None:
    with pytest.raises(ShapeMismatch, match="must have one shape"):
        InputSlice.between([0.0, 0.0], [1.0, 2.0, 3.0])
