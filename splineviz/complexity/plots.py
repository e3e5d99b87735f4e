"""Local complexity as matplotlib figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from splineviz.complexity.result import LocalComplexity


def draw_layers(complexity: LocalComplexity, ax: Axes | None = None) -> Axes:
    """Draw the mean count of each layer with a 95 % confidence interval, a line for each radius.

    Parameters
    ----------
    complexity : LocalComplexity
        What to draw.
    ax : matplotlib.axes.Axes, optional
        Where; a new figure unless said.

    Returns
    -------
    matplotlib.axes.Axes
    """
    if ax is None:
        import matplotlib.pyplot as plt

        _, ax = plt.subplots(layout="constrained")
    places = np.arange(len(complexity.layers))
    means = np.atleast_2d(complexity.mean(per_layer=True))
    low, high = (np.atleast_2d(end) for end in complexity.interval(per_layer=True))
    radii = np.atleast_1d(complexity.radius).tolist()
    for radius, mean, below, above in zip(radii, means, low, high, strict=True):
        reach = np.nan_to_num([mean - below, above - mean])
        ax.errorbar(places, mean, yerr=reach, marker="o", capsize=3, label=f"radius {radius:g}")
    names = [f"{layer.name} ({layer.width:,})" for layer in complexity.layers]
    ax.set_xticks(places, names)
    if len(names) > 6:
        ax.tick_params(axis="x", rotation=90)
    ax.set_xlabel("layer (neurons)")
    ax.set_ylabel("local complexity (crossed neurons)")
    ax.set_ylim(bottom=0)
    ax.legend(frameon=False)
    return ax
