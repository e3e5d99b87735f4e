"""Neighborhoods carried through a traced network: a centre in float64, and differences from it.

The vertices round a sample are close together, and a neuron is crossed or not by how they differ.
So the centre h and the differences d of the vertices from it are carried on their own: an affine
step makes ``L d``, an activation ``f(h + d) - f(h)``. Rounding is then relative to the difference,
not to the value, and float32 is enough for the differences of all but a few samples. How far it
may be off is carried along, as the variance of independent errors.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch

from splineviz.complexity.coefficients import Coefficients
from splineviz.complexity.layers import OUTPUT, Layer, Switches
from splineviz.complexity.neighborhood import Visit
from splineviz.complexity.passing import Carried, Pass
from splineviz.complexity.scratch import Scratch
from splineviz.complexity.screening import FEWEST_DIRECTIONS, Screen, Screened
from splineviz.complexity.selection import Names
from splineviz.errors import NonFiniteValues, ShapeMismatch
from splineviz.network.contest import Contest
from splineviz.network.kinks import Kinks
from splineviz.network.program import Program, Step


@dataclass(frozen=True, eq=False)
class _Watched:
    """A layer to look at: what it is, the values that it reads, and where it switches."""

    layer: Layer
    switches: Switches
    values: tuple[int, ...]
    contest: Contest | None = None


class ProgramNeighborhoods:
    """Neighborhoods in a piecewise-linear network that was traced.

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
        self._made: dict[torch.dtype, dict[int, Coefficients]] = {}
        self._scratch = Scratch()
        self._along: tuple[torch.Tensor, dict[int, torch.Tensor]] | None = None

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

    def watch(self, chosen: Sequence[Names]) -> ProgramNeighborhoods:
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
        return ProgramNeighborhoods(program, self.device, tuple(watched))

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
    def _last(self) -> dict[int, tuple[int, list[float]]]:
        """The dense steps whose values one layer only looks at: its number, where it switches."""
        read = {value for i in self._steps for value in self.program.steps[i].inputs}
        looked_at = Counter(value for watched in self._watched for value in watched.values)
        found = {}
        for number, watched in enumerate(self._watched):
            value = watched.values[0]
            alone = watched.contest is None and value not in read and looked_at[value] == 1
            if alone and value and self._coefficients(torch.float64)[value - 1].matrix is not None:
                found[value - 1] = number, watched.switches.points.tolist()
        return found

    @cached_property
    def _private(self) -> set[int]:
        """The values that one step only reads, and that share no memory with another."""
        reads = Counter(value for i in self._steps for value in self.program.steps[i].inputs)
        fine = self._coefficients(torch.float64)
        activated = self.program.activation_at
        made = {i + 1 for i in self._steps if i in activated or fine[i].multiplies}
        sums = [watched.values for watched in self._watched]
        # Looked at after they are made, when others are as well.
        later = {value for values in sums for value in values if value < max(values)}
        return {value for value in made - later if reads[value] == 1}

    @cached_property
    def _switching(self) -> dict[int, tuple[float, ...]]:
        """The values of which neurons switch, and at which points, if not in a contest only."""
        found: dict[int, set[float]] = {}
        for i in self._steps:
            if i in self.program.activation_at:
                rule = self.program.activation_at[i].rule
                for value in self.program.steps[i].inputs:
                    points = rule.points.tolist() if isinstance(rule, Kinks) else ()
                    found.setdefault(value, set()).update(points)
        for watched in self._watched:
            for value in watched.values:
                points = watched.switches.points.tolist() if watched.contest is None else ()
                found.setdefault(value, set()).update(points)
        return {value: tuple(sorted(points)) for value, points in found.items()}

    def numbers_a_vertex(self, shared_frame: bool) -> int:
        """The most numbers that one vertex has at a time, but for what all samples share."""
        sizes = [math.prod(shape) for shape in self.program.shapes]
        if shared_frame:
            for value in self._linear:
                sizes[value] = 0
        live, most = {0}, max(1, sizes[0])
        for i in self._steps:
            live.add(i + 1)
            # A step may need as much again as it makes.
            most = max(most, sizes[i + 1] + sum(sizes[value] for value in live))
            live = {value for value in live if self._last_use[value] > i}
        return most

    @cached_property
    def _linear(self) -> set[int]:
        """The values with no activation before them."""
        found = {0}
        for i in self._steps:
            if i not in self.program.activation_at and found.issuperset(
                self.program.steps[i].inputs
            ):
                found.add(i + 1)
        return found

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
        values = {0: x.contiguous(memory_format=torch.channels_last) if x.ndim == 4 else x}
        for i in self._steps:
            step = self.program.steps[i]
            read = [values[value] for value in step.inputs]
            made = values[i + 1] = self._coefficients(torch.float64)[i].value(read)
            # The sum is quick, but overflows before the values do.
            if not math.isfinite(made.sum()) and not bool(made.isfinite().all()):
                raise NonFiniteValues(
                    f"the network overflows: what {step.name!r} makes of some samples is NaN or "
                    "infinite, though the weights are finite; make its weights or inputs smaller"
                )
        return values

    def screens(self, directions: int, shared_frame: bool) -> bool:
        """Whether `screened` may find something, for so many directions of a sample."""
        return shared_frame and directions >= FEWEST_DIRECTIONS and self._screen is not None

    def screened(
        self, centres: Mapping[int, torch.Tensor], directions: torch.Tensor, radius: float
    ) -> Screened | None:
        """What switches round samples, as far as that is known without carrying their vertices.

        Parameters
        ----------
        centres : dict of int to float64 tensor (n, *shape)
            From `centres`.
        directions : float64 tensor (n or 1, p, *input_shape)
            The directions, of each sample or of all.
        radius : float
            r.

        Returns
        -------
        Screened or None
            None if nothing is, or it would not be quicker.
        """
        if self._screen is None or not self.screens(directions.shape[1], len(directions) == 1):
            return None
        return self._screen.screened(self._pass(centres, directions, radius, torch.float64))

    @cached_property
    def _screen(self) -> Screen | None:
        """What finds that, if the network is simple enough."""
        if any(watched.contest is not None for watched in self._watched):
            return None
        return Screen.of(
            self.program,
            self._coefficients(torch.float64),
            self._steps,
            self._switching,
            [watched.values[0] for watched in self._watched],
        )

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
        made = self._pass(centres, directions, radius, dtype)
        values = {0: made.start()}
        self._look(0, values, made, visit)
        for i in self._steps:
            inputs = [values[value] for value in self.program.steps[i].inputs]
            if i in self._last and not inputs[0].linear:
                number, points = self._last[i]
                visit(number, made.looked_at(i, inputs[0], points))
            else:
                activation = i in self.program.activation_at
                values[i + 1] = (made.activated if activation else made.mapped)(i, inputs)
                self._look(i + 1, values, made, visit)
            for value in [value for value in values if self._last_use[value] <= i]:
                read = values.pop(value)
                # Other steps take no memory.
                if value in self._private and made.fine[i].matrix is not None:
                    made.give_back(read)

    def _pass(
        self,
        centres: Mapping[int, torch.Tensor],
        directions: torch.Tensor,
        radius: float,
        dtype: torch.dtype,
    ) -> Pass:
        return Pass(
            self.program,
            centres,
            directions,
            radius,
            self._coefficients(dtype),
            self._coefficients(torch.float64),
            dtype,
            self._private,
            self._switching.keys(),
            self._straight_along(directions),
            self._scratch,
        )

    def _straight_along(self, directions: torch.Tensor) -> dict[int, torch.Tensor]:
        """What was made of the same directions round other samples."""
        if self._along is None or self._along[0] is not directions:
            self._along = directions, {}
        return self._along[1]

    def _look(self, new: int, values: Mapping[int, Carried], made: Pass, visit: Visit) -> None:
        for number, watched in enumerate(self._watched):
            if max(watched.values) == new:
                carried = [values[value] for value in watched.values]
                if watched.contest is None:
                    visit(number, made.neighborhood(new, carried[0]))
                else:
                    visit(number, made.margins(watched.contest, watched.values, carried))

    def _coefficients(self, dtype: torch.dtype) -> dict[int, Coefficients]:
        if dtype not in self._made:
            self._made[dtype] = {
                i: Coefficients(self.program, i, dtype, self.device) for i in self._steps
            }
        return self._made[dtype]


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
