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

An activation has ``activate``, and says what that does: either ``kinks``, the function that it
applies to each number, or ``contest``, which values it compares to pass the largest on.

A ``schema`` says what a step of a row can be: options and weights, and the shape of its result. A
program checks it before any of its steps is used.

What is neither is ``opaque``: an operation that torch runs. It has a row of its own.

Nothing here imports torch before a network is traced, or a step that needs it is run.
"""

from __future__ import annotations

from splineviz.network.layers import arithmetic as arith
from splineviz.network.layers import elementwise, opaque
from splineviz.network.layers import linear_ops as weighted
from splineviz.network.layers import max_ops as comparing
from splineviz.network.layers import shape_ops as rearr
from splineviz.network.layers import sum_ops as avg
from splineviz.network.layers.layer_kind import LayerKind
from splineviz.network.layers.schemas import elementwise_and_shapes as shapes
from splineviz.network.layers.schemas import opaque as opaque_schema
from splineviz.network.layers.schemas import products as products
from splineviz.network.layers.schemas import windows as windows
from splineviz.network.layers.torch_calls import apply_function


def _conv(dimensions: int, transposed: str = "") -> LayerKind:
    name = f"conv_transpose{dimensions}d" if transposed else f"conv{dimensions}d"
    return LayerKind(
        name,
        params=("weight", "bias"),
        coefficients=weighted.conv_coefficients(dimensions),
        linear=weighted.conv(name),
        schema=windows.conv_transpose(dimensions) if transposed else windows.conv(dimensions),
    )


def _pooling(dimensions: int) -> tuple[LayerKind, ...]:
    d = f"{dimensions}d"
    return (
        LayerKind(
            f"avg_pool{d}",
            linear=avg.pooling(f"avg_pool{d}", dimensions),
            schema=windows.avg_pool(dimensions),
        ),
        LayerKind(
            f"adaptive_avg_pool{d}",
            linear=avg.pooling(f"adaptive_avg_pool{d}", dimensions),
            schema=windows.adaptive_avg_pool(dimensions),
        ),
        LayerKind(
            f"max_pool{d}",
            contest=comparing.max_pool_contest,
            activate=comparing.pool(f"max_pool{d}"),
            schema=windows.max_pool(dimensions),
        ),
        LayerKind(
            f"adaptive_max_pool{d}",
            contest=comparing.adaptive_max_pool_contest,
            activate=comparing.pool(f"adaptive_max_pool{d}"),
            schema=windows.adaptive_max_pool(dimensions),
        ),
    )


_ROWS = (
    # Products with weights
    LayerKind(
        "linear",
        params=("weight", "bias"),
        coefficients=weighted.linear_coefficients,
        linear=weighted.linear,
        schema=products.LINEAR,
    ),
    LayerKind(
        "matmul",
        coefficients=weighted.weight_alone,
        linear=weighted.matmul,
        schema=products.MATMUL,
    ),
    LayerKind(
        "einsum",
        coefficients=weighted.weight_alone,
        linear=weighted.einsum,
        schema=products.EINSUM,
    ),
    *(_conv(dimensions) for dimensions in (1, 2, 3)),
    *(_conv(dimensions, "Transpose") for dimensions in (1, 2, 3)),
    LayerKind(
        "batch_norm",
        params=("weight", "bias"),
        buffers=("running_mean", "running_var"),
        coefficients=weighted.batch_norm_coefficients,
        linear=weighted.batch_norm,
        schema=products.BATCH_NORM,
    ),
    # Sums, and products with constants
    LayerKind(
        "add",
        coefficients=arith.sum_coefficients,
        linear=arith.weighted_sum,
        schema=shapes.ADD,
    ),
    LayerKind(
        "mul",
        coefficients=arith.mul_coefficients,
        linear=arith.scale,
        schema=products.SCALE,
    ),
    LayerKind(
        "div",
        coefficients=arith.div_coefficients,
        linear=arith.scale,
        schema=products.SCALE,
    ),
    # Averages, pooling and padding
    *(row for dimensions in (1, 2, 3) for row in _pooling(dimensions)),
    LayerKind(
        "mean",
        linear=avg.mean,
        schema=shapes.OVER_AXES,
    ),
    LayerKind(
        "sum",
        linear=avg.total,
        schema=shapes.OVER_AXES,
    ),
    LayerKind(
        "cumsum",
        linear=avg.cumsum,
        schema=shapes.CUMSUM,
    ),
    LayerKind(
        "interpolate",
        linear=avg.interpolate,
        schema=windows.INTERPOLATE,
    ),
    LayerKind(
        "pad",
        coefficients=avg.pad_coefficients,
        linear=avg.pad,
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
        linear=rearr.identity,
        schema=shapes.IDENTITY,
    ),
    LayerKind(
        "dropout",
        linear=rearr.identity,
        schema=shapes.IDENTITY,
    ),
    LayerKind(
        "reshape",
        linear=rearr.reshape,
        schema=shapes.RESHAPE,
    ),
    LayerKind(
        "permute",
        linear=rearr.permute,
        schema=shapes.PERMUTE,
    ),
    LayerKind(
        "getitem",
        linear=rearr.getitem,
        schema=shapes.GETITEM,
    ),
    LayerKind(
        "cat",
        linear=rearr.cat,
        schema=shapes.CAT,
    ),
    LayerKind(
        "stack",
        linear=rearr.stack,
        schema=shapes.STACK,
    ),
    LayerKind(
        "expand",
        linear=rearr.expand,
        schema=shapes.EXPAND,
    ),
    LayerKind(
        "repeat",
        linear=rearr.repeat,
        schema=shapes.REPEAT,
    ),
    LayerKind(
        "flip",
        linear=rearr.flip,
        schema=shapes.FLIP,
    ),
    LayerKind(
        "roll",
        linear=rearr.roll,
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
        kinks=elementwise.relu_kinks,
        activate=elementwise.relu,
        schema=shapes.SAME,
    ),
    LayerKind(
        "leaky_relu",
        kinks=elementwise.leaky_relu_kinks,
        activate=elementwise.leaky_relu,
        schema=shapes.LEAKY_RELU,
    ),
    LayerKind(
        "prelu",
        params=("weight",),
        kinks=elementwise.prelu_kinks,
        activate=elementwise.prelu,
        schema=shapes.PRELU,
    ),
    LayerKind(
        "abs",
        kinks=elementwise.abs_kinks,
        activate=elementwise.absolute,
        schema=shapes.SAME,
    ),
    LayerKind(
        "clamp",
        kinks=elementwise.clamp_kinks,
        activate=elementwise.clamp,
        schema=shapes.CLAMP,
    ),
    LayerKind(
        "hardsigmoid",
        kinks=elementwise.hardsigmoid_kinks,
        activate=elementwise.hardsigmoid,
        schema=shapes.SAME,
    ),
    LayerKind(
        "softshrink",
        kinks=elementwise.softshrink_kinks,
        activate=elementwise.softshrink,
        schema=shapes.SOFTSHRINK,
    ),
    # Activations: the largest or smallest of several values
    LayerKind(
        "max",
        contest=comparing.contest_of(1.0),
        activate=comparing.largest,
        schema=shapes.COMPARED,
    ),
    LayerKind(
        "min",
        contest=comparing.contest_of(-1.0),
        activate=comparing.smallest,
        schema=shapes.COMPARED,
    ),
    # Neither affine nor piecewise linear
    LayerKind("opaque", opaque=opaque.opaque, schema=opaque_schema.SCHEMA),
)

LAYERS: dict[str, LayerKind] = {row.name: row for row in _ROWS}
"""Every layer kind that splineviz understands, by name."""
