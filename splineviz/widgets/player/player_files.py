"""PlayerFiles: a player as files, to take along or to print."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from splineviz.progress import Progress
from splineviz.validation.calls import explained

if TYPE_CHECKING:
    from splineviz.widgets.player.region_player import RegionPlayer


class PlayerFiles:
    """What :class:`~splineviz.widgets.player.region_player.RegionPlayer` saves as files."""

    @property
    def _player(self) -> RegionPlayer:
        return cast("RegionPlayer", self)

    @explained()
    def save_png(
        self,
        path: str | os.PathLike[str],
        step: int | None = None,
        *,
        curves: bool = False,
        width: float = 6.4,
        dpi: int = 200,
    ) -> None:
        """Save the picture of a step, as the player shows it, drawn with matplotlib.

        Coloring, scale, lines, comparison, decision boundary, data and the part of the slice that
        is seen are those of the player at this moment.

        Parameters
        ----------
        path : str or path-like
            The file; its name ends with ``.png``. It is replaced in one piece if it exists.
        step : int, optional
            Training step. Default: the one that is shown.
        curves : bool
            Whether the curves of the run stand beside it, with a line at the step.
        width : float
            Width of the picture with its color bar, in inches; the curves take as much again.
        dpi : int
            Pixels an inch.

        Raises
        ------
        UnknownStep
            If there is no checkpoint at this step.
        NothingToDraw
            If the run has no checkpoints.
        InvalidArgument
            If the name of the file has another extension, or the picture would be too small to be
            read or too large to be drawn.
        UnwritablePath
            If the file cannot be written.
        """
        from splineviz.widgets.export.pictures import save_picture

        save_picture(self._player, path, "png", step, curves, width, dpi)

    @explained()
    def save_svg(
        self,
        path: str | os.PathLike[str],
        step: int | None = None,
        *,
        curves: bool = False,
        width: float = 6.4,
    ) -> None:
        """Save the picture of a step as vectors; as :meth:`save_png`, with ``.svg``."""
        from splineviz.widgets.export.pictures import save_picture

        save_picture(self._player, path, "svg", step, curves, width, 200)

    @explained()
    def save_gif(
        self,
        path: str | os.PathLike[str],
        steps: Sequence[int] | None = None,
        *,
        interval: int = 200,
        pause: int = 0,
        curves: bool = False,
        width: float = 6.4,
        dpi: int = 100,
        progress: Progress | bool | None = None,
    ) -> None:
        """Save the steps one after another as an animation, as the player shows them.

        Parameters
        ----------
        path : str or path-like
            The file; its name ends with ``.gif``. It is replaced in one piece if it exists.
        steps : sequence of int, optional
            Training steps, in any order. Default: all checkpoints. Frames that the player has
            not made, or not kept, are made.
        interval : int
            Milliseconds from one step to the next.
        pause : int
            Milliseconds for which the last step stays longer than the others (default: 0).
        curves, width, dpi
            As for :meth:`save_png`.
        progress : bool or callable, optional
            True for a progress bar. A function is called with (frames done, frames in all).

        Raises
        ------
        UnknownStep, NothingToDraw, UnwritablePath
            As for :meth:`save_png`.
        InvalidArgument
            As for :meth:`save_png`, and if the interval is too short or
            the pause negative.
        Exception
            What making a frame raises.
        """
        from splineviz.widgets.export.animations import save_gif

        save_gif(self._player, path, steps, interval, pause, curves, width, dpi, progress)

    @explained()
    def save_mp4(
        self,
        path: str | os.PathLike[str],
        steps: Sequence[int] | None = None,
        *,
        interval: int = 200,
        curves: bool = False,
        width: float = 6.4,
        dpi: int = 150,
        progress: Progress | bool | None = None,
    ) -> None:
        """Save the steps one after another as a film; as :meth:`save_gif`, with ``.mp4``.

        Raises
        ------
        MissingProgram
            If ffmpeg is not installed; :meth:`save_gif` does without.
        EncodingFailed
            If ffmpeg fails.
        """
        from splineviz.widgets.export.animations import save_mp4

        save_mp4(self._player, path, steps, interval, curves, width, dpi, progress)

    @explained()
    def save_html(
        self,
        path: str | os.PathLike[str],
        steps: Sequence[int] | None = None,
        *,
        title: str | None = None,
        compress: bool = True,
        progress: Progress | bool | None = None,
    ) -> None:
        """Save the player as one page, to open in a browser, send or put on a site.

        Everything is in the file, and nothing is fetched: scrubbing, playing, zooming, colorings,
        comparisons and what a click says about a region work without a kernel and without a
        network. A page that nbconvert makes of a notebook has its viewer fetched from a network.

        Parameters
        ----------
        path : str or path-like
            The file; its name ends with ``.html``. It is replaced in one piece if it exists.
        steps : sequence of int, optional
            Training steps, in any order. Default: all checkpoints. Frames that the player has
            not made, or not kept, are made; in place of one that cannot be made the page says why.
        title : str, optional
            What stands above, as text.
        compress : bool
            Whether the frames are compressed, which browsers since 2023 can read.
        progress : bool or callable, optional
            As for :meth:`save_gif`.

        Raises
        ------
        UnknownStep, NothingToDraw, UnwritablePath
            As for :meth:`save_png`.
        InvalidArgument
            If the name of the file has another extension, or there are no steps.
        Exception
            What making the last frame raises, if none can be made.

        Warns
        -----
        UserWarning
            If the page takes more than 50 MB: it says how many.
        """
        from splineviz.widgets.export.page import save_html

        save_html(self._player, path, steps, title, compress, progress)
