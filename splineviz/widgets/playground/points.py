"""PlaygroundPoints: the points that a playground learns, with what draws them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import ipywidgets
import traitlets

from splineviz.drawing.palette import CLASS_COLORS
from splineviz.widgets.common.controls import button, menu
from splineviz.widgets.common.short_repr import short_repr
from splineviz.widgets.playground.data import PlaygroundData
from splineviz.widgets.playground.point_pad import PointPad


class PlaygroundPoints(ipywidgets.VBox):
    """A pad with points, the choice of the class to draw, and buttons to erase, clear and undo.

    Parameters
    ----------
    bounds : tuple of float
        xmin, ymin, xmax, ymax of the pad.
    head : sequence of Widget
        The widgets above the pad.

    Attributes
    ----------
    pad : PointPad
    class_menu : Dropdown
        The class that is drawn, by its number.
    erase : Checkbox
    clear, undo : Button
    """

    def __repr__(self) -> str:
        return short_repr(self)

    def __init__(
        self, bounds: tuple[float, float, float, float], head: Sequence[ipywidgets.Widget]
    ) -> None:
        self.pad = PointPad(bounds=bounds, class_colors=list(CLASS_COLORS))
        self.class_menu = menu("Draw", [("class 1", 0)], 0)
        self.class_menu.layout.max_width = "220px"
        self.erase = ipywidgets.Checkbox(description="erase", indent=False)
        self.erase.layout.width = "62px"
        self.clear = button("Clear", "trash", "take away all points", "70px")
        self.undo = button("Undo", "undo", "undo the last change of the points", "76px")
        tools = ipywidgets.HBox([self.erase, self.clear, self.undo])
        tools.add_class("splineviz-playground-row")
        super().__init__([*head, self.pad, self.class_menu, tools])
        self.add_class("splineviz-playground-settings")
        self.clear.on_click(lambda _: self.pad.clear())
        traitlets.link((self.class_menu, "value"), (self.pad, "current"))
        # In the browser as well: the next click counts, however busy the kernel is.
        self._links = (
            ipywidgets.jslink((self.class_menu, "index"), (self.pad, "current")),
            ipywidgets.jslink((self.erase, "value"), (self.pad, "erase")),
        )

    def show(self, data: PlaygroundData) -> None:
        """Show other points; if the classes are other ones, choose the first to draw."""
        current = data.current
        options = [(name, number) for number, name in enumerate(current.class_names)]
        if list(self.class_menu.options) != options:
            # The menu's old number may not exist among the new classes.
            self.pad.current = 0
            self.class_menu.options = options
            self.class_menu.value = 0
        self.pad.show(current.train_inputs, current.train_labels, current.class_names, data.drawn)
        self.undo.disabled = not data.can_undo

    def on_edit(self, edited: Callable[[], object], undo: Callable[[], object]) -> None:
        """Set what to call after points were drawn or erased, and to undo the last change."""
        self.pad.observe(lambda _: edited(), "edits")
        self.pad.observe(lambda _: undo(), "undos")
        self.undo.on_click(lambda _: undo())

    def close(self) -> None:
        """Remove the pad and its tools from the page."""
        for link in self._links:
            link.close()
        super().close()
