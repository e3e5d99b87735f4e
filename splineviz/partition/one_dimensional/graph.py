"""GraphSlice and GraphPartition: a segment's regions as columns, the function's graph across them.

So what draws a slice in two dimensions draws one in one dimension: the first coordinate is the
position, the second the height of the graph.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt
import shapely

from splineviz.errors import InvalidSlice
from splineviz.network.program import Program
from splineviz.partition.measures.class_pieces import ClassPieces
from splineviz.partition.one_dimensional.input_segment import InputSegment
from splineviz.partition.one_dimensional.segment_partition import SegmentPartition
from splineviz.partition.plotting.colorings import COLORINGS, Coloring
from splineviz.partition.slices import InputSlice
from splineviz.partition.spline_partition import SplinePartition
from splineviz.typing import BoolArray, FloatArray

# How many positions the range of a function is taken from.
_POSITIONS = 1001
# The height of the picture over its width.
_HEIGHT_OF_PICTURE = 0.6
# What is left free above and below, as a share of the range.
_MARGIN = 0.06


@dataclass(frozen=True, eq=False, init=False, repr=False)
class GraphSlice(InputSlice):
    """The plane in which the graph of a network along a segment is drawn.

    A point (t, height) is the input at position t, whatever the height.
    ``enumerate_regions`` gives a :class:`GraphPartition` of it.

    Parameters
    ----------
    line : InputSegment
    bottom, top : float
        The heights between which graphs are drawn, in the units of the outputs.

    Raises
    ------
    InvalidSlice
        If `bottom` is not below `top`, or one of them is not finite.
    """

    line: InputSegment

    def __init__(self, line: InputSegment, bottom: float, top: float) -> None:
        if not (np.isfinite([bottom, top]).all() and bottom < top):
            raise InvalidSlice(
                f"a graph is drawn between a lower and a higher height, not {bottom!r} and {top!r}"
            )
        strip = line.strip_of_height(float(bottom), float(top))
        marks = np.stack([line.anchors, np.full(len(line.anchors), float(bottom))], axis=1)
        self._set(strip.origin, strip.basis, strip.domain, marks)
        object.__setattr__(self, "line", line)

    def __repr__(self) -> str:
        _, bottom, _, top = self.domain.bounds
        return f"GraphSlice({self.line!r}, heights {bottom:.6g} to {top:.6g})"

    @property
    def axis_labels(self) -> tuple[str, str]:
        """The position, and the outputs."""
        return self.line.axis_label, "output"

    @property
    def line_name(self) -> str:
        """The lines are graphs."""
        return "function"

    @property
    def stretch(self) -> float:
        """Positions and heights have units of their own: the picture has a shape instead."""
        xmin, ymin, xmax, ymax = self.domain.bounds
        return float(_HEIGHT_OF_PICTURE * (xmax - xmin) / (ymax - ymin))

    def holds(self, inputs: npt.ArrayLike) -> tuple[FloatArray, BoolArray]:
        """Which inputs lie on the segment; their points stand at the bottom."""
        positions, held = self.line.holds(inputs)
        bottom = np.full(len(positions), self.domain.bounds[1])
        return np.stack([positions, bottom], axis=1), held


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
        """No region is parted: a column has one class, that of its middle."""
        return self.vertices, ClassPieces.none()


_ON_A_LINE = {
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
#: lengths here.
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
        Of the same segment. What of the graph lies beyond its heights is cut off.
    """
    strip = partition.strip
    low, high = strip.plane.domain.bounds[1::2]
    bottom, top = plane.domain.bounds[1::2]
    vertices = strip.vertices.copy()
    vertices[:, 1] = np.where(vertices[:, 1] < (low + high) / 2, bottom, top)
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


def graph_slice(programs: Iterable[Program], segment: InputSegment) -> GraphSlice:
    """The plane in which the graphs of some networks lie, with a margin above and below.

    Taken from the outputs at evenly spaced positions: between two of them a graph may reach a
    little further than the margin, and is cut off there.
    """
    inputs = segment.embed(np.linspace(*segment.bounds, _POSITIONS))
    low, high = np.inf, -np.inf
    for program in programs:
        outputs = program(inputs)
        low, high = min(low, float(outputs.min())), max(high, float(outputs.max()))
    if low > high:  # no networks
        low, high = 0.0, 1.0
    reach = _MARGIN * (high - low) or 0.5
    return GraphSlice(segment, low - reach, high + reach)
