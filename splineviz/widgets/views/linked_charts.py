"""LinkedCharts: charts over one axis of steps, linked to a player."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import bqplot
import ipywidgets
import numpy as np
import traitlets

from splineviz.drawing.step_axis import StepAxis
from splineviz.errors import SplinevizError
from splineviz.widgets.charts.step_chart import StepChart
from splineviz.widgets.charts.step_cursor import StepCursor
from splineviz.widgets.common.checkpoint_traits import CheckpointTraits, read_checkpoint_index
from splineviz.widgets.common.lifecycle import OwningBox, close_all
from splineviz.widgets.common.mirror import Mirror
from splineviz.widgets.common.table_link import TableLink

if TYPE_CHECKING:
    from splineviz.widgets.player.region_canvas import RegionCanvas
    from splineviz.widgets.player.region_player import RegionPlayer

_BRUSH = "#808080"


class LinkedCharts(OwningBox, CheckpointTraits):
    """Charts over one axis of steps, each with a line at the step shown.

    A click on a chart goes to the nearest checkpoint. In the other mode, the mouse chooses the
    range that plays. Step and range are linked to the player in the browser, without the kernel.
    Without a player there is a slider.

    Parameters
    ----------
    steps : sequence of int
        Training steps of the checkpoints. If there are none, only `nothing` is shown.
    player : RegionPlayer, optional
        The player to link to.
    index : int, optional
        Number of the checkpoint to show first; negative numbers count from the end. Default: the
        checkpoint of the player, or the first.
    nothing : str
        The text if there is nothing to show.

    Attributes
    ----------
    index : int
        Number of the checkpoint shown; follows the player whenever the kernel is idle, and moves
        it when set.
    step : int
        Its training step.
    play_range : tuple of int
        First and last checkpoint that play; empty for all.
    steps : list of int
    panels : tuple of StepChart
    cursor : StepCursor
        The widget that has the step and the range in the browser.

    Raises
    ------
    UnknownName
        If there is no checkpoint of that number.
    """

    # Class-level defaults: close() must work even if __init__ raised.
    panels: tuple[StepChart, ...] = ()
    cursor: StepCursor | None = None
    _parts: Sequence[ipywidgets.Widget] = ()
    _canvas: RegionCanvas | None = None
    _mirror: Mirror | None = None
    _joined: Sequence[traitlets.link] = ()
    _links: Sequence[ipywidgets.Widget] = ()
    _brushes: Sequence[bqplot.interacts.Interaction] = ()

    def __init__(
        self,
        steps: Sequence[int],
        player: RegionPlayer | None = None,
        index: int | None = None,
        nothing: str = "There is nothing to show.",
    ) -> None:
        self.player = player
        self._growing = threading.Lock()
        self.steps = [int(step) for step in steps]
        self._note = ipywidgets.Label(nothing)
        self._row = ipywidgets.HBox()
        self._row.add_class("splineviz-panels")
        self._parts = (self._note, self._row)
        canvas = None if player is None else player.canvas
        if index is None:
            index = 0 if player is None or canvas is None else int(player.index)
        place = read_checkpoint_index(index, len(self.steps)) if self.steps else 0
        super().__init__([self._note])
        self.add_class("splineviz-linked-charts")
        if not self.steps:
            return
        self.index = place
        self.step = self.steps[self.index]
        self.cursor = StepCursor(index=self.index, slider=canvas is None)
        self._canvas = canvas
        if canvas is not None and player is not None:
            # In Python, link to the player: the browser sends changes of one of them only.
            self.play_range = tuple(player.play_range)
            self.cursor.play_range = self.play_range
            names = ["index", "play_range"]
            self._mirror = Mirror(source=canvas, target=self.cursor, names=names, back=names)
            canvas.observe(self._grow, "count")
        leader = self.cursor if canvas is None else player
        self._joined = [
            traitlets.link((leader, name), (self, name)) for name in ("index", "play_range")
        ]

    def fill(self, panels: Sequence[StepChart], axis: StepAxis) -> None:
        """Replace the charts.

        Parameters
        ----------
        panels : sequence of StepChart
        axis : StepAxis
            The axis of steps of all charts.
        """
        if self.cursor is None:
            return
        old = [*self._links, *self._brushes, *self.panels]
        self.panels = tuple(panels)
        self._brushes = [
            bqplot.interacts.BrushIntervalSelector(
                scale=panel.marker.scales["x"], marks=[], color=_BRUSH
            )
            for panel in panels
        ]
        positions = axis.positions(self.steps).tolist()
        self.cursor.set_traits(
            steps=self.steps,
            positions=positions,
            ends=(axis.left, axis.right),
            figures=[panel.figure for panel in panels],
            brushes=self._brushes,
        )
        self._links = [
            TableLink(
                source=self.cursor,
                source_trait="index",
                target=panel.marker,
                target_trait="x",
                table=[[position, position] for position in positions],
            )
            for panel in panels
        ]
        for panel in panels:
            panel.marker.x = np.repeat(positions[self.index], 2)
        self._row.children = list(panels)
        self.children = self._arrange(self.cursor, self._row)
        close_all(old)

    def _arrange(self, cursor: StepCursor, row: ipywidgets.Widget) -> Sequence[ipywidgets.Widget]:
        """The children of the view, once it has charts."""
        return [cursor, row] if self.panels else [self._note]

    def summary(self) -> str:
        """Say the step and the number of steps."""
        count = len(self.steps)
        return f"{count} step{'s' * (count != 1)}" + (f", at step {self.step}" if count else "")

    def refresh(self) -> None:
        """Read the new checkpoints of a run that is still being recorded."""

    def _grow(self, change: dict[str, Any]) -> None:
        """Refresh when the player has new checkpoints; several threads may call this."""
        with self._growing:
            try:
                self.refresh()
            except (SplinevizError, OSError) as error:
                # An error in this view must not stop the player.
                if self.cursor is not None:
                    self.cursor.set_traits(note=str(error))

    def close(self) -> None:
        """Remove the view from the page; the player stays."""
        close_all([*self._links, *self._brushes, *self.panels])
        self._links = self._brushes = self.panels = ()
        if self.cursor is not None:
            for link in self._joined:
                link.unlink()
            if self._canvas is not None and self._mirror is not None:
                self._canvas.unobserve(self._grow, "count")
                self._mirror.close()
            self.cursor.close()
            self.cursor = None
        super().close()
        close_all(self._parts)
