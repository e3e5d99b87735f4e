"""Drawing local complexity with matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from splineviz.complexity.curve_lines import VALUES, heading, lines_of
from splineviz.complexity.curves import ComplexityCurves
from splineviz.complexity.result import LocalComplexity
from splineviz.drawing.palette import curve_style
from splineviz.drawing.step_axis import StepAxis

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_BAND = 0.2
# Up to so many names stand side by side without running into each other.
_MOST_LEVEL = 6


def draw_layers(lc: LocalComplexity, ax: Axes | None = None) -> Axes:
    """Draw the mean count of each layer, with 95 % confidence intervals, one line per radius.

    Parameters
    ----------
    lc : LocalComplexity
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure unless said.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = _axes(ax)
    radii = np.atleast_1d(lc.radius)
    shape = (len(radii), len(lc.layers))
    means = np.reshape(lc.mean(per_layer=True), shape)
    high = np.reshape(lc.interval(per_layer=True)[1], shape)
    places = np.arange(len(lc.layers))
    for number, radius in enumerate(radii):
        color, line_style = curve_style(number)
        ax.errorbar(
            places,
            means[number],
            # A single point has no interval, and matplotlib no use for NaN.
            yerr=np.nan_to_num(high[number] - means[number]),
            label=f"radius {radius:g}",
            color=color,
            linestyle=line_style,
            marker="o",
            markersize=4,
            capsize=3,
        )
    ax.set_xticks(places, [f"{layer.name} ({layer.width:,})" for layer in lc.layers])
    if len(lc.layers) > _MOST_LEVEL:
        ax.tick_params(axis="x", rotation=90)
    ax.set_xlabel("layer (neurons)")
    ax.set_ylabel(VALUES)
    ax.set_ylim(bottom=0)
    ax.legend(title=f"{lc.n_directions} directions", frameon=False)
    return ax


def draw_curves(
    curves: ComplexityCurves,
    ax: Axes | None = None,
    by: str = "probe",
    probe: str | None = None,
    radius: float | None = None,
    level: float = 0.95,
) -> Axes:
    """Draw local complexity over a logarithmic axis of steps, with confidence bands.

    Parameters
    ----------
    curves, ax, by, probe, radius, level
        As for :meth:`ComplexityCurves.plot`.

    Returns
    -------
    matplotlib.axes.Axes
    """
    from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

    lines = lines_of(curves, by, probe, radius, level)
    ax = _axes(ax)
    axis = StepAxis.of(curves.steps)
    x = axis.positions(curves.steps)
    for number, line in enumerate(lines):
        color, style = curve_style(number)
        ax.plot(x, line.mean, "o", label=line.label, color=color, linestyle=style, markersize=2.5)
        ax.fill_between(x, line.low, line.high, color=color, alpha=_BAND, linewidth=0)
    ax.set_xscale("log")
    ax.set_xlim(axis.left / 1.1, axis.right * 1.1)
    ax.xaxis.set_major_locator(FixedLocator(axis.ticks))
    ax.xaxis.set_major_formatter(FixedFormatter(axis.labels))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xlabel("training step")
    ax.set_ylabel(VALUES)
    ax.set_ylim(bottom=0)
    ax.legend(title=heading(curves, by, probe, radius), frameon=False)
    return ax


def _axes(ax: Axes | None) -> Axes:
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(layout="constrained")[1]
