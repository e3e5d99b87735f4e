"""PlaygroundSettings: the controls of a playground."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets

from splineviz.arguments import check_name
from splineviz.errors import InvalidArgument
from splineviz.widgets.controls import menu

_LIVE = ("learning_rate", "weight_decay", "batch")
_RATES = (1e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2, 0.1, 0.2, 0.5, 1.0, 3.0, 10.0)
_DECAYS = (0.0, 1e-4, 1e-3, 1e-2, 0.03, 0.1, 0.3, 1.0)
_SCALES = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0)
_BATCHES = (2, 8, 16, 32, 64, 128, 256)


class PlaygroundSettings(ipywidgets.HBox):
    """Menus and sliders for the data, the network, the optimizer and the recording.

    Values that are not in a menu are added to it.

    Parameters
    ----------
    data : pair of a list of str and a str
        The names of the data sets, and which one.
    points, width, depth, scale, batch_norm, optimizer, learning_rate, weight_decay, batch, seed
        As for :class:`~splineviz.widgets.playground.Playground`.
    record : bool
        Whether to record.

    Attributes
    ----------
    data, points, width, ... : ipywidgets
        The controls, by the names of the settings.

    Raises
    ------
    UnknownName
        If there is no such optimizer.
    InvalidArgument
        If a setting has no meaning.
    """

    def __init__(
        self,
        *,
        data: tuple[list[str], str],
        points: int,
        width: int,
        depth: int,
        scale: float,
        batch_norm: bool,
        optimizer: str,
        learning_rate: float,
        weight_decay: float,
        batch: int,
        seed: int,
        record: bool,
    ) -> None:
        from splineviz.training.live import OPTIMIZERS

        check_name(OPTIMIZERS, "optimizer", optimizer)
        for name, value in (("seed", seed), ("batch", batch - 1)):
            if value < 0:
                raise InvalidArgument(f"{name} is too small")
        self.data = ipywidgets.Dropdown(options=data[0], value=data[1], description="Data")
        self.points = ipywidgets.IntSlider(
            value=points,
            min=min(10, points),
            max=max(1000, points),
            step=10,
            description="Points",
            continuous_update=False,
        )
        self.width = _number("Width", width, 128)
        self.depth = _number("Depth", depth, 6)
        self.scale = _menu("Init scale", _SCALES, scale)
        self.batch_norm = ipywidgets.Checkbox(
            value=batch_norm, description="batch normalization", indent=False
        )
        self.optimizer = ipywidgets.Dropdown(
            options=list(OPTIMIZERS), value=optimizer, description="Optimizer"
        )
        self.learning_rate = _menu("Learning rate", _RATES, learning_rate)
        self.weight_decay = _menu("Weight decay", _DECAYS, weight_decay)
        self.batch = _menu("Batch", _BATCHES, batch)
        self.seed = ipywidgets.BoundedIntText(value=seed, min=0, max=2**31, description="Seed")
        self.record = ipywidgets.Checkbox(value=record, description="Record", indent=False)
        parts = [
            *(self.width, self.depth, self.scale, self.batch_norm, self.optimizer),
            *(self.learning_rate, self.weight_decay, self.batch, self.seed, self.record),
        ]
        for part in (self.data, self.points, *parts):
            if not isinstance(part, ipywidgets.Checkbox):
                part.style.description_width = "initial"
            part.layout.width = "auto"
        for part, room in (
            *((self.data, "232px"), (self.points, "232px"), (self.width, "108px")),
            *((self.depth, "102px"), (self.seed, "130px")),
        ):
            part.layout.width = room
        super().__init__(parts)
        self.add_class("splineviz-playground-row")

    def values(self) -> dict[str, Any]:
        """The settings by name, without whether to record."""
        names = (
            *("data", "points", "width", "depth", "scale", "batch_norm", "optimizer"),
            *("learning_rate", "weight_decay", "batch", "seed"),
        )
        return {name: getattr(self, name).value for name in names}

    def on_change(
        self,
        live: Callable[[str], None],
        anew: Callable[[], None],
        record: Callable[[bool], None],
    ) -> None:
        """Say what to do when somebody changes something.

        Parameters
        ----------
        live : callable
            Called with the name of a setting that applies on the way.
        anew : callable
            Called when another setting has changed: the training must begin anew.
        record : callable
            Called with whether to record.
        """
        for name in self.values():
            part = getattr(self, name)
            if name in _LIVE:
                part.observe(lambda _, name=name: live(name), "value")
            else:
                part.observe(lambda _: anew(), "value")
        self.record.observe(lambda change: record(change["new"]), "value")


def _menu(title: str, options: Sequence[float], value: float) -> ipywidgets.Dropdown:
    known = sorted({*options, value})
    return menu(title, [(f"{option:g}", option) for option in known], value)


def _number(title: str, value: int, most: int) -> ipywidgets.BoundedIntText:
    return ipywidgets.BoundedIntText(
        value=value, min=min(1, value), max=max(most, value), description=title
    )
