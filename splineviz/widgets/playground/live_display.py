"""LiveDisplay: what a page shows of a live training, and the thread that keeps it up to date."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING

import numpy as np

from splineviz.errors import InvalidArgument, TooManyRegions
from splineviz.partition.slices.input_slice import InputSlice
from splineviz.widgets.playground.live_canvas import LiveCanvas
from splineviz.widgets.playground.live_curves import LiveCurves
from splineviz.widgets.playground.live_frame import live_frame
from splineviz.widgets.playground.live_recording import LiveRecording
from splineviz.widgets.playground.live_status import LiveStatus
from splineviz.widgets.playground.live_worker import LiveWorker
from splineviz.widgets.playground.update_rate import UpdateRate

if TYPE_CHECKING:
    from splineviz.training.live.live_training import LiveTraining

#: The most regions that are drawn; more take too long to be watched.
MOST_REGIONS = 60_000
# Seconds from one drawing of the curves to the next.
_CURVES_EVERY = 0.3
# A curve has a point at least whenever the number of steps has grown by this factor.
_FARTHER = 1.25


class LiveDisplay:
    """A frame of regions, curves and a status line, which follow one training after another.

    Parameters
    ----------
    training : LiveTraining
        The first training; :meth:`begin` shows it.
    bounds : tuple of float
        xmin, ymin, xmax, ymax of the plane that is drawn.
    recording : LiveRecording
        Where trainings are recorded, which the status line tells.
    failed : callable
        Called with the exception that ended training or drawing.

    Attributes
    ----------
    plane : InputSlice
        What is drawn.
    canvas : LiveCanvas
    curves : LiveCurves
    status : LiveStatus
        The widgets.
    worker : LiveWorker
        Makes updates and frames, in a thread.
    """

    def __init__(
        self,
        training: LiveTraining,
        bounds: tuple[float, float, float, float],
        recording: LiveRecording,
        failed: Callable[[Exception], None],
    ) -> None:
        self._training = training
        self._recording = recording
        self.plane = InputSlice.identity(bounds)
        self.canvas = LiveCanvas(bounds=bounds, axis_labels=("input 1", "input 2"))
        self.canvas.add_class("splineviz-canvas")
        self.curves = LiveCurves()
        self.status = LiveStatus()
        self.worker = LiveWorker(self._train, self._show, self.status.ready, failed)
        # Only one thread at a time draws, or measures for the curves.
        self._drawing = threading.Lock()
        self._rate = UpdateRate()
        self._curves_due = 0.0
        self._measured = 0
        self._too_many = ""

    def begin(self, training: LiveTraining) -> None:
        """Show a new training from its first step on, in place of the one before."""
        self._training = training
        self.status.message = ""
        self._rate.clear()
        self.canvas.class_names = list(training.data.class_names)
        self.show_points()
        with self._drawing:
            self.curves.clear()
            self.canvas.restart_scales()
            self._measured = 0
        if self.worker.alive:
            self.worker.refresh()
        else:
            self._show()

    def show_points(self) -> None:
        """Draw the training points as they are now."""
        data = self._training.data
        xmin, ymin, _, _ = self.canvas.bounds
        with self.canvas.hold_sync():
            self.canvas.points = data.train_inputs - np.array([xmin, ymin], np.float32)
            self.canvas.point_classes = data.train_labels

    def update_status(self) -> None:
        """Say in the status line how far the training is."""
        training = self._training
        facts = [f"step {training.steps:,}"]
        if self.worker.running:
            facts.append(f"{self._rate.per_second():,.0f} steps/s")
            facts.append(f"{self.status.frames_per_second():.0f} frames/s")
        elif len(training.data.train_inputs) == 0:
            facts.append("draw some points on the pad")
        else:
            facts.append("paused")
        facts.append(self._recording.description(training))
        self.status.text = " · ".join(filter(None, facts))

    # ------------------------------------------------------------ in the thread

    def _train(self, n: int) -> None:
        training = self._training
        while n > 0 and training is self._training:
            # Frames are too rare for a curve over a logarithmic axis: it has its own places.
            due = max(1, math.ceil(_FARTHER * self._measured) - training.steps)
            updates = min(n, due)
            try:
                training.step(updates)
            except InvalidArgument:
                # Points may be erased between two updates, which pauses the training.
                if len(training.data.train_inputs):
                    raise
                return
            self._rate.add(updates)
            n -= updates
            if updates == due:
                with self._drawing:
                    if training is self._training:
                        self._measure(training)

    def _show(self) -> None:
        """Make and send a frame."""
        with self._drawing:
            training = self._training
            try:
                self.canvas.show(live_frame(training, self.plane, MOST_REGIONS))
                if self.status.message == self._too_many:
                    self.status.message = ""
            except TooManyRegions as error:
                self._too_many = (
                    f"More than {error.most:,} regions: too many to draw live. The training "
                    "goes on; choose a smaller width or depth to see it"
                )
                self.status.message = self._too_many
                self.canvas.set_traits(outdated="An earlier step: now there are too many regions")
            self._draw_curves(training)
            self.update_status()
            self.status.mark_sent()

    def _draw_curves(self, training: LiveTraining) -> None:
        early = self.worker.running and monotonic() < self._curves_due
        if early or len(training.data.train_inputs) == 0:
            return
        self._measure(training)
        self.curves.draw()
        self._curves_due = monotonic() + _CURVES_EVERY

    def _measure(self, training: LiveTraining) -> None:
        self._measured = training.steps
        self.curves.add(self._measured, training.measure())
