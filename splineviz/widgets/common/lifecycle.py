"""Closes widgets with everything that they own, but nothing that others use."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar

import ipywidgets
import traitlets
from ipywidgets.widgets.widget import _instances as _open

from splineviz.widgets.common.rerun_cells import ReusedOnRerun
from splineviz.widgets.common.short_repr import short_repr

# Contents of a widget are closed with it.
_CONTENTS = ("children", "marks", "axes")
# These may be shared: the axes and marks of a figure share its scales. They are closed with the
# last widget that uses them.
_FITTINGS = ("scales", "scale", "scale_x", "scale_y", "layout", "style")

_Users = dict[ipywidgets.Widget, list[ipywidgets.Widget]]


def close_all(widgets: Iterable[ipywidgets.Widget]) -> None:
    """Close widgets with their contents, and with what nobody else uses.

    ipywidgets keeps each widget in memory until it is closed, also its layout, its style and the
    scales of a figure, and closing a box leaves its children open. On the other hand, a page that
    is reloaded shows no widgets at all if an open widget refers to a closed one. So every open
    widget drops its references to a closed one: a box loses a child, and a link, which needs both
    ends, is closed as well.
    """
    users = _users()
    for widget in widgets:
        _close(widget, users)


def close_owned(widget: ipywidgets.Widget) -> None:
    """Close what a widget owns, and drop references to it, after the widget itself was closed."""
    _close_rest(widget, _users())


class OwningBox(ipywidgets.VBox, metaclass=ReusedOnRerun):
    """A column that owns its children: closing it closes them, and its layout.

    Parameters
    ----------
    children : sequence of Widget
        The widgets in the column.
    """

    #: Names of the arguments that must be the same for a cell that runs again to get the same
    #: widget. Empty: all arguments. None: the cell always gets a new widget.
    identity_arguments: ClassVar[tuple[str, ...] | None] = None

    _is_reinitializing = False

    def __init__(self, children: Sequence[ipywidgets.Widget] = ()) -> None:
        if self.comm is None:
            super().__init__(children)
        else:
            self.children = children

    def __repr__(self) -> str:
        return short_repr(self, self.summary())

    def summary(self) -> str:
        """Say in a few words what the widget shows, for its repr."""
        return ""

    def reinitialize(self, *args: Any, **kwargs: Any) -> None:
        """Take the arguments of a new widget, so that pages with this one show the new contents.

        The widget is closed if that fails.
        """
        self._is_reinitializing = True
        try:
            self.close()
        finally:
            self._is_reinitializing = False
        for name in set(self.trait_names()) - set(ipywidgets.VBox.class_trait_names()):
            self._trait_values.pop(name, None)
        try:
            type(self).__init__(self, *args, **kwargs)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Remove the widget from the page, with everything that it owns."""
        if self._is_reinitializing:
            parts, self.children = self.children, ()
            close_all(parts)
            return
        super().close()
        close_owned(self)


def _close(widget: ipywidgets.Widget, users: _Users) -> None:
    if widget.comm is not None:
        # Collected first, because close() may drop the references.
        contents, fittings = (
            list(_referenced(widget, _CONTENTS)),
            list(_referenced(widget, _FITTINGS)),
        )
        widget.close()
        _drop_references_to(widget, users)
        _close_parts(contents, fittings, users)


def _close_rest(widget: ipywidgets.Widget, users: _Users) -> None:
    _drop_references_to(widget, users)
    _close_parts(list(_referenced(widget, _CONTENTS)), list(_referenced(widget, _FITTINGS)), users)


def _close_parts(
    contents: list[ipywidgets.Widget], fittings: list[ipywidgets.Widget], users: _Users
) -> None:
    for content in contents:
        _close(content, users)
    for fitting in fittings:
        if all(user.comm is None for user in users.get(fitting, ())):
            _close(fitting, users)


def _drop_references_to(widget: ipywidgets.Widget, users: _Users) -> None:
    for user in users.get(widget, ()):
        if user.comm is None:
            continue
        for name in user.trait_names(sync=True):
            value = user._trait_values.get(name)
            if any(held is widget for held in _widgets(value)):
                try:
                    setattr(user, name, _without_closed(value))
                except traitlets.TraitError:
                    _close(user, users)


def _without_closed(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return type(value)(each for each in value if not _is_closed(each))
    if isinstance(value, dict):
        return {key: each for key, each in value.items() if not _is_closed(each)}
    return None


def _is_closed(value: Any) -> bool:
    return isinstance(value, ipywidgets.Widget) and value.comm is None


def _users() -> _Users:
    """The open widgets that refer to each widget."""
    users: _Users = defaultdict(list)
    for user in list(_open.values()):
        # A copy, because other threads may set traits now.
        for value in tuple(user._trait_values.values()):
            for held in _widgets(value):
                users[held].append(user)
    return users


def _referenced(widget: ipywidgets.Widget, names: Iterable[str]) -> Iterator[ipywidgets.Widget]:
    for name in names:
        if widget.has_trait(name):
            yield from _widgets(getattr(widget, name))


def _widgets(value: Any) -> Iterator[ipywidgets.Widget]:
    if isinstance(value, ipywidgets.Widget):
        yield value
    elif isinstance(value, (list, tuple)):
        # Skip long lists of numbers.
        if value and isinstance(value[0], ipywidgets.Widget):
            yield from (each for each in value if isinstance(each, ipywidgets.Widget))
    elif isinstance(value, dict):
        yield from (each for each in value.values() if isinstance(each, ipywidgets.Widget))
