"""LayerChoice: which layers are counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from splineviz.complexity.arguments.layer_names import OUTPUT, Layer, Selection, Switches
from splineviz.errors import InvalidArgument, ShapeMismatch, UnknownName
from splineviz.typing import AnyFloatArray
from splineviz.validation.arrays import as_inputs
from splineviz.validation.numbers import check_flags

Names = tuple[str, ...]
"""The name of an activation, whose pre-activation is counted; or the names of modules, whose
outputs are added."""

# Functions to list.
_MOST = 20


@dataclass(frozen=True, eq=False)
class LayerChoice:
    """What is counted: the arguments ``layers``, ``winners``, ``logits`` and ``live_at``, as read.

    Attributes
    ----------
    layers : callable, tuple of tuple of str, or None
        A function that says whether to count a layer, or names; None for all activations.
    winners, logits : bool
        Whether to include max pooling, maxima and minima; and the output.
    live_at : floating-point array (n, *input_shape), or None
        The reference points: only neurons that are live at them are counted. None for all.
    """

    layers: Callable[[Layer], bool] | tuple[Names, ...] | None = None
    winners: bool = False
    logits: bool = False
    live_at: AnyFloatArray | None = None

    @classmethod
    def read(
        cls,
        layers: Selection = None,
        *,
        winners: bool = False,
        logits: bool = False,
        live_at: npt.ArrayLike | None = None,
        input_shape: tuple[int, ...] = (),
    ) -> LayerChoice:
        """Read the arguments of a public function; an iterable of names is read once.

        Parameters
        ----------
        layers, winners, logits, live_at
            As for :func:`~splineviz.complexity.local_complexity.local_complexity`.
        input_shape : tuple of int
            The shape of one reference point.

        Raises
        ------
        InvalidArgument
            If `layers` is empty or holds anything but names, or a flag is neither True nor False.
        ShapeMismatch, NonFiniteValues
            If `live_at` is not a batch of finite inputs of that shape.
        """
        check_flags(winners=winners, logits=logits)
        points = None
        if live_at is not None:
            points = as_inputs(live_at, "live_at", integers=False)
            if points.shape[1:] != input_shape:
                raise ShapeMismatch(
                    f"live_at holds inputs of shape {points.shape[1:]}, but the network takes "
                    f"inputs of shape {input_shape}"
                )
        if layers is None or callable(layers):
            return cls(layers, winners, logits, points)
        try:
            entries = [layers] if isinstance(layers, str) else [*layers]
        except TypeError as error:
            raise InvalidArgument(
                f"layers must be a function, or a list of names such as ['1', '3'], not {layers!r}"
            ) from error
        if not entries:
            raise InvalidArgument(
                "layers is empty: name at least one layer, or leave it out for all"
            )
        names = tuple(_names(number, entry) for number, entry in enumerate(entries))
        return cls(names, winners, logits, points)

    def by_names(self, names: tuple[Names, ...]) -> LayerChoice:
        """Choose the same by the names of the layers that `select` found in a network."""
        return LayerChoice(names, live_at=self.live_at)

    @property
    def counted(self) -> str:
        """What the counted neurons are called."""
        return "neurons" if self.live_at is None else "live neurons"

    def difference(self, other: LayerChoice) -> str | None:
        """Say what another choice has that this one has not, beside layers; None if the same."""
        if (self.live_at is None) != (other.live_at is None):
            return "another choice of live neurons"
        same = self.live_at is None or np.array_equal(self.live_at, np.asarray(other.live_at))
        return None if same else "other points of live_at"

    def select(
        self,
        available: Sequence[tuple[Layer, Switches]],
        others: Sequence[str],
        unwatched: Sequence[str] = (),
    ) -> tuple[Names, ...]:
        """Choose among the layers of a network, in its order or in that of the names.

        Parameters
        ----------
        available : sequence of (Layer, Switches)
            The network's activations in its order, and its output at the end.
        others : sequence of str
            Other names in the network that may be chosen.
        unwatched : sequence of str
            Other calls of the network, for the message if there is nothing to count.

        Raises
        ------
        UnknownName
            If there is no layer of a name; the message lists similar ones.
        InvalidArgument
            If there is nothing to count, or a layer is named twice.
        """
        if isinstance(self.layers, tuple):
            return self._named([layer.name for layer, _ in available], others)
        offered = [
            layer
            for layer, switches in available
            if (self.winners or not switches.leads) and (self.logits or layer.kind != OUTPUT)
        ]
        wanted = self.layers or (lambda layer: True)
        names = [layer.name for layer in offered if wanted(layer)]
        if not names:
            raise InvalidArgument(_nothing(available, offered, unwatched))
        return tuple((name,) for name in names)

    def _named(self, available: Sequence[str], others: Sequence[str]) -> tuple[Names, ...]:
        assert isinstance(self.layers, tuple)
        known = [*dict.fromkeys([*available, *others])]
        for name in (name for names in self.layers for name in names):
            if name not in known:
                raise UnknownName("layer", name, known)
        twice = [names for i, names in enumerate(self.layers) if names in self.layers[:i]]
        if twice:
            raise InvalidArgument(f"the layer {' + '.join(twice[0])!r} is named twice")
        output: tuple[Names, ...] = ((OUTPUT,),)
        return self.layers + (output if self.logits and output[0] not in self.layers else ())


def _names(number: int, names: Any) -> Names:
    if isinstance(names, str):
        return (names,)
    if isinstance(names, tuple | list) and names and all(isinstance(name, str) for name in names):
        return tuple(names)
    raise InvalidArgument(
        f"layers[{number}] is {names!r}; name a layer, as in '1', or several whose values are "
        "added, as in ('1', '3')"
    )


def _nothing(
    available: Sequence[tuple[Layer, Switches]],
    offered: Sequence[Layer],
    unwatched: Sequence[str],
) -> str:
    if offered:
        names = ", ".join(repr(layer.name) for layer in offered[:10])
        return f"the function `layers` returned False for all {len(offered)} layers: {names}"
    if any(switches.leads for _, switches in available):
        return (
            "the network's only activations are maxima or minima; count the windows whose winner "
            "changes with winners=True, or the outputs with logits=True"
        )
    if unwatched:
        return (
            "the network has no activation that is watched, so there is nothing to count; what it "
            f"calls is {', '.join(unwatched[:_MOST])}. The Notes of local_complexity list what is "
            "watched; logits=True counts the signs of its outputs"
        )
    return (
        "the network has no activation, so there is nothing to count; logits=True counts the "
        "signs of its outputs"
    )
