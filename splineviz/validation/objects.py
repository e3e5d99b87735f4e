"""Objects as users give them: runs, players, functions."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from splineviz.errors import InvalidArgument
from splineviz.validation.wording import kind_of, shown, with_article


def check_run(run: Any, what: str = "run") -> None:
    """Raise InvalidArgument unless something is a run, or has what is read of one.

    Parameters
    ----------
    run : object
        As a user gives it.
    what : str
        The argument's name.
    """
    # A training that goes on has a number of steps, and one network: nothing to choose from.
    if np.ndim(getattr(run, "steps", 0)) == 1 and callable(getattr(run, "program", None)):
        return
    if isinstance(run, str | os.PathLike):
        raise InvalidArgument(
            f"{what} must be a Run, not the path of one: give Run({os.fspath(run)!r})"
        )
    raise InvalidArgument(
        f"{what} must be a Run, not {kind_of(run)}: open a recorded training with Run(path), or "
        "take Run.bundled()"
    )


def check_player(player: Any, read: Sequence[str] = ("steps", "canvas")) -> None:
    """Raise InvalidArgument unless something is a RegionPlayer, or has what is read of one.

    Parameters
    ----------
    player : object
        As a user gives it.
    read : sequence of str
        The attributes that are read.
    """
    if not all(hasattr(player, name) for name in read):
        raise InvalidArgument(
            f"player must be a RegionPlayer, not {kind_of(player)}: make one with "
            "RegionPlayer(run, plane), and name other arguments, such as metrics=[...]"
        )


def check_partition(partition: Any) -> None:
    """Raise InvalidArgument unless something is a SplinePartition, or has what is drawn of one."""
    if not (hasattr(partition, "plane") and hasattr(partition, "edges")):
        raise InvalidArgument(
            f"partition must be a SplinePartition, not {kind_of(partition)}: "
            "enumerate_regions(model, plane) makes one"
        )


def check_kind(value: Any, kind: type, what: str, advice: str, optional: bool = False) -> None:
    """Raise InvalidArgument unless a value is of a class.

    Parameters
    ----------
    value : object
        As a user gives it.
    kind : type
    what : str
        The argument's name.
    advice : str
        What gives such a value, to be read after the fault.
    optional : bool
        Whether None will do.
    """
    if not (isinstance(value, kind) or (optional and value is None)):
        raise InvalidArgument(
            f"{what} must be {with_article(kind)}, not {kind_of(value)}: {advice}"
        )


def as_items(values: Any, what: str, kind: str) -> list[Any]:
    """Read the items of a sequence.

    Parameters
    ----------
    values : iterable
        As a user gives it. A text is none, nor is a dict.
    what : str
        The argument's name.
    kind : str
        What the items are, such as ``"matrices"``.

    Raises
    ------
    InvalidArgument
        If it is no sequence.
    """
    if isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable):
        raise InvalidArgument(f"{what} must be a sequence of {kind}, not {shown(values)}")
    return [*values]


def as_callable(value: Any, what: str, wanted: str) -> Callable[..., Any]:
    """Return a function as it is.

    Raises
    ------
    InvalidArgument
        If it cannot be called.
    """
    if not callable(value):
        raise InvalidArgument(f"{what} must be {wanted}, not {shown(value)}")
    function: Callable[..., Any] = value
    return function
