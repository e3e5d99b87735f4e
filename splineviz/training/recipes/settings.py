"""SETTINGS: what may be changed of a recipe, and how each value is read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from splineviz.errors import InvalidArgument
from splineviz.validation.names import check_name
from splineviz.validation.numbers import as_flag, as_int, as_real
from splineviz.validation.wording import shown

# Far above what trains in minutes: a run of a stranger names its settings too, and data are made
# again from them.
_MOST = 100_000

ACTIVATION_NAMES = ("relu", "leaky-relu", "gelu", "tanh")
LOSS_NAMES = ("mse", "cross-entropy")
OPTIMIZER_NAMES = ("adamw", "sgd")


@dataclass(frozen=True)
class Setting:
    """How a value is read, and what it means.

    Attributes
    ----------
    read : callable
        Of a value as a user gives it, and its name: the value as JSON can hold it. Raises
        InvalidArgument if it has no meaning.
    meaning : str
        A phrase for lists.
    """

    read: Callable[[Any, str], Any]
    meaning: str


def _name(known: Collection[str]) -> Callable[[Any, str], str]:
    def read(value: Any, what: str) -> str:
        check_name(known, what, value)
        return str(value)

    return read


def _count(least: int = 1, most: int = _MOST) -> Callable[[Any, str], int]:
    return partial(as_int, least=least, most=most)


def _positive(value: Any, what: str) -> float:
    return as_real(value, what, above=0)


def _not_negative(value: Any, what: str) -> float:
    return as_real(value, what, least=0)


def _share(value: Any, what: str) -> float:
    return as_real(value, what, least=0, most=1)


def _batch_size(value: Any, what: str) -> int | None:
    if value is None:
        return None
    return as_int(value, what, 1, _MOST, "for all training points give None")


def _widths(value: Any, what: str) -> list[int] | None:
    if value is None:
        return None
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        raise InvalidArgument(
            f"{what} must be the widths of the hidden layers, such as [64, 32], not {shown(value)}"
        )
    widths = [as_int(width, f"{what}[{k}]", 1, _MOST) for k, width in enumerate(value)]
    if not widths:
        raise InvalidArgument(f"{what} must hold the width of at least one hidden layer")
    return widths


SETTINGS: dict[str, Setting] = {
    # the training
    "loss": Setting(_name(LOSS_NAMES), "mse (of one-hot classes) or cross-entropy"),
    "optimizer": Setting(_name(OPTIMIZER_NAMES), "adamw, or sgd with momentum 0.9"),
    "learning_rate": Setting(_positive, "of the optimizer"),
    "weight_decay": Setting(_not_negative, "of the optimizer"),
    "batch_size": Setting(_batch_size, "points of an update; null for all"),
    "steps": Setting(_count(most=10**9), "updates"),
    "jacobian_penalty": Setting(_not_negative, "factor of the Jacobian's norm in the loss"),
    # the data
    "train": Setting(_count(), "training points"),
    "random_labels": Setting(_share, "share of training labels drawn at random"),
    "tiles": Setting(_count(most=100), "of the checkerboard, along each side"),
    "noise": Setting(_not_negative, "standard deviation of the noise on each coordinate"),
    "modulus": Setting(_count(2, 200), "of the addition"),
    "half_width": Setting(_positive, "half the side of the square of inputs"),
    "dimensions": Setting(_count(2, 1000), "of an input"),
    # the network
    "width": Setting(_count(), "neurons of a hidden dense layer"),
    "depth": Setting(_count(most=100), "hidden layers"),
    "widths": Setting(_widths, "of each hidden layer, in place of width and depth"),
    "channels": Setting(_count(most=1000), "of the first convolution"),
    "scale": Setting(_positive, "factor of the initial weights and biases"),
    "bias": Setting(as_flag, "whether layers have biases"),
    "activation": Setting(_name(ACTIVATION_NAMES), "relu, leaky-relu, gelu or tanh"),
    "batch_norm": Setting(as_flag, "whether hidden layers are followed by batch normalization"),
}
