"""Running a cell again: the widget that it made stays, and is made anew.

Every widget of ipywidgets is kept until it is closed, so a cell that is run again would leave a
player with all its frames behind each time, and views in other cells would go on with the old one.
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
    """Where a widget is made.

    Attributes
    ----------
    cell : str
        The cell of a notebook; empty where there is none, or its front end does not tell.
    execution : str
        Which of its executions.
    line : tuple
        The line of code.
    """

    cell: str
    execution: str
    line: tuple[Any, ...]

    @classmethod
    def of(cls, frame: FrameType) -> Origin:
        """Where the code of a frame makes something."""
        code = frame.f_code
        where: tuple[Any, ...] = (code.co_filename,)
        if code.co_filename.startswith("<"):
            # A text that is executed has a name that says nothing, or a new one each time.
            where = (code.co_code, code.co_names)
        return cls(*_cell(), (*where, frame.f_lineno, frame.f_lasti))


def _cell() -> tuple[str, str]:
    """The cell that runs, and which of its executions."""
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
        """The arguments of the class, as help shows them."""
        signature = inspect.signature(getattr(cls, "__init__"))  # noqa: B009
        return signature.replace(parameters=[*signature.parameters.values()][1:])

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        """The widget: one that the same cell made before, or a new one."""
        frame = sys._getframe(1)
        if cls.identity_arguments is None or _nesting.depth or _is_ours(frame):
            return super().__call__(*args, **kwargs)
        given = _arguments(cls, args, kwargs)
        origin = Origin.of(frame)
        with _nesting:
            widget = None if given is None else _former(cls, given, origin, frame)
            if widget is None:
                widget = super().__call__(*args, **kwargs)
            else:
                widget.reinitialize(*args, **kwargs)
        widget.made_from = (origin, given)
        _known_widgets.append(weakref.ref(widget))
        return widget


class _Nesting(threading.local):
    """Whether a widget is being made, with others as its parts."""

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
    """Arguments by name, with defaults; None if they do not fit, which making it will say."""
    try:
        bound = inspect.signature(cls).bind(*args, **kwargs)
    except TypeError:
        return None
    bound.apply_defaults()
    return bound.arguments


def _former(
    cls: ReusedOnRerun, given: dict[str, Any], origin: Origin, frame: FrameType
) -> Any | None:
    """The widget that this makes again: of several, the one that was made first."""
    there = [widget for ref in _known_widgets if (widget := ref()) is not None]
    _known_widgets[:] = [weakref.ref(widget) for widget in there if widget.comm is not None]
    for widget in there:
        if type(widget) is not cls or widget.comm is None:
            continue
        before, arguments = widget.made_from
        if origin.cell:
            again = before.cell == origin.cell and before.execution != origin.execution
            names = cls.identity_arguments or tuple(given)
        else:
            again = before.line == origin.line and _holds(frame, widget)
            names = tuple(given)
        if again and all(same(given[name], arguments[name]) for name in names):
            return widget
    return None


def _holds(frame: FrameType, widget: Any) -> bool:
    """Whether a variable of the code that runs is the widget; IPython's own begin with ``_``."""
    return any(
        value is widget for name, value in frame.f_locals.items() if not name.startswith("_")
    )


def same(one: Any, other: Any) -> bool:
    """Whether two arguments mean the same: objects of ours by what they hold, runs by their folder.

    What cannot be told, such as functions that are made anew, is not the same.
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
