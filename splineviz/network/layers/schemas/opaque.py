"""What an opaque step may be: operations of a closed table, and what torch says of their results.

The steps may come from a file of a stranger. So the table has only operations that make new tensors
and check their indices. Left out are those that do not (``grid_sampler``), take strides, or draw
random numbers.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from splineviz.network.layers.layer_kind import Options
from splineviz.network.layers.opaque import opaque
from splineviz.network.layers.schemas.schema import (
    MOST_AXES,
    MOST_TERMS,
    NONE,
    Facts,
    Misfit,
    NoBatch,
    Option,
    Schema,
    Shape,
    check_shape,
    check_size,
    either,
    integer,
    left_out,
)
from splineviz.validation.wording import shown

# The table ----------------------------------------------------------------------------------------

_OPERATIONS = {
    "functions of each number": """
        abs acos acosh add.Scalar add.Tensor addcdiv addcmul asin asinh atan atan2 atanh
        bitwise_and.Scalar bitwise_and.Tensor bitwise_not bitwise_or.Scalar bitwise_or.Tensor
        bitwise_xor.Scalar bitwise_xor.Tensor ceil celu clamp clamp.Tensor clamp_max
        clamp_max.Tensor clamp_min clamp_min.Tensor clip copysign.Scalar copysign.Tensor cos cosh
        deg2rad div.Scalar div.Tensor elu eq.Scalar eq.Tensor erf erfc erfinv exp exp2 expm1
        floor fmax fmin frac ge.Scalar ge.Tensor gelu glu gt.Scalar gt.Tensor hardshrink
        hardsigmoid hardswish hardtanh heaviside hypot isfinite isinf isnan le.Scalar le.Tensor
        leaky_relu lerp.Scalar lerp.Tensor lgamma log log10 log1p log2 log_sigmoid logaddexp
        logaddexp2 logical_and logical_not logical_or logical_xor logit lt.Scalar lt.Tensor
        maximum minimum mish mul.Scalar mul.Tensor nan_to_num ne.Scalar ne.Tensor neg positive
        pow.Scalar pow.Tensor_Scalar pow.Tensor_Tensor prelu rad2deg reciprocal relu relu6
        round round.decimals rsqrt rsub.Scalar rsub.Tensor selu sgn sigmoid sign signbit silu
        sin sinc sinh softplus softshrink sqrt square sub.Scalar sub.Tensor tan tanh threshold
        trunc where.Scalar where.ScalarOther where.ScalarSelf where.self xlogy.Scalar_Other
        xlogy.Scalar_Self xlogy.Tensor
        """,
    # Dividing the lowest 64-bit integer by -1 ends the process.
    "functions of each number, of no whole ones": """
        div.Scalar_mode div.Tensor_mode floor_divide floor_divide.Scalar fmod.Scalar fmod.Tensor
        remainder.Scalar remainder.Tensor
        """,
    "over axes": """
        _log_softmax _softmax all all.dim amax amin any any.dim argmax argmin argsort
        argsort.stable cummax cummin cumprod cumsum group_norm instance_norm layer_norm
        linalg_vector_norm log_softmax.int logcumsumexp logsumexp max.dim max.other mean.dim
        median.dim min.dim min.other native_group_norm native_layer_norm norm.ScalarOpt_dim
        prod.dim_int rms_norm softmax.int sort sort.stable std.correction std.dim
        std_mean.correction std_mean.dim sum.dim_IntList topk var.correction var.dim
        var_mean.correction var_mean.dim
        """,
    "products": """
        addmm baddbmm bilinear bmm cdist conv1d conv2d conv2d.padding conv3d conv_transpose1d
        conv_transpose2d.input conv_transpose3d.input convolution cosine_similarity einsum inner
        linear matmul mm mv scaled_dot_product_attention tensordot
        """,
    "recurrent layers": "gru.input lstm.input rnn_relu.input rnn_tanh.input",
    "windows": """
        adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d avg_pool1d avg_pool2d
        avg_pool3d batch_norm max_pool1d max_pool2d max_pool3d upsample_bicubic2d
        upsample_bicubic2d.vec upsample_bilinear2d.vec upsample_linear1d.vec
        upsample_nearest1d.vec upsample_nearest2d.vec upsample_nearest3d.vec
        """,
    "places and order": """
        adjoint alias broadcast_to cat channel_shuffle chunk clone concat concatenate
        constant_pad_nd contiguous copy detach diag_embed diagonal embedding expand expand_as
        fill.Scalar fill.Tensor flatten.using_ints flip full_like gather im2col index.Tensor
        index_add index_copy index_fill.int_Scalar index_put index_select lift_fresh_copy
        masked_fill.Scalar masked_fill.Tensor mH moveaxis.int moveaxis.intlist movedim.int
        movedim.intlist mT narrow new_full new_ones new_zeros numpy_T ones_like pad permute
        pixel_shuffle pixel_unshuffle ravel repeat repeat_interleave.self_int reshape reshape_as
        roll scatter.src scatter.value scatter_add select.int select_scatter slice.Tensor
        slice_scatter split.Tensor split_with_sizes squeeze squeeze.dim squeeze.dims stack swapaxes
        swapdims t tensor_split.indices tensor_split.sections tile to.device to.dtype
        to.dtype_layout to.other _to_copy transpose.int tril triu type_as unbind.int unflatten.int
        unfold unsafe_split.Tensor _unsafe_view unsqueeze view view_as zeros_like
        """,
    # Constants beside what an operation reads.
    "constants": "arange arange.start arange.start_step full ones scalar_tensor zeros",
    "dropout that is off": "dropout alpha_dropout feature_dropout feature_alpha_dropout",
}


def _named(names: str) -> frozenset[str]:
    return frozenset(name if "." in name else f"{name}.default" for name in names.split())


OPERATIONS = _named(" ".join(_OPERATIONS.values()))
"""Every operation that an opaque step may call, by its name and overload in torch."""

_OF_NO_WHOLE_NUMBERS = _named(_OPERATIONS["functions of each number, of no whole ones"])
_PIECES = _named("chunk split.Tensor split_with_sizes unbind.int unsafe_split.Tensor")
_DROPOUT = _named(_OPERATIONS["dropout that is off"])
_ATTENTION = "scaled_dot_product_attention.default"

DTYPES = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64")
"""The types of numbers that a value may have."""


# How calls are written ----------------------------------------------------------------------------

_MOST_CALLS = 2**10
# A recurrent layer takes several for each element of a sequence.
_MOST_ON_THE_WAY = 2**17
_MOST_PIECES = 2**16
_MOST_ARGUMENTS = 2**16
_DEEPEST = 4
_LONGEST_TEXT = 200
# Stands for the end of an axis.
_END = 2**63 - 1

_PLACE = integer(0, 2**16)
_TEXT = Option("text", lambda value: isinstance(value, str) and len(value) <= _LONGEST_TEXT)
_TYPE = Option("a type of numbers", lambda value: isinstance(value, str) and value in DTYPES)
_LEAVES = {
    "value": {"value": _PLACE},
    "call": {"call": _PLACE, "result": left_out(_PLACE)},
    "samples": {"samples": integer(-(2**31), 2**31)},
    "weight": {"weight": _TEXT, "dtype": left_out(_TYPE), "along": left_out(integer(0, MOST_AXES))},
    "float": {"float": Option("infinity", lambda value: value in ("inf", "-inf"))},
    "dtype": {"dtype": _TYPE},
}


def _check_calls(facts: Facts) -> None:
    """Check the form of calls; torch checks what they mean (see `result_of`)."""
    calls = [*facts.options.get("before", ()), facts.options]
    budget = iter(range(_MOST_ARGUMENTS))
    roles: set[str] = set()
    for number, call in enumerate(calls):
        _check_random(call)
        for leaf in _leaves([call["arguments"], *call.get("keywords", {}).values()], 0, budget):
            if not isinstance(leaf, Mapping):
                continue
            if leaf.get("value", -1) >= len(facts.inputs):
                raise Misfit(f"its arguments name the value {leaf['value']} of {len(facts.inputs)}")
            if leaf.get("call", -1) >= number:
                raise Misfit(f"its call {number} takes the result of call {leaf['call']}")
            if "weight" in leaf:
                roles.add(leaf["weight"])
    if roles != {*facts.params}:
        raise Misfit(f"its arguments name the weights {shown(roles)}, not {shown({*facts.params})}")


def _check_random(call: Options) -> None:
    operation, arguments = call["operation"], call["arguments"]
    if operation in _DROPOUT and (len(arguments) < 3 or arguments[2] is not False):
        raise Misfit(f"its {operation} is random")
    if operation == _ATTENTION and (
        "dropout_p" in call.get("keywords", {}) or arguments[4:5] not in ([], [0], [0.0])
    ):
        raise Misfit(f"its {operation} is random")


def _leaves(argument: Any, depth: int, budget: Iterator[int]) -> Iterator[Any]:
    if next(budget, None) is None:
        raise Misfit("it has too many arguments")
    if isinstance(argument, list | tuple):
        if depth > _DEEPEST:
            raise Misfit("its arguments are lists in lists in lists")
        for item in argument:
            yield from _leaves(item, depth + 1, budget)
    elif _is_leaf(argument):
        yield argument
    else:
        raise Misfit(f"its argument {shown(argument)} is not understood")


def _is_leaf(argument: Any) -> bool:
    if isinstance(argument, Mapping):
        for name, fields in _LEAVES.items():
            if name in argument:
                return {*argument} <= {*fields} and all(
                    fields[key].fits(value) for key, value in argument.items()
                )
        return False
    if isinstance(argument, str):
        return len(argument) <= _LONGEST_TEXT and argument.isascii()
    if type(argument) is int:
        return -(2**31) <= argument <= 2**31 or argument == _END
    if isinstance(argument, float):
        return math.isfinite(argument)
    return argument is None or type(argument) is bool


def _is_keywords(value: Any) -> bool:
    return isinstance(value, Mapping) and len(value) <= 20 and all(type(k) is str for k in value)


_CALL = {
    "operation": Option(
        "an operation of the table in splineviz.network.layers.schemas.opaque",
        lambda value: isinstance(value, str) and value in OPERATIONS,
    ),
    "arguments": Option("a list", lambda value: isinstance(value, list)),
    "keywords": left_out(Option("a mapping of names", _is_keywords)),
}


def _is_call(value: Any) -> bool:
    return (
        isinstance(value, Mapping)
        and {"operation", "arguments"} <= {*value} <= {*_CALL}
        and all(_CALL[name].fits(item) for name, item in value.items())
    )


SCHEMA = Schema(
    _check_calls,
    {
        **_CALL,
        "result": left_out(either(NONE, _PLACE)),
        "before": left_out(
            Option(
                "a list of calls of operations in that table",
                lambda value: (
                    isinstance(value, list)
                    and len(value) <= _MOST_CALLS
                    and all(map(_is_call, value))
                ),
            )
        ),
    },
    params=None,
    inputs=(1, 2**10),
)
"""Of opaque. The shape of the result is known only from torch."""


# What comes out, without computing it -------------------------------------------------------------


def result_of(
    options: Options,
    inputs: Sequence[tuple[Shape, str]],
    params: Sequence[tuple[str, Shape]],
) -> tuple[Shape, str]:
    """Infer with torch what the calls of a step make, without running them.

    Parameters
    ----------
    options : mapping
        The options of an opaque step, checked.
    inputs : sequence of (shape, dtype)
        The values that it reads, for one sample.
    params : sequence of (role, shape)
        Its weights.

    Returns
    -------
    shape : tuple of int
        The shape of the result, for one sample.
    dtype : str
        One of `DTYPES`.

    Raises
    ------
    Misfit
        If torch refuses, the result is no batch, or anything on the way would be too large.
    """
    return _result(json.dumps(dict(options), sort_keys=True), tuple(inputs), tuple(params))


# Cached, because the layers of a network are often alike.
@lru_cache(maxsize=4096)
def _result(
    text: str, inputs: tuple[tuple[Shape, str], ...], params: tuple[tuple[str, Shape], ...]
) -> tuple[Shape, str]:
    options = json.loads(text)
    (first, _), (second, dtype) = (_asked(options, inputs, params, n) for n in (2, 3))
    if (first[:1], second[:1]) != ((2,), (3,)) or first[1:] != second[1:]:
        raise NoBatch(
            f"its results of shapes {first} for 2 samples and {second} for 3 are no batches"
        )
    check_shape(second[1:])
    return second[1:], dtype


def _asked(
    options: Options,
    inputs: Sequence[tuple[Shape, str]],
    params: Sequence[tuple[str, Shape]],
    samples: int,
) -> tuple[Shape, str]:
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils.flop_counter import FlopCounterMode

    class Bounded(TorchDispatchMode):
        """Checks each tensor that is computed on the way."""

        calls = 0

        def __torch_dispatch__(
            self, function: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            name = function.name().removeprefix("aten::")
            name = name if "." in name else f"{name}.default"
            if name in _OF_NO_WHOLE_NUMBERS and not any(
                isinstance(item, torch.Tensor) and item.is_floating_point() for item in args
            ):
                raise Misfit(f"its operation {name} is applied to whole numbers")
            self.calls += 1
            if self.calls > _MOST_ON_THE_WAY:
                raise Misfit(f"it takes more than {_MOST_ON_THE_WAY:,} operations")
            if name in _PIECES and max(args[0].shape, default=0) > _MOST_PIECES:
                raise Misfit(f"its operation {name} makes too many pieces")
            result = function(*args, **(kwargs or {}))
            for tensor in result if isinstance(result, tuple | list) else (result,):
                if isinstance(tensor, torch.Tensor):
                    check_size(tensor.numel() // samples, "what is made on the way")
                    if tensor.ndim > MOST_AXES + 1:
                        raise Misfit("what is made on the way has too many axes")
            return result

    try:
        values = [
            torch.empty((samples, *shape), dtype=getattr(torch, dtype), device="meta")
            for shape, dtype in inputs
        ]
        weights = {
            role: torch.empty(shape, dtype=torch.float64, device="meta") for role, shape in params
        }
        with torch.no_grad(), FlopCounterMode(display=False) as counter, Bounded():
            output = opaque(weights, values, options)
    except Misfit:
        raise
    except Exception as error:
        # torch raises errors of many classes.
        raise Misfit(f"torch refuses it: {shown(str(error).strip())}") from error
    if not isinstance(output, torch.Tensor):
        raise Misfit(f"its result is a {type(output).__name__}, not one tensor")
    dtype = str(output.dtype).removeprefix("torch.")
    if dtype not in DTYPES:
        raise Misfit(f"its result holds {dtype} numbers")
    terms = int(counter.get_total_flops()) // (2 * samples)
    if terms > MOST_TERMS:
        raise Misfit(f"it adds up {terms:,} products, and {MOST_TERMS:,} at most are computed")
    return tuple(output.shape), dtype
