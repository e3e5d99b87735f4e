"""COLORINGS and ON_DEMAND: the tables of what can color a region.

A new coloring is one row: what it reads from a partition, and how its values become colors.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np

from splineviz.drawing.palette import CLASS_COLORS, cividis, output_colors, pattern_colors, viridis
from splineviz.errors import UnknownName
from splineviz.typing import AnyFloatArray, ByteArray, FloatArray, IntArray, UInt32Array
from splineviz.validation.names import as_text, check_name
from splineviz.validation.numbers import check_flags
from splineviz.validation.objects import as_callable

#: How many powers of ten a logarithmic color scale may span.
MAX_DECADES = 4

#: Where a logarithmic scale may end, times a power of ten.
_DIGITS = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0)

Limits = tuple[float, float]

#: How a value may become a color.
SCALES = ("log", "linear", "category")


class Colorable(Protocol):
    """What a partition and a frame drawn of it both know."""

    @property
    def areas(self) -> AnyFloatArray:
        """Area of each region, shape (R,)."""

    def output_values(self) -> FloatArray:
        """The decision's value at the middle of each region, shape (R,)."""

    def activation_counts(self) -> IntArray:
        """How many neurons of each layer are active in each region, shape (R, L)."""

    def pattern_hashes(self) -> UInt32Array:
        """A number made of each region's activation pattern, shape (R,)."""

    def __len__(self) -> int: ...


@dataclass(frozen=True)
class Coloring:
    """One row of :data:`COLORINGS`.

    Parameters
    ----------
    title : str
        What the color shows, as a reader would say it.
    unit : str
        The unit of the values; empty for categories.
    scale : {"log", "linear", "category"}
        How a value becomes a color: its place between the limits on a logarithmic or linear
        scale, or the value itself as a number of the table.
    values : callable
        From a SplinePartition to an array of shape (R,): floats, or non-negative integers for
        categories.
    colors : callable
        To the table of colors, as ``#rrggbb``; categories start over when it is used up.
    labels : {"", "classes"}
        Where the names of categories come from: nowhere, or the classes of the run.
    note : str
        Note in place of the names of categories that have none.
    sent : bool
        Whether a frame carries the values. Those that follow from :class:`Colorable` need not be
        sent: `values` takes a frame as well, and the front end makes them on its own.
    surface : bool
        Whether the color of a point is that of the network's decision there, exactly: the affine
        function of its region (``SplinePartition.output_surface``). Then `values` are those at the
        regions' middles, for the ends of the scale, which is symmetric around zero; and `colors`
        go from the color of class 0 to that of class 1.
    by_class : bool
        Whether the values are the classes of ``SplinePartition.predictions``. Then a region that
        the decision boundary crosses has the color of its own class on either side.

    Raises
    ------
    UnknownName
        If there is no such scale.
    InvalidArgument
        If another argument is of the wrong kind.
    """

    title: str
    unit: str
    scale: Literal["log", "linear", "category"]
    values: Callable[[Any], np.ndarray]
    colors: Callable[[], tuple[str, ...]] = viridis
    labels: Literal["", "classes"] = ""
    note: str = ""
    sent: bool = True
    by_class: bool = False
    surface: bool = False

    def __post_init__(self) -> None:
        for what in ("title", "unit", "labels", "note"):
            as_text(getattr(self, what), what)
        check_name(SCALES, "scale", self.scale)
        as_callable(self.values, "values", "a function from a SplinePartition to an array")
        as_callable(self.colors, "colors", "a function without arguments that gives the colors")
        check_flags(sent=self.sent, by_class=self.by_class, surface=self.surface)

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
        """The ends of the color scale: nearly all of the slice, over a whole run, lies between.

        Parameters
        ----------
        spreads : iterable of ndarray
            The :meth:`quantiles` of each frame.

        Returns
        -------
        tuple of float or None
            The values below and above which 1 % of all area lies, rounded outwards to numbers that
            are easy to read and so close that most of the scale is used. A logarithmic scale spans
            at most :data:`MAX_DECADES` below its upper end (the slope of a region where all neurons
            are dead may be a rounding error away from 0); a linear one of a single value includes
            0. None for categories, and where no value has a place on the scale.
        """
        pooled = np.concatenate([np.empty(0), *spreads])
        if len(pooled) == 0:
            return None
        low, high = (float(end) for end in np.quantile(pooled, [0.01, 0.99]))
        if self.surface:
            most = _rounded(max(-low, high), up=True) or 1.0
            return -most, most
        if self.scale == "linear":
            if low < high:
                return _evenly_rounded(low, high)
            low, high = min(0.0, _rounded(low, up=False)), max(0.0, _rounded(high, up=True))
            return (low, high) if low < high else (low, low + 1.0)
        if low < high < 4 * low:
            low, high = _evenly_rounded(low, high)
        else:
            low, high = _rounded(low, up=False), _rounded(high, up=True)
        low = max(low, high / 10**MAX_DECADES)
        return (low, high) if low < high else (low, 10 * low)

    def spanned(self, limits: Iterable[Limits | None]) -> Limits | None:
        """The ends of one scale in place of several.

        Parameters
        ----------
        limits : iterable of (pair of float or None)
            The :meth:`limits` of each.

        Returns
        -------
        tuple of float or None
            The lowest and the highest end; a logarithmic scale spans at most :data:`MAX_DECADES`.
            None where there is none.
        """
        known = [pair for pair in limits if pair is not None]
        if not known:
            return None
        low, high = min(low for low, _ in known), max(high for _, high in known)
        return (max(low, high / 10**MAX_DECADES) if self.scale == "log" else low), high

    def describe(self, name: str) -> dict[str, Any]:
        """What a front end needs to know, as JSON values."""
        return {
            "name": name,
            "title": self.title,
            "unit": self.unit,
            "scale": self.scale,
            "labels": self.labels,
            "note": self.note,
            "by_class": self.by_class,
            "surface": self.surface,
            "colors": list(self.colors()),
        }


def _evenly_rounded(low: float, high: float) -> Limits:
    """Two numbers, outwards, to multiples of 1, 2 or 5 times a power of ten.

    At most an eighth of their distance each; numbers too close or too far apart for it stay.
    """
    least = (high - low) / 20
    if not sys.float_info.min < least < math.inf:
        return low, high
    power = 10.0 ** math.floor(math.log10(least))
    step = next((f * power for f in (1, 2, 5, 10) if f * power >= least * (1 - 1e-9)), 10 * power)
    first, last = math.floor(low / step + 1e-6), math.ceil(high / step - 1e-6)
    rounded = float(f"{first * step:.12g}"), float(f"{last * step:.12g}")
    return rounded if rounded[0] < rounded[1] < math.inf else (low, high)


def _rounded(value: float, up: bool) -> float:
    """The next number that is round on a logarithmic scale; a hair beyond one counts as it.

    At the ends of what a float can hold, where there may be no such number, it is the value itself.
    """
    if value < 0:
        return -_rounded(-value, not up)
    if value < sys.float_info.min:
        return value
    unit = 10.0 ** math.floor(math.log10(value))
    digits = round(value / unit, 6)
    known = [digit for digit in _DIGITS if (digit >= digits if up else digit <= digits)]
    rounded = (min(known) if up else max(known)) * unit if known else value
    return rounded if math.isfinite(rounded) else value


def _random(regions: Colorable) -> ByteArray:
    """A number from 0 to 255 for each region, unlike those of the numbers beside it."""
    mixed = np.arange(len(regions), dtype=np.uint64) * np.uint64(0x9E3779B1)
    return (mixed >> np.uint64(24)).astype(np.uint8)


COLORINGS: dict[str, Coloring] = {
    "output": Coloring(
        title="output",
        unit="output units",
        scale="linear",
        values=lambda regions: regions.output_values(),
        colors=output_colors,
        sent=False,
        surface=True,
    ),
    "slope": Coloring(
        title="slope norm",
        unit="output per slice unit",
        scale="log",
        values=lambda partition: partition.slope_norms(),
    ),
    "class": Coloring(
        title="class",
        unit="",
        scale="category",
        values=lambda partition: partition.predictions(),
        colors=lambda: CLASS_COLORS,
        labels="classes",
        by_class=True,
    ),
    "area": Coloring(
        title="area",
        unit="slice units squared",
        scale="log",
        values=lambda regions: regions.areas,
        colors=cividis,
        sent=False,
    ),
    "active": Coloring(
        title="active neurons",
        unit="number, all layers",
        scale="linear",
        values=lambda regions: regions.activation_counts().sum(axis=1),
        sent=False,
    ),
    "pattern": Coloring(
        title="activation pattern",
        unit="",
        scale="category",
        values=lambda regions: (regions.pattern_hashes() >> np.uint32(24)).astype(np.uint8),
        colors=pattern_colors,
        note="a region keeps its color while it keeps its pattern",
        sent=False,
    ),
    "random": Coloring(
        title="random",
        unit="",
        scale="category",
        values=_random,
        colors=pattern_colors,
        note="neighbors told apart; the colors mean nothing",
        sent=False,
    ),
}

#: Further colorings. A player has one of them only if its `color` names it: so that frames stay
#: small, and are drawn without what takes longer than finding the regions.
ON_DEMAND: dict[str, Coloring] = {
    "degree": Coloring(
        title="neighbors",
        unit="number",
        scale="linear",
        values=lambda partition: partition.degrees,
    ),
    "scaling": Coloring(
        title="local scaling within the slice",
        unit="log of output per slice unit",
        scale="linear",
        values=lambda partition: partition.local_scaling(),
    ),
    "rank": Coloring(
        title="effective rank within the slice",
        unit="from 0 to 2",
        scale="linear",
        values=lambda partition: partition.effective_rank(),
        colors=cividis,
    ),
    "alignment": Coloring(
        title="alignment of each region's centroid",
        unit="cosine, at its middle",
        scale="linear",
        values=lambda partition: partition.centroid_alignment(),
        colors=cividis,
    ),
}

#: Former colorings, and what has taken their place.
_REPLACED = {"margin": "output"}


def check_coloring(known: Collection[str], name: object) -> None:
    """Raise UnknownName unless a name is that of a coloring.

    The message says what has taken the place of a former one.
    """
    if isinstance(name, str) and name in known:
        return
    replaced = _REPLACED.get(name) if isinstance(name, str) else None
    advice = f"{replaced!r} has taken its place" if replaced else ""
    raise UnknownName("coloring", name, [*known], advice)
