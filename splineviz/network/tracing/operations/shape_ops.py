"""Operations that pass numbers on as they are, in another order or shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from splineviz.network.tracing.operations.call import (
    MIXES_SAMPLES,
    Add,
    Call,
    Constant,
    Refused,
    Results,
    Shape,
    Value,
    as_value,
    axes_of,
    axis_of,
)

_WHOLE = {"slice": [None, None, None]}


def read_identity(call: Call, add: Add) -> Results:
    """Read what returns its first argument; of conversions only those between real numbers."""
    if call.first.floating != call.floating[0]:
        return None
    return add("identity", [call.first])


def read_dropout(call: Call, add: Add) -> Results:
    """Read dropout that is off."""
    if call["train"] and call["p"] != 0:
        raise Refused(
            "it drops at random even in eval mode",
            "Pass training=self.training to it, or use a torch.nn.Dropout module.",
        )
    return add("dropout", [call.first])


def read_reshape(call: Call, add: Add) -> Results:
    """Read what keeps the order of the numbers."""
    if call.first.floating != call.floating[0]:
        # view(dtype) shows the same memory as other numbers.
        return None
    return add("reshape", [call.first], {"shape": [*call.shape]})


def read_permute(call: Call, add: Add) -> Results:
    """Read what reorders axes, whatever it is called."""
    order = order_of_axes(call.name, call.arguments, len(call.first.shape) + 1)
    return add("permute", [call.first], {"axes": order})


def order_of_axes(name: str, arguments: Mapping[str, Any], rank: int) -> list[int]:
    """Find the axis of the first argument for each axis of the result of a call that reorders axes.

    Parameters
    ----------
    name : str
        What it is called.
    arguments : mapping of str to object
        Its arguments.
    rank : int
        The number of axes.
    """
    if "dims" in arguments:
        return [dim % rank for dim in arguments["dims"]]
    if "source" in arguments:
        source, target = (
            [dim % rank for dim in ([dims] if isinstance(dims, int) else dims)]
            for dims in (arguments["source"], arguments["destination"])
        )
        order = [axis for axis in range(rank) if axis not in source]
        for to, axis in sorted(zip(target, source, strict=True)):
            order.insert(to, axis)
        return order
    # transpose(dim0, dim1), swapaxes(axis0, axis1), and those that take no axes.
    last = rank - 1
    first, second = [*arguments.values()][1:3] if len(arguments) > 2 else (last - 1, last)
    order = [*range(rank)]
    if name == "numpy_T":
        order.reverse()
    else:
        order[first % rank], order[second % rank] = order[second % rank], order[first % rank]
    return order


# Parts --------------------------------------------------------------------------------------------


def _part(value: Value, axis: int, entry: Any, shape: Shape, add: Add) -> Value:
    return add("getitem", [value], {"index": [*[_WHOLE] * axis, entry]}, shape=shape)


def read_slice(call: Call, add: Add) -> Results:
    """Read ``x[:, start:end:step]``; a slice of all samples is the value itself."""
    value, axis = call.first, call["dim"] % (len(call.first.shape) + 1)
    start, end, step = call["start"] or 0, call["end"], call["step"]
    size = value.shape[axis - 1]
    end = None if end is None or end >= size else end
    if axis == 0:
        # The shape of the result, with as many samples, says that all of them are taken.
        if start != 0 or step != 1:
            raise Refused("it picks out samples of a batch", f"{MIXES_SAMPLES} Write x[:, index].")
        return add("identity", [value])
    bounds = [start or None, end, None if step == 1 else step]
    return _part(value, axis, {"slice": bounds}, call.shape, add)


def read_narrow(call: Call, add: Add) -> Results:
    """Read narrow."""
    value, start, axis = call.first, call["start"], axis_of(call["dim"], call.first.shape)
    if not isinstance(start, int):
        return None
    start %= value.shape[axis - 1]
    entry = {"slice": [start, start + call["length"], None]}
    return _part(value, axis, entry, call.shape, add)


def read_select(call: Call, add: Add) -> Results:
    """Read ``x[:, index]``."""
    axis = axis_of(call["dim"], call.first.shape)
    return _part(call.first, axis, int(call["index"]), call.shape, add)


def read_index_select(call: Call, add: Add) -> Results:
    """Read index_select with a constant index."""
    index = call["index"]
    if not (isinstance(call.first, Value) and isinstance(index, Constant)):
        return None
    entry = {"places": index.tensor.reshape(-1).tolist()}
    axis = axis_of(call["dim"], call.first.shape)
    return _part(call.first, axis, entry, call.shape, add)


def read_index(call: Call, add: Add) -> Results:
    """Read ``x[:, places]`` with constant places."""
    if not isinstance(call.first, Value):
        return None
    entries: list[Any] = []
    for index in call["indices"]:
        if isinstance(index, Value):
            return None
        if index is None:
            entries.append(_WHOLE)
        elif str(index.tensor.dtype) == "torch.bool":
            axes = index.tensor.nonzero(as_tuple=True)
            entries += [{"places": places.tolist()} for places in axes]
        else:
            entries.append({"places": index.tensor.tolist()})
    if entries[:1] != [_WHOLE]:
        raise Refused("it picks out samples of a batch", f"{MIXES_SAMPLES} Write x[:, index].")
    return add("getitem", [call.first], {"index": entries})


def read_pieces(call: Call, add: Add) -> Results:
    """Read chunk, split and their like: pieces side by side along an axis."""
    axis = axis_of(call["dim"], call.first.shape)
    pieces, start = [], 0
    for shape in call.shapes:
        stop = start + shape[axis - 1]
        pieces.append(_part(call.first, axis, {"slice": [start, stop, None]}, shape, add))
        start = stop
    return pieces


def read_unbind(call: Call, add: Add) -> Results:
    """Read unbind."""
    axis = axis_of(call["dim"], call.first.shape)
    return [_part(call.first, axis, place, shape, add) for place, shape in enumerate(call.shapes)]


def read_repeat_interleave(call: Call, add: Add) -> Results:
    """Read repeat_interleave with one number."""
    times, value = call["repeats"], call.first
    if not isinstance(times, int) or not isinstance(value, Value):
        return None
    if call["dim"] is None:
        raise Refused("it mixes the samples of a batch", "Pass a number and a dim.")
    axis = axis_of(call["dim"], value.shape)
    places = [place for place in range(value.shape[axis - 1]) for _ in range(times)]
    return _part(value, axis, {"places": places}, call.shape, add)


# Side by side -------------------------------------------------------------------------------------


def read_joined(call: Call, add: Add) -> Results:
    """Read cat, and stack, which joins along a new axis."""
    tensors: Sequence[Any] = call["tensors"]
    like = next(tensor for tensor in tensors if isinstance(tensor, Value))
    # torch lets cat join what is empty, whatever its shape.
    values = [
        as_value(tensor, like, add)
        for tensor in tensors
        if isinstance(tensor, Value) or tensor.tensor.numel()
    ]
    if len({value.floating for value in values}) > 1:
        return None
    kind = "stack" if call.name == "stack" else "cat"
    dim = call.get("dim", call.get("axis"))
    axis = axis_of(dim, like.shape, new=int(kind == "stack"))
    return add(kind, values, {"axis": axis})


# Repeated, turned and shifted ---------------------------------------------------------------------


def _same_rank(call: Call) -> None:
    if len(call.first.shape) != len(call.shape):
        raise Refused("it mixes the samples of a batch", MIXES_SAMPLES)


def read_expand(call: Call, add: Add) -> Results:
    """Read expand and its like."""
    if not isinstance(call.first, Value):
        return None
    _same_rank(call)
    return add("expand", [call.first], {"shape": [*call.shape]})


def read_repeat(call: Call, add: Add) -> Results:
    """Read repeat and tile; how often follows from the shapes."""
    _same_rank(call)
    times = [after // before for after, before in zip(call.shape, call.first.shape, strict=True)]
    return add("repeat", [call.first], {"times": [1, *times]})


def read_flip(call: Call, add: Add) -> Results:
    """Read flip."""
    return add("flip", [call.first], {"axes": axes_of(call["dims"], call.first.shape)})


def read_roll(call: Call, add: Add) -> Results:
    """Read roll."""
    shifts, dims = (
        [call[name]] if isinstance(call[name], int) else [*call[name]]
        for name in ("shifts", "dims")
    )
    if not dims:
        raise Refused("it mixes the samples of a batch", "Pass dims.")
    axes = [axis_of(dim, call.first.shape) for dim in dims]
    return add("roll", [call.first], {"shifts": shifts, "axes": axes})
