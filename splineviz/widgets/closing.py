"""Closing widgets with all that they consist of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import ipywidgets

# Where a widget of ipywidgets or bqplot holds what belongs to it alone.
_PARTS = ("children", "marks", "axes", "scales", "scale", "scale_x", "scale_y", "layout", "style")


def close_all(widgets: Iterable[ipywidgets.Widget]) -> None:
    """Close widgets, and all that stands in them.

    ipywidgets remembers each widget until it is closed, its layout, its style and the scales of a
    figure too, and closing a box leaves what stands in it open.
    """
    for widget in widgets:
        # Found before: a widget that is closed may have let go of them.
        parts = [part for part in _parts(widget) if part is not widget]
        widget.close()
        close_all(part for part in parts if part.comm is not None)


class WholeBox(ipywidgets.VBox):
    """A column that is closed as a whole: with all that stands in it, and its layout."""

    def close(self) -> None:
        """Remove it from the page, with all that it consists of."""
        close_all(self.children)
        super().close()
        close_all([self.layout])


def _parts(widget: ipywidgets.Widget) -> Iterator[ipywidgets.Widget]:
    for name in _PARTS:
        if widget.has_trait(name):
            yield from _widgets(getattr(widget, name))


def _widgets(value: Any) -> Iterator[ipywidgets.Widget]:
    if isinstance(value, ipywidgets.Widget):
        yield value
    elif isinstance(value, (list, tuple)):
        yield from (each for each in value if isinstance(each, ipywidgets.Widget))
    elif isinstance(value, dict):
        yield from _widgets(list(value.values()))
