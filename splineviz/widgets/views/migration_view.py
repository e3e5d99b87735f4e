"""MigrationView: where neuron boundaries lie over a training, measured while it is watched."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

import ipywidgets
import numpy as np
import numpy.typing as npt

from splineviz.drawing.step_axis import StepAxis
from splineviz.drawing.step_curve import StepCurve, extremes
from splineviz.drawing.value_axis import ValueAxis, round_ticks
from splineviz.partition.migration.checkpoint_curves import MigrationMeasure
from splineviz.partition.migration.curves import MigrationCurves
from splineviz.validation.calls import explained
from splineviz.validation.numbers import check_flags
from splineviz.validation.objects import check_player
from splineviz.widgets.charts.step_chart import StepChart
from splineviz.widgets.common.frame_feed import FrameFeed
from splineviz.widgets.views.linked_charts import LinkedCharts

if TYPE_CHECKING:
    from splineviz.partition.measures.migration import Migration
    from splineviz.partition.slices.input_segment import InputSegment
    from splineviz.partition.slices.input_slice import InputSlice
    from splineviz.training.runs import Run
    from splineviz.widgets.player.region_player import RegionPlayer


class MigrationView(LinkedCharts):
    """Region migration over the steps of a run: whether boundaries leave the data for the decision.

    One panel has the distance of the data from the nearest neuron boundary, the other how densely
    boundaries lie near the data and near the decision boundary; both are exact on the slice. In
    both, points drawn uniformly from the slice are the control: where neurons die, boundaries get
    fewer everywhere, and the curve of the data goes with that of the uniform points. The
    first checkpoint is measured before this returns, the others in a background thread, coarse to
    fine; the curves grow as they come. Lines, clicks and brush go together with a player as in
    :class:`~splineviz.widgets.views.curves_view.CurvesView`.

    Parameters
    ----------
    run : Run
        A recorded training.
    plane : InputSlice or InputSegment
        Where to look; on a segment breakpoints are counted, by length.
    player : RegionPlayer, optional
        What to go together with; without one there is a slider.
    points : array-like of shape (n, 2), or (n,) on a segment, optional
        Slice coordinates of the data. Default: the training points of the run that lie on the
        slice, inside its domain; if there are none, the anchors of the slice.
    radius : float, optional
        How far around a point boundaries count, in slice units. Default: a twentieth of the
        shorter side of the domain, or of the segment.
    n_boundary, seed, layer
        As for :func:`~splineviz.partition.migration.checkpoint_curves.region_migration`.
    index : int, optional
        Number of the checkpoint to show first; negative numbers count from the end. Default: the
        checkpoint of the player, or the first.
    background : bool
        Whether to return before all checkpoints are measured.

    Attributes
    ----------
    curves : MigrationCurves
        What has been measured up to now.
    index, step, play_range
        As in ``CurvesView``.

    Raises
    ------
    InvalidArgument
        If there are no points, or the radius or `n_boundary` is not positive.
    UnknownName
        If there is no such layer or checkpoint.
    ShapeMismatch, NonFiniteValues, RunCorrupt
        As ``region_migration`` does for the first checkpoint. What goes wrong with another stands
        beside the buttons, and :meth:`wait` raises it.
    """

    identity_arguments = ()

    _feed: FrameFeed | None = None

    @explained()
    def __init__(
        self,
        run: Run,
        plane: InputSlice | InputSegment,
        *,
        player: RegionPlayer | None = None,
        points: npt.ArrayLike | None = None,
        radius: float | None = None,
        n_boundary: int = 1000,
        seed: int = 0,
        layer: int | str | Sequence[int | str] | None = None,
        index: int | None = None,
        background: bool = True,
    ) -> None:
        check_flags(background=background)
        if player is not None:
            check_player(player)
        self._run = run
        self._measure = MigrationMeasure.of(
            run, plane, points, radius, n_boundary=n_boundary, seed=seed, layer=layer
        )
        self._feed = None
        self._found: dict[int, Migration] = {}
        self._drawing = threading.Lock()
        steps = run.steps if player is None else player.steps
        nothing = "This run has no checkpoints yet: there is nothing to measure."
        super().__init__([int(step) for step in steps], player, index, nothing)
        if not self.steps:
            return
        self._feed = FrameFeed(
            len(self.steps), self._make, lambda: self.index, self._report_failure, self._report
        )
        self._feed.make_current()
        self._renew()
        if background and len(self.steps) > 1:
            self._feed.start()
        else:
            self._feed.run()

    @property
    def curves(self) -> MigrationCurves:
        """What has been measured up to now."""
        return self._measure.curves(dict(self._found))

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until all checkpoints are measured.

        Parameters, result and errors are those of :meth:`RegionPlayer.wait
        <splineviz.widgets.player.region_player.RegionPlayer.wait>`, for what is measured in place
        of frames.
        """
        if self._feed is None:
            return True
        return self._feed.wait(timeout, self.cursor is not None and self.cursor.holds_lock)

    def refresh(self) -> None:
        """Measure the new checkpoints of a run that is still being recorded."""
        if self._feed is None or self.cursor is None:
            return
        steps = self._run.steps if self.player is None else self.player.steps
        self.steps = [int(step) for step in steps]
        self._renew()
        self._feed.extend(len(self.steps))

    def close(self) -> None:
        """Stop measuring and remove the view from the page; the player stays."""
        if self._feed is not None:
            self._feed.stop()
            with self._drawing:
                super().close()
        else:
            super().close()

    def _make(self, index: int) -> None:
        step = self.steps[index]
        self._found[step] = self._measure.at(self._run.program(step))
        self._draw()
        self._report()

    def _renew(self) -> None:
        """Make the panels for the steps that there are now."""
        axis = StepAxis.of(self.steps)
        one, many = "neuron boundary", "neuron boundaries"
        if self.curves.on_segment:
            one, many = "breakpoint", "breakpoints"
        heads = [
            [
                _label(f"Distance to a {one}", "splineviz-panel-title"),
                _label("from the data; uniform points are the control", "splineviz-panel-text"),
            ],
            [
                _label(
                    f"{many.capitalize()} within {self._measure.radius:.3g}",
                    "splineviz-panel-title",
                ),
                _label(
                    "they leave the data where its curve falls below the control's",
                    "splineviz-panel-text",
                ),
            ],
        ]
        with self._drawing:
            self.fill([StepChart(axis, head=head) for head in heads], axis)
        self._draw()
        self._report()

    def _draw(self) -> None:
        curves = self.curves
        shown = [
            (curves.distance_curves(), curves.distance_label),
            (curves.density_curves(), curves.density_label),
        ]
        with self._drawing:
            for panel, (lines, label) in zip(self.panels, shown, strict=False):
                panel.show(lines, _axis(lines, label))

    def _report(self) -> None:
        failed = 0 if self._feed is None else len(self._feed.errors)
        measured, count = len(self._found), len(self.steps)
        texts = []
        if measured + failed < count:
            texts.append(f"{measured} of {count} steps measured")
        if failed:
            texts.append(f"{failed} of {count} steps could not be measured")
        if self.cursor is not None:
            self.cursor.set_traits(note=", ".join(texts))

    def _report_failure(self, index: int, error: Exception) -> None:
        self._report()


def _axis(lines: Sequence[StepCurve], label: str) -> ValueAxis:
    return ValueAxis(label, round_ticks(np.array([0.0, *extremes(lines)])))


def _label(text: str, style: str) -> ipywidgets.Label:
    label = ipywidgets.Label(text)
    label.add_class(style)
    return label
