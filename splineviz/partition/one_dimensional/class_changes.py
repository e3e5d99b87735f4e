"""Where the predicted class changes along a segment."""

from __future__ import annotations

import numpy as np

from splineviz.partition.measures.class_boundaries.decision_boundary import comparable
from splineviz.partition.measures.class_boundaries.envelope import first_largest
from splineviz.typing import FloatArray

# Relative to the largest position: positions closer than this are one.
_ROUNDING = 1e-13


def class_changes(ends: FloatArray, values: FloatArray) -> FloatArray:
    """The positions at which the largest of several outputs changes.

    Parameters
    ----------
    ends : float64 array (R + 1,)
        Ends of the intervals on which the outputs are affine.
    values : float64 array (R + 1, out)
        The outputs there. One output is held against zero.

    Returns
    -------
    float64 array (k,)
        Increasing.

    Notes
    -----
    The difference of two affine functions is affine: an output that is largest at both ends of an
    interval is largest between them. So changes are searched only in intervals with different
    winners at their ends. Of outputs that rounding cannot tell apart the first one wins.
    """
    values, zero = comparable(values)
    winner = first_largest(values, zero)
    changes: list[tuple[float, int, int]] = []
    for r in np.flatnonzero(winner[:-1] != winner[1:]):
        changes += _within(ends[r : r + 2], values[r : r + 2], int(winner[r]), int(winner[r + 1]))
    kept: list[tuple[float, int, int]] = []
    near = _ROUNDING * float(np.abs(ends).max())
    for position, before, after in changes:
        if kept and position - kept[-1][0] <= near:
            # Several changes at one position are one: from the class on its left to that on its
            # right.
            position, before, _ = kept.pop()
        if before != after:
            kept.append((position, before, after))
    return np.array([position for position, _, _ in kept], dtype=np.float64)


def _within(
    ends: FloatArray, values: FloatArray, first: int, last: int
) -> list[tuple[float, int, int]]:
    """The changes on one interval: position, winner before, winner after."""
    rise = values[1] - values[0]
    changes = []
    share, current = 0.0, first
    while current != last:
        steeper = np.flatnonzero(rise > rise[current])
        lead = values[0, current] - values[0, steeper]
        meets = np.clip(lead / (rise[steeper] - rise[current]), share, 1.0)
        # Of several outputs that overtake at one point the steepest leads after it. If none is
        # steeper, though the winner at the end is another, the two tie there by rounding.
        order = np.lexsort((-rise[steeper], meets))
        following = int(steeper[order[0]]) if len(steeper) else last
        share = float(meets[order[0]]) if len(steeper) else 1.0
        changes.append((float(ends[0] + share * (ends[1] - ends[0])), current, following))
        current = following
        if share >= 1.0 and current != last:
            changes.append((float(ends[1]), current, last))
            break
    return changes
