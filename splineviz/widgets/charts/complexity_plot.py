"""ComplexityPlot: local complexity over a training, in a notebook."""

from __future__ import annotations

from typing import Any, Literal

import ipywidgets
import numpy as np
import traitlets

from splineviz.complexity.results.curve_lines import heading, lines_of
from splineviz.complexity.results.curves import ComplexityCurves
from splineviz.complexity.results.labels import values_label
from splineviz.drawing.step_axis import StepAxis
from splineviz.drawing.step_curve import extremes
from splineviz.drawing.value_axis import ValueAxis, round_ticks
from splineviz.validation.calls import explained
from splineviz.validation.numbers import as_int
from splineviz.validation.objects import check_kind
from splineviz.widgets.charts.step_chart import StepChart
from splineviz.widgets.common.controls import display_if, menu

# The largest whole number that is exact in a browser.
_LAST = 2**53


class ComplexityPlot(StepChart):
    """Local complexity over training steps, with confidence bands and a line at one step.

    A menu chooses whether there is a curve for each probe or for each layer of one probe; of
    several radii, another chooses one.

    Parameters
    ----------
    curves : ComplexityCurves
        What to show.
    by : {"probe", "layer"}
        One curve for each probe, or for each layer of one probe.
    probe : str, optional
        Which probe to show by layer. Default: the first.
    radius : float, optional
        Which of the radii. Default: the first.
    step : int, optional
        The step at which the line stands. Default: the last.
    level : float
        Of the confidence bands, between 0 and 1.
    axis : StepAxis, optional
        The axis of steps. Default: the one that `curves` needs.

    Attributes
    ----------
    by, probe, radius
        What is shown; may be set.
    step : int
        Where the line stands; may be set to any step, and linked to a player's:
        ``traitlets.link((player, "step"), (plot, "step"))``.

    Raises
    ------
    UnknownName
        If there is no probe of that name.
    InvalidArgument
        If `by` is something else, there is no such radius, or the level is not between 0 and 1.

    Examples
    --------
    >>> import splineviz as sv
    >>> run = sv.Run.bundled("checkerboard")
    >>> curves = run.local_complexity(radius=0.1, directions=2, steps=[0, 1, 325], cache=False)
    >>> plot = sv.ComplexityPlot(curves, by="layer", step=325)
    """

    identity_arguments = ()

    by = traitlets.Unicode("probe")
    probe = traitlets.Unicode()
    radius = traitlets.Float()

    @explained()
    def __init__(
        self,
        curves: ComplexityCurves,
        *,
        by: Literal["probe", "layer"] = "probe",
        probe: str | None = None,
        radius: float | None = None,
        step: int | None = None,
        level: float = 0.95,
        axis: StepAxis | None = None,
    ) -> None:
        advice = "Run.local_complexity() measures them"
        check_kind(curves, ComplexityCurves, "curves", advice)
        check_kind(axis, StepAxis, "axis", "StepAxis.of(steps) makes one", optional=True)
        if step is not None:
            step = as_int(step, "step", 0, _LAST)
        self._complexity = curves
        self._level = level
        chosen = float(curves.radii[curves.number_of_radius(radius)])
        name = curves.probes[0] if probe is None else probe
        lines_of(curves, by, name, chosen, level)
        self.heading = ipywidgets.Label()
        self.by_menu = ipywidgets.ToggleButtons(
            options=[("by probe", "probe"), ("by layer", "layer")], value=by
        )
        self.by_menu.style.button_width = "initial"
        self.probe_menu = menu("Probe", [(known, known) for known in curves.probes], name)
        self.radius_menu = menu("Radius", [(f"{r:g}", float(r)) for r in curves.radii], chosen)
        menus = [self.by_menu, self.probe_menu, self.radius_menu]
        controls = ipywidgets.HBox(menus, layout=_row())
        super().__init__(
            StepAxis.of(curves.steps) if axis is None else axis,
            int(curves.steps[-1]) if step is None else step,
            [controls, self.heading],
        )
        for control, trait in (
            (self.by_menu, "by"),
            (self.probe_menu, "probe"),
            (self.radius_menu, "radius"),
        ):
            traitlets.link((control, "value"), (self, trait))
        self._draw()

    def _draw(self) -> None:
        by_layer = self.by == "layer"
        probe = self.probe if by_layer else None
        lines = lines_of(self._complexity, self.by, probe, self.radius, self._level)
        label = values_label(self._complexity.is_proxy, self._complexity.choice.counted)
        ticks = round_ticks(np.array([0.0, *extremes(lines)]))
        self.show(lines, ValueAxis(label, ticks))
        self.heading.value = heading(self._complexity, self.by, probe, self.radius)
        self.probe_menu.layout.display = display_if(by_layer and len(self._complexity.probes) > 1)
        self.radius_menu.layout.display = display_if(len(self._complexity.radii) > 1)

    @traitlets.observe("by", "probe", "radius")
    def _follow_choice(self, change: dict[str, Any]) -> None:
        if self.curves:
            self._draw()

    @traitlets.validate("by")
    def _check_by(self, proposal: dict[str, Any]) -> str:
        return _one_of("by", proposal["value"], ["probe", "layer"])

    @traitlets.validate("probe")
    def _check_probe(self, proposal: dict[str, Any]) -> str:
        return _one_of("probe", proposal["value"], [*self._complexity.probes])

    @traitlets.validate("radius")
    def _check_radius(self, proposal: dict[str, Any]) -> float:
        return _one_of("radius", proposal["value"], self._complexity.radii.tolist())


def _one_of(what: str, value: Any, known: list[Any]) -> Any:
    if value not in known:
        raise traitlets.TraitError(f"{what} must be one of {known}, not {value!r}")
    return value


def _row() -> ipywidgets.Layout:
    return ipywidgets.Layout(flex_flow="row wrap", grid_gap="0 14px")
