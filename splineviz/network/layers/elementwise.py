"""Activations that are a piecewise-linear function of each number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from splineviz.network.layers.layer_kind import (
    Array,
    Options,
    Params,
)
from splineviz.network.layers.torch_calls import in_torch
from splineviz.network.piecewise_linear import PiecewiseLinear

# One breakpoint at zero ---------------------------------------------------------------------------


def relu(params: Params, inputs: Sequence[Array], options: Options) -> Array:
    """Set negative numbers to zero."""
    x = inputs[0]
    return np.maximum(x, 0.0) if isinstance(x, np.ndarray) else x.relu()


def relu_function(params: Params, options: Options) -> PiecewiseLinear:
    """One breakpoint, at zero."""
    return PiecewiseLinear(np.zeros(1), np.array([0.0, 1.0]), 0.0)


def leaky_relu(params: Params, inputs: Sequence[Array], options: Options) -> Array:
    """Multiply negative numbers by a slope."""
    x, slope = inputs[0], options["negative_slope"]
    if isinstance(x, np.ndarray):
        return _bent(x, slope)
    return in_torch("leaky_relu", x, negative_slope=slope)


def leaky_relu_function(params: Params, options: Options) -> PiecewiseLinear:
    """One breakpoint, at zero."""
    return PiecewiseLinear(np.zeros(1), np.array([options["negative_slope"], 1.0]), 0.0)


def prelu(params: Params, inputs: Sequence[Array], options: Options) -> Array:
    """Multiply negative numbers by a learned slope, one for each channel or one for all."""
    x = inputs[0]
    if isinstance(x, np.ndarray):
        return _bent(x, _per_channel(params, options))
    return in_torch("prelu", x, params["weight"])


def prelu_function(params: Params, options: Options) -> PiecewiseLinear:
    """One breakpoint, at zero."""
    slopes = _per_channel(params, options)
    return PiecewiseLinear(np.zeros(1), np.stack([slopes, np.ones_like(slopes)]), 0.0)


def _per_channel(params: Params, options: Options) -> Array:
    weight = params["weight"]
    return weight.reshape((-1,) + (1,) * options["spatial_dims"]) if weight.ndim else weight


def _bent(x: np.ndarray, slope: Any) -> np.ndarray:
    return x.clip(min=0.0) + x.clip(max=0.0) * slope


def absolute(params: Params, inputs: Sequence[Array], options: Options) -> Array:
    """Drop the sign."""
    return abs(inputs[0])


def abs_function(params: Params, options: Options) -> PiecewiseLinear:
    """One breakpoint, at zero."""
    return PiecewiseLinear(np.zeros(1), np.array([-1.0, 1.0]), 0.0)


# Bounds -------------------------------------------------------------------------------------------


def clamp(params: Params, inputs: Sequence[Array], options: Options) -> Array:
    """Limit numbers to bounds."""
    return inputs[0].clip(options["min"], options["max"])


def clamp_function(params: Params, options: Options) -> PiecewiseLinear:
    """A breakpoint at each bound."""
    low, high = options["min"], options["max"]
    if low is None:
        return PiecewiseLinear(np.array([high]), np.array([1.0, 0.0]), high)
    if high is None:
        return PiecewiseLinear(np.array([low]), np.array([0.0, 1.0]), low)
    return PiecewiseLinear(np.array([low, high]), np.array([0.0, 1.0, 0.0]), low)


# Two breakpoints ----------------------------------------------------------------------------------


def hardsigmoid(params: Params, inputs: Sequence[Array], options: Options) -> Array:
    """Rise from 0 at -3 to 1 at 3."""
    return (inputs[0].clip(-3.0, 3.0) + 3.0) / 6.0


def hardsigmoid_function(params: Params, options: Options) -> PiecewiseLinear:
    """Breakpoints at -3 and 3."""
    return PiecewiseLinear(np.array([-3.0, 3.0]), np.array([0.0, 1 / 6, 0.0]), 0.0)


def softshrink(params: Params, inputs: Sequence[Array], options: Options) -> Array:
    """Move numbers toward zero by a fixed width."""
    return inputs[0] - inputs[0].clip(-options["lambd"], options["lambd"])


def softshrink_function(params: Params, options: Options) -> PiecewiseLinear:
    """Breakpoints at both ends of the interval that becomes zero."""
    width = options["lambd"]
    return PiecewiseLinear(np.array([-width, width]), np.array([1.0, 0.0, 1.0]), 0.0)
