"""Segments joined to lines, and points along lines."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import numpy.typing as npt
import shapely

from splineviz.errors import EmptyBoundary
from splineviz.typing import FloatArray
from splineviz.validation.numbers import as_int, random_generator


def linestrings(segments: Annotated[FloatArray, "n 2 2"]) -> npt.NDArray[np.object_]:
    """Segments as shapely lines, object array of shape (n,)."""
    offsets = np.arange(0, 2 * len(segments) + 1, 2)
    return shapely.from_ragged_array(
        shapely.GeometryType.LINESTRING, segments.reshape(-1, 2), (offsets,)
    )


def merged_lines(segments: Annotated[FloatArray, "n 2 2"]) -> shapely.MultiLineString:
    """Lines joined from segments that share ends; they end where more than two meet."""
    merged = shapely.line_merge(shapely.multilinestrings(linestrings(segments)))
    return shapely.MultiLineString(list(shapely.get_parts(merged)))


def points_along(
    lines: shapely.MultiLineString, shares: Annotated[FloatArray, "n"]
) -> Annotated[FloatArray, "n 2"]:
    """Points at shares of the total length, from 0 to 1, line after line."""
    coordinates, line = shapely.get_coordinates(shapely.get_parts(lines), return_index=True)
    own = np.flatnonzero(line[1:] == line[:-1])
    start, end = coordinates[own], coordinates[own + 1]
    length = np.hypot(*(end - start).T)
    until = np.cumsum(length)
    along = shares * until[-1]
    segment = np.searchsorted(until, along, side="right").clip(max=len(until) - 1)
    t = 1.0 - (until[segment] - along) / length[segment]
    return start[segment] + t.clip(0.0, 1.0)[:, None] * (end[segment] - start[segment])


def spaced_shares(n: int, seed: int) -> Annotated[FloatArray, "n"]:
    """Shares of a length, 1 / n apart, the first at random."""
    return (np.arange(n) + random_generator(seed).random()) / n


def sample_lines(lines: shapely.MultiLineString, n: int, seed: int) -> Annotated[FloatArray, "n 2"]:
    """Points drawn uniformly by length.

    Raises
    ------
    EmptyBoundary
        If there are no lines.
    """
    n = as_int(n, "n", 1)
    if not lines.length > 0:
        raise EmptyBoundary(
            "there is no boundary to draw points from: one class is predicted on the whole slice. "
            "Choose a slice through inputs of different classes"
        )
    return points_along(lines, random_generator(seed).random(n))
