"""Base classes of our widgets, and a trait for arrays."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets

from splineviz.errors import ShapeMismatch, UnknownArgument
from splineviz.widgets.common.lifecycle import close_owned
from splineviz.widgets.common.short_repr import short_repr


class StrictWidget(anywidget.AnyWidget):
    """An anywidget that refuses keyword arguments it does not have.

    Raises
    ------
    UnknownArgument
        If a keyword argument is not the name of a trait.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        # If _esm were a path, anywidget would keep every widget of the class in memory for good.
        for name in ("_esm", "_css"):
            front_end = cls.__dict__.get(name)
            if isinstance(front_end, Path):
                setattr(cls, name, front_end.read_text(encoding="utf-8"))
        super().__init_subclass__(**kwargs)

    def __init__(self, **traits: Any) -> None:
        unknown = sorted(set(traits) - set(self.trait_names()))
        if unknown:
            known = ", ".join(sorted(self.own_arguments()))
            raise UnknownArgument(
                f"{type(self).__name__} has no argument {', '.join(unknown)}; it has {known}"
            )
        super().__init__(**traits)

    def __repr__(self) -> str:
        return short_repr(self)

    def close(self) -> None:
        """Remove the widget from the page, and its layout from the kernel."""
        super().close()
        close_owned(self)

    @classmethod
    def own_arguments(cls) -> set[str]:
        """The synced traits that the class itself adds to those of every widget."""
        shared = set(anywidget.AnyWidget.class_trait_names())
        return {
            name
            for name in cls.class_trait_names(sync=True)
            if name not in shared and not name.startswith("_")
        }


class SharedWidget(StrictWidget):
    """A widget whose traits are set by other threads as well as by the browser.

    Attributes
    ----------
    lock : threading.RLock
        Held while a message from the browser is processed. Meanwhile ipywidgets holds back all
        notifications of the widget, so a trait that another thread sets would not reach the
        browser. A thread that sets traits must therefore hold the lock.
    """

    def __init__(self, **traits: Any) -> None:
        self.lock = threading.RLock()
        self._owned = threading.Condition(self.lock)
        super().__init__(**traits)

    @property
    def holds_lock(self) -> bool:
        """Whether this thread holds the lock, as in an observer of a change by the browser.

        Other threads cannot set traits then, so waiting for one of them would never end.
        """
        try:
            self._owned.notify()
        except RuntimeError:
            return False
        return True

    def set_traits(self, **traits: Any) -> None:
        """Set several traits in one message; safe to call from any thread."""
        with self.lock, self.hold_sync():
            for name, value in traits.items():
                setattr(self, name, value)

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Apply a message from the browser."""
        with self.lock:
            super().set_state(sync_data)


class PackedArray(traitlets.TraitType[np.ndarray, Any]):
    """A trait for an array of one dtype, which travels to the browser as its bare bytes.

    Parameters
    ----------
    dtype : dtype
        The dtype to which values are cast.
    columns : int or None
        Number of columns of a two-dimensional array; None for a one-dimensional one.

    Raises
    ------
    ShapeMismatch
        When a value of another shape is assigned.
    """

    def __init__(self, dtype: Any, columns: int | None = None, **kwargs: Any) -> None:
        self.dtype = np.dtype(dtype).newbyteorder("<")
        self.columns = columns
        super().__init__(**kwargs)
        self.tag(sync=True, to_json=lambda array, widget: array.tobytes())

    def make_dynamic_default(self) -> np.ndarray:
        """Return an array without rows."""
        return np.empty((0,) if self.columns is None else (0, self.columns), self.dtype)

    def validate(self, obj: Any, value: Any) -> np.ndarray:
        """Return the value as an array of the right dtype, or raise if the shape is wrong."""
        array = np.ascontiguousarray(value, dtype=self.dtype)
        wanted = (len(array),) if self.columns is None else (len(array), self.columns)
        if array.shape != wanted:
            raise ShapeMismatch(f"{self.name} must have shape {wanted}, not {array.shape}")
        return array
