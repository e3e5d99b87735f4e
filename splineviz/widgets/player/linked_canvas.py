"""LinkedCanvas: a second picture of the frames of a RegionCanvas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from splineviz.widgets.common.mirror import Mirror
from splineviz.widgets.player.region_canvas import RegionCanvas

# Traits that a linked canvas always takes from its source.
_FRAMES = ("steps", "count", "colorings", "layers", "messages", "ready", "streams")
_SLICE = (
    "bounds",
    "axis_labels",
    "stretch",
    "line_name",
    "line_names",
    "points",
    "point_classes",
    "anchors",
    "class_names",
)
# Traits that it takes unless they are listed in `apart`.
_OPTIONAL = (
    "index",
    "coloring",
    "frame_scale",
    "limits",
    "settled",
    "progress",
    "playing",
    "show_boundary",
    "show_points",
    "viewport",
)
# Traits that also go from the linked canvas to its source.
_BACK = ("index", "playing", "viewport")


class LinkedCanvas(RegionCanvas):
    """A second picture of the frames of a canvas, without controls.

    It does not step by itself: the space bar sets `playing`, and the source steps.

    Parameters
    ----------
    canvas : RegionCanvas
        The source of the frames.
    apart : sequence of str
        Traits that do not follow the source: any of ``index``, ``coloring``, ``frame_scale``,
        ``limits``, ``settled``, ``progress``, ``playing``, ``show_boundary``, ``show_points`` and
        ``viewport``. Unless listed, index, playing and viewport are linked both ways.
    **traits
        Initial values of traits.
    """

    _mirror: Mirror | None = None

    def __init__(self, canvas: RegionCanvas, apart: Sequence[str] = (), **traits: Any) -> None:
        linked = [name for name in _OPTIONAL if name not in apart]
        super().__init__(
            canvas.steps,
            rows=canvas.rows,
            **{
                "source": canvas,
                "controls": False,
                "class_colors": canvas.class_colors,
                **{name: getattr(canvas, name) for name in _SLICE},
                **{name: getattr(canvas, name) for name in linked if name != "limits"},
                **traits,
            },
        )
        self._mirror = Mirror(
            source=canvas,
            target=self,
            names=[*_FRAMES, *_SLICE, *linked],
            back=[name for name in _BACK if name in linked],
        )

    def close(self) -> None:
        """Remove the canvas from the page; its source stays."""
        if self._mirror is not None:
            self._mirror.close()
        super().close()
