"""ComplexityPlot: local complexity over a training, in a notebook."""

from __future__ import annotations

from typing import Any, Literal

import bqplot
import ipywidgets
import numpy as np
import traitlets

from splineviz.complexity.curve_lines import VALUES, CurveLine, heading, lines_of
from splineviz.complexity.curves import ComplexityCurves
from splineviz.drawing.palette import curve_style
from splineviz.drawing.step_axis import StepAxis
from splineviz.widgets.step_figure import (
    curve,
    legend_entries,
    round_ticks,
    step_figure,
    step_marker,
    step_scale,
    value_axis,
)

_BAND = 0.2


class ComplexityPlot(ipywidgets.VBox):
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
        Which probe to show by layer; the first unless said.
    radius : float, optional
        Which of the radii; the first unless said.
    step : int, optional
        Where the line stands; at the last step unless said.
    level : float
        Of the confidence bands, between 0 and 1.

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

    by = traitlets.Unicode("probe")
    probe = traitlets.Unicode()
    radius = traitlets.Float()
    step = traitlets.Int(0, min=0)

    _marker: bqplot.Lines | None = None

    def __init__(
        self,
        curves: ComplexityCurves,
        *,
        by: Literal["probe", "layer"] = "probe",
        probe: str | None = None,
        radius: float | None = None,
        step: int | None = None,
        level: float = 0.95,
    ) -> None:
        self._curves = curves
        self._level = level
        self._axis = StepAxis.of(curves.steps)
        chosen = float(curves.radii[curves.number_of_radius(radius)])
        name = curves.probes[0] if probe is None else probe
        lines_of(curves, by, name, chosen, level)
        self._scale = step_scale(self._axis)
        self.figure = step_figure(self._axis, self._scale, value_axis(VALUES, np.array([0, 1])), [])
        self.legend = ipywidgets.HBox(layout=_row())
        self.heading = ipywidgets.Label()
        self.by_menu = ipywidgets.ToggleButtons(
            options=[("by probe", "probe"), ("by layer", "layer")], value=by
        )
        self.by_menu.style.button_width = "initial"
        self.probe_menu = _menu("Probe", [(known, known) for known in curves.probes], name)
        self.radius_menu = _menu("Radius", [(f"{r:g}", float(r)) for r in curves.radii], chosen)
        menus = [self.by_menu, self.probe_menu, self.radius_menu]
        controls = ipywidgets.HBox(menus, layout=_row())
        super().__init__([controls, self.heading, self.legend, self.figure])
        for menu, trait in (
            (self.by_menu, "by"),
            (self.probe_menu, "probe"),
            (self.radius_menu, "radius"),
        ):
            traitlets.link((menu, "value"), (self, trait))
        self.step = int(curves.steps[-1]) if step is None else step
        self._draw()

    def _draw(self) -> None:
        by_layer = self.by == "layer"
        probe = self.probe if by_layer else None
        lines = lines_of(self._curves, self.by, probe, self.radius, self._level)
        ends = np.concatenate([np.concatenate([line.mean, line.high]) for line in lines])
        axis_y = value_axis(VALUES, round_ticks(np.array([0.0, *ends[np.isfinite(ends)]])))
        scales = {"x": self._scale, "y": axis_y.scale}
        bands = [self._band(line, number, scales) for number, line in enumerate(lines)]
        means = [self._mean(line, number, scales) for number, line in enumerate(lines)]
        self._marker = step_marker(self._axis.positions([self.step])[0], scales)
        old = [*self.figure.marks, self.figure.axes[1], self.figure.axes[1].scale]
        old += self.legend.children
        self.figure.axes = [self.figure.axes[0], axis_y]
        self.figure.marks = [*bands, *means, self._marker]
        self.legend.children = legend_entries([line.label for line in lines])
        self.heading.value = heading(self._curves, self.by, probe, self.radius)
        for widget in old:
            widget.close()
        self.probe_menu.layout.display = _shown(by_layer and len(self._curves.probes) > 1)
        self.radius_menu.layout.display = _shown(len(self._curves.radii) > 1)

    def _mean(self, line: CurveLine, number: int, scales: dict[str, bqplot.Scale]) -> bqplot.Lines:
        there = np.isfinite(line.mean)
        x = self._axis.positions(self._curves.steps[there])
        return curve(x, line.mean[there], scales, number)

    def _band(self, line: CurveLine, number: int, scales: dict[str, bqplot.Scale]) -> bqplot.Lines:
        there = np.isfinite(line.low)
        return bqplot.Lines(
            x=self._axis.positions(self._curves.steps[there]),
            y=np.array([line.low[there], line.high[there]]),
            scales=scales,
            fill="between",
            fill_colors=[curve_style(number)[0]],
            fill_opacities=[_BAND, _BAND],
            colors=[curve_style(number)[0]],
            opacities=[0.0, 0.0],
            stroke_width=0,
        )

    @traitlets.observe("by", "probe", "radius")
    def _follow_choice(self, change: dict[str, Any]) -> None:
        if self._marker is not None:
            self._draw()

    @traitlets.observe("step")
    def _follow_step(self, change: dict[str, Any]) -> None:
        if self._marker is not None:
            self._marker.x = np.repeat(self._axis.positions([change["new"]]), 2)

    @traitlets.validate("by")
    def _check_by(self, proposal: dict[str, Any]) -> str:
        return _one_of("by", proposal["value"], ["probe", "layer"])

    @traitlets.validate("probe")
    def _check_probe(self, proposal: dict[str, Any]) -> str:
        return _one_of("probe", proposal["value"], [*self._curves.probes])

    @traitlets.validate("radius")
    def _check_radius(self, proposal: dict[str, Any]) -> float:
        return _one_of("radius", proposal["value"], self._curves.radii.tolist())


def _one_of(what: str, value: Any, known: list[Any]) -> Any:
    if value not in known:
        raise traitlets.TraitError(f"{what} must be one of {known}, not {value!r}")
    return value


def _row() -> ipywidgets.Layout:
    return ipywidgets.Layout(flex_flow="row wrap", grid_gap="0 14px")


def _menu(title: str, options: list[tuple[str, Any]], value: Any) -> ipywidgets.Dropdown:
    menu = ipywidgets.Dropdown(options=options, value=value, description=title)
    menu.style.description_width = "initial"
    menu.layout.width = "auto"
    return menu


def _shown(whether: bool) -> str | None:
    return None if whether else "none"
