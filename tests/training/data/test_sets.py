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
    modular_addition,
    sine,
    spirals,
    two_moons,
    with_random_labels,
    xor,
)

MAKERS: list[Callable[..., Dataset]] = [
    partial(checkerboard, 40, 60),
    partial(two_moons, 40, 60),
    partial(circles, 40, 60),
    partial(spirals, 40, 60, arms=3),
    partial(blobs, 40, 60),
    partial(digits, 100),
    partial(modular_addition, 600, modulus=29),
    partial(xor, 40, 60, dimensions=12),
]
NAMES = [
    *("checkerboard", "two_moons", "circles", "spirals", "blobs", "digits"),
    *("modular_addition", "xor"),
]


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


def test_sums_are_those_of_their_numbers() -> None:
    data = modular_addition(30, modulus=7, seed=2)
    inputs = np.concatenate([data.train_inputs, data.test_inputs])
    labels = np.concatenate([data.train_labels, data.test_labels])
    assert len(np.unique(inputs, axis=0)) == 49
    assert inputs.sum(axis=1).tolist() == [2] * 49
    first, second = inputs[:, :7].argmax(axis=1), inputs[:, 7:].argmax(axis=1)
    np.testing.assert_array_equal(labels, (first + second) % 7)
    assert data.outputs == 7


@pytest.mark.parametrize("train", [0, 49, 50])
def test_some_sums_are_left_to_test_on(train: int) -> None:
    with pytest.raises(InvalidArgument, match="from 1 to 48"):
        modular_addition(train, modulus=7)


def test_two_signs_decide() -> None:
    data = xor(50, 10, dimensions=6)
    assert set(np.unique(data.train_inputs)) == {-1, 1}
    np.testing.assert_array_equal(
        data.train_labels, data.train_inputs[:, 0] * data.train_inputs[:, 1] < 0
    )


def test_a_wave_has_a_flat_half() -> None:
    data = sine(300, 10, half_width=2.0, seed=1)
    same, other = sine(300, 10, half_width=2.0, seed=1), sine(300, 10, half_width=2.0)
    x, y = data.train_inputs.T.astype(np.float64)
    assert np.abs(data.train_inputs).max() <= 2
    expected = np.where(x < 0, np.sin(x) + np.cos(y), 0)
    assert data.train_labels.dtype == np.float32
    np.testing.assert_allclose(data.train_labels[:, 0], expected, atol=1e-6)
    assert (data.class_names, data.outputs) == ((), 1)
    np.testing.assert_array_equal(same.train_labels, data.train_labels)
    assert (other.train_inputs != data.train_inputs).any()


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_labels_are_replaced_by_random_ones(share: float) -> None:
    clean = digits(1000, seed=1)
    state = np.random.get_state()[1].tolist()
    noisy, same = (with_random_labels(clean, share, seed=5) for _ in range(2))
    assert np.random.get_state()[1].tolist() == state
    np.testing.assert_array_equal(noisy.train_labels, same.train_labels)
    np.testing.assert_array_equal(noisy.test_labels, clean.test_labels)
    assert noisy.train_inputs is clean.train_inputs
    # One in ten is drawn as it was.
    assert (noisy.train_labels != clean.train_labels).mean() == pytest.approx(0.9 * share, abs=0.02)
    assert np.bincount(clean.train_labels).tolist() == [100] * 10


@pytest.mark.parametrize("share", [-0.1, 1.1, "half", None, float("nan")])
def test_no_other_share_of_labels_is_replaced(share: float) -> None:
    with pytest.raises(InvalidArgument, match="share must be"):
        with_random_labels(two_moons(10, 10), share)
    with pytest.raises(InvalidArgument, match="a regression has none"):
        with_random_labels(sine(10, 10), 0.5)
