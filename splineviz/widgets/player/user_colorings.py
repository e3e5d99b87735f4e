"""Colorings that users define."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from splineviz.errors import ShapeMismatch, UnknownName
from splineviz.partition.plotting.colorings import Coloring

if TYPE_CHECKING:
    from splineviz.partition.spline_partition import SplinePartition

#: A user's coloring: a Coloring, a function from a partition to one number per region, or arrays
#: with one number per region, by the step of the checkpoint.
UserColoring = Coloring | Callable[["SplinePartition"], np.ndarray] | Mapping[int, np.ndarray]


def coloring_row(name: str, own: UserColoring) -> Coloring:
    """Convert a user's coloring to a Coloring; arrays by step get one without values."""
    if isinstance(own, Coloring):
        return own
    if isinstance(own, Mapping):
        return Coloring(title=name, unit="", scale="linear", values=lambda _: np.empty(0))

    def values(partition: SplinePartition) -> np.ndarray:
        array = np.asarray(own(partition))
        if array.shape != (len(partition),):
            raise ShapeMismatch(
                f"the coloring {name!r} gives an array of shape {array.shape}; with "
                f"{len(partition)} regions it must be ({len(partition)},): one number a region"
            )
        return array

    return Coloring(title=name, unit="", scale="linear", values=values)


def array_for_step(arrays: Mapping[int, np.ndarray], step: int, _: SplinePartition) -> np.ndarray:
    """Return the array of one step."""
    if step not in arrays:
        raise UnknownName("step", str(step), [str(known) for known in arrays])
    return np.asarray(arrays[step])
