"""Playground: train a small network on points in the plane, and watch its exact regions move."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable
from functools import cache
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import ipywidgets
import numpy as np
import traitlets
from threadpoolctl import ThreadpoolController

from splineviz.display.frames import Frame
from splineviz.errors import (
    InvalidArgument,
    NonFiniteValues,
    SplinevizError,
    TooManyRegions,
    UnknownName,
)
from splineviz.partition.slices import InputSlice
from splineviz.training.data import blobs, checkerboard, circles, spirals, two_moons
from splineviz.training.data.sets import Dataset
from splineviz.widgets.live_curves import LiveCurves
from splineviz.widgets.live_status import LiveStatus
from splineviz.widgets.live_worker import LiveWorker
from splineviz.widgets.playground_settings import PlaygroundSettings
from splineviz.widgets.point_pad import PointPad
from splineviz.widgets.region_canvas import RegionCanvas
from splineviz.widgets.region_player import RegionPlayer

if TYPE_CHECKING:
    from splineviz.training.live import LiveTraining

BOUNDS = (-2.0, -2.0, 2.0, 2.0)
#: So many regions are drawn; more are found too slowly to be watched.
MOST_REGIONS = 60_000

_OWN_CLASSES = ("class 1", "class 2", "class 3")
_CURVES_EVERY = 0.3
_SPEED_WINDOW = 2.0


def _own(points: int, *, seed: int) -> Dataset:
    inputs, labels = np.empty((0, 2), np.float32), np.empty(0, np.int64)
    return Dataset(inputs, labels, inputs, labels, _OWN_CLASSES)


#: The data sets to choose from: called with the number of training points and the seed.
DATA: dict[str, Callable[..., Dataset]] = {
    "checkerboard": checkerboard,
    "two moons": two_moons,
    "circles": circles,
    "spirals": spirals,
    "blobs": blobs,
    "your own points": _own,
}


class Playground(ipywidgets.VBox):
    """A training in the kernel, live: its exact linear regions, its curves, and all its settings.

    The training runs in a background thread, which shares its time between updates and frames;
    frames that the page has no time for are not made. Learning rate, weight decay, batch size and
    points apply at once; any other change begins anew. Points are drawn on the pad.

    The thread ends with :meth:`stop`, with :meth:`close`, and when the last picture of the
    playground is gone from the page, as when its cell is run again.

    Parameters
    ----------
    data : str
        A row of :data:`DATA`.
    points : int
        How many training points it has.
    width, depth : int
        Neurons of a hidden layer, and how many hidden layers.
    scale : float
        Multiplies the initial weights and biases.
    batch_norm : bool
        Whether hidden layers are followed by batch normalization; drawn as it is in evaluation.
    optimizer : str
        A row of :data:`~splineviz.training.live.OPTIMIZERS`.
    learning_rate, weight_decay : float
        Its settings.
    batch : int
        Points an update.
    seed : int
        Decides data, initial weights and the order of the points. Nothing random outside of the
        playground is used or changed.
    record : bool
        Whether to record from the first step on.
    folder : str or path-like
        Where to record: each training in a new folder in it, numbered.

    Attributes
    ----------
    training : LiveTraining
        What is trained.
    running : bool
        Whether it trains on by itself.
    plane : InputSlice
        The part of the plane that is drawn.
    settings : PlaygroundSettings
        The controls.

    Raises
    ------
    UnknownName
        If there is no such data set or optimizer.
    InvalidArgument
        If a setting has no meaning.

    Examples
    --------
    >>> playground = Playground(data="two moons", width=8, depth=2)
    >>> playground.step(10)
    >>> playground.training.steps
    10
    >>> playground.close()
    """

    running = traitlets.Bool(False)

    _worker: LiveWorker | None = None
    _closed = False
    _diverged = False

    def __init__(
        self,
        data: str = "checkerboard",
        *,
        points: int = 200,
        width: int = 32,
        depth: int = 3,
        scale: float = 1.0,
        batch_norm: bool = False,
        optimizer: str = "AdamW",
        learning_rate: float = 5e-3,
        weight_decay: float = 0.0,
        batch: int = 64,
        seed: int = 0,
        record: bool = False,
        folder: str | os.PathLike[str] = "runs/playground",
    ) -> None:
        if data not in DATA:
            raise UnknownName("data set", data, list(DATA))
        if points < 1:
            raise InvalidArgument(f"a data set needs at least 1 point, not {points}")
        self.plane = InputSlice.identity(BOUNDS)
        self._folder = Path(folder)
        self._drawing = threading.Lock()
        self._updates: deque[tuple[float, int]] = deque()
        self._curves_due = 0.0
        self._player: RegionPlayer | None = None
        self.settings = PlaygroundSettings(
            data=(list(DATA), data),
            points=points,
            width=width,
            depth=depth,
            scale=scale,
            batch_norm=batch_norm,
            optimizer=optimizer,
            learning_rate=learning_rate,
            weight_decay=weight_decay,
            batch=batch,
            seed=seed,
            record=record,
        )
        self.canvas = _canvas()
        self.pad = PointPad(bounds=BOUNDS, class_colors=self.canvas.class_colors)
        self.curves = LiveCurves()
        self.status = LiveStatus()
        self.training = self._new_training()
        self._build_buttons()
        super().__init__(self._arrange())
        self.add_class("splineviz-playground")
        self._worker = LiveWorker(self._train, self._show, self.status.ready, self._fail)
        self._link()
        self._begin()

    # ------------------------------------------------------------ what a user does

    def start(self) -> None:
        """Train on until :meth:`pause`; after a training that diverged, begin anew."""
        if self._diverged:
            self.reset()
        if self._may_train():
            self._worker_of_open().start()
            self.running = True

    def pause(self) -> None:
        """Stop training, and show where it stands."""
        self._worker_of_open().pause()
        self.running = False

    def step(self, n: int = 1) -> None:
        """Make some updates, here and now, and show what came of them.

        Parameters
        ----------
        n : int
            How many.
        """
        self.pause()
        if self._may_train():
            worker = self._worker_of_open()
            worker.step(n)
            worker.wait()

    def reset(self) -> None:
        """Begin anew, with the settings as they are; a recording ends and another begins."""
        self._end_recording()
        self.training = self._new_training()
        self._begin()

    def stop(self) -> None:
        """Pause, end the thread and the recording; :meth:`start` goes on without recording."""
        if self._worker is not None:
            self._worker.stop()
        self.running = False
        self._end_recording()

    def player(self) -> RegionPlayer:
        """What was recorded so far, to be replayed; the training pauses.

        Raises
        ------
        InvalidArgument
            If nothing was recorded.
        """
        from splineviz.training.runs import Run

        self.pause()
        if self.training.recording is None:
            raise InvalidArgument(
                "nothing is recorded yet: tick Record, reset, and train"
                if self.training.steps
                else "nothing is recorded yet: tick Record, and train"
            )
        self._worker_of_open().wait()
        return RegionPlayer(Run(self.training.recording), self.plane)

    def close(self) -> None:
        """End the thread and the recording, and remove the playground from the page."""
        if not self._closed and self._worker is not None:
            self._closed = True
            self.stop()
            for part in (self.canvas, self.pad, self.curves, self.status, self.settings):
                part.close()
            if self._player is not None:
                self._player.close()
        super().close()

    # ------------------------------------------------------------ parts

    def _build_buttons(self) -> None:
        self.start_button = _button("Start", "play", "train on, or pause")
        self.start_button.button_style = "primary"
        self.step_button = _button("Step", "step-forward", "one update")
        self.reset_button = _button("Reset", "undo", "begin anew with these settings")
        self.stop_button = _button("Stop", "stop", "end the training and the recording")
        self.player_button = _button("Replay", "film", "open what was recorded in a player")
        self.class_menu = ipywidgets.Dropdown(options=[("class 1", 0)], description="Draw")
        self.erase_box = ipywidgets.Checkbox(description="erase", indent=False)
        self.clear_button = _button("Clear", "trash", "take away all points")
        self.color_menu = ipywidgets.Dropdown(
            options=[(row["title"], number) for number, row in enumerate(self.canvas.colorings)],
            value=self.canvas.coloring,
            description="Colour",
        )
        for menu in (self.class_menu, self.color_menu):
            menu.style.description_width = "initial"
            menu.layout.width = "auto"
        self.class_menu.layout.max_width = "220px"
        self.erase_box.layout.width = "70px"
        self.clear_button.layout.width = "80px"

    def _arrange(self) -> list[ipywidgets.Widget]:
        buttons = _row(
            self.start_button,
            self.step_button,
            self.reset_button,
            self.stop_button,
            self.player_button,
            self.color_menu,
        )
        tools = _row(self.erase_box, self.clear_button)
        left = ipywidgets.VBox(
            [self.settings.data, self.settings.points, self.pad, self.class_menu, tools]
        )
        left.add_class("splineviz-playground-settings")
        side = ipywidgets.VBox([self.curves])
        side.add_class("splineviz-side")
        body = ipywidgets.HBox([left, self.canvas, side])
        body.add_class("splineviz-playground-body")
        self.replay = ipywidgets.VBox()
        return [buttons, self.settings, self.status, body, self.replay]

    def _link(self) -> None:
        on_click = {
            self.start_button: lambda: self.pause() if self.running else self.start(),
            self.step_button: self.step,
            self.reset_button: self.reset,
            self.stop_button: self.stop,
            self.player_button: self._open_player,
            self.clear_button: self.pad.clear,
        }
        for button, action in on_click.items():
            button.on_click(lambda _, action=action: self._try(action))
        traitlets.link((self.class_menu, "value"), (self.pad, "current"))
        # In the browser as well: the next click counts, however busy the kernel is.
        ipywidgets.jslink((self.class_menu, "index"), (self.pad, "current"))
        ipywidgets.jslink((self.erase_box, "value"), (self.pad, "erase"))
        ipywidgets.jslink((self.color_menu, "index"), (self.canvas, "coloring"))
        self.pad.observe(lambda _: self._try(self._learn_points), "edits")
        self.status.observe(self._follow_views, "views")
        self.settings.on_change(
            live=lambda name: self._try(lambda: self._apply(name)),
            anew=lambda: self._try(self.reset),
            record=lambda on: self._try(lambda: self._follow_record(on)),
        )

    # ------------------------------------------------------------ a training begins and ends

    def _new_training(self) -> LiveTraining:
        from splineviz.training.live import LiveTraining

        chosen = self.settings.values()
        make = DATA[chosen.pop("data")]
        data = make(chosen.pop("points"), seed=chosen["seed"])
        training = LiveTraining(data, **chosen)
        # Before the thread sees it: so the first step is recorded.
        if self.settings.record.value and len(data.train_inputs):
            self._record(training)
        return training

    def _begin(self) -> None:
        """Show a new training."""
        training = self.training
        self._diverged = False
        self.status.message = ""
        self._updates.clear()
        names = training.data.class_names
        # The menu's old number may not exist among the new classes.
        self.pad.current = 0
        self.class_menu.options = [(name, number) for number, name in enumerate(names)]
        self.class_menu.value = 0
        self.canvas.class_names = list(names)
        inputs, labels = training.data.train_inputs, training.data.train_labels
        self.pad.show(inputs, labels, names)
        self._show_points()
        with self._drawing:
            self.curves.clear()
        worker = self._worker_of_open()
        if worker.alive:
            worker.refresh()
        else:
            self._show()

    def _record(self, training: LiveTraining) -> None:
        taken = {path.name for path in self._folder.glob("*")} if self._folder.exists() else set()
        number = next(n for n in range(1, len(taken) + 2) if f"{n:03}" not in taken)
        chosen = self.settings.values()
        training.record(self._folder / f"{number:03}", **chosen | {"recipe": "playground"})

    def _end_recording(self) -> None:
        try:
            self.training.close()
        except SplinevizError as error:
            self.status.message = str(error)

    # ------------------------------------------------------------ in the thread

    def _train(self, n: int) -> None:
        self.training.step(n)
        self._updates.append((monotonic(), n))

    def _show(self) -> None:
        """Make and send a frame; from one thread at a time."""
        with self._drawing:
            training = self.training
            # Small matrices are multiplied faster without a second thread.
            with _blas().limit(limits=1, user_api="blas"):
                try:
                    self._send_frame(training)
                except NonFiniteValues as error:
                    raise NonFiniteValues(_said_diverged(training.steps, error)) from error
                except TooManyRegions as error:
                    self.status.message = (
                        f"More than {error.most:,} regions: too many to draw live. The training "
                        "goes on; choose a smaller width or depth to see it"
                    )
            self._measure(training)
            self._tell()
            self.status.sent()

    def _send_frame(self, training: LiveTraining) -> None:
        from splineviz.partition.enumeration import enumerate_regions

        step = training.steps
        # So few regions are found no faster by several threads, and the page wants a core as well.
        partition = enumerate_regions(
            training.program(), self.plane, threads=1, max_regions=MOST_REGIONS
        )
        self.canvas.set_frame(0, Frame.from_partition(partition, step))

    def _measure(self, training: LiveTraining) -> None:
        worker = self._worker
        running = worker is not None and worker.running
        if (running and monotonic() < self._curves_due) or len(training.data.train_inputs) == 0:
            return
        step = training.steps
        self.curves.add(step, training.measure())
        self.curves.draw()
        self._curves_due = monotonic() + _CURVES_EVERY

    def _tell(self) -> None:
        worker = self._worker
        facts = [f"step {self.training.steps:,}"]
        if worker is not None and worker.running:
            facts.append(f"{self._steps_per_second():,.0f} steps/s")
            facts.append(f"{self.status.frames_per_second():.0f} frames/s")
        elif len(self.training.data.train_inputs) == 0:
            facts.append("draw some points on the pad")
        else:
            facts.append("paused")
        if self.training.recording is not None:
            facts.append(f"recorded in {self._folder / self.training.recording.name}")
        self.status.text = " · ".join(facts)

    def _steps_per_second(self) -> float:
        now = monotonic()
        while self._updates and self._updates[0][0] < now - _SPEED_WINDOW:
            self._updates.popleft()
        if not self._updates:
            return 0.0
        since = now - self._updates[0][0]
        return sum(n for _, n in tuple(self._updates)) / max(since, 0.1)

    def _fail(self, error: Exception) -> None:
        self._diverged = isinstance(error, NonFiniteValues)
        self.running = False
        self._end_recording()
        self.status.message = str(error)
        self.status.text = f"step {self.training.steps:,} · stopped"

    # ------------------------------------------------------------ what follows from a change

    def _try(self, action: Callable[[], object]) -> None:
        """Do what was asked for; what is wrong with it is said in the widget."""
        try:
            action()
        except (SplinevizError, OSError) as error:
            self.status.message = str(error)

    def _may_train(self) -> bool:
        if len(self.training.data.train_inputs):
            self.status.message = ""
            return True
        self.status.message = "There are no points to learn: draw some on the pad first"
        return False

    def _apply(self, name: str) -> None:
        setattr(self.training, name, self.settings.values()[name])
        self.status.message = ""

    def _follow_record(self, on: bool) -> None:
        if not on:
            self._end_recording()
        elif self._may_train():
            if self.training.recording is not None:
                raise InvalidArgument("this training was recorded already: reset to record another")
            self._record(self.training)
            self._tell()

    def _learn_points(self) -> None:
        self.training.learn(self.pad.points, self.pad.point_classes)
        self._show_points()
        if len(self.pad.points) == 0:
            self.pause()
        elif not self.running:
            self._tell()
        if len(self.pad.points):
            self.status.message = ""

    def _show_points(self) -> None:
        data = self.training.data
        with self.canvas.hold_sync():
            self.canvas.points = data.train_inputs - np.array(BOUNDS[:2], np.float32)
            self.canvas.point_classes = data.train_labels

    def _follow_views(self, change: dict[str, Any]) -> None:
        if change["new"] == 0 and change["old"] > 0:
            self.stop()

    def _open_player(self) -> None:
        player = self.player()
        old, self._player = self._player, player
        self.replay.children = (player,)
        if old is not None:
            old.close()

    @traitlets.observe("running")
    def _follow_running(self, change: dict[str, Any]) -> None:
        running = bool(change["new"])
        self.start_button.description = "Pause" if running else "Start"
        self.start_button.icon = "pause" if running else "play"

    def _worker_of_open(self) -> LiveWorker:
        if self._worker is None or self._closed:
            raise InvalidArgument("this playground is closed: make another")
        return self._worker


@cache
def _blas() -> ThreadpoolController:
    return ThreadpoolController()


def _said_diverged(step: int, error: NonFiniteValues) -> str:
    text = str(error)
    if "diverged" in text:
        return text
    return f"training diverged at step {step:,}: lower the learning rate, then reset ({text})"


def _canvas() -> RegionCanvas:
    labels = ("input 1", "input 2")
    canvas = RegionCanvas([0], bounds=BOUNDS, axis_labels=labels, controls=False)
    canvas.add_class("splineviz-canvas")
    return canvas


def _button(text: str, icon: str, tip: str) -> ipywidgets.Button:
    button = ipywidgets.Button(description=text, icon=icon, tooltip=tip)
    button.layout.width = "100px"
    return button


def _row(*children: ipywidgets.Widget) -> ipywidgets.HBox:
    row = ipywidgets.HBox(children)
    row.add_class("splineviz-playground-row")
    return row
