"""A partition as a picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt
import shapely

from splineviz.errors import InvalidArgument, ShapeMismatch
from splineviz.partition.measures.class_boundaries.class_pieces import ClassPieces
from splineviz.partition.measures.neuron_boundaries import LayerSelection, boundary_segments
from splineviz.partition.plotting.colorings import (
    COLORINGS,
    ON_DEMAND,
    Coloring,
    Limits,
    check_coloring,
)
from splineviz.partition.plotting.region_picture import RegionPicture
from splineviz.typing import FloatArray, IntArray
from splineviz.validation.arrays import as_array, as_numbers, as_points
from splineviz.validation.names import as_names
from splineviz.validation.numbers import check_flags
from splineviz.validation.wording import shown

if TYPE_CHECKING:
    from splineviz.partition.spline_partition import SplinePartition

#: What may color the regions: a row by its name in COLORINGS or ON_DEMAND, a row, or one number a
#: region.
Color: TypeAlias = "str | Coloring | npt.ArrayLike"

_NAMES = "the names of the classes, a sequence of texts"


def picture_of(
    partition: SplinePartition,
    color: Color,
    limits: Limits | None = None,
    boundaries: bool | LayerSelection = True,
    decision_boundary: bool = True,
    points: npt.ArrayLike | None = None,
    classes: npt.ArrayLike | None = None,
    class_names: Sequence[str] | None = None,
    anchors: bool = True,
) -> RegionPicture:
    """What :meth:`SplinePartition.plot` draws, with its parameters."""
    check_flags(decision_boundary=decision_boundary, anchors=anchors)
    row, values = _colored(partition, color)
    if limits is not None:
        limits = _checked_limits(limits, row)
    elif row.scale != "category":
        limits = row.limits([row.quantiles(values, partition.areas)])
    segments = np.empty((0, 2, 2))
    if boundaries is not False:
        layer = None if boundaries is True else boundaries
        segments = boundary_segments(partition.vertices, partition.edges, partition.layers, layer)
    samples, numbers = _checked_points(points, classes)
    xmin, ymin, xmax, ymax = map(float, partition.plane.domain.bounds)
    names = [] if class_names is None else [*as_names(class_names, "class_names", _NAMES)]
    outputs = max(2, math.prod(partition.program.output_shape))
    names += [f"class {k}" for k in range(len(names), outputs)]
    vertices, pieces = partition.vertices, ClassPieces.none()
    planes, signed = np.empty((0, 3)), True
    if row.surface:
        surface = partition.output_surface()
        vertices, pieces = surface.vertices, surface.pieces
        planes, signed = surface.planes, surface.signed
        if not signed:
            values = partition.predictions()  # they decide which color a margin shades
    elif row.by_class:
        vertices, pieces = partition.class_pieces()
    return RegionPicture(
        vertices=vertices,
        ring_vertices=partition.ring_vertices,
        ring_offsets=partition.ring_offsets,
        region_offsets=partition.region_offsets,
        coloring=row,
        values=values,
        limits=limits,
        seen=(xmin, ymin, xmax, ymax),
        axis_labels=partition.plane.axis_labels,
        stretch=partition.plane.stretch,
        line_name=partition.plane.line_name,
        segments=segments,
        boundary=_decision_lines(partition) if decision_boundary else [],
        points=samples,
        classes=numbers,
        anchors=partition.plane.anchors if anchors else np.empty((0, 2)),
        class_names=names,
        names=names if row.labels == "classes" else (),
        pieces=pieces,
        planes=planes,
        signed=signed,
    )


def _decision_lines(partition: SplinePartition) -> list[FloatArray]:
    return [shapely.get_coordinates(line) for line in partition.decision_boundary().geoms]


def _colored(partition: SplinePartition, color: Color) -> tuple[Coloring, np.ndarray]:
    """A row and its values for a partition."""
    if isinstance(color, str):
        check_coloring(COLORINGS | ON_DEMAND, color)
        color = (COLORINGS | ON_DEMAND)[color]
    if isinstance(color, Coloring):
        return color, np.asarray(color.values(partition))
    values = as_numbers(color, "color", f"({len(partition)},)")
    known = ", ".join(COLORINGS | ON_DEMAND)
    if values.shape != (len(partition),):
        raise ShapeMismatch(
            f"color has shape {values.shape}; with {len(partition)} regions it must be "
            f"({len(partition)},), one number a region, or one of: {known}"
        )
    return Coloring("value", "", "linear", values=lambda _: values), values


def _checked_limits(limits: Limits, row: Coloring) -> Limits | None:
    if row.scale == "category":
        raise InvalidArgument(f"the coloring {row.title!r} has categories, which have no limits")
    ends = as_numbers(limits, "limits", "(2,)")
    least = 0.0 if row.scale == "log" else -math.inf
    if ends.shape != (2,) or not least < ends[0] < ends[1] < math.inf:
        above = ", above 0 on a logarithmic scale" if row.scale == "log" else ""
        raise InvalidArgument(
            f"limits must be a lower and a higher finite number{above}; not {shown(limits)}"
        )
    if row.surface and ends[0] != -ends[1]:
        raise InvalidArgument(
            f"the coloring {row.title!r} is pale at 0, so its limits must be a number and its "
            f"negative, such as (-5, 5); not {shown(limits)}"
        )
    return float(ends[0]), float(ends[1])


def _checked_points(
    points: npt.ArrayLike | None, classes: npt.ArrayLike | None
) -> tuple[FloatArray, IntArray | None]:
    samples = np.empty((0, 2)) if points is None else as_points(points)
    if classes is None:
        return samples, None
    numbers = as_array(classes, "classes", "(n,)")
    if numbers.shape != (len(samples),):
        raise ShapeMismatch(
            f"classes has shape {numbers.shape}; with {len(samples)} points it must be "
            f"({len(samples)},), one class number a point"
        )
    if numbers.dtype.kind not in "iub" or (numbers < 0).any():
        raise InvalidArgument("classes must be the numbers of classes: integers from 0 on")
    return samples, numbers.astype(np.int64)
