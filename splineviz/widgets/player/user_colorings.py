"""Colorings that users define."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING

import numpy as np

from splineviz.errors import InvalidArgument, ShapeMismatch, UnknownName
from splineviz.partition.plotting.colorings import Coloring
from splineviz.validation.wording import shown

if TYPE_CHECKING:
    from splineviz.partition.spline_partition import SplinePartition

#: A user's coloring: a Coloring, a function from a partition to one number per region, or arrays
#: with one number per region, by the step of the checkpoint.
UserColoring = Coloring | Callable[["SplinePartition"], np.ndarray] | Mapping[int, np.ndarray]


def check_colorings(own: Mapping[str, UserColoring], known: Collection[str]) -> None:
    """Raise InvalidArgument unless a user's colorings can stand beside those that are known.

    Parameters
    ----------
    own : mapping
        The user's colorings by name, as a user gives them.
    known : collection of str
        The names of the built-in colorings.
    """
    for name, one in own.items():
        if not isinstance(name, str):
            raise InvalidArgument(f"colorings must have texts as names, not {shown(name)}")
        if name in known:
            raise InvalidArgument(
                f"colorings has the name {name!r}, which a coloring of splineviz has: choose "
                "another"
            )
        if not (isinstance(one, Coloring | Mapping) or callable(one)):
            raise InvalidArgument(
                f"colorings[{name!r}] must be a Coloring, a function from a partition to one "
                f"number a region, or a dict of such arrays by step, not {shown(one)}"
            )


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
