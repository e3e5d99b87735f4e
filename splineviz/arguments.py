"""Objects and names as users give them, checked where they come in."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, TypeVar

from splineviz.errors import InvalidArgument, UnknownName

T = TypeVar("T")


def row_of(table: Mapping[str, T], what: str, name: object) -> T:
    """What a table holds under a name.

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


def as_path(path: Any, what: str = "path") -> Path:
    """A path, with the home directory in place of ``~``.

    Raises
    ------
    InvalidArgument
        If it is neither a text nor an object that stands for a path.
    """
    if not isinstance(path, str | os.PathLike):
        raise InvalidArgument(f"{what} must be a path, such as 'runs/mine', not {_kind(path)}")
    return Path(path).expanduser()


def check_run(run: Any, what: str = "run") -> None:
    """Raise InvalidArgument unless something is a run, or has what is read of one.

    Parameters
    ----------
    run : object
        As a user gives it.
    what : str
        The argument's name.
    """
    if hasattr(run, "steps") and callable(getattr(run, "program", None)):
        return
    if isinstance(run, str | os.PathLike):
        raise InvalidArgument(
            f"{what} must be a Run, not the path of one: give Run({os.fspath(run)!r})"
        )
    raise InvalidArgument(
        f"{what} must be a Run, not {_kind(run)}: open a recorded training with Run(path), or take "
        "Run.bundled()"
    )


def check_player(player: Any) -> None:
    """Raise InvalidArgument unless something is a RegionPlayer, or has what is read of one."""
    if not (hasattr(player, "steps") and hasattr(player, "canvas")):
        raise InvalidArgument(
            f"player must be a RegionPlayer, not {_kind(player)}: make one with "
            "RegionPlayer(run, plane), and name other arguments, such as metrics=[...]"
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
        What gives such a value, to be read behind the fault.
    optional : bool
        Whether None will do.
    """
    if not (isinstance(value, kind) or (optional and value is None)):
        raise InvalidArgument(f"{what} must be {_a(kind)}, not {_kind(value)}: {advice}")


def _kind(value: object) -> str:
    return "None" if value is None else _a(type(value))


def _a(kind: type) -> str:
    return f"{'an' if kind.__name__[0] in 'AEIOUaeiou' else 'a'} {kind.__name__}"
