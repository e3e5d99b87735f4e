from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from splineviz.errors import InvalidArgument
from splineviz.training.data import (
    Dataset,
    blobs,
    checkerboard,
    circles,
    digits,
    spirals,
    two_moons,
)

MAKERS: list[Callable[..., Dataset]] = [
    partial(checkerboard, 40, 60),
    partial(two_moons, 40, 60),
    partial(circles, 40, 60),
    partial(spirals, 40, 60, arms=3),
    partial(blobs, 40, 60),
    partial(digits, 100),
]
NAMES = ["checkerboard", "two_moons", "circles", "spirals", "blobs", "digits"]


@pytest.mark.parametrize("make", MAKERS, ids=NAMES)
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
def test_a_checkerboard_has_the_colors_of_its_tiles(tiles: int) -> None:
    data = checkerboard(500, 1, tiles=tiles)
    column, row = np.floor(data.train_inputs.T.astype(np.float64) + tiles / 2).astype(int)
    assert {*column, *row} == set(range(tiles))
    np.testing.assert_array_equal(data.train_labels, (column + row) % 2)


def test_moons_without_noise_are_half_circles() -> None:
    data = two_moons(200, 1, noise=0)
    center = np.array([[-0.5, -0.25], [0.5, 0.25]])[data.train_labels]
    offset = data.train_inputs - center
    np.testing.assert_allclose(np.linalg.norm(offset, axis=1), 1, rtol=1e-6)
    assert (np.where(data.train_labels == 0, offset[:, 1], -offset[:, 1]) >= -1e-6).all()
    assert np.bincount(data.train_labels).tolist() == [100, 100]


def test_circles_without_noise_are_circles() -> None:
    data = circles(200, 1, noise=0, inner=0.25)
    radius = np.linalg.norm(data.train_inputs, axis=1)
    np.testing.assert_allclose(radius, np.where(data.train_labels == 0, 0.25, 1), rtol=1e-6)


@pytest.mark.parametrize("arms", [1, 2, 5])
def test_spirals_without_noise_are_one_arm_turned(arms: int) -> None:
    data = spirals(400, 1, arms=arms, turns=0.75, noise=0)
    x, y = data.train_inputs.T.astype(np.float64)
    radius = np.hypot(x, y)
    assert radius.max() <= 1.5
    turned = np.arctan2(y, x) / (2 * np.pi) - data.train_labels / arms - 0.75 * radius / 1.5
    np.testing.assert_allclose(turned, np.round(turned), atol=1e-6)


def test_blobs_stand_on_the_unit_circle() -> None:
    data = blobs(4000, 1, classes=4, spread=0.1)
    middles = [data.train_inputs[data.train_labels == k].mean(axis=0) for k in range(4)]
    np.testing.assert_allclose(middles, [[0, 1], [-1, 0], [0, -1], [1, 0]], atol=0.02)
    assert np.bincount(data.train_labels).tolist() == [1000] * 4


def test_digits_are_split_evenly_and_completely() -> None:
    data = digits(200, seed=1)
    assert np.bincount(data.train_labels).tolist() == [20] * 10
    assert data.train_inputs.shape == (200, 64)
    assert data.test_inputs.shape == (1597, 64)
    assert data.train_inputs.min() == 0
    assert data.train_inputs.max() == 1
    rows = {row.tobytes() for row in data.train_inputs}
    assert not rows & {row.tobytes() for row in data.test_inputs}


def test_what_is_imported_for_the_digits_draws_no_random_number_of_ours() -> None:
    """Only in a fresh Python is anything imported."""
    code = """
import random
from splineviz.training.data import digits
before = random.getstate()
digits()
assert random.getstate() == before
"""
    subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[3], check=True)


@pytest.mark.parametrize("train", [0, -10, 15, 1800])
def test_digits_cannot_be_split_otherwise(train: int) -> None:
    with pytest.raises(InvalidArgument, match="multiple of 10"):
        digits(train)
