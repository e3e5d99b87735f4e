"""Recipe: an experiment as plain data, and what may be changed of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from splineviz.errors import InvalidArgument
from splineviz.training.recipes.architectures import ARCHITECTURES
from splineviz.training.recipes.data_sets import DATA_SETS
from splineviz.training.recipes.settings import SETTINGS
from splineviz.validation.names import check_name
from splineviz.validation.wording import shown

TRAINING = (
    *("loss", "optimizer", "learning_rate", "weight_decay", "batch_size", "steps"),
    "jacobian_penalty",
)
"""The settings of every recipe; those of its data set and of its architecture come on top."""


@dataclass(frozen=True)
class Change:
    """Factors for the optimizer's settings, from some step on.

    Attributes
    ----------
    step : int
        The first updates after this one are made with it.
    learning_rate, weight_decay : float
        What these are multiplied by.
    """

    step: int
    learning_rate: float = 1.0
    weight_decay: float = 1.0


@dataclass(frozen=True)
class Recipe:
    """An experiment: what is learned, by which network and how, and what is measured on the way.

    Attributes
    ----------
    name : str
    summary : str
        One line for a list of recipes.
    shows : str
        What was seen, with how many seeds, and what it does not show.
    data_set : str
        A row of :data:`~splineviz.training.recipes.data_sets.DATA_SETS`.
    data_options : mapping of str
        Its options where they differ from those in the row.
    architecture : str
        A row of :data:`~splineviz.training.recipes.architectures.ARCHITECTURES`.
    network_options : mapping of str
        Its options where they differ from those in the row.
    loss, optimizer : str
        Rows of the tables in :mod:`splineviz.training.recipes.optimization`.
    learning_rate, weight_decay : float
    batch_size : int or None
        Points of an update; all of them if None.
    steps : int
        Updates.
    changes : tuple of Change
        Of learning rate and weight decay, on the way.
    jacobian_penalty : float
        Factor of the norm of the Jacobian, which is added to the loss.
    radius : float
        Of local complexity, in units of the inputs.
    directions : int
        Of local complexity.
    eps : tuple of float
        Radii of the attacks on test points, L-infinity, in units of the inputs; none if empty.
    bounds : pair of float or None
        The range of inputs, which attacks keep to; that of the test points if None.
    """

    name: str
    summary: str
    shows: str
    data_set: str
    architecture: str
    steps: int
    learning_rate: float
    weight_decay: float
    data_options: Mapping[str, Any] = field(default_factory=dict)
    network_options: Mapping[str, Any] = field(default_factory=dict)
    loss: str = "mse"
    optimizer: str = "adamw"
    batch_size: int | None = 100
    changes: tuple[Change, ...] = ()
    jacobian_penalty: float = 0.0
    radius: float = 0.05
    directions: int = 25
    eps: tuple[float, ...] = ()
    bounds: tuple[float, float] | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """All that may be changed, by name: of the training, of the data, of the network."""
        return {
            **{name: getattr(self, name) for name in TRAINING},
            **DATA_SETS[self.data_set].options,
            **self.data_options,
            **ARCHITECTURES[self.architecture].options,
            **self.network_options,
        }

    def with_overrides(self, overrides: Mapping[str, Any]) -> Recipe:
        """Return the recipe with other settings.

        Parameters
        ----------
        overrides : mapping of str
            New values by the names of `settings`.

        Raises
        ------
        UnknownName
            If the recipe has no such setting; the message lists those it has.
        InvalidArgument
            If a value has no meaning, or two do not go together; the message names the setting.
        """
        known = self.settings
        for name in overrides:
            check_name(known, f"setting of the recipe {self.name!r}", name)
        checked = {name: SETTINGS[name].read(value, name) for name, value in overrides.items()}
        if checked.get("widths") is not None and not checked.keys().isdisjoint(("width", "depth")):
            raise InvalidArgument("widths says the width of each layer: leave width and depth out")
        changed = replace(
            self,
            data_options={**self.data_options, **_of(checked, DATA_SETS[self.data_set].options)},
            network_options={
                **self.network_options,
                **_of(checked, ARCHITECTURES[self.architecture].options),
            },
            **_of(checked, TRAINING),
        )
        changed._check()
        return changed

    def rates(self, step: int) -> tuple[float, float]:
        """Learning rate and weight decay of the update after `step` updates."""
        rate, decay = self.learning_rate, self.weight_decay
        for change in self.changes:
            if step >= change.step:
                rate *= change.learning_rate
                decay *= change.weight_decay
        return rate, decay

    def _check(self) -> None:
        """Raise InvalidArgument if settings do not go together."""
        classes = DATA_SETS[self.data_set].is_classification
        if self.loss != "mse" and not classes:
            raise InvalidArgument(
                f"loss must be 'mse' for the regression {self.name!r}, not {shown(self.loss)}"
            )
        for name in ("batch_size", "train") if self.settings.get("batch_norm") else ():
            if self.settings.get(name) == 1:
                raise InvalidArgument(
                    f"{name} must be at least 2 with batch_norm: one point has no variance"
                )


def _of(values: Mapping[str, Any], names: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name in names}
