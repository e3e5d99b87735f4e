"""Neighbourhoods carried through a traced network: a centre in float64, and differences from it.

The vertices round a sample are close together, and a neuron is crossed or not by how they differ.
So the centre h and the differences d of the vertices from it are carried on their own: an affine
step makes ``L d``, an activation ``f(h + d) - f(h)``. Rounding is then relative to the difference,
not to the value, and float32 is enough for the differences of all but a few samples. How far it
may be off is carried along, as the variance of independent errors.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch

from splineviz.complexity.bending import Windows, bent
from splineviz.complexity.layers import OUTPUT, Layer, Switches
from splineviz.complexity.neighbourhood import Neighbourhood, Visit
from splineviz.complexity.selection import Names
from splineviz.errors import NonFiniteValues, ShapeMismatch
from splineviz.network.contest import Contest
from splineviz.network.kinks import Kinks
from splineviz.network.layers import LAYERS
from splineviz.network.layers.rows import step_params
from splineviz.network.program import Program, Step

# A vertex within so many times the error that is carried along counts as on the boundary. The
# error of a sum of products is carried as one unit of rounding of the root of the sum of their
# squares; tests hold that against what happens.
_SAFETY = 32.0


@dataclass(frozen=True, eq=False)
class _Watched:
    """A layer to look at: what it is, the values that it reads, and where it switches."""

    layer: Layer
    switches: Switches
    values: tuple[int, ...]
    contest: Contest | None = None


@dataclass(frozen=True, eq=False)
class _Carried:
    """A value of the program at the vertices.

    Attributes
    ----------
    rows : tensor (n or 1, vertices, columns)
        Differences from the centre. Before the first activation they are linear in the direction:
        then they are in float64, divided by the radius, and only those of the positive directions.
    size : tensor (n or 1, columns)
        The largest of their absolute values, or a bound, divided by the radius.
    variance : tensor (n or 1, columns)
        The squared error of a value, in units of rounding times the radius.
    linear : bool
        Whether no activation lies before it.
    """

    rows: torch.Tensor
    size: torch.Tensor
    variance: torch.Tensor
    linear: bool


class ProgramNeighbourhoods:
    """Neighbourhoods in a piecewise-linear network that was traced.

    Parameters
    ----------
    program : Program
        The network.
    device : torch.device
        Where to compute.
    watched : tuple
        The layers to look at; use `watch`.

    Attributes
    ----------
    method : str
        ``"program"``.
    dtypes : tuple of torch.dtype
        Those that differences are carried in: one after the other, for samples that the one
        before left uncertain.
    input_shape : tuple of int
        The shape of one sample.
    """

    method = "program"
    dtypes: tuple[torch.dtype, ...] = (torch.float32, torch.float64)

    def __init__(
        self, program: Program, device: torch.device, watched: tuple[_Watched, ...] = ()
    ) -> None:
        self.program = program
        self.device = device
        self.input_shape = program.input_shape
        self._watched = watched
        self._made: dict[torch.dtype, dict[int, _Coefficients]] = {}

    @cached_property
    def available(self) -> list[tuple[Layer, Switches]]:
        """The activations in the order of the network, and its output."""
        return [(watched.layer, watched.switches) for watched in self._by_name.values()]

    @cached_property
    def others(self) -> list[str]:
        """The names of the other steps, whose values can be looked at."""
        return [step.name for step in self.program.steps if step.name not in self._by_name]

    @cached_property
    def _by_name(self) -> dict[str, _Watched]:
        found = {}
        for activation in self.program.activations:
            step, rule = self.program.steps[activation.step], activation.rule
            if isinstance(rule, Kinks):
                layer = Layer(step.name, step.kind, math.prod(activation.shape))
                found[step.name] = _Watched(layer, Switches(points=rule.points), step.inputs)
            else:
                layer = Layer(step.name, step.kind, len(rule.counts))
                switches = Switches(rule.column_window, contest=True)
                found[step.name] = _Watched(layer, switches, step.inputs, rule)
        layer = Layer(OUTPUT, OUTPUT, math.prod(self.program.output_shape))
        return {**found, OUTPUT: _Watched(layer, Switches(), (self.program.output,))}

    def watch(self, chosen: Sequence[Names]) -> ProgramNeighbourhoods:
        """The same network with some layers to look at.

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
            program, value = _with_sum(program, names)
            layer = Layer(" + ".join(names), "values", math.prod(program.shapes[value]))
            watched.append(_Watched(layer, Switches(), (value,)))
        return ProgramNeighbourhoods(program, self.device, tuple(watched))

    @property
    def layers(self) -> tuple[tuple[Layer, Switches], ...]:
        """The layers that are looked at."""
        return tuple((watched.layer, watched.switches) for watched in self._watched)

    @cached_property
    def _steps(self) -> list[int]:
        """The steps that the layers depend on, in order."""
        needed = {value for watched in self._watched for value in watched.values}
        for i in reversed(range(len(self.program.steps))):
            if i + 1 in needed:
                needed.update(self.program.steps[i].inputs)
        return [value - 1 for value in sorted(needed) if value > 0]

    @cached_property
    def _last_use(self) -> dict[int, int]:
        """For each value the last step behind which it is needed no more."""
        last = {0: -1}
        for i in self._steps:
            last[i + 1] = i
            last |= dict.fromkeys(self.program.steps[i].inputs, i)
        for watched in self._watched:
            looked_at = max(watched.values) - 1
            last |= {value: max(last[value], looked_at) for value in watched.values}
        return last

    @cached_property
    def numbers_a_vertex(self) -> int:
        """The most numbers that one vertex has at a time."""
        live, most = {0}, math.prod(self.input_shape)
        for i in self._steps:
            live.add(i + 1)
            sizes = [math.prod(self.program.shapes[value]) for value in live]
            # A step may need as much again as it makes.
            most = max(most, math.prod(self.program.shapes[i + 1]) + sum(sizes))
            live = {value for value in live if self._last_use[value] > i}
        return most

    def centres(self, x: torch.Tensor) -> dict[int, torch.Tensor]:
        """All values at the centres.

        Parameters
        ----------
        x : float64 tensor (n, *input_shape)
            Samples.

        Returns
        -------
        dict of int to float64 tensor (n, *shape)
            By the number of the value in the program.

        Raises
        ------
        NonFiniteValues
            If a value overflows.
        """
        values = {0: x}
        for i in self._steps:
            step = self.program.steps[i]
            read = [values[value] for value in step.inputs]
            values[i + 1] = self._coefficients(torch.float64)[i].value(read)
            if not bool(values[i + 1].isfinite().all()):
                raise NonFiniteValues(
                    f"the network overflows: what {step.name!r} makes of some samples is NaN or "
                    "infinite, though the weights are finite; make its weights or inputs smaller"
                )
        return values

    def carry(
        self,
        centres: Mapping[int, torch.Tensor],
        directions: torch.Tensor,
        radius: float,
        dtype: torch.dtype,
        visit: Visit,
    ) -> None:
        """Carry the vertices ``x + r v`` and ``x - r v`` through the network.

        Parameters
        ----------
        centres : dict of int to float64 tensor (n, *shape)
            From `centres`.
        directions : float64 tensor (n or 1, p, *input_shape)
            The directions v, of each sample or of all.
        radius : float
            r.
        dtype : torch.dtype
            Of the differences behind the first activation.
        visit : callable
            Told of each layer that is looked at.
        """
        pass_ = _Pass(self, centres, radius, dtype)
        rows = _rows(directions, 2)
        size = rows.abs().amax(1)
        values = {0: _Carried(rows, size, torch.zeros_like(size), linear=True)}
        self._look(0, values, pass_, visit)
        for i in self._steps:
            inputs = [values[value] for value in self.program.steps[i].inputs]
            if i in self.program.activation_at:
                values[i + 1] = pass_.activated(i, inputs)
            else:
                values[i + 1] = pass_.mapped(i, inputs)
            self._look(i + 1, values, pass_, visit)
            for value in [value for value in values if self._last_use[value] <= i]:
                del values[value]

    def _look(self, made: int, values: Mapping[int, _Carried], pass_: _Pass, visit: Visit) -> None:
        for number, watched in enumerate(self._watched):
            if max(watched.values) == made:
                carried = [values[value] for value in watched.values]
                if watched.contest is None:
                    visit(number, pass_.neighbourhood(made, carried[0]))
                else:
                    visit(number, pass_.margins(watched.contest, watched.values, carried))

    def _coefficients(self, dtype: torch.dtype) -> dict[int, _Coefficients]:
        if dtype not in self._made:
            self._made[dtype] = {
                i: _Coefficients(self.program, i, dtype, self.device) for i in self._steps
            }
        return self._made[dtype]


class _Pass:
    """One way of the vertices round some samples through a network."""

    def __init__(
        self,
        network: ProgramNeighbourhoods,
        centres: Mapping[int, torch.Tensor],
        radius: float,
        dtype: torch.dtype,
    ) -> None:
        self.program = network.program
        self.centres = centres
        self.radius = radius
        self.dtype = dtype
        self.fine = network._coefficients(torch.float64)
        self.coarse = network._coefficients(dtype)
        self.unit = torch.finfo(dtype).eps / 2
        # A unit of rounding of float64, in those of the differences.
        self.fine_unit = torch.finfo(torch.float64).eps / 2 / self.unit

    def mapped(self, i: int, inputs: Sequence[_Carried]) -> _Carried:
        """What an affine step makes."""
        step, linear = self.program.steps[i], all(carried.linear for carried in inputs)
        coefficients = self.fine[i] if linear else self.coarse[i]
        self.program.shapes[i + 1]
        carried = [one if linear else self._at_vertices(one) for one in inputs]
        n = max(len(one.rows) for one in carried)
        read = []
        for value, one in zip(step.inputs, carried, strict=True):
            batch = _sampled(one.rows.expand(n, -1, -1), self.program.shapes[value])
            read.append(batch.flatten(0, 1))
        made = coefficients.linear(read).unflatten(0, (n, carried[0].rows.shape[1]))
        rows = _rows(made, 2)
        low, high = rows.amin(1), rows.amax(1)
        size = torch.maximum(low.neg_(), high) / (1.0 if linear else self.radius)
        seeds = [
            _sampled(self._seed(value, one), self.program.shapes[value])
            for value, one in zip(step.inputs, carried, strict=True)
        ]
        variance = _rows(coefficients.variance(seeds), 1)
        unit = self.fine_unit if linear else 1.0
        return _Carried(rows, size, variance + (unit * size) ** 2, linear)

    def _seed(self, value: int, carried: _Carried) -> torch.Tensor:
        """The variance of a value, and that of rounding it in a product."""
        of_centre = self.fine_unit / self.radius * _rows(self.centres[value], 1)
        of_difference = carried.size * (self.fine_unit if carried.linear else 1.0)
        return carried.variance + of_difference**2 + of_centre.to(carried.size.dtype) ** 2

    def activated(self, i: int, inputs: Sequence[_Carried]) -> _Carried:
        """What an activation makes."""
        rule, read = self.program.activation_at[i].rule, self.program.steps[i].inputs
        if isinstance(rule, Contest):
            return self._contested(i, rule, inputs)
        neighbourhood = self.neighbourhood(read[0], inputs[0])
        centre = neighbourhood.centre
        slopes = self.coarse[i].slopes(rule)
        rows = bent(rule, slopes, centre, neighbourhood.differences.to(self.dtype))
        ends = torch.stack([neighbourhood.low, neighbourhood.high], 1).to(self.dtype)
        size = rule.steepest * inputs[0].size.to(self.dtype)
        if (rule.slopes >= 0).all():
            size = bent(rule, slopes, centre, ends).abs().amax(1) / self.radius
        variance = rule.steepest**2 * inputs[0].variance.to(self.dtype)
        if not rule.slopes[0].any():
            # Where no vertex comes near the first kink, all is exactly flat.
            reach = centre + neighbourhood.high + neighbourhood.noise
            variance = variance * (reach >= float(rule.points[0]))
        return _Carried(rows, size, variance, linear=False)

    def _contested(self, i: int, rule: Contest, inputs: Sequence[_Carried]) -> _Carried:
        windows, d, size, variance = self._competing(rule, self.program.steps[i].inputs, inputs)
        shape = self.program.shapes[i + 1]
        won = windows.winners(d)
        return _Carried(
            _rows(won.unflatten(2, shape), 2),
            _rows(windows.largest(size).unflatten(1, shape), 1),
            _rows(windows.largest(variance).unflatten(1, shape), 1),
            linear=False,
        )

    def margins(
        self, rule: Contest, values: Sequence[int], carried: Sequence[_Carried]
    ) -> Neighbourhood:
        """By how much the candidates of a contest win."""
        windows, d, _, variance = self._competing(rule, values, carried)
        margins = windows.margins(d)
        # A margin is a difference of two values.
        noise = 2 * self._noise(windows.largest_by_column(variance))
        zero = torch.zeros((), dtype=torch.float64, device=margins.device)
        return Neighbourhood(zero.expand(len(margins), margins.shape[2]), margins, noise)

    def _competing(
        self, rule: Contest, values: Sequence[int], carried: Sequence[_Carried]
    ) -> tuple[Windows, torch.Tensor, torch.Tensor, torch.Tensor]:
        """The windows; differences, sizes and variances of all that the contest reads."""
        centre = torch.cat([self.centres[value].flatten(1) for value in values], 1)
        shapes = [self.program.shapes[value] for value in values]
        moved = [self._at_vertices(one) for one in carried]

        def joined(parts: Sequence[torch.Tensor]) -> torch.Tensor:
            lead = parts[0].ndim - 1
            flat = [_sampled(p, s).flatten(lead) for p, s in zip(parts, shapes, strict=True)]
            return torch.cat([part.expand(len(centre), *[-1] * lead) for part in flat], -1)

        d = joined([one.rows for one in moved])
        size = joined([one.size for one in moved])
        variance = joined([one.variance for one in moved])
        return Windows(rule, centre), d, size, variance

    def neighbourhood(self, value: int, carried: _Carried) -> Neighbourhood:
        """A value at the vertices."""
        rows = carried.rows
        if carried.linear:
            rows = torch.cat([rows, -rows], 1) * self.radius
        return Neighbourhood(_rows(self.centres[value], 1), rows, self._noise(carried.variance))

    def _at_vertices(self, carried: _Carried) -> _Carried:
        """The same at all vertices, in the type of the differences."""
        if not carried.linear:
            return carried
        rows = (torch.cat([carried.rows, -carried.rows], 1) * self.radius).to(self.dtype)
        size, variance = carried.size.to(self.dtype), carried.variance.to(self.dtype)
        return _Carried(rows, size, variance, linear=False)

    def _noise(self, variance: torch.Tensor) -> torch.Tensor:
        return _SAFETY * self.unit * self.radius * variance.double().sqrt()


class _Coefficients:
    """What a step computes, with its weights in one type."""

    def __init__(self, program: Program, i: int, dtype: torch.dtype, device: torch.device) -> None:
        def tensor(array: Any) -> Any:
            return None if array is None else torch.tensor(np.asarray(array)).to(device, dtype)

        self.step: Step = program.steps[i]
        self.kind = LAYERS[self.step.kind]
        self.shape = program.shapes[i + 1]
        params = step_params(self.step.params, self.step.options, program.state)
        weights, offset = self.kind.coefficients(params, self.step.options)
        self._params = {role: tensor(array) for role, array in params.items()}
        self._weights, self._offset = tensor(weights), tensor(offset)
        if self.step.kind == "conv2d" and dtype != torch.float64:
            # Twice as fast; float64 convolutions are not.
            self._weights = self._weights.to(memory_format=torch.channels_last)
        self._squares = None if weights is None else self._weights**2
        self._dtype, self._device = dtype, device

    def value(self, inputs: Sequence[torch.Tensor]) -> torch.Tensor:
        """What the step makes of values (n, *shape)."""
        if self.kind.activate is not None:
            return self.kind.activate(self._params, inputs, self.step.options)
        made = self.linear(inputs)
        return made if self._offset is None else made + self._offset

    def linear(self, inputs: Sequence[torch.Tensor]) -> torch.Tensor:
        """The linear part of an affine step on differences (n, *shape)."""
        assert self.kind.linear is not None
        return self.kind.linear(self._weights, inputs, self.step.options)

    def variance(self, inputs: Sequence[torch.Tensor]) -> torch.Tensor:
        """How independent errors pass an affine step, squared (n, *shape)."""
        assert self.kind.linear is not None
        return self.kind.linear(self._squares, inputs, self.step.options)

    def slopes(self, rule: Kinks) -> list[float | torch.Tensor]:
        """The slopes of an activation, by column where they are not all alike."""
        if rule.slopes.ndim == 1:
            return rule.slopes.tolist()
        slopes = torch.tensor(rule.slopes).to(self._device, self._dtype)
        return [*_rows(slopes.expand(len(slopes), *self.shape), 1)]


def _with_sum(program: Program, names: Names) -> tuple[Program, int]:
    """A program that also adds what some steps make, and the number of the sum."""
    numbers = {step.name: i + 1 for i, step in enumerate(program.steps)}
    values = [program.output if name == OUTPUT else numbers[name] for name in names]
    if len(values) == 1:
        return program, values[0]
    shapes = [program.shapes[value] for value in values]
    if len(set(shapes)) > 1:
        listed = ", ".join(f"{n!r} {s}" for n, s in zip(names, shapes, strict=True))
        raise ShapeMismatch(f"layers of different shapes cannot be added: {listed}")
    step = Step("add", tuple(values), " + ".join(names), {}, {})
    steps, all_shapes = (*program.steps, step), (*program.shapes, shapes[0])
    return Program(steps, all_shapes, program.state, program.output), len(steps)


def _rows(values: torch.Tensor, lead: int) -> torch.Tensor:
    """Values (..., *shape) as (..., columns), behind `lead` axes; channels of images last.

    In this order neither convolutions nor sums over vertices have to move anything.
    """
    if values.ndim == lead + 3:
        values = values.movedim(lead, -1)
    return values.reshape(*values.shape[:lead], math.prod(values.shape[lead:]))


def _sampled(rows: torch.Tensor, shape: tuple[int, ...]) -> torch.Tensor:
    """Rows (..., columns) as (..., *shape) again."""
    lead = rows.shape[:-1]
    if len(shape) == 3:
        return rows.reshape(*lead, *shape[1:], shape[0]).movedim(-1, len(lead))
    return rows.reshape(*lead, *shape)
