"""Layers that pass values on as they are, in another order or shape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from splineviz.network.layers.reading import (
    MIXES_SAMPLES,
    axes_of,
    axis_of,
    first_value,
    library,
    value_of,
)
from splineviz.network.layers.rows import (
    Array,
    Call,
    Constant,
    Options,
    Reading,
    Refused,
    Value,
)

# The same numbers ---------------------------------------------------------------------------------


def read_first(call: Call) -> Reading:
    """Of what passes its first argument on."""
    return Reading((first_value(call),))


def read_dropout(call: Call) -> Reading:
    """Of dropout that is off."""
    if call.module is not None:
        return read_first(call)
    given = call.bind("input", p=0.5, training=True, inplace=False)
    if given["training"] and given["p"] != 0:
        raise Refused(
            "it drops at random even in eval mode",
            "Pass training=self.training to it, or use a torch.nn.Dropout module.",
        )
    return Reading((value_of(given["input"]),))


def identity(weights: None, inputs: Sequence[Array], options: Options) -> Array:
    """The value itself."""
    return inputs[0]


def read_reshape(call: Call) -> Reading:
    """Of what keeps the order of the numbers; the shape is known from running a sample."""
    return Reading((first_value(call),), {"shape": list(call.shape)})


def reshape(weights: None, inputs: Sequence[Array], options: Options) -> Array:
    """The value in another shape."""
    return inputs[0].reshape((inputs[0].shape[0], *options["shape"]))


# The order of the axes ----------------------------------------------------------------------------


def read_permute(call: Call) -> Reading:
    """Of permute."""
    value, *dims = call.args if call.args else (call.kwargs.get("input"),)
    if not dims:
        dims = [call.kwargs.get("dims")]
    if len(dims) == 1 and not isinstance(dims[0], int):
        dims = [*dims[0]]
    return _permuted(value_of(value), [*dims])


def read_transpose(call: Call) -> Reading:
    """Of transpose and swapaxes."""
    names = ("axis0", "axis1") if "axis0" in call.kwargs else ("dim0", "dim1")
    given = call.bind("input", *names)
    value = value_of(given["input"])
    order = [*range(len(value.shape) + 1)]
    first, second = (given[name] % len(order) for name in names)
    order[first], order[second] = order[second], order[first]
    return _permuted(value, order)


def read_transposed(call: Call) -> Reading:
    """Of the attribute mT, which exchanges the last two axes."""
    value = first_value(call)
    rank = len(value.shape) + 1
    return _permuted(value, [*range(rank - 2), rank - 1, rank - 2])


def read_movedim(call: Call) -> Reading:
    """Of movedim and moveaxis."""
    given = call.bind("input", "source", "destination")
    value = value_of(given["input"])
    rank = len(value.shape) + 1
    source, destination = (
        [dim % rank for dim in ([given[name]] if isinstance(given[name], int) else given[name])]
        for name in ("source", "destination")
    )
    order = [axis for axis in range(rank) if axis not in source]
    for to, axis in sorted(zip(destination, source, strict=True)):
        order.insert(to, axis)
    return _permuted(value, order)


def _permuted(value: Value, order: Sequence[int]) -> Reading:
    axes = [int(axis) % (len(value.shape) + 1) for axis in order]
    if axes[0] != 0:
        raise Refused("it mixes the samples of a batch", MIXES_SAMPLES)
    return Reading((value,), {"axes": axes})


def permute(weights: None, inputs: Sequence[Array], options: Options) -> Array:
    """The value with its axes in another order."""
    x = inputs[0]
    return x.transpose(options["axes"]) if isinstance(x, np.ndarray) else x.permute(options["axes"])


# Parts --------------------------------------------------------------------------------------------


def read_getitem(call: Call) -> Reading:
    """Of ``x[index]``."""
    value, index = call.args
    entries = _entries(index)
    value = value_of(value)
    named = [entry for entry in entries if entry not in ("...", None)]
    whole = entries[:1] == [{"slice": [None, None, None]}]
    if not (whole or (entries[:1] == ["..."] and len(named) <= len(value.shape))):
        raise Refused("it picks out samples of a batch", f"{MIXES_SAMPLES} Write x[:, index].")
    return Reading((value,), {"index": entries})


def _entries(index: Any) -> list[Any]:
    """An index as JSON can hold it, one entry a place between the commas."""
    entries: list[Any] = []
    for part in index if isinstance(index, tuple) else (index,):
        if part is Ellipsis:
            entries.append("...")
        elif part is None or (isinstance(part, int) and not isinstance(part, bool)):
            entries.append(part)
        elif isinstance(part, slice):
            bounds = [part.start, part.stop, part.step]
            if any(isinstance(bound, Constant | Value) for bound in bounds):
                raise Refused("its index is computed from tensors", "Use whole numbers.")
            entries.append({"slice": bounds})
        elif isinstance(part, Constant):
            entries += _places(part)
        elif isinstance(part, list | tuple) and part and not _has_tensors(part):
            mask = np.asarray(part)
            found = mask.nonzero() if mask.dtype == np.bool_ else (mask,)
            entries += [{"places": places.tolist()} for places in found]
        else:
            raise Refused(
                f"its index {part!r} is not understood", "Use numbers, slices or a constant index."
            )
    return entries


def _has_tensors(part: Any) -> bool:
    if isinstance(part, list | tuple):
        return any(_has_tensors(entry) for entry in part)
    return isinstance(part, Constant | Value)


def _places(constant: Constant) -> list[Any]:
    tensor = constant.tensor
    if tensor.is_floating_point():
        raise Refused(
            f"its index {constant.name!r} holds {tensor.dtype} numbers",
            "Use a tensor of torch.long.",
        )
    if str(tensor.dtype) == "torch.bool":
        return [{"places": places.tolist()} for places in tensor.nonzero(as_tuple=True)]
    return [{"places": tensor.tolist()}]


def getitem(weights: None, inputs: Sequence[Array], options: Options) -> Array:
    """Some of the value's numbers."""
    x = inputs[0]
    return x[tuple(_index(entry, x) for entry in options["index"])]


def _index(entry: Any, x: Array) -> Any:
    if entry == "...":
        return Ellipsis
    if not isinstance(entry, dict):
        return entry
    if "slice" in entry:
        return slice(*entry["slice"])
    places = np.array(entry["places"], dtype=np.int64)
    return places if isinstance(x, np.ndarray) else library(x).from_numpy(places)


def _part(value: Value, axis: int, entry: Any) -> Reading:
    whole = {"slice": [None, None, None]}
    return Reading((value,), {"index": [*[whole] * axis, entry]}, kind="getitem")


def read_narrow(call: Call) -> Reading:
    """Of narrow."""
    given = call.bind("input", "dim", "start", "length")
    value, start = value_of(given["input"]), given["start"]
    axis = axis_of(given["dim"], value)
    if not isinstance(start, int):
        raise Refused("its start is a tensor", "Use a whole number.")
    start %= value.shape[axis - 1]
    return _part(value, axis, {"slice": [start, start + given["length"], None]})


def read_select(call: Call) -> Reading:
    """Of select."""
    given = call.bind("input", "dim", "index")
    value = value_of(given["input"])
    return _part(value, axis_of(given["dim"], value), given["index"])


def read_index_select(call: Call) -> Reading:
    """Of index_select with a constant index."""
    given = call.bind("input", "dim", "index")
    value, index = value_of(given["input"]), given["index"]
    if not isinstance(index, Constant):
        raise Refused("its index depends on the input", "Use a constant index.")
    entry = {"places": index.tensor.reshape(-1).tolist()}
    return _part(value, axis_of(given["dim"], value), entry)


def read_pieces(size_name: str) -> Callable[[Call], list[Reading]]:
    """Of chunk, split and their like: the pieces lie side by side along an axis."""

    def read(call: Call) -> list[Reading]:
        given = call.bind("input", size_name, dim=0)
        value = value_of(given["input"])
        axis = axis_of(given["dim"], value)
        readings, start = [], 0
        for shape in call.shapes:
            stop = start + shape[axis - 1]
            readings.append(_part(value, axis, {"slice": [start, stop, None]}))
            start = stop
        return readings

    return read


def read_unbind(call: Call) -> list[Reading]:
    """Of unbind."""
    given = call.bind("input", dim=0)
    value = value_of(given["input"])
    axis = axis_of(given["dim"], value)
    return [_part(value, axis, place) for place in range(len(call.shapes))]


# Side by side -------------------------------------------------------------------------------------


def read_joined(new_axis: bool) -> Callable[[Call], Reading]:
    """Of cat, and of stack, which joins along a new axis."""

    def read(call: Call) -> Reading:
        name = "axis" if "axis" in call.kwargs else "dim"
        given = call.bind("tensors", **{name: 0})
        values = []
        for tensor in given["tensors"]:
            if not isinstance(tensor, Value):
                raise Refused(
                    "it joins a constant tensor to values computed from the input",
                    "Pad the value with torch.nn.functional.pad and add the constant.",
                )
            values.append(tensor)
        return Reading(tuple(values), {"axis": axis_of(given[name], values[0], new=int(new_axis))})

    return read


def cat(weights: None, inputs: Sequence[Array], options: Options) -> Array:
    """Values side by side along an axis."""
    return library(inputs[0]).concatenate(tuple(inputs), axis=options["axis"])


def stack(weights: None, inputs: Sequence[Array], options: Options) -> Array:
    """Values side by side along a new axis."""
    return library(inputs[0]).stack(tuple(inputs), options["axis"])


# Repeated, turned and shifted ---------------------------------------------------------------------


def read_expand(call: Call) -> Reading:
    """Of expand and its like; the shape is known from running a sample."""
    value = first_value(call)
    if len(value.shape) != len(call.shape):
        raise Refused("it mixes the samples of a batch", MIXES_SAMPLES)
    return Reading((value,), {"shape": list(call.shape)})


def expand(weights: None, inputs: Sequence[Array], options: Options) -> Array:
    """The value repeated along axes of size one."""
    x = inputs[0]
    return library(x).broadcast_to(x, (x.shape[0], *options["shape"]))


def read_repeat(call: Call) -> Reading:
    """Of repeat and tile; how often follows from the shapes."""
    value = first_value(call)
    if len(value.shape) != len(call.shape):
        raise Refused("it mixes the samples of a batch", MIXES_SAMPLES)
    times = [after // before for after, before in zip(call.shape, value.shape, strict=True)]
    return Reading((value,), {"times": [1, *times]})


def repeat(weights: None, inputs: Sequence[Array], options: Options) -> Array:
    """Copies of the value side by side."""
    return library(inputs[0]).tile(inputs[0], tuple(options["times"]))


def read_repeat_interleave(call: Call) -> Reading:
    """Of repeat_interleave."""
    given = call.bind("input", "repeats", dim=None, output_size=None)
    value, times = value_of(given["input"]), given["repeats"]
    if given["dim"] is None or not isinstance(times, int):
        raise Refused("it mixes the samples of a batch", "Pass a number and a dim.")
    axis = axis_of(given["dim"], value)
    places = [place for place in range(value.shape[axis - 1]) for _ in range(times)]
    return _part(value, axis, {"places": places})


def read_flip(call: Call) -> Reading:
    """Of flip."""
    value, *dims = call.args
    if not dims:
        dims = [call.kwargs["dims"]]
    if len(dims) == 1 and not isinstance(dims[0], int):
        dims = [*dims[0]]
    value = value_of(value)
    return Reading((value,), {"axes": axes_of(dims, value)})


def flip(weights: None, inputs: Sequence[Array], options: Options) -> Array:
    """The value in reverse along some axes."""
    return library(inputs[0]).flip(inputs[0], tuple(options["axes"]))


def read_roll(call: Call) -> Reading:
    """Of roll."""
    given = call.bind("input", "shifts", dims=None)
    value = value_of(given["input"])
    shifts, dims = (
        [given[name]] if isinstance(given[name], int) else given[name]
        for name in ("shifts", "dims")
    )
    if not dims:
        raise Refused("it mixes the samples of a batch", "Pass dims.")
    axes = [axis_of(dim, value) for dim in dims]
    return Reading((value,), {"shifts": [int(shift) for shift in shifts], "axes": axes})


def roll(weights: None, inputs: Sequence[Array], options: Options) -> Array:
    """The value shifted round along some axes."""
    return library(inputs[0]).roll(inputs[0], tuple(options["shifts"]), tuple(options["axes"]))
