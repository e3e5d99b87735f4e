"""The decision boundary on a partition: where the largest output changes."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import shapely

from splineviz.partition.measures.class_boundaries.edge_ties import tied_edges
from splineviz.partition.measures.class_boundaries.envelope import ridges
from splineviz.partition.measures.lines import merged_lines
from splineviz.partition.points import one_of_each
from splineviz.partition.rings import directed_edges, region_of_corners
from splineviz.typing import FloatArray, Int32Array, IntArray

# Relative to the largest coordinate, or output: points closer than this are one, outputs tie. It is
# a few hundred units in the last place: above all rounding, below what any network distinguishes.
_ROUNDING = 1e-13


def decision_boundary(
    vertices: Annotated[FloatArray, "V 2"],
    ring_vertices: Annotated[Int32Array, "corners"],
    ring_offsets: Annotated[IntArray, "rings+1"],
    region_offsets: Annotated[IntArray, "regions+1"],
    edge_vertices: Annotated[Int32Array, "E 2"],
    edge_regions: Annotated[Int32Array, "E 2"],
    outputs: Annotated[FloatArray, "V out"],
) -> shapely.MultiLineString:
    """Merged lines at which the predicted class changes.

    Parameters
    ----------
    vertices, ring_vertices, ring_offsets, region_offsets, edge_vertices, edge_regions
        The regions, as in ``SplinePartition``.
    outputs
        The network's outputs at the vertices; affine on every region.

    Notes
    -----
    On one region the outputs are affine, so two of them are equal on a straight line, and their
    tie decides the class only where no third output is larger. Crossings of region edges depend
    on the edge alone, so that the lines of neighboring regions meet in one point. Edges on which
    two outputs tie are boundary where the classes on their sides differ.
    """
    outputs, zero = comparable(outputs)
    starts, ends = directed_edges(ring_vertices, ring_offsets)
    region = region_of_corners(ring_offsets, region_offsets)
    segments = np.concatenate(
        [
            tied_edges(vertices, outputs, zero, edge_vertices, edge_regions, starts, region),
            ridges(vertices, outputs, zero, starts, ends, region),
        ]
    )
    if outputs.shape[1] > 2 and len(segments) > 0:
        segments = _joined(segments, _ROUNDING * float(np.abs(vertices).max()))
    return merged_lines(segments)


def comparable(
    outputs: Annotated[FloatArray, "n out"],
) -> tuple[Annotated[FloatArray, "n k"], float]:
    """Outputs of which the largest wins, and the difference up to which two are equal.

    A single output is compared with 0: class 1 wins where it is positive.
    """
    if outputs.shape[1] == 1:
        outputs = np.concatenate([np.zeros_like(outputs), outputs], axis=1)
    return outputs, _ROUNDING * float(np.abs(outputs).max())


def differences(
    first: Annotated[FloatArray, "..."], second: Annotated[FloatArray, "..."]
) -> Annotated[FloatArray, "..."]:
    """The first numbers minus the second; zero where rounding cannot tell them apart."""
    gap: FloatArray = first - second
    gap[np.abs(gap) <= _ROUNDING * (np.abs(first) + np.abs(second))] = 0.0
    return gap


def _joined(
    segments: Annotated[FloatArray, "n 2 2"], distance: float
) -> Annotated[FloatArray, "m 2 2"]:
    """Segments with ends that meet exactly, and without repetitions.

    Where three outputs tie in a point, each pair computes that point with its own rounding. Where
    two are equal on a whole region, each gives the line on which it ties with a third.
    """
    points = segments.reshape(-1, 2)
    chosen, group = one_of_each(points, distance)
    ends = np.unique(np.sort(chosen[group].reshape(-1, 2), axis=1), axis=0)
    return points[ends[ends[:, 0] != ends[:, 1]]]
