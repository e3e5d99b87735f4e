"""GraphPartition: a segment's regions as columns, and the function's graph across them.

So what draws a slice in two dimensions draws one in one dimension: the first coordinate is the
position, the second the height of the graph.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
import shapely

from splineviz.partition.measures.class_boundaries.class_pieces import ClassPieces
from splineviz.partition.measures.class_boundaries.output_surface import OutputSurface
from splineviz.partition.one_dimensional.segment_partition import SegmentPartition
from splineviz.partition.plotting.colorings import COLORINGS, Coloring
from splineviz.partition.slices.graph_slice import GraphSlice
from splineviz.partition.spline_partition import SplinePartition
from splineviz.typing import FloatArray


@dataclass(frozen=True, eq=False)
class GraphPartition(SplinePartition):
    """A strip whose lines are the graphs of the network's outputs, one each.

    Parameters
    ----------
    graph : shapely.MultiLineString
        In the coordinates of the strip; drawn in place of the decision boundary.
    """

    graph: shapely.MultiLineString

    @property
    def lengths(self) -> FloatArray:
        """Length of each region along the segment, shape (R,), in the strip's order."""
        low, _, high, _ = shapely.bounds(self.polygons).T
        lengths: FloatArray = high - low
        return lengths

    def decision_boundary(self) -> shapely.MultiLineString:
        """The graphs: the lines that are drawn across the regions."""
        return self.graph

    def class_pieces(self) -> tuple[FloatArray, ClassPieces]:
        """No piece: a column has one class, that of its middle."""
        return self.vertices, ClassPieces.none()

    def output_surface(self) -> OutputSurface:
        """No function over the strip: its graph is drawn across it."""
        return OutputSurface(self.vertices, ClassPieces.none(), np.empty((0, 3)), signed=True)


_ON_A_LINE = {
    "output": replace(
        COLORINGS["output"], title="output at each region's middle", surface=False, sent=True
    ),
    "slope": replace(COLORINGS["slope"], unit="output per unit of position"),
    "area": replace(
        COLORINGS["area"],
        title="length",
        unit="units of position",
        values=lambda partition: partition.lengths,
        sent=True,
    ),
}
#: COLORINGS of the regions of a segment, as many in the same order: what has areas in a plane has
#: lengths here, and a column has one color.
GRAPH_COLORINGS: dict[str, Coloring] = {
    "length" if name == "area" else name: _ON_A_LINE.get(name, row)
    for name, row in COLORINGS.items()
}


def graph_partition(partition: SegmentPartition, plane: GraphSlice) -> GraphPartition:
    """The regions of a segment as columns, and the graph between them.

    Parameters
    ----------
    partition : SegmentPartition
    plane : GraphSlice
        Of the same segment. The graph is cut off beyond its heights.
    """
    strip = partition.strip
    low, high = strip.plane.domain.bounds[1::2]
    bottom, top = plane.domain.bounds[1::2]
    vertices = strip.vertices.copy()
    vertices[:, 1] = np.where(vertices[:, 1] < (low + high) / 2, bottom, top)
    lines = [
        shapely.LineString(np.stack([partition.ends, heights], axis=1))
        for heights in partition.values().T
    ]
    # One by one: intersected together, lines would be cut where they cross each other.
    visible = shapely.get_parts(shapely.intersection(np.array(lines, dtype=object), plane.domain))
    lines = [line for line in visible if line.geom_type == "LineString" and not line.is_empty]
    kept = {field.name: getattr(strip, field.name) for field in fields(strip)}
    kept |= {"vertices": vertices, "plane": plane}
    return GraphPartition(**kept, graph=shapely.MultiLineString(lines))
