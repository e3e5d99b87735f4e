"""LAYERS: the one table of the layer kinds that splineviz understands, one row a kind.

To add a layer kind, add a row. An affine row says how to read the layer from a module or a call
and gives two functions, written once so that the same code runs on numpy arrays and on torch
tensors:

``coefficients(params, options) -> (weights, offset)``
    The layer's linear weights (one array, or None if it has none) and its offset (an array that
    broadcasts against the result, or None if it is zero).
``linear(weights, inputs, options) -> array``
    The layer without its offset, applied to a batch: arrays of shape ``(n, *shape)``. It returns
    a new array unless the layer has no offset.

From these follow the value ``linear(w, x) + offset``, the linear part ``linear(w, x)`` and the
magnitude ``linear(|w|, |x|) + |offset|``; so ``linear`` must be a sum of terms, each at most one
weight times one input times a constant that is not negative.

Nothing here imports torch before a network is traced, or a step that needs it is run.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from splineviz.network.contest import Contest
from splineviz.network.kinks import Kinks

if TYPE_CHECKING:
    import torch

Array: TypeAlias = Any
"""A numpy array or a torch tensor: the functions of a row accept both."""

Options: TypeAlias = Mapping[str, Any]


class Refused(Exception):
    """Raised by a row that cannot express the layer it was asked to read.

    Parameters
    ----------
    why : str
        Why the layer is refused.
    advice : str
        What would work instead.
    """

    def __init__(self, why: str, advice: str) -> None:
        super().__init__(why)
        self.why = why
        self.advice = advice


@dataclass(frozen=True)
class Value:
    """A value of the program under construction, as an argument of a call.

    Attributes
    ----------
    index : int
        Its number in the program.
    shape : tuple of int
        Its shape for one sample.
    """

    index: int
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Constant:
    """A tensor that does not depend on the network's input, as an argument of a call.

    Attributes
    ----------
    name : str
        The attribute that holds it, or the function that made it.
    """

    name: str


@dataclass(frozen=True)
class Call:
    """A call that the trace met: a module, a function or a tensor method, with its arguments.

    Attributes
    ----------
    module : torch.nn.Module or None
        The module that is called; None for a function or a method.
    args, kwargs
        The arguments, where :class:`Value` and :class:`Constant` stand for tensors. A method's
        first argument is the tensor it is called on.
    shape : tuple of int
        The shape of the result for one sample.
    """

    module: torch.nn.Module | None
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    shape: tuple[int, ...]

    def bind(self, *required: str, **defaults: Any) -> dict[str, Any]:
        """Name the arguments, by the order and the defaults of the function's signature."""
        names = [*required, *defaults]
        if len(self.args) > len(names):
            raise Refused(
                f"it is called with {len(self.args)} arguments",
                f"Pass only {', '.join(names)}.",
            )
        bound = dict(zip(names, self.args, strict=False))
        for name, argument in self.kwargs.items():
            if name not in names or name in bound:
                raise Refused(
                    f"its argument {name!r} is not understood",
                    f"Pass only {', '.join(names)}.",
                )
            bound[name] = argument
        missing = [name for name in required if name not in bound]
        if missing:
            raise Refused(f"its argument {missing[0]!r} is missing", "Pass it.")
        return {**defaults, **bound}


@dataclass(frozen=True)
class Reading:
    """What a row read from a call.

    Attributes
    ----------
    inputs : tuple of Value
        The values the step reads.
    options : mapping of str to JSON value
        The step's options.
    kind : str or None
        Another row than the one that read it, if the layer turns out to be that.
    """

    inputs: tuple[Value, ...]
    options: Options
    kind: str | None = None


def _no_coefficients(params: Mapping[str, Array], options: Options) -> tuple[None, None]:
    return None, None


@dataclass(frozen=True)
class LayerKind:
    """One row of :data:`LAYERS`.

    Attributes
    ----------
    name : str
        The key of the row.
    modules, functions : tuple of str
        The torch module classes and the functions that are this layer, as dotted names.
    methods : tuple of str
        The tensor methods that are this layer.
    read : callable (Call) -> Reading
        Reads inputs and options from a call of any of these.
    params, buffers : tuple of str
        The module's attributes that hold learned weights and recorded statistics. Those that are
        None in a module are left out.
    coefficients : callable
        The weights and offset of an affine layer; see the module's description.
    linear : callable or None
        What an affine layer computes with them.
    kinks : callable (params, options) -> Kinks, or None
        The function that an elementwise activation applies to each number.
    activate : callable (params, x, options) -> array, or None
        What an elementwise activation computes.
    contest : callable (options, input shapes) -> Contest, or None
        Which values an activation compares to pass the largest on. A row has one of ``linear``,
        ``kinks`` and ``contest``.
    """

    name: str
    read: Callable[[Call], Reading]
    modules: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    params: tuple[str, ...] = ()
    buffers: tuple[str, ...] = ()
    coefficients: Callable[[Mapping[str, Array], Options], tuple[Array | None, Array | None]] = (
        _no_coefficients
    )
    linear: Callable[[Array | None, Sequence[Array], Options], Array] | None = None
    kinks: Callable[[Mapping[str, Array], Options], Kinks] | None = None
    activate: Callable[[Mapping[str, Array], Array, Options], Array] | None = None
    contest: Callable[[Options, Sequence[tuple[int, ...]]], Contest] | None = None

    @property
    def piecewise(self) -> bool:
        """Whether the layer is an activation: piecewise linear, not affine."""
        return self.linear is None


def _value(argument: Any) -> Value:
    if isinstance(argument, Value):
        return argument
    if isinstance(argument, Constant):
        raise Refused(
            f"it is applied to the constant tensor {argument.name!r}, not to a value computed from "
            "the input",
            "Move constants into the bias of a Linear or Conv2d layer, or apply them to the data "
            "before the network.",
        )
    raise Refused(
        f"it is applied to {argument!r}, not to a tensor",
        "Move constants into the bias of a Linear or Conv2d layer, or apply them to the data "
        "before the network.",
    )


# Linear -------------------------------------------------------------------------------------------


def _read_linear(call: Call) -> Reading:
    return Reading((_value(call.bind("input")["input"]),), {})


def _linear_coefficients(
    params: Mapping[str, Array], options: Options
) -> tuple[Array, Array | None]:
    return params["weight"], params.get("bias")


def _linear(weights: Array, inputs: Sequence[Array], options: Options) -> Array:
    return inputs[0] @ weights.T


# Conv2d and AvgPool2d -----------------------------------------------------------------------------


def _pair(size: Any) -> list[int]:
    return [int(size), int(size)] if isinstance(size, int) else [int(part) for part in size]


def _in_torch(name: str, *arrays: Array, **options: Any) -> Array:
    """Call ``torch.nn.functional.name``, on numpy arrays too."""
    import torch

    function = getattr(torch.nn.functional, name)
    if isinstance(arrays[0], torch.Tensor):
        return function(*arrays, **options)
    # torch takes no read-only memory, such as a program's weights, and no negative strides.
    tensors = [torch.from_numpy(np.require(array, requirements=["C", "W"])) for array in arrays]
    with torch.no_grad():
        return function(*tensors, **options).numpy()


def _read_conv2d(call: Call) -> Reading:
    conv: Any = call.module
    if conv.padding_mode != "zeros":
        raise Refused(
            f"its padding mode is {conv.padding_mode!r}",
            "Use padding_mode='zeros', which is what is supported.",
        )
    return Reading(
        (_value(call.bind("input")["input"]),),
        {
            "stride": _pair(conv.stride),
            "padding": conv.padding if isinstance(conv.padding, str) else _pair(conv.padding),
            "dilation": _pair(conv.dilation),
            "groups": int(conv.groups),
        },
    )


def _conv2d_coefficients(
    params: Mapping[str, Array], options: Options
) -> tuple[Array, Array | None]:
    bias = params.get("bias")
    return params["weight"], None if bias is None else bias.reshape(-1, 1, 1)


def _conv2d(weights: Array, inputs: Sequence[Array], options: Options) -> Array:
    return _in_torch("conv2d", inputs[0], weights, **options)


def _read_avg_pool2d(call: Call) -> Reading:
    if call.module is not None:
        pool: Any = call.module
        value = call.bind("input")["input"]
        given = {
            name: getattr(pool, name)
            for name in (
                "kernel_size",
                "stride",
                "padding",
                "ceil_mode",
                "count_include_pad",
                "divisor_override",
            )
        }
    else:
        given = call.bind(
            "input",
            "kernel_size",
            stride=None,
            padding=0,
            ceil_mode=False,
            count_include_pad=True,
            divisor_override=None,
        )
        value = given.pop("input")
    divisor = given["divisor_override"]
    if divisor is not None and divisor <= 0:
        raise Refused(f"its divisor_override is {divisor}", "Use a positive divisor.")
    stride = given["stride"]
    # A missing stride is written None, or as an empty sequence by some torch versions.
    without_stride = stride is None or stride == () or stride == []
    return Reading(
        (_value(value),),
        {
            "kernel_size": _pair(given["kernel_size"]),
            "stride": _pair(given["kernel_size"] if without_stride else stride),
            "padding": _pair(given["padding"]),
            "ceil_mode": bool(given["ceil_mode"]),
            "count_include_pad": bool(given["count_include_pad"]),
            "divisor_override": divisor,
        },
    )


def _avg_pool2d(weights: None, inputs: Sequence[Array], options: Options) -> Array:
    return _in_torch("avg_pool2d", inputs[0], **options)


# Batch normalization, with the statistics recorded in training ------------------------------------


def _read_batch_norm(call: Call) -> Reading:
    norm: Any = call.module
    if norm.running_mean is None or norm.running_var is None:
        raise Refused(
            "it has no running statistics (track_running_stats=False), so each sample's result "
            "depends on the others in the batch",
            "Use track_running_stats=True, which is the default.",
        )
    value = _value(call.bind("input")["input"])
    return Reading((value,), {"eps": float(norm.eps), "spatial_dims": len(value.shape) - 1})


def _batch_norm_coefficients(params: Mapping[str, Array], options: Options) -> tuple[Array, Array]:
    scale = (params["running_var"] + options["eps"]) ** -0.5
    if "weight" in params:
        scale = scale * params["weight"]
    offset = -params["running_mean"] * scale
    if "bias" in params:
        offset = offset + params["bias"]
    per_channel = (-1,) + (1,) * options["spatial_dims"]
    return scale.reshape(per_channel), offset.reshape(per_channel)


def _batch_norm(weights: Array, inputs: Sequence[Array], options: Options) -> Array:
    return inputs[0] * weights


# Steps that only rearrange, pass on or add --------------------------------------------------------


def _read_reshape(call: Call) -> Reading:
    # The result's shape is known from running a sample, whatever the arguments say it by.
    value = call.args[0] if call.args else call.kwargs.get("input")
    return Reading((_value(value),), {"shape": list(call.shape)})


def _reshape(weights: None, inputs: Sequence[Array], options: Options) -> Array:
    return inputs[0].reshape((inputs[0].shape[0], *options["shape"]))


def _read_identity(call: Call) -> Reading:
    return Reading((_value(call.args[0] if call.args else call.kwargs.get("input")),), {})


def _read_dropout(call: Call) -> Reading:
    if call.module is None:
        given = call.bind("input", p=0.5, training=True, inplace=False)
        if given["training"] and given["p"] != 0:
            raise Refused(
                "it drops at random even in eval mode",
                "Pass training=self.training to it, or use a torch.nn.Dropout module.",
            )
        return Reading((_value(given["input"]),), {})
    return Reading((_value(call.bind("input")["input"]),), {})


def _identity(weights: None, inputs: Sequence[Array], options: Options) -> Array:
    return inputs[0]


def _read_add(call: Call) -> Reading:
    given = call.bind("input", "other", alpha=1)
    if given["alpha"] != 1:
        raise Refused(f"it adds with alpha={given['alpha']}", "Add without alpha.")
    # A sum that starts from nothing, as Python's sum() does, adds the number 0.
    terms = [term for term in (given["input"], given["other"]) if not _is_zero(term)]
    values = tuple(_value(term) for term in terms)
    if len({value.shape for value in values}) > 1:
        shapes = " and ".join(str(value.shape) for value in values)
        raise Refused(
            f"it adds values of different shapes a sample: {shapes}",
            "Bring both to one shape first, for example with a Linear layer or a 1x1 Conv2d.",
        )
    return Reading(values, {})


def _is_zero(argument: Any) -> bool:
    return isinstance(argument, int | float) and argument == 0


def _add(weights: None, inputs: Sequence[Array], options: Options) -> Array:
    total = inputs[0]
    for term in inputs[1:]:
        total = total + term
    return total


# Activations --------------------------------------------------------------------------------------


def _read_relu(call: Call) -> Reading:
    return Reading((_value(call.bind("input", inplace=False)["input"]),), {})


def _relu(params: Mapping[str, Array], x: Array, options: Options) -> Array:
    return np.maximum(x, 0.0) if isinstance(x, np.ndarray) else x.relu()


def _relu_kinks(params: Mapping[str, Array], options: Options) -> Kinks:
    return Kinks(np.zeros(1), np.array([0.0, 1.0]), 0.0)


def _read_leaky_relu(call: Call) -> Reading:
    if call.module is None:
        given = call.bind("input", negative_slope=0.01, inplace=False)
    else:
        given = call.bind("input")
        given["negative_slope"] = call.module.negative_slope
    slope = float(given["negative_slope"])
    if not math.isfinite(slope):
        raise Refused(f"its negative slope is {slope}", "Use a finite negative slope.")
    inputs = (_value(given["input"]),)
    if slope == 1.0:
        return Reading(inputs, {}, kind="identity")
    return Reading(inputs, {"negative_slope": slope})


def _leaky_relu(params: Mapping[str, Array], x: Array, options: Options) -> Array:
    return x.clip(min=0.0) + options["negative_slope"] * x.clip(max=0.0)


def _leaky_relu_kinks(params: Mapping[str, Array], options: Options) -> Kinks:
    return Kinks(np.zeros(1), np.array([options["negative_slope"], 1.0]), 0.0)


def _read_hardtanh(call: Call) -> Reading:
    if call.module is None:
        given = call.bind("input", min_val=-1.0, max_val=1.0, inplace=False)
    else:
        given = call.bind("input")
        given["min_val"], given["max_val"] = call.module.min_val, call.module.max_val
    options = {"min": float(given["min_val"]), "max": float(given["max_val"])}
    return Reading((_value(given["input"]),), options)


def _clamp(params: Mapping[str, Array], x: Array, options: Options) -> Array:
    return x.clip(options["min"], options["max"])


def _clamp_kinks(params: Mapping[str, Array], options: Options) -> Kinks:
    return Kinks(
        np.array([options["min"], options["max"]]), np.array([0.0, 1.0, 0.0]), options["min"]
    )


def _read_max_pool2d(call: Call) -> Reading:
    if call.module is None:
        given = call.bind(
            "input",
            "kernel_size",
            stride=None,
            padding=0,
            dilation=1,
            ceil_mode=False,
            return_indices=False,
        )
    else:
        pool: Any = call.module
        names = ("kernel_size", "stride", "padding", "dilation")
        given = {**call.bind("input"), **{name: getattr(pool, name) for name in names}}
    return Reading(
        (_value(given["input"]),),
        {
            "kernel_size": _pair(given["kernel_size"]),
            "stride": _pair(given["stride"] or given["kernel_size"]),
            "padding": _pair(given["padding"]),
            "dilation": _pair(given["dilation"]),
            "windows": list(call.shape[-2:]),
        },
    )


def _max_pool2d(options: Options, shapes: Sequence[tuple[int, ...]]) -> Contest:
    (shape,) = shapes
    places = np.arange(math.prod(shape[:-2])).reshape(-1, 1)
    valid = np.ones_like(places, dtype=np.bool_)
    for size, kernel, stride, padding, dilation, windows in zip(
        shape[-2:],
        *(options[name] for name in ("kernel_size", "stride", "padding", "dilation", "windows")),
        strict=True,
    ):
        at = np.arange(windows)[:, None] * stride - padding + np.arange(kernel) * dilation
        places = _outer(places * size, at, np.add)
        valid = _outer(valid, (at >= 0) & (at < size), np.logical_and)
    order = np.argsort(~valid, axis=1, kind="stable")
    counts = valid.sum(axis=1)
    places = np.take_along_axis(places, order, axis=1)
    late = np.arange(places.shape[1]) >= counts[:, None]
    return Contest(np.where(late, places[:, :1], places), counts, 1.0)


def _outer(left: Array, right: Array, combine: Callable[[Array, Array], Array]) -> Array:
    """From (windows, k) and (more windows, l) to (windows * more windows, k * l)."""
    combined = combine(left[:, None, :, None], right[None, :, None, :])
    return combined.reshape(len(left) * len(right), -1)


_ROWS = (
    LayerKind(
        "linear",
        _read_linear,
        modules=("torch.nn.Linear",),
        params=("weight", "bias"),
        coefficients=_linear_coefficients,
        linear=_linear,
    ),
    LayerKind(
        "conv2d",
        _read_conv2d,
        modules=("torch.nn.Conv2d",),
        params=("weight", "bias"),
        coefficients=_conv2d_coefficients,
        linear=_conv2d,
    ),
    LayerKind(
        "avg_pool2d",
        _read_avg_pool2d,
        modules=("torch.nn.AvgPool2d",),
        functions=("torch.nn.functional.avg_pool2d",),
        linear=_avg_pool2d,
    ),
    LayerKind(
        "batch_norm",
        _read_batch_norm,
        modules=("torch.nn.BatchNorm1d", "torch.nn.BatchNorm2d"),
        params=("weight", "bias"),
        buffers=("running_mean", "running_var"),
        coefficients=_batch_norm_coefficients,
        linear=_batch_norm,
    ),
    LayerKind(
        "reshape",
        _read_reshape,
        modules=("torch.nn.Flatten", "torch.nn.Unflatten"),
        functions=("torch.flatten", "torch.reshape"),
        methods=("flatten", "reshape", "view"),
        linear=_reshape,
    ),
    LayerKind(
        "dropout",
        _read_dropout,
        modules=(
            "torch.nn.Dropout",
            "torch.nn.Dropout1d",
            "torch.nn.Dropout2d",
            "torch.nn.Dropout3d",
            "torch.nn.AlphaDropout",
            "torch.nn.FeatureAlphaDropout",
        ),
        functions=(
            "torch.nn.functional.dropout",
            "torch.nn.functional.dropout1d",
            "torch.nn.functional.dropout2d",
            "torch.nn.functional.dropout3d",
        ),
        linear=_identity,
    ),
    LayerKind(
        "identity",
        _read_identity,
        modules=("torch.nn.Identity",),
        methods=("contiguous", "clone"),
        linear=_identity,
    ),
    LayerKind(
        "add",
        _read_add,
        functions=("torch.add", "operator.add", "operator.iadd"),
        methods=("add", "add_"),
        linear=_add,
    ),
    LayerKind(
        "relu",
        _read_relu,
        modules=("torch.nn.ReLU",),
        functions=(
            "torch.relu",
            "torch.relu_",
            "torch.nn.functional.relu",
            "torch.nn.functional.relu_",
        ),
        methods=("relu", "relu_"),
        kinks=_relu_kinks,
        activate=_relu,
    ),
    LayerKind(
        "leaky_relu",
        _read_leaky_relu,
        modules=("torch.nn.LeakyReLU",),
        functions=("torch.nn.functional.leaky_relu", "torch.nn.functional.leaky_relu_"),
        kinks=_leaky_relu_kinks,
        activate=_leaky_relu,
    ),
    LayerKind(
        "relu6",
        _read_hardtanh,
        modules=("torch.nn.ReLU6",),
        kinks=_clamp_kinks,
        activate=_clamp,
    ),
    LayerKind(
        "hardtanh",
        _read_hardtanh,
        modules=("torch.nn.Hardtanh",),
        functions=("torch.nn.functional.hardtanh",),
        kinks=_clamp_kinks,
        activate=_clamp,
    ),
    LayerKind(
        "max_pool2d",
        _read_max_pool2d,
        modules=("torch.nn.MaxPool2d",),
        functions=("torch.nn.functional.max_pool2d",),
        contest=_max_pool2d,
    ),
)

LAYERS: dict[str, LayerKind] = {row.name: row for row in _ROWS}
"""Every layer kind that splineviz understands, by name."""


def _resolve(dotted: str) -> Any:
    module, _, name = dotted.rpartition(".")
    return getattr(importlib.import_module(module), name)


@cache
def _module_rows() -> dict[type, LayerKind]:
    return {_resolve(name): row for row in _ROWS for name in row.modules}


@cache
def _function_rows() -> dict[Any, LayerKind]:
    return {_resolve(name): row for row in _ROWS for name in row.functions}


@cache
def _method_rows() -> dict[str, LayerKind]:
    return {name: row for row in _ROWS for name in row.methods}


def row_of_module(module: torch.nn.Module) -> LayerKind | None:
    """The row for a module, or None. A subclass counts if it keeps its parent's forward."""
    own: Any = type(module)
    for parent in own.__mro__:
        row = _module_rows().get(parent)
        if row is not None:
            return row if own.forward is parent.forward else None
    return None


def row_of_function(function: Any) -> LayerKind | None:
    """The row for a function, or None."""
    return _function_rows().get(function)


def row_of_method(name: str) -> LayerKind | None:
    """The row for a tensor method, or None."""
    return _method_rows().get(name)
