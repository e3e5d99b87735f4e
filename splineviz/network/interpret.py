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
import numpy.typing as npt

from splineviz.errors import UnsupportedLayer
from splineviz.network.layers import LAYERS

if TYPE_CHECKING:
    from splineviz.network.program import Program

V = TypeVar("V")

# Operations that networks end in and that do not change which output is the largest.
_KEEP_ORDER = frozenset({"softmax", "_softmax", "log_softmax", "_log_softmax", "sigmoid", "tanh"})


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
        raise _unsupported(self.program, i)


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
    steps, forgotten = _plan(program, known, wanted)
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


def steps_to(program: Program, wanted: Collection[int]) -> list[int]:
    """The steps that some values depend on, in order."""
    return _plan(program, (0,), wanted)[0]


def _plan(
    program: Program, known: Collection[int], wanted: Collection[int] | None
) -> tuple[list[int], dict[int, list[int]]]:
    """The steps to run, in order, and the values to forget behind each of them."""
    needed = {*range(len(program.steps) + 1)} if wanted is None else {*wanted}
    steps: list[int] = []
    seen: set[int] = set()
    forgotten: dict[int, list[int]] = {}
    for i in reversed(range(len(program.steps))):
        if i + 1 in needed and i + 1 not in known:
            inputs = program.steps[i].inputs
            # From the last step to the first: who is seen first reads a value last.
            forgotten[i] = list({i + 1, *inputs} - seen)
            seen.update(forgotten[i])
            needed.update(inputs)
            steps.append(i)
    return steps[::-1], forgotten


def refuse_opaque(program: Program) -> None:
    """Refuse a program whose regions, or maps on them, an opaque step would make wrong.

    Raises
    ------
    UnsupportedLayer
        If an activation or the output depends on a step that is neither affine nor piecewise
        linear. It names the first of them.
    """
    if program.opaque_steps:
        wanted = [program.output, *(activation.step + 1 for activation in program.activations)]
        for i in steps_to(program, wanted):
            if i in program.opaque_steps:
                raise _unsupported(program, i)


def _unsupported(program: Program, i: int) -> UnsupportedLayer:
    """The error for an opaque step where everything has to be piecewise linear."""
    step = program.steps[i]
    operation = str(step.options["operation"]).partition(".")[0]
    readers = [
        repr(activation.name)
        for activation in program.activations
        if i in steps_to(program, [activation.step + 1])
    ]
    reader = f"the activation {readers[0]}" if readers else "the output"
    advice = (
        "Put something piecewise linear in its place (ReLU, LeakyReLU, max pooling, batch "
        "normalization), or measure the network with local_complexity, which takes any layer."
    )
    if i + 1 == program.output:
        advice = "Leave it out: let the network return what goes into it."
        if operation in _KEEP_ORDER and len(program.output_shape) == 1:
            advice += f" The largest output before the {operation} is the largest behind it."
    return UnsupportedLayer(
        step.name,
        operation,
        f"it is no operation known to be affine or piecewise linear, and {reader} depends on it: "
        "there are no exact linear regions",
        advice,
    )


class Numbers(Domain[npt.NDArray[np.float64]]):
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
