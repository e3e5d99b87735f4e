"""DistanceHistogram: how far the samples are from a slice."""

from __future__ import annotations

import bqplot
import numpy as np

from splineviz.drawing.palette import CURVE_COLORS
from splineviz.drawing.value_axis import round_ticks
from splineviz.typing import FloatArray

_BINS = 30


class DistanceHistogram(bqplot.Figure):
    """A histogram of the distances of samples from a plane."""

    def __init__(self) -> None:
        scales = {"x": bqplot.LinearScale(), "y": bqplot.LinearScale(min=0)}
        outline = bqplot.Lines(
            x=np.zeros(2),
            y=np.zeros(2),
            scales=scales,
            colors=[CURVE_COLORS[0]],
            fill="bottom",
            fill_colors=[CURVE_COLORS[0]],
            fill_opacities=[0.5],
        )
        super().__init__(
            marks=[outline],
            axes=[
                bqplot.Axis(
                    scale=scales["x"],
                    label="distance from the plane (input units)",
                    label_offset="30px",
                    grid_lines="none",
                    num_ticks=5,
                ),
                bqplot.Axis(
                    scale=scales["y"],
                    side="left",
                    label="samples",
                    label_offset="34px",
                    grid_lines="none",
                    num_ticks=4,
                ),
            ],
            fig_margin={"top": 8, "bottom": 44, "left": 52, "right": 12},
            padding_y=0.0,
            animation_duration=0,
        )
        self.add_class("splineviz-figure")
        self.layout.width, self.layout.height, self.layout.min_width = "400px", "190px", "0"

    def show(self, distances: FloatArray) -> None:
        """Draw how the distances are spread.

        Parameters
        ----------
        distances : float64 array (n,)
            One at least, in units of the inputs.
        """
        counts, edges = np.histogram(distances, bins=_BINS, range=(0.0, float(distances.max())))
        (outline,) = self.marks
        for name, axis, ticks in zip(
            "xy", self.axes, (round_ticks(edges), round_ticks(np.append(counts, 0))), strict=True
        ):
            scale = outline.scales[name]
            scale.min, scale.max = 0.0, float(ticks[-1])
            axis.tick_values = ticks
        with outline.hold_sync():
            outline.x = np.repeat(edges, 2)
            outline.y = np.concatenate([[0], np.repeat(counts, 2), [0]]).astype(np.float64)
