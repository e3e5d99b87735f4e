"""What an argument ``plane`` must be."""

from __future__ import annotations

from typing import Any

from splineviz.errors import InvalidArgument
from splineviz.partition.slices.graph_slice import GraphSlice
from splineviz.partition.slices.input_segment import InputSegment
from splineviz.partition.slices.input_slice import InputSlice
from splineviz.validation.objects import check_kind


def check_slice(plane: Any, graphs: bool = False) -> None:
    """Raise InvalidArgument unless something is an InputSlice, as an argument ``plane`` must be.

    Parameters
    ----------
    plane : object
        The argument.
    graphs : bool
        Whether the plane of a graph is allowed; areas and lengths in it mean nothing.
    """
    advice = "InputSlice.identity(bounds=(-1, -1, 1, 1)) is a box in the space of two inputs, "
    advice += "InputSlice.through(x0, x1, x2) the plane through three"
    if isinstance(plane, InputSegment):
        raise InvalidArgument(
            f"plane is a segment, which has one dimension; this needs a plane in two: {advice}"
        )
    check_kind(plane, InputSlice, "plane", advice)
    if isinstance(plane, GraphSlice) and not graphs:
        raise InvalidArgument(
            "plane is the graph of a function of one input; this measures a plane in two "
            f"dimensions: {advice}"
        )
