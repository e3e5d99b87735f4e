"""A frame as a picture that matplotlib draws, the way the front end shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from splineviz.display.frames import Frame, next_corners, undirected_keys
from splineviz.drawing.palette import CHANGE_COLORS
from splineviz.partition.measures.class_boundaries.class_pieces import ClassPieces
from splineviz.partition.plotting.colorings import Coloring, Limits
from splineviz.partition.plotting.region_picture import RegionPicture
from splineviz.typing import BoolArray, FloatArray

#: Layers that are none: the boundaries of all, or of none.
ALL_LAYERS, NO_LAYER = -1, -2


def frame_picture(
    frame: Frame,
    colored: tuple[str, Coloring],
    limits: Limits | None,
    corner: tuple[float, float],
    layer: int = ALL_LAYERS,
    decision_boundary: bool = True,
    **parts: Any,
) -> RegionPicture:
    """What is drawn of a frame.

    Parameters
    ----------
    frame : Frame
    colored : (str, Coloring)
        The coloring, and its name in the frame.
    limits : pair of float or None
        The ends of its scale.
    corner : pair of float
        The lower corner of the slice's domain, from which the frame's coordinates count.
    layer : int
        The layer whose boundaries are drawn; -1 for all, -2 for none.
    decision_boundary : bool
        Whether to draw it.
    **parts
        Further fields of the picture.

    Returns
    -------
    RegionPicture
    """
    name, row = colored
    lines = [
        frame.boundary[first:last].astype(np.float64) + corner
        for first, last in pairwise(frame.boundary_offsets)
    ]
    planes = frame.planes.astype(np.float64)
    with np.errstate(invalid="ignore"):  # planes beyond float32 are not finite: drawn in gray
        planes[:, 0] -= planes[:, 1:] @ np.asarray(corner)
    surface = row.surface and len(planes) > 0
    # The classes decide which color a margin shades.
    shaded = surface and not frame.signed
    values = frame.values["class"] if shaded else frame.values_of(name, row)
    return RegionPicture(
        vertices=frame.vertices.astype(np.float64) + corner,
        ring_vertices=frame.ring_vertices,
        ring_offsets=frame.ring_offsets,
        region_offsets=frame.region_offsets,
        coloring=row,
        values=values,
        limits=limits,
        planes=planes,
        signed=frame.signed,
        segments=segments_of_frame(frame, layer) + corner,
        boundary=lines if decision_boundary else [],
        pieces=frame.pieces if row.by_class or surface else ClassPieces.none(),
        **parts,
    )


def with_changes(
    picture: RegionPicture, frame: Frame, other: Frame, corner: tuple[float, float]
) -> RegionPicture:
    """A picture of a frame, colored by what has changed between another and it.

    Regions are known by their patterns, and changes go from the earlier step to the later,
    whichever is drawn; the borders of those that are only in the other frame are drawn as well.
    """
    own, others = frame.pattern_hashes(), other.pattern_hashes()
    is_later = other.step > frame.step
    span = f"from step {frame.step:,} to step {other.step:,}"
    kept, born, vanished = CHANGE_COLORS.values()
    row = Coloring(
        title=f"change {span}" if is_later else f"change since step {other.step:,}",
        unit="",
        scale="category",
        values=lambda _: np.empty(0),
        colors=lambda: (kept, vanished, born) if is_later else (kept, born, vanished),
    )
    return replace(
        picture,
        coloring=row,
        values=(~np.isin(own, others)).astype(np.uint8),
        limits=None,
        names=["kept", "vanishing", "born (lines)"]
        if is_later
        else ["kept", "born", "vanished (lines)"],
        other_borders=_borders(other, ~np.isin(others, own)) + corner,
        other_color=born if is_later else vanished,
    )


def segments_of_frame(frame: Frame, layer: int = ALL_LAYERS) -> FloatArray:
    """The neuron boundaries of a frame, in its own coordinates: each shared edge once, (n, 2, 2).

    Parameters
    ----------
    frame : Frame
    layer : int
        Of this layer only; -1 for all, -2 for none.
    """
    if layer == NO_LAYER:
        return np.empty((0, 2, 2))
    columns = frame.edge_columns.astype(np.int64)
    first = np.cumsum([1, *(one.width for one in frame.layers)])
    low, high = (1, first[-1]) if layer == ALL_LAYERS else (first[layer], first[layer + 1])
    return _segments(frame, (columns >= low) & (columns < high))


def _borders(frame: Frame, marked: BoolArray) -> FloatArray:
    """The edges of some regions of a frame, each once, (n, 2, 2)."""
    sizes = np.diff(frame.ring_offsets[frame.region_offsets])
    return _segments(frame, np.repeat(marked, sizes))


def _segments(frame: Frame, wanted: BoolArray) -> FloatArray:
    """The edges from those corners of rings that are wanted, each once."""
    start = frame.ring_vertices.astype(np.int64)
    end = start[next_corners(frame.ring_offsets)]
    keys = undirected_keys(start, end, len(frame.vertices))[wanted]
    _, once = np.unique(keys, return_index=True)
    ends = np.sort(np.column_stack([start, end])[wanted][once], axis=1)
    return frame.vertices[ends].astype(np.float64)


def limits_over(frames: Sequence[Frame], name: str, row: Coloring) -> Limits | None:
    """The ends of a color scale for some frames together."""
    return row.limits(frame.spread(name, row) for frame in frames)
