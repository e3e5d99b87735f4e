"""StepCurve: the data of a curve over training steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from splineviz.drawing.palette import curve_style
from splineviz.typing import FloatArray, IntArray

# On a logarithmic axis the smallest and the largest value in each of so many parts are drawn.
_PARTS = 500


@dataclass(frozen=True, eq=False)
class StepCurve:
    """A curve over training steps.

    Parameters
    ----------
    label : str
        Its text in a legend.
    steps : int64 array (n,)
        Training steps, increasing.
    values : float64 array (n,)
        NaN where there is none.
    low, high : float64 array (n,), optional
        Ends of a band around it; NaN where there is none.
    number : int
        Chooses color and line style, as :func:`~splineviz.drawing.palette.curve_style` does.
    line_style : str, optional
        Another line style than that of its number.
    sparse : bool
        Whether values may be missing because the metric is measured only now and then. If most
        values are isolated, they are joined. Otherwise a missing value leaves a gap.
    group : str
        The name of the group in the legend.
    """

    label: str
    steps: IntArray
    values: FloatArray
    low: FloatArray | None = None
    high: FloatArray | None = None
    number: int = 0
    line_style: str | None = None
    sparse: bool = False
    group: str = ""

    @property
    def style(self) -> tuple[str, str]:
        """Its color and its line style."""
        color, line_style = curve_style(self.number)
        return color, self.line_style or line_style

    @property
    def name(self) -> str:
        """Group and label together."""
        return f"{self.group}, {self.label}" if self.group else self.label

    @property
    def is_empty(self) -> bool:
        """Whether it has steps, but no value at any of them."""
        return len(self.values) > 0 and not np.isfinite(self.values).any()


def extremes(curves: Sequence[StepCurve]) -> FloatArray:
    """All finite values and ends of bands, which the vertical axis must contain."""
    parts = [values for curve in curves for values in (curve.values, curve.low, curve.high)]
    joined = np.concatenate([np.empty(0), *(values for values in parts if values is not None)])
    return np.asarray(joined[np.isfinite(joined)])


def pieces(steps: IntArray, values: FloatArray, sparse: bool = False) -> list[IntArray]:
    """Split a curve into pieces that are joined by a line, and thin it out if it is long.

    Parameters
    ----------
    steps : int64 array (n,)
        Training steps, increasing.
    values : float64 array (n,)
        Values that are not finite are missing.
    sparse : bool
        As in :class:`StepCurve`.

    Returns
    -------
    list of int64 array
        Numbers of the points of each piece. There are at most about a thousand in all, spread
        evenly over a logarithmic axis, with the highest and lowest of those that are left out.

    Examples
    --------
    >>> nan = np.nan
    >>> [piece.tolist() for piece in pieces(np.arange(6), np.array([1, 2, nan, 3, 4, 5.0]))]
    [[0, 1], [3, 4, 5]]
    >>> now_and_then = np.array([1, nan, nan, nan, 2.0])
    >>> [piece.tolist() for piece in pieces(np.arange(5), now_and_then, sparse=True)]
    [[0, 4]]
    """
    there = np.isfinite(values)
    rows = np.arange(len(steps))
    if there.any():
        first, last = np.flatnonzero(there)[[0, -1]]
        rows = rows[first : last + 1]
    beside = np.pad(there, 1)
    alone = there & ~beside[:-2] & ~beside[2:]
    if sparse and 2 * alone.sum() > there.sum():
        rows = rows[there[rows]]
    if len(rows) > 2 * _PARTS:
        rows = rows[_thinned(steps[rows], values[rows])]
    cuts = np.flatnonzero(np.diff(there[rows].astype(np.int8))) + 1
    return [piece for piece in np.split(rows, cuts) if len(piece) and there[piece[0]]]


def _thinned(steps: IntArray, values: FloatArray) -> IntArray:
    """Of each part of a logarithmic axis the lowest and highest value; the ends too."""
    places = np.log(np.maximum(steps, 1))
    parts = ((places - places[0]) * (_PARTS / (places[-1] - places[0] or 1.0))).astype(np.int64)
    there = np.isfinite(values)
    kept = [np.array([0, len(steps) - 1])]
    for key in (np.where(there, values, np.inf), np.where(there, -values, np.inf)):
        order = np.lexsort((key, parts))
        kept.append(order[np.unique(parts[order], return_index=True)[1]])
    return np.unique(np.concatenate(kept))
