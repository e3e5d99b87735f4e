"""Discs in the plane, in closed form: how much of a segment and of a polygon is inside."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from splineviz.typing import FloatArray

# Discs are measured in blocks, so that a table of discs and sides stays in a few megabytes.
_BLOCK = 1 << 18


def chord_interval(
    start: Annotated[FloatArray, "... 2"], end: Annotated[FloatArray, "... 2"], radius: float
) -> tuple[Annotated[FloatArray, "..."], Annotated[FloatArray, "..."]]:
    """Where segments enter and leave discs around the origin, as shares of the segments.

    Parameters
    ----------
    start, end : float64 arrays (..., 2)
        Ends of the segments, seen from the centers of the discs.
    radius : float

    Returns
    -------
    enter, leave : float64 arrays (...)
        From 0 to 1. Equal where a segment misses its disc.
    """
    step = end - start
    squared = (step * step).sum(axis=-1)
    length = np.sqrt(squared)
    height = np.abs(_cross(start, step)) / length
    half = np.sqrt(np.maximum((radius - height) * (radius + height), 0.0)) / length
    middle = -(start * step).sum(axis=-1) / squared
    return (middle - half).clip(0.0, 1.0), (middle + half).clip(0.0, 1.0)


def polygon_areas_in_discs(
    centers: Annotated[FloatArray, "n 2"],
    radius: float,
    starts: Annotated[FloatArray, "m 2"],
    ends: Annotated[FloatArray, "m 2"],
) -> Annotated[FloatArray, "n"]:
    """Area of a polygon within each disc.

    Parameters
    ----------
    centers : float64 array (n, 2)
    radius : float
    starts, ends : float64 arrays (m, 2)
        Sides of the polygon, with its inside to their left: the outer ring counter-clockwise,
        holes clockwise.

    Notes
    -----
    The sum over the sides of the signed area that the disc shares with the triangle of its center
    and the side: a triangle where the side runs inside the disc, and sectors where it runs outside.
    """
    areas = np.empty(len(centers))
    size = max(1, _BLOCK // len(starts))
    for first in range(0, len(centers), size):
        block = centers[first : first + size, None]
        start, end = starts - block, ends - block
        enter, leave = chord_interval(start, end, radius)
        step = end - start
        entry = start + enter[..., None] * step
        exit_ = start + leave[..., None] * step
        twice = _cross(entry, exit_)
        twice += radius**2 * (_angle(start, entry) + _angle(exit_, end))
        areas[first : first + size] = twice.sum(axis=1) / 2
    return areas.clip(0.0, np.pi * radius**2)


def _cross(a: FloatArray, b: FloatArray) -> FloatArray:
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]


def _angle(a: FloatArray, b: FloatArray) -> FloatArray:
    """Signed angle from a to b, seen from the origin."""
    return np.arctan2(_cross(a, b), (a * b).sum(axis=-1))
