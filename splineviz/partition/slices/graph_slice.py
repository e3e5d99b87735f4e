"""GraphSlice: the plane in which the graph of a network along a segment is drawn."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from splineviz.errors import InvalidSlice
from splineviz.network.program import Program
from splineviz.partition.slices.input_segment import InputSegment
from splineviz.partition.slices.input_slice import InputSlice
from splineviz.typing import BoolArray, FloatArray

# At how many positions the range of a function is measured.
_POSITIONS = 1001
# The height of the picture over its width.
_HEIGHT_OF_PICTURE = 0.6
# The margin above and below the graphs, as a share of their range.
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


def graph_slice(programs: Iterable[Program], segment: InputSegment) -> GraphSlice:
    """The plane in which the graphs of some networks lie, with a margin above and below.

    The range is that of the outputs at evenly spaced positions. Between two of them a graph may
    reach a little beyond the margin; it is cut off there.
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
