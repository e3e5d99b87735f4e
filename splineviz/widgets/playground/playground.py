"""Playground: train a small network on points in the plane, and watch its exact regions move."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import ipywidgets
import traitlets

from splineviz.errors import InvalidArgument, NonFiniteValues, SplinevizError
from splineviz.training.live.settings import LiveSettings
from splineviz.validation.calls import explained
from splineviz.validation.names import as_path, check_name
from splineviz.validation.numbers import as_int, check_flags
from splineviz.widgets.common.lifecycle import OwningBox, close_all
from splineviz.widgets.player.region_player import RegionPlayer
from splineviz.widgets.playground.data import PlaygroundData
from splineviz.widgets.playground.data_sets import DATA, OWN
from splineviz.widgets.playground.live_display import LiveDisplay
from splineviz.widgets.playground.live_recording import LiveRecording
from splineviz.widgets.playground.live_worker import LiveWorker
from splineviz.widgets.playground.points import PlaygroundPoints
from splineviz.widgets.playground.settings import PlaygroundSettings
from splineviz.widgets.playground.toolbar import PlaygroundToolbar

if TYPE_CHECKING:
    from splineviz.training.live.live_training import LiveTraining

BOUNDS = (-2.0, -2.0, 2.0, 2.0)
# More points would fill the pad, and each update's measures would take longer than a frame.
_MOST_POINTS = 100_000


class Playground(OwningBox):
    """A training in the kernel, live: its exact linear regions, its curves, and all its settings.

    The training runs in a background thread, which shares its time between updates and frames. It
    makes no more frames than the page can show. By default, a color scale spans all frames so far,
    so that a color keeps its meaning. A new learning rate, weight decay, batch size or point takes
    effect at once; any other change starts a new training. Points that are drawn on the pad stay
    until they are cleared or another data set is chosen; *Undo* brings them back.

    The thread ends with :meth:`stop`, with :meth:`close`, and when the last picture of the
    playground is gone from the page, as when its cell is run again.

    Parameters
    ----------
    data : str
        A row of :data:`~splineviz.widgets.playground.data_sets.DATA`.
    points : int
        The number of training points.
    width, depth : int
        The number of neurons in each hidden layer, and the number of hidden layers.
    scale : float
        Multiplies the initial weights and biases.
    batch_norm : bool
        Whether batch normalization follows each hidden layer. The picture shows the network in
        evaluation mode.
    optimizer : str
        A row of :data:`~splineviz.training.live.settings.OPTIMIZERS`.
    learning_rate, weight_decay : float
        Settings of the optimizer.
    batch : int
        The number of points per update.
    seed : int
        Decides the initial weights, the order of the points and, if they were not edited, the
        points themselves. The random state of your program is neither used nor changed.
    record : bool
        Whether to record from the first step on.
    folder : str or path-like
        Where to record. Each training gets a new numbered folder inside it.

    Attributes
    ----------
    training : LiveTraining
        The training that is shown.
    running : bool
        Whether updates are being made in the background.
    plane : InputSlice
        The part of the plane that is drawn.
    settings : PlaygroundSettings
    toolbar : PlaygroundToolbar
    points : PlaygroundPoints
        The controls.
    recording : LiveRecording
        Records trainings in `folder`.

    Raises
    ------
    UnknownName
        If there is no such data set or optimizer.
    InvalidArgument
        If a setting has a value that makes no sense.

    Examples
    --------
    >>> playground = Playground(data="two moons", width=8, depth=2)
    >>> playground.step(10)
    >>> playground.training.steps
    10
    >>> playground.close()
    """

    identity_arguments = ()

    running = traitlets.Bool(False)

    _worker: LiveWorker | None = None
    _closed = False
    _diverged = False

    @explained()
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
        check_name(DATA, "data set", data)
        points = as_int(points, "points", 1, _MOST_POINTS)
        chosen = LiveSettings(
            width=width,
            depth=depth,
            scale=scale,
            batch_norm=batch_norm,
            optimizer=optimizer,
            learning_rate=learning_rate,
            weight_decay=weight_decay,
            batch=batch,
            seed=seed,
        )
        check_flags(record=record)
        folder = as_path(folder, "folder")
        self._closed = self._diverged = False
        self._worker = None
        self.recording = LiveRecording(folder)
        self._data = PlaygroundData(DATA, data, points, chosen.seed)
        self.settings = PlaygroundSettings(
            chosen, data=(list(DATA), data), points=points, record=record
        )
        self.points = PlaygroundPoints(BOUNDS, (self.settings.data, self.settings.points))
        self.training = self._new_training()
        self._display = LiveDisplay(self.training, BOUNDS, self.recording, self._fail)
        self.plane, self.canvas = self._display.plane, self._display.canvas
        self.curves, self.status = self._display.curves, self._display.status
        self.toolbar = PlaygroundToolbar(self.canvas)
        super().__init__(self._arrange())
        self.add_class("splineviz-playground")
        self._worker = self._display.worker
        self._link()
        self._begin()

    # ------------------------------------------------------------ what a user does

    def start(self) -> None:
        """Train until :meth:`pause`. If the training has diverged, start a new one."""
        if self._diverged:
            self.reset()
        if self._may_train():
            self._worker_of_open().start()
            self.running = True

    def pause(self) -> None:
        """Stop training, and show the state reached."""
        self._worker_of_open().pause()
        self.running = False

    def step(self, n: int = 1) -> None:
        """Pause, make some updates, and show the result before returning.

        Parameters
        ----------
        n : int
            The number of updates.
        """
        n = as_int(n, "n", 1)
        self.pause()
        if self._may_train():
            worker = self._worker_of_open()
            worker.step(n)
            worker.wait()

    def reset(self) -> None:
        """Start a new training with the present settings and points, and end a recording."""
        self._worker_of_open()
        self._end_recording()
        self.training = self._new_training()
        self._begin()

    def stop(self) -> None:
        """Pause, and end thread and recording; :meth:`start` continues without recording."""
        if self._worker is not None:
            self._worker.stop()
        self.running = False
        self._end_recording()

    def player(self) -> RegionPlayer:
        """Pause, and return a player of the training so far.

        If it was not recorded, the steps that are kept in memory are written to a temporary folder,
        which is removed together with the player.

        Raises
        ------
        InvalidArgument
            If nothing has been trained yet.
        """
        from splineviz.training.runs import Run

        self.pause()
        self._worker_of_open().wait()
        if self.training.recording is not None:
            return RegionPlayer(Run(self.training.recording), self.plane)
        folder = self.recording.write_temporary(self.training, self.settings.values())
        player = RegionPlayer(Run(folder.name), self.plane)
        weakref.finalize(player, folder.cleanup)
        return player

    def close(self) -> None:
        """End the thread and the recording, and remove the playground from the page."""
        if not self._closed and self._worker is not None:
            self._closed = True
            self.stop()
        super().close()

    # ------------------------------------------------------------ parts

    def _arrange(self) -> list[ipywidgets.Widget]:
        side = ipywidgets.VBox([self.curves])
        side.add_class("splineviz-sidebar")
        body = ipywidgets.HBox([self.points, self.canvas, side])
        body.add_class("splineviz-playground-body")
        self.replay = ipywidgets.VBox()
        return [self.toolbar, self.settings, self.status, body, self.replay]

    def _link(self) -> None:
        actions = {
            "start": lambda: self.pause() if self.running else self.start(),
            "step": self.step,
            "reset": self.reset,
            "stop": self.stop,
            "replay": self._open_player,
        }
        self.toolbar.on_click(
            **{name: lambda action=action: self._try(action) for name, action in actions.items()}
        )
        self.points.on_edit(
            edited=lambda: self._try(self._learn_points), undo=lambda: self._try(self._undo)
        )
        self.status.observe(self._follow_views, "views")
        self.settings.on_change(
            live=lambda name: self._try(lambda: self._apply(name)),
            anew=lambda name: self._try(lambda: self._change(name)),
            record=lambda on: self._try(lambda: self._follow_record(on)),
            refuse=lambda why: setattr(self.status, "message", why),
        )

    # ------------------------------------------------------------ a training begins and ends

    def _new_training(self) -> LiveTraining:
        from splineviz.training.live.live_training import LiveTraining

        chosen = self.settings.values()
        del chosen["data"], chosen["points"]
        data = self._data.current
        training = LiveTraining(data, **chosen)
        # Before the thread sees it: so the first step is recorded.
        if self.settings.record.value and len(data.train_inputs):
            self.recording.start(training, self.settings.values())
        return training

    def _begin(self) -> None:
        """Show a new training."""
        self._diverged = False
        self.points.show(self._data)
        # Nobody chooses the number of points that are drawn by hand.
        self.settings.points.disabled = self._data.name == OWN
        self._display.begin(self.training)

    def _end_recording(self) -> None:
        try:
            self.training.close()
        except SplinevizError as error:
            self.status.message = str(error)

    def _fail(self, error: Exception) -> None:
        self._diverged = isinstance(error, NonFiniteValues)
        self.running = False
        self._end_recording()
        self.status.message = str(error)
        self.status.text = f"step {self.training.steps:,} · stopped"

    # ------------------------------------------------------------ what follows from a change

    def _try(self, action: Callable[[], object]) -> None:
        """Run an action of the user, and show its error in the widget."""
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
            self.recording.start(self.training, self.settings.values())
            self._display.update_status()

    def _change(self, name: str) -> None:
        """Start a new training with another setting."""
        chosen = self.settings.values()
        if name == "data":
            if chosen["data"] == self._data.name:
                return
            self._data.choose(chosen["data"], chosen["points"], chosen["seed"])
        elif name == "points":
            self._data.resize(chosen["points"], chosen["seed"])
        elif name == "seed":
            self._data.reseed(chosen["points"], chosen["seed"])
        self.reset()

    def _learn_points(self) -> None:
        pad = self.points.pad
        self._data.edit(pad.points, pad.point_classes, pad.drawn, pad.stroke)
        self.points.undo.disabled = not self._data.can_undo
        self._learn()

    def _undo(self) -> None:
        if not self._data.undo():
            return
        self.settings.data.value = self._data.name
        if self._data.current.class_names == self.training.data.class_names:
            self.points.show(self._data)
            self._learn()
        else:
            self.reset()

    def _learn(self) -> None:
        """Go on training, with the points as they are now."""
        data = self._data.current
        self.training.learn(data)
        self._display.show_points()
        if len(data.train_inputs) == 0:
            self.pause()
        else:
            self.status.message = ""
            if not self.running:
                self._display.update_status()

    def _follow_views(self, change: dict[str, Any]) -> None:
        if change["new"] == 0 and change["old"] > 0:
            self.stop()

    def _open_player(self) -> None:
        player = self.player()
        old = self.replay.children
        self.replay.children = (_said_of(self.training), player)
        close_all(old)

    @traitlets.observe("running")
    def _follow_running(self, change: dict[str, Any]) -> None:
        self.toolbar.show_running(bool(change["new"]))

    def _worker_of_open(self) -> LiveWorker:
        if self._worker is None or self._closed:
            raise InvalidArgument("this playground is closed: make another")
        return self._worker


def _said_of(training: LiveTraining) -> ipywidgets.Label:
    """Say where a replay comes from."""
    if training.recording is not None:
        return ipywidgets.Label(f"Replay of what is recorded in {training.recording}")
    return ipywidgets.Label(
        f"Replay of steps 0 to {training.steps:,}, which are in memory only until the next reset. "
        "To keep a training in a folder, tick Record before it begins."
    )
