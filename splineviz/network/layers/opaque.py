"""Steps that are neither affine nor piecewise linear: one operation of torch, run by torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from splineviz.network.layers.rows import Array, Options, Params

SMOOTH = frozenset(
    {
        *("celu", "elu", "gelu", "hardswish", "log_sigmoid", "mish", "selu", "sigmoid", "silu"),
        *("softplus", "tanh", "hardshrink", "glu"),
    }
)
"""Operations that are activations with a curve in place of a kink: local complexity can look at
what they are applied to."""


def opaque(params: Params, inputs: Sequence[Array], options: Options) -> Array:
    """What torch's operation makes of the values and the weights.

    Parameters
    ----------
    params : mapping of str to array
        The weights, by role.
    inputs : sequence of array (n, *shape)
        The values that the step reads, numpy arrays or torch tensors.
    options : mapping
        ``operation``: its name and overload in torch (``"softmax.int"``). ``arguments`` and
        ``keywords``: as JSON, where ``{"value": k}`` stands for the k-th value, ``{"weight":
        role}`` for a weight and ``{"dtype": "float32"}`` for a type of numbers. ``result``: which
        of several results is meant, or None.

    Returns
    -------
    array (n, *shape)
        Of the kind of the inputs.
    """
    import torch

    like = inputs[0]
    if not isinstance(like, np.ndarray):
        return _run(params, inputs, options)
    # torch takes no read-only memory and no negative strides.
    tensors = [torch.from_numpy(np.require(value, requirements=["C", "W"])) for value in inputs]
    with torch.no_grad():
        return _run(params, tensors, options).numpy()


def _run(params: Params, values: Sequence[Any], options: Options) -> Any:
    import torch

    def decoded(argument: Any) -> Any:
        if isinstance(argument, list | tuple):
            return [decoded(part) for part in argument]
        if not isinstance(argument, dict):
            return argument
        ((what, name),) = argument.items()
        if what == "value":
            return values[name]
        if what == "weight":
            weight = (
                torch.as_tensor(np.array(params[name]))
                if isinstance(params[name], np.ndarray)
                else params[name]
            )
            like = next((value for value in values if value.is_floating_point()), weight)
            return weight.to(like)
        return getattr(torch, name)

    keywords = {name: decoded(part) for name, part in options.get("keywords", {}).items()}
    made = _operation(options["operation"])(*decoded(options["arguments"]), **keywords)
    which = options.get("result")
    return made if which is None else made[which]


@cache
def _operation(name: str) -> Callable[..., Any]:
    """The operation of torch that has this name."""
    import torch

    packet, _, overload = name.partition(".")
    return getattr(getattr(torch.ops.aten, packet), overload or "default")


def operation_name(options: Options) -> str:
    """The name of an opaque step's operation, without its overload."""
    return str(options["operation"]).partition(".")[0].rstrip("_")


def is_smooth(options: Options) -> bool:
    """Whether an opaque step is an activation with a curve in place of a kink."""
    return operation_name(options) in SMOOTH
