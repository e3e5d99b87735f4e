"""Pre-activations of a network, recorded from its calls of torch, without tracing it.

The certificate compares a partition with these. This module shares no code with the trace or the
table of layer kinds, so that a mistake there cannot hide itself: it intercepts the calls of torch
that a network makes, and has a small table of its own.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import torch
import torch.nn.functional as F
from torch.overrides import TorchFunctionMode

from splineviz.errors import UnsupportedLayer
from splineviz.network.torch_modules.model_copy import float64_copy
from splineviz.network.torch_modules.running import made_on, run_copy, untouched_random_state
from splineviz.network.unsupported import REFUSED_FUNC

Columns: TypeAlias = torch.Tensor
"""The values whose signs are the pattern of an activation: (n, width), positive sets the bit."""

Calls: TypeAlias = list[Columns]
"""The columns of each activation that one call of torch stands for; empty for an affine call."""


# Functions of one number --------------------------------------------------------------------------


def _behind(x: torch.Tensor, *breakpoints: float) -> Calls:
    """Distances of each number above each breakpoint, breakpoint by breakpoint."""
    x = torch.atleast_1d(x)
    numbers = x.reshape(len(x), -1)
    return [torch.cat([numbers - point for point in breakpoints], dim=1)]


def _between(x: torch.Tensor, low: Any = None, high: Any = None) -> Calls:
    if _several(low) or _several(high):
        # One bound for each neuron: the larger of two, then the smaller of two.
        lower = [] if low is None else _behind(x - low, 0.0)
        larger = x if low is None else torch.maximum(x, torch.as_tensor(low, dtype=x.dtype))
        return lower if high is None else [*lower, *_behind(high - larger, 0.0)]
    bounds = [float(bound) for bound in (low, high) if bound is not None]
    breakpoints = [bound for bound in bounds if math.isfinite(bound)]
    return _behind(x, *breakpoints) if breakpoints else []


def _several(bound: Any) -> bool:
    return isinstance(bound, torch.Tensor) and bool((bound != bound.flatten()[0]).any())


def _leaky(x: torch.Tensor, slope: float | None) -> Calls:
    return [] if slope == 1 else _behind(x, 0.0)


def _random_leaky(x: torch.Tensor, lower: float | None, upper: float | None) -> Calls:
    return _leaky(x, None if lower is None or upper is None else (lower + upper) / 2)


def _hardtanh(x: torch.Tensor, low: float | None, high: float | None) -> Calls:
    return _between(x, -1.0 if low is None else low, 1.0 if high is None else high)


def _shrunk(x: torch.Tensor, width: float | None) -> Calls:
    width = 0.5 if width is None else width
    return _behind(x, -width, width) if width else []


# Functions that compare ---------------------------------------------------------------------------


def _margins(candidates: torch.Tensor) -> torch.Tensor:
    """Leads of each of (..., k) candidates over the best of the others; 1 for one alone."""
    if candidates.shape[-1] == 1:
        return torch.ones_like(candidates)
    first, second = candidates.topk(2, dim=-1).values.split(1, dim=-1)
    return candidates - torch.where(candidates == first, second, first)


def _of_two(sign: float) -> Callable[..., Calls]:
    def compare(x: torch.Tensor, other: torch.Tensor) -> Calls:
        for value, bound in ((x, other), (other, x)):
            if _is_constant(bound):
                # The same as a clamp.
                if not _several(bound):
                    return _between(value, bound.flatten()[0])
                return _behind(sign * (value - bound), 0.0)
        pair = torch.stack(torch.broadcast_tensors(x, other), dim=-1)
        return [_margins(sign * pair).flatten(1)]

    return compare


def _over(sign: float) -> Callable[..., Calls]:
    def compare(x: torch.Tensor, dim: Any) -> Calls:
        axes = sorted(axis % x.ndim for axis in ([dim] if isinstance(dim, int) else dim))
        kept = [axis for axis in range(x.ndim) if axis not in axes]
        return [_margins(sign * x.permute(*kept, *axes).flatten(len(kept))).flatten(1)]

    return compare


def _of_two_or_over(sign: float) -> Callable[..., Calls]:
    def compare(x: torch.Tensor, other: Any) -> Calls:
        if other is None:
            return []
        two = isinstance(other, torch.Tensor)
        return _of_two(sign)(x, other) if two else _over(sign)(x, other)

    return compare


def _pooled(x: torch.Tensor, places: Sequence[Sequence[Sequence[int]]]) -> Calls:
    """Compare the values in each window, given by the indices that it covers along each axis."""
    channels = x.flatten(1, -len(places) - 1) if x.ndim > len(places) + 1 else x.unsqueeze(1)
    margins = []
    for window in itertools.product(*places):
        inside = channels
        for axis, covered in enumerate(window):
            inside = inside.index_select(axis + 2, torch.tensor(covered, device=x.device))
        margins.append(_margins(inside.flatten(2)))
    # Windows go channel by channel, and row by row within a channel.
    return [torch.cat(margins, dim=2).flatten(1)]


def _max_pool(dimensions: int) -> Callable[..., Calls]:
    def compare(
        x: torch.Tensor, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: Any
    ) -> Calls:
        arguments = [kernel, stride or kernel, padding or 0, dilation or 1]
        planes = x.flatten(0, -dimensions - 1)
        pooled = getattr(F, f"max_pool{dimensions}d")(planes, *arguments, bool(ceil_mode))
        settings = [
            [setting] * dimensions
            if isinstance(setting, int)
            else [*setting] * (dimensions // len(setting))
            for setting in arguments
        ]
        places = []
        for axis, (size, step, pad, gap) in enumerate(zip(*settings, strict=True)):
            end, windows = (tensor.shape[axis - dimensions] for tensor in (x, pooled))
            starts = [window * step - pad for window in range(windows)]
            covered = [range(start, start + size * gap, gap) for start in starts]
            places.append([[place for place in span if 0 <= place < end] for span in covered])
        return _pooled(x, places)

    return compare


def _adaptive_max_pool(dimensions: int) -> Callable[..., Calls]:
    def compare(x: torch.Tensor, output_size: Any) -> Calls:
        planes = x.flatten(0, -dimensions - 1)
        pooled = getattr(F, f"adaptive_max_pool{dimensions}d")(planes, output_size)
        places = []
        for size, count in zip(x.shape[-dimensions:], pooled.shape[-dimensions:], strict=True):
            ends = [(w * size / count, (w + 1) * size / count) for w in range(count)]
            places.append([range(math.floor(start), math.ceil(end)) for start, end in ends])
        return _pooled(x, places)

    return compare


# Recording ----------------------------------------------------------------------------------------

# name -> (the arguments that matter, in the order of torch's signature; what decides the pattern,
# from what it is applied to and these arguments, None where they are not given)
_ACTIVATIONS: dict[str, tuple[str, Callable[..., Calls]]] = {
    "relu": ("", lambda x: _behind(x, 0.0)),
    "leaky_relu": ("negative_slope", _leaky),
    "rrelu": ("lower upper", _random_leaky),
    "prelu": ("", lambda x: _behind(x, 0.0)),
    "abs": ("", lambda x: _behind(x, 0.0)),
    "absolute": ("", lambda x: _behind(x, 0.0)),
    "relu6": ("", lambda x: _behind(x, 0.0, 6.0)),
    "hardtanh": ("min_val max_val", _hardtanh),
    "hardsigmoid": ("", lambda x: _behind(x, -3.0, 3.0)),
    "softshrink": ("lambd", _shrunk),
    "threshold": ("threshold", _between),
    "clamp": ("min max", _between),
    "clip": ("min max", _between),
    "clamp_min": ("min", _between),
    "clamp_max": ("max", lambda x, high: _between(x, None, high)),
    "maximum": ("other", _of_two(1.0)),
    "minimum": ("other", _of_two(-1.0)),
    "fmax": ("other", _of_two(1.0)),
    "fmin": ("other", _of_two(-1.0)),
    "amax": ("dim", _over(1.0)),
    "amin": ("dim", _over(-1.0)),
    "max": ("dim|other", _of_two_or_over(1.0)),
    "min": ("dim|other", _of_two_or_over(-1.0)),
    **{
        f"max_pool{d}d{places}": ("kernel_size stride padding dilation ceil_mode", _max_pool(d))
        for d in (1, 2, 3)
        for places in ("", "_with_indices")
    },
    **{f"adaptive_max_pool{d}d": ("output_size", _adaptive_max_pool(d)) for d in (1, 2, 3)},
}


def _by_function(
    rows: Mapping[str, tuple[str, Callable[..., Calls]]],
) -> dict[Callable[..., Any], tuple[str, Callable[..., Calls]]]:
    """Look up rows by functions of torch and methods of tensors, from their names."""
    return {
        getattr(owner, spelling): row
        for name, row in rows.items()
        for spelling in (name, f"{name}_")
        for owner in (torch, torch.Tensor, F)
        if hasattr(owner, spelling)
    }


_WATCHED = _by_function(_ACTIVATIONS)


def _decides(
    func: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any], alone: bool
) -> Calls:
    """Find the columns whose signs are the patterns of a call.

    With `alone`, all numbers belong to one sample, whichever axis the samples have.
    """
    names, decide = _WATCHED[func]
    x, *arguments = args if args else (kwargs["input"],)
    for name in names.split()[len(arguments) :]:
        spellings = [spelling for spelling in name.split("|") if spelling in kwargs]
        arguments.append(kwargs[spellings[0]] if spellings else None)
    arguments = arguments[: len(names.split())]
    if alone:
        x, arguments = _on_a_new_axis(x), [*map(_on_a_new_axis, arguments)]
        if names.startswith("dim") and not isinstance(arguments[0], torch.Tensor):
            arguments[0] = _behind_a_new_axis(arguments[0])
    return decide(x, *arguments)


def _on_a_new_axis(argument: Any) -> Any:
    """Put all that depends on a sample behind a new axis, which counts that sample."""
    depends = isinstance(argument, torch.Tensor) and not _is_constant(argument)
    return argument.unsqueeze(0) if depends else argument


def _behind_a_new_axis(dim: Any) -> Any:
    """Count an axis, or several, with one more ahead of them."""
    if isinstance(dim, list | tuple):
        return [_behind_a_new_axis(axis) for axis in dim]
    return dim + 1 if isinstance(dim, int) and dim >= 0 else dim


# These look at a tensor's shape only, or ask whether it is finite: it is, or the run fails.
_CONSTANT = (
    *(torch.zeros_like, torch.ones_like, torch.full_like, torch.Tensor.new_zeros),
    *(torch.isnan, torch.isinf, torch.isfinite),
    *(torch.Tensor.isnan, torch.Tensor.isinf, torch.Tensor.isfinite),
)


class ActivationRecorder(TorchFunctionMode):
    """Records each activation that is applied to values that depend on a network's input.

    Parameters
    ----------
    network : torch.nn.Module
        The network to be called. Its weights and buffers are marked as constant.
    record : callable
        Called with the columns of each activation.
    alone : bool
        Whether the network is called with one sample, so that all numbers belong to it.
    """

    def __init__(
        self, network: torch.nn.Module, record: Callable[[Columns], None], alone: bool = False
    ) -> None:
        super().__init__()
        self.record, self.alone = record, alone
        for module in network.modules():
            for held in (module._parameters, module._buffers, vars(module)):
                for tensor in _tensors([*held.values()]):
                    _mark(tensor, True)

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        kwargs = dict(kwargs or {})
        inputs = [t for t in _tensors([*args, *kwargs.values()]) if not _is_constant(t)]
        if any(torch._C._functorch.is_functorch_wrapped_tensor(tensor) for tensor in inputs):
            raise UnsupportedLayer("", "torch.func", *REFUSED_FUNC)
        constant = func in _CONSTANT or not inputs
        if func in _WATCHED and not constant:
            # Before the call, which may write in place.
            with made_on("cpu"):
                for columns in _decides(func, args, kwargs, self.alone):
                    self.record(columns)
        outputs = func(*args, **kwargs)
        for tensor in _tensors(outputs):
            _mark(tensor, constant)
        return outputs


def _tensors(values: Any) -> Iterator[torch.Tensor]:
    if isinstance(values, torch.Tensor):
        yield values
    elif isinstance(values, list | tuple):
        for value in values:
            yield from _tensors(value)


def _is_constant(tensor: torch.Tensor) -> bool:
    """Whether a tensor is known not to depend on the network's input."""
    return getattr(tensor, "_splineviz_constant", False)


def _mark(tensor: torch.Tensor, constant: bool) -> None:
    tensor._splineviz_constant = constant  # type: ignore[attr-defined]


def module_pre_activations(
    model: torch.nn.Module, x: np.ndarray
) -> tuple[list[np.ndarray], np.ndarray]:
    """Run a float64 copy of a network and record its pre-activations.

    Parameters
    ----------
    model : torch.nn.Module
        The network, in any mode, with any dtype, on any device. It is copied and not changed.
        Its forward hooks run on the copy, since they may change what it computes.
    x : array-like of shape (n, *input_shape)
        Inputs; cast to float64.

    Returns
    -------
    pre_activations : list of ndarray of shape (n, width), float64
        One array for each call of an activation (as a module, a function or a tensor method) on
        values that depend on the input, in the order of the calls: for ReLU its inputs, for other
        functions of one number its inputs minus each breakpoint, for maxima and minima the lead of
        each candidate over the others. Affine calls, such as a LeakyReLU of slope 1, are left out.
    outputs : ndarray of shape (n, ...), float64
        What the network returns.

    Raises
    ------
    ShapeMismatch
        If the network does not take inputs of that shape.
    UnsupportedLayer
        If it is not a module, cannot be copied, or does not return one tensor.
    """
    inputs = torch.from_numpy(np.array(x, dtype=np.float64))
    with untouched_random_state(), torch.inference_mode(False), torch.no_grad():
        network = float64_copy(model)
        recorded, outputs = _recorded(network, inputs)
        if not _are_first(network, inputs, recorded):
            alone = [_recorded(network, one.unsqueeze(0), alone=True)[0] for one in inputs]
            recorded = [torch.cat(columns) for columns in zip(*alone, strict=True)]
    return [columns.numpy() for columns in recorded], outputs.numpy()


def _recorded(
    network: torch.nn.Module, inputs: torch.Tensor, alone: bool = False
) -> tuple[list[Columns], torch.Tensor]:
    """Run a copy of a network; return the columns of its activations, and its outputs."""
    recorded: list[Columns] = []
    with ActivationRecorder(network, lambda columns: recorded.append(columns.detach()), alone):
        outputs = run_copy(network, inputs)
    return recorded, outputs


def _are_first(network: torch.nn.Module, inputs: torch.Tensor, recorded: Sequence[Columns]) -> bool:
    """Return whether all activations have the samples on their first axis."""
    count = len(inputs)
    if count == 0:
        return True
    if any(len(columns) != count for columns in recorded):
        return False
    # An axis may have as many places as there are samples, but not in a batch of another size too.
    another = 3 if count == 2 else 2
    others, _ = _recorded(network, inputs[[0] * another])
    return all(len(columns) == another for columns in others)
