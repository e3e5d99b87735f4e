"""Program: a network as plain data, an ordered list of steps with their shapes and weights.

A :class:`Program` runs on numpy alone when the network is dense (torch is imported only by steps
that convolve or pool). It can be stored as JSON beside its weights and be given other weights,
which is how a recorded training is replayed without the user's code.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from splineviz.errors import InvalidProgram, NonFiniteValues, ShapeMismatch
from splineviz.network.activation import Activation
from splineviz.network.interpret import Numbers, interpret, walk
from splineviz.network.layers import LAYERS
from splineviz.network.layers.layer_kind import LayerKind, step_params
from splineviz.network.layers.opaque import is_smooth
from splineviz.network.max_selection import MaxSelection
from splineviz.network.piecewise_linear import PiecewiseLinear
from splineviz.network.program_checks import check_graph, check_opaque_steps, check_steps
from splineviz.network.program_json import graph_of, parts_of, without_views
from splineviz.network.program_weights import (
    ProgramWeights,
    check_finite,
    check_weight_shape,
    read_only,
)
from splineviz.network.step import Step
from splineviz.validation.arrays import as_numbers
from splineviz.validation.objects import check_kind

if TYPE_CHECKING:
    import torch

# The squares of two numbers of this ratio, times each other, are still within float64.
_COMPARABLE = 1e-70


# What operations of torch raise, for example where a place is not inside.
OF_TORCH = (RuntimeError, LookupError, TypeError, ValueError)

_STATE = "a dict of the weights by their names, such as model.state_dict()"


@dataclass(frozen=True, eq=False)
class Program:
    """A network as an ordered list of steps: affine, piecewise linear, or run by torch.

    Attributes
    ----------
    steps : tuple of Step
        In an order in which each step reads only earlier values.
    shapes : tuple of tuple of int
        The shape of each value for one sample: ``shapes[0]`` for the input, ``shapes[i + 1]`` for
        the value of step ``i``.
    state : mapping of str to float64 array
        The weights, read-only, by the names they have in the user's ``state_dict()``.
    output : int
        The value that is the network's output.

    Raises
    ------
    UnknownName
        If a step's kind is not in the table.
    InvalidProgram
        If the parts do not fit together: a step that reads a later value, a missing weight.
    NonFiniteValues
        If a weight is NaN or infinite.
    """

    steps: tuple[Step, ...]
    shapes: tuple[tuple[int, ...], ...]
    state: Mapping[str, np.ndarray]
    output: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "steps", tuple(self.steps))
        shapes = (tuple(shape) if isinstance(shape, list) else shape for shape in self.shapes)
        object.__setattr__(self, "shapes", tuple(shapes))
        check_graph(self.steps, self.shapes, self.output)
        needed = {key: step for step in self.steps for key in step.params.values()}
        missing = [key for key in needed if key not in self.state]
        if missing:
            raise InvalidProgram(
                f"the weights lack {', '.join(map(repr, missing))}, used by step "
                f"{needed[missing[0]].name!r}; they have "
                f"{', '.join(map(repr, self.state)) or 'none'}"
            )
        exact = {
            key
            for step in self.steps
            if not LAYERS[step.kind].opaque
            for key in step.params.values()
        }
        held = isinstance(self.state, ProgramWeights)
        state = {
            key: self.state[key] if held else read_only(key, self.state[key]) for key in needed
        }
        for key, array in state.items():
            check_finite(key, array, infinite=key not in exact)
        object.__setattr__(self, "state", ProgramWeights(state))
        check_steps(self.steps, self.shapes, self.output, state)
        object.__setattr__(self, "_coefficients", self._make_coefficients())

    def _make_coefficients(
        self,
    ) -> tuple[tuple[np.ndarray | None, np.ndarray | None], ...]:
        checked = {id(array) for array in self.state.values()}
        coefficients: list[tuple[np.ndarray | None, np.ndarray | None]] = []
        for i, step in enumerate(self.steps):
            params = self._params(i)
            with np.errstate(all="ignore"):
                weights, offset = LAYERS[step.kind].coefficients(params, step.options)
            for array in (weights, offset):
                if array is None or id(array) in checked or np.isfinite(array).all():
                    continue
                raise NonFiniteValues(
                    f"the {step.kind} step {step.name!r} has finite weights "
                    f"({', '.join(step.params.values())}) but its coefficients overflow or "
                    "divide by zero; check what it divides by, such as a running variance"
                )
            coefficients.append((weights, offset))
        return tuple(coefficients)

    @cached_property
    def _magnitudes(self) -> tuple[tuple[np.ndarray | None, np.ndarray | None], ...]:
        # Cached: affine_magnitude is called on single rows, where the absolute values of a whole
        # weight matrix would cost more than the product itself.
        pairs: tuple[tuple[np.ndarray | None, np.ndarray | None], ...]
        pairs = self._coefficients  # type: ignore[attr-defined]
        return tuple(
            (None if w is None else np.abs(w), None if c is None else np.abs(c)) for w, c in pairs
        )

    @cached_property
    def _squares(self) -> tuple[tuple[np.ndarray | None, float], ...]:
        """For each step the squared weights divided by the square of the largest, and the largest.

        The largest is 0 where squares would vanish beside each other.
        """
        squares: list[tuple[np.ndarray | None, float]] = []
        for weights, _ in self._magnitudes:
            if weights is None:
                squares.append((None, 1.0))
                continue
            largest = _largest_comparable(weights)
            squares.append(((weights / (largest or 1.0)) ** 2, largest))
        return tuple(squares)

    def __reduce__(self) -> tuple[Any, ...]:
        return Program, (self.steps, self.shapes, dict(self.state), self.output)

    def __repr__(self) -> str:
        neurons = sum(activation.width for activation in self.activations)
        return (
            f"Program({self.input_shape} to {self.output_shape}, {len(self.steps)} steps, "
            f"{len(self.activations)} activations with {neurons} neurons)"
        )

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one input sample."""
        return self.shapes[0]

    @property
    def output_shape(self) -> tuple[int, ...]:
        """The shape of the output for one sample."""
        return self.shapes[self.output]

    @cached_property
    def activations(self) -> tuple[Activation, ...]:
        """The piecewise-linear steps, in the order of the program."""
        piecewise = [i for i, step in enumerate(self.steps) if LAYERS[step.kind].piecewise]
        return tuple(self._activation(number, i) for number, i in enumerate(piecewise))

    @cached_property
    def opaque_steps(self) -> tuple[int, ...]:
        """The numbers of the steps that are neither affine nor piecewise linear."""
        return tuple(i for i, step in enumerate(self.steps) if LAYERS[step.kind].opaque)

    @cached_property
    def smooth_steps(self) -> tuple[int, ...]:
        """The opaque steps that are smooth activations, such as GELU or tanh."""
        return tuple(i for i in self.opaque_steps if is_smooth(self.steps[i].options))

    def _activation(self, number: int, i: int) -> Activation:
        step, row = self.steps[i], LAYERS[self.steps[i].kind]
        shape = self.shapes[i + 1]
        rule: PiecewiseLinear | MaxSelection
        if row.piecewise_linear is not None:
            rule = row.piecewise_linear(self._params(i), step.options)
            width = len(rule.breakpoints) * math.prod(shape)
        elif row.max_selection is not None:
            rule = row.max_selection(step.options, [self.shapes[value] for value in step.inputs])
            width = rule.width
        return Activation(
            number=number,
            step=i,
            name=step.name,
            width=width,
            rule=rule,
            shape=shape,
        )

    def _params(self, i: int) -> dict[str, np.ndarray]:
        step = self.steps[i]
        return step_params(step.params, step.options, self.state)

    @cached_property
    def last_use(self) -> tuple[int, ...]:
        """For each value the last step that reads it; the step that makes it if none does."""
        last = list(range(-1, len(self.steps)))
        for i, step in enumerate(self.steps):
            for value in step.inputs:
                last[value] = i
        return tuple(last)

    @cached_property
    def activation_at(self) -> Mapping[int, Activation]:
        """The activations by the number of their step."""
        return {activation.step: activation for activation in self.activations}

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Run the network.

        Parameters
        ----------
        x : array-like of shape (n, *input_shape)
            Inputs; cast to float64.

        Returns
        -------
        ndarray of shape (n, *output_shape), float64

        Raises
        ------
        ShapeMismatch
            If ``x`` is not a batch of inputs.
        """
        inputs = self._batch(x)
        result = interpret(Numbers(self), {0: inputs})[self.output]
        return result.copy() if np.may_share_memory(result, inputs) else result

    def pre_activations(self, x: np.ndarray) -> list[np.ndarray]:
        """Compute the values whose signs are each activation's pattern: positive sets the bit.

        For ReLU and LeakyReLU this is what they are applied to. For activations with other
        breakpoints it is that minus the breakpoint, for each breakpoint; for those that pass the
        largest value on, by how much each candidate beats the others.

        Parameters
        ----------
        x : array-like of shape (n, *input_shape)
            Inputs; cast to float64.

        Returns
        -------
        list of ndarray of shape (n, width), float64
            One array for each of :attr:`activations`.

        Raises
        ------
        ShapeMismatch
            If ``x`` is not a batch of inputs.
        """
        inputs = self._batch(x)
        pre_activations = []
        wanted = [activation.step + 1 for activation in self.activations]
        for i, values, _ in walk(Numbers(self), {0: inputs}, wanted):
            if i in self.activation_at:
                rows = self.switches(i, *values)
                pre_activations.append(rows.copy() if np.may_share_memory(rows, inputs) else rows)
        return pre_activations

    def activate(self, i: int, *values: np.ndarray) -> np.ndarray:
        """Apply the activation at step ``i``.

        Parameters
        ----------
        i : int
            The step of one of :attr:`activations`.
        *values : ndarray of shape (n, *shape), float64
            The values that the step reads, in the order of its ``inputs``.

        Returns
        -------
        ndarray of shape (n, *shapes[i + 1]), float64
        """
        step = self.steps[i]
        activate = LAYERS[step.kind].activate
        if activate is None:
            raise _not_an_activation(i, step)
        return self._checked(i, values, activate(self._params(i), values, step.options))

    def run_opaque(self, i: int, *values: np.ndarray) -> np.ndarray:
        """Apply the opaque step ``i``.

        Parameters
        ----------
        i : int
            One of :attr:`opaque_steps`.
        *values : ndarray of shape (n, *shape)
            The values that the step reads, in the order of its ``inputs``.

        Returns
        -------
        ndarray of shape (n, *shapes[i + 1])
            Numbers; or truth values or indices that other steps read.
        """
        step = self.steps[i]
        run = LAYERS[step.kind].opaque
        if run is None:
            raise InvalidProgram(f"step {i} ({step.name!r}, {step.kind}) is not opaque")
        self.check_opaque_steps()
        try:
            result = run(self._params(i), values, step.options)
        except OF_TORCH as error:
            raise not_applied(i, step, error) from error
        return self._checked(i, values, result)

    def check_opaque_steps(self) -> None:
        """Check with torch that all opaque steps can be applied, before the first one runs.

        Raises
        ------
        InvalidProgram
            If one cannot, or its result has another shape than stated. The message names it.
        """
        if "_asked" not in self.__dict__:
            check_opaque_steps(self.steps, self.shapes, self.state)
            object.__setattr__(self, "_asked", True)

    def switches(self, i: int, *values: np.ndarray) -> np.ndarray:
        """Compute the values whose signs are the pattern of the activation at step ``i``.

        Parameters
        ----------
        i, *values
            As for :meth:`activate`.

        Returns
        -------
        ndarray of shape (n, width), float64
            Positive where a bit of the pattern is set; columns as in
            :class:`~splineviz.network.piecewise_linear.PiecewiseLinear` and
            :class:`~splineviz.network.max_selection.MaxSelection`. For a single breakpoint at zero
            it may be a view of the value.
        """
        if i not in self.activation_at:
            raise _not_an_activation(i, self.steps[i])
        return self.activation_at[i].rule.switches(*values)

    def affine(self, i: int, *values: np.ndarray) -> np.ndarray:
        """Apply the affine step ``i``.

        Parameters
        ----------
        i : int
            A step that is not an activation.
        *values : ndarray of shape (n, *shape), float64
            The values that the step reads, in the order of its ``inputs``.

        Returns
        -------
        ndarray of shape (n, *shapes[i + 1]), float64
            Steps that only rearrange (reshape, identity) may return a view of their input.
        """
        weights, offset = self._coefficients[i]  # type: ignore[attr-defined]
        result = self._linear(i, weights, values)
        if offset is not None:
            result += offset
        return result

    def affine_linear(self, i: int, *values: np.ndarray) -> np.ndarray:
        """Apply the affine step ``i`` without its offset: ``affine(x) - affine(0)``, exactly.

        Parameters and result are those of :meth:`affine`.
        """
        return self._linear(i, self._coefficients[i][0], values)  # type: ignore[attr-defined]

    def affine_magnitude(self, i: int, *values: np.ndarray) -> np.ndarray:
        """Sum the absolute values of the terms that make up ``affine(i, *values)``.

        It bounds ``abs(affine(i, *values))``, and a few units in its last place bound the
        rounding error made there. Parameters and result are those of :meth:`affine`.
        """
        weights, offset = self._magnitudes[i]
        total = self._linear(i, weights, tuple(np.abs(value) for value in values))
        if offset is not None:
            total += offset
        return total

    def affine_deviation(self, i: int, *values: np.ndarray) -> np.ndarray:
        """Carry independent errors through the affine step ``i``: the root of summed squares.

        Parameters and result are those of :meth:`affine`, for the sizes of errors instead of
        values. Averages add up the sizes, which overstates their errors. So do steps whose errors
        or weights differ so much in size that the square of one vanishes beside another's.
        """
        squares, weight = self._squares[i]
        largest = _largest_comparable(*values)
        if weight == 0.0 or largest == 0.0:
            return self._linear(i, self._magnitudes[i][0], values)
        variance = self._linear(i, squares, tuple((value / largest) ** 2 for value in values))
        return np.sqrt(variance) * largest * weight

    def with_state(self, state: Mapping[str, Any]) -> Program:
        """Make the same network with other weights, such as those of a checkpoint.

        Parameters
        ----------
        state : mapping of str to array-like
            Weights of any floating dtype (numpy arrays, or torch tensors on any device), as in the
            network's ``state_dict()``. Names that the program does not use are ignored.

        Returns
        -------
        Program

        Raises
        ------
        InvalidProgram
            If a weight is missing.
        ShapeMismatch
            If a weight has another shape than here.
        NonFiniteValues
            If a weight is NaN or infinite.
        """
        check_kind(state, Mapping, "state", _STATE)
        arrays = {key: read_only(key, state[key]) for key in self.state if key in state}
        for key, array in arrays.items():
            check_weight_shape(key, array.shape, self.state[key].shape)
        return Program(self.steps, self.shapes, arrays, self.output)

    def to_json(self) -> dict[str, Any]:
        """Write the graph, without the weights, as values for ``json``.

        Returns
        -------
        dict
            With the fields ``format``, ``version``, ``steps``, ``shapes``, ``output`` and
            ``state`` (the shape of each weight).
        """
        return graph_of(self)

    @classmethod
    def from_json(cls, graph: Mapping[str, Any], state: Mapping[str, Any]) -> Program:
        """Make a program from what :meth:`to_json` wrote and its weights.

        Parameters
        ----------
        graph : mapping
            The result of :meth:`to_json`, possibly written to a file and read again.
        state : mapping of str to array-like
            The weights, as for :meth:`with_state`.

        Returns
        -------
        Program

        Raises
        ------
        InvalidProgram
            If ``graph`` is not a program, was written by a newer version, or a weight is missing.
        ShapeMismatch, NonFiniteValues, UnknownName
            As for :meth:`with_state` and :class:`Program`.
        """
        steps, shapes, output, weight_shapes = parts_of(graph)
        check_kind(state, Mapping, "state", _STATE)
        arrays = {key: read_only(key, state[key]) for key in weight_shapes if key in state}
        for key, array in arrays.items():
            check_weight_shape(key, array.shape, weight_shapes[key])
        steps, arrays = without_views(steps, arrays)
        return cls(steps, shapes, arrays, output)

    def to_module(self, dtype: torch.dtype | None = None) -> torch.nn.Module:
        """Make a differentiable torch module that runs this program.

        Parameters
        ----------
        dtype : torch.dtype, default torch.float32
            The dtype of its parameters.

        Returns
        -------
        torch.nn.Module
            Its ``state_dict()`` has the keys of :attr:`state`, so that a checkpoint of the user's
            network loads into it. Dropout is inactive and batch normalization uses the running
            statistics, in either mode.
        """
        from splineviz.network.torch_modules.program_module import ProgramModule

        return ProgramModule(self, dtype)

    def _linear(
        self, i: int, weights: np.ndarray | None, values: tuple[np.ndarray, ...]
    ) -> np.ndarray:
        step = self.steps[i]
        kind: LayerKind = LAYERS[step.kind]
        if kind.linear is None:
            raise InvalidProgram(
                f"step {i} ({step.name!r}, {step.kind}) is an activation, not an affine step"
            )
        return self._checked(i, values, kind.linear(weights, values, step.options))

    def _checked(self, i: int, values: tuple[np.ndarray, ...], result: np.ndarray) -> np.ndarray:
        """Check the shape of a step's result: compiled code relies on it."""
        expected = (len(values[0]), *self.shapes[i + 1])
        if result.shape != expected:
            step = self.steps[i]
            raise InvalidProgram(
                f"step {i} ({step.name!r}, {step.kind}) made values of shape {result.shape}, and "
                f"{expected} is stated"
            )
        return result

    def _batch(self, x: np.ndarray) -> np.ndarray:
        batch = as_numbers(x, "x", "(n, *input_shape)")
        if batch.ndim == 0 or batch.shape[1:] != self.input_shape:
            expected = ", ".join(["n", *map(str, self.input_shape)])
            raise ShapeMismatch(
                f"x has shape {batch.shape}; the network takes inputs of shape ({expected}), a "
                "batch of n samples"
            )
        return batch


def not_applied(i: int, step: Step, error: Exception) -> InvalidProgram:
    """Make the error for an opaque step that torch refuses to run."""
    return InvalidProgram(
        f"step {i} ({step.name!r}, {step.options['operation']}) cannot be applied to these values: "
        f"{error}"
    )


def _not_an_activation(i: int, step: Step) -> InvalidProgram:
    return InvalidProgram(
        f"step {i} ({step.name!r}, {step.kind}) is an affine step, not an activation"
    )


def _largest_comparable(*values: np.ndarray) -> float:
    """The largest size; 0 if it is 0, or if squares of other sizes would vanish beside its own."""
    largest = max(float(value.max(initial=0.0)) for value in values)
    # Zeros are exact.
    least = min(float(value.min(initial=np.inf, where=value > 0)) for value in values)
    return largest if largest < np.inf and least >= largest * _COMPARABLE else 0.0
