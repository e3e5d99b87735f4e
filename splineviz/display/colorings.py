"""COLORINGS: the one table of what can colour a region.

A new colouring is one row: what it reads from a partition, and how its values become colours.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from splineviz.partition.spline_partition import SplinePartition

#: Ten colours that stay apart for readers who do not tell red from green: seven of M. Okabe and
#: K. Ito (2008), a light grey, a brown and a navy. Red comes last, because decision boundaries are
#: red. With more than ten classes the colours start over.
CLASS_COLORS = (
    "#0072b2",
    "#e69f00",
    "#56b4e9",
    "#009e73",
    "#cc79a7",
    "#5c4033",
    "#f0e442",
    "#cccccc",
    "#004488",
    "#d55e00",
)

#: How many powers of ten a logarithmic colour scale may span.
MAX_DECADES = 4

Limits = tuple[float, float]


@dataclass(frozen=True)
class Coloring:
    """One row of :data:`COLORINGS`.

    Parameters
    ----------
    title : str
        What the colour shows, as a reader would say it.
    unit : str
        The unit of the values; empty for categories.
    scale : {"log", "linear", "category"}
        How a value becomes a colour: its place between the limits on a logarithmic or linear
        scale, or the value itself as a number of the table.
    values : callable
        From a SplinePartition to an array of shape (R,): floats, or non-negative integers for
        categories.
    colors : callable
        To the table of colours, as ``#rrggbb``; categories start over when it is used up.
    labels : {"", "classes"}
        Where the names of categories come from: nowhere, or the classes of the run.
    """

    title: str
    unit: str
    scale: Literal["log", "linear", "category"]
    values: Callable[[SplinePartition], np.ndarray]
    colors: Callable[[], tuple[str, ...]]
    labels: Literal["", "classes"] = ""

    def quantiles(self, values: np.ndarray, areas: np.ndarray) -> np.ndarray:
        """How one frame's values spread over the slice.

        Parameters
        ----------
        values : ndarray, shape (R,)
            One frame's values.
        areas : ndarray, shape (R,)
            Areas of the regions: a region counts as much as it shows.

        Returns
        -------
        ndarray of float64, shape (101,) or (0,)
            The values below which 0, 1, ..., 100 % of the area lies; empty for categories, and
            where no value has a place on the scale.
        """
        usable = np.isfinite(values) & (areas > 0)
        if self.scale == "log":
            usable &= values > 0
        if self.scale == "category" or not usable.any():
            return np.empty(0)
        order = np.argsort(values[usable], kind="stable")
        ranked = np.asarray(values[usable], dtype=np.float64)[order]
        share = np.cumsum(np.asarray(areas[usable], dtype=np.float64)[order])
        rows = np.searchsorted(share, share[-1] * np.linspace(0, 1, 101))
        return ranked[rows.clip(0, len(ranked) - 1)]

    def limits(self, spreads: Iterable[np.ndarray]) -> Limits | None:
        """The ends of the colour scale: nearly all of the slice, over a whole run, lies between.

        Parameters
        ----------
        spreads : iterable of ndarray
            The :meth:`quantiles` of each frame.

        Returns
        -------
        tuple of float or None
            The values below and above which 1 % of all area lies, rounded outwards to one digit
            so that a scale rarely moves when a frame is added. A logarithmic scale spans at most
            :data:`MAX_DECADES` below its upper end (the slope of a region where all neurons are
            dead may be a rounding error away from 0), a linear one includes 0. None for
            categories, and where no value has a place on the scale.
        """
        pooled = np.concatenate([np.empty(0), *spreads])
        if len(pooled) == 0:
            return None
        low, high = (float(end) for end in np.quantile(pooled, [0.01, 0.99]))
        high = _round(high, up=True)
        if self.scale == "linear":
            low, high = min(0.0, _round(low, up=False)), max(0.0, high)
            return (low, high) if low < high else (low, low + 1.0)
        low = max(_round(low, up=False), high / 10**MAX_DECADES)
        return (low, high) if low < high else (low, 10 * low)

    def describe(self, name: str) -> dict[str, Any]:
        """What a front end needs to know, as JSON values."""
        return {
            "name": name,
            "title": self.title,
            "unit": self.unit,
            "scale": self.scale,
            "labels": self.labels,
            "colors": list(self.colors()),
        }


def _round(value: float, up: bool) -> float:
    """The next number with one significant digit, up or down; a hair beyond one counts as it."""
    if value == 0:
        return 0.0
    unit = 10.0 ** math.floor(math.log10(abs(value)))
    digits = round(value / unit, 6)
    return (math.ceil(digits) if up else math.floor(digits)) * unit


def viridis() -> tuple[str, ...]:
    """256 colours of viridis without its darkest eighth, on which black lines do not show."""
    import matplotlib
    from matplotlib.colors import to_hex

    return tuple(to_hex(color) for color in matplotlib.colormaps["viridis"](_UPPER))


def cividis() -> tuple[str, ...]:
    """256 colours of cividis without its darkest eighth."""
    import matplotlib
    from matplotlib.colors import to_hex

    return tuple(to_hex(color) for color in matplotlib.colormaps["cividis"](_UPPER))


_UPPER = np.linspace(0.125, 1.0, 256)


def pattern_colors() -> tuple[str, ...]:
    """256 soft colours, hue by the golden ratio, so that close numbers look different."""
    import colorsys

    colors = []
    for number in range(256):
        hue = number * 0.6180339887498949 % 1.0
        lightness = (0.58, 0.70, 0.82)[number % 3]
        red, green, blue = colorsys.hls_to_rgb(hue, lightness, 0.5)
        colors.append(f"#{round(255 * red):02x}{round(255 * green):02x}{round(255 * blue):02x}")
    return tuple(colors)


_PATTERN_SEED = 20240215


def pattern_hashes(partition: SplinePartition) -> np.ndarray:
    """A number from 0 to 255 for each region, made of which neurons are active in it.

    The number depends on the pattern alone, so a region that keeps its pattern keeps its colour
    from checkpoint to checkpoint, whatever its shape.

    Parameters
    ----------
    partition : SplinePartition
        Its ``activation_patterns()`` are bool of shape (R, total width).

    Returns
    -------
    ndarray of uint8, shape (R,)

    Notes
    -----
    Zobrist hashing: the sum, modulo 2**64, of one fixed random number for each active neuron.
    """
    patterns = np.asarray(partition.activation_patterns(), dtype=bool)
    keys = np.random.default_rng(_PATTERN_SEED).integers(
        0, 2**64, size=patterns.shape[1:], dtype=np.uint64
    )
    sums = np.zeros(len(patterns), dtype=np.uint64)
    for neuron in range(patterns.shape[1]):
        sums[patterns[:, neuron]] += keys[neuron]
    return (sums >> np.uint64(56)).astype(np.uint8)


COLORINGS: dict[str, Coloring] = {
    "slope": Coloring(
        title="slope norm",
        unit="output per slice unit",
        scale="log",
        values=lambda partition: partition.slope_norms(),
        colors=viridis,
    ),
    "class": Coloring(
        # The decision boundary may cut a region, which has one colour all the same.
        title="class at each region's middle",
        unit="",
        scale="category",
        values=lambda partition: partition.predictions(),
        colors=lambda: CLASS_COLORS,
        labels="classes",
    ),
    "area": Coloring(
        title="area",
        unit="slice units squared",
        scale="log",
        values=lambda partition: partition.areas,
        colors=cividis,
    ),
    "pattern": Coloring(
        title="activation pattern",
        unit="",
        scale="category",
        values=pattern_hashes,
        colors=pattern_colors,
    ),
}
