"""Saves one step of a player as a picture."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

from splineviz.validation.names import as_step
from splineviz.validation.numbers import check_flags
from splineviz.widgets.export.player_figure import PlayerFigure
from splineviz.widgets.export.player_frames import canvas_of, color_limits, name_of
from splineviz.widgets.export.target import check_size, check_target, write_target

if TYPE_CHECKING:
    from splineviz.widgets.player.region_player import RegionPlayer


def save_picture(
    player: RegionPlayer,
    path: str | os.PathLike[str],
    kind: str,
    step: int | None,
    curves: bool,
    width: float,
    dpi: int,
) -> None:
    """Save a picture, as :meth:`RegionPlayer.save_png` says; `kind` is matplotlib's format."""
    target = check_target(path, f".{kind}")
    check_size(width, dpi)
    check_flags(curves=curves)
    canvas_of(player)
    step = player.step if step is None else as_step(step, player.steps, name_of(player.run))
    frame = player.frame(step)
    drawn = PlayerFigure(player, color_limits(player, [frame]), width, curves)
    drawn.show(frame)
    file = io.BytesIO()
    # Without a date, the same picture is the same file.
    metadata = {"Date": None} if kind == "svg" else None
    drawn.figure.savefig(file, format=kind, dpi=dpi, metadata=metadata)
    write_target(target, file.getvalue())
