"""What the rows share: reading arguments, and calling torch on numpy arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from splineviz.network.layers.rows import Array, Call, Constant, Options, Reading, Refused, Value
from splineviz.network.refusals import MEASURE_LC

MIXES_SAMPLES = "Keep the first dimension, which counts the samples, as it is."


def value_of(argument: Any) -> Value:
    """An argument that must be a value computed from the network's input."""
    if isinstance(argument, Value):
        return argument
    given = f"the constant tensor {argument.name!r}" if isinstance(argument, Constant) else argument
    raise Refused(
        f"it is applied to {given}, not to a value computed from the input",
        "Apply it to the constant once, and keep the result as a buffer.",
    )


def weight_of(argument: Any) -> Constant:
    """An argument that must be a tensor of weights."""
    if isinstance(argument, Constant):
        return argument
    if isinstance(argument, Value):
        raise Refused(
            "its weights are computed from the input, so the network is not piecewise linear",
            f"Use weights that do not depend on the input. {MEASURE_LC}",
        )
    raise Refused(f"its weights are {argument!r}, not a tensor", "Pass a parameter or a buffer.")


def first_value(call: Call) -> Value:
    """The value that a call is applied to, whatever its other arguments."""
    return value_of(call.args[0] if call.args else call.kwargs.get("input"))


def number_of(argument: Any) -> float | None:
    """The number that an argument holds everywhere, or None if it is none or a weight."""
    if isinstance(argument, Constant):
        tensor = argument.tensor
        if argument.key is not None or argument.computed or tensor.is_complex():
            return None
        same = tensor.numel() > 0 and bool((tensor == tensor.reshape(-1)[0]).all())
        return float(tensor.reshape(-1)[0]) if same else None
    return float(argument) if isinstance(argument, int | float) else None


def sizes(size: Any, dimensions: int) -> list[int]:
    """One size for each dimension, from a number or a sequence."""
    if isinstance(size, int):
        return [size] * dimensions
    given = [int(part) for part in size]
    return given * dimensions if len(given) == 1 else given


def axis_of(dim: Any, value: Value, new: int = 0) -> int:
    """An axis of a batch, counted from the front, that does not count the samples."""
    rank = len(value.shape) + 1 + new
    axis = int(dim) % rank
    if axis == 0:
        raise Refused("it mixes the samples of a batch", MIXES_SAMPLES)
    return axis


def axes_of(dims: Any, value: Value) -> list[int]:
    """Several axes of a batch, as `axis_of`; None and an empty sequence stand for all."""
    if dims is None or (not isinstance(dims, int) and len(dims) == 0):
        raise Refused("it mixes the samples of a batch", MIXES_SAMPLES)
    return sorted(axis_of(dim, value) for dim in ([dims] if isinstance(dims, int) else dims))


def plain(option: Any) -> Any:
    """An option as JSON can hold it."""
    if option is None or isinstance(option, bool | int | float | str):
        return option
    if isinstance(option, Sequence):
        return [plain(part) for part in option]
    raise Refused(f"its argument {option!r} is not understood", "Pass numbers.")


def library(array: Array) -> Any:
    """The library of an array, for functions that numpy and torch have alike."""
    if isinstance(array, np.ndarray):
        return np
    import torch

    return torch


def writable(array: np.ndarray) -> np.ndarray:
    """An array that torch takes: no read-only memory, such as weights, and no negative strides."""
    plain = np.require(array, requirements=["C", "W"])
    # Along an axis of size 1 any stride counts as contiguous.
    return plain.copy() if min(plain.strides, default=0) < 0 else plain


def in_torch(name: str, *arrays: Array, **options: Any) -> Array:
    """Call a function of ``torch.nn.functional`` or ``torch``, on numpy arrays too.

    The first array is a batch, which may be empty.
    """
    import torch

    if len(arrays[0]) == 0:
        # Not every function takes no samples at all.
        one = np.zeros if isinstance(arrays[0], np.ndarray) else arrays[0].new_zeros
        return in_torch(name, one((1, *arrays[0].shape[1:])), *arrays[1:], **options)[:0]
    function = getattr(torch.nn.functional, name, None) or getattr(torch, name)
    if isinstance(arrays[0], torch.Tensor):
        return function(*arrays, **options)
    tensors = [torch.from_numpy(writable(array)) for array in arrays]
    with torch.no_grad():
        return function(*tensors, **options).numpy()


def in_torch_pooling(name: str, x: Array, dimensions: int, **options: Any) -> Array:
    """Call a pooling of torch, also on batches of values that have no axis of channels."""
    if x.ndim > dimensions + 1:
        return in_torch(name, x, **options)
    # torch would take the samples for channels, and no empty batch.
    return in_torch(name, x[:, None], **options)[:, 0]


def read_function(*required: str, **defaults: Any) -> Callable[[Call], Reading]:
    """A reader for rows whose options are the arguments of the function they are named after."""

    def read(call: Call) -> Reading:
        given = call.settings("input", *required, **defaults)
        value = value_of(given.pop("input"))
        return Reading((value,), {name: plain(option) for name, option in given.items()})

    return read


def apply_function(name: str) -> Callable[[None, Sequence[Array], Options], Array]:
    """What such a row computes, if each result is a sum of inputs times what is not negative."""

    def linear(weights: None, inputs: Sequence[Array], options: Options) -> Array:
        return in_torch(name, inputs[0], **options)

    return linear
