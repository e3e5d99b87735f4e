"""PlayerFigure: the picture of a player, drawn with matplotlib, frame by frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from splineviz.display.frames import Frame
from splineviz.display.pictures import frame_picture, with_changes
from splineviz.drawing.step_plot import draw_step_curves
from splineviz.partition.plotting.colorings import Limits
from splineviz.typing import ByteArray
from splineviz.widgets.export.player_frames import canvas_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

    from splineviz.partition.plotting.region_picture import RegionPicture
    from splineviz.widgets.player.region_player import RegionPlayer
    from splineviz.widgets.player.run_curves import RunCurves

# Inches beside and below the picture, for its color bar, labels and title.
_BESIDE, _BELOW = 1.9, 1.3
# The largest ratio of the figure's sides.
_SLIMMEST = 2.0
_BAR = (1.03, 0.0, 0.04, 1.0)
# The top of the legend, in heights of the picture, and the number of entries in a row.
_LEGEND, _ENTRIES = -0.13, 3


class PlayerFigure:
    """A figure whose parts stay in place from frame to frame.

    Parameters
    ----------
    player : RegionPlayer
        The player; its canvas says what to draw, and how.
    limits : list of (pair of float or None)
        The ends of each coloring's scale over the run.
    width : float
        Width of the picture with its color bar, in inches.
    curves : bool
        Whether to draw the player's curves next to it, with a line at the step.

    Attributes
    ----------
    figure : matplotlib.figure.Figure
    """

    def __init__(
        self, player: RegionPlayer, limits: list[Limits | None], width: float, curves: bool
    ) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        self._player = player
        self._canvas = canvas_of(player)
        self._limits = limits
        known = player.curves
        self._curves = known if curves and known is not None and known.curves else None
        xmin, ymin, xmax, ymax = self._viewport()
        shape = self._canvas.stretch * (ymax - ymin) / (xmax - xmin)
        height = (width - _BESIDE) * shape + _BELOW
        height = min(max(height, width / _SLIMMEST), width * _SLIMMEST)
        columns = 1 if self._curves is None else 2
        self.figure = Figure((width * columns, height), layout="constrained")
        FigureCanvasAgg(self.figure)
        axes = self.figure.subplots(1, columns, squeeze=False)[0]
        self._ax: Axes = axes[0]
        self._marker: Line2D | None = None
        if self._curves is not None:
            self._marker = _draw_curves(axes[1], self._curves)

    def _viewport(self) -> tuple[float, float, float, float]:
        xmin, ymin, xmax, ymax = self._canvas.viewport or self._canvas.bounds
        return float(xmin), float(ymin), float(xmax), float(ymax)

    def show(self, frame: Frame) -> None:
        """Draw a frame, and remove the one before."""
        from matplotlib.layout_engine import ConstrainedLayoutEngine

        self._ax.clear()
        self._picture(frame).draw(self._ax, bar_ax=self._ax.inset_axes(_BAR))
        self._explain_marks()
        unit = "linear region" if len(frame) == 1 else "linear regions"
        self._ax.set_title(f"step {frame.step:,} · {len(frame):,} {unit}", fontsize="medium")
        if self._marker is not None and self._curves is not None:
            self._marker.set_xdata(self._curves.axis.positions([frame.step, frame.step]))
        if isinstance(self.figure.get_layout_engine(), ConstrainedLayoutEngine):
            # The first frame decides the places of all parts; the others keep them.
            self.figure.draw_without_rendering()
            self.figure.set_layout_engine("none")

    def _explain_marks(self) -> None:
        """Draw a legend of lines and marks below the picture."""
        handles, names = self._ax.get_legend_handles_labels()
        if handles:
            self._ax.legend(
                handles,
                names,
                loc="upper center",
                bbox_to_anchor=(0.5, _LEGEND),
                ncols=_ENTRIES,
                frameon=False,
                fontsize="small",
                handlelength=1.2,
                columnspacing=1.2,
            )

    def pixels(self, dpi: int) -> ByteArray:
        """The pixels of the figure, (height, width, 3)."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        self.figure.set_dpi(dpi)
        canvas = self.figure.canvas
        assert isinstance(canvas, FigureCanvasAgg)
        canvas.draw()
        return np.asarray(canvas.buffer_rgba())[..., :3].copy()

    def _picture(self, frame: Frame) -> RegionPicture:
        canvas = self._canvas
        number = canvas.coloring
        name, row = list(canvas.rows.items())[number]
        limits = frame.limits.get(name) if canvas.frame_scale else self._limits[number]
        corner = canvas.bounds[0], canvas.bounds[1]
        picture = frame_picture(
            frame,
            (name, row),
            limits,
            corner,
            canvas.layer,
            canvas.show_boundary,
            seen=self._viewport(),
            axis_labels=canvas.axis_labels,
            stretch=canvas.stretch,
            line_name=canvas.line_name,
            line_names=canvas.line_names,
            points=canvas.points + np.asarray(corner) if canvas.show_points else np.empty((0, 2)),
            classes=canvas.point_classes if canvas.show_points else None,
            anchors=canvas.anchors + np.asarray(corner) if canvas.show_points else np.empty((0, 2)),
            class_names=canvas.class_names,
            names=canvas.class_names if row.labels == "classes" else (),
        )
        compared = self._compared(frame)
        return with_changes(picture, frame, compared, corner) if compared else picture

    def _compared(self, frame: Frame) -> Frame | None:
        """The frame to compare with, if the player shows a comparison."""
        steps = self._player.steps
        index = self._canvas.compared_index(steps.index(frame.step))
        return None if index is None else self._player.frame(steps[index])


def _draw_curves(ax: Axes, curves: RunCurves) -> Line2D:
    """Draw the curves next to the picture; returns the line that marks the step."""
    values = curves.values
    draw_step_curves(ax, curves.curves, values.label, curves.axis, marked=False)
    ax.set_ylim(values.ticks[0], values.ticks[-1])
    for line in ax.lines:
        # Without clipping, a curve along the upper end is as thick as any other.
        line.set_clip_on(False)
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)
    return ax.axvline(curves.axis.left, color="#808080", linewidth=1.5)
