"""A program under construction: its steps so far, and where their weights come from."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from splineviz.network.layers import LAYERS
from splineviz.network.step import Step
from splineviz.network.tracing.lowering.folding import Taken
from splineviz.network.tracing.lowering.opaque_calls import Unfinished, opaque_options
from splineviz.network.tracing.lowering.step_names import StepNames
from splineviz.network.tracing.operations.call import Add, Call, Constant, Refused, Shape, Value


class ProgramBuilder:
    """Adds steps to a program.

    Parameters
    ----------
    network : torch.nn.Module
        What the program is of.
    input_shape : tuple of int
        The shape of one sample.

    Attributes
    ----------
    steps : list of Step
    shapes : list of tuple of int
        Of the input and of what each step makes, for one sample.
    taken : dict of str to Taken
        How each weight is made.
    names : StepNames
    """

    def __init__(self, network: torch.nn.Module, input_shape: Shape) -> None:
        self.steps: list[Step] = []
        self.shapes: list[Shape] = [input_shape]
        self.taken: dict[str, Taken] = {}
        self.names = StepNames(network)
        self._network = network
        self._first_path: dict[int, str] = {}
        for key, tensor in network.state_dict(keep_vars=True).items():
            self._first_path.setdefault(id(tensor), key)

    def adding(self, call: Call, naming: tuple[str, str]) -> Add:
        """Make the function with which a row adds the steps of a call.

        Parameters
        ----------
        call : Call
        naming : tuple of str
            As `StepNames.naming` gives it.
        """

        def add(
            kind: str,
            inputs: Sequence[Value],
            options: Mapping[str, Any] | None = None,
            params: Mapping[str, Constant] | None = None,
            *,
            shape: Shape | None = None,
            suffix: str = "",
        ) -> Value:
            shape = call.shape if shape is None else shape
            name, path = naming
            if suffix:
                name, path = ".".join(filter(None, [name, suffix])), ""
            unique = self.names.unique(name, path)
            keys, held = self._weights(unique, kind, params or {}, dict(options or {}))
            read = tuple(value.index for value in inputs)
            self.steps.append(Step(kind, read, unique, keys, held))
            self.shapes.append(shape)
            return Value(len(self.steps), shape, inputs[0].floating)

        return add

    def add_opaque(
        self, last: Unfinished, samples: int, call: Call, naming: tuple[str, str]
    ) -> Value:
        """Add an opaque step that ends with a call.

        Parameters
        ----------
        last : Unfinished
            What torch runs last in it.
        samples : int
            As for `opaque_options`.
        call : Call
            With the shapes and types of the results.
        naming : tuple of str
            As for `adding`.
        """
        options, inputs, params = opaque_options(last, samples)
        which = last.result or 0
        shape = call.shapes[which]
        value = self.adding(call, naming)("opaque", inputs, options, params, shape=shape)
        return Value(value.index, shape, call.floating[which])

    def _weights(
        self, step: str, kind: str, params: Mapping[str, Constant], options: dict[str, Any]
    ) -> tuple[dict[str, str], dict[str, Any]]:
        """Make the keys of a step's weights, and options with the constants that have none."""
        keys: dict[str, str] = {}
        literals = dict(options.pop("literals", {}))
        buffers = []
        for role, constant in params.items():
            if not constant.learned:
                literals[role] = _literal(constant)
                continue
            key = f"{step}.{role}" if constant.key is None else self._first_of(constant.key)
            self.taken[key] = constant.source
            keys[role] = key
            if constant.fixed and role not in LAYERS[kind].buffers:
                buffers.append(role)
        held = {"literals": literals, "buffers": buffers}
        return keys, {**options, **{name: content for name, content in held.items() if content}}

    def _first_of(self, key: str) -> str:
        """Return the first name of a weight that has several."""
        return self._first_path[id(operator.attrgetter(key)(self._network))]


def _literal(constant: Constant) -> Any:
    """Write the numbers of a tensor that belongs to the network's code."""
    if constant.tensor.is_complex():
        raise Refused(f"the constant {constant.name!r} is complex", "Use real numbers.")
    return constant.tensor.double().tolist()
