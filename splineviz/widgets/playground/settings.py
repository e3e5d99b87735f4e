"""PlaygroundSettings: the controls of a playground."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets

from splineviz.training.live.settings import OPTIMIZERS, LiveSettings
from splineviz.widgets.common.controls import menu
from splineviz.widgets.common.short_repr import short_repr

_LIVE = ("learning_rate", "weight_decay", "batch")
_RATES = (1e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2, 0.1, 0.2, 0.5, 1.0, 3.0, 10.0)
_DECAYS = (0.0, 1e-4, 1e-3, 1e-2, 0.03, 0.1, 0.3, 1.0)
_SCALES = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0)
_BATCHES = (2, 8, 16, 32, 64, 128, 256)
_BOUNDS = {"width": (1, 1024), "depth": (1, 16), "seed": (0, 2**31)}


class PlaygroundSettings(ipywidgets.HBox):
    """Menus and sliders for the data, the network, the optimizer and the recording.

    Values that are not in a menu are added to it.

    Parameters
    ----------
    chosen : LiveSettings
        The first values of the network, the optimizer and the batches.
    data : pair of a list of str and a str
        The names of the data sets, and the chosen one.
    points : int
        How many training points there are.
    record : bool
        Whether to record.

    Attributes
    ----------
    data, points, width, ... : ipywidgets
        The controls, by the names of the settings.
    """

    def __repr__(self) -> str:
        return short_repr(self)

    def __init__(
        self,
        chosen: LiveSettings,
        *,
        data: tuple[list[str], str],
        points: int,
        record: bool,
    ) -> None:
        self.data = ipywidgets.Dropdown(options=data[0], value=data[1], description="Data")
        self.points = ipywidgets.IntSlider(
            value=points,
            min=min(10, points),
            max=max(1000, points),
            step=10,
            description="Points",
            continuous_update=False,
        )
        self._numbers = {name: getattr(chosen, name) for name in _BOUNDS}
        self._bounds = {
            name: (least, max(most, self._numbers[name])) for name, (least, most) in _BOUNDS.items()
        }
        self.width, self.depth, self.seed = (
            _number(name, value, *self._bounds[name]) for name, value in self._numbers.items()
        )
        self.scale = _menu("Init scale", _SCALES, chosen.scale)
        self.batch_norm = ipywidgets.Checkbox(
            value=chosen.batch_norm, description="batch normalization", indent=False
        )
        self.optimizer = ipywidgets.Dropdown(
            options=list(OPTIMIZERS), value=chosen.optimizer, description="Optimizer"
        )
        self.learning_rate = _menu("Learning rate", _RATES, chosen.learning_rate)
        self.weight_decay = _menu("Weight decay", _DECAYS, chosen.weight_decay)
        self.batch = _menu("Batch", _BATCHES, chosen.batch)
        self.record = ipywidgets.Checkbox(value=record, description="Record", indent=False)
        parts = [
            *(self.width, self.depth, self.scale, self.batch_norm, self.optimizer),
            *(self.learning_rate, self.weight_decay, self.batch, self.seed, self.record),
        ]
        for control in (self.data, self.points, *parts):
            if not isinstance(control, ipywidgets.Checkbox):
                control.style.description_width = "initial"
            control.layout.width = "auto"
        for control, room in (
            *((self.data, "232px"), (self.points, "232px"), (self.width, "108px")),
            *((self.depth, "102px"), (self.seed, "130px")),
        ):
            control.layout.width = room
        super().__init__(parts)
        self.add_class("splineviz-playground-row")

    def values(self) -> dict[str, Any]:
        """Return all settings by name, except `record`."""
        names = (
            *("data", "points", "width", "depth", "scale", "batch_norm", "optimizer"),
            *("learning_rate", "weight_decay", "batch", "seed"),
        )
        return {name: getattr(self, name).value for name in names}

    def on_change(
        self,
        live: Callable[[str], None],
        anew: Callable[[str], None],
        record: Callable[[bool], None],
        refuse: Callable[[str], None],
    ) -> None:
        """Set what to call when the user changes a setting.

        Parameters
        ----------
        live : callable
            Called with the name of a setting that takes effect during the training.
        anew : callable
            Called with the name of any other setting: it needs a new training.
        record : callable
            Called with whether to record.
        refuse : callable
            Called with what is wrong with a number. The number is set back before.
        """

        def number(name: str, value: int) -> None:
            least, most = self._bounds[name]
            if not least <= value <= most:
                getattr(self, name).value = self._numbers[name]
                refuse(f"{name} must be from {least:,} to {most:,}, not {value:,}")
            elif value != self._numbers[name]:
                self._numbers[name] = value
                anew(name)

        for name in self.values():
            control = getattr(self, name)
            if name in _LIVE:
                control.observe(lambda _, name=name: live(name), "value")
            elif name in self._bounds:
                control.observe(lambda change, name=name: number(name, change["new"]), "value")
            else:
                control.observe(lambda _, name=name: anew(name), "value")
        self.record.observe(lambda change: record(change["new"]), "value")


def _menu(title: str, options: Sequence[float], value: float) -> ipywidgets.Dropdown:
    known = sorted({*options, value})
    return menu(title, [(f"{option:g}", option) for option in known], value)


def _number(name: str, value: int, least: int, most: int) -> ipywidgets.IntText:
    # A BoundedIntText would clip numbers without a word.
    return ipywidgets.IntText(
        value=value, description=name.capitalize(), tooltip=f"{name}: {least:,} to {most:,}"
    )
