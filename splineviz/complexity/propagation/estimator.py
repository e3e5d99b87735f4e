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
from dataclasses import replace
from functools import cached_property

import torch

from splineviz.complexity.arguments.layer_choice import Names
from splineviz.complexity.arguments.layer_names import Layer, Switches
from splineviz.complexity.propagation.activation_deltas import MaxWindows
from splineviz.complexity.propagation.forward_pass import ForwardPass, KeptValues, Value
from splineviz.complexity.propagation.layer_vertices import LayerVertices, Visit
from splineviz.complexity.propagation.memory_layout import rows_of
from splineviz.complexity.propagation.network_layers import WatchedLayer
from splineviz.complexity.propagation.step_operator import StepOperator
from splineviz.errors import InvalidArgument, NonFiniteValues
from splineviz.network.interpret import Domain, walk
from splineviz.network.piecewise_linear import PiecewiseLinear
from splineviz.network.program import Program

# Memory of an opaque step, in numbers per number that it reads or makes: torch computes it in
# float64, and a second time with all numbers moved.
_OPAQUE = 6


class Estimator:
    """Sends the neighborhoods of samples through a program, and shows the watched layers.

    Parameters
    ----------
    program : Program
        The network.
    device : torch.device
        Where to compute.
    watched : tuple of WatchedLayer
        The layers whose values are wanted.
    names : tuple of tuple of str
        Their names: several where values are added.

    Attributes
    ----------
    dtypes : tuple of torch.dtype
        The types in which differences are computed. The second is used only for samples that the
        first leaves uncertain.
    input_shape : tuple of int
        The shape of one sample.
    """

    dtypes: tuple[torch.dtype, ...] = (torch.float32, torch.float64)

    def __init__(
        self,
        program: Program,
        device: torch.device,
        watched: tuple[WatchedLayer, ...],
        names: tuple[Names, ...],
    ) -> None:
        self.program = program
        self.device = device
        self.input_shape = program.input_shape
        self.names = names
        self._watched = watched
        self._made: dict[torch.dtype, dict[int, StepOperator]] = {}
        self._along: tuple[torch.Tensor, dict[int, torch.Tensor]] | None = None

    @property
    def layers(self) -> tuple[tuple[Layer, Switches], ...]:
        """The chosen layers."""
        return tuple((watched.layer, watched.switches) for watched in self._watched)

    def count_only(self, counted: Sequence[torch.Tensor]) -> None:
        """From now on, count only the neurons that these masks select, one mask for each layer."""
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
        breakpoints: dict[int, set[float]] = {}
        for i in self._steps:
            if i in self.program.activation_at:
                rule = self.program.activation_at[i].rule
                if isinstance(rule, PiecewiseLinear):
                    value = self.program.steps[i].inputs[0]
                    breakpoints.setdefault(value, set()).update(rule.breakpoints.tolist())
        for watched in self._watched:
            if watched.max_selection is None:
                breakpoints.setdefault(watched.value, set()).update(
                    watched.switches.points.tolist()
                )
        return {value: tuple(sorted(points)) for value, points in breakpoints.items()}

    def numbers_a_center(self) -> int:
        """Count the numbers that `centers` holds per sample."""
        return sum(math.prod(self.program.shapes[value]) for value in {0, *self._results})

    def numbers_a_vertex(self, shared_frame: bool) -> int:
        """Count the numbers held at once per vertex, without those that all samples share."""
        sizes = [math.prod(shape) for shape in self.program.shapes]
        if shared_frame:
            for value in self._linear:
                sizes[value] = 0
        opaque, last = set(self.program.opaque_steps), self.program.last_use
        live, most = {0}, max(1, sizes[0])
        for i in self._steps:
            live.add(i + 1)
            # A step may need as much memory again as its result.
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
        linear = {0}
        bent = {*self.program.activation_at, *self.program.opaque_steps}
        for i in self._steps:
            if i not in bent and linear.issuperset(self.program.steps[i].inputs):
                linear.add(i + 1)
        return linear

    def centers(self, x: torch.Tensor) -> dict[int, torch.Tensor]:
        """Compute all values (n, *shape) at samples x, by their numbers in the program.

        They are float64, except truth values and places. If one overflows, NonFiniteValues is
        raised.
        """
        start = x.contiguous(memory_format=torch.channels_last) if x.ndim == 4 else x
        values = {0: start}
        domain = _Centers(self.program, self._coefficients(torch.float64))
        for i, _, result in walk(domain, {0: start}, self._wanted):
            values[i + 1] = result
        return values

    def at_centers(self, centers: Mapping[int, torch.Tensor]) -> list[torch.Tensor]:
        """Pick the values of the chosen layers, each (n, columns), out of all values."""
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
            All values at the samples.
        directions : float64 tensor (n or 1, p, *input_shape)
            The directions v, of each sample or of all.
        radius : float
            r.
        dtype : torch.dtype
            The type of the differences after the first activation.
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
        for i, inputs, result in walk(one_pass, {0: start}, self._wanted):
            self._look(i + 1, inputs, result, one_pass, visit)
            del inputs, result

    def _straight_along(self, directions: torch.Tensor) -> dict[int, torch.Tensor]:
        """Return what is known before the first activation, which these directions determine."""
        if self._along is None or self._along[0] is not directions:
            self._along = directions, {}
        return self._along[1]

    def _look(
        self,
        value: int,
        inputs: Sequence[Value],
        result: Value,
        one_pass: ForwardPass,
        visit: Visit,
    ) -> None:
        for number, watched in enumerate(self._watched):
            if watched.value != value:
                continue
            if watched.max_selection is not None:
                read = self.program.steps[value - 1].inputs
                visit(number, one_pass.margins(watched.max_selection, read, inputs))
                continue
            if isinstance(result, KeptValues):
                raise _no_sign(watched.layer)
            seen = one_pass.neighborhood(value, result)
            visit(number, seen if watched.columns is None else _only(seen, watched.columns))

    def _coefficients(self, dtype: torch.dtype) -> dict[int, StepOperator]:
        if dtype not in self._made:
            self._made[dtype] = {
                i: StepOperator(self.program, i, dtype, self.device) for i in self._steps
            }
        return self._made[dtype]


class _Centers(Domain[torch.Tensor]):
    """Values at samples: tensors (n, *shape), float64 except truth values and places."""

    def __init__(self, program: Program, steps: Mapping[int, StepOperator]) -> None:
        super().__init__(program)
        self._steps = steps

    def affine(self, i: int, inputs: Sequence[torch.Tensor]) -> torch.Tensor:
        """Apply a step."""
        result = self._steps[i].value(inputs)
        # A quick test: the sum overflows if a value does, and sometimes if none does.
        if result.is_floating_point() and not math.isfinite(result.sum()):
            self._check(i, inputs, result)
        return result

    activation = opaque = affine

    def _check(self, i: int, inputs: Sequence[torch.Tensor], result: torch.Tensor) -> None:
        # Masks are infinite on purpose.
        masks = i in self.program.opaque_steps or any(bool(one.isinf().any()) for one in inputs)
        if bool((result.isnan() if masks else ~result.isfinite()).any()):
            raise NonFiniteValues(
                f"the network overflows: what {self.program.steps[i].name!r} makes of some samples "
                "is NaN or infinite, though the weights are finite; make its weights or inputs "
                "smaller"
            )


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
