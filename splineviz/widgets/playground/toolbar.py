"""PlaygroundToolbar: buttons that drive a playground, and menus for the colors of its regions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets

from splineviz.widgets.common.controls import button, menu
from splineviz.widgets.common.short_repr import short_repr
from splineviz.widgets.common.table_link import TableLink
from splineviz.widgets.playground.live_canvas import LiveCanvas

_WIDTH = "90px"


class PlaygroundToolbar(ipywidgets.HBox):
    """Buttons for the training, and menus for the colors of a canvas.

    The menus work in the browser, without the kernel.

    Parameters
    ----------
    canvas : LiveCanvas
        The canvas to color.

    Attributes
    ----------
    start, step, reset, stop, replay : Button
    color, scale : Dropdown
        The coloring, and the frames that its scale spans.
    """

    def __repr__(self) -> str:
        return short_repr(self)

    def __init__(self, canvas: LiveCanvas) -> None:
        self.start = button("Start", "play", "train on, or pause", _WIDTH)
        self.start.button_style = "primary"
        self.step = button("Step", "step-forward", "one update", _WIDTH)
        self.reset = button("Reset", "undo", "begin anew with these settings", _WIDTH)
        self.stop = button("Stop", "stop", "end the training and the recording", _WIDTH)
        self.replay = button("Replay", "film", "replay this training in a player", _WIDTH)
        titles = [(row["title"], number) for number, row in enumerate(canvas.colorings)]
        self.color = menu("Color", titles, canvas.coloring)
        self.scale = menu("Scale", [("so far", False), ("this step", True)], canvas.frame_scale)
        self._has_scale = [row["scale"] != "category" for row in canvas.colorings]
        self._links: Sequence[ipywidgets.Widget] = (
            ipywidgets.jslink((self.color, "index"), (canvas, "coloring")),
            TableLink(
                source=self.scale,
                source_trait="index",
                target=canvas,
                target_trait="frame_scale",
                table=[False, True],
            ),
        )
        buttons = (self.start, self.step, self.reset, self.stop, self.replay)
        self.color.layout.max_width = "260px"
        super().__init__([*buttons, ipywidgets.HBox([self.color, self.scale])])
        self.add_class("splineviz-playground-row")
        self.color.observe(self._follow_color, "value")

    def on_click(self, **actions: Callable[[], object]) -> None:
        """Set what the buttons call, by their names."""
        for name, action in actions.items():
            getattr(self, name).on_click(lambda _, action=action: action())

    def show_running(self, running: bool) -> None:
        """Make the first button say Pause while the training runs, else Start."""
        self.start.description = "Pause" if running else "Start"
        self.start.icon = "pause" if running else "play"

    def close(self) -> None:
        """Remove the toolbar from the page."""
        for link in self._links:
            link.close()
        super().close()

    def _follow_color(self, change: dict[str, Any]) -> None:
        self.scale.disabled = not self._has_scale[change["new"]]
