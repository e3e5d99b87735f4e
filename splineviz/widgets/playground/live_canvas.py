"""LiveCanvas: the regions of a network during training, one frame at a time."""

from __future__ import annotations

from typing import Any

from splineviz.display.frames import Frame
from splineviz.partition.plotting.colorings import Limits
from splineviz.widgets.player.region_canvas import RegionCanvas


class LiveCanvas(RegionCanvas):
    """A canvas with a single frame; each new frame replaces it.

    A color keeps its meaning: a scale spans all frames shown so far. It only grows, until
    :meth:`restart_scales`.

    Parameters
    ----------
    **traits
        Initial values of traits.
    """

    def __init__(self, **traits: Any) -> None:
        self._limits_so_far: list[Limits | None] = []
        super().__init__([0], controls=False, goes_on=True, **traits)

    def restart_scales(self) -> None:
        """Restart the color scales with the next frame; safe to call from any thread."""
        with self.lock:
            self._limits_so_far = []

    def show(self, frame: Frame) -> None:
        """Replace the frame; safe to call from any thread."""
        with self.lock:
            self.outdated = ""
            self.set_frame(0, frame)

    def _scales(self) -> list[Limits | None]:
        now = super()._scales()
        before = self._limits_so_far or [None] * len(now)
        self._limits_so_far = [
            row.spanned(pair) for row, *pair in zip(self.rows.values(), before, now, strict=True)
        ]
        return self._limits_so_far
