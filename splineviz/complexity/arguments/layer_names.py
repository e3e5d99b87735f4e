"""Layers whose neurons are counted: their names, and where their neurons switch."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    import torch

Selection: TypeAlias = "Callable[[Layer], bool] | Iterable[str | tuple[str, ...]] | None"
"""Which layers to count: those for which a function says so, or those of some names."""

# Functions that are special cases of another one.
_KINDS = {
    **dict.fromkeys(("relu6", "hardtanh", "threshold", "clip", "clamp_min", "clamp_max"), "clamp"),
    "rrelu": "leaky_relu",
    "log_sigmoid": "logsigmoid",
    "absolute": "abs",
    "maximum": "max",
    "amax": "max",
    "minimum": "min",
    "amin": "min",
}

DEAD, LIVE, ALWAYS_ON = 0, 1, 2
"""The states of a neuron at some points, as they are stored."""

OUTPUT = "output"
"""The kind, and the name, of the layer of the network's outputs."""


@dataclass(frozen=True, eq=False)
class Layer:
    """Neurons that are counted together.

    Attributes
    ----------
    name : str
        Where it stands in the network; for a sum the names of its terms, joined by ``" + "``.
    kind : str
        ``"relu"``, ``"gelu"``, ``"max_pool2d"`` and so on; ``"clamp"`` for relu6, hardtanh and
        threshold too, ``"max"`` for maximum and amax, ``"leaky_relu"`` for rrelu; ``"output"`` for
        the network's outputs, ``"values"`` for what some other module makes.
    shape : tuple of int
        The shape of its neurons: channels and pixels of a convolution, windows of a pooling.
    proxy : bool
        Whether its function is smooth. It has no boundary then, and the zero of the pre-activation
        stands for one. Of values that a module makes: whether a smooth function made them or is
        applied to them, or to a normalization of them.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    proxy: bool = False

    @property
    def width(self) -> int:
        """How many neurons it has."""
        return math.prod(self.shape)


@dataclass(frozen=True, eq=False)
class Switches:
    """Where the neurons of a layer switch.

    Attributes
    ----------
    neurons : int64 array (columns,), or None
        For max pooling, maxima and minima: the window to which each column belongs. A column is the
        lead of one candidate over the others; the window switches where one of its columns changes
        sign. None if each column is a neuron of its own.
    points : float64 array (K,)
        The breakpoints: a neuron switches where its value equals one of them.
    flat : bool array (K + 1,) or (K + 1, columns), or None
        Which pieces between the breakpoints are constant; None if there is none.
    counted : bool tensor (neurons,), or None
        Which neurons to count. Default: all.
    """

    neurons: np.ndarray | None = None
    points: np.ndarray = field(default_factory=lambda: np.zeros(1))
    flat: np.ndarray | None = None
    counted: torch.Tensor | None = None

    @property
    def leads(self) -> bool:
        """Whether the values are leads of one candidate over another."""
        return self.neurons is not None


def layer_kind_of(function: str) -> str:
    """Return the kind of a layer, from the name of a function of torch."""
    return _KINDS.get(function, function)
