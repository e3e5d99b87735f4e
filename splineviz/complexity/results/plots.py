"""Drawing local complexity with matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from splineviz.complexity.results.curve_lines import heading, lines_of
from splineviz.complexity.results.curves import ComplexityCurves
from splineviz.complexity.results.labels import directions_label, radius_label, values_label
from splineviz.complexity.results.local_complexity import LocalComplexity
from splineviz.drawing.axes import axes_or_new
from splineviz.drawing.palette import curve_style
from splineviz.drawing.step_curve import extremes
from splineviz.drawing.step_plot import draw_step_curves

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Up to so many names stand side by side without running into each other.
_MOST_LEVEL = 6
# Lines of several radii stand beside each other, as those that are equal would hide another.
_APART = 0.06


def draw_layers(lc: LocalComplexity, ax: Axes | None) -> Axes:
    """Draw what :meth:`LocalComplexity.plot` says."""
    ax = draw_by_layer(
        ax,
        [f"{layer.name} ({layer.width:,})" for layer in lc.layers],
        [radius_label(radius) for radius in np.atleast_1d(lc.radius)],
        lc.mean(per_layer=True),
        lc.interval(per_layer=True)[1],
    )
    ax.set_xlabel("layer (neurons)")
    ax.set_ylabel(values_label(lc.is_proxy, lc.choice.counted))
    _from_zero(ax, bool(lc.counts.any()))
    of = f"{directions_label(lc.n_directions)}, {lc.counts.shape[-2]:,} points"
    ax.legend(title=f"{of}\nbars: 95 % confidence", frameon=False)
    return ax


def draw_by_layer(
    ax: Axes | None,
    layers: Sequence[str],
    labels: Sequence[str],
    means: npt.ArrayLike,
    highs: npt.ArrayLike,
) -> Axes:
    """Draw means (L,) or (n_radii, L) by layer, with the upper ends of their intervals.

    There is one line for each of the labels.
    """
    ax = axes_or_new(ax)
    means = np.reshape(means, (len(labels), len(layers)))
    # A single point has no interval, and matplotlib no use for NaN.
    reaches = np.nan_to_num(np.reshape(highs, means.shape) - means)
    for number, (label, mean, reach) in enumerate(zip(labels, means, reaches, strict=True)):
        color, line_style = curve_style(number)
        ax.errorbar(
            np.arange(len(layers)) + _APART * (number - (len(labels) - 1) / 2),
            mean,
            yerr=reach,
            label=label,
            color=color,
            linestyle=line_style,
            marker="o",
            markersize=4,
            capsize=3,
        )
    ax.set_xticks(np.arange(len(layers)), layers)
    ax.set_xlim(-0.5, len(layers) - 0.5)
    if len(layers) > _MOST_LEVEL:
        ax.tick_params(axis="x", rotation=90)
    return ax


def draw_curves(
    curves: ComplexityCurves,
    ax: Axes | None,
    by: str,
    probe: str | None,
    radius: float | None,
    level: float,
) -> Axes:
    """Draw what :meth:`ComplexityCurves.plot` says."""
    lines = lines_of(curves, by, probe, radius, level)
    ax = draw_step_curves(ax, lines, values_label(curves.is_proxy, curves.choice.counted))
    _from_zero(ax, bool((extremes(lines) > 0).any()))
    of = heading(curves, by, probe, radius)
    ax.legend(title=f"{of}\nbands: {100 * level:g} % confidence", frameon=False)
    return ax


def _from_zero(ax: Axes, crossed: bool) -> None:
    """Show zero; and a whole neuron, where none is crossed."""
    ax.set_ylim(0, None if crossed else max(1.0, ax.get_ylim()[1]))
