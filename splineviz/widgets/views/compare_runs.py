"""CompareRuns: the linear regions of two trainings, side by side at the same step."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import ipywidgets
import numpy as np
import traitlets

from splineviz.drawing.metric_curves import (
    accuracy_columns,
    check_columns,
    metric_curves,
    split_by_kind,
    with_steps,
)
from splineviz.drawing.palette import LINE_STYLES
from splineviz.drawing.step_axis import StepAxis
from splineviz.drawing.step_curve import StepCurve, extremes
from splineviz.drawing.value_axis import ValueAxis, round_ticks
from splineviz.errors import InvalidArgument
from splineviz.validation.calls import explained
from splineviz.validation.names import as_names
from splineviz.validation.numbers import as_int
from splineviz.validation.objects import check_run
from splineviz.widgets.charts.step_chart import StepChart
from splineviz.widgets.charts.step_cursor import StepCursor
from splineviz.widgets.common.lifecycle import close_all
from splineviz.widgets.common.play_link import PlayLink
from splineviz.widgets.common.table_link import TableLink
from splineviz.widgets.player.frame_source import plane_to_draw
from splineviz.widgets.player.linked_canvas import LinkedCanvas
from splineviz.widgets.player.region_player import RegionPlayer
from splineviz.widgets.views.linked_charts import LinkedCharts
from splineviz.widgets.views.run_names import distinct_names

if TYPE_CHECKING:
    import pandas as pd

    from splineviz.partition.slices.input_segment import InputSegment
    from splineviz.partition.slices.input_slice import InputSlice
    from splineviz.training.runs import Run

# Milliseconds from one step to the next.
_INTERVAL = 200
_APART = ("index", "coloring", "limits", "settled", "playing")
_DASHES = dict(zip(LINE_STYLES, ("━━", "╍╍"), strict=False))


class CompareRuns(LinkedCharts):
    """The linear regions of two trainings, side by side at the same step.

    One slider goes over the steps of both, and a bar below it says which of them can be shown yet;
    each picture shows the checkpoint of its run that is the last at or before the step. Colors
    mean the same in both. Below, the metrics of both are drawn together: those of the first run
    solid, those of the second dashed.

    Parameters
    ----------
    run_a, run_b : Run
        Recorded trainings, whose networks take the same inputs.
    plane : InputSlice or InputSegment
        The slice to look at.
    names : pair of str, optional
        What to call the runs. Default: their own names. Where these are the same, the folders in
        which they lie tell them apart, or else a number.
    color : str
        What colors the regions at first: a row of
        :data:`~splineviz.partition.plotting.colorings.COLORINGS` or ``ON_DEMAND``.
    metrics : sequence of str, optional
        Columns of the runs' metrics to draw, in one of them or in both. Default: the accuracies.
    index : int
        Number of the step to show first, among those of both runs; negative ones from the end.
    **options
        Further arguments of the two :class:`~splineviz.widgets.player.region_player.RegionPlayer`.

    Attributes
    ----------
    steps : list of int
        Training steps that are a checkpoint of one of the runs.
    index, step, play_range
        As in :class:`~splineviz.widgets.views.curves_view.CurvesView`, in terms of `steps`.
    players : tuple of RegionPlayer
        What makes the frames of each run; they are not shown.
    canvases : tuple of RegionCanvas
        The pictures.

    Raises
    ------
    UnknownName
        If `color` or a metric does not exist, or there is no step of that number.
    InvalidArgument
        If there are not two names.
    ShapeMismatch, UnsupportedLayer, RunCorrupt
        As ``RegionPlayer`` does.
    """

    identity_arguments = ("run_a", "run_b", "plane")

    players: tuple[RegionPlayer, ...] = ()
    _former: tuple[RegionPlayer, ...] = ()
    canvases: tuple[LinkedCanvas, ...] = ()

    @explained()
    def __init__(
        self,
        run_a: Run,
        run_b: Run,
        plane: InputSlice | InputSegment,
        *,
        names: Sequence[str] | None = None,
        color: str = "output",
        metrics: Sequence[str] | None = None,
        index: int = 0,
        **options: Any,
    ) -> None:
        index = as_int(index, "index")
        check_run(run_a, "run_a")
        check_run(run_b, "run_b")
        plane = plane_to_draw([run_a, run_b], plane)
        self._runs = (run_a, run_b)
        self._names = (
            distinct_names(self._runs)
            if names is None
            else [*as_names(names, "names", "two names, one for each run")]
        )
        if len(self._names) != 2:
            raise InvalidArgument(f"names must be those of the two runs, not {self._names}")
        if self._names[0] == self._names[1]:
            self._names = [f"{name} ({k})" for k, name in enumerate(self._names, 1)]
        self._metrics = metrics
        _columns([run.metrics for run in self._runs], metrics)
        self._limits = threading.Lock()
        self.players, self.canvases = (), ()
        own = [[int(step) for step in run.steps] for run in self._runs]
        empty = [name for name, steps in zip(self._names, own, strict=True) if not steps]
        nothing = f"{' and '.join(empty)}: no checkpoints yet, so there is nothing to compare."
        super().__init__([] if empty else _union(own), None, index, nothing)
        if self.cursor is None:
            return
        options = {"color": color, "metrics": [], **options}
        shown = [_at_or_before(steps, self.step) for steps in own]
        try:
            for number, (run, first) in enumerate(zip(self._runs, shown, strict=True)):
                if number < len(self._former):
                    player = self._former[number]
                    player.reinitialize(run, plane, index=first, **options)
                else:
                    player = RegionPlayer(run, plane, index=first, **options)
                self.players += (player,)
        except BaseException:
            # A player that nobody sees would go on making frames.
            super().close()
            for player in self.players:
                player.close()
            raise
        canvases = [player.canvas for player in self.players if player.canvas is not None]
        self.canvases = tuple(
            LinkedCanvas(canvas, apart=_APART, index=first)
            for canvas, first in zip(canvases, shown, strict=True)
        )
        self._pictures = ipywidgets.HBox(
            [
                self._picture(name, style, canvas)
                for name, style, canvas in zip(
                    self._names, LINE_STYLES, self.canvases, strict=False
                )
            ]
        )
        self._pictures.add_class("splineviz-pictures")
        self.play = ipywidgets.Play(min=0, max=1, interval=_INTERVAL, repeat=True)
        self._play_link = PlayLink(source=self.cursor, target=self.play)
        rows = canvases[0].colorings
        self.color_menu = ipywidgets.Dropdown(
            options=[(row["title"], number) for number, row in enumerate(rows)],
            value=canvases[0].coloring,
            description="Color",
        )
        self.color_menu.style.description_width = "initial"
        self.color_menu.layout.width = "290px"
        self.color_menu.layout.flex = "0 0 auto"
        self._controls = ipywidgets.HBox([self.play, self.cursor, self.color_menu])
        self._controls.add_class("splineviz-compare-controls")
        link = ipywidgets.jslink
        first_canvas, second_canvas = self.canvases
        self._fixed_links = [
            *(link((self.color_menu, "index"), (each, "coloring")) for each in self.canvases),
            *(link((self.play, "playing"), (each, "playing")) for each in self.canvases),
            link((first_canvas, "viewport"), (second_canvas, "viewport")),
        ]
        self._step_links: list[TableLink] = []
        for canvas in canvases:
            canvas.observe(self._share_limits, ["limits", "settled"])
            canvas.observe(self._grow, "count")
            canvas.observe(self._show_available, ["ready", "streams"])
        self._share_limits()
        self.add_class("splineviz-compare")
        self.refresh()

    def reinitialize(self, *args: Any, **kwargs: Any) -> None:
        """Take the arguments of a new one; frames that would be the same stay."""
        self._former = self.players
        try:
            super().reinitialize(*args, **kwargs)
        finally:
            for player in self._former:
                if self.comm is None or player not in self.players:
                    player.close()
            self._former = ()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until all frames of both runs are made for which there is room.

        Parameters
        ----------
        timeout : float, optional
            The longest wait for each, in seconds.

        Returns
        -------
        bool
            Whether they are.

        Raises
        ------
        Exception
            The first that making a frame raised.
        """
        return all(player.wait(timeout) for player in self.players)

    def refresh(self) -> None:
        """Read the metrics again, and the steps of runs that are still being recorded."""
        if self.cursor is None:
            return
        self.steps = _union([player.steps for player in self.players])
        old = self._step_links
        self._step_links = [
            TableLink(
                source=self.cursor,
                source_trait="index",
                target=canvas,
                target_trait="index",
                table=[_at_or_before(player.steps, step) for step in self.steps],
                back=[self.steps.index(step) for step in player.steps],
            )
            for player, canvas in zip(self.players, self.canvases, strict=True)
        ]
        for link in old:
            link.close()
        self._show_available()
        self._follow_range()
        self.play.disabled = len(self.steps) < 2
        tables = [with_steps(run.metrics) for run in self._runs]
        logged = [table["step"].astype(int) for table in tables]
        axis = StepAxis.of([*self.steps, *logged[0], *logged[1]])
        panels = []
        for columns in split_by_kind(_columns(tables, self._metrics)):
            panel = StepChart(axis)
            panel.show(*self._overlaid(tables, columns))
            panels.append(panel)
        self.fill(panels, axis)

    def close(self) -> None:
        """Stop making frames and remove the comparison from the page."""
        if self.cursor is not None and self.players:
            for player in self.players:
                if player.canvas is not None:
                    player.canvas.unobserve(self._share_limits, ["limits", "settled"])
                    player.canvas.unobserve(self._grow, "count")
                    player.canvas.unobserve(self._show_available, ["ready", "streams"])
                if not self._is_reinitializing:
                    player.close()
            close_all(
                [
                    *self._step_links,
                    *self._fixed_links,
                    self._play_link,
                    self._controls,
                    self._pictures,
                ]
            )
        super().close()

    # ------------------------------------------------------------------ pictures

    def _picture(self, name: str, style: str, canvas: LinkedCanvas) -> ipywidgets.Widget:
        title = ipywidgets.Label(f"{_DASHES[style]} {name}")
        title.add_class("splineviz-panel-title")
        box = ipywidgets.VBox([title, canvas])
        box.add_class("splineviz-picture")
        return box

    def _share_limits(self, change: dict[str, Any] | None = None) -> None:
        """Give both pictures the scales that span the values of both runs."""
        with self._limits:
            own = [player.canvas for player in self.players if player.canvas is not None]
            rows = self.canvases[0].rows.values()
            each = [canvas.limits for canvas in own]
            shared = [row.spanned(pair) for row, *pair in zip(rows, *each, strict=True)]
            settled = all(canvas.settled for canvas in own)
            for canvas in self.canvases:
                canvas.set_traits(limits=shared, settled=settled)

    def _show_available(self, change: dict[str, Any] | None = None) -> None:
        """Tell the cursor which steps can be shown of both runs."""
        cursor = self.cursor
        if cursor is None:
            return
        known = [
            [player.canvas is not None and player.canvas.can_show(k) for k in range(len(steps))]
            for player in self.players
            for steps in [player.steps]
        ]
        available = [
            number
            for number, step in enumerate(self.steps)
            if all(
                shown[_at_or_before(player.steps, step)]
                for player, shown in zip(self.players, known, strict=True)
            )
        ]
        cursor.set_traits(available=available)

    # ------------------------------------------------------------------ curves

    def _overlaid(
        self, tables: Sequence[pd.DataFrame], columns: list[str]
    ) -> tuple[list[StepCurve], ValueAxis]:
        """The metrics of both runs as curves, and the axis they need."""
        numbers = {name: number for number, name in enumerate(columns)}
        curves: list[StepCurve] = []
        axes = []
        for name, style, table in zip(self._names, LINE_STYLES, tables, strict=False):
            known = [column for column in columns if column in table.columns]
            if not known:
                continue
            own, axis = metric_curves(table, known, style, numbers)
            groups = [f"{name}, {curve.group}" if curve.group else name for curve in own]
            curves += [
                replace(curve, group=group) for curve, group in zip(own, groups, strict=True)
            ]
            axes.append(axis)
        labels = {axis.label for axis in axes}
        if labels == {"accuracy"}:
            return curves, axes[0]
        label = labels.pop() if len(labels) == 1 else ""
        return curves, ValueAxis(label, round_ticks(extremes(curves)))

    # ------------------------------------------------------------------ steps

    def _arrange(self, cursor: StepCursor, row: ipywidgets.Widget) -> Sequence[ipywidgets.Widget]:
        return [self._controls, self._pictures, row]

    @traitlets.observe("index")
    def _lead_players(self, change: dict[str, Any]) -> None:
        """Make the frames that are shown first."""
        for player in self.players:
            player.index = _at_or_before(player.steps, self.steps[change["new"]])

    @traitlets.observe("play_range")
    def _follow_range(self, change: dict[str, Any] | None = None) -> None:
        if self.players:
            first, last = self.play_range or (0, len(self.steps) - 1)
            with self.play.hold_sync():
                self.play.min, self.play.max = 0, max(1, last)
                self.play.min = first


def _union(steps: Sequence[Sequence[int]]) -> list[int]:
    return sorted({step for each in steps for step in each})


def _at_or_before(steps: Sequence[int], step: int) -> int:
    """The number of the last step that is not after another; the first if all are."""
    return max(0, int(np.searchsorted(steps, step, side="right")) - 1)


def _columns(tables: Sequence[pd.DataFrame], metrics: Sequence[str] | None) -> list[str]:
    """What to draw of two tables: the accuracies of both, or what is asked for."""
    if metrics is None:
        return list(dict.fromkeys(name for table in tables for name in accuracy_columns(table)))
    return check_columns(metrics, tables)
