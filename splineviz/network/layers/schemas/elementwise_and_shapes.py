"""Schemas of sums, of what rearranges, and of activations."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from splineviz.network.layers.schemas.schema import (
    MOST_AXES,
    NONE,
    SHAPE,
    Facts,
    Misfit,
    Option,
    Schema,
    Shape,
    Weight,
    broadcast,
    check_size,
    either,
    integer,
    left_out,
    list_of,
    number,
    stretched,
)
from splineviz.validation.wording import shown

_MANY = 2**16
"""How many values a step may read, where it may read several."""

_AXIS = integer(1, MOST_AXES + 1)
"""An axis of a batch that does not count the samples."""


def _same(facts: Facts) -> Shape:
    return facts.input


SAME = Schema(_same)
"""Of functions that need no options and keep the shape."""

IDENTITY = Schema(_same, rearranges=True)
"""Of identity, and of dropout that is off."""


def _check_axes(facts: Facts, axes: Sequence[int]) -> None:
    if len({*axes}) < len(axes) or max(axes, default=1) > len(facts.input):
        raise Misfit(f"its axes {shown(axes)} are not those of values of shape {facts.input}")


# Sums ---------------------------------------------------------------------------------------------


def _added(facts: Facts) -> Shape:
    options, values = facts.options, broadcast(*facts.inputs)
    if len(options.get("factors", facts.inputs)) != len(facts.inputs):
        raise Misfit(f"it has {len(options['factors'])} factors for {len(facts.inputs)} values")
    constant = facts.params.get("constant")
    if constant is not None and not {"constant_factor", "shape"} <= options.keys():
        raise Misfit("it adds a constant without a constant_factor and a shape")
    if "shape" not in options:
        return values
    result = (*options["shape"],)
    if result != broadcast(values, result):
        raise Misfit(f"its shape {result} does not hold values of shape {values}")
    if constant is not None and stretched(constant, result, "constant") != result:
        raise Misfit(f"its constant of shape {constant} is larger than its result {result}")
    return result


ADD = Schema(
    _added,
    {
        "factors": left_out(list_of(number())),
        "constant_factor": left_out(number()),
        "shape": left_out(SHAPE),
    },
    {"constant": Weight(required=False)},
    inputs=(1, _MANY),
)
"""Of add."""


def _over_axes(facts: Facts) -> Shape:
    _check_axes(facts, facts.options["axes"])
    kept = [size for i, size in enumerate(facts.input, 1) if i not in facts.options["axes"]]
    return _reshaped(kept, facts.options["shape"])


def _reduced(facts: Facts) -> int:
    return math.prod(facts.input[axis - 1] for axis in facts.options["axes"])


OVER_AXES = Schema(
    _over_axes,
    {"axes": list_of(_AXIS, 1, MOST_AXES), "shape": SHAPE},
    terms=lambda facts, shape: _reduced(facts),
)
"""Of mean and sum."""


def _along_axis(facts: Facts) -> Shape:
    _check_axes(facts, [facts.options["axis"]])
    return facts.input


CUMSUM = Schema(_along_axis, {"axis": _AXIS})
"""Of cumsum."""


# The same numbers ---------------------------------------------------------------------------------


def _reshaped(before: Sequence[int], shape: Sequence[int]) -> Shape:
    if math.prod(before) != math.prod(shape):
        raise Misfit(f"values of shape {(*before,)} for one sample do not become {(*shape,)}")
    return (*shape,)


RESHAPE = Schema(
    lambda facts: _reshaped(facts.input, facts.options["shape"]),
    {"shape": SHAPE},
    rearranges=True,
)
"""Of reshape."""


def _permuted(facts: Facts) -> Shape:
    axes = facts.options["axes"]
    if sorted(axes) != [*range(len(facts.input) + 1)] or axes[0] != 0:
        raise Misfit(
            f"its axes {shown(axes)} are no order of those of a batch of values of shape "
            f"{facts.input}, the samples first"
        )
    return tuple(facts.input[axis - 1] for axis in axes[1:])


PERMUTE = Schema(
    _permuted, {"axes": list_of(integer(0, MOST_AXES), 1, MOST_AXES + 1)}, rearranges=True
)
"""Of permute."""


def _expanded(facts: Facts) -> Shape:
    result = (*facts.options["shape"],)
    if broadcast(facts.input, result) != result:
        raise Misfit(f"values of shape {facts.input} for one sample do not become {result}")
    return result


EXPAND = Schema(_expanded, {"shape": SHAPE}, rearranges=True)
"""Of expand."""


def _repeated(facts: Facts) -> Shape:
    batch, *times = facts.options["times"]
    if batch != 1 or len(times) != len(facts.input):
        raise Misfit(f"its times {facts.options['times']} are not those of a batch, the first 1")
    return tuple(size * count for size, count in zip(facts.input, times, strict=True))


REPEAT = Schema(_repeated, {"times": list_of(integer(), 1, MOST_AXES + 1)}, rearranges=True)
"""Of repeat."""


def _flipped(facts: Facts) -> Shape:
    _check_axes(facts, facts.options["axes"])
    return facts.input


FLIP = Schema(_flipped, {"axes": list_of(_AXIS, 0, MOST_AXES)}, rearranges=True)
"""Of flip."""


def _rolled(facts: Facts) -> Shape:
    for axis in facts.options["axes"]:
        _check_axes(facts, [axis])
    if len(facts.options["axes"]) != len(facts.options["shifts"]):
        raise Misfit("it has not one shift for each axis")
    return facts.input


ROLL = Schema(
    _rolled,
    {
        "axes": list_of(_AXIS, 1, 2 * MOST_AXES),
        "shifts": list_of(integer(-(2**31), 2**31), 1, 2 * MOST_AXES),
    },
    rearranges=True,
)
"""Of roll."""


# Parts --------------------------------------------------------------------------------------------

_PLACE = integer(-(2**31), 2**31)
_BOUND = either(NONE, _PLACE)
_WHOLE = {"slice": [None, None, None]}


def _is_entry(entry: Any) -> bool:
    if not isinstance(entry, Mapping):
        return entry is None or _PLACE.fits(entry) or (isinstance(entry, str) and entry == "...")
    if entry.keys() == {"slice"}:
        return list_of(_BOUND, 3, 3).fits(entry["slice"])
    return entry.keys() == {"places"}


def _part(facts: Facts) -> Shape:
    entries = facts.options["index"]
    taken = sum(1 for entry in entries if entry is not None and entry != "...")
    if entries.count("...") > 1:
        raise Misfit("its index has several ellipses")
    chosen = _chosen(entries)
    if chosen and chosen[-1] - chosen[0] + 1 != len(chosen):
        raise Misfit("the places of its index are not side by side: samples would not be first")
    begin = entries[:1]
    if begin == ["..."]:
        rest, taken = entries[1:], taken + 1
    elif begin == [_WHOLE] or begin == [{"slice": (None, None, None)}]:
        rest = entries[1:]
    else:
        raise Misfit("its index picks out samples of a batch")
    hidden = len(facts.input) + 1 - taken
    if hidden < 0:
        raise Misfit(f"its index has {taken - 1} entries for values of shape {facts.input}")
    whole = [_WHOLE] * hidden
    if begin == ["..."]:
        rest = [*whole, *rest]
    elif "..." in rest:
        at = rest.index("...")
        rest = [*rest[:at], *whole, *rest[at + 1 :]]
    else:
        rest = [*rest, *whole]
    return _indexed(facts.input, rest)


def _indexed(shape: Shape, entries: Sequence[Any]) -> Shape:
    """Infer the shape after indexing; `index` has an entry for each axis, None for a new axis."""
    chosen = _chosen(entries)
    sizes = iter(shape)
    result: list[int] = []
    together: list[Shape] = []
    for i, entry in enumerate(entries):
        if entry is None:
            result.append(1)
            continue
        size = next(sizes)
        if isinstance(entry, Mapping) and "slice" in entry:
            start, stop, step = entry["slice"]
            if step is not None and step < 1:
                raise Misfit(f"its index has a step of {step}")
            result.append(len(range(size)[slice(start, stop, step)]))
            continue
        if _is_places(entry):
            together.append(_checked_places(entry["places"], size))
        else:
            _checked_places(entry, size)
        if chosen and i == chosen[-1]:
            result += _together(together)
    return tuple(result)


def _chosen(entries: Sequence[Any]) -> list[int]:
    """List the entries that index together: lists, and single numbers beside them."""
    if not any(map(_is_places, entries)):
        return []
    return [i for i, entry in enumerate(entries) if _is_places(entry) or _PLACE.fits(entry)]


def _is_places(entry: Any) -> bool:
    return isinstance(entry, Mapping) and "places" in entry


def _checked_places(places: Any, size: int) -> Shape:
    try:
        array = np.array(places)
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise Misfit(f"its index has the places {shown(places)}") from error
    if array.dtype.kind != "i" or array.ndim > MOST_AXES or not array.size:
        raise Misfit(f"its index has the places {shown(places)}, not whole numbers")
    if array.min() < -size or array.max() >= size:
        raise Misfit(f"its index has places from {array.min()} to {array.max()} of {size}")
    return array.shape


def _together(shapes: Sequence[Shape]) -> Shape:
    try:
        result = np.broadcast_shapes(*shapes)
    except ValueError as error:
        raise Misfit("the places of its index do not fit each other") from error
    check_size(math.prod(result), "its index")
    return result


GETITEM = Schema(
    _part,
    {
        "index": list_of(
            Option("null, a place, a slice, places or an ellipsis", _is_entry), 1, 2 * MOST_AXES
        )
    },
    rearranges=True,
)
"""Of getitem."""


# Side by side -------------------------------------------------------------------------------------


def _joined(facts: Facts) -> Shape:
    _check_axes(facts, [facts.options["axis"]])
    axis = facts.options["axis"] - 1
    around = {(len(shape), *shape[:axis], *shape[axis + 1 :]) for shape in facts.inputs}
    if len(around) > 1:
        raise Misfit(f"it joins values of shapes {shown(facts.inputs)}")
    total = sum(shape[axis] for shape in facts.inputs)
    return (*facts.input[:axis], total, *facts.input[axis + 1 :])


CAT = Schema(_joined, {"axis": _AXIS}, inputs=(1, _MANY), rearranges=True)
"""Of cat."""


def _stacked(facts: Facts) -> Shape:
    axis = facts.options["axis"] - 1
    if axis > len(facts.input) or len({*facts.inputs}) > 1:
        raise Misfit(f"it joins values of shapes {shown(facts.inputs)} along axis {axis + 1}")
    return (*facts.input[:axis], len(facts.inputs), *facts.input[axis:])


STACK = Schema(_stacked, {"axis": _AXIS}, inputs=(1, _MANY), rearranges=True)
"""Of stack."""


# Channels to pixels -------------------------------------------------------------------------------


def _shuffled(name: str, least: int, shape: Callable[[Shape, int], Shape | None]) -> Schema:
    def infer(facts: Facts) -> Shape:
        times = facts.options[name]
        result = shape(facts.input, times) if len(facts.input) >= least else None
        if result is None:
            raise Misfit(f"values of shape {facts.input} for one sample do not divide by {times}")
        return result

    return Schema(infer, {name: integer(1, 2**20)})


def _to_pixels(shape: Shape, times: int) -> Shape | None:
    *lead, channels, height, width = shape
    if channels % times**2:
        return None
    return (*lead, channels // times**2, height * times, width * times)


def _to_channels(shape: Shape, times: int) -> Shape | None:
    *lead, channels, height, width = shape
    if height % times or width % times:
        return None
    return (*lead, channels * times**2, height // times, width // times)


PIXEL_SHUFFLE = _shuffled("upscale_factor", 3, _to_pixels)
"""Of pixel_shuffle."""
PIXEL_UNSHUFFLE = _shuffled("downscale_factor", 3, _to_channels)
"""Of pixel_unshuffle."""
CHANNEL_SHUFFLE = _shuffled("groups", 2, lambda shape, groups: None if shape[0] % groups else shape)
"""Of channel_shuffle."""


# Activations --------------------------------------------------------------------------------------

LEAKY_RELU = Schema(_same, {"negative_slope": number()})
"""Of leaky_relu."""


def _sloped(facts: Facts) -> Shape:
    (weight,) = facts.params.values()
    if facts.options["spatial_dims"] != max(len(facts.input) - 1, 0):
        raise Misfit(f"its spatial_dims are not those of values of shape {facts.input}")
    if weight not in ((), (1,), facts.input[:1]):
        raise Misfit(f"its weight has the shape {weight}, and it reads values of {facts.input}")
    return facts.input


PRELU = Schema(_sloped, {"spatial_dims": integer(0, MOST_AXES)}, {"weight": Weight((0, 1))})
"""Of prelu."""


def _between(facts: Facts) -> Shape:
    low, high = facts.options["min"], facts.options["max"]
    if (low is None and high is None) or (None not in (low, high) and low >= high):
        raise Misfit(f"nothing lies between its bounds {low} and {high}")
    return facts.input


CLAMP = Schema(_between, {"min": either(NONE, number()), "max": either(NONE, number())})
"""Of clamp."""

SOFTSHRINK = Schema(_same, {"lambd": number(positive=True)})
"""Of softshrink."""


def _compared(facts: Facts) -> Shape:
    if len(facts.inputs) == 1:
        if not {"axes", "shape"} <= facts.options.keys():
            raise Misfit("it compares one value without axes and a shape")
        return _over_axes(facts)
    if facts.options.keys() & {"axes", "shape"}:
        raise Misfit("it compares two values over axes")
    return broadcast(*facts.inputs)


def _compared_terms(facts: Facts, shape: Shape) -> int:
    terms = _reduced(facts) if len(facts.inputs) == 1 else 2
    check_size(math.prod(shape) * terms, "the table of what it compares")
    return terms


COMPARED = Schema(
    _compared,
    {"axes": left_out(list_of(_AXIS, 1, MOST_AXES)), "shape": left_out(SHAPE)},
    inputs=(1, 2),
    terms=_compared_terms,
)
"""Of max and min."""
