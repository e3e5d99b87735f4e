"""Names, steps and paths as users give them."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from splineviz.errors import InvalidArgument, UnknownName, UnknownStep
from splineviz.validation.numbers import as_int
from splineviz.validation.wording import kind_of, shown

T = TypeVar("T")


def row_of(table: Mapping[str, T], what: str, name: object) -> T:
    """Look up what a table holds under a name.

    Parameters
    ----------
    table : mapping of str
    what : str
        The kind of thing looked up, such as ``"norm"``.
    name : object
        As a user gives it; only a text can be in the table.

    Raises
    ------
    UnknownName
        If there is no such name; the message lists those there are.
    """
    check_name(table, what, name)
    return table[str(name)]


def check_name(known: Collection[str], what: str, name: object) -> None:
    """Raise UnknownName unless a name is one of those that are known; as for `row_of`."""
    if not (isinstance(name, str) and name in known):
        raise UnknownName(what, name, [*known])


def as_text(value: Any, what: str) -> str:
    """Return a text as it is.

    Raises
    ------
    InvalidArgument
        If it is anything else.
    """
    if not isinstance(value, str):
        raise InvalidArgument(f"{what} must be a text, not {shown(value)}")
    return value


def as_names(names: Any, what: str, advice: str) -> tuple[str, ...]:
    """Read a sequence of texts.

    Parameters
    ----------
    names : iterable of str
        As a user gives it. A single text is none: its letters would be the names.
    what : str
        The argument's name.
    advice : str
        What would work, to be read after the fault.

    Raises
    ------
    InvalidArgument
        If it is no sequence, or holds anything but texts.
    """
    if not isinstance(names, str | bytes | Mapping) and isinstance(names, Iterable):
        listed = [*names]
        if all(isinstance(name, str) for name in listed):
            # A numpy array holds texts of a class of its own.
            return tuple(map(str, listed))
    raise InvalidArgument(f"{what} must be {advice}, not {shown(names)}")


def as_steps(steps: Any, known: Sequence[int], run: str) -> list[int]:
    """Read training steps that have a checkpoint, in the order given.

    Parameters
    ----------
    steps : iterable of int
        As a user gives it.
    known : sequence of int
        The steps that have a checkpoint, increasing.
    run : str
        The name of the run, for the message.

    Raises
    ------
    InvalidArgument
        If it is no sequence of whole numbers, or empty.
    UnknownStep
        If a step has no checkpoint.
    """
    example = f"such as [{known[-1]}]" if known else "but this run has no checkpoints yet"
    if isinstance(steps, str | bytes | Mapping) or not isinstance(steps, Iterable):
        raise InvalidArgument(
            f"steps must be a sequence of training steps, {example}, not {shown(steps)}"
        )
    checked = [as_step(step, known, run, f"steps[{i}]") for i, step in enumerate(steps)]
    if not checked:
        raise InvalidArgument(
            f"steps is empty: name at least one of the {len(known)} steps of run {run!r} that have "
            "a checkpoint, or leave it out for all"
        )
    return checked


def as_step(step: Any, known: Collection[int], run: str, what: str = "step") -> int:
    """Read a training step that has a checkpoint; as for `as_steps`."""
    number = as_int(step, what)
    if number not in known:
        raise UnknownStep(number, run, [*known])
    return number


def as_path(path: Any, what: str = "path") -> Path:
    """Read a path, with the home directory in place of ``~``.

    Raises
    ------
    InvalidArgument
        If it is neither a text nor an object that stands for a path, is empty, or holds a character
        that no file system takes.
    """
    if not isinstance(path, str | os.PathLike):
        raise InvalidArgument(f"{what} must be a path, such as 'runs/mine', not {kind_of(path)}")
    text = os.fspath(path)
    if not isinstance(text, str) or not text or "\0" in text:
        raise InvalidArgument(f"{what} must be a path, such as 'runs/mine', not {shown(text)}")
    return Path(text).expanduser()
