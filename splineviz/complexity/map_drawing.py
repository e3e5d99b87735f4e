"""Drawing a map of local complexity over the exact partition."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from splineviz.complexity.complexity_map import ComplexityMap
    from splineviz.partition.spline_partition import SplinePartition

_COLORS = "YlOrRd"
_THIN = 0.25


def draw_map(
    measured: ComplexityMap, ax: Axes | None, partition: SplinePartition | None, layer: int | None
) -> Axes:
    """Draw the counts of a layer, or of all.

    Parameters
    ----------
    measured : ComplexityMap
        The map.
    ax : matplotlib.axes.Axes or None
        Where to draw; a new figure if None.
    partition : SplinePartition or None
        Whose edges to draw on top.
    layer : int or None
        The layer's number in the map; all layers if None.

    Returns
    -------
    matplotlib.axes.Axes
    """
    import matplotlib.pyplot as plt
    from matplotlib.collections import LineCollection
    from matplotlib.ticker import MaxNLocator

    if ax is None:
        _, ax = plt.subplots(layout="constrained")
    values = measured.total if layer is None else measured.counts[..., layer]
    # Pale where nothing is crossed, so that the edges show there.
    image = ax.imshow(
        values, cmap=_COLORS, vmin=0, extent=measured.extent, origin="lower", aspect="equal"
    )
    bar = ax.figure.colorbar(image, ax=ax, ticks=MaxNLocator(integer=True))
    bar.set_label("local complexity (crossed neurons)")
    name = None if layer is None else measured.layers[layer].name
    if name is not None:
        ax.set_title(f"layer {name}")
    if partition is not None:
        lines = LineCollection(
            list(_segments(partition, name)), colors="black", linewidths=_THIN, alpha=0.5
        )
        ax.add_collection(lines, autolim=False)
    anchors = measured.plane.anchors
    if len(anchors):
        ax.plot(
            *anchors.T,
            "*",
            color="royalblue",
            markeredgecolor="white",
            markersize=14,
            label="anchors",
        )
    ax.set(xlabel="slice coordinate s", ylabel="slice coordinate t")
    return ax


def _segments(partition: SplinePartition, layer: str | None) -> npt.NDArray[np.float64]:
    """The edges that neurons make, of one layer or of all, (n, 2, 2)."""
    edges = partition.edges
    shown = edges.layer >= 0
    if layer is not None:
        shown &= np.array([one.name == layer for one in partition.layers] + [False])[edges.layer]
    return partition.vertices[edges.vertices[shown]]
