"""Small data sets that are made or bundled, so that nothing has to be downloaded."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from splineviz.errors import InvalidArgument
from splineviz.typing import Float32Array, IntArray
from splineviz.validation.numbers import as_int, as_real, as_seed, random_generator
from splineviz.validation.objects import check_kind

Inputs = Float32Array
Labels = IntArray

# Labels that are replaced are drawn apart from the points, which stay those of their seed.
_LABEL_STREAM = 20250614

# More would not fit into memory, or have no meaning.
_MOST, _MOST_CLASSES = 10**8, 10_000


@dataclass(frozen=True)
class Dataset:
    """A task, split into training and test points.

    Attributes
    ----------
    train_inputs, test_inputs : numpy.ndarray of shape (n, d), float32
    train_labels, test_labels : numpy.ndarray of shape (n,), int64
        Classes, from 0 to ``len(class_names) - 1``. In a regression: values of shape
        (n, outputs), float32.
    class_names : tuple of str
        Empty in a regression.
    """

    train_inputs: Inputs
    train_labels: Labels | Float32Array
    test_inputs: Inputs
    test_labels: Labels | Float32Array
    class_names: tuple[str, ...]

    @property
    def outputs(self) -> int:
        """How many outputs a network for it has: one a class, or one a value."""
        return len(self.class_names) or self.train_labels.shape[1]


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
    train, test = _counts(train, test)
    tiles = as_int(tiles, "tiles", 1, _MOST)
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
    train, test = _counts(train, test)
    noise = as_real(noise, "noise", least=0)
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
    train, test = _counts(train, test)
    noise, inner = as_real(noise, "noise", least=0), as_real(inner, "inner", above=0)
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
    train, test = _counts(train, test)
    arms, turns = as_int(arms, "arms", 1, _MOST_CLASSES), as_real(turns, "turns")
    noise = as_real(noise, "noise", least=0)
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
    train, test = _counts(train, test)
    classes = as_int(classes, "classes", 1, _MOST_CLASSES)
    spread = as_real(spread, "spread", least=0)
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
    train = as_int(train, "train")
    # What scikit-learn imports may include rich, which then draws a random number.
    state = random.getstate()
    from sklearn.datasets import load_digits

    random.setstate(state)
    if train % 10 or not 10 <= train <= 1700:
        raise InvalidArgument(
            f"train must be a multiple of 10 from 10 to 1700, the same number of each digit, not "
            f"{train}"
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


def modular_addition(train: int = 821, *, modulus: int = 37, seed: int = 0) -> Dataset:
    """All pairs of numbers below a modulus; the class is their sum modulo that number.

    An input is the two numbers one-hot, one behind the other.

    Parameters
    ----------
    train : int
        How many of the ``modulus ** 2`` pairs are training points. All the others are test points.
    modulus : int
        At least 2.
    seed : int
        Decides which pairs are for training.

    Raises
    ------
    InvalidArgument
        If no pair, or none but them, would be a training point.
    """
    train, modulus = as_int(train, "train"), as_int(modulus, "modulus", 2, _MOST_CLASSES)
    pairs = modulus**2
    if not 0 < train < pairs:
        raise InvalidArgument(
            f"there are {pairs} pairs of numbers below {modulus}: train must be from 1 to "
            f"{pairs - 1}, so that some are left to test on, not {train}"
        )
    order = random_generator(seed).permutation(pairs)
    first, second = np.divmod(order, modulus)
    one_hot = np.eye(modulus, dtype=np.float32)
    inputs = np.concatenate([one_hot[first], one_hot[second]], axis=1)
    labels = ((first + second) % modulus).astype(np.int64)
    names = tuple(str(number) for number in range(modulus))
    return Dataset(
        inputs[:train], labels[:train], inputs[train:], labels[train:], class_names=names
    )


def sine(train: int = 1000, test: int = 2000, *, half_width: float = 5.0, seed: int = 0) -> Dataset:
    """A regression with a flat half: sin x1 + cos x2 where x1 < 0, and 0 elsewhere.

    Parameters
    ----------
    train, test : int
        How many points, uniform in a square around the origin.
    half_width : float
        Half the side of the square.
    seed : int
        Training points for two seeds are different; test points too.

    Notes
    -----
    A toy function of the authors of arXiv 2402.15555. It jumps where x1 = 0.
    """
    train, test = _counts(train, test)
    half_width = as_real(half_width, "half_width", above=0)
    rng = random_generator(seed)

    def draw(n: int) -> tuple[Inputs, Float32Array]:
        x = rng.uniform(-half_width, half_width, (n, 2))
        values = np.where(x[:, 0] < 0, np.sin(x[:, 0]) + np.cos(x[:, 1]), 0.0)
        return x.astype(np.float32), values[:, None].astype(np.float32)

    return Dataset(*draw(train), *draw(test), class_names=())


def xor(train: int = 400, test: int = 2000, *, dimensions: int = 40, seed: int = 0) -> Dataset:
    """Rows of signs of which two matter: class 1 where the first two differ.

    Parameters
    ----------
    train, test : int
        How many points, each with coordinates of -1 and 1, drawn independently.
    dimensions : int
        How many coordinates, at least 2; all but the first two are noise.
    seed : int
        Training points for two seeds are different; test points too.
    """
    train, test = _counts(train, test)
    dimensions = as_int(dimensions, "dimensions", 2, _MOST_CLASSES)
    rng = random_generator(seed)

    def draw(n: int) -> tuple[Inputs, Labels]:
        signs = 2 * rng.integers(2, size=(n, dimensions)) - 1
        labels = (signs[:, 0] != signs[:, 1]).astype(np.int64)
        return signs.astype(np.float32), labels

    return Dataset(*draw(train), *draw(test), class_names=("the same", "different"))


def with_random_labels(data: Dataset, share: float, seed: int = 0) -> Dataset:
    """Replace the labels of some training points by classes drawn at random.

    Parameters
    ----------
    data : Dataset
        Of classes. Points, and labels of test points, stay as they are.
    share : float
        From 0 to 1: which part of the training points gets a label drawn uniformly from all
        classes. By chance it may be the one they had.
    seed : int
        Decides which points, and their labels.

    Raises
    ------
    InvalidArgument
        If the share is no number from 0 to 1, or there are no classes.
    """
    check_kind(data, Dataset, "data", "two_moons() makes one, and so do the other data sets")
    share = as_real(share, "share", least=0, most=1)
    if not data.class_names:
        raise InvalidArgument("labels are replaced by random classes, and a regression has none")
    rng = np.random.default_rng([_LABEL_STREAM, as_seed(seed)])
    count = len(data.train_labels)
    chosen = rng.permutation(count)[: round(share * count)]
    labels = data.train_labels.copy()
    labels[chosen] = rng.integers(len(data.class_names), size=len(chosen))
    return replace(data, train_labels=labels)


def _counts(train: int, test: int) -> tuple[int, int]:
    """Read the numbers of training points and of test points."""
    return as_int(train, "train", 0, _MOST), as_int(test, "test", 0, _MOST)
