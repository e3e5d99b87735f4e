"""CurvesView: the metrics and the local complexity of a run, beside its regions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from splineviz.complexity.results.curve_lines import lines_of
from splineviz.complexity.results.curves import ComplexityCurves
from splineviz.drawing.metric_curves import choose_columns, split_by_kind, with_steps
from splineviz.drawing.step_axis import StepAxis
from splineviz.validation.calls import explained
from splineviz.validation.objects import check_kind, check_player, check_run
from splineviz.widgets.charts.complexity_plot import ComplexityPlot
from splineviz.widgets.charts.metric_chart import MetricChart
from splineviz.widgets.charts.step_chart import StepChart
from splineviz.widgets.views.linked_charts import LinkedCharts

if TYPE_CHECKING:
    from splineviz.training.runs import Run
    from splineviz.widgets.player.region_player import RegionPlayer


class CurvesView(LinkedCharts):
    """Accuracies, other metrics and local complexity over the steps of a run.

    Accuracies under an attack stand together in the legend, by the strength of the attack. A line
    in each panel is at the step that the player shows; a click on a panel goes to the checkpoint
    that is nearest there, and in the other mode of the mouse a stretch is chosen that plays. All of
    this works in the browser, while the kernel is busy.

    Parameters
    ----------
    run : Run
        A recorded training.
    player : RegionPlayer, optional
        What to go together with; without one there is a slider.
    metrics : sequence of str, optional
        Columns of ``run.metrics`` to draw. Default: those that are accuracies. Accuracies and
        other metrics get a panel each.
    complexity : ComplexityCurves, optional
        Local complexity, as :meth:`Run.local_complexity` measures it, for another panel.
    by, probe, radius, level
        How the local complexity is drawn at first, as for
        :class:`~splineviz.widgets.charts.complexity_plot.ComplexityPlot`.
    index : int, optional
        Number of the checkpoint to show first; negative numbers count from the end. Default: the
        checkpoint of the player, or the first.

    Attributes
    ----------
    index : int
        Number of the checkpoint shown; follows the player whenever the kernel is idle, and moves
        it when set.
    step : int
        Its training step.
    play_range : tuple of int
        First and last checkpoint that play; empty for all.
    panels : tuple of StepChart
    complexity : ComplexityPlot or None
        The panel of local complexity.

    Raises
    ------
    UnknownName
        If there is no such metric, checkpoint or probe.
    InvalidArgument
        As ``ComplexityPlot`` does.
    RunCorrupt
        If the metrics cannot be read.

    Examples
    --------
    >>> import splineviz as sv
    >>> run = sv.Run.bundled("checkerboard")
    >>> view = sv.CurvesView(run, metrics=["train_accuracy", "train_loss"])
    >>> view.step = 30000
    >>> [panel.legend.children[0].value for panel in view.panels]
    ['━━ train', '━━ train loss']
    """

    identity_arguments = ()

    complexity: ComplexityPlot | None = None

    @explained()
    def __init__(
        self,
        run: Run,
        *,
        player: RegionPlayer | None = None,
        metrics: Sequence[str] | None = None,
        complexity: ComplexityCurves | None = None,
        by: Literal["probe", "layer"] = "probe",
        probe: str | None = None,
        radius: float | None = None,
        level: float = 0.95,
        index: int | None = None,
    ) -> None:
        check_run(run)
        if player is not None:
            check_player(player)
        advice = "Run.local_complexity() measures them"
        check_kind(complexity, ComplexityCurves, "complexity", advice, optional=True)
        self._run = run
        self._metrics = metrics
        self._complexity = complexity
        self.complexity = None
        self._drawn_as: dict[str, Any] = {
            "by": by,
            "probe": probe,
            "radius": radius,
            "level": level,
        }
        choose_columns(run.metrics, metrics)
        if complexity is not None:
            lines_of(complexity, by, probe, radius, level)
        steps = run.steps if player is None else player.steps
        super().__init__(
            [int(step) for step in steps],
            player,
            index,
            "This run has no checkpoints yet."
            if len(steps) == 0
            else "There is nothing to draw: no metric is an accuracy. Name others with metrics=.",
        )
        self.refresh()

    def refresh(self) -> None:
        """Read the metrics again, and the steps of a run that is still being recorded."""
        if self.cursor is None:
            return
        player = self.player
        self.steps = [int(step) for step in (self._run.steps if player is None else player.steps)]
        table = with_steps(self._run.metrics)
        columns = choose_columns(table, self._metrics) if len(table) else []
        known = [*self.steps, *table["step"].astype(int)]
        if self._complexity is not None:
            known += self._complexity.steps.tolist()
        axis = StepAxis.of(np.array(known, dtype=np.int64))
        panels: list[StepChart] = [
            MetricChart(table, self.steps, names, axis) for names in split_by_kind(columns)
        ]
        if self._complexity is not None:
            if self.complexity is not None:
                kept = {name: getattr(self.complexity, name) for name in ("by", "probe", "radius")}
                self._drawn_as |= kept
            self.complexity = ComplexityPlot(self._complexity, axis=axis, **self._drawn_as)
            panels.append(self.complexity)
        self.fill(panels, axis)
