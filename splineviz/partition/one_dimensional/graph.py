"""GraphPartition: the regions of a segment as columns, with the function's graph across them.

So what draws a slice in two dimensions draws one in one dimension: the first coordinate is the
position, the second the height of the graph.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt
import shapely

from splineviz.network.program import Program
from splineviz.partition.measures.class_pieces import ClassPieces
from splineviz.partition.one_dimensional.input_segment import InputSegment
from splineviz.partition.one_dimensional.segment_partition import SegmentPartition
from splineviz.partition.spline_partition import SplinePartition

FloatArray = npt.NDArray[np.float64]

# How many positions the range of a function is taken from.
_POSITIONS = 1001
# What is left free above and below, as a share of the range.
_MARGIN = 0.06


@dataclass(frozen=True, eq=False)
class GraphPartition(SplinePartition):
    """A strip whose lines are the graphs of the network's outputs, one each.

    Parameters
    ----------
    graph : shapely.MultiLineString
        In the coordinates of the strip; drawn in place of the decision boundary.
    """

    graph: shapely.MultiLineString

    def decision_boundary(self) -> shapely.MultiLineString:
        """The graphs: the lines that are drawn across the regions."""
        return self.graph

    def class_pieces(self) -> tuple[FloatArray, ClassPieces]:
        """No region is parted: a column has one class, that of its middle."""
        return self.vertices, ClassPieces.none()


def graph_partition(partition: SegmentPartition, bottom: float, top: float) -> GraphPartition:
    """The regions of a segment as columns between two heights, and the graph between them.

    Parameters
    ----------
    partition : SegmentPartition
    bottom, top : float
        In the units of the outputs. What of the graph lies beyond is cut off.
    """
    strip = partition.strip
    low, high = strip.plane.domain.bounds[1::2]
    vertices = strip.vertices.copy()
    vertices[:, 1] = np.where(vertices[:, 1] < (low + high) / 2, bottom, top)
    plane = partition.segment.strip_of_height(bottom, top)
    lines = [
        shapely.LineString(np.stack([partition.ends, heights], axis=1))
        for heights in partition.values.T
    ]
    # One by one: the intersection of several lines would be parted where they cross each other.
    visible = shapely.get_parts(shapely.intersection(np.array(lines, dtype=object), plane.domain))
    parts = [part for part in visible if part.geom_type == "LineString" and not part.is_empty]
    kept = {field.name: getattr(strip, field.name) for field in fields(strip)}
    kept |= {"vertices": vertices, "plane": plane}
    return GraphPartition(**kept, graph=shapely.MultiLineString(parts))


def graph_range(programs: Iterable[Program], segment: InputSegment) -> tuple[float, float]:
    """Heights between which the graphs of some networks lie, with a margin.

    Taken from the outputs at evenly spaced positions: between two of them a graph may reach a
    little further than the margin, and is cut off there.
    """
    inputs = segment.embed(np.linspace(*segment.bounds, _POSITIONS))
    low, high = np.inf, -np.inf
    for program in programs:
        outputs = program(inputs)
        low, high = min(low, float(outputs.min())), max(high, float(outputs.max()))
    reach = _MARGIN * (high - low) or 0.5
    return low - reach, high + reach
