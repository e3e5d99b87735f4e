"""Steps that are neither affine nor piecewise linear: one operation of torch, run by torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from splineviz.network.layers.layer_kind import Array, Options, Params

SMOOTH = frozenset(
    {
        *("celu", "elu", "gelu", "hardswish", "log_sigmoid", "mish", "selu", "sigmoid", "silu"),
        *("softplus", "tanh", "hardshrink", "glu"),
    }
)
"""Operations that are activations with a curve in place of a kink: local complexity can look at
what they are applied to."""


def opaque(params: Params, inputs: Sequence[Array], options: Options) -> Array:
    """Run operations of torch on values and weights.

    Parameters
    ----------
    params : mapping of str to array
        The weights, by role.
    inputs : sequence of array (n, *shape)
        The values that the step reads, numpy arrays or torch tensors.
    options : mapping
        ``operation``: its name and overload in torch (``"softmax.int"``). ``arguments`` and
        ``keywords``: in JSON, where some dicts stand for what JSON lacks. ``{"value": k}`` is the
        k-th value; ``{"weight": role}`` a weight, with its ``"dtype"`` if it holds no real numbers,
        and ``"along"`` the axis on which it is repeated for each sample; ``{"samples": k}`` the
        number of samples times k; ``{"float": "-inf"}`` a number, ``{"dtype": "float64"}`` a type.
        ``result``: which of several results is meant, or None. ``before``: calls to make before,
        each with an ``operation``, ``arguments`` and ``keywords``; ``{"call": j}`` is what the j-th
        of them made, with ``"result"`` if it made several.

    Returns
    -------
    array (n, *shape)
        A numpy array or a torch tensor, as the inputs are.
    """
    import torch

    if len(inputs[0]) == 0:
        # Some operations fail on an empty batch.
        ones = [np.ones if isinstance(value, np.ndarray) else torch.ones for value in inputs]
        like = [
            one((1, *value.shape[1:]), dtype=value.dtype)
            for one, value in zip(ones, inputs, strict=True)
        ]
        return opaque(params, like, options)[:0]
    if not isinstance(inputs[0], np.ndarray):
        return _run(params, inputs, options)
    # torch takes no read-only memory, and no negative strides, as one number in a row may have too.
    arrays = [value.copy() if min(value.strides) < 0 else value for value in inputs]
    tensors = [torch.from_numpy(np.require(array, requirements=["C", "W"])) for array in arrays]
    with torch.no_grad():
        return _run(params, tensors, options).numpy()


def _run(params: Params, values: Sequence[Any], options: Options) -> Any:
    results: list[Any] = []

    def decoded(argument: Any) -> Any:
        if isinstance(argument, list | tuple):
            return [decoded(item) for item in argument]
        if not isinstance(argument, dict):
            return argument
        if "value" in argument:
            return values[argument["value"]]
        if "call" in argument:
            return _result(results[argument["call"]], argument.get("result"))
        if "samples" in argument:
            return argument["samples"] * len(values[0])
        if "weight" in argument:
            return _weight(params[argument["weight"]], argument, values)
        return float(argument["float"]) if "float" in argument else _type(argument["dtype"])

    for call in [*options.get("before", ()), options]:
        keywords = {name: decoded(item) for name, item in call.get("keywords", {}).items()}
        arguments = decoded(call["arguments"])
        results.append(_operation(call["operation"])(*arguments, **keywords))
    return _result(results[-1], options.get("result"))


def _result(returned: Any, which: int | None) -> Any:
    return returned if which is None else returned[which]


def _type(name: str) -> Any:
    import torch

    return getattr(torch, name)


def _weight(weight: Array, argument: Options, values: Sequence[Any]) -> Any:
    """Convert a weight to a tensor: real numbers to the dtype of the values, others as stated."""
    import torch

    tensor = torch.tensor(weight) if isinstance(weight, np.ndarray) else weight
    if "along" in argument:
        axis, samples = argument["along"], len(values[0])
        shape = tensor.shape
        tensor = tensor.unsqueeze(axis).expand(*shape[:axis], samples, *shape[axis:])
    if "dtype" in argument:
        return tensor.to(values[0].device, _type(argument["dtype"]))
    like = next((value for value in values if value.is_floating_point()), None)
    return tensor if like is None else tensor.to(like)


@cache
def _operation(name: str) -> Callable[..., Any]:
    """Look up an operation of torch by name."""
    import torch

    packet, _, overload = name.partition(".")
    return getattr(getattr(torch.ops.aten, packet), overload or "default")


def operation_name(options: Options) -> str:
    """Name an opaque step's operation, without its overload."""
    return str(options["operation"]).partition(".")[0].rstrip("_")


def operation_names(options: Options) -> list[str]:
    """Name all operations of an opaque step, in order."""
    return [operation_name(call) for call in (*options.get("before", ()), options)]


def is_smooth(options: Options) -> bool:
    """Whether an opaque step is a smooth activation, such as GELU or tanh."""
    return operation_name(options) in SMOOTH
