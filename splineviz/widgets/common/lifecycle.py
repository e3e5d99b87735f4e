"""Closing widgets with all that they consist of, and nothing that others use."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar

import ipywidgets
import traitlets
from ipywidgets.widgets.widget import _instances as _open

from splineviz.widgets.common.rerun_cells import ReusedOnRerun
from splineviz.widgets.common.short_repr import short_repr

# What stands in a widget is closed with it.
_CONTENTS = ("children", "marks", "axes")
# These may be shared: a figure's scales are those of its axes and of all its marks. They are closed
# with the last widget that uses them.
_FITTINGS = ("scales", "scale", "scale_x", "scale_y", "layout", "style")

_Users = dict[ipywidgets.Widget, list[ipywidgets.Widget]]


def close_all(widgets: Iterable[ipywidgets.Widget]) -> None:
    """Close widgets, with all that stands in them and what only they use.

    ipywidgets remembers each widget until it is closed, its layout, its style and the scales of a
    figure too, and closing a box leaves what stands in it open. On the other hand a page that is
    loaded again gets no widget at all where an open one refers to a closed one. So whatever holds
    a widget lets go of it when it is closed: a box has one child less, and a link, which is
    nothing without its ends, is closed as well.
    """
    users = _users()
    for widget in widgets:
        _close(widget, users)


def close_owned(widget: ipywidgets.Widget) -> None:
    """Do for a widget that has just been closed what :func:`close_all` does beyond that."""
    _close_rest(widget, _users())


class OwningBox(ipywidgets.VBox, metaclass=ReusedOnRerun):
    """A column that is closed as a whole: with all that stands in it, and its layout.

    Parameters
    ----------
    children : sequence of Widget
        What stands in it.
    """

    #: Which arguments must be the same for a cell that is run again to get the widget it made;
    #: empty for all of them, None where it always gets a new one.
    identity_arguments: ClassVar[tuple[str, ...] | None] = None

    _stays = False

    def __init__(self, children: Sequence[ipywidgets.Widget] = ()) -> None:
        if self.comm is None:
            super().__init__(children)
        else:
            self.children = children

    def __repr__(self) -> str:
        return short_repr(self, self.summary())

    def summary(self) -> str:
        """What it shows; said where it is printed."""
        return ""

    def reinitialize(self, *args: Any, **kwargs: Any) -> None:
        """Take the arguments of a new one: what shows this box then shows that.

        It is closed if that fails.
        """
        self._stays = True
        try:
            self.close()
        finally:
            self._stays = False
        for name in set(self.trait_names()) - set(ipywidgets.VBox.class_trait_names()):
            self._trait_values.pop(name, None)
        try:
            type(self).__init__(self, *args, **kwargs)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Remove it from the page, with all that it consists of."""
        if self._stays:
            parts, self.children = self.children, ()
            close_all(parts)
            return
        super().close()
        close_owned(self)


def _close(widget: ipywidgets.Widget, users: _Users) -> None:
    if widget.comm is not None:
        # Found before: some let go of their parts.
        contents, fittings = list(_held(widget, _CONTENTS)), list(_held(widget, _FITTINGS))
        widget.close()
        _let_go_of(widget, users)
        _close_parts(contents, fittings, users)


def _close_rest(widget: ipywidgets.Widget, users: _Users) -> None:
    _let_go_of(widget, users)
    _close_parts(list(_held(widget, _CONTENTS)), list(_held(widget, _FITTINGS)), users)


def _close_parts(
    contents: list[ipywidgets.Widget], fittings: list[ipywidgets.Widget], users: _Users
) -> None:
    for part in contents:
        _close(part, users)
    for part in fittings:
        if all(user.comm is None for user in users.get(part, ())):
            _close(part, users)


def _let_go_of(widget: ipywidgets.Widget, users: _Users) -> None:
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
    """By which open widgets each widget is held."""
    users: _Users = defaultdict(list)
    for user in list(_open.values()):
        # A copy: other threads set traits meanwhile.
        for value in tuple(user._trait_values.values()):
            for held in _widgets(value):
                users[held].append(user)
    return users


def _held(widget: ipywidgets.Widget, names: Iterable[str]) -> Iterator[ipywidgets.Widget]:
    for name in names:
        if widget.has_trait(name):
            yield from _widgets(getattr(widget, name))


def _widgets(value: Any) -> Iterator[ipywidgets.Widget]:
    if isinstance(value, ipywidgets.Widget):
        yield value
    elif isinstance(value, (list, tuple)):
        # A long list of numbers is passed over.
        if value and isinstance(value[0], ipywidgets.Widget):
            yield from (each for each in value if isinstance(each, ipywidgets.Widget))
    elif isinstance(value, dict):
        yield from (each for each in value.values() if isinstance(each, ipywidgets.Widget))
