"""Which layers to count."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from splineviz.complexity.arguments.layer_names import OUTPUT, Layer, Selection, Switches
from splineviz.errors import InvalidArgument, UnknownName

Names = tuple[str, ...]
"""The name of an activation, whose pre-activation is counted; or the names of modules, whose
outputs are added."""

ReadSelection: TypeAlias = "Callable[[Layer], bool] | tuple[Names, ...] | None"
"""A :data:`~splineviz.complexity.arguments.layer_names.Selection` that was read."""

# Functions to list.
_MOST = 20


def read_selection(layers: Selection) -> ReadSelection:
    """Read the argument ``layers``.

    Parameters
    ----------
    layers : callable, iterable of str or tuple of str, or None
        The argument of a public function. An iterable is read once.

    Raises
    ------
    InvalidArgument
        If it holds anything but names, or nothing.
    """
    if layers is None or callable(layers):
        return layers
    try:
        entries = [layers] if isinstance(layers, str) else [*layers]
    except TypeError as error:
        raise InvalidArgument(
            f"layers must be a function, or a list of names such as ['1', '3'], not {layers!r}"
        ) from error
    if not entries:
        raise InvalidArgument("layers is empty: name at least one layer, or leave it out for all")
    return tuple(_names(number, names) for number, names in enumerate(entries))


def _names(number: int, names: Any) -> Names:
    if isinstance(names, str):
        return (names,)
    if isinstance(names, tuple | list) and names and all(isinstance(name, str) for name in names):
        return tuple(names)
    raise InvalidArgument(
        f"layers[{number}] is {names!r}; name a layer, as in '1', or several whose values are "
        "added, as in ('1', '3')"
    )


def selected(
    available: Sequence[tuple[Layer, Switches]],
    others: Sequence[str],
    layers: ReadSelection,
    winners: bool,
    logits: bool,
    unwatched: Sequence[str] = (),
) -> tuple[Names, ...]:
    """Choose the layers to count, in the order of the network or of the names that were given.

    Parameters
    ----------
    available : sequence of (Layer, Switches)
        The network's activations in its order, and its output at the end.
    others : sequence of str
        Other names in the network that may be chosen.
    layers : callable, tuple of tuple of str, or None
        What to choose; None for all activations.
    winners, logits : bool
        Whether to include max pooling, maxima and minima; and the output.
    unwatched : sequence of str
        Other calls of the network, for the message if there is nothing to count.

    Raises
    ------
    UnknownName
        If there is no layer of a name; the message lists the near ones.
    InvalidArgument
        If there is nothing to count, or a layer is named twice.
    """
    if layers is None or callable(layers):
        offered = [
            layer
            for layer, switches in available
            if (winners or not switches.leads) and (logits or layer.kind != OUTPUT)
        ]
        names = [layer.name for layer in offered if layers is None or layers(layer)]
        if not names:
            raise InvalidArgument(_nothing(available, offered, unwatched))
        return tuple((name,) for name in names)
    known = dict.fromkeys([*(layer.name for layer, _ in available), *others])
    chosen = [*layers]
    for name in (name for names in chosen for name in names):
        if name not in known:
            raise UnknownName("layer", name, [*known])
    twice = [names for i, names in enumerate(chosen) if names in chosen[:i]]
    if twice:
        raise InvalidArgument(f"the layer {' + '.join(twice[0])!r} is named twice")
    if logits and (OUTPUT,) not in chosen:
        chosen.append((OUTPUT,))
    return tuple(chosen)


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
