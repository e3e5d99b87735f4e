"""Products with weights: dense layers, convolutions and batch normalization."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from splineviz.network.layers.layer_kind import (
    Array,
    Options,
    Params,
)
from splineviz.network.layers.torch_calls import in_torch, library

# Dense --------------------------------------------------------------------------------------------


def linear_coefficients(params: Params, options: Options) -> tuple[Array, Array | None]:
    """Weights and bias."""
    return params["weight"], params.get("bias")


def linear(weights: Array, inputs: Sequence[Array], options: Options) -> Array:
    """Map (n, ..., k) to (n, ..., m) with weights (m, k), or to (n, ...) with weights (k,)."""
    return inputs[0] @ (weights if weights.ndim == 1 else weights.T)


def matmul(weights: Array, inputs: Sequence[Array], options: Options) -> Array:
    """Multiply by a matrix of weights on one side."""
    return weights @ inputs[0] if options["left"] else inputs[0] @ weights


def einsum(weights: Array, inputs: Sequence[Array], options: Options) -> Array:
    """Sum products as an equation says."""
    operands = [weights]
    operands.insert(options["position"], inputs[0])
    return library(inputs[0]).einsum(options["equation"], *operands)


def weight_alone(params: Params, options: Options) -> tuple[Array, None]:
    """Weights without an offset."""
    return params["weight"], None


# Convolutions -------------------------------------------------------------------------------------


_CONV_SETTINGS = ("stride", "padding", "output_padding", "dilation", "groups")


def conv_coefficients(dimensions: int) -> Callable[[Params, Options], tuple[Array, Array | None]]:
    """Kernels, and the bias of each channel."""

    def coefficients(params: Params, options: Options) -> tuple[Array, Array | None]:
        bias = params.get("bias")
        per_channel = (-1,) + (1,) * dimensions
        return params["weight"], None if bias is None else bias.reshape(per_channel)

    return coefficients


def conv(name: str) -> Callable[[Array, Sequence[Array], Options], Array]:
    """Make a convolution from the name of its function in torch."""

    def linear(weights: Array, inputs: Sequence[Array], options: Options) -> Array:
        x = inputs[0]
        if "around" in options:
            x = in_torch("pad", x, **options["around"])
        settings = {name: options[name] for name in _CONV_SETTINGS if name in options}
        return in_torch(name, x, weights, **settings)

    return linear


# Batch normalization, with the statistics recorded in training ------------------------------------


def batch_norm_coefficients(params: Params, options: Options) -> tuple[Array, Array]:
    """Factor and offset of each channel."""
    scale = (params["running_var"] + options["eps"]) ** -0.5
    if "weight" in params:
        scale = scale * params["weight"]
    offset = -params["running_mean"] * scale
    if "bias" in params:
        offset = offset + params["bias"]
    per_channel = (-1,) + (1,) * options["spatial_dims"]
    return scale.reshape(per_channel), offset.reshape(per_channel)


def batch_norm(weights: Array, inputs: Sequence[Array], options: Options) -> Array:
    """Multiply each channel by its factor."""
    return inputs[0] * weights
