"""The one loop that runs a program, whatever its values are.

A *domain* says what a step does to its kind of value: numbers in numpy or in torch, affine maps,
bounds of rounding. The loop knows the rest: which steps are needed, their order, which of the
domain's methods a step is for, and when a value is read for the last time.
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
        Whose steps they are. Each method is given the number of a step and what it reads, in the
        order of its ``inputs``, and returns what the step makes.
    """

    def __init__(self, program: Program) -> None:
        self.program = program

    @abstractmethod
    def affine(self, i: int, inputs: Sequence[V]) -> V:
        """What an affine step makes."""

    @abstractmethod
    def activation(self, i: int, inputs: Sequence[V]) -> V:
        """What a piecewise-linear step makes: one of :attr:`Program.activations`."""

    def opaque(self, i: int, inputs: Sequence[V]) -> V:
        """What a step makes that is neither; most domains know nothing of those."""
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
        Values to start from, by their number: ``{0: x}`` for an input ``x``.
    wanted : collection of int, optional
        The values to make; default: the output. Steps that they do not depend on are not run.

    Returns
    -------
    dict of int to value
        The wanted values.
    """
    wanted = {domain.program.output} if wanted is None else set(wanted)
    found = {value: known[value] for value in wanted if value in known}
    for i, inputs, made in walk(domain, known, wanted):
        if i + 1 in wanted:
            found[i + 1] = made
        # Else they would live until the next step is done.
        del inputs, made
    return found


def walk(
    domain: Domain[V], known: Mapping[int, V], wanted: Collection[int] | None = None
) -> Iterator[tuple[int, list[V], V]]:
    """Run a program in a domain step by step, forgetting values that no later step reads.

    Parameters
    ----------
    domain, known
        As for :func:`interpret`.
    wanted : collection of int, optional
        The values to make. Default: all, also those that the output does not depend on.

    Yields
    ------
    step : int
        The step that was run.
    inputs : list
        What it read.
    made : value
        What it made: the value of number ``step + 1``.
    """
    program = domain.program
    steps, forgotten = plan(program, known, wanted)
    values = dict(known)
    for i in steps:
        inputs = [values[value] for value in program.steps[i].inputs]
        kind = LAYERS[program.steps[i].kind]
        run = domain.opaque if kind.opaque else domain.affine
        made = values[i + 1] = (domain.activation if kind.piecewise else run)(i, inputs)
        yield i, inputs, made
        del inputs, made
        for value in forgotten[i]:
            del values[value]


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
