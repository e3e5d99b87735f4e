"""Activations that are a piecewise-linear function of each number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from splineviz.network.kinks import Kinks
from splineviz.network.layers.reading import in_torch, number_of, value_of, weight_of
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

# One kink at zero ---------------------------------------------------------------------------------


def read_relu(call: Call) -> Reading:
    """Of ReLU."""
    return Reading((value_of(call.bind("input", inplace=False)["input"]),))


def relu(params: Params, inputs: Sequence[Array], options: Options) -> Array:
    """Zero for negative numbers."""
    x = inputs[0]
    return np.maximum(x, 0.0) if isinstance(x, np.ndarray) else x.relu()


def relu_kinks(params: Params, options: Options) -> Kinks:
    """One at zero."""
    return Kinks(np.zeros(1), np.array([0.0, 1.0]), 0.0)


def read_leaky_relu(call: Call) -> Reading:
    """Of LeakyReLU."""
    given = call.settings("input", negative_slope=0.01, inplace=False)
    return _leaky(given["input"], float(given["negative_slope"]))


def read_rrelu(call: Call) -> Reading:
    """Of RReLU, whose slope in eval mode is the mean of its bounds."""
    given = call.settings("input", lower=1 / 8, upper=1 / 3, training=False, inplace=False)
    if call.module is None and given["training"]:
        raise Refused(
            "its slope is random even in eval mode",
            "Pass training=self.training to it, or use a torch.nn.RReLU module.",
        )
    return _leaky(given["input"], (float(given["lower"]) + float(given["upper"])) / 2)


def _leaky(argument: Any, slope: float) -> Reading:
    if not math.isfinite(slope):
        raise Refused(f"its negative slope is {slope}", "Use a finite negative slope.")
    if slope == 1.0:
        return Reading((value_of(argument),), kind="identity")
    return Reading((value_of(argument),), {"negative_slope": slope})


def leaky_relu(params: Params, inputs: Sequence[Array], options: Options) -> Array:
    """Another slope for negative numbers."""
    x, slope = inputs[0], options["negative_slope"]
    if isinstance(x, np.ndarray):
        return _bent(x, slope)
    return in_torch("leaky_relu", x, negative_slope=slope)


def leaky_relu_kinks(params: Params, options: Options) -> Kinks:
    """One at zero."""
    return Kinks(np.zeros(1), np.array([options["negative_slope"], 1.0]), 0.0)


def read_prelu(call: Call) -> Reading:
    """Of PReLU."""
    if call.module is not None:
        value, params = value_of(call.bind("input")["input"]), {}
    else:
        given = call.bind("input", "weight")
        value, params = value_of(given["input"]), {"weight": weight_of(given["weight"])}
    return Reading((value,), {"spatial_dims": max(len(value.shape) - 1, 0)}, params)


def prelu(params: Params, inputs: Sequence[Array], options: Options) -> Array:
    """A learned slope for negative numbers, one a channel or one for all."""
    x = inputs[0]
    if isinstance(x, np.ndarray):
        return _bent(x, _per_channel(params, options))
    return in_torch("prelu", x, params["weight"])


def prelu_kinks(params: Params, options: Options) -> Kinks:
    """One at zero."""
    slopes = _per_channel(params, options)
    return Kinks(np.zeros(1), np.stack([slopes, np.ones_like(slopes)]), 0.0)


def _per_channel(params: Params, options: Options) -> Array:
    weight = params["weight"]
    return weight.reshape((-1,) + (1,) * options["spatial_dims"]) if weight.ndim else weight


def _bent(x: np.ndarray, slope: Any) -> np.ndarray:
    return x.clip(min=0.0) + x.clip(max=0.0) * slope


def read_abs(call: Call) -> Reading:
    """Of abs."""
    return Reading((value_of(call.bind("input")["input"]),))


def absolute(params: Params, inputs: Sequence[Array], options: Options) -> Array:
    """The number without its sign."""
    return abs(inputs[0])


def abs_kinks(params: Params, options: Options) -> Kinks:
    """One at zero."""
    return Kinks(np.zeros(1), np.array([-1.0, 1.0]), 0.0)


# Bounds -------------------------------------------------------------------------------------------


def read_clamp(call: Call) -> Reading:
    """Of clamp with one bound or two."""
    given = call.bind("input", min=None, max=None)
    return clamped(value_of(given["input"]), given["min"], given["max"])


def read_clamp_min(call: Call) -> Reading:
    """Of clamp_min."""
    given = call.bind("input", "min")
    return clamped(value_of(given["input"]), given["min"], None)


def read_clamp_max(call: Call) -> Reading:
    """Of clamp_max."""
    given = call.bind("input", "max")
    return clamped(value_of(given["input"]), None, given["max"])


def read_relu6(call: Call) -> Reading:
    """Of ReLU6."""
    return clamped(value_of(call.bind("input", inplace=False)["input"]), 0.0, 6.0)


def read_hardtanh(call: Call) -> Reading:
    """Of Hardtanh."""
    given = call.settings("input", min_val=-1.0, max_val=1.0, inplace=False)
    return clamped(value_of(given["input"]), given["min_val"], given["max_val"])


def read_threshold(call: Call) -> Reading:
    """Of Threshold where it is continuous."""
    given = call.settings("input", "threshold", "value", inplace=False)
    if given["threshold"] != given["value"]:
        raise Refused(
            f"it jumps from {given['value']} to {given['threshold']}, so it is not continuous",
            "Use one number for threshold and value; or ReLU.",
        )
    return clamped(value_of(given["input"]), given["threshold"], None)


def clamped(value: Value, low: Any, high: Any) -> Reading:
    """A value between bounds, each a number or None; a step of the row clamp.

    Raises
    ------
    Refused
        If a bound is no number, or if nothing lies between them.
    """
    bounds = []
    for bound, unbounded in ((low, -math.inf), (high, math.inf)):
        number = unbounded if bound is None else number_of(bound)
        if number is None or math.isnan(number):
            given = repr(bound.name if isinstance(bound, Constant) else bound)
            raise Refused(
                f"its bound {given} is not one number",
                "Write maximum(x, bound) as torch.relu(x - bound) + bound, or use one number.",
            )
        bounds.append(number)
    low, high = bounds
    if low >= high or low == math.inf or high == -math.inf:
        raise Refused(
            f"nothing lies between its bounds {low} and {high}, so it is constant",
            "Use a lower bound below the upper bound.",
        )
    if low == -math.inf and high == math.inf:
        return Reading((value,), kind="identity")
    options = {
        "min": None if low == -math.inf else low,
        "max": None if high == math.inf else high,
    }
    return Reading((value,), options, kind="clamp")


def clamp(params: Params, inputs: Sequence[Array], options: Options) -> Array:
    """The number, or the bound that it exceeds."""
    return inputs[0].clip(options["min"], options["max"])


def clamp_kinks(params: Params, options: Options) -> Kinks:
    """One at each bound."""
    low, high = options["min"], options["max"]
    if low is None:
        return Kinks(np.array([high]), np.array([1.0, 0.0]), high)
    if high is None:
        return Kinks(np.array([low]), np.array([0.0, 1.0]), low)
    return Kinks(np.array([low, high]), np.array([0.0, 1.0, 0.0]), low)


# Two kinks ----------------------------------------------------------------------------------------


def read_hardsigmoid(call: Call) -> Reading:
    """Of Hardsigmoid."""
    return Reading((value_of(call.bind("input", inplace=False)["input"]),))


def hardsigmoid(params: Params, inputs: Sequence[Array], options: Options) -> Array:
    """From 0 at -3 to 1 at 3."""
    return (inputs[0].clip(-3.0, 3.0) + 3.0) / 6.0


def hardsigmoid_kinks(params: Params, options: Options) -> Kinks:
    """At -3 and 3."""
    return Kinks(np.array([-3.0, 3.0]), np.array([0.0, 1 / 6, 0.0]), 0.0)


def read_softshrink(call: Call) -> Reading:
    """Of Softshrink."""
    given = call.settings("input", lambd=0.5)
    value, width = value_of(given["input"]), float(given["lambd"])
    return Reading((value,), {"lambd": width}) if width else Reading((value,), kind="identity")


def softshrink(params: Params, inputs: Sequence[Array], options: Options) -> Array:
    """The number, nearer to zero by a fixed width."""
    return inputs[0] - inputs[0].clip(-options["lambd"], options["lambd"])


def softshrink_kinks(params: Params, options: Options) -> Kinks:
    """At both ends of what becomes zero."""
    width = options["lambd"]
    return Kinks(np.array([-width, width]), np.array([1.0, 0.0, 1.0]), 0.0)
