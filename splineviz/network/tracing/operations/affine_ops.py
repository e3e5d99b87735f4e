"""Operations that are affine in what they are applied to."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from splineviz.network.tracing.operations.call import (
    MIXES_SAMPLES,
    Add,
    Call,
    Constant,
    Refused,
    Results,
    Value,
    axes_of,
    axis_of,
)


def _weights(call: Call, *names: str) -> dict[str, Constant] | None:
    """Collect arguments that must be constants, without those that are None."""
    weights = {name: call[name] for name in names if call[name] is not None}
    return weights if all(isinstance(weight, Constant) for weight in weights.values()) else None


def sizes(size: Any, dimensions: int) -> list[int]:
    """Give one size for each dimension, from a number or a sequence."""
    each = [size] if isinstance(size, int) else [int(extent) for extent in size]
    return each * dimensions if len(each) == 1 else each


# Products with weights ----------------------------------------------------------------------------


def read_linear(call: Call, add: Add) -> Results:
    """Read linear."""
    weights = _weights(call, "weight", "bias")
    if weights is None or not isinstance(call["input"], Value):
        return None
    return add("linear", [call["input"]], None, weights)


def read_matmul(call: Call, add: Add) -> Results:
    """Read ``x @ w`` and ``w @ x`` with a constant w."""
    left, right = [*call.arguments.values()][:2]
    if isinstance(left, Value) and isinstance(right, Constant):
        return add("matmul", [left], {"left": False}, {"weight": right})
    if isinstance(left, Constant) and isinstance(right, Value):
        return add("matmul", [right], {"left": True}, {"weight": left})
    return None


def read_addmm(call: Call, add: Add) -> Results:
    """Read ``beta * bias + alpha * (x @ w)``."""
    x, w, bias = call["mat1"], call["mat2"], call["self"]
    if call["beta"] != 1 or call["alpha"] != 1 or not isinstance(x, Value):
        return None
    if not (isinstance(w, Constant) and isinstance(bias, Constant)):
        return None
    product = add("matmul", [x], {"left": False}, {"weight": w}, suffix="matmul")
    options = {"constant_factor": 1.0, "shape": [*call.shape]}
    return add("add", [product], options, {"constant": bias})


def read_einsum(call: Call, add: Add) -> Results:
    """Read a sum of products of one value and one constant."""
    operands = call["tensors"]
    values = [operand for operand in operands if isinstance(operand, Value)]
    weights = [operand for operand in operands if isinstance(operand, Constant)]
    if len(values) != 1 or len(weights) != 1:
        return None
    options = {"equation": call["equation"], "position": [*operands].index(values[0])}
    return add("einsum", values, options, {"weight": weights[0]})


def read_conv(call: Call, add: Add) -> Results:
    """Read conv1d, conv2d and conv3d, and those that are transposed."""
    weights, dimensions = _weights(call, "weight", "bias"), int(call.name[-2])
    if weights is None or not isinstance(call["input"], Value):
        return None
    options: dict[str, Any] = {"groups": call["groups"]}
    for name in ("stride", "padding", "output_padding", "dilation"):
        if name in call.arguments:
            # The padding may be "same" or "valid".
            size = call[name]
            options[name] = size if isinstance(size, str) else sizes(size, dimensions)
    return add(call.name, [call["input"]], options, weights)


def read_batch_norm(call: Call, add: Add) -> Results:
    """Read batch normalization with the statistics recorded in training."""
    if call["training"] or call["running_mean"] is None:
        raise Refused(
            "it has no running statistics (track_running_stats=False), so each sample's result "
            "depends on the others in the batch",
            "Use track_running_stats=True, which is the default.",
        )
    weights = _weights(call, "weight", "bias", "running_mean", "running_var")
    if weights is None or not isinstance(call["input"], Value):
        return None
    value = call["input"]
    # Where the samples were merged with another axis, that is ahead of the channels.
    spatial = call.get("spatial_dims", len(value.shape) - 1)
    options = {"eps": float(call["eps"]), "spatial_dims": spatial}
    return add("batch_norm", [value], options, weights)


# Sums and products --------------------------------------------------------------------------------


def _constant(argument: Any) -> tuple[dict[str, Any], dict[str, Constant]] | None:
    """Make the options and params for a finite constant; None if it is no constant."""
    number = argument.number if isinstance(argument, Constant) else argument
    if isinstance(number, bool | int | float):
        return ({"literals": {"constant": float(number)}}, {}) if math.isfinite(number) else None
    if isinstance(argument, Constant) and bool(argument.tensor.isfinite().all()):
        return {}, {"constant": argument}
    return None


def _with_shape(argument: Any, options: Mapping[str, Any]) -> bool:
    return isinstance(argument, Constant) and "literals" in options and argument.tensor.ndim > 0


def read_add(call: Call, add: Add) -> Results:
    """Read ``input + alpha * other``."""
    first, second = call["self"], call["other"]
    return _sum(call, add, (first, 1.0), (second, float(call.get("alpha", 1))))


def read_sub(call: Call, add: Add) -> Results:
    """Read ``input - alpha * other``."""
    first, second = call["self"], call["other"]
    return _sum(call, add, (first, 1.0), (second, -float(call.get("alpha", 1))))


def read_rsub(call: Call, add: Add) -> Results:
    """Read ``other - alpha * input``."""
    first, second = call["self"], call["other"]
    return _sum(call, add, (first, -float(call.get("alpha", 1))), (second, 1.0))


def _sum(call: Call, add: Add, *terms: tuple[Any, float]) -> Results:
    # A sum that starts from nothing, as Python's sum() does, adds the number 0.
    present = [(term, factor) for term, factor in terms if not _is_zero(term)]
    values = [(term, factor) for term, factor in present if isinstance(term, Value)]
    if len({len(value.shape) for value, _ in values}) > 1:
        return None
    options: dict[str, Any] = {}
    params: dict[str, Constant] = {}
    if any(factor != 1.0 for _, factor in values):
        options["factors"] = [factor for _, factor in values]
    for term, factor in present:
        if isinstance(term, Value):
            continue
        held = _constant(term)
        if held is None:
            return None
        more, params = held
        options |= {**more, "constant_factor": factor, "shape": [*call.shape]}
    return add("add", [value for value, _ in values], options, params)


def _is_zero(argument: Any) -> bool:
    return isinstance(argument, int | float) and argument == 0


def read_mul(call: Call, add: Add) -> Results:
    """Read a value times a constant."""
    first, second = call["self"], call["other"]
    value, constant = (first, second) if isinstance(first, Value) else (second, first)
    return None if isinstance(constant, Value) else _scaled("mul", value, constant, call, add)


def read_div(call: Call, add: Add) -> Results:
    """Read a value divided by a constant."""
    value, constant = call["self"], call["other"]
    if not isinstance(value, Value) or isinstance(constant, Value):
        return None
    return None if call.get("rounding_mode") else _scaled("div", value, constant, call, add)


def _scaled(kind: str, value: Value, constant: Any, call: Call, add: Add) -> Results:
    held = _constant(constant)
    if held is None:
        return None
    options, params = held
    if _with_shape(constant, options) and call.shape != value.shape:
        # The constant has the larger shape, and all its numbers are the same.
        options, params = {}, {"constant": constant}
    return add(kind, [value], options, params)


def read_neg(call: Call, add: Add) -> Results:
    """Read the negative of a value."""
    return add("mul", [call.first], {"literals": {"constant": -1.0}})


def read_fill(call: Call, add: Add) -> Results:
    """Read a write of one constant, or of other numbers, to a whole value."""
    written = 0.0 if call.name == "zero" else call.get("value", call.get("src"))
    if isinstance(written, Value):
        if len(written.shape) != len(call.shape) or not written.floating:
            return None
        return add("expand", [written], {"shape": [*call.shape]})
    value = call.first if isinstance(call.first, Value) else None
    held = _constant(written)
    if value is None or held is None:
        return None
    zeros = add("mul", [value], {"literals": {"constant": 0.0}}, suffix="mul")
    options, params = held
    options |= {"constant_factor": 1.0, "shape": [*call.shape]}
    return add("add", [zeros], options, params)


# Averages and sums over axes ----------------------------------------------------------------------


def read_over_axes(call: Call, add: Add) -> Results:
    """Read mean and sum over some axes."""
    axes = axes_of(call.get("dim"), call.first.shape)
    return add(call.name, [call.first], {"axes": axes, "shape": [*call.shape]})


def read_cumsum(call: Call, add: Add) -> Results:
    """Read cumulative sums along an axis."""
    return add("cumsum", [call.first], {"axis": axis_of(call["dim"], call.first.shape)})


def read_avg_pool(call: Call, add: Add) -> Results:
    """Read avg_pool1d, avg_pool2d and avg_pool3d."""
    dimensions = int(call.name[-2])
    kernel = call["kernel_size"]
    options = {
        "kernel_size": sizes(kernel, dimensions),
        "stride": sizes(call["stride"] or kernel, dimensions),
        "padding": sizes(call["padding"], dimensions),
        "ceil_mode": bool(call["ceil_mode"]),
        "count_include_pad": bool(call["count_include_pad"]),
    }
    if dimensions > 1:
        divisor = options["divisor_override"] = call["divisor_override"]
        if divisor is not None and divisor <= 0:
            raise Refused(f"its divisor_override is {divisor}", "Use a positive divisor.")
    return add(call.name, [call.first], options)


def read_adaptive_avg_pool(call: Call, add: Add) -> Results:
    """Read adaptive_avg_pool1d, adaptive_avg_pool2d and adaptive_avg_pool3d."""
    size = [*call.shape[-int(call.name[-2]) :]]
    return add(call.name, [call.first], {"output_size": size})


_MODES = {"nearest": "nearest", "nearest_exact": "nearest-exact"}


def read_upsample(call: Call, add: Add) -> Results:
    """Read interpolation: nearest, linear, bilinear and trilinear."""
    mode = call.name.removeprefix("upsample_").lstrip("_")[:-2]
    mode = _MODES.get(mode.removeprefix("upsample_"), mode.removeprefix("upsample_"))
    if "output_size" not in call.arguments or mode.startswith("bicubic"):
        return None
    size, factors = call["output_size"], call.get("scale_factors")
    options = {
        "size": None if size is None else [*size],
        "scale_factor": None if factors is None else [*factors],
        "mode": mode,
        "align_corners": call.get("align_corners"),
        "recompute_scale_factor": None,
    }
    if mode.startswith("nearest"):
        options["align_corners"] = None
    return add("interpolate", [call.first], options)


def read_pad(call: Call, add: Add) -> Results:
    """Read padding in any mode."""
    value, pad = call.first, [*call["pad"]]
    mode, number = call.get("mode", "constant"), call.get("value") or 0.0
    if len(pad) > 2 * len(value.shape):
        if any(pad[2 * len(value.shape) :]):
            raise Refused("it adds samples to the batch", MIXES_SAMPLES)
        pad = pad[: 2 * len(value.shape)]
    if not math.isfinite(number):
        return None
    options: dict[str, Any] = {"pad": pad, "mode": mode}
    if mode == "constant" and number != 0:
        options |= {"value": float(number), "shape": [*value.shape]}
    return add("pad", [value], options)


def read_im2col(call: Call, add: Add) -> Results:
    """Read unfold."""
    names = ("kernel_size", "dilation", "padding", "stride")
    return add("unfold", [call.first], {name: [*call[name]] for name in names})


def read_col2im(call: Call, add: Add) -> Results:
    """Read fold."""
    names = ("output_size", "kernel_size", "dilation", "padding", "stride")
    return add("fold", [call.first], {name: [*call[name]] for name in names})


def read_with(*names: str) -> Callable[[Call, Add], Results]:
    """Make a reader for steps named like their operation, with these arguments as options."""

    def read(call: Call, add: Add) -> Results:
        return add(call.name, [call.first], {name: call[name] for name in names})

    return read
