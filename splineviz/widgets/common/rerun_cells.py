"""Reuses the widget that a cell made when the cell runs again.

ipywidgets keeps every widget in memory until it is closed. So a cell that runs again would leave
behind a player with all its frames each time, and views in other cells would show the old player.
"""

from __future__ import annotations

import dataclasses
import inspect
import sys
import threading
import weakref
from collections.abc import Mapping
from types import FrameType
from typing import Any

import ipywidgets
import numpy as np


@dataclasses.dataclass(frozen=True)
class Origin:
    """The place in the code where a widget was made.

    Attributes
    ----------
    cell : str
        The id of the notebook's cell; empty outside notebooks, or if the front end sends no id.
    execution : str
        The id of the execution of the cell.
    line : tuple
        The line of code.
    """

    cell: str
    execution: str
    line: tuple[Any, ...]

    @classmethod
    def of(cls, frame: FrameType) -> Origin:
        """The place that a stack frame has reached."""
        code = frame.f_code
        where: tuple[Any, ...] = (code.co_filename,)
        if code.co_filename.startswith("<"):
            # Code from a string has a file name that is meaningless, or new each time.
            where = (code.co_code, code.co_names)
        return cls(*_cell(), (*where, frame.f_lineno, frame.f_lasti))


def _cell() -> tuple[str, str]:
    """The ids of the running cell and of its execution."""
    ipython = sys.modules.get("IPython")
    shell: Any = None if ipython is None else ipython.get_ipython()
    parent = shell.get_parent() if hasattr(shell, "get_parent") else {}
    header = parent.get("header", {})
    if header.get("msg_type") != "execute_request":
        return "", ""
    cell = parent.get("metadata", {}).get("cellId")
    return str(cell or ""), str(header.get("msg_id", ""))


class ReusedOnRerun(type(ipywidgets.VBox)):  # type: ignore[misc]
    """The metaclass of widgets that are reused when the cell, or line, that made them runs again.

    A class says in `identity_arguments` which of its arguments must be the same for that. If it is
    None, each call makes a new widget. So does a call inside the constructor of another widget.
    """

    identity_arguments: tuple[str, ...] | None

    @property
    def __signature__(cls) -> inspect.Signature:
        """The signature of the constructor, without self, for help()."""
        signature = inspect.signature(getattr(cls, "__init__"))  # noqa: B009
        return signature.replace(parameters=[*signature.parameters.values()][1:])

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        """Return the widget that the same cell made before, or a new one."""
        frame = sys._getframe(1)
        if cls.identity_arguments is None or _nesting.depth or _is_ours(frame):
            return super().__call__(*args, **kwargs)
        arguments = _arguments(cls, args, kwargs)
        origin = Origin.of(frame)
        with _nesting:
            widget = None if arguments is None else _find_reusable(cls, arguments, origin, frame)
            if widget is None:
                widget = super().__call__(*args, **kwargs)
            else:
                widget.reinitialize(*args, **kwargs)
        widget.made_from = (origin, arguments)
        _known_widgets.append(weakref.ref(widget))
        return widget


class _Nesting(threading.local):
    """Counts nested constructors: widgets made inside another one are its parts."""

    depth = 0

    def __enter__(self) -> None:
        self.depth += 1

    def __exit__(self, *_: object) -> None:
        self.depth -= 1


_nesting = _Nesting()
_known_widgets: list[weakref.ref[Any]] = []


def _is_ours(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0] == __name__.partition(".")[0]


def _arguments(cls: type, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any] | None:
    """Bind arguments to names, with defaults; None if they do not fit (the call will raise)."""
    try:
        bound = inspect.signature(cls).bind(*args, **kwargs)
    except TypeError:
        return None
    bound.apply_defaults()
    return bound.arguments


def _find_reusable(
    cls: ReusedOnRerun, arguments: dict[str, Any], origin: Origin, frame: FrameType
) -> Any | None:
    """Find the widget to reuse: of several, the one that was made first."""
    alive = [widget for ref in _known_widgets if (widget := ref()) is not None]
    _known_widgets[:] = [weakref.ref(widget) for widget in alive if widget.comm is not None]
    for widget in alive:
        if type(widget) is not cls or widget.comm is None:
            continue
        made_at, earlier = widget.made_from
        if origin.cell:
            again = made_at.cell == origin.cell and made_at.execution != origin.execution
            names = cls.identity_arguments or tuple(arguments)
        else:
            again = made_at.line == origin.line and _holds(frame, widget)
            names = tuple(arguments)
        if again and all(same(arguments[name], earlier[name]) for name in names):
            return widget
    return None


def _holds(frame: FrameType, widget: Any) -> bool:
    """Whether a variable of the running code holds the widget; skips IPython's ``_`` variables."""
    return any(
        value is widget for name, value in frame.f_locals.items() if not name.startswith("_")
    )


def same(one: Any, other: Any) -> bool:
    """Whether two arguments are equal: our objects by their contents, runs by their folder.

    Anything that cannot be compared, such as two lambdas, counts as different.
    """
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if hasattr(one, "checkpoints") and hasattr(one, "path"):
        return bool(one.path == other.path)
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other)
    if dataclasses.is_dataclass(one):
        names = [field.name for field in dataclasses.fields(one)]
        return all(same(getattr(one, name), getattr(other, name)) for name in names)
    if isinstance(one, Mapping):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    try:
        equal = one == other
    except Exception:
        return False
    return bool(equal) if isinstance(equal, (bool, np.bool_)) else False
