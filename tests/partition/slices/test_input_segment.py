import numpy as np
import pytest

import splineviz as sv
from splineviz.errors import InvalidSlice, NonFiniteValues, ShapeMismatch


def test_a_network_with_one_input():
    segment = sv.InputSlice.identity(bounds=(-1, 2))
    assert isinstance(segment, sv.InputSegment)
    assert segment.bounds == (-1.0, 2.0)
    assert segment.input_shape == (1,)
    assert segment.axis_label == "input"
    np.testing.assert_array_equal(segment.embed([0.5, -1.0]), [[0.5], [-1.0]])


def test_from_one_input_to_another():
    x0, x1 = np.zeros((1, 2, 2)), np.full((1, 2, 2), 3.0)
    segment = sv.InputSlice.segment(x0, x1)
    assert segment.bounds == (0.0, 6.0)
    np.testing.assert_allclose(segment.embed(segment.anchors), [x0, x1])
    assert segment.axis_label == "position on the segment"
    wide = sv.InputSlice.segment(x0, x1, margin=0.5)
    assert wide.bounds == (-3.0, 9.0)
    np.testing.assert_array_equal(wide.anchors, [0.0, 6.0])


def test_project_takes_embed_back():
    rng = np.random.default_rng(0)
    segment = sv.InputSlice.segment(rng.normal(size=5), rng.normal(size=5))
    positions = rng.uniform(*segment.bounds, 20)
    found, distance = segment.project(segment.embed(positions))
    np.testing.assert_allclose(found, positions, atol=1e-14)
    np.testing.assert_allclose(distance, 0, atol=1e-14)


def test_which_inputs_lie_on_it():
    segment = sv.InputSlice.segment([0.0, 0.0], [2.0, 0.0])
    positions, held = segment.holds([[1.0, 0.0], [1.0, 0.1], [3.0, 0.0]])
    np.testing.assert_array_equal(positions, [1.0, 1.0, 3.0])
    assert held.tolist() == [True, False, False]


def test_json_is_exact():
    segment = sv.InputSlice.segment([0.1, 0.2], [0.7, 1 / 3], margin=0.1)
    back = sv.InputSegment.from_json(segment.to_json())
    assert back.bounds == segment.bounds
    for name in ("origin", "direction", "anchors"):
        np.testing.assert_array_equal(getattr(back, name), getattr(segment, name))


def test_it_cannot_be_changed():
    segment = sv.InputSlice.identity(bounds=(0, 1))
    with pytest.raises(ValueError, match="read-only"):
        segment.direction[0] = 2.0


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: sv.InputSlice.identity(bounds=(1, 1)), InvalidSlice, "lower and a higher"),
        (lambda: sv.InputSlice.identity(bounds=(0, np.nan)), NonFiniteValues, "bounds"),
        (lambda: sv.InputSlice.identity(bounds=(0, 1, 2)), InvalidSlice, r"\(low, high\)"),
        (lambda: sv.InputSlice.segment([1.0], [1.0]), InvalidSlice, "equal"),
        (lambda: sv.InputSlice.segment([1.0], [1.0, 2.0]), ShapeMismatch, "one shape"),
        (lambda: sv.InputSlice.segment([0.0], [1.0], margin=-1), InvalidSlice, "margin"),
        (lambda: sv.InputSegment([0.0], [0.0], (0, 1)), InvalidSlice, "zero"),
        (lambda: sv.InputSegment([0.0], [1.0, 0.0], (0, 1)), ShapeMismatch, "direction"),
        (lambda: sv.InputSegment([0.0], [1.0], (0, 1), [[0.0]]), ShapeMismatch, "anchors"),
        (lambda: sv.InputSlice.identity((0, 1)).embed([[0.5]]), ShapeMismatch, r"\(n,\)"),
        (lambda: sv.InputSlice.identity((0, 1)).project([0.5]), ShapeMismatch, "expected"),
    ],
)
def test_what_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()
