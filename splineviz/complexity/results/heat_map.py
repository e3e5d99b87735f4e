"""Drawing a map of local complexity over the exact partition."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from splineviz.complexity.results.labels import directions_label, radius_label, values_label
from splineviz.drawing.axes import axes_or_new
from splineviz.drawing.marks import draw_anchors, draw_edges
from splineviz.partition.measures.neuron_boundaries import boundary_segments
from splineviz.typing import FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from splineviz.complexity.results.complexity_map import ComplexityMap
    from splineviz.partition.spline_partition import SplinePartition

_COLORS = "YlOrRd"


def draw_map(
    measured: ComplexityMap, ax: Axes | None, partition: SplinePartition | None, layer: int | None
) -> Axes:
    """Draw what :meth:`ComplexityMap.plot` says; the layer by its number, or None for all."""
    from matplotlib.ticker import MaxNLocator

    ax = axes_or_new(ax)
    values = measured.total if layer is None else measured.counts[..., layer]
    # Pale where nothing is crossed, so that the edges show there.
    image = ax.imshow(
        values,
        cmap=_COLORS,
        vmin=0,
        vmax=max(1.0, float(np.nanmax(values))),
        extent=measured.extent,
        origin="lower",
        aspect="equal",
    )
    bar = ax.figure.colorbar(image, ax=ax, ticks=MaxNLocator(integer=True))
    name = None if layer is None else measured.layers[layer].name
    shown = measured.layers if layer is None else measured.layers[layer : layer + 1]
    bar.set_label(values_label(any(one.proxy for one in shown), measured.complexity.choice.counted))
    complexity = measured.complexity
    round_each = directions_label(complexity.n_directions, measured.in_plane)
    of_layer = [] if name is None else [f"layer {name}"]
    ax.set_title(", ".join([*of_layer, radius_label(float(complexity.radius)), round_each]))
    if partition is not None:
        draw_edges(ax, _segments(partition, name))
    draw_anchors(ax, measured.plane.anchors, measured.plane.domain.bounds)
    labels = measured.plane.axis_labels
    ax.set(xlabel=labels[0], ylabel=labels[1])
    return ax


def _segments(partition: SplinePartition, layer: str | None) -> FloatArray:
    """The edges that neurons make, (n, 2, 2): of all layers, or of one, none if it has no kinks."""
    if layer is not None and all(one.name != layer for one in partition.layers):
        return np.empty((0, 2, 2))
    return boundary_segments(partition.vertices, partition.edges, partition.layers, layer)
