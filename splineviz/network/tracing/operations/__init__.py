"""OPERATIONS: how each operation of torch becomes steps of a program, one row an operation.

A row is found by the operation's name in torch (``aten``), whatever its overload and whether it
works in place: ``relu`` stands for ``aten.relu.default`` and ``aten.relu_.default``. Its reader
gets a :class:`~splineviz.network.tracing.operations.call.Call`, with all arguments by name, and
adds the steps, whose kinds are rows of :data:`~splineviz.network.layers.LAYERS`. What has no row,
or whose reader gives None, becomes an opaque step that torch runs. To teach splineviz another
operation, add a row here, and one to LAYERS if no kind of step says what it does.
"""

from __future__ import annotations

from splineviz.network.layers.opaque import SMOOTH
from splineviz.network.tracing.operations import activations
from splineviz.network.tracing.operations import affine_ops as sums
from splineviz.network.tracing.operations import shape_ops as shapes
from splineviz.network.tracing.operations.call import Reader

_REARRANGING: dict[str, Reader] = {
    "alias clone contiguous detach lift_fresh lift_fresh_copy positive to type_as _to_copy "
    "cpu": shapes.read_identity,
    "dropout alpha_dropout feature_dropout feature_alpha_dropout": shapes.read_dropout,
    "flatten ravel reshape reshape_as squeeze unflatten unsqueeze view view_as "
    "_unsafe_view _reshape_alias": shapes.read_reshape,
    "permute transpose swapaxes swapdims movedim moveaxis mT mH t numpy_T adjoint "
    "matrix_H": shapes.read_permute,
    "slice": shapes.read_slice,
    "narrow": shapes.read_narrow,
    "select": shapes.read_select,
    "index_select": shapes.read_index_select,
    "index": shapes.read_index,
    "chunk split split_with_sizes tensor_split unsafe_chunk unsafe_split "
    "unsafe_split_with_sizes": shapes.read_pieces,
    "unbind": shapes.read_unbind,
    "repeat_interleave": shapes.read_repeat_interleave,
    "cat concat concatenate stack": shapes.read_joined,
    "expand expand_as broadcast_to": shapes.read_expand,
    "repeat tile": shapes.read_repeat,
    "flip": shapes.read_flip,
    "roll": shapes.read_roll,
}

_OF_NUMBERS: dict[str, Reader] = {
    # Products with weights
    "linear": sums.read_linear,
    "matmul mm bmm mv": sums.read_matmul,
    "addmm": sums.read_addmm,
    "einsum": sums.read_einsum,
    "conv1d conv2d conv3d": sums.read_conv,
    "conv_transpose1d conv_transpose2d conv_transpose3d": sums.read_conv,
    "batch_norm": sums.read_batch_norm,
    "prelu": activations.read_prelu,
    # Sums, and products with constants
    "add": sums.read_add,
    "sub subtract": sums.read_sub,
    "rsub": sums.read_rsub,
    "mul multiply": sums.read_mul,
    "div divide true_divide": sums.read_div,
    "neg negative": sums.read_neg,
    "fill copy zero": sums.read_fill,
    # Averages, pooling and padding
    "mean sum": sums.read_over_axes,
    "cumsum": sums.read_cumsum,
    "avg_pool1d avg_pool2d avg_pool3d": sums.read_avg_pool,
    "adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d": sums.read_adaptive_avg_pool,
    "upsample_nearest1d upsample_nearest2d upsample_nearest3d _upsample_nearest_exact1d "
    "_upsample_nearest_exact2d _upsample_nearest_exact3d upsample_linear1d upsample_bilinear2d "
    "upsample_trilinear3d": sums.read_upsample,
    "pad": sums.read_pad,
    "im2col": sums.read_im2col,
    "col2im": sums.read_col2im,
    "pixel_shuffle": sums.read_with("upscale_factor"),
    "pixel_unshuffle": sums.read_with("downscale_factor"),
    "channel_shuffle": sums.read_with("groups"),
}

_LARGEST: dict[str, Reader] = {
    "maximum minimum fmax fmin": activations.read_of_two,
    "max min": activations.read_max,
    "amax amin": activations.read_over_axes,
    "max_pool1d max_pool2d max_pool3d max_pool1d_with_indices max_pool2d_with_indices "
    "max_pool3d_with_indices": activations.read_max_pool,
    "adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d": (
        activations.read_adaptive_max_pool
    ),
}

_OF_ONE_NUMBER: dict[str, Reader] = {
    "relu abs absolute hardsigmoid": activations.read_plain,
    "leaky_relu": activations.read_leaky_relu,
    "rrelu": activations.read_rrelu,
    "softshrink": activations.read_softshrink,
    "clamp clip clamp_min clamp_max": activations.read_clamp,
    "relu6": activations.read_relu6,
    "hardtanh": activations.read_hardtanh,
    "threshold": activations.read_threshold,
}

REARRANGING = frozenset(name for names in _REARRANGING for name in names.split())
"""Those that take truth values and places as well as real numbers."""

OF_ONE_NUMBER = frozenset(name for names in _OF_ONE_NUMBER for name in names.split()) | SMOOTH
"""Activations that are a function of each number, wherever it stands."""

ACTIVATIONS = OF_ONE_NUMBER | {"prelu", *(name for names in _LARGEST for name in names.split())}
"""All activations: those of one number, and those that pass the largest or smallest of several."""

RESHAPING, PERMUTING, EXPANDING = (
    frozenset(
        name for names, reader in _REARRANGING.items() if reader is read for name in names.split()
    )
    for read in (shapes.read_reshape, shapes.read_permute, shapes.read_expand)
)
"""Those that keep the order of the numbers, that exchange axes, and that repeat along axes."""

MOVING = RESHAPING | PERMUTING | EXPANDING | {"stack"}
"""Those after which the samples may be on another axis than the first."""

EITHER = frozenset(
    [
        "add",
        "addmm",
        "bmm",
        "cat",
        "concat",
        "concatenate",
        "copy",
        "div",
        "divide",
        "einsum",
        "fill",
        "fmax",
        "fmin",
        "linear",
        "matmul",
        "max",
        "maximum",
        "min",
        "minimum",
        "mm",
        "mul",
        "multiply",
        "mv",
        "rsub",
        "stack",
        "sub",
        "subtract",
        "true_divide",
    ]
)
"""Those whose first argument may be something else than a value that depends on the input."""

OPERATIONS: dict[str, Reader] = {
    name: read
    for names, read in (_REARRANGING | _OF_NUMBERS | _LARGEST | _OF_ONE_NUMBER).items()
    for name in names.split()
}
"""The operations of torch that become affine or piecewise-linear steps, by name."""
