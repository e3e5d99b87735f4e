"""PlayerFrames: the frames of a player, made one by one and put on its canvas."""

from __future__ import annotations

from collections.abc import Callable, Collection

from splineviz.widgets.common.frame_feed import FrameFeed
from splineviz.widgets.player.frame_source import FrameSource
from splineviz.widgets.player.region_canvas import RegionCanvas


class PlayerFrames:
    """The frames of one source: made one by one, put on a canvas, with a word on the progress.

    Another slice, or other arguments of the player, are other frames. Once these are stopped, what
    is still being made changes nothing on the canvas.

    Parameters
    ----------
    canvas : RegionCanvas
        Where they are shown.
    source : FrameSource
        What decides them.
    steps : list of int
        Training steps of the checkpoints.
    wanted : callable
        Returns the number of the checkpoint that the user looks at.
    done : collection of int
        Numbers of the frames that the canvas has already.

    Attributes
    ----------
    feed : FrameFeed
        What makes them in the background.
    """

    def __init__(
        self,
        canvas: RegionCanvas,
        source: FrameSource,
        steps: list[int],
        wanted: Callable[[], int],
        done: Collection[int] = (),
    ) -> None:
        self._canvas = canvas
        self._source = source
        self._steps = steps
        self._wanted = wanted
        self._progress = self._trouble = ""
        self._stopped = False
        self.feed = FrameFeed(
            len(steps),
            self._make,
            wanted,
            self._report_failure,
            lambda: self._report(""),
            lambda: canvas.is_full,
            done,
        )

    def make(self, background: bool) -> None:
        """Make the frame that is shown, and then the others.

        Parameters
        ----------
        background : bool
            Whether to return before the others are made.
        """
        if self._wanted() not in self._canvas.made_frames:
            self.feed.make_current()
        if background and len(self._steps) > 1:
            self.feed.start()
        else:
            self.feed.run()

    def extend(self, steps: list[int]) -> None:
        """Make frames of new checkpoints as well; `steps` are those of all checkpoints."""
        self._canvas.add_steps(steps[len(self._steps) :])
        self._steps = steps
        self._source.follow_run()
        self.feed.extend(len(steps))

    def stop(self) -> None:
        """Stop after the frame that is being made now, and do not show it."""
        self._stopped = True
        self.feed.stop()

    def show_trouble(self, trouble: str) -> None:
        """Say what is wrong with the run, beside the progress; empty if nothing is."""
        if trouble != self._trouble:
            self._trouble = trouble
            self._show_progress()

    def _make(self, index: int) -> None:
        if self._stopped:
            return
        frame = self._source.draw(self._steps[index])
        with self._canvas.lock:
            if not self._stopped:
                self._canvas.set_frame(index, frame)
            self._report(f"{self._canvas.ready} of {len(self._steps)} steps ready")

    def _report_failure(self, index: int, error: Exception) -> None:
        with self._canvas.lock:
            if not self._stopped:
                self._canvas.set_message(index, f"This step could not be computed: {error}")

    def _report(self, progress: str) -> None:
        if not self._stopped:
            self._progress = progress
            self._show_progress()

    def _show_progress(self) -> None:
        """Say how many frames there are, and what is wrong."""
        canvas = self._canvas
        with canvas.lock:
            progress, ready = self._progress, canvas.ready
            failed, count = len(canvas.messages), len(self._steps)
            failures = f"{failed} of {count} steps could not be computed" if failed else ""
            if not progress and ready + failed < count:
                progress = f"{ready} of {count} steps kept, others come when looked at"
            canvas.set_progress(", ".join(filter(None, [progress, failures, self._trouble])))
