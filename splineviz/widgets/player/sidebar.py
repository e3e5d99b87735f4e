"""PlayerSidebar: the chart and the small pictures next to a player's canvas."""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets

from splineviz.widgets.charts.metric_chart import MetricChart
from splineviz.widgets.charts.step_cursor import StepCursor
from splineviz.widgets.common.lifecycle import OwningBox, close_all
from splineviz.widgets.common.mirror import Mirror
from splineviz.widgets.common.table_link import TableLink
from splineviz.widgets.player.region_canvas import RegionCanvas
from splineviz.widgets.player.thumbnails import thumbnail_row


class PlayerSidebar(OwningBox):
    """The metric chart and the small pictures next to a canvas.

    The line in the chart is at the checkpoint that the canvas shows, and a click on the chart goes
    to the nearest checkpoint. Both work without the kernel.

    Parameters
    ----------
    canvas : RegionCanvas
        The picture.
    """

    _cursor: StepCursor | None = None
    _mirror: Mirror | None = None
    _parts: list[ipywidgets.Widget]

    def __init__(self, canvas: RegionCanvas) -> None:
        self._canvas = canvas
        self._parts = []
        super().__init__([])
        self.add_class("splineviz-sidebar")

    def show(self, curves: MetricChart | None, thumbnails: Sequence[tuple[str, bytes]]) -> None:
        """Replace chart and pictures, and close the old ones.

        Parameters
        ----------
        curves : MetricChart or None
            The chart for the checkpoints of the canvas.
        thumbnails : sequence of (str, bytes)
            Caption and PNG file of each picture.
        """
        old, self._parts = self._parts, []
        children: list[ipywidgets.Widget] = []
        if curves is not None:
            link = TableLink(
                source=self._canvas,
                source_trait="index",
                target=curves.marker,
                target_trait="x",
                table=[[position, position] for position in curves.positions],
            )
            row = ipywidgets.HBox([curves])
            row.add_class("splineviz-panels")
            box = ipywidgets.VBox([self._cursor_on(curves), row])
            # The cursor listens to clicks on figures inside an element of this class.
            box.add_class("splineviz-linked-charts")
            children.append(box)
            self._parts.append(link)
        if thumbnails:
            children.append(thumbnail_row(thumbnails))
        self._parts.extend(children)
        self.children = children
        self.layout.display = None if children else "none"
        self._close(old)

    def _cursor_on(self, curves: MetricChart) -> StepCursor:
        """The cursor that handles clicks on the chart; it is invisible itself."""
        canvas = self._canvas
        if self._cursor is None:
            self._cursor = StepCursor(index=canvas.index)
            self._cursor.layout.display = "none"
            self._mirror = Mirror(
                source=canvas, target=self._cursor, names=["index"], back=["index"]
            )
        ends = (curves.axis.left, curves.axis.right)
        self._cursor.set_traits(steps=canvas.steps, positions=curves.positions, ends=ends)
        return self._cursor

    def close(self) -> None:
        """Remove the sidebar from the page, with its contents."""
        self._close(self._parts)
        self._parts = []
        close_all(widget for widget in (self._mirror, self._cursor) if widget is not None)
        super().close()

    def _close(self, parts: Sequence[ipywidgets.Widget]) -> None:
        # The cursor is a child of one of them, and must stay open.
        for part in parts:
            if self._cursor in getattr(part, "children", ()):
                part.children = [child for child in part.children if child is not self._cursor]
        close_all(parts)
