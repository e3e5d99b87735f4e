"""The one loop that runs a program, for any kind of value.

A *domain* says what a step does to its kind of value: numbers in numpy or torch, affine maps,
bounds of rounding. The loop does the rest: it finds the steps that are needed and their order,
calls the domain's method for each, and frees a value after its last use.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from splineviz.network.layers import LAYERS
from splineviz.network.plan import plan
from splineviz.network.unsupported import unsupported
from splineviz.typing import FloatArray

if TYPE_CHECKING:
    from splineviz.network.program import Program

V = TypeVar("V")


class Domain(ABC, Generic[V]):
    """What the steps of a program do to one kind of value.

    Parameters
    ----------
    program : Program
        The program. Each method takes the number of a step and its input values, in the order of
        ``Step.inputs``, and returns the step's value.
    """

    def __init__(self, program: Program) -> None:
        self.program = program

    @abstractmethod
    def affine(self, i: int, inputs: Sequence[V]) -> V:
        """Apply an affine step."""

    @abstractmethod
    def activation(self, i: int, inputs: Sequence[V]) -> V:
        """Apply a piecewise-linear step: one of :attr:`Program.activations`."""

    def opaque(self, i: int, inputs: Sequence[V]) -> V:
        """Apply a step that is neither. Default: refuse it."""
        raise unsupported(self.program, i)


def interpret(
    domain: Domain[V], known: Mapping[int, V], wanted: Collection[int] | None = None
) -> dict[int, V]:
    """Run a program in a domain.

    Parameters
    ----------
    domain : Domain
        Of the program.
    known : mapping of int to value
        Values to start from, by number: ``{0: x}`` for an input ``x``.
    wanted : collection of int, optional
        The values to compute. Default: the output. Steps that they do not depend on do not run.

    Returns
    -------
    dict of int to value
        The wanted values.
    """
    wanted = {domain.program.output} if wanted is None else set(wanted)
    results = {value: known[value] for value in wanted if value in known}
    for i, inputs, value in walk(domain, known, wanted):
        if i + 1 in wanted:
            results[i + 1] = value
        # Without this they would stay alive during the next step.
        del inputs, value
    return results


def walk(
    domain: Domain[V], known: Mapping[int, V], wanted: Collection[int] | None = None
) -> Iterator[tuple[int, list[V], V]]:
    """Run a program in a domain step by step, freeing values that no later step reads.

    Parameters
    ----------
    domain, known
        As for :func:`interpret`.
    wanted : collection of int, optional
        The values to compute. Default: all, also those that the output does not depend on.

    Yields
    ------
    step : int
        The step that ran.
    inputs : list
        Its input values.
    value : value
        Its result: value number ``step + 1``.
    """
    program = domain.program
    steps, freed = plan(program, known, wanted)
    values = dict(known)
    for i in steps:
        inputs = [values[value] for value in program.steps[i].inputs]
        kind = LAYERS[program.steps[i].kind]
        run = domain.opaque if kind.opaque else domain.affine
        values[i + 1] = (domain.activation if kind.piecewise else run)(i, inputs)
        yield i, inputs, values[i + 1]
        del inputs
        for number in freed[i]:
            del values[number]


class Numbers(Domain[FloatArray]):
    """Batches of numbers in numpy: arrays of shape (n, *shape), float64."""

    def affine(self, i: int, inputs: Sequence[np.ndarray]) -> np.ndarray:
        """Apply the weights and the offset."""
        return self.program.affine(i, *inputs)

    def activation(self, i: int, inputs: Sequence[np.ndarray]) -> np.ndarray:
        """Apply the function."""
        return self.program.activate(i, *inputs)

    def opaque(self, i: int, inputs: Sequence[np.ndarray]) -> np.ndarray:
        """Let torch run the operation."""
        return self.program.run_opaque(i, *inputs)
