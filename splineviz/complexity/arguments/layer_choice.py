"""LayerChoice: which layers are counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from splineviz.complexity.arguments.layer_names import OUTPUT, Layer, Selection, Switches
from splineviz.errors import InvalidArgument, UnknownName
from splineviz.validation.numbers import check_flags

Names = tuple[str, ...]
"""The name of an activation, whose pre-activation is counted; or the names of modules, whose
outputs are added."""

# Functions to list.
_MOST = 20


@dataclass(frozen=True)
class LayerChoice:
    """What is counted: the arguments ``layers``, ``winners`` and ``logits``, as read.

    Attributes
    ----------
    layers : callable, tuple of tuple of str, or None
        A function that says whether to count a layer, or names; None for all activations.
    winners, logits : bool
        Whether to include max pooling, maxima and minima; and the output.
    """

    layers: Callable[[Layer], bool] | tuple[Names, ...] | None = None
    winners: bool = False
    logits: bool = False

    @classmethod
    def read(
        cls, layers: Selection = None, *, winners: bool = False, logits: bool = False
    ) -> LayerChoice:
        """Read the arguments of a public function; an iterable of names is read once.

        Raises
        ------
        InvalidArgument
            If `layers` holds anything but names, or nothing, or a flag is none.
        """
        check_flags(winners=winners, logits=logits)
        if layers is None or callable(layers):
            return cls(layers, winners, logits)
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
        return cls(names, winners, logits)

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
