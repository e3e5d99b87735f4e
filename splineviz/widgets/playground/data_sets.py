"""DATA: the data sets that a playground offers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from splineviz.training.data import blobs, checkerboard, circles, spirals, two_moons
from splineviz.training.data.sets import Dataset

#: The data set that begins without points.
OWN = "your own points"

_OWN_CLASSES = ("class 1", "class 2", "class 3")


def _own(points: int, *, seed: int) -> Dataset:
    inputs, labels = np.empty((0, 2), np.float32), np.empty(0, np.int64)
    return Dataset(inputs, labels, inputs, labels, _OWN_CLASSES)


#: The data sets to choose from: called with the number of training points and the seed.
DATA: dict[str, Callable[..., Dataset]] = {
    "checkerboard": checkerboard,
    "two moons": two_moons,
    "circles": circles,
    "spirals": spirals,
    "blobs": blobs,
    OWN: _own,
}
