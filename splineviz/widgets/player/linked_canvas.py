"""LinkedCanvas: another look at the frames of a RegionCanvas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from splineviz.widgets.common.mirror import Mirror
from splineviz.widgets.player.region_canvas import RegionCanvas

# What another look at a canvas takes from it.
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
# What it takes unless it is said to be apart.
_LOOK = (
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
# What goes the other way too.
_BACK = ("index", "playing", "viewport")


class LinkedCanvas(RegionCanvas):
    """Another look at the frames of a canvas, without controls.

    It does not run by itself: its space bar sets `playing`, and what that is linked to moves it.

    Parameters
    ----------
    canvas : RegionCanvas
        Whose frames are drawn.
    apart : sequence of str
        Traits that do not follow those of the canvas, of ``index``, ``coloring``, ``frame_scale``,
        ``limits``, ``settled``, ``progress``, ``playing``, ``show_boundary``, ``show_points`` and
        ``viewport``. Of the others, step, playing and viewport go both ways.
    **traits
        Initial values of traits.
    """

    _mirror: Mirror | None = None

    def __init__(self, canvas: RegionCanvas, apart: Sequence[str] = (), **traits: Any) -> None:
        look = [name for name in _LOOK if name not in apart]
        super().__init__(
            canvas.steps,
            rows=canvas.rows,
            **{
                "source": canvas,
                "controls": False,
                "class_colors": canvas.class_colors,
                **{name: getattr(canvas, name) for name in _SLICE},
                **{name: getattr(canvas, name) for name in look if name != "limits"},
                **traits,
            },
        )
        self._mirror = Mirror(
            source=canvas,
            target=self,
            names=[*_FRAMES, *_SLICE, *look],
            back=[name for name in _BACK if name in look],
        )

    def close(self) -> None:
        """Remove the canvas from the page; the one that it looks at stays."""
        if self._mirror is not None:
            self._mirror.close()
        super().close()
