"""LiveSettings: what a live training trains, and how."""

from __future__ import annotations

from dataclasses import dataclass

from splineviz.errors import InvalidArgument
from splineviz.training.optimizers import Optimizer, adamw, sgd, sgd_with_momentum
from splineviz.validation.names import check_name
from splineviz.validation.numbers import as_flag, as_int, as_real, as_seed

# A network beyond these would not fit into memory.
_WIDEST, _DEEPEST = 10_000, 1000

#: The optimizers to choose from, by name.
OPTIMIZERS: dict[str, Optimizer] = {
    "AdamW": adamw,
    "SGD": sgd,
    "SGD with momentum": sgd_with_momentum,
}


@dataclass(frozen=True)
class LiveSettings:
    """The network, the optimizer and the batches of a live training, checked.

    Parameters
    ----------
    width, depth, scale, batch_norm, optimizer, learning_rate, weight_decay, batch, seed
        As for :class:`~splineviz.training.live.live_training.LiveTraining`.

    Raises
    ------
    UnknownName
        If there is no such optimizer.
    InvalidArgument
        If another setting has no meaning.
    """

    width: int
    depth: int
    scale: float
    batch_norm: bool
    optimizer: str
    learning_rate: float
    weight_decay: float
    batch: int
    seed: int

    def __post_init__(self) -> None:
        check_name(OPTIMIZERS, "optimizer", self.optimizer)
        batch_norm = as_flag(self.batch_norm, "batch_norm")
        checked = {
            "width": as_int(self.width, "width", 1, _WIDEST),
            "depth": as_int(self.depth, "depth", 1, _DEEPEST),
            "scale": as_real(self.scale, "scale", above=0),
            "batch_norm": batch_norm,
            "learning_rate": as_rate(self.learning_rate, "learning_rate"),
            "weight_decay": as_rate(self.weight_decay, "weight_decay"),
            "batch": as_batch(self.batch, batch_norm),
            "seed": as_seed(self.seed),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)


def as_rate(value: float, what: str) -> float:
    """Read a learning rate or a weight decay: a finite number of at least 0."""
    return as_real(value, what, least=0)


def as_batch(value: int, batch_norm: bool) -> int:
    """Read how many points an update takes.

    Raises
    ------
    InvalidArgument
        If that is no whole number, or too small: at least 1; with batch normalization, which needs
        a spread, at least 2.
    """
    batch, least = as_int(value, "batch"), 2 if batch_norm else 1
    if batch < least:
        points = (
            "with batch normalization needs at least 2 points"
            if batch_norm
            else ("needs at least 1 point")
        )
        raise InvalidArgument(f"batch must be at least {least}, not {batch}: an update {points}")
    return batch
