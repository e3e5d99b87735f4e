"""Small data sets that are made or bundled, so that nothing has to be downloaded."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import numpy as np

from splineviz.errors import InvalidArgument
from splineviz.typing import Float32Array, IntArray
from splineviz.validation.numbers import random_generator

Inputs = Float32Array
Labels = IntArray


@dataclass(frozen=True)
class Dataset:
    """A classification task, split into training and test points.

    Attributes
    ----------
    train_inputs, test_inputs : numpy.ndarray of shape (n, d), float32
    train_labels, test_labels : numpy.ndarray of shape (n,), int64
        From 0 to ``len(class_names) - 1``.
    class_names : tuple of str
    """

    train_inputs: Inputs
    train_labels: Labels
    test_inputs: Inputs
    test_labels: Labels
    class_names: tuple[str, ...]


def checkerboard(train: int = 150, test: int = 2000, *, tiles: int = 3, seed: int = 0) -> Dataset:
    """Points spread evenly over a checkerboard around the origin; the class is the color.

    Parameters
    ----------
    train, test : int
        How many points.
    tiles : int
        Tiles along each side. A tile has side 1, so three cover [-1.5, 1.5]^2.
    seed : int
        Training points for two seeds are different; test points too.
    """
    rng = random_generator(seed)

    def draw(n: int) -> tuple[Inputs, Labels]:
        position = rng.uniform(0, tiles, (n, 2))
        labels = np.floor(position).astype(np.int64).sum(axis=1) % 2
        return (position - tiles / 2).astype(np.float32), labels

    return Dataset(*draw(train), *draw(test), class_names=("corner tiles", "other tiles"))


def two_moons(train: int = 100, test: int = 2000, *, noise: float = 0.1, seed: int = 0) -> Dataset:
    """Two interleaved half circles of radius 1 with Gaussian noise, centered on the origin.

    Parameters
    ----------
    train, test : int
        How many points; every other one belongs to the upper moon, class 0.
    noise : float
        The standard deviation of the noise on each coordinate.
    seed : int
        Training points for two seeds are different; test points too.
    """
    rng = random_generator(seed)

    def draw(n: int) -> tuple[Inputs, Labels]:
        labels = np.arange(n, dtype=np.int64) % 2
        angle = rng.uniform(0, np.pi, n)
        side = 1 - 2 * labels
        moons = np.stack([side * (np.cos(angle) - 0.5), side * (np.sin(angle) - 0.25)], axis=1)
        return (moons + rng.normal(0, noise, (n, 2))).astype(np.float32), labels

    return Dataset(*draw(train), *draw(test), class_names=("upper moon", "lower moon"))


def circles(
    train: int = 150, test: int = 2000, *, noise: float = 0.1, inner: float = 0.5, seed: int = 0
) -> Dataset:
    """Two circles around the origin with Gaussian noise, the outer one of radius 1.

    Parameters
    ----------
    train, test : int
        How many points; every other one belongs to the inner circle, class 0.
    noise : float
        The standard deviation of the noise on each coordinate.
    inner : float
        The radius of the inner circle.
    seed : int
        Training points for two seeds are different; test points too.
    """
    rng = random_generator(seed)

    def draw(n: int) -> tuple[Inputs, Labels]:
        labels = np.arange(n, dtype=np.int64) % 2
        angle = rng.uniform(0, 2 * np.pi, n)
        radius = np.where(labels == 0, inner, 1.0)
        rings = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        return (rings + rng.normal(0, noise, (n, 2))).astype(np.float32), labels

    return Dataset(*draw(train), *draw(test), class_names=("inner circle", "outer circle"))


def spirals(
    train: int = 200,
    test: int = 2000,
    *,
    arms: int = 2,
    turns: float = 1.25,
    noise: float = 0.05,
    seed: int = 0,
) -> Dataset:
    """Spiral arms that wind from the origin out to radius 1.5, with Gaussian noise.

    Parameters
    ----------
    train, test : int
        How many points, as many of each class as possible.
    arms : int
        How many arms, each a class.
    turns : float
        How often an arm winds around the origin.
    noise : float
        The standard deviation of the noise on each coordinate.
    seed : int
        Training points for two seeds are different; test points too.
    """
    rng = random_generator(seed)

    def draw(n: int) -> tuple[Inputs, Labels]:
        labels = np.arange(n, dtype=np.int64) % arms
        # The root spreads points evenly along an arm, whose outer parts are longer.
        way = np.sqrt(rng.uniform(0.01, 1, n))
        angle = 2 * np.pi * (turns * way + labels / arms)
        curve = 1.5 * way[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        return (curve + rng.normal(0, noise, (n, 2))).astype(np.float32), labels

    names = tuple(f"arm {arm + 1}" for arm in range(arms))
    return Dataset(*draw(train), *draw(test), class_names=names)


def blobs(
    train: int = 150, test: int = 2000, *, classes: int = 3, spread: float = 0.25, seed: int = 0
) -> Dataset:
    """Gaussian clouds whose middles are spread evenly over the unit circle, the first on top.

    Parameters
    ----------
    train, test : int
        How many points, as many of each class as possible.
    classes : int
        How many clouds.
    spread : float
        The standard deviation of a cloud along each axis.
    seed : int
        Training points for two seeds are different; test points too.
    """
    rng = random_generator(seed)

    def draw(n: int) -> tuple[Inputs, Labels]:
        labels = np.arange(n, dtype=np.int64) % classes
        angle = 2 * np.pi * labels / classes
        middles = np.stack([-np.sin(angle), np.cos(angle)], axis=1)
        return (middles + rng.normal(0, spread, (n, 2))).astype(np.float32), labels

    names = tuple(f"cloud {cloud + 1}" for cloud in range(classes))
    return Dataset(*draw(train), *draw(test), class_names=names)


def digits(train: int = 200, *, seed: int = 0) -> Dataset:
    """The 1,797 handwritten digits that come with scikit-learn: 8 x 8 pixels in [0, 1], flat.

    Parameters
    ----------
    train : int
        How many training points, a multiple of 10: the same number of each digit. All the others
        are test points.
    seed : int
        Decides which points are for training.

    Raises
    ------
    InvalidArgument
        If `train` is not a multiple of 10 between 10 and 1700.
    """
    # What scikit-learn imports may include rich, which then draws a random number.
    state = random.getstate()
    from sklearn.datasets import load_digits

    random.setstate(state)
    if train % 10 or not 10 <= train <= 1700:
        raise InvalidArgument(
            f"digits can be trained on 10 to 1700 points, the same number of each digit; {train} "
            "is not a multiple of 10 in that range"
        )
    rng = random_generator(seed)
    loaded: Any = load_digits()
    inputs = (loaded.data / 16).astype(np.float32)
    labels = loaded.target.astype(np.int64)
    chosen = np.concatenate(
        [rng.permutation(np.flatnonzero(labels == digit))[: train // 10] for digit in range(10)]
    )
    others = np.setdiff1d(np.arange(len(labels)), chosen)
    return Dataset(
        inputs[chosen],
        labels[chosen],
        inputs[others],
        labels[others],
        class_names=tuple(str(digit) for digit in range(10)),
    )
