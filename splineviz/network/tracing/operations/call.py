"""What a call of torch is, as the rows of the table of operations read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from splineviz.network.tracing.exporting.sample_axis import FIRST, SampleAxis

if TYPE_CHECKING:
    import torch

Shape: TypeAlias = tuple[int, ...]


class Refused(Exception):
    """Raised by a row for a call that no program can hold.

    Parameters
    ----------
    why : str
        Why the call is refused.
    advice : str
        What would work instead.
    """

    def __init__(self, why: str, advice: str) -> None:
        super().__init__(why)
        self.why = why
        self.advice = advice


@dataclass(frozen=True)
class Value:
    """A value of the program under construction: it depends on the network's input.

    Attributes
    ----------
    index : int
        Its number in the program.
    shape : tuple of int
        Its shape for one sample.
    floating : bool
        Whether it holds real numbers; if not, truth values or places.
    samples : SampleAxis
        Where the tensor of the graph has the samples that this is in the program, which has them on
        the first axis of each value.
    moved_by : torch.fx.Node or None
        The call that took them off the first axis, if they are not there.
    """

    index: int
    shape: Shape
    floating: bool = True
    samples: SampleAxis = FIRST
    moved_by: Any = None

    @property
    def rank(self) -> int:
        """The number of axes of the tensor."""
        return len(self.shape) + 1 - self.samples.merged

    @property
    def with_samples_first(self) -> Value:
        """The value in the program."""
        return Value(self.index, self.shape, self.floating)

    def moved(self, samples: SampleAxis, by: Any) -> Value:
        """Return the same for a tensor with the samples elsewhere."""
        return replace(self, samples=samples, moved_by=None if samples == FIRST else by)


@dataclass(frozen=True, eq=False)
class Constant:
    """A tensor that does not depend on the network's input.

    Attributes
    ----------
    name : str
        The attribute that holds it, or the function that made it.
    tensor : torch.Tensor
        What it holds.
    key : str or None
        Its name in the network's ``state_dict()``, if it is there as it is.
    fixed : bool
        Whether it is a buffer, which no training changes.
    learned : bool
        Whether it is, or is computed from, what is in the ``state_dict()``.
    source : object
        What made it, so that it can be made again from other weights.
    along : int or None
        Where an axis belongs that counts the samples, all of which have the same; it is left out
        of `tensor`.
    whole : torch.Tensor or None
        The tensor with that axis, if there is one.
    """

    name: str
    tensor: torch.Tensor
    key: str | None = None
    fixed: bool = False
    learned: bool = False
    source: Any = None
    along: int | None = None
    whole: torch.Tensor | None = None

    @property
    def number(self) -> float | None:
        """The number that it holds everywhere; None if it holds several or is a weight."""
        tensor = self.tensor
        if self.learned or tensor.is_complex() or tensor.numel() == 0:
            return None
        first = tensor.reshape(-1)[0]
        return float(first) if bool((tensor == first).all()) else None


@dataclass(frozen=True)
class Call:
    """A call of an operation of torch.

    Attributes
    ----------
    name : str
        The operation, without its overload: ``"max_pool2d"``.
    arguments : mapping of str to object
        All arguments by the names in torch's signature, defaults included; tensors are
        :class:`Value` or :class:`Constant`.
    shapes : tuple of tuple of int
        The shape of each result for one sample.
    floating : tuple of bool
        Whether each result holds real numbers.
    """

    name: str
    arguments: Mapping[str, Any]
    shapes: tuple[Shape, ...]
    floating: tuple[bool, ...] = field(default=(True,))

    def __getitem__(self, name: str) -> Any:
        return self.arguments[name]

    def get(self, name: str, default: Any = None) -> Any:
        """Return an argument that not every overload has."""
        return self.arguments.get(name, default)

    @property
    def first(self) -> Any:
        """The first argument, to which most operations are applied."""
        return next(iter(self.arguments.values()))

    @property
    def shape(self) -> Shape:
        """The shape of the first result for one sample."""
        return self.shapes[0]


class Add(Protocol):
    """Adds a step to the program under construction."""

    def __call__(
        self,
        kind: str,
        inputs: Sequence[Value],
        options: Mapping[str, Any] | None = None,
        params: Mapping[str, Constant] | None = None,
        *,
        shape: Shape | None = None,
        suffix: str = "",
    ) -> Value:
        """Add a step and return its value.

        Parameters
        ----------
        kind : str
            A row of the table of layers.
        inputs : sequence of Value
            What it reads.
        options, params
            As those of a step; a weight without a key is kept among the options.
        shape : tuple of int, optional
            The shape of what it makes for one sample. Default: that of the call's first result.
        suffix : str
            What to add to the name of the call, for a step that is not the one it is named after.
        """


Results: TypeAlias = Value | Sequence[Value | None] | None
"""One value for each result of a call; None for a call that only torch can run."""

Reader: TypeAlias = Callable[[Call, Add], Results]
"""Adds the steps of a call."""

MIXES_SAMPLES = "Keep the first dimension, which counts the samples, as it is."


def axis_of(dim: int, shape: Shape, new: int = 0) -> int:
    """Count an axis of a batch from the front; it must not be that of the samples."""
    axis = int(dim) % (len(shape) + 1 + new)
    if axis == 0:
        raise Refused("it mixes the samples of a batch", MIXES_SAMPLES)
    return axis


def axes_of(dims: Any, shape: Shape) -> list[int]:
    """Count several axes of a batch as `axis_of` does; None and an empty sequence mean all."""
    if dims is None or (not isinstance(dims, int) and len(dims) == 0):
        raise Refused("it mixes the samples of a batch", MIXES_SAMPLES)
    return sorted(axis_of(dim, shape) for dim in ([dims] if isinstance(dims, int) else dims))


def as_value(argument: Value | Constant, like: Value, add: Add) -> Value:
    """Turn a constant into a value that is the same for each sample; return values as they are.

    Parameters
    ----------
    argument : Value or Constant
    like : Value
        Any value: the number of samples is taken from it.
    add : callable
    """
    if isinstance(argument, Value):
        return argument
    shape = tuple(argument.tensor.shape)
    numbers = argument.tensor.numel()
    # One of its numbers as often as the constant has numbers, times zero.
    flat = add(
        "reshape",
        [like],
        {"shape": [_size(like.shape)]},
        shape=(_size(like.shape),),
        suffix="reshape",
    )
    place = {"index": [{"slice": [None, None, None]}, {"places": [0] * numbers}]}
    spread = add("getitem", [flat], place, shape=(numbers,), suffix="getitem")
    zeros = add("mul", [spread], {"literals": {"constant": 0.0}}, shape=(numbers,), suffix="mul")
    shaped = add("reshape", [zeros], {"shape": [*shape]}, shape=shape, suffix="reshape")
    options = {"constant_factor": 1.0, "shape": [*shape]}
    return add("add", [shaped], options, {"constant": argument}, shape=shape, suffix="add")


def _size(shape: Shape) -> int:
    size = 1
    for side in shape:
        size *= side
    return size
