"""Calls on tensors with the samples elsewhere, as the calls that do the same to samples first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import torch

from splineviz.network.tracing.exporting.sample_axis import SampleAxis
from splineviz.network.tracing.lowering.folding import Taken
from splineviz.network.tracing.operations import EXPANDING, OF_ONE_NUMBER
from splineviz.network.tracing.operations.call import Constant, Value

_OF_EACH_NUMBER = OF_ONE_NUMBER - {"glu"} | {
    *("alias", "clone", "contiguous", "detach", "dropout", "lift_fresh", "lift_fresh_copy", "to"),
    *("alpha_dropout", "feature_dropout", "feature_alpha_dropout", "positive", "_to_copy", "cpu"),
    *("multiply", "divide", "true_divide", "subtract", "negative"),
}
"""Those that torch does not itself call pointwise."""

_ALONG_AN_AXIS = frozenset(
    {
        *("softmax", "_softmax", "log_softmax", "_log_softmax", "cumsum", "cumprod", "glu", "flip"),
        *("slice", "narrow", "index_select", "repeat_interleave", "cat", "concat", "concatenate"),
        *("chunk", "split", "split_with_sizes", "tensor_split", "roll"),
        *("unsafe_chunk", "unsafe_split", "unsafe_split_with_sizes"),
    }
)
"""Those along an axis, or several, that they keep."""

_OVER_AN_AXIS = frozenset({"mean", "sum", "amax", "amin", "max", "min", "logsumexp"})
"""Those over an axis, or several, that they leave out unless `keepdim` is set."""

_OF_AN_AXIS = frozenset({"select", "unbind"})
"""Those that leave out an axis."""

_WITH_A_MATRIX = {
    "linear": ("input", "weight"),
    "matmul": ("self", "other"),
    "mm": ("self", "mat2"),
    "addmm": ("mat1", "mat2"),
}
"""Products of the last axis with a matrix, by the names of what is multiplied and the matrix."""

EACH_ALONE = frozenset(
    {
        *("bmm", "group_norm", "instance_norm", "prelu", "batch_norm"),
        *("conv1d", "conv2d", "conv3d"),
        *("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"),
        *("max_pool1d", "max_pool2d", "max_pool3d", "avg_pool1d", "avg_pool2d", "avg_pool3d"),
        *("adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d"),
    }
)
"""Those that treat what is on the first axis each for itself, and know no axis ahead of that."""


class MovedCall(NamedTuple):
    """A call as it is for samples first.

    Attributes
    ----------
    arguments : mapping of str to object
        By the names in torch's signature; values have the samples on their first axis.
    samples : SampleAxis
        Where the results of the call itself have them.
    """

    arguments: Mapping[str, Any]
    samples: SampleAxis


def moved_call(
    target: Any, name: str, operands: Mapping[str, Any], rank: int, results: Sequence[torch.Tensor]
) -> MovedCall | None:
    """Rewrite a call for tensors with the samples first.

    Parameters
    ----------
    target : OpOverload
        The operation of torch.
    name : str
        What it is called in the table of operations.
    operands : mapping of str to object
        Its arguments. Those that are values have the samples in the same place, and as many axes.
    rank : int
        The number of these axes.
    results : sequence of tensor
        Of the shapes that the call's results have.

    Returns
    -------
    MovedCall or None
        None if it is not known how, or if there is no such call.
    """
    values = [value for value in _parts(operands) if isinstance(value, Value)]
    samples, plain = values[0].samples, {key: _first(operand) for key, operand in operands.items()}
    if torch.Tag.pointwise in target.tags or name in _OF_EACH_NUMBER:
        return _of_each_number(plain, samples, rank, results)
    if name in EXPANDING:
        return MovedCall(plain, samples) if results[0].ndim == rank else None
    if name in _WITH_A_MATRIX:
        left, right = (operands[key] for key in _WITH_A_MATRIX[name])
        matrix = isinstance(right, Constant) and right.tensor.ndim == 2 and right.along is None
        known = isinstance(left, Value) and len(values) == 1 and matrix
        return MovedCall(plain, samples) if known and samples.axis < rank - 1 else None
    if name in ("layer_norm", "rms_norm"):
        within = samples.axis < rank - len(operands["normalized_shape"])
        return MovedCall(plain, samples) if within and len(values) == 1 else None
    if name == "pad" and operands.get("mode", "constant") == "constant":
        within = samples.axis < rank - len(operands["pad"]) // 2
        return MovedCall(plain, samples) if within else None
    if name == "prelu" and isinstance(operands["weight"], Constant):
        # One slope for all channels, wherever they are.
        return MovedCall(plain, samples) if operands["weight"].tensor.numel() == 1 else None
    if name == "batch_norm" and samples.axis != 1 and len(values) == 1:
        behind = rank - 2 - (not samples.merged)
        return MovedCall({**plain, "spatial_dims": behind}, samples)
    return _along(name, plain, samples, rank)


def _of_each_number(
    plain: Mapping[str, Any], samples: SampleAxis, rank: int, results: Sequence[torch.Tensor]
) -> MovedCall | None:
    if any(result.ndim != rank for result in results):
        return None
    aligned = {
        key: _for_one(operand, samples, rank) if isinstance(operand, Constant) else operand
        for key, operand in plain.items()
    }
    lost = any(aligned[key] is None and plain[key] is not None for key in plain)
    return None if lost else MovedCall(aligned, samples)


def _for_one(constant: Constant, samples: SampleAxis, rank: int) -> Constant | None:
    """Return a constant as one sample meets it; None if it differs between samples."""
    tensor = constant.tensor if constant.whole is None else constant.whole
    here = samples._replace(axis=samples.axis - rank + tensor.ndim)
    kept = replace(constant, tensor=tensor, along=None, whole=None)
    if constant.along is not None:
        kept = replace(kept, source=Taken(constant.source.node))
    if here.axis < 0:
        return kept
    if tensor.shape[here.axis] == 1:
        if here.merged:
            return kept
    elif not here.is_constant(tensor):
        return None
    taken = Taken(constant.source.node, here)
    return replace(kept, tensor=here.first_of(tensor).clone(), key=None, fixed=False, source=taken)


def _along(name: str, plain: Mapping[str, Any], samples: SampleAxis, rank: int) -> MovedCall | None:
    """Rewrite a call along some axes."""
    if name not in {"stack", *_ALONG_AN_AXIS, *_OVER_AN_AXIS, *_OF_AN_AXIS}:
        return None
    if any(isinstance(operand, Constant) for operand in plain.get("tensors", ())):
        return None
    key = next((key for key in ("dim", "dims", "axis") if key in plain), None)
    if key is None or plain[key] in (None, []):
        return None
    several = isinstance(plain[key], list)
    new = int(name == "stack")
    axes = [int(axis) % (rank + new) for axis in (plain[key] if several else [plain[key]])]
    if new:
        behind = samples._replace(axis=samples.axis + (axes[0] <= samples.axis))
        return MovedCall({**plain, key: behind.place(axes[0])}, behind)
    if samples.axis in axes:
        return None
    leaves_out = name in _OF_AN_AXIS or (name in _OVER_AN_AXIS and not plain.get("keepdim"))
    passed = sum(axis < samples.axis for axis in axes) if leaves_out else 0
    places = [samples.place(axis) for axis in axes]
    arguments = {**plain, key: places if several else places[0]}
    return MovedCall(arguments, samples._replace(axis=samples.axis - passed))


def _parts(operands: Mapping[str, Any]) -> list[Any]:
    return [
        one
        for operand in operands.values()
        for one in (operand if isinstance(operand, list) else [operand])
    ]


def _first(operand: Any) -> Any:
    """Return an argument with the samples first, if it is a value."""
    if isinstance(operand, list):
        return [_first(one) for one in operand]
    return operand.with_samples_first if isinstance(operand, Value) else operand
