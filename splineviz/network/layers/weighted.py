"""Products with weights: dense layers, convolutions and batch normalization."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from splineviz.network.layers.reading import in_torch, library, plain, sizes, value_of, weight_of
from splineviz.network.layers.rows import (
    Array,
    Call,
    Constant,
    Options,
    Params,
    Reading,
    Refused,
    Value,
)


def _given_weights(**weights: Any) -> dict[str, Constant]:
    return {role: weight_of(weight) for role, weight in weights.items() if weight is not None}


# Dense --------------------------------------------------------------------------------------------


def read_linear(call: Call) -> Reading:
    """Of Linear and F.linear."""
    if call.module is not None:
        return Reading((value_of(call.bind("input")["input"]),))
    given = call.bind("input", "weight", bias=None)
    weights = _given_weights(weight=given["weight"], bias=given["bias"])
    return Reading((value_of(given["input"]),), params=weights)


def linear_coefficients(params: Params, options: Options) -> tuple[Array, Array | None]:
    """The weights and the bias."""
    return params["weight"], params.get("bias")


def linear(weights: Array, inputs: Sequence[Array], options: Options) -> Array:
    """From (n, ..., k) to (n, ..., m) with weights (m, k), or to (n, ...) with weights (k,)."""
    return inputs[0] @ (weights if weights.ndim == 1 else weights.T)


def read_matmul(call: Call) -> Reading:
    """Of ``x @ w`` and ``w @ x``, where w is a constant."""
    given = call.bind("input", "other")
    left, right = given["input"], given["other"]
    if isinstance(left, Value):
        return Reading((left,), {"left": False}, {"weight": weight_of(right)})
    return Reading((value_of(right),), {"left": True}, {"weight": weight_of(left)})


def matmul(weights: Array, inputs: Sequence[Array], options: Options) -> Array:
    """A matrix product with weights on one side."""
    return weights @ inputs[0] if options["left"] else inputs[0] @ weights


def read_einsum(call: Call) -> Reading:
    """Of a sum of products of one value and one constant."""
    equation, *operands = call.args
    if len(operands) == 1 and isinstance(operands[0], list | tuple):
        operands = [*operands[0]]
    values = [operand for operand in operands if isinstance(operand, Value)]
    weights = [operand for operand in operands if not isinstance(operand, Value)]
    if len(values) != 1 or len(weights) != 1 or not isinstance(equation, str):
        raise Refused(
            f"it multiplies {len(values)} values and {len(weights)} constants",
            "Multiply one value computed from the input by one constant at a time.",
        )
    options = {"equation": equation, "position": operands.index(values[0])}
    return Reading((values[0],), options, {"weight": weight_of(weights[0])})


def einsum(weights: Array, inputs: Sequence[Array], options: Options) -> Array:
    """A sum of products by its equation."""
    operands = [weights]
    operands.insert(options["position"], inputs[0])
    return library(inputs[0]).einsum(options["equation"], *operands)


def weight_alone(params: Params, options: Options) -> tuple[Array, None]:
    """Weights without an offset."""
    return params["weight"], None


# Convolutions -------------------------------------------------------------------------------------


_CONV_SETTINGS = ("stride", "padding", "output_padding", "dilation", "groups")


def read_conv(dimensions: int) -> Callable[[Call], Reading]:
    """Of ConvNd and F.convNd."""

    def read(call: Call) -> Reading:
        settings = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}
        conv: Any = call.module
        weights = {}
        if conv is None:
            given = call.bind("input", "weight", bias=None, **settings)
            weights = _given_weights(weight=given["weight"], bias=given["bias"])
        else:
            given = call.settings("input", **settings)
        padding = given["padding"]
        options: dict[str, Any] = {
            "stride": sizes(given["stride"], dimensions),
            "padding": padding if isinstance(padding, str) else sizes(padding, dimensions),
            "dilation": sizes(given["dilation"], dimensions),
            "groups": int(given["groups"]),
        }
        if conv is not None and conv.padding_mode != "zeros":
            options["padding"] = [0] * dimensions
            options["around"] = {
                "pad": plain(conv._reversed_padding_repeated_twice),
                "mode": conv.padding_mode,
            }
        return Reading((value_of(given["input"]),), options, weights)

    return read


def read_conv_transpose(dimensions: int) -> Callable[[Call], Reading]:
    """Of ConvTransposeNd and F.conv_transposeNd."""

    def read(call: Call) -> Reading:
        settings = {"stride": 1, "padding": 0, "output_padding": 0, "groups": 1, "dilation": 1}
        conv: Any = call.module
        weights = {}
        if conv is None:
            given = call.bind("input", "weight", bias=None, **settings)
            weights = _given_weights(weight=given["weight"], bias=given["bias"])
        else:
            # Its forward finds the output padding from the size that is asked for, if one is.
            given = {**call.bind("input", output_size=None)}
            given |= {name: getattr(conv, name) for name in settings}
        options: dict[str, Any] = {
            name: sizes(given[name], dimensions)
            for name in ("stride", "padding", "output_padding", "dilation")
        }
        value = value_of(given["input"])
        if conv is not None:
            options["output_padding"] = [
                size - ((before - 1) * stride - 2 * padding + dilation * (kernel - 1) + 1)
                for size, before, kernel, stride, padding, dilation in zip(
                    call.shape[-dimensions:],
                    value.shape[-dimensions:],
                    conv.kernel_size,
                    options["stride"],
                    options["padding"],
                    options["dilation"],
                    strict=True,
                )
            ]
        return Reading((value,), {**options, "groups": int(given["groups"])}, weights)

    return read


def conv_coefficients(dimensions: int) -> Callable[[Params, Options], tuple[Array, Array | None]]:
    """The kernels, and the bias of each channel."""

    def coefficients(params: Params, options: Options) -> tuple[Array, Array | None]:
        bias = params.get("bias")
        per_channel = (-1,) + (1,) * dimensions
        return params["weight"], None if bias is None else bias.reshape(per_channel)

    return coefficients


def conv(name: str) -> Callable[[Array, Sequence[Array], Options], Array]:
    """A convolution, by the name of its function in torch."""

    def linear(weights: Array, inputs: Sequence[Array], options: Options) -> Array:
        x = inputs[0]
        if "around" in options:
            x = in_torch("pad", x, **options["around"])
        settings = {name: options[name] for name in _CONV_SETTINGS if name in options}
        return in_torch(name, x, weights, **settings)

    return linear


# Batch normalization, with the statistics recorded in training ------------------------------------


def read_batch_norm(call: Call) -> Reading:
    """Of BatchNormNd in eval mode and F.batch_norm with statistics."""
    norm: Any = call.module
    statistics = {}
    if norm is None:
        given = call.bind(
            "input",
            "running_mean",
            "running_var",
            weight=None,
            bias=None,
            training=False,
            momentum=0.1,
            eps=1e-5,
        )
        names = ("running_mean", "running_var", "weight", "bias")
        statistics = _given_weights(**{name: given[name] for name in names})
        mean, batch, eps = given["running_mean"], given["training"], given["eps"]
    else:
        given = call.bind("input")
        mean, batch, eps = norm.running_mean, False, norm.eps
    if mean is None or batch:
        raise Refused(
            "it has no running statistics (track_running_stats=False), so each sample's result "
            "depends on the others in the batch",
            "Use track_running_stats=True, which is the default.",
        )
    value = value_of(given["input"])
    options = {"eps": float(eps), "spatial_dims": len(value.shape) - 1}
    return Reading((value,), options, statistics)


def batch_norm_coefficients(params: Params, options: Options) -> tuple[Array, Array]:
    """The factor and the offset of each channel."""
    scale = (params["running_var"] + options["eps"]) ** -0.5
    if "weight" in params:
        scale = scale * params["weight"]
    offset = -params["running_mean"] * scale
    if "bias" in params:
        offset = offset + params["bias"]
    per_channel = (-1,) + (1,) * options["spatial_dims"]
    return scale.reshape(per_channel), offset.reshape(per_channel)


def batch_norm(weights: Array, inputs: Sequence[Array], options: Options) -> Array:
    """Each channel by its factor."""
    return inputs[0] * weights
