"""Lines and marks over filled regions, drawn with matplotlib."""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from splineviz.drawing.palette import CLASS_COLORS
from splineviz.typing import AnyFloatArray, AnyIntArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes


_INK = "#1b1b1b"
# Over the regions and below the axes' own frame (2.5), each over those before it.
_EDGES, _BOUNDARY, _SAMPLES, _ANCHORS = 1.5, 1.6, 2.1, 2.2
# Above so many points they are drawn smaller.
_MANY = 600
# The letter of a star so near to the right border, by the width, stands to its left.
_NEAR_BORDER = 0.05


def plain(text: str) -> str:
    r"""Text that matplotlib shows as it is, dollar signs included.

    Examples
    --------
    >>> print(plain("$5 to $10"))
    \$5 to \$10
    """
    return text.replace("$", r"\$")


def draw_edges(ax: Axes, segments: AnyFloatArray, weight: float = 1.0) -> None:
    """Draw edges (n, 2, 2) of regions as hairlines, through which the colors are seen.

    With a `weight` below 1 they are more translucent in that ratio.
    """
    from matplotlib.collections import LineCollection

    lines = LineCollection(
        list(segments), colors=_INK, linewidths=0.3, alpha=0.6 * weight, zorder=_EDGES
    )
    ax.add_collection(lines, autolim=False)


def draw_other_borders(ax: Axes, segments: AnyFloatArray, color: str) -> None:
    """Draw borders (n, 2, 2) of regions that are there at another step only."""
    from matplotlib.collections import LineCollection

    lines = LineCollection(list(segments), colors=color, linewidths=0.5, zorder=_EDGES)
    ax.add_collection(lines, autolim=False)


def draw_lines(ax: Axes, lines: Sequence[AnyFloatArray], name: str, color: str = "#e3001b") -> None:
    """Draw lines, each (k, 2), in a color, in a white casing that sets it off any ground."""
    from matplotlib.collections import LineCollection

    for drawn_in, width, label in (("white", 2.8, None), (color, 1.4, plain(name))):
        drawn = LineCollection(
            list(lines),
            colors=drawn_in,
            linewidths=width,
            capstyle="round",
            joinstyle="round",
            label=label,
            zorder=_BOUNDARY,
        )
        ax.add_collection(drawn, autolim=False)


def draw_samples(
    ax: Axes, points: AnyFloatArray, classes: AnyIntArray | None, names: Sequence[str]
) -> None:
    """Draw points (n, 2) in the colors of their classes (n,), dark without classes.

    A class has its name from `names` as its label, for a legend; "class 7" where that ends.
    """
    if classes is None:
        _dots(ax, points, len(points), "samples", _INK)
        return
    for number in np.unique(classes):
        name = names[number] if number < len(names) else f"class {number}"
        color = CLASS_COLORS[number % len(CLASS_COLORS)]
        _dots(ax, points[classes == number], len(points), plain(name), color)


def _dots(ax: Axes, points: AnyFloatArray, total: int, label: str, color: str) -> None:
    from matplotlib.patheffects import withStroke

    size = 3.0 if total <= _MANY else 2.0
    ax.plot(
        *points.T,
        "o",
        color=color,
        markersize=size,
        markeredgecolor="white",
        markeredgewidth=0.5,
        path_effects=[withStroke(linewidth=1.1, foreground=_INK)],
        label=label,
        zorder=_SAMPLES,
    )


def draw_anchors(ax: Axes, anchors: AnyFloatArray, seen: tuple[float, float, float, float]) -> None:
    """Draw the anchors (k, 2) of a slice as stars, lettered in their order.

    Those outside `seen` (xmin, ymin, xmax, ymax) are left out; one on its border is drawn whole.
    """
    from matplotlib.patheffects import withStroke

    low, high = np.array(seen).reshape(2, 2)
    hair = 1e-6 * (high - low)
    inside = ((anchors >= low - hair) & (anchors <= high + hair)).all(axis=1)
    if not inside.any():
        return
    ax.plot(
        *anchors[inside].T,
        "*",
        color="#ffe14d",
        markersize=12,
        markeredgecolor=_INK,
        markeredgewidth=0.8,
        label="anchors",
        clip_on=False,
        zorder=_ANCHORS,
    )
    last = high[0] - _NEAR_BORDER * (high[0] - low[0])
    for number in np.flatnonzero(inside[: len(string.ascii_uppercase)]):
        place = anchors[number]
        ax.annotate(
            string.ascii_uppercase[number],
            place,
            xytext=(5, 4) if place[0] < last else (-5, 4),
            ha="left" if place[0] < last else "right",
            textcoords="offset points",
            fontsize="small",
            fontweight="bold",
            color=_INK,
            path_effects=[withStroke(linewidth=2, foreground="white")],
            annotation_clip=True,
            clip_on=True,
            zorder=_ANCHORS,
        )
