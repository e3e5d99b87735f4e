"""What decides the activation patterns of a network, found without tracing it.

The certificate compares a partition with this. It shares no code with the trace or with the table
of layer kinds, so that a mistake there cannot hide itself: it watches the calls that a network
makes of torch, and has a small table of its own.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch.overrides import TorchFunctionMode

from splineviz.errors import UnsupportedLayer
from splineviz.network.isolation import float64_copy, made_on, run_copy, untouched_random_state
from splineviz.network.unsupported import REFUSED_FUNC

MADE_SMOOTH = "_splineviz_smooth"
"""The attribute of a tensor that says whether a smooth activation has made it, in a `Watch`."""


class Decision(NamedTuple):
    """What decides the pattern of one call of an activation.

    Attributes
    ----------
    columns : torch.Tensor (n, width)
        Positive where a bit of the pattern is set.
    values : torch.Tensor (n, width)
        The number that each column is made from, before a kink or the best of the others is
        subtracted.
    neurons : torch.Tensor (width,), int64
        The neuron, or window, that each column belongs to.
    contest : bool
        Whether the columns say by how much candidates win.
    smooth : bool
        Whether it has no pattern: then the columns are what it is applied to.
    """

    columns: torch.Tensor
    values: torch.Tensor
    neurons: torch.Tensor
    contest: bool = False
    smooth: bool = False


# Functions of one number --------------------------------------------------------------------------


def _behind(x: torch.Tensor, *kinks: float) -> Decision:
    """How far each number lies behind each kink, kink by kink."""
    x = torch.atleast_1d(x)
    numbers = x.reshape(len(x), -1)
    neurons = torch.arange(numbers.shape[1]).repeat(len(kinks))
    columns = torch.cat([numbers - kink for kink in kinks], dim=1)
    # One for each kink, without a copy if there is one kink.
    values = numbers.unsqueeze(1).expand(-1, len(kinks), -1).flatten(1)
    return Decision(columns, values, neurons)


def _smooth(x: torch.Tensor) -> Decision:
    return _behind(x, 0.0)._replace(smooth=True)


def _gate(x: torch.Tensor, dim: int | None) -> Decision:
    return _smooth(x.chunk(2, -1 if dim is None else dim)[1])


def _between(x: torch.Tensor, low: Any = None, high: Any = None) -> Decision | None:
    bounds = [float(bound) for bound in (low, high) if bound is not None]
    kinks = [bound for bound in bounds if math.isfinite(bound)]
    return _behind(x, *kinks) if kinks else None


def _leaky(x: torch.Tensor, slope: float | None) -> Decision | None:
    return None if slope == 1 else _behind(x, 0.0)


def _random_leaky(x: torch.Tensor, lower: float | None, upper: float | None) -> Decision | None:
    return _leaky(x, None if lower is None or upper is None else (lower + upper) / 2)


def _hardtanh(x: torch.Tensor, low: float | None, high: float | None) -> Decision | None:
    return _between(x, -1.0 if low is None else low, 1.0 if high is None else high)


def _shrunk(x: torch.Tensor, width: float | None) -> Decision | None:
    width = 0.5 if width is None else width
    return _behind(x, -width, width) if width else None


# Functions that compare ---------------------------------------------------------------------------


def _margins(candidates: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """By how much each of (..., k) candidates beats the best of the others, and the candidates.

    Both are 1 for one that is alone.
    """
    if candidates.shape[-1] == 1:
        ones = torch.ones_like(candidates)
        return ones, ones
    first, second = candidates.topk(2, dim=-1).values.split(1, dim=-1)
    return candidates - torch.where(candidates == first, second, first), candidates


def _compared(candidates: torch.Tensor) -> Decision:
    """A decision among (n, ..., k) candidates."""
    columns, values = (made.flatten(1) for made in _margins(candidates))
    k = candidates.shape[-1]
    return Decision(columns, values, torch.arange(columns.shape[1]) // k, contest=True)


def _of_two(sign: float) -> Callable[..., Decision | None]:
    def compare(x: torch.Tensor, other: torch.Tensor) -> Decision | None:
        for value, bound in ((x, other), (other, x)):
            if _is_constant(bound):
                # The same as a clamp.
                return _between(value, bound.flatten()[0])
        pair = torch.stack(torch.broadcast_tensors(x, other), dim=-1)
        return _compared(sign * pair)

    return compare


def _over(sign: float) -> Callable[..., Decision | None]:
    def compare(x: torch.Tensor, dim: Any) -> Decision | None:
        axes = sorted(axis % x.ndim for axis in ([dim] if isinstance(dim, int) else dim))
        kept = [axis for axis in range(x.ndim) if axis not in axes]
        return _compared(sign * x.permute(*kept, *axes).flatten(len(kept)))

    return compare


def _of_two_or_over(sign: float) -> Callable[..., Decision | None]:
    def compare(x: torch.Tensor, other: Any) -> Decision | None:
        if other is None:
            return None
        two = isinstance(other, torch.Tensor)
        return _of_two(sign)(x, other) if two else _over(sign)(x, other)

    return compare


def _pooled(x: torch.Tensor, places: Sequence[Sequence[Sequence[int]]]) -> Decision:
    """Compare what lies in each window, given by the places that it covers along each axis."""
    channels = x.flatten(1, -len(places) - 1) if x.ndim > len(places) + 1 else x.unsqueeze(1)
    made = []
    for window in itertools.product(*places):
        inside = channels
        for axis, covered in enumerate(window):
            inside = inside.index_select(axis + 2, torch.tensor(covered, device=x.device))
        made.append(_margins(inside.flatten(2)))
    # Windows go channel by channel, and row by row within a channel.
    sizes = torch.tensor([one.shape[2] for one, _ in made])
    windows = torch.arange(len(sizes) * channels.shape[1])
    neurons = windows.repeat_interleave(sizes.repeat(channels.shape[1]))
    columns, values = (torch.cat(parts, dim=2).flatten(1) for parts in zip(*made, strict=True))
    return Decision(columns, values, neurons, contest=True)


def _max_pool(dimensions: int) -> Callable[..., Decision | None]:
    def compare(
        x: torch.Tensor, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: Any
    ) -> Decision | None:
        given = [kernel, stride or kernel, padding or 0, dilation or 1]
        made = getattr(F, f"max_pool{dimensions}d")(x, *given, bool(ceil_mode))
        settings = [
            [setting] * dimensions
            if isinstance(setting, int)
            else [*setting] * (dimensions // len(setting))
            for setting in given
        ]
        places = []
        for axis, (size, step, pad, gap) in enumerate(zip(*settings, strict=True)):
            end, windows = (tensor.shape[axis - dimensions] for tensor in (x, made))
            starts = [window * step - pad for window in range(windows)]
            covered = [range(start, start + size * gap, gap) for start in starts]
            places.append([[place for place in span if 0 <= place < end] for span in covered])
        return _pooled(x, places)

    return compare


def _adaptive_max_pool(dimensions: int) -> Callable[..., Decision | None]:
    def compare(x: torch.Tensor, output_size: Any) -> Decision | None:
        made = getattr(F, f"adaptive_max_pool{dimensions}d")(x, output_size)
        places = []
        for size, count in zip(x.shape[-dimensions:], made.shape[-dimensions:], strict=True):
            ends = [(w * size / count, (w + 1) * size / count) for w in range(count)]
            places.append([range(math.floor(start), math.ceil(end)) for start, end in ends])
        return _pooled(x, places)

    return compare


# Watching -----------------------------------------------------------------------------------------

# name -> (the arguments that matter, in the order of torch's signature; what decides the pattern,
# from what it is applied to and these arguments, None where they are not given)
_ACTIVATIONS: dict[str, tuple[str, Callable[..., Decision | None]]] = {
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
    "clamp_max": ("max", _between),
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
# Curved: they have no pattern.
_SMOOTH: dict[str, tuple[str, Callable[..., Decision | None]]] = {
    **dict.fromkeys(
        (
            *("gelu", "silu", "mish", "elu", "celu", "selu", "tanh", "sigmoid", "softplus"),
            *("softsign", "tanhshrink", "logsigmoid", "hardswish", "hardshrink"),
        ),
        ("", _smooth),
    ),
    "glu": ("dim", _gate),
}


def _by_function(
    rows: Mapping[str, tuple[str, Callable[..., Decision | None]]],
) -> dict[Callable[..., Any], tuple[str, Callable[..., Decision | None]]]:
    """Rows by the functions of torch and the methods of tensors that have their names."""
    return {
        getattr(owner, spelling): row
        for name, row in rows.items()
        for spelling in (name, f"{name}_")
        for owner in (torch, torch.Tensor, F)
        if hasattr(owner, spelling)
    }


_WATCHED = _by_function({**_ACTIVATIONS, **_SMOOTH})
_IS_SMOOTH = _by_function(_SMOOTH).keys()


def _decides(
    func: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Decision | None:
    """What decides the pattern of a call; None if it is no activation."""
    names, decide = _WATCHED[func]
    x, *given = args if args else (kwargs["input"],)
    for name in names.split()[len(given) :]:
        spellings = [spelling for spelling in name.split("|") if spelling in kwargs]
        given.append(kwargs[spellings[0]] if spellings else None)
    return decide(x, *given[: len(names.split())])


# These look at a tensor's shape only, or ask whether it is finite: it is, or the run fails.
_CONSTANT = (
    *(torch.zeros_like, torch.ones_like, torch.full_like, torch.Tensor.new_zeros),
    *(torch.isnan, torch.isinf, torch.isfinite),
    *(torch.Tensor.isnan, torch.Tensor.isinf, torch.Tensor.isfinite),
)


class Watch(TorchFunctionMode):
    """Tells of each activation that is called on what depends on a network's input.

    Parameters
    ----------
    network : torch.nn.Module
        What is going to be called; its weights and buffers are marked as constant.
    tell : callable
        Called with the name of the function and a :class:`Decision`.

    Attributes
    ----------
    eps : float
        That of the coarsest type of number met, float64 at best.
    unwatched : dict with str keys
        The names of the other functions that were called on what depends on the input.
    choices : dict with str keys
        Those among them that made numbers by truth values, such as ``x > 0``, that depend on the
        input: they may bend or jump there.
    """

    def __init__(self, network: torch.nn.Module, tell: Callable[[str, Decision], None]) -> None:
        super().__init__()
        self.tell = tell
        self.eps = torch.finfo(torch.float64).eps
        self.unwatched: dict[str, None] = {}
        self.choices: dict[str, None] = {}
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
        given = [t for t in _tensors([*args, *kwargs.values()]) if not _is_constant(t)]
        if any(torch._C._functorch.is_functorch_wrapped_tensor(tensor) for tensor in given):
            raise UnsupportedLayer("", "torch.func", *REFUSED_FUNC)
        constant = func in _CONSTANT or not given
        name = getattr(func, "__name__", type(func).__name__).strip("_")
        if func in _WATCHED and not constant:
            # Before the call, which may write in place.
            with made_on("cpu"):
                decision = _decides(func, args, kwargs)
            if decision is not None:
                self.tell(name, decision)
        made = func(*args, **kwargs)
        if isinstance(made, torch.Tensor):
            setattr(made, MADE_SMOOTH, func in _IS_SMOOTH and not constant)
        numbers = [tensor for tensor in _tensors(made) if tensor.is_floating_point()]
        for tensor in _tensors(made):
            _mark(tensor, constant)
        if not constant:
            # Truth values and integers are exact in any type.
            if any(tensor.is_floating_point() for tensor in given):
                self.eps = max([self.eps, *(torch.finfo(tensor.dtype).eps for tensor in numbers)])
            if func not in _WATCHED and numbers:
                self.unwatched[name] = None
            if (numbers or func is torch.Tensor.__setitem__) and any(
                tensor.dtype == torch.bool and hasattr(tensor, "_splineviz_constant")
                for tensor in given
            ):
                self.choices[name] = None
        return made


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
    """Run a float64 copy of a network and record what decides its activation patterns.

    Parameters
    ----------
    model : torch.nn.Module
        The network, in any mode, dtype and on any device. It is copied, and comes back untouched.
        Forward hooks on it run on the copy: they belong to what it computes.
    x : array-like of shape (n, *input_shape)
        Inputs; cast to float64.

    Returns
    -------
    pre_activations : list of ndarray of shape (n, width), float64
        One array for each call of an activation (as a module, a function or a tensor method) on
        what depends on the input, in the order of the calls: for ReLU what it is applied to, for
        functions with other kinks that minus each kink, for those that pass the largest value on
        by how much each candidate beats the others. Calls that bend nothing, such as a LeakyReLU
        of slope 1, are left out.
    outputs : ndarray of shape (n, ...), float64
        What the network returns.

    Raises
    ------
    ShapeMismatch
        If the network does not take inputs of that shape.
    UnsupportedLayer
        If it is not a module, cannot be copied, or does not return one tensor.
    """
    inputs = np.array(x, dtype=np.float64)
    found: list[np.ndarray] = []

    def keep(name: str, decision: Decision) -> None:
        if not decision.smooth:
            found.append(decision.columns.detach().numpy())

    with untouched_random_state(), torch.inference_mode(False), torch.no_grad():
        network = float64_copy(model)
        with Watch(network, keep):
            outputs = run_copy(network, torch.from_numpy(inputs))
    return found, outputs.numpy()
