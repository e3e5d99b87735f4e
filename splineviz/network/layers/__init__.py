"""LAYERS: the one table of the layer kinds that splineviz understands, one row a kind.

To add a layer kind, add a row: the names that it goes by, each with a function that reads options
from a call, and what it computes. The functions are written once, so that the same code runs on
numpy arrays and on torch tensors. An affine row has two:

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

import importlib
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

from splineviz.network.layers import arithmetic as arith
from splineviz.network.layers import averaging as avg
from splineviz.network.layers import comparing, elementwise, opaque, opaque_schema, shapes, weighted
from splineviz.network.layers import product_shapes as products
from splineviz.network.layers import rearranging as rearr
from splineviz.network.layers import window_shapes as windows
from splineviz.network.layers.reading import apply_function, read_function
from splineviz.network.layers.rows import LayerKind, Reader

if TYPE_CHECKING:
    import torch


def _conv(dimensions: int, transposed: str = "") -> LayerKind:
    read = weighted.read_conv_transpose if transposed else weighted.read_conv
    name = f"conv_transpose{dimensions}d" if transposed else f"conv{dimensions}d"
    return LayerKind(
        name,
        {
            f"nn.Conv{transposed}{dimensions}d F.{name}": read(dimensions),
        },
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
            {
                f"nn.AvgPool{d} F.avg_pool{d}": avg.read_avg_pool(dimensions),
            },
            linear=avg.pooling(f"avg_pool{d}", dimensions),
            schema=windows.avg_pool(dimensions),
        ),
        LayerKind(
            f"adaptive_avg_pool{d}",
            {
                f"nn.AdaptiveAvgPool{d} F.adaptive_avg_pool{d}": avg.read_adaptive_avg_pool(
                    dimensions
                ),
            },
            linear=avg.pooling(f"adaptive_avg_pool{d}", dimensions),
            schema=windows.adaptive_avg_pool(dimensions),
        ),
        LayerKind(
            f"max_pool{d}",
            {
                f"nn.MaxPool{d} F.max_pool{d} torch.max_pool{d}": comparing.read_max_pool(
                    dimensions
                ),
            },
            contest=comparing.max_pool_contest,
            activate=comparing.pool(f"max_pool{d}"),
            schema=windows.max_pool(dimensions),
        ),
        LayerKind(
            f"adaptive_max_pool{d}",
            {
                f"nn.AdaptiveMaxPool{d} F.adaptive_max_pool{d}": comparing.read_adaptive_max_pool(
                    dimensions
                ),
            },
            contest=comparing.adaptive_max_pool_contest,
            activate=comparing.pool(f"adaptive_max_pool{d}"),
            schema=windows.adaptive_max_pool(dimensions),
        ),
    )


_ROWS = (
    # Products with weights
    LayerKind(
        "linear",
        {"nn.Linear F.linear": weighted.read_linear},
        params=("weight", "bias"),
        coefficients=weighted.linear_coefficients,
        linear=weighted.linear,
        schema=products.LINEAR,
    ),
    LayerKind(
        "matmul",
        {
            "torch.matmul torch.mm torch.bmm operator.matmul "
            ".matmul .mm .bmm": weighted.read_matmul,
        },
        coefficients=weighted.weight_alone,
        linear=weighted.matmul,
        schema=products.MATMUL,
    ),
    LayerKind(
        "einsum",
        {"torch.einsum": weighted.read_einsum},
        coefficients=weighted.weight_alone,
        linear=weighted.einsum,
        schema=products.EINSUM,
    ),
    *(_conv(dimensions) for dimensions in (1, 2, 3)),
    *(_conv(dimensions, "Transpose") for dimensions in (1, 2, 3)),
    LayerKind(
        "batch_norm",
        {
            "nn.BatchNorm1d nn.BatchNorm2d nn.BatchNorm3d "
            "nn.SyncBatchNorm F.batch_norm": weighted.read_batch_norm,
        },
        params=("weight", "bias"),
        buffers=("running_mean", "running_var"),
        coefficients=weighted.batch_norm_coefficients,
        linear=weighted.batch_norm,
        schema=products.BATCH_NORM,
    ),
    # Sums, and products with constants
    LayerKind(
        "add",
        {
            "torch.add operator.add operator.iadd .add .add_": arith.read_add,
            "torch.sub torch.subtract operator.sub operator.isub "
            ".sub .sub_ .subtract .subtract_": arith.read_sub,
            "torch.rsub": arith.read_rsub,
        },
        coefficients=arith.sum_coefficients,
        linear=arith.weighted_sum,
        schema=shapes.ADD,
    ),
    LayerKind(
        "mul",
        {
            "torch.mul torch.multiply operator.mul operator.imul "
            ".mul .mul_ .multiply .multiply_": arith.read_mul,
            "torch.neg torch.neg_ torch.negative operator.neg "
            ".neg .neg_ .negative .negative_": arith.read_neg,
        },
        coefficients=arith.mul_coefficients,
        linear=arith.scale,
        schema=products.SCALE,
    ),
    LayerKind(
        "div",
        {
            "torch.div torch.divide torch.true_divide operator.truediv operator.itruediv "
            ".div .div_ .divide .divide_ .true_divide .true_divide_": arith.read_div,
        },
        coefficients=arith.div_coefficients,
        linear=arith.scale,
        schema=products.SCALE,
    ),
    # Averages, pooling and padding
    *(row for dimensions in (1, 2, 3) for row in _pooling(dimensions)),
    LayerKind(
        "mean",
        {"torch.mean .mean": avg.read_over_axes},
        linear=avg.mean,
        schema=shapes.OVER_AXES,
    ),
    LayerKind(
        "sum",
        {"torch.sum .sum": avg.read_over_axes},
        linear=avg.total,
        schema=shapes.OVER_AXES,
    ),
    LayerKind(
        "cumsum",
        {"torch.cumsum .cumsum": avg.read_cumsum},
        linear=avg.cumsum,
        schema=shapes.CUMSUM,
    ),
    LayerKind(
        "interpolate",
        {
            "nn.Upsample nn.UpsamplingNearest2d "
            "nn.UpsamplingBilinear2d F.interpolate": avg.read_interpolate,
        },
        linear=avg.interpolate,
        schema=windows.INTERPOLATE,
    ),
    LayerKind(
        "pad",
        {
            "F.pad": avg.read_pad,
            "nn.ZeroPad1d nn.ZeroPad2d nn.ZeroPad3d "
            "nn.ConstantPad1d nn.ConstantPad2d nn.ConstantPad3d": avg.read_pad_module("constant"),
            "nn.ReflectionPad1d nn.ReflectionPad2d nn.ReflectionPad3d": avg.read_pad_module(
                "reflect"
            ),
            "nn.ReplicationPad1d nn.ReplicationPad2d nn.ReplicationPad3d": avg.read_pad_module(
                "replicate"
            ),
            "nn.CircularPad1d nn.CircularPad2d nn.CircularPad3d": avg.read_pad_module("circular"),
        },
        coefficients=avg.pad_coefficients,
        linear=avg.pad,
        schema=windows.PAD,
    ),
    LayerKind(
        "unfold",
        {"nn.Unfold F.unfold": read_function("kernel_size", dilation=1, padding=0, stride=1)},
        linear=apply_function("unfold"),
        schema=windows.UNFOLD,
    ),
    LayerKind(
        "fold",
        {
            "nn.Fold F.fold": read_function(
                "output_size", "kernel_size", dilation=1, padding=0, stride=1
            ),
        },
        linear=apply_function("fold"),
        schema=windows.FOLD,
    ),
    # The same numbers, in another order or shape
    LayerKind(
        "identity",
        {
            "nn.Identity torch.clone torch.detach torch.positive operator.pos .clone .contiguous "
            ".cpu .detach .detach_ .double .positive .to .type .type_as": rearr.read_first,
        },
        linear=rearr.identity,
        schema=shapes.IDENTITY,
    ),
    LayerKind(
        "dropout",
        {
            "nn.Dropout nn.Dropout1d nn.Dropout2d nn.Dropout3d nn.AlphaDropout "
            "nn.FeatureAlphaDropout F.dropout F.dropout1d F.dropout2d F.dropout3d "
            "F.alpha_dropout F.feature_alpha_dropout": rearr.read_dropout,
        },
        linear=rearr.identity,
        schema=shapes.IDENTITY,
    ),
    LayerKind(
        "reshape",
        {
            "nn.Flatten nn.Unflatten torch.flatten torch.ravel torch.reshape torch.squeeze "
            "torch.unflatten torch.unsqueeze .flatten .ravel .reshape .reshape_as .squeeze "
            ".squeeze_ .unflatten .unsqueeze .unsqueeze_ .view .view_as": rearr.read_reshape,
        },
        linear=rearr.reshape,
        schema=shapes.RESHAPE,
    ),
    LayerKind(
        "permute",
        {
            "torch.permute .permute": rearr.read_permute,
            "torch.transpose torch.swapaxes torch.swapdims "
            ".transpose .swapaxes .swapdims": rearr.read_transpose,
            "torch.movedim torch.moveaxis .movedim .moveaxis": rearr.read_movedim,
            ".mT": rearr.read_transposed,
        },
        linear=rearr.permute,
        schema=shapes.PERMUTE,
    ),
    LayerKind(
        "getitem",
        {
            "operator.getitem": rearr.read_getitem,
            "torch.narrow .narrow": rearr.read_narrow,
            "torch.select .select": rearr.read_select,
            "torch.index_select .index_select": rearr.read_index_select,
            "torch.chunk .chunk": rearr.read_pieces("chunks"),
            "torch.split .split": rearr.read_pieces("split_size"),
            "torch.tensor_split .tensor_split": rearr.read_pieces("indices_or_sections"),
            "torch.unbind .unbind": rearr.read_unbind,
            "torch.repeat_interleave .repeat_interleave": rearr.read_repeat_interleave,
        },
        linear=rearr.getitem,
        schema=shapes.GETITEM,
    ),
    LayerKind(
        "cat",
        {"torch.cat torch.concat torch.concatenate": rearr.read_joined(new_axis=False)},
        linear=rearr.cat,
        schema=shapes.CAT,
    ),
    LayerKind(
        "stack",
        {"torch.stack": rearr.read_joined(new_axis=True)},
        linear=rearr.stack,
        schema=shapes.STACK,
    ),
    LayerKind(
        "expand",
        {"torch.broadcast_to .broadcast_to .expand .expand_as": rearr.read_expand},
        linear=rearr.expand,
        schema=shapes.EXPAND,
    ),
    LayerKind(
        "repeat",
        {"torch.tile .repeat .tile": rearr.read_repeat},
        linear=rearr.repeat,
        schema=shapes.REPEAT,
    ),
    LayerKind(
        "flip",
        {"torch.flip .flip": rearr.read_flip},
        linear=rearr.flip,
        schema=shapes.FLIP,
    ),
    LayerKind(
        "roll",
        {"torch.roll .roll": rearr.read_roll},
        linear=rearr.roll,
        schema=shapes.ROLL,
    ),
    LayerKind(
        "pixel_shuffle",
        {"nn.PixelShuffle F.pixel_shuffle": read_function("upscale_factor")},
        linear=apply_function("pixel_shuffle"),
        schema=shapes.PIXEL_SHUFFLE,
    ),
    LayerKind(
        "pixel_unshuffle",
        {"nn.PixelUnshuffle F.pixel_unshuffle": read_function("downscale_factor")},
        linear=apply_function("pixel_unshuffle"),
        schema=shapes.PIXEL_UNSHUFFLE,
    ),
    LayerKind(
        "channel_shuffle",
        {"nn.ChannelShuffle F.channel_shuffle": read_function("groups")},
        linear=apply_function("channel_shuffle"),
        schema=shapes.CHANNEL_SHUFFLE,
    ),
    # Activations: functions of one number
    LayerKind(
        "relu",
        {"nn.ReLU F.relu F.relu_ torch.relu torch.relu_ .relu .relu_": elementwise.read_relu},
        kinks=elementwise.relu_kinks,
        activate=elementwise.relu,
        schema=shapes.SAME,
    ),
    LayerKind(
        "leaky_relu",
        {
            "nn.LeakyReLU F.leaky_relu F.leaky_relu_": elementwise.read_leaky_relu,
            "nn.RReLU F.rrelu": elementwise.read_rrelu,
        },
        kinks=elementwise.leaky_relu_kinks,
        activate=elementwise.leaky_relu,
        schema=shapes.LEAKY_RELU,
    ),
    LayerKind(
        "prelu",
        {"nn.PReLU F.prelu .prelu": elementwise.read_prelu},
        params=("weight",),
        kinks=elementwise.prelu_kinks,
        activate=elementwise.prelu,
        schema=shapes.PRELU,
    ),
    LayerKind(
        "abs",
        {
            "torch.abs torch.abs_ torch.absolute operator.abs builtins.abs "
            ".abs .abs_ .absolute .absolute_": elementwise.read_abs,
        },
        kinks=elementwise.abs_kinks,
        activate=elementwise.absolute,
        schema=shapes.SAME,
    ),
    LayerKind(
        "clamp",
        {
            "torch.clamp torch.clamp_ torch.clip torch.clip_ "
            ".clamp .clamp_ .clip .clip_": elementwise.read_clamp,
            "torch.clamp_min torch.clamp_min_ .clamp_min .clamp_min_": elementwise.read_clamp_min,
            "torch.clamp_max torch.clamp_max_ .clamp_max .clamp_max_": elementwise.read_clamp_max,
            "nn.ReLU6 F.relu6": elementwise.read_relu6,
            "nn.Hardtanh F.hardtanh F.hardtanh_": elementwise.read_hardtanh,
            "nn.Threshold F.threshold F.threshold_ "
            "torch.threshold torch.threshold_": elementwise.read_threshold,
        },
        kinks=elementwise.clamp_kinks,
        activate=elementwise.clamp,
        schema=shapes.CLAMP,
    ),
    LayerKind(
        "hardsigmoid",
        {"nn.Hardsigmoid F.hardsigmoid": elementwise.read_hardsigmoid},
        kinks=elementwise.hardsigmoid_kinks,
        activate=elementwise.hardsigmoid,
        schema=shapes.SAME,
    ),
    LayerKind(
        "softshrink",
        {"nn.Softshrink F.softshrink": elementwise.read_softshrink},
        kinks=elementwise.softshrink_kinks,
        activate=elementwise.softshrink,
        schema=shapes.SOFTSHRINK,
    ),
    # Activations: the largest or smallest of several values
    LayerKind(
        "max",
        {
            "torch.maximum .maximum": comparing.read_largest_of_two,
            "torch.amax .amax": comparing.read_over_axes,
            "torch.max .max": comparing.read_largest,
        },
        contest=comparing.contest_of(1.0),
        activate=comparing.largest,
        schema=shapes.COMPARED,
    ),
    LayerKind(
        "min",
        {
            "torch.minimum .minimum": comparing.read_smallest_of_two,
            "torch.amin .amin": comparing.read_over_axes,
            "torch.min .min": comparing.read_smallest,
        },
        contest=comparing.contest_of(-1.0),
        activate=comparing.smallest,
        schema=shapes.COMPARED,
    ),
    # Neither affine nor piecewise linear
    LayerKind("opaque", {}, opaque=opaque.opaque, schema=opaque_schema.SCHEMA),
)

LAYERS: dict[str, LayerKind] = {row.name: row for row in _ROWS}
"""Every layer kind that splineviz understands, by name."""

_Found: TypeAlias = tuple[LayerKind, Reader]


@cache
def _by_name() -> tuple[dict[Any, _Found], dict[str, _Found]]:
    """The rows of modules and functions, by the object, and of methods, by name."""
    owners = {"nn": "torch.nn", "F": "torch.nn.functional"}
    objects: dict[Any, _Found] = {}
    methods: dict[str, _Found] = {}
    for row in LAYERS.values():
        for names, read in row.spellings.items():
            for name in names.split():
                owner, _, attribute = name.rpartition(".")
                if owner:
                    module = importlib.import_module(owners.get(owner, owner))
                    objects[getattr(module, attribute)] = row, read
                else:
                    methods[attribute] = row, read
    return objects, methods


def row_of_module(module: torch.nn.Module) -> _Found | None:
    """The row for a module and how to read it, or None.

    A subclass counts if it keeps its parent's forward.
    """
    objects, _ = _by_name()
    own: Any = type(module)
    for parent in own.__mro__:
        if parent in objects:
            return objects[parent] if own.forward is parent.forward else None
    return None


def row_of_function(function: Any) -> _Found | None:
    """The row for a function and how to read it, or None."""
    objects, _ = _by_name()
    return objects.get(function)


def row_of_method(name: str) -> _Found | None:
    """The row for a tensor method or attribute and how to read it, or None."""
    _, methods = _by_name()
    return methods.get(name)
