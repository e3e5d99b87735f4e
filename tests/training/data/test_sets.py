from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

from splineviz.errors import RecordingError
from splineviz.training.data import Dataset, checkerboard, digits, two_moons

MAKERS: list[Callable[..., Dataset]] = [
    partial(checkerboard, 40, 60),
    partial(two_moons, 40, 60),
    partial(digits, 100),
]


@pytest.mark.parametrize("make", MAKERS, ids=["checkerboard", "two_moons", "digits"])
def test_the_contract_of_a_data_set(make: Callable[..., Dataset]) -> None:
    state = np.random.get_state()[1].tolist()
    data, same, other = make(seed=3), make(seed=3), make(seed=4)
    assert np.random.get_state()[1].tolist() == state
    for inputs, labels in (
        (data.train_inputs, data.train_labels),
        (data.test_inputs, data.test_labels),
    ):
        assert inputs.dtype == np.float32
        assert labels.dtype == np.int64
        assert inputs.ndim == 2
        assert labels.shape == (len(inputs),)
        assert np.isfinite(inputs).all()
        assert set(labels) == set(range(len(data.class_names)))
    np.testing.assert_array_equal(data.train_inputs, same.train_inputs)
    np.testing.assert_array_equal(data.test_labels, same.test_labels)
    assert not np.array_equal(data.train_inputs, other.train_inputs)


@pytest.mark.parametrize("tiles", [1, 2, 3, 4])
def test_a_checkerboard_has_the_colours_of_its_tiles(tiles: int) -> None:
    data = checkerboard(500, 1, tiles=tiles)
    column, row = np.floor(data.train_inputs.T.astype(np.float64) + tiles / 2).astype(int)
    assert {*column, *row} == set(range(tiles))
    np.testing.assert_array_equal(data.train_labels, (column + row) % 2)


def test_moons_without_noise_are_half_circles() -> None:
    data = two_moons(200, 1, noise=0)
    centre = np.array([[-0.5, -0.25], [0.5, 0.25]])[data.train_labels]
    offset = data.train_inputs - centre
    np.testing.assert_allclose(np.linalg.norm(offset, axis=1), 1, rtol=1e-6)
    assert (np.where(data.train_labels == 0, offset[:, 1], -offset[:, 1]) >= -1e-6).all()
    assert np.bincount(data.train_labels).tolist() == [100, 100]


def test_digits_are_split_evenly_and_completely() -> None:
    data = digits(200, seed=1)
    assert np.bincount(data.train_labels).tolist() == [20] * 10
    assert data.train_inputs.shape == (200, 64)
    assert data.test_inputs.shape == (1597, 64)
    assert data.train_inputs.min() == 0
    assert data.train_inputs.max() == 1
    rows = {row.tobytes() for row in data.train_inputs}
    assert not rows & {row.tobytes() for row in data.test_inputs}


@pytest.mark.parametrize("train", [0, -10, 15, 1800])
def test_digits_cannot_be_split_otherwise(train: int) -> None:
    with pytest.raises(RecordingError, match="multiple of 10"):
        digits(train)
