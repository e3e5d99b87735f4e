"""The frames of a player to save in a file."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from splineviz.display.frames import Frame
from splineviz.display.pictures import limits_over
from splineviz.errors import NothingToDraw
from splineviz.partition.plotting.colorings import Limits
from splineviz.validation.names import as_steps

if TYPE_CHECKING:
    from splineviz.widgets.player.region_canvas import RegionCanvas
    from splineviz.widgets.player.region_player import RegionPlayer


def canvas_of(player: RegionPlayer) -> RegionCanvas:
    """Return the canvas of a player.

    Raises
    ------
    NothingToDraw
        If its run has no checkpoints.
    """
    if player.canvas is None:
        raise NothingToDraw(
            "the run has no checkpoints yet, so there is nothing to save. Record some, and make "
            "the player again"
        )
    return player.canvas


def read_steps(player: RegionPlayer, steps: Sequence[int] | None) -> list[int]:
    """Check the steps to save, and return them in order; all checkpoints for None.

    Raises
    ------
    NothingToDraw
        If the run has no checkpoints.
    UnknownStep
        If there is no checkpoint at one of them.
    InvalidArgument
        If there are none.
    """
    canvas_of(player)
    if steps is None:
        return list(player.steps)
    return sorted({*as_steps(steps, player.steps, name_of(player.run))})


def name_of(run: Any) -> str:
    """The name of a run, for messages; the object may stand in for a run and have none."""
    return str(getattr(run, "name", "run"))


def wait_for_frames(player: RegionPlayer) -> None:
    """Wait for frames that are being made, instead of making them twice.

    Errors are raised, or shown, where a frame is used.
    """
    with contextlib.suppress(Exception):
        player.wait()


def color_limits(player: RegionPlayer, frames: Sequence[Frame]) -> list[Limits | None]:
    """Compute the ends of each coloring's scale.

    They are those of the player if all its frames have been made, otherwise those of `frames`.
    """
    canvas = canvas_of(player)
    if canvas.ready == canvas.count:
        return list(canvas.limits)
    return [limits_over(frames, name, row) for name, row in canvas.rows.items()]
