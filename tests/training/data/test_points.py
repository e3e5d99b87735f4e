from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from splineviz.errors import InvalidArgument, NonFiniteValues, ShapeMismatch
from splineviz.training.data import Dataset, checkerboard, probes, random_points, two_moons

DATA = np.array([[[-2.0, 0.0]], [[1.0, 3.0]], [[0.5, 0.0]]])


@given(
    shape=st.lists(st.integers(1, 4), min_size=1, max_size=3),
    n=st.integers(1, 50),
    seed=st.integers(0, 2**32),
    dtype=st.sampled_from([np.float16, np.float32, np.float64]),
)
def test_random_points_lie_in_the_range_of_the_data(
    shape: list[int], n: int, seed: int, dtype: Any
) -> None:
    data = np.random.default_rng(seed).standard_normal((5, *shape)).astype(dtype)
    points = random_points(data, n, seed)
    assert points.shape == (n, *shape)
    assert points.dtype == dtype
    assert data.min() <= points.min() <= points.max() <= data.max()
    np.testing.assert_array_equal(points, random_points(data, n, seed))


def test_random_points_are_uniform_in_one_range_for_all_coordinates() -> None:
    points = random_points(DATA, 20_000)
    assert points.shape == (20_000, 1, 2)
    shares = (points + 2) / 5
    for coordinate in shares.reshape(-1, 2).T:
        counts, _ = np.histogram(coordinate, bins=10, range=(0, 1))
        # Six standard deviations.
        assert np.abs(counts - 2000).max() < 6 * np.sqrt(20_000 * 0.1 * 0.9)
    assert abs(np.corrcoef(shares[:, 0].T)[0, 1]) < 0.05
    assert not np.array_equal(points, random_points(DATA, 20_000, seed=1))


@pytest.mark.parametrize(
    ("bounds", "low", "high"),
    [
        ((0, 1), [0, 0], [1, 1]),
        (([-1, 4], 5), [-1, 4], [5, 5]),
        ((DATA.min(axis=0), DATA.max(axis=0)), [-2, 0], [1, 3]),
        (([3, 0], [3, 1]), [3, 0], [3, 1]),
    ],
)
def test_bounds_hold_for_each_coordinate(bounds: Any, low: list[int], high: list[int]) -> None:
    points = random_points(DATA, 2000, bounds=bounds)
    np.testing.assert_allclose(points.min(axis=(0, 1)), low, atol=0.03)
    np.testing.assert_allclose(points.max(axis=(0, 1)), high, atol=0.03)
    assert (points >= low).all()
    assert (points <= high).all()


@pytest.mark.parametrize(
    ("like", "dtype"),
    [
        (np.array([[0, 255]], dtype=np.uint8), np.float32),
        ([[True, False]], np.float32),
        (np.array([[0, 1]], dtype=np.longdouble), np.float64),
        (torch.tensor([[0.0, 1.0]], requires_grad=True), np.float32),
        (torch.tensor([[0.0, 1.0]], dtype=torch.bfloat16), np.float32),
    ],
)
def test_points_are_floating_numbers(like: Any, dtype: Any) -> None:
    points = random_points(like, 100)
    assert points.dtype == dtype
    assert len(np.unique(points)) > 150


@pytest.mark.parametrize(
    ("like", "options", "error", "message"),
    [
        (np.zeros((0, 2)), {}, ShapeMismatch, r"shape \(0, 2\)"),
        ([1.0, 2.0], {}, ShapeMismatch, r"shape \(2,\)"),
        ([[1.0], [2.0, 3.0]], {}, InvalidArgument, "must make an array"),
        ([["a"]], {}, InvalidArgument, "real numbers"),
        ([[0.0], [np.nan]], {}, NonFiniteValues, r"like\[1\]"),
        (DATA, {"n": 0}, InvalidArgument, "n must be at least 1, not 0"),
        (DATA, {"n": 2.5}, InvalidArgument, r"whole number, not 2\.5"),
        (DATA, {"bounds": (1, 0)}, InvalidArgument, "lowest and then the highest"),
        (DATA, {"bounds": (0, np.inf)}, NonFiniteValues, "bounds"),
        (DATA, {"bounds": (0, [1, 2, 3])}, ShapeMismatch, r"shape \(3,\) does not broadcast"),
    ],
)
def test_what_has_no_random_points(
    like: Any, options: dict[str, Any], error: type, message: str
) -> None:
    with pytest.raises(error, match=message):
        random_points(like, **options)


def test_probes_are_all_points_by_default() -> None:
    data = two_moons(30, 50)
    found = probes(data)
    assert list(found) == ["train", "test", "random"]
    np.testing.assert_array_equal(found["train"], data.train_inputs)
    np.testing.assert_array_equal(found["test"], data.test_inputs)
    np.testing.assert_array_equal(found["random"], random_points(data.train_inputs, 30))


@pytest.mark.parametrize("n", [1, 20, 40, 100])
def test_probes_are_chosen_without_repetition_and_in_order(n: int) -> None:
    column = np.arange(200, dtype=np.float32)[:, None]
    labels = np.zeros(200, dtype=np.int64)
    data = Dataset(column[:40], labels[:40], column[40:], labels[40:], ("only",))
    state = np.random.get_state()[1].tolist()
    found = probes(data, n, seed=5)
    assert np.random.get_state()[1].tolist() == state
    for name, inputs in (("train", data.train_inputs), ("test", data.test_inputs)):
        assert len(found[name]) == min(n, len(inputs))
        assert (np.diff(found[name][:, 0]) > 0).all()
        assert set(found[name].ravel()) <= set(inputs.ravel())
        np.testing.assert_array_equal(found[name], probes(data, n, seed=5)[name])
    np.testing.assert_array_equal(found["random"], random_points(data.train_inputs, n, seed=5))
    assert not np.array_equal(found["test"], probes(data, n, seed=6)["test"])


def test_probes_need_points() -> None:
    data = two_moons(0, 5)
    with pytest.raises(ShapeMismatch, match="at least one row"):
        probes(data)
    with pytest.raises(InvalidArgument, match="at least 1"):
        probes(two_moons(5, 5), 0)


def test_random_points_are_not_the_points_of_a_data_set_with_the_same_seed() -> None:
    data = checkerboard(150, seed=0)
    drawn = random_points(data.train_inputs, 150, seed=0)
    distances = np.abs(drawn[:, None] - data.train_inputs[None]).max(axis=2).min(axis=1)
    assert np.median(distances) > 0.01
