"""What a row of the table is made of, and what it reads a layer from."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from splineviz.network.contest import Contest
from splineviz.network.kinks import Kinks
from splineviz.network.layers.schema import Misfit, Schema

if TYPE_CHECKING:
    import torch

Array: TypeAlias = Any
"""A numpy array or a torch tensor: the functions of a row accept both."""

Options: TypeAlias = Mapping[str, Any]
Params: TypeAlias = Mapping[str, Array]
Shape: TypeAlias = tuple[int, ...]


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
    shape: Shape


@dataclass(frozen=True, eq=False)
class Constant:
    """A tensor that does not depend on the network's input, as an argument of a call.

    Attributes
    ----------
    name : str
        The attribute that holds it, or the function that made it.
    tensor : torch.Tensor
        What it holds.
    key : str or None
        Its name in the network's ``state_dict()``, or that of the tensor it is a view of.
    view : tuple of size, stride and offset, or None
        Which entries of the tensor at ``key`` it shows, if not all as they are.
    fixed : bool
        Whether ``key`` is a buffer, which no training changes.
    computed : bool
        Whether the forward computes it from weights.
    """

    name: str
    tensor: torch.Tensor
    key: str | None = None
    view: tuple[list[int], list[int], int] | None = None
    fixed: bool = False
    computed: bool = False


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
    shapes : tuple of tuple of int
        The shape of each result for one sample; most calls have one result.
    """

    module: torch.nn.Module | None
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    shapes: tuple[Shape, ...]

    @property
    def shape(self) -> Shape:
        """The shape of the first result for one sample."""
        return self.shapes[0]

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

    def settings(self, *required: str, **defaults: Any) -> dict[str, Any]:
        """Like `bind`, for a function and for the module that has its settings as attributes."""
        if self.module is None:
            return self.bind(*required, **defaults)
        given = self.bind(required[0])
        for name in required[1:]:
            given[name] = getattr(self.module, name)
        for name, default in defaults.items():
            given[name] = getattr(self.module, name, default)
        return given


@dataclass(frozen=True)
class Reading:
    """What a row read from a call.

    Attributes
    ----------
    inputs : tuple of Value
        The values the step reads.
    options : mapping of str to JSON value
        The step's options.
    params : mapping of str to Constant
        Weights that were given as arguments, by their role in the row.
    kind : str or None
        Another row than the one that read it, if the layer turns out to be that.
    """

    inputs: tuple[Value, ...]
    options: Options = field(default_factory=dict)
    params: Mapping[str, Constant] = field(default_factory=dict)
    kind: str | None = None


Readings: TypeAlias = Reading | Sequence[Reading | None]
"""One for each result of a call, None for a result that is not piecewise linear."""

Reader: TypeAlias = Callable[[Call], Readings]
"""Reads inputs and options from a call."""


def _no_coefficients(params: Params, options: Options) -> tuple[None, None]:
    return None, None


@dataclass(frozen=True)
class LayerKind:
    """One row of :data:`~splineviz.network.layers.LAYERS`.

    Attributes
    ----------
    name : str
        The key of the row.
    spellings : mapping of str to Reader
        The names that it goes by, separated by spaces, and how a call of any of them is read:
        module classes (``nn.ReLU``), functions (``F.relu``, ``torch.relu``, ``operator.add``),
        tensor methods and attributes (``.relu``).
    schema : Schema
        What a step can be: its options, its weights, and the shape of its result.
    params, buffers : tuple of str
        The module's attributes that hold learned weights and recorded statistics. Those that are
        None in a module are left out.
    coefficients : callable (params, options) -> (weights, offset)
        The weights and offset of an affine layer; see :mod:`splineviz.network.layers`.
    linear : callable (weights, inputs, options) -> array, or None
        What an affine layer computes with them.
    activate : callable (params, inputs, options) -> array, or None
        What an activation computes. A row has either this or ``linear``.
    kinks : callable (params, options) -> Kinks, or None
        The function that an activation applies to each number.
    contest : callable (options, input shapes) -> Contest, or None
        Which values an activation compares to pass the largest on. An activation has either this
        or ``kinks``.
    opaque : callable (params, inputs, options) -> array, or None
        What a step computes that is neither affine nor an activation as above.
    """

    name: str
    spellings: Mapping[str, Reader]
    schema: Schema = field(kw_only=True)
    params: tuple[str, ...] = ()
    buffers: tuple[str, ...] = ()
    coefficients: Callable[[Params, Options], tuple[Array | None, Array | None]] = _no_coefficients
    linear: Callable[[Any, Sequence[Array], Options], Array] | None = None
    activate: Callable[[Params, Sequence[Array], Options], Array] | None = None
    kinks: Callable[[Params, Options], Kinks] | None = None
    contest: Callable[[Options, Sequence[Shape]], Contest] | None = None
    opaque: Callable[[Params, Sequence[Array], Options], Array] | None = None

    @property
    def piecewise(self) -> bool:
        """Whether the layer is an activation: piecewise linear, not affine."""
        return self.activate is not None


def step_params(
    params: Mapping[str, str], options: Options, state: Mapping[str, Array]
) -> dict[str, Array]:
    """The weights of a step by their roles.

    Parameters
    ----------
    params : mapping of str to str
        Roles, and keys of ``state``.
    options : mapping
        The step's options. ``views`` says for a role which entries of its weight are meant (size,
        stride, offset), ``literals`` has weights that are no part of the state.
    state : mapping of str to array
        Weights as numpy arrays or torch tensors.

    Returns
    -------
    dict of str to array
    """
    found = {role: state[key] for role, key in params.items()}
    for role, view in options.get("views", {}).items():
        found[role] = _shown(found[role], *view)
    for role, numbers in options.get("literals", {}).items():
        found[role] = np.array(numbers, dtype=np.float64)
    return found


def _shown(weight: Array, size: list[int], stride: list[int], offset: int) -> Array:
    """Some entries of a weight, as they are counted in programs of version 1."""
    last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    if last >= math.prod(weight.shape):
        raise Misfit(
            f"a view of size {size}, stride {stride} and offset {offset} leaves its weight, which "
            f"has the shape {tuple(weight.shape)}"
        )
    places = np.full((), offset)
    for n, step in zip(size, stride, strict=True):
        places = places[..., None] + np.arange(n) * step
    return weight.reshape(-1)[places]
