"""A network along a segment as a figure: the function, and its derivative below."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from splineviz.drawing.marks import plain
from splineviz.drawing.palette import CLASS_COLORS, curve_style
from splineviz.errors import NonFiniteValues, ShapeMismatch
from splineviz.partition.patterns import layer_text
from splineviz.typing import FloatArray
from splineviz.validation.arrays import as_numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from splineviz.partition.one_dimensional.segment_partition import SegmentPartition


# More breakpoints than this would hide the function behind their dots.
_MOST_DOTS = 60
# So many names stand below the picture, more of them beside it.
_MOST_BELOW = 4
# More outputs than this are not named one by one.
_MOST_NAMED = 10


def plot_segment(
    partition: SegmentPartition,
    points: npt.ArrayLike | None = None,
    targets: npt.ArrayLike | None = None,
) -> Figure:
    """What :meth:`SegmentPartition.plot` draws, with its parameters."""
    import matplotlib.pyplot as plt

    samples = _samples(points, targets)
    figure, (above, below) = plt.subplots(
        2, 1, sharex=True, figsize=(7.2, 4.8), height_ratios=(2, 1), layout="constrained"
    )
    slope, _ = partition.affine_maps()
    values, several = partition.values(), slope.shape[1] > 1
    for k in range(slope.shape[1]):
        color = CLASS_COLORS[k % len(CLASS_COLORS)] if several else "0.15"
        label = f"output {k}" if several and slope.shape[1] <= _MOST_NAMED else None
        above.plot(partition.ends, values[:, k], color=color, lw=1.5, label=label)
        below.stairs(slope[:, k], partition.ends, baseline=None, color=color, lw=1.5)
    _draw_breakpoints(above, below, partition)
    if samples is not None:
        above.plot(*samples, "x", color="0.4", ms=5, zorder=1, label="samples")
    for number, position in enumerate(partition.segment.anchors):
        above.axvline(position, color="0.5", lw=0.8, ls=":", zorder=0)
        above.annotate(
            f"$x_{number}$",
            (position, 1.0),
            (0, 2),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="center",
        )
    above.set_ylabel("outputs" if several else "output")
    below.set_ylabel("slope")
    below.set_xlabel(partition.segment.axis_label)
    below.axhline(0.0, color="0.8", lw=0.8, zorder=0)
    above.set_xlim(*partition.segment.bounds)
    regions, breakpoints = len(partition), len(partition.breakpoints)
    figure.suptitle(
        f"{regions:,} region{'s' * (regions != 1)}, "
        f"{breakpoints:,} breakpoint{'s' * (breakpoints != 1)}",
        fontsize=10,
    )
    named = len(above.get_legend_handles_labels()[0])
    if named > _MOST_BELOW:
        figure.legend(loc="outside right upper", fontsize=8, frameon=False)
    elif named:
        figure.legend(loc="outside lower center", ncols=named, fontsize=8, frameon=False)
    return figure


def _draw_breakpoints(above: Axes, below: Axes, partition: SegmentPartition) -> None:
    """Where neurons bend the function, in the colors of their layers.

    A dot on the graph of a single output; with more outputs, or too many dots, a tick below.
    """
    table = partition.crossings()
    values = partition.values()
    single = values.shape[1] == 1 and len(table) <= _MOST_DOTS
    heights = values[table.region + 1, 0]
    for number, name in enumerate(table.names):
        own = table.layer == number
        if not own.any():
            continue
        color, _ = curve_style(number)
        label = f"kinks of {plain(layer_text(number, name))}"
        at = table.position[own]
        if single:
            above.plot(at, heights[own], "o", color=color, ms=4.5, zorder=3, label=label)
        else:
            bottom = above.get_xaxis_transform()
            ticks = np.zeros(len(at))
            above.plot(at, ticks, "|", transform=bottom, color=color, ms=10, mew=1.2, label=label)
        if len(table) <= _MOST_DOTS:
            below.vlines(at, 0, 1, color, lw=0.6, zorder=0, transform=below.get_xaxis_transform())


def _samples(
    points: npt.ArrayLike | None, targets: npt.ArrayLike | None
) -> tuple[FloatArray, FloatArray] | None:
    if points is None and targets is None:
        return None
    if points is None or targets is None:
        raise ShapeMismatch("points and targets belong together: give both, or none")
    x, y = as_numbers(points, "points", "(n,)"), as_numbers(targets, "targets", "(n,)")
    if x.ndim != 1 or x.shape != y.shape:
        raise ShapeMismatch(
            f"points have shape {x.shape} and targets {y.shape}; expected (n,) for both"
        )
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise NonFiniteValues("the points or targets hold NaN or infinity")
    return x, y
