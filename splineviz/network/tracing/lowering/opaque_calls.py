"""Calls that only torch can run, as the options of an opaque step."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import fx

from splineviz.network.layers.schemas.opaque import OPERATIONS
from splineviz.network.tracing.exporting.sample_axis import FIRST, SampleAxis
from splineviz.network.tracing.operations.call import Constant, Refused, Value


@dataclass(frozen=True, eq=False)
class Unfinished:
    """A call whose result has the samples where nothing is known, so that it is no value.

    What follows from it may have them on the first axis again. All of it becomes one opaque step
    then.

    Attributes
    ----------
    target : OpOverload
        The operation of torch.
    arguments : mapping of str to object
        All of them, by the names in torch's signature; tensors are Value, Constant or Unfinished.
    node : torch.fx.Node
        The call in the graph.
    result : int or None
        Which of several results is meant.
    """

    target: torch._ops.OpOverload
    arguments: Mapping[str, Any]
    node: fx.Node
    result: int | None = None

    @property
    def first(self) -> Unfinished:
        """The first call on the way to this one that took the samples off the first axis."""
        for argument in self.arguments.values():
            for item in argument if isinstance(argument, list) else [argument]:
                if isinstance(item, Unfinished):
                    return item.first
        return self


def in_graph(value: Value, samples: int) -> Value | Unfinished:
    """Return the tensor of the graph for a value, where opaque steps get it from the program.

    Parameters
    ----------
    value : Value
    samples : int
        How many there are.
    """
    where, node = value.samples, value.moved_by
    first, shape = value.with_samples_first, where.of_all(value.shape, samples)
    if where == FIRST:
        return first
    if not where.merged:
        return _moved(first, 0, where.axis, node)
    apart = where.apart(shape, samples)
    order = [apart.pop(where.axis + 1), *apart]
    return _shaped(_moved(_shaped(first, order, node), 0, where.axis + 1, node), shape, node)


def with_samples_first(
    call: Unfinished, where: SampleAxis, shape: Sequence[int], samples: int
) -> Unfinished:
    """Put the samples of a call's result first, as in a program's values.

    Parameters
    ----------
    call : Unfinished
    where : SampleAxis
        Where its result has the samples.
    shape : sequence of int
        The shape of the result.
    samples : int
        How many there are.
    """
    node = call.node
    if not where.merged:
        return _moved(call, where.axis, 0, node)
    apart = _shaped(call, where.apart(shape, samples), node)
    return _shaped(_moved(apart, where.axis + 1, 0, node), [samples, *where.of_one(shape)], node)


def _moved(tensor: Value | Unfinished, source: int, destination: int, node: fx.Node) -> Unfinished:
    arguments = {"self": tensor, "source": source, "destination": destination}
    return Unfinished(torch.ops.aten.movedim.int, arguments, node)


def _shaped(tensor: Value | Unfinished, shape: Sequence[int], node: fx.Node) -> Unfinished:
    return Unfinished(torch.ops.aten.reshape.default, {"self": tensor, "shape": [*shape]}, node)


def opaque_options(
    call: Unfinished, samples: int
) -> tuple[dict[str, Any], list[Value], dict[str, Constant]]:
    """Make the options of an opaque step, the list of values that it reads, and its weights.

    Parameters
    ----------
    call : Unfinished
        The last of its calls; the others are among its arguments.
    samples : int
        The number of samples in a batch, a prime: sizes that are multiples of it are written as
        multiples of the number of samples.

    Returns
    -------
    options : dict
        As :func:`~splineviz.network.layers.opaque.opaque` takes them.
    inputs : list of Value
    params : dict of str to Constant

    Raises
    ------
    Refused
        If an operation is random, or takes what cannot be written down.
    """
    writer = _Writer(samples)
    last = writer.call(call)
    calls = writer.calls[:-1]
    options = {**writer.calls[-1], **({"before": calls} if calls else {})}
    if last.get("result") is not None:
        options["result"] = last["result"]
    if not writer.inputs:
        raise Refused("it does not depend on the input", "Leave it out.")
    return options, writer.inputs, writer.params


class _Writer:
    """The calls of an opaque step so far, and what they read."""

    def __init__(self, samples: int) -> None:
        self.samples = samples
        self.calls: list[dict[str, Any]] = []
        self.inputs: list[Value] = []
        self.params: dict[str, Constant] = {}
        self._places: dict[int, int] = {}
        self._kept: list[object] = []

    def call(self, call: Unfinished) -> dict[str, Any]:
        """Write a call once, and return a reference to its result."""
        # Several results come of one call, which its arguments tell apart from others.
        key = id(call.arguments)
        if key not in self._places:
            written = self._written(call)
            self._places[key] = len(self.calls)
            self._kept.append(call)
            self.calls.append(written)
        which = {} if call.result is None else {"result": call.result}
        return {"call": self._places[key], **which}

    def _written(self, call: Unfinished) -> dict[str, Any]:
        target = call.target
        if is_random(target, call.arguments):
            raise Refused("it is random, even in eval mode", "Take it out of the forward.")
        arguments, keywords = [], {}
        for argument in target._schema.arguments:
            if argument.name not in call.arguments:
                continue
            value = call.arguments[argument.name]
            written = self._argument(value, argument.name, _is_size(argument.real_type))
            if not argument.kwarg_only:
                arguments.append(written)
            elif written is not None and value != argument.default_value:
                keywords[argument.name] = written
        # In place or not is the same: what shares the memory is followed by the trace.
        name = target.overloadpacket.__name__.rstrip("_")
        operation = f"{name}.{target._overloadname}"
        if operation in ("view.default", "_unsafe_view.default"):
            # A program's values may lie in memory in another way than the network's.
            operation = "reshape.default"
        if operation not in OPERATIONS:
            raise Refused(
                f"it calls torch's operation {operation}, which splineviz does not know",
                "Write it with other operations, or add it to the table in "
                "splineviz/network/layers/schemas/opaque.py.",
            )
        return {"operation": operation, "arguments": arguments, "keywords": keywords}

    def _argument(self, argument: Any, name: str, size: bool) -> Any:
        if isinstance(argument, Unfinished):
            return self.call(argument)
        if isinstance(argument, Value):
            if argument not in self.inputs:
                self.inputs.append(argument)
            return {"value": self.inputs.index(argument)}
        if isinstance(argument, Constant):
            return self._weight(argument, name)
        if isinstance(argument, list | tuple):
            return [self._argument(item, name, size) for item in argument]
        if isinstance(argument, torch.dtype):
            # The program computes in float64 throughout.
            kind = torch.float64 if argument.is_floating_point else argument
            return {"dtype": str(kind).removeprefix("torch.")}
        if isinstance(argument, float) and math.isnan(argument):
            raise Refused(f"its argument {name!r} is NaN", "Use a number.")
        if isinstance(argument, float) and math.isinf(argument):
            return {"float": str(argument)}
        if size and isinstance(argument, int) and argument and argument % self.samples == 0:
            return {"samples": argument // self.samples}
        if argument is None or isinstance(argument, bool | int | float | str):
            return argument
        if isinstance(argument, torch.device | torch.layout | torch.memory_format):
            return None
        raise Refused(
            f"its argument {name!r} is {argument!r}, which cannot be written down",
            "Pass numbers and tensors.",
        )

    def _weight(self, constant: Constant, name: str) -> dict[str, Any]:
        role = name if name not in self.params else f"{name}_{len(self.params)}"
        self.params[role] = constant
        reference: dict[str, Any] = {"weight": role}
        if not constant.tensor.is_floating_point():
            reference["dtype"] = str(constant.tensor.dtype).removeprefix("torch.")
        if constant.along is not None:
            reference["along"] = constant.along
        return reference


def _is_size(kind: Any) -> bool:
    """Whether torch expects sizes, perhaps of a batch, for an argument of a type."""
    while kind.kind() in ("ListType", "OptionalType"):
        kind = kind.getElementType()
    return bool(kind.kind() == "SymIntType")


def is_random(target: Any, arguments: Mapping[str, Any]) -> bool:
    """Whether a call draws random numbers.

    Dropout does not if its probability is zero, or if it is not in training.
    """
    if torch.Tag.nondeterministic_seeded not in getattr(target, "tags", ()):
        return False
    dropped = [arguments.get(name) for name in ("dropout_p", "dropout", "p") if name in arguments]
    off = arguments.get("train") is False or arguments.get("training") is False or dropped == [0.0]
    return not off
