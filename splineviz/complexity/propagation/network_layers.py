"""The layers of a program that can be counted: their names, and the values that belong to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch

from splineviz.complexity.arguments.layer_choice import Names
from splineviz.complexity.arguments.layer_names import OUTPUT, Layer, Switches, layer_kind_of
from splineviz.complexity.propagation.memory_layout import rows_of
from splineviz.errors import ShapeMismatch
from splineviz.network.layers.opaque import operation_name
from splineviz.network.max_selection import MaxSelection
from splineviz.network.piecewise_linear import PiecewiseLinear
from splineviz.network.program import Program
from splineviz.network.step import Step
from splineviz.typing import BoolArray


@dataclass(frozen=True, eq=False)
class WatchedLayer:
    """A layer that is counted, and where its values come from.

    Attributes
    ----------
    layer, switches : Layer, Switches
        The layer, and where its neurons switch.
    value : int
        The value that is watched; for a selection, its result.
    max_selection : MaxSelection or None
        The selection that makes the value, if its winners are counted.
    columns : int64 tensor or None
        Which numbers of the value are neurons. None for all.
    """

    layer: Layer
    switches: Switches
    value: int
    max_selection: MaxSelection | None = None
    columns: torch.Tensor | None = None


class NetworkLayers:
    """The layers of a program by their names; tensors are made on a device."""

    def __init__(self, program: Program, device: torch.device) -> None:
        self._program, self._device = program, device

    @cached_property
    def available(self) -> list[tuple[Layer, Switches]]:
        """The activations in the order of the network, and its output."""
        return [(watched.layer, watched.switches) for watched in self._by_name.values()]

    @cached_property
    def others(self) -> list[str]:
        """The names of other steps and modules whose values can be counted."""
        return [name for name in self._values if name not in self._by_name]

    @cached_property
    def _values(self) -> dict[str, int]:
        """Values by the names of the steps and modules that make them."""
        steps = {step.name: i + 1 for i, step in enumerate(self._program.steps)}
        return {**_of_modules(self._program), **steps, OUTPUT: self._program.output}

    @cached_property
    def _by_name(self) -> dict[str, WatchedLayer]:
        by_name = {}
        smooth = set(self._program.smooth_steps)
        for i, step in enumerate(self._program.steps):
            if i in self._program.activation_at:
                activation = self._program.activation_at[i]
                rule = activation.rule
                if isinstance(rule, PiecewiseLinear):
                    layer = Layer(step.name, step.kind, activation.shape)
                    flat = _flat_pieces(rule, activation.shape)
                    switches = Switches(points=rule.breakpoints, flat=flat)
                    by_name[step.name] = WatchedLayer(layer, switches, step.inputs[0])
                else:
                    layer = Layer(step.name, step.kind, self._program.shapes[i + 1])
                    switches = Switches(rule.column_window)
                    by_name[step.name] = WatchedLayer(layer, switches, i + 1, rule)
            elif i in smooth:
                by_name[step.name] = self._smooth(step)
        output = self._program.output
        layer = Layer(OUTPUT, OUTPUT, self._program.output_shape, output - 1 in smooth)
        return {**by_name, OUTPUT: WatchedLayer(layer, Switches(), output)}

    def _smooth(self, step: Step) -> WatchedLayer:
        kind, value = operation_name(step.options), step.inputs[0]
        shape, columns = self._program.shapes[value], None
        if kind == "glu":
            # Its gate is the second half.
            _, *dim = step.options["arguments"]
            gate = torch.zeros((1, *shape), dtype=torch.bool)
            half = gate.chunk(2, *dim or (-1,))[1].fill_(True)
            shape = tuple(half.shape[1:])
            columns = rows_of(gate, 1)[0].nonzero()[:, 0].to(self._device)
        layer = Layer(step.name, layer_kind_of(kind), shape, proxy=True)
        return WatchedLayer(layer, Switches(), value, columns=columns)

    def watch(self, chosen: Sequence[Names]) -> tuple[Program, tuple[WatchedLayer, ...]]:
        """Return the layers of some names, and the program with a step for each sum of values.

        ShapeMismatch is raised if values of different shapes are to be added.
        """
        program, watched = self._program, []
        for names in chosen:
            if len(names) == 1 and names[0] in self._by_name:
                watched.append(self._by_name[names[0]])
                continue
            program, value = _with_sum(program, names, [self._values[name] for name in names])
            proxy = any(map(self._is_proxy, names))
            layer = Layer(" + ".join(names), "values", program.shapes[value], proxy)
            watched.append(WatchedLayer(layer, Switches(), value))
        return program, tuple(watched)

    def _is_proxy(self, name: str) -> bool:
        """Whether a smooth activation makes a step's values, or is the next to read them."""
        steps, smooth = self._program.steps, set(self._program.smooth_steps)
        value = self._values[name]
        if value - 1 in smooth:
            return True
        reached, read_by = {value}, []
        for i in range(value, len(steps)):
            if not reached.isdisjoint(steps[i].inputs):
                if i in smooth or i in self._program.activation_at:
                    read_by.append(i)
                else:
                    reached.add(i + 1)
        return bool(read_by) and smooth.issuperset(read_by)


def _flat_pieces(rule: PiecewiseLinear, shape: tuple[int, ...]) -> BoolArray:
    """Which pieces of an activation are constant, (K + 1,) or (K + 1, columns)."""
    if rule.slopes.ndim == 1:
        return rule.slopes == 0
    flat = torch.from_numpy(rule.slopes == 0)
    return rows_of(flat.expand(len(flat), *shape), 1).numpy()


def _of_modules(program: Program) -> dict[str, int]:
    """Find the modules whose steps have one value that is read outside, and that value.

    Those of which several are, or that are called several times, are left out.
    """
    inside: dict[str, set[int]] = {}
    for i, step in enumerate(program.steps):
        for end, letter in enumerate(step.name):
            if letter == ".":
                inside.setdefault(step.name[:end], set()).add(i + 1)
    read_by: dict[int, set[int]] = {program.output: {len(program.steps) + 1}}
    for i, step in enumerate(program.steps):
        for value in step.inputs:
            read_by.setdefault(value, set()).add(i + 1)
    read_outside = {}
    for path, values in inside.items():
        leaving = [value for value in values if read_by.get(value, set()) - values]
        if len(leaving) == 1:
            read_outside[path] = leaving[0]
    return read_outside


def _with_sum(program: Program, names: Names, values: Sequence[int]) -> tuple[Program, int]:
    """Add a step to a program that sums some values; return the value's number too."""
    if len(values) == 1:
        return program, values[0]
    shapes = [program.shapes[value] for value in values]
    if len(set(shapes)) > 1:
        listed = ", ".join(f"{n!r} {s}" for n, s in zip(names, shapes, strict=True))
        raise ShapeMismatch(f"layers of different shapes cannot be added: {listed}")
    step = Step("add", tuple(values), " + ".join(names), {}, {})
    steps, all_shapes = (*program.steps, step), (*program.shapes, shapes[0])
    return Program(steps, all_shapes, program.state, program.output), len(steps)
