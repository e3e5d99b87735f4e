"""LAYERS: the one table of the kinds of steps that a program can have, one row a kind.

A row says what a step computes. How an operation of torch becomes such steps is a table of its own,
:data:`~splineviz.network.tracing.operations.OPERATIONS`. The functions of a row are written once,
so that the same code runs on numpy arrays and on torch tensors. An affine row has two:

``coefficients(params, options) -> (weights, offset)``
    The layer's linear weights (one array, or None if it has none) and its offset (an array that
    broadcasts against the result, or None if it is zero).
``linear(weights, inputs, options) -> array``
    The layer without its offset, applied to a batch: arrays of shape ``(n, *shape)``. It returns
    a new array unless the layer has no offset.

From these follow the value ``linear(w, x) + offset``, the linear part ``linear(w, x)``, the
magnitude ``linear(|w|, |x|) + |offset|`` and the variance ``linear(w**2, x)``; so ``linear`` must
be a sum of terms, each at most one weight times one input times a constant that is not negative.

An activation has ``activate``, and says what that does: either ``piecewise_linear``, the
function that it applies to each number, or ``max_selection``, which values it compares to pass the
largest on.

A ``schema`` says what a step of a row can be: options and weights, and the shape of its result. A
program checks it before any of its steps is used.

A step that is neither is ``opaque``: torch runs it. All of these share one row.

Nothing here imports torch before a network is traced, or a step that needs it is run.
"""

from __future__ import annotations

from splineviz.network.layers import (
    arithmetic,
    elementwise,
    linear_ops,
    max_ops,
    opaque,
    shape_ops,
    sum_ops,
)
from splineviz.network.layers.layer_kind import LayerKind
from splineviz.network.layers.schemas import elementwise_and_shapes as shapes
from splineviz.network.layers.schemas import opaque as opaque_schema
from splineviz.network.layers.schemas import products, windows
from splineviz.network.layers.torch_calls import apply_function


def _conv(dimensions: int, transposed: str = "") -> LayerKind:
    name = f"conv_transpose{dimensions}d" if transposed else f"conv{dimensions}d"
    return LayerKind(
        name,
        params=("weight", "bias"),
        coefficients=linear_ops.conv_coefficients(dimensions),
        linear=linear_ops.conv(name),
        schema=windows.conv_transpose(dimensions) if transposed else windows.conv(dimensions),
    )


def _pooling(dimensions: int) -> tuple[LayerKind, ...]:
    d = f"{dimensions}d"
    return (
        LayerKind(
            f"avg_pool{d}",
            linear=sum_ops.pooling(f"avg_pool{d}", dimensions),
            schema=windows.avg_pool(dimensions),
        ),
        LayerKind(
            f"adaptive_avg_pool{d}",
            linear=sum_ops.pooling(f"adaptive_avg_pool{d}", dimensions),
            schema=windows.adaptive_avg_pool(dimensions),
        ),
        LayerKind(
            f"max_pool{d}",
            max_selection=max_ops.max_pool_selection,
            activate=max_ops.pool(f"max_pool{d}"),
            schema=windows.max_pool(dimensions),
        ),
        LayerKind(
            f"adaptive_max_pool{d}",
            max_selection=max_ops.adaptive_max_pool_selection,
            activate=max_ops.pool(f"adaptive_max_pool{d}"),
            schema=windows.adaptive_max_pool(dimensions),
        ),
    )


_ROWS = (
    # Products with weights
    LayerKind(
        "linear",
        params=("weight", "bias"),
        coefficients=linear_ops.linear_coefficients,
        linear=linear_ops.linear,
        schema=products.LINEAR,
    ),
    LayerKind(
        "matmul",
        coefficients=linear_ops.weight_alone,
        linear=linear_ops.matmul,
        schema=products.MATMUL,
    ),
    LayerKind(
        "einsum",
        coefficients=linear_ops.weight_alone,
        linear=linear_ops.einsum,
        schema=products.EINSUM,
    ),
    *(_conv(dimensions) for dimensions in (1, 2, 3)),
    *(_conv(dimensions, "Transpose") for dimensions in (1, 2, 3)),
    LayerKind(
        "batch_norm",
        params=("weight", "bias"),
        buffers=("running_mean", "running_var"),
        coefficients=linear_ops.batch_norm_coefficients,
        linear=linear_ops.batch_norm,
        schema=products.BATCH_NORM,
    ),
    # Sums, and products with constants
    LayerKind(
        "add",
        coefficients=arithmetic.sum_coefficients,
        linear=arithmetic.weighted_sum,
        schema=shapes.ADD,
    ),
    LayerKind(
        "mul",
        coefficients=arithmetic.mul_coefficients,
        linear=arithmetic.scale,
        schema=products.SCALE,
    ),
    LayerKind(
        "div",
        coefficients=arithmetic.div_coefficients,
        linear=arithmetic.scale,
        schema=products.SCALE,
    ),
    # Averages, pooling and padding
    *(row for dimensions in (1, 2, 3) for row in _pooling(dimensions)),
    LayerKind(
        "mean",
        linear=sum_ops.mean,
        schema=shapes.OVER_AXES,
    ),
    LayerKind(
        "sum",
        linear=sum_ops.total,
        schema=shapes.OVER_AXES,
    ),
    LayerKind(
        "cumsum",
        linear=sum_ops.cumsum,
        schema=shapes.CUMSUM,
    ),
    LayerKind(
        "interpolate",
        linear=sum_ops.interpolate,
        schema=windows.INTERPOLATE,
    ),
    LayerKind(
        "pad",
        coefficients=sum_ops.pad_coefficients,
        linear=sum_ops.pad,
        schema=windows.PAD,
    ),
    LayerKind(
        "unfold",
        linear=apply_function("unfold"),
        schema=windows.UNFOLD,
    ),
    LayerKind(
        "fold",
        linear=apply_function("fold"),
        schema=windows.FOLD,
    ),
    # The same numbers, in another order or shape
    LayerKind(
        "identity",
        linear=shape_ops.identity,
        schema=shapes.IDENTITY,
    ),
    LayerKind(
        "dropout",
        linear=shape_ops.identity,
        schema=shapes.IDENTITY,
    ),
    LayerKind(
        "reshape",
        linear=shape_ops.reshape,
        schema=shapes.RESHAPE,
    ),
    LayerKind(
        "permute",
        linear=shape_ops.permute,
        schema=shapes.PERMUTE,
    ),
    LayerKind(
        "getitem",
        linear=shape_ops.getitem,
        schema=shapes.GETITEM,
    ),
    LayerKind(
        "cat",
        linear=shape_ops.cat,
        schema=shapes.CAT,
    ),
    LayerKind(
        "stack",
        linear=shape_ops.stack,
        schema=shapes.STACK,
    ),
    LayerKind(
        "expand",
        linear=shape_ops.expand,
        schema=shapes.EXPAND,
    ),
    LayerKind(
        "repeat",
        linear=shape_ops.repeat,
        schema=shapes.REPEAT,
    ),
    LayerKind(
        "flip",
        linear=shape_ops.flip,
        schema=shapes.FLIP,
    ),
    LayerKind(
        "roll",
        linear=shape_ops.roll,
        schema=shapes.ROLL,
    ),
    LayerKind(
        "pixel_shuffle",
        linear=apply_function("pixel_shuffle"),
        schema=shapes.PIXEL_SHUFFLE,
    ),
    LayerKind(
        "pixel_unshuffle",
        linear=apply_function("pixel_unshuffle"),
        schema=shapes.PIXEL_UNSHUFFLE,
    ),
    LayerKind(
        "channel_shuffle",
        linear=apply_function("channel_shuffle"),
        schema=shapes.CHANNEL_SHUFFLE,
    ),
    # Activations: functions of one number
    LayerKind(
        "relu",
        piecewise_linear=elementwise.relu_function,
        activate=elementwise.relu,
        schema=shapes.SAME,
    ),
    LayerKind(
        "leaky_relu",
        piecewise_linear=elementwise.leaky_relu_function,
        activate=elementwise.leaky_relu,
        schema=shapes.LEAKY_RELU,
    ),
    LayerKind(
        "prelu",
        params=("weight",),
        piecewise_linear=elementwise.prelu_function,
        activate=elementwise.prelu,
        schema=shapes.PRELU,
    ),
    LayerKind(
        "abs",
        piecewise_linear=elementwise.abs_function,
        activate=elementwise.absolute,
        schema=shapes.SAME,
    ),
    LayerKind(
        "clamp",
        piecewise_linear=elementwise.clamp_function,
        activate=elementwise.clamp,
        schema=shapes.CLAMP,
    ),
    LayerKind(
        "hardsigmoid",
        piecewise_linear=elementwise.hardsigmoid_function,
        activate=elementwise.hardsigmoid,
        schema=shapes.SAME,
    ),
    LayerKind(
        "softshrink",
        piecewise_linear=elementwise.softshrink_function,
        activate=elementwise.softshrink,
        schema=shapes.SOFTSHRINK,
    ),
    # Activations: the largest or smallest of several values
    LayerKind(
        "max",
        max_selection=max_ops.selection_of(1.0),
        activate=max_ops.largest,
        schema=shapes.COMPARED,
    ),
    LayerKind(
        "min",
        max_selection=max_ops.selection_of(-1.0),
        activate=max_ops.smallest,
        schema=shapes.COMPARED,
    ),
    # Neither affine nor piecewise linear
    LayerKind("opaque", opaque=opaque.opaque, schema=opaque_schema.SCHEMA),
)

LAYERS: dict[str, LayerKind] = {row.name: row for row in _ROWS}
"""Every layer kind that splineviz understands, by name."""
