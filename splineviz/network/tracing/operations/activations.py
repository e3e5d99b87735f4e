"""Operations that are continuous and piecewise linear, but not affine."""

from __future__ import annotations

import math
from typing import Any

from splineviz.network.layers.max_ops import windows_in_padding
from splineviz.network.tracing.operations.affine_ops import sizes
from splineviz.network.tracing.operations.call import (
    Add,
    Call,
    Constant,
    Refused,
    Results,
    Value,
    axes_of,
)

# Functions of one number --------------------------------------------------------------------------


def read_plain(call: Call, add: Add) -> Results:
    """Read an activation without settings."""
    kind = {"absolute": "abs"}.get(call.name, call.name)
    return add(kind, [call.first])


def read_leaky_relu(call: Call, add: Add) -> Results:
    """Read leaky ReLU."""
    return _leaky(call, float(call["negative_slope"]), add)


def read_rrelu(call: Call, add: Add) -> Results:
    """Read randomized leaky ReLU; in eval mode its slope is the mean of its bounds."""
    if call["training"]:
        raise Refused(
            "its slope is random even in eval mode",
            "Pass training=self.training to it, or use a torch.nn.RReLU module.",
        )
    return _leaky(call, (float(call["lower"]) + float(call["upper"])) / 2, add)


def _leaky(call: Call, slope: float, add: Add) -> Results:
    if not math.isfinite(slope):
        raise Refused(f"its negative slope is {slope}", "Use a finite negative slope.")
    if slope == 1.0:
        return add("identity", [call.first])
    return add("leaky_relu", [call.first], {"negative_slope": slope})


def read_prelu(call: Call, add: Add) -> Results:
    """Read PReLU."""
    value, weight = call["self"], call["weight"]
    if not (isinstance(value, Value) and isinstance(weight, Constant)):
        return None
    return add("prelu", [value], {"spatial_dims": max(len(value.shape) - 1, 0)}, {"weight": weight})


def read_softshrink(call: Call, add: Add) -> Results:
    """Read softshrink."""
    width = float(call["lambd"])
    if not math.isfinite(width):
        raise Refused(f"its lambd is {width}", "Use a finite number.")
    return (
        add("softshrink", [call.first], {"lambd": width})
        if width
        else add("identity", [call.first])
    )


# Bounds -------------------------------------------------------------------------------------------


def read_clamp(call: Call, add: Add) -> Results:
    """Read clamp, clip, clamp_min and clamp_max."""
    return _clamped(call.first, call.get("min"), call.get("max"), call, add)


def read_relu6(call: Call, add: Add) -> Results:
    """Read ReLU6."""
    return _clamped(call.first, 0.0, 6.0, call, add)


def read_hardtanh(call: Call, add: Add) -> Results:
    """Read Hardtanh."""
    return _clamped(call.first, call["min_val"], call["max_val"], call, add)


def read_threshold(call: Call, add: Add) -> Results:
    """Read threshold, where it is continuous."""
    if call["threshold"] != call["value"]:
        return None
    return _clamped(call.first, call["threshold"], None, call, add)


def _clamped(value: Any, low: Any, high: Any, call: Call, add: Add) -> Results:
    """Clamp a value between bounds, each None, a number or a tensor."""
    if isinstance(low, Value) or isinstance(high, Value) or not isinstance(value, Value):
        return None
    bounds = []
    for bound, unbounded in ((low, -math.inf), (high, math.inf)):
        number = bound.number if isinstance(bound, Constant) else bound
        if bound is not None and number is None:
            # One bound for each neuron.
            at_least = value if low is None else _beyond(value, low, 1.0, call, add)
            return at_least if high is None else _beyond(at_least, high, -1.0, call, add)
        bounds.append(unbounded if number is None else float(number))
    low, high = bounds
    if math.isnan(low) or math.isnan(high):
        raise Refused("one of its bounds is not a number", "Use numbers as bounds.")
    if low == -math.inf and high == math.inf:
        return add("identity", [value])
    if low == math.inf or high == -math.inf:
        which, number = ("lower", low) if low == math.inf else ("upper", high)
        raise Refused(
            f"its {which} bound is {number}, so it is constant", "Use finite numbers as bounds."
        )
    if low >= high:
        raise Refused(
            f"nothing lies between its bounds {low} and {high}, so it is constant",
            "Use a lower bound below the upper bound.",
        )
    options = {
        "min": None if low == -math.inf else low,
        "max": None if high == math.inf else high,
    }
    return add("clamp", [value], options)


def _beyond(value: Value, bound: Any, sign: float, call: Call, add: Add) -> Value:
    """Take the larger of a value and a constant, or the smaller one (-1.0): b + relu(x - b)."""
    constant = bound if isinstance(bound, Constant) else None
    number = bound if constant is None else constant.number
    if number == -sign * math.inf:
        return value
    if constant is not None and not bool(constant.tensor.isfinite().all()):
        raise Refused(
            "one of its bounds is infinite or not a number for some neurons",
            "Use finite bounds, or bound these neurons apart from the others.",
        )
    options = {"shape": [*call.shape]}
    held = {"literals": {"constant": float(bound)}} if constant is None else {}
    params = {} if constant is None else {"constant": constant}
    away = add(
        "add",
        [value],
        {**options, **held, "factors": [sign], "constant_factor": -sign},
        params,
        suffix="sub",
    )
    bent = add("relu", [away])
    return add(
        "add",
        [bent],
        {**options, **held, "factors": [sign], "constant_factor": 1.0},
        params,
        suffix="add",
    )


# Comparisons --------------------------------------------------------------------------------------


def read_of_two(call: Call, add: Add) -> Results:
    """Read the maximum or the minimum of two tensors."""
    first, second = call["self"], call["other"]
    largest = call.name in ("max", "maximum", "fmax")
    if isinstance(first, Value) and isinstance(second, Value):
        if len(first.shape) != len(second.shape):
            return None
        return add("max" if largest else "min", [first, second])
    value, bound = (first, second) if isinstance(first, Value) else (second, first)
    if isinstance(bound, Constant) and not bool(bound.tensor.isfinite().all()):
        return None
    if isinstance(bound, Constant) and bound.number is not None and call.shape == value.shape:
        low, high = (bound, None) if largest else (None, bound)
        return _clamped(value, low, high, call, add)
    return _beyond(value, bound, 1.0 if largest else -1.0, call, add)


def read_max(call: Call, add: Add) -> Results:
    """Read max and min: of two tensors, or over one axis, with the indices of the winners."""
    if "other" in call.arguments:
        return read_of_two(call, add)
    return [_over(call, add), None]


def read_over_axes(call: Call, add: Add) -> Results:
    """Read amax and amin."""
    return _over(call, add)


def _over(call: Call, add: Add) -> Value:
    axes = axes_of(call.get("dim"), call.first.shape)
    return add(call.name.lstrip("a"), [call.first], {"axes": axes, "shape": [*call.shape]})


def read_max_pool(call: Call, add: Add) -> Results:
    """Read max pooling over one, two or three axes; the indices of the winners are no value."""
    kind = call.name.removesuffix("_with_indices")
    dimensions = int(kind[-2])
    kernel = call["kernel_size"]
    options = {
        "kernel_size": sizes(kernel, dimensions),
        "stride": sizes(call["stride"] or kernel, dimensions),
        "padding": sizes(call["padding"], dimensions),
        "dilation": sizes(call["dilation"], dimensions),
        "ceil_mode": bool(call["ceil_mode"]),
        "windows": [*call.shape[-dimensions:]],
    }
    if windows_in_padding(options, call.first.shape):
        raise Refused("one of its windows lies in the padding only", "Use less padding.")
    value = add(kind, [call.first], options)
    return value if len(call.shapes) == 1 else [value, None]


def read_adaptive_max_pool(call: Call, add: Add) -> Results:
    """Read adaptive max pooling; the indices of the winners are no value."""
    size = [*call.shape[-int(call.name[-2]) :]]
    return [add(call.name, [call.first], {"windows": size}), None]
