"""Local complexity in a program: neighborhoods sent through it, a center and differences from it.

The vertices around a sample are close together, and a neuron is crossed or not by how they differ.
So the center h and the differences d of the vertices from it go through the network on their own:
an affine step makes ``L d``, an activation ``f(h + d) - f(h)``. Rounding is then relative to the
difference, not to the value, and float32 is enough for the differences of all but a few samples.
How far it may be off goes along, as the variance of independent errors.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import torch

from splineviz.complexity.arguments.layer_choice import Names
from splineviz.complexity.arguments.layer_names import OUTPUT, Layer, Switches, layer_kind_of
from splineviz.complexity.propagation.activation_deltas import MaxWindows
from splineviz.complexity.propagation.forward_pass import ForwardPass, KeptValues, Value
from splineviz.complexity.propagation.layer_vertices import LayerVertices, Visit
from splineviz.complexity.propagation.memory_layout import rows_of
from splineviz.complexity.propagation.step_operator import StepOperator
from splineviz.errors import InvalidArgument, NonFiniteValues, ShapeMismatch
from splineviz.network.interpret import Domain, walk
from splineviz.network.layers.opaque import operation_name
from splineviz.network.max_selection import MaxSelection
from splineviz.network.piecewise_linear import PiecewiseLinear
from splineviz.network.program import Program
from splineviz.network.step import Step
from splineviz.typing import BoolArray

# What an opaque step needs at a time, for each number that it reads or makes: torch computes in
# float64, and again with all numbers moved.
_OPAQUE = 6


@dataclass(frozen=True, eq=False)
class _Watched:
    """A layer to look at.

    Attributes
    ----------
    layer, switches : Layer, Switches
        What it is, and where it switches.
    value : int
        The value that is watched; for a selection, its result.
    max_selection : MaxSelection or None
        Between which numbers the step that makes the value selects, if winners are counted.
    columns : int64 tensor or None
        Which numbers of the value. Default: all.
    """

    layer: Layer
    switches: Switches
    value: int
    max_selection: MaxSelection | None = None
    columns: torch.Tensor | None = None


class Estimator:
    """Sends the neighborhoods of samples through a program, and looks at layers on the way.

    Parameters
    ----------
    program : Program
        The network.
    device : torch.device
        Where to compute.
    watched : tuple
        The layers to look at; use `watch`.
    names : tuple of tuple of str
        Their names: several where values are added.

    Attributes
    ----------
    dtypes : tuple of torch.dtype
        Those of differences: one after the other, for samples that the one before left uncertain.
    input_shape : tuple of int
        The shape of one sample.
    """

    dtypes: tuple[torch.dtype, ...] = (torch.float32, torch.float64)

    def __init__(
        self,
        program: Program,
        device: torch.device,
        watched: tuple[_Watched, ...] = (),
        names: tuple[Names, ...] = (),
    ) -> None:
        self.program = program
        self.device = device
        self.input_shape = program.input_shape
        self.names = names
        self._watched = watched
        self._made: dict[torch.dtype, dict[int, StepOperator]] = {}
        self._along: tuple[torch.Tensor, dict[int, torch.Tensor]] | None = None

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
        steps = {step.name: i + 1 for i, step in enumerate(self.program.steps)}
        return {**_of_modules(self.program), **steps, OUTPUT: self.program.output}

    @cached_property
    def _by_name(self) -> dict[str, _Watched]:
        by_name = {}
        smooth = set(self.program.smooth_steps)
        for i, step in enumerate(self.program.steps):
            if i in self.program.activation_at:
                activation = self.program.activation_at[i]
                rule = activation.rule
                if isinstance(rule, PiecewiseLinear):
                    layer = Layer(step.name, step.kind, activation.shape)
                    flat = _flat_pieces(rule, activation.shape)
                    switches = Switches(points=rule.breakpoints, flat=flat)
                    by_name[step.name] = _Watched(layer, switches, step.inputs[0])
                else:
                    layer = Layer(step.name, step.kind, self.program.shapes[i + 1])
                    switches = Switches(rule.column_window, leads=True)
                    by_name[step.name] = _Watched(layer, switches, i + 1, rule)
            elif i in smooth:
                by_name[step.name] = self._smooth(step)
        output = self.program.output
        layer = Layer(OUTPUT, OUTPUT, self.program.output_shape, output - 1 in smooth)
        return {**by_name, OUTPUT: _Watched(layer, Switches(), output)}

    def _smooth(self, step: Step) -> _Watched:
        kind, value = operation_name(step.options), step.inputs[0]
        shape, columns = self.program.shapes[value], None
        if kind == "glu":
            # Its gate is the second half.
            _, *dim = step.options["arguments"]
            gate = torch.zeros((1, *shape), dtype=torch.bool)
            half = gate.chunk(2, *dim or (-1,))[1].fill_(True)
            shape = tuple(half.shape[1:])
            columns = rows_of(gate, 1)[0].nonzero()[:, 0].to(self.device)
        layer = Layer(step.name, layer_kind_of(kind), shape, proxy=True)
        return _Watched(layer, Switches(), value, columns=columns)

    def watch(self, chosen: Sequence[Names]) -> Estimator:
        """Choose layers to count, in the same network.

        Raises
        ------
        ShapeMismatch
            If values of different shapes are to be added.
        """
        program, watched = self.program, []
        for names in chosen:
            if len(names) == 1 and names[0] in self._by_name:
                watched.append(self._by_name[names[0]])
                continue
            program, value = _with_sum(program, names, [self._values[name] for name in names])
            proxy = any(map(self._is_proxy, names))
            layer = Layer(" + ".join(names), "values", program.shapes[value], proxy)
            watched.append(_Watched(layer, Switches(), value))
        return Estimator(program, self.device, tuple(watched), tuple(chosen))

    def _is_proxy(self, name: str) -> bool:
        """Whether a smooth activation makes a step's values, or is the next to read them."""
        steps, smooth = self.program.steps, set(self.program.smooth_steps)
        value = self._values[name]
        if value - 1 in smooth:
            return True
        reached, read_by = {value}, []
        for i in range(value, len(steps)):
            if not reached.isdisjoint(steps[i].inputs):
                if i in smooth or i in self.program.activation_at:
                    read_by.append(i)
                else:
                    reached.add(i + 1)
        return bool(read_by) and smooth.issuperset(read_by)

    @property
    def layers(self) -> tuple[tuple[Layer, Switches], ...]:
        """The chosen layers."""
        return tuple((watched.layer, watched.switches) for watched in self._watched)

    def count_only(self, counted: Sequence[torch.Tensor]) -> None:
        """Count some of the neurons of the chosen layers from here on.

        Parameters
        ----------
        counted : sequence of bool tensor (neurons,)
            Which ones, for each layer.
        """
        self._watched = tuple(
            replace(watched, switches=replace(watched.switches, counted=some))
            for watched, some in zip(self._watched, counted, strict=True)
        )

    @cached_property
    def _wanted(self) -> set[int]:
        return {watched.value for watched in self._watched}

    @cached_property
    def _steps(self) -> list[int]:
        """The steps that the chosen layers depend on, in order."""
        needed = set(self._wanted)
        for i in reversed(range(len(self.program.steps))):
            if i + 1 in needed:
                needed.update(self.program.steps[i].inputs)
        return [value - 1 for value in sorted(needed) if value > 0]

    @property
    def _results(self) -> list[int]:
        """The values that these steps make."""
        return [i + 1 for i in self._steps]

    @cached_property
    def _switching(self) -> dict[int, tuple[float, ...]]:
        """The points where neurons switch, for each value that switches or is counted."""
        found: dict[int, set[float]] = {}
        for i in self._steps:
            if i in self.program.activation_at:
                rule = self.program.activation_at[i].rule
                if isinstance(rule, PiecewiseLinear):
                    value = self.program.steps[i].inputs[0]
                    found.setdefault(value, set()).update(rule.breakpoints.tolist())
        for watched in self._watched:
            if watched.max_selection is None:
                found.setdefault(watched.value, set()).update(watched.switches.points.tolist())
        return {value: tuple(sorted(points)) for value, points in found.items()}

    def numbers_a_center(self) -> int:
        """Count the numbers that `centers` holds of one sample."""
        return sum(math.prod(self.program.shapes[value]) for value in {0, *self._results})

    def numbers_a_vertex(self, shared_frame: bool) -> int:
        """Count the numbers that one vertex needs at a time, but for those that samples share."""
        sizes = [math.prod(shape) for shape in self.program.shapes]
        if shared_frame:
            for value in self._linear:
                sizes[value] = 0
        opaque, last = set(self.program.opaque_steps), self.program.last_use
        live, most = {0}, max(1, sizes[0])
        for i in self._steps:
            live.add(i + 1)
            # A step may need as much again as it makes.
            more = sizes[i + 1]
            if i in opaque:
                read = [
                    math.prod(self.program.shapes[value]) for value in self.program.steps[i].inputs
                ]
                more = _OPAQUE * (sum(read) + sizes[i + 1])
            most = max(most, more + sum(sizes[value] for value in live))
            live = {value for value in live if last[value] > i}
        return most

    @cached_property
    def _linear(self) -> set[int]:
        """The values before the first activation."""
        found = {0}
        bent = {*self.program.activation_at, *self.program.opaque_steps}
        for i in self._steps:
            if i not in bent and found.issuperset(self.program.steps[i].inputs):
                found.add(i + 1)
        return found

    def centers(self, x: torch.Tensor) -> dict[int, torch.Tensor]:
        """Compute all values at the centers.

        Parameters
        ----------
        x : float64 tensor (n, *input_shape)
            Samples.

        Returns
        -------
        dict of int to tensor (n, *shape)
            By the number of the value in the program; float64, but for truth values and places.

        Raises
        ------
        NonFiniteValues
            If a value overflows.
        """
        start = x.contiguous(memory_format=torch.channels_last) if x.ndim == 4 else x
        found = {0: start}
        domain = _Centers(self.program, self._coefficients(torch.float64))
        for i, _, made in walk(domain, {0: start}, self._wanted):
            found[i + 1] = made
        return found

    def at_centers(self, centers: Mapping[int, torch.Tensor]) -> list[torch.Tensor]:
        """Return the values of the chosen layers at the samples, each (n, columns).

        Parameters
        ----------
        centers : dict of int to tensor (n, *shape)
            From `centers`.
        """
        values = []
        for watched in self._watched:
            if watched.max_selection is not None:
                read = self.program.steps[watched.value - 1].inputs
                center = torch.cat([centers[one].flatten(1) for one in read], 1)
                windows = MaxWindows(watched.max_selection, center)
                values.append(windows.margins(torch.zeros_like(center[:1, None]))[:, 0])
                continue
            value = centers[watched.value]
            if not value.is_floating_point():
                raise _no_sign(watched.layer)
            rows = rows_of(value, 1)
            values.append(rows if watched.columns is None else rows[:, watched.columns])
        return values

    def propagate(
        self,
        centers: Mapping[int, torch.Tensor],
        directions: torch.Tensor,
        radius: float,
        dtype: torch.dtype,
        visit: Visit,
    ) -> None:
        """Send the vertices ``x + r v`` and ``x - r v`` through the network.

        Parameters
        ----------
        centers : dict of int to tensor (n, *shape)
            From `centers`.
        directions : float64 tensor (n or 1, p, *input_shape)
            The directions v, of each sample or of all.
        radius : float
            r.
        dtype : torch.dtype
            Of the differences behind the first activation.
        visit : callable
            Called with each watched layer, and its vertices.
        """
        one_pass = ForwardPass(
            self.program,
            centers,
            directions,
            radius,
            self._coefficients(dtype),
            self._coefficients(torch.float64),
            dtype,
            self._switching,
            self._wanted - {value for i in self._steps for value in self.program.steps[i].inputs},
            self._straight_along(directions),
        )
        start: Value = one_pass.start()
        self._look(0, [], start, one_pass, visit)
        for i, inputs, made in walk(one_pass, {0: start}, self._wanted):
            self._look(i + 1, inputs, made, one_pass, visit)
            del inputs, made

    def _straight_along(self, directions: torch.Tensor) -> dict[int, torch.Tensor]:
        """Return values before the first activation, kept for samples with these directions."""
        if self._along is None or self._along[0] is not directions:
            self._along = directions, {}
        return self._along[1]

    def _look(
        self, value: int, inputs: Sequence[Value], made: Value, one_pass: ForwardPass, visit: Visit
    ) -> None:
        for number, watched in enumerate(self._watched):
            if watched.value != value:
                continue
            if watched.max_selection is not None:
                read = self.program.steps[value - 1].inputs
                visit(number, one_pass.margins(watched.max_selection, read, inputs))
                continue
            if isinstance(made, KeptValues):
                raise _no_sign(watched.layer)
            seen = one_pass.neighborhood(value, made)
            visit(number, seen if watched.columns is None else _only(seen, watched.columns))

    def _coefficients(self, dtype: torch.dtype) -> dict[int, StepOperator]:
        if dtype not in self._made:
            self._made[dtype] = {
                i: StepOperator(self.program, i, dtype, self.device) for i in self._steps
            }
        return self._made[dtype]


class _Centers(Domain[torch.Tensor]):
    """Values at samples: float64 tensors (n, *shape), but for truth values and places."""

    def __init__(self, program: Program, steps: Mapping[int, StepOperator]) -> None:
        super().__init__(program)
        self._steps = steps

    def affine(self, i: int, inputs: Sequence[torch.Tensor]) -> torch.Tensor:
        """Apply a step."""
        made = self._steps[i].value(inputs)
        # The sum is quick, but overflows before the values do.
        if made.is_floating_point() and not math.isfinite(made.sum()):
            self._check(i, inputs, made)
        return made

    activation = opaque = affine

    def _check(self, i: int, inputs: Sequence[torch.Tensor], made: torch.Tensor) -> None:
        # What is masked out is infinite.
        masks = i in self.program.opaque_steps or any(bool(one.isinf().any()) for one in inputs)
        if bool((made.isnan() if masks else ~made.isfinite()).any()):
            raise NonFiniteValues(
                f"the network overflows: what {self.program.steps[i].name!r} makes of some samples "
                "is NaN or infinite, though the weights are finite; make its weights or inputs "
                "smaller"
            )


def _flat_pieces(rule: PiecewiseLinear, shape: tuple[int, ...]) -> BoolArray:
    """Which pieces of an activation are constant, (K + 1,) or (K + 1, columns)."""
    if rule.slopes.ndim == 1:
        return rule.slopes == 0
    flat = torch.from_numpy(rule.slopes == 0)
    return rows_of(flat.expand(len(flat), *shape), 1).numpy()


def _no_sign(layer: Layer) -> InvalidArgument:
    return InvalidArgument(
        f"the layer {layer.name!r} makes truth values or places, which have no sign; name what "
        "they are made from"
    )


def _only(seen: LayerVertices, columns: torch.Tensor) -> LayerVertices:
    return LayerVertices(
        seen.span.at(columns),
        lambda: seen.differences[..., columns],
        lambda sample, column: seen.at(sample, columns[column]),
    )


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
    found = {}
    for path, values in inside.items():
        leaving = [value for value in values if read_by.get(value, set()) - values]
        if len(leaving) == 1:
            found[path] = leaving[0]
    return found


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
