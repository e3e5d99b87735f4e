"""Saves the steps of a player as an animation."""

from __future__ import annotations

import io
import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from splineviz.errors import EncodingFailed, InvalidArgument, MissingProgram
from splineviz.progress import Progress, check_progress, reporting
from splineviz.validation.numbers import as_int, check_flags
from splineviz.widgets.export.player_figure import PlayerFigure
from splineviz.widgets.export.player_frames import color_limits, read_steps, wait_for_frames
from splineviz.widgets.export.target import check_size, check_target, write_target

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

    from splineviz.display.frames import Frame
    from splineviz.widgets.player.region_player import RegionPlayer

# In milliseconds: many viewers show shorter frames of a GIF much longer; a GIF counts hundredths
# of a second in 16 bits.
_SHORTEST, _LONGEST = 20, 655_350
_PALETTE_FRAMES = 5


def save_gif(
    player: RegionPlayer,
    path: str | os.PathLike[str],
    steps: Sequence[int] | None,
    interval: int,
    pause: int,
    curves: bool,
    width: float,
    dpi: int,
    progress: Progress | bool | None,
) -> None:
    """Save a GIF, as :meth:`RegionPlayer.save_gif` says."""
    from PIL import Image

    target = check_target(path, ".gif")
    check_size(width, dpi)
    check_flags(curves=curves)
    check_progress(progress)
    interval, pause = as_int(interval, "interval", 1), as_int(pause, "pause")
    if interval < _SHORTEST:
        raise InvalidArgument(
            f"interval is {interval} ms; a GIF takes {_SHORTEST} ms a frame or more. For fewer "
            "frames say steps=player.steps[::2], or use save_mp4"
        )
    if pause < 0:
        raise InvalidArgument(f"pause is {pause} ms; it must be 0 or more")
    if interval + pause > _LONGEST:
        raise InvalidArgument(
            f"interval and pause are {interval + pause:,} ms together; a GIF shows a frame for "
            f"{_LONGEST:,} ms at most"
        )
    frames, drawn = _prepared(player, steps, width, curves)
    palette = _palette(drawn, frames, dpi)
    pictures = []
    with reporting(progress, len(frames), "frame") as report:
        for done, frame in enumerate(frames, 1):
            picture = _picture(drawn, frame, dpi)
            # Without dithering, parts that do not change have the same pixels in every frame.
            pictures.append(picture.quantize(palette=palette, dither=Image.Dither.NONE))
            report(done)
    file = io.BytesIO()
    forever = {"loop": 0} if player.canvas is not None and player.canvas.loop else {}
    times = [interval] * (len(frames) - 1) + [interval + pause]
    pictures[0].save(
        file, "GIF", save_all=True, append_images=pictures[1:], duration=times, **forever
    )
    write_target(target, file.getvalue())


def save_mp4(
    player: RegionPlayer,
    path: str | os.PathLike[str],
    steps: Sequence[int] | None,
    interval: int,
    curves: bool,
    width: float,
    dpi: int,
    progress: Progress | bool | None,
) -> None:
    """Save a film, as :meth:`RegionPlayer.save_mp4` says."""
    from matplotlib.animation import FFMpegWriter

    target = check_target(path, ".mp4")
    check_size(width, dpi)
    check_flags(curves=curves)
    check_progress(progress)
    interval = as_int(interval, "interval", 1, _LONGEST)
    read_steps(player, steps)
    if not FFMpegWriter.isAvailable():
        raise MissingProgram(
            "ffmpeg",
            "save_mp4",
            "save_gif writes an animation without it. Or install it with the operating system "
            "(apt install ffmpeg, brew install ffmpeg, winget install ffmpeg) or with conda "
            "(conda install ffmpeg), and start the kernel again",
        )
    frames, drawn = _prepared(player, steps, width, curves)
    with (
        tempfile.TemporaryDirectory() as folder,
        reporting(progress, len(frames), "frame") as report,
    ):
        film = Path(folder) / "film.mp4"
        # The annotation wants an int, but ffmpeg accepts fractions.
        writer = FFMpegWriter(fps=cast("int", 1000 / interval))
        try:
            drawn.show(frames[0])
            with writer.saving(drawn.figure, str(film), dpi):
                for done, frame in enumerate(frames, 1):
                    drawn.show(frame)
                    writer.grab_frame()
                    report(done)
        except (subprocess.CalledProcessError, BrokenPipeError) as error:
            said = getattr(error, "stderr", None) or getattr(error, "output", None) or str(error)
            raise EncodingFailed(
                f"ffmpeg could not make the film: {said}. save_gif writes an animation without it"
            ) from error
        write_target(target, film.read_bytes())


def _prepared(
    player: RegionPlayer, steps: Sequence[int] | None, width: float, curves: bool
) -> tuple[list[Frame], PlayerFigure]:
    """The frames to draw, and the figure to draw them in."""
    chosen = read_steps(player, steps)
    wait_for_frames(player)
    frames = [player.frame(step) for step in chosen]
    return frames, PlayerFigure(player, color_limits(player, frames), width, curves)


def _picture(drawn: PlayerFigure, frame: Frame, dpi: int) -> Picture:
    from PIL import Image

    drawn.show(frame)
    return Image.fromarray(drawn.pixels(dpi))


def _palette(drawn: PlayerFigure, frames: list[Frame], dpi: int) -> Picture:
    """Choose 256 colors for all frames, from a few of them."""
    from PIL import Image

    few = np.unique(np.linspace(0, len(frames) - 1, _PALETTE_FRAMES).astype(int))
    rows = [np.asarray(_picture(drawn, frames[number], dpi))[::2, ::2] for number in few]
    palette = Image.fromarray(np.concatenate(rows)).quantize(256)
    # Keep the page white: its entry would be the mean of nearly white colors.
    colors = np.array(palette.getpalette() or [], dtype=np.uint8).reshape(-1, 3)
    colors[colors.sum(axis=1).argmax()] = 255
    palette.putpalette(colors.ravel().tolist())
    return palette
