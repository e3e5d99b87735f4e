"""PlaygroundPoints: the points that a playground learns, with what draws them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import ipywidgets
import numpy.typing as npt
import traitlets

from splineviz.drawing.palette import CLASS_COLORS
from splineviz.widgets.controls import button, menu
from splineviz.widgets.point_pad import PointPad


class PlaygroundPoints(ipywidgets.VBox):
    """A pad with points, and what is drawn on it: a class, or nothing where it erases.

    Parameters
    ----------
    bounds : tuple of float
        xmin, ymin, xmax, ymax of the pad.
    head : sequence of Widget
        What stands above the pad.

    Attributes
    ----------
    pad : PointPad
    class_menu : Dropdown
        The class that is drawn, by its number.
    erase : Checkbox
    clear : Button
    """

    def __init__(
        self, bounds: tuple[float, float, float, float], head: Sequence[ipywidgets.Widget]
    ) -> None:
        self.pad = PointPad(bounds=bounds, class_colors=list(CLASS_COLORS))
        self.class_menu = menu("Draw", [("class 1", 0)], 0)
        self.class_menu.layout.max_width = "220px"
        self.erase = ipywidgets.Checkbox(description="erase", indent=False)
        self.erase.layout.width = "70px"
        self.clear = button("Clear", "trash", "take away all points", "80px")
        tools = ipywidgets.HBox([self.erase, self.clear])
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

    def show(
        self, points: npt.ArrayLike, classes: npt.ArrayLike, class_names: Sequence[str]
    ) -> None:
        """Show the points of another data set; the first class is drawn.

        Parameters
        ----------
        points : array-like of shape (n, 2)
        classes : array-like of int, shape (n,)
        class_names : sequence of str
        """
        # The menu's old number may not exist among the new classes.
        self.pad.current = 0
        self.class_menu.options = [(name, number) for number, name in enumerate(class_names)]
        self.class_menu.value = 0
        self.pad.show(points, classes, class_names)

    def on_edit(self, edited: Callable[[], object]) -> None:
        """Say what to do when somebody has drawn or erased."""
        self.pad.observe(lambda _: edited(), "edits")

    def close(self) -> None:
        """Remove the pad and its tools from the page."""
        for link in self._links:
            link.close()
        super().close()
