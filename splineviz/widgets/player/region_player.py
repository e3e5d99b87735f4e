"""RegionPlayer: the linear regions of a recorded training, replayed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import ipywidgets
import traitlets

from splineviz.display.frames import Frame
from splineviz.validation.calls import explained
from splineviz.validation.names import as_step, as_text
from splineviz.validation.numbers import check_flags
from splineviz.widgets.common.checkpoint_traits import CheckpointTraits
from splineviz.widgets.common.lifecycle import OwningBox, close_all
from splineviz.widgets.common.run_watcher import RunWatcher
from splineviz.widgets.player.frame_source import FrameSource, plane_to_draw, slice_traits
from splineviz.widgets.player.player_arguments import PlayerArguments
from splineviz.widgets.player.player_files import PlayerFiles
from splineviz.widgets.player.player_frames import PlayerFrames
from splineviz.widgets.player.region_canvas import BUDGET, RegionCanvas
from splineviz.widgets.player.run_curves import RunCurves
from splineviz.widgets.player.run_flags import run_flags
from splineviz.widgets.player.thumbnails import anchor_thumbnails, describe_thumbnails
from splineviz.widgets.player.user_colorings import UserColoring
from splineviz.widgets.player.view_state import traits_of_state, view_state

if TYPE_CHECKING:
    import pandas as pd

    from splineviz.network.program import Program
    from splineviz.partition.slices.input_segment import InputSegment
    from splineviz.partition.slices.input_slice import InputSlice
    from splineviz.partition.spline_partition import SplinePartition
    from splineviz.training.runs import Run


class RegionPlayer(PlayerFiles, OwningBox, CheckpointTraits):
    """Every linear region of a network on a slice, over the checkpoints of a run.

    The time bar below the picture has the accuracies, the number of linear regions and the steps
    to know of. A click or a drag on it goes to a step; its handles say which steps play. All of it
    works in the browser, so scrubbing goes on while the kernel is busy. The first frame is made
    before this returns, the others in a background thread, coarse to fine; a checkpoint whose frame
    is not there yet, or cannot be made, says so. New checkpoints of a run that is still being
    written appear as they come. The longer none comes, the rarer the player reads the run: at
    least twice a minute while it is displayed.

    A player holds the frames it shows until :meth:`close`. A cell that is run again gets the player
    that it made of the same run and slice: it looks as a new one does, its frames stay, and what
    shows it in other cells, or is linked to it, goes with it. (In a script, and where the front end
    does not tell which cell runs, a line does so that is run again with the same arguments and
    sets the same variable.) Other cells, other slices, and a second player in the same cell are
    players of their own. Beyond `budget` bytes, further frames are made when they are shown,
    and not kept.

    With the mouse: the wheel zooms where the picture has been clicked, as two fingers do on a touch
    screen; dragging moves it, a double click shows everything; a click pins a region with its
    neighbors and its active neurons, or on an edge shows the whole boundary of the neuron behind
    it, of the edges that are drawn. Layers and neurons are named as ``neuron_boundary`` of a
    :class:`~splineviz.partition.spline_partition.SplinePartition` takes them: counted from 0, a
    layer with its name in the network. Keys, on the picture: arrows, Page Up and Page Down, Home,
    End; the space bar plays and pauses; the others are listed under "keys".

    Parameters
    ----------
    run : Run
        A recorded training.
    plane : InputSlice or InputSegment
        The slice to look at. Of a segment the regions are columns, and the graph of the network
        runs across them, within the heights that it has at the checkpoints there are now.
    color : str
        What colors the regions at first: a row of
        :data:`~splineviz.partition.plotting.colorings.COLORINGS` or ``ON_DEMAND``, or a name in
        `colorings`. Of ``ON_DEMAND`` the player has this one alone.
    index : int
        Number of the checkpoint to show first; negative numbers count from the end.
    metrics : sequence of str, optional
        Columns of ``run.metrics`` to draw; an empty sequence for none. Default: those that are
        accuracies.
    axis_labels : pair of str, optional
        What the slice's coordinates are.
    image_shape : tuple of int, optional
        The shape of an input as an image, for the pictures of the slice's anchors: (height,
        width), or (channels, height, width) with 1 or 3 channels. Default: guessed from the shape
        of an input.
    colorings : mapping from str to Coloring, callable or mapping, optional
        Further colorings by name: a :class:`~splineviz.partition.plotting.colorings.Coloring`; a
        function from a SplinePartition to an array of shape (R,); or such arrays by training step.
    background : bool
        Whether to return before all frames are made.
    budget : int
        How many bytes of frames to keep, in the kernel, in the browser and in a saved notebook.
    partition : callable, optional
        From a Program and the slice to a SplinePartition. Default:
        :func:`~splineviz.partition.enumeration.enumerate_regions`.

    Attributes
    ----------
    canvas : RegionCanvas
        The picture; its traits can be set and linked.
    index : int
        Number of the checkpoint shown; follows the time bar whenever the kernel is idle, and moves
        it when set.
    step : int
        Its training step; when set, moves to that checkpoint.
    play_range : tuple of int
        First and last checkpoint to run over; empty for all.
    run : Run
    plane : InputSlice
    steps : list of int
        Training steps of the checkpoints.

    Raises
    ------
    UnknownName
        If `color`, `index` or a column of `metrics` does not exist.
    ShapeMismatch
        If the slice does not fit the network's input, or an array of `colorings` its partition.
    UnsupportedLayer
        If the network has no exact regions: a layer of it is not piecewise linear.
    RunCorrupt
        If the metrics, the samples or the first checkpoint to show cannot be read. What goes
        wrong with another checkpoint stands in its place, and :meth:`wait` raises it.
    """

    identity_arguments = ("run", "plane")

    # Class-level defaults: close() must work even if __init__ raised.
    _closed = False
    _watcher: RunWatcher | None = None
    _curves_outdated = False
    _source: FrameSource | None = None
    _frames: PlayerFrames | None = None
    canvas: RegionCanvas | None = None
    _logged: pd.DataFrame | None = None
    curves: RunCurves | None = None
    thumbnails: Sequence[tuple[str, bytes]] = ()

    @explained()
    def __init__(
        self,
        run: Run,
        plane: InputSlice | InputSegment,
        *,
        color: str = "output",
        index: int = 0,
        metrics: Sequence[str] | None = None,
        axis_labels: tuple[str, str] | None = None,
        image_shape: tuple[int, ...] | None = None,
        colorings: Mapping[str, UserColoring] | None = None,
        background: bool = True,
        budget: int = BUDGET,
        partition: Callable[[Program, InputSlice], SplinePartition] | None = None,
    ) -> None:
        arguments = PlayerArguments.read(
            run,
            plane,
            color,
            index,
            metrics,
            axis_labels,
            image_shape,
            colorings,
            background,
            budget,
            partition,
        )
        source, steps = arguments.source, arguments.steps
        kept = self._source is not None and self._source.can_reuse_frames_for(source)
        self._stop()
        self._watcher = self._frames = None
        self._curves_outdated = False
        self._source = source
        self.run = run
        self.plane = source.plane
        self.steps = steps
        self._metrics = metrics
        self._axis_labels = arguments.axis_labels
        self._image_shape = image_shape
        self._captions = arguments.captions
        if not steps:
            self._show_empty()
            return
        traits = {"index": arguments.index, "coloring": arguments.color, **arguments.placed}
        canvas = self.canvas
        if canvas is None:
            new = RegionCanvas(steps, rows=source.rows, budget=source.budget, **traits)
            canvas = self._show_canvas(new)
        else:
            if not kept:
                canvas.restart(steps, source.rows, source.budget)
            elif len(steps) > canvas.count:
                canvas.add_steps(steps[canvas.count :])
            canvas.reset_view(**traits)
        self._update_curves()
        self.step = steps[arguments.index]
        self._make_frames(canvas, source, background, canvas.made_frames if kept else ())
        if run.status == "recording":
            self._follow_run(canvas)

    def summary(self) -> str:
        """The run and the step."""
        name = getattr(getattr(self, "run", None), "name", "")
        count = len(getattr(self, "steps", ()))
        facts = [f"run {name!r}" if name else "", f"{count} step{'s' * (count != 1)}"]
        return ", ".join(filter(None, [*facts, f"at step {self.step}" if count else ""]))

    def reinitialize(self, *args: Any, **kwargs: Any) -> None:
        """Take the arguments of a new player; frames that would be the same stay.

        What is wrong with the arguments leaves the player as it was.
        """
        type(self).__init__(self, *args, **kwargs)

    def _show_empty(self) -> None:
        old = self.children
        self.canvas = None
        super().__init__([_note("This run has no checkpoints yet: there is nothing to see.")])
        self.add_class("splineviz-player")
        close_all(old)

    def _show_canvas(self, canvas: RegionCanvas) -> RegionCanvas:
        old = self.children
        self.canvas = canvas
        canvas.add_class("splineviz-canvas")
        super().__init__([canvas])
        self.add_class("splineviz-player")
        for name in ("index", "play_range"):
            traitlets.link((canvas, name), (self, name))
        canvas.on_frame_request(self._demand_frames)
        canvas.on_map_request(self._map_of)
        canvas.observe(lambda change: self._update_flags(), "region_counts")
        close_all(old)
        return canvas

    def show(self, plane: InputSlice | InputSegment, background: bool = True) -> None:
        """Look at another slice; the step, the coloring and the curves stay.

        On a segment the color of areas is that of lengths.

        Parameters
        ----------
        plane : InputSlice or InputSegment
            The slice.
        background : bool
            Whether to return before all frames are made.

        Raises
        ------
        ShapeMismatch
            If the slice does not fit the network's input; then nothing has changed.
        """
        check_flags(background=background)
        plane = plane_to_draw([self.run], plane)
        canvas, source = self.canvas, self._source
        if canvas is None or source is None or self._frames is None:
            return
        placed, self._captions = slice_traits(self.run, plane, self._axis_labels)
        self._frames.stop()
        self.plane = plane
        self._source = source = replace(source, plane=plane)
        canvas.clear_frames()
        with canvas.hold_sync():
            canvas.set_colorings(source.rows)
            for name, value in placed.items():
                setattr(canvas, name, value)
        canvas.show_everything()
        self._update_curves()
        self._make_frames(canvas, source, background)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until all frames are made for which there is room.

        Parameters
        ----------
        timeout : float, optional
            The longest wait, in seconds.

        Returns
        -------
        bool
            Whether they are.

        Raises
        ------
        EndlessWait
            If an observer of a trait calls this while frames are made: they cannot be shown before
            it returns. With a timeout it does not wait then.
        Exception
            The first that making a frame raised; the frames that could be made are there.
        """
        if self._frames is None or self.canvas is None:
            return True
        return self._frames.feed.wait(timeout, self.canvas.holds_lock)

    @explained()
    def annotate(self, step: int, text: str) -> None:
        """Write a text on the time bar; it is also the caption while its step is shown.

        Parameters
        ----------
        step : int
            Training step of a checkpoint.
        text : str
            The text; it replaces an earlier one at this step. Empty to remove that.

        Raises
        ------
        UnknownStep
            If there is no checkpoint at this step.
        InvalidArgument
            If `text` is no text.
        """
        step = as_step(step, self.steps, str(getattr(self.run, "name", "run")))
        text = as_text(text, "text")
        index = self.steps.index(step)
        if self.canvas is not None:
            others = [mark for mark in self.canvas.annotations if mark["index"] != index]
            own = [{"index": index, "step": step, "name": text}] if text else []
            marks = sorted([*others, *own], key=lambda mark: mark["index"])
            self.canvas.set_traits(annotations=marks)

    @property
    def state(self) -> dict[str, Any]:
        """What the viewer has chosen: step, color, comparison, marks and the part that is seen.

        A dict such as ``{"step": 653, "color": "slope"}``. What differs from a new player stands in
        it too: ``compare`` (a step, or ``"step before"``), ``boundary`` and ``data`` (False if they
        are hidden), and ``view`` (xmin, ymin, xmax, ymax). Set it to show the same again: what it
        does not name is as in a new player, but step and color stay. The player's copy button
        copies it as a line of Python. Empty for a run without checkpoints.

        Raises
        ------
        InvalidArgument, UnknownName, UnknownStep
            If what it is set to names something that is not there, and says what.
        """
        return {} if self.canvas is None else view_state(self.canvas)

    @state.setter
    def state(self, state: Mapping[str, Any]) -> None:
        if self.canvas is not None:
            self.canvas.set_traits(**traits_of_state(self.canvas, state))

    @property
    def bookmarks(self) -> list[int]:
        """Training steps of the checkpoints that the user has marked with the key B."""
        return [] if self.canvas is None else [self.steps[k] for k in self.canvas.bookmarks]

    def close(self) -> None:
        """Stop making frames, remove the player from the page and let go of its frames."""
        self._closed = True
        self._stop()
        super().close()

    def _stop(self) -> None:
        """Stop following the run, and making frames."""
        if self._watcher is not None:
            self._watcher.stop()
        if self._frames is not None:
            self._frames.stop()

    # ------------------------------------------------------------------ frames

    def frame(self, step: int) -> Frame:
        """The frame of one checkpoint: the one that is shown, or a new one if it is not kept.

        Parameters
        ----------
        step : int
            Its training step.

        Returns
        -------
        Frame

        Raises
        ------
        UnknownName
            If there is no checkpoint at this step.
        """
        step = as_step(step, self.steps, str(getattr(self.run, "name", "run")))
        kept = self.canvas and self.canvas.frame(self.steps.index(step))
        assert self._source is not None
        return kept or self._source.draw(step)

    def _make_frames(
        self,
        canvas: RegionCanvas,
        source: FrameSource,
        background: bool,
        done: Collection[int] = (),
    ) -> None:
        frames = PlayerFrames(canvas, source, self.steps, lambda: self.index, done)
        self._frames = frames
        frames.make(background)

    def _demand_frames(self, numbers: list[int]) -> None:
        if self._frames is not None:
            self._frames.feed.demand(numbers)

    def _map_of(self, index: int, region: int) -> dict[str, Any]:
        assert self.canvas is not None
        assert self._source is not None
        frame = self.canvas.frame(index)
        if frame is None:
            return {"problem": "not kept in memory for this step"}
        return self._source.map_of(frame, region)

    # ------------------------------------------------------------------ a run still being written

    def _follow_run(self, canvas: RegionCanvas) -> None:
        """Add the checkpoints of the run as they come."""
        self._watcher = RunWatcher(
            self._check_run,
            lambda: self.run.status == "recording",
            lambda: canvas.is_seen,
            self._show_trouble,
        )
        canvas.observe(self._wake_watcher, "views")
        self._watcher.start()

    def _wake_watcher(self, change: dict[str, Any]) -> None:
        if self._watcher is not None and change["new"] > change["old"]:
            self._watcher.wake()

    def _check_run(self) -> bool:
        self.run.refresh()
        new = [int(step) for step in self.run.steps][len(self.steps) :]
        if self._closed or self._frames is None:
            return False
        if new:
            self.steps = [*self.steps, *new]
            self._frames.extend(self.steps)
            self._curves_outdated = True
        if self._curves_outdated:
            self._update_curves()
            self._curves_outdated = False
        return bool(new)

    def _show_trouble(self, trouble: str) -> None:
        if self._frames is not None and not self._closed:
            self._frames.show_trouble(
                f"the run cannot be followed, trying again: {trouble}" if trouble else ""
            )

    # ------------------------------------------------------------------ what stands around

    def _update_curves(self) -> None:
        """Draw the curves of the run and the pictures of the slice's anchors."""
        assert self.canvas is not None
        # What cannot be read leaves what is there.
        metrics = self.run.metrics
        self.curves = RunCurves.of(metrics, self.steps, self._metrics)
        self.thumbnails = anchor_thumbnails(self.plane, self._image_shape, self._captions)
        self.canvas.set_traits(
            curves=self.curves.describe(), thumbnails=describe_thumbnails(self.thumbnails)
        )
        self._logged = metrics
        self._update_flags()

    def _update_flags(self) -> None:
        """Mark on the time bar what can be read from the metrics and the numbers of regions."""
        canvas = self.canvas
        if canvas is None or self._logged is None:
            return
        flags = run_flags(self.steps, canvas.region_counts[: len(self.steps)], self._logged)
        canvas.set_traits(flags=[flag.describe() for flag in flags])


def _note(text: str) -> ipywidgets.Label:
    note = ipywidgets.Label(text)
    note.add_class("splineviz-note")
    return note
