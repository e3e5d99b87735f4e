"""Which steps of a program to run for some of its values, and how long values live."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from splineviz.network.program import Program


def plan(
    program: Program, known: Collection[int], wanted: Collection[int] | None
) -> tuple[list[int], dict[int, list[int]]]:
    """Which steps to run, and how long values live.

    Parameters
    ----------
    program : Program
    known : collection of int
        The values that need not be made, by their number.
    wanted : collection of int or None
        Those that are to be made; None for all.

    Returns
    -------
    steps : list of int
        The steps to run, in order.
    forgotten : dict of int to list of int
        For each of them the values that no later one reads.
    """
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


def steps_to(program: Program, wanted: Collection[int]) -> list[int]:
    """The steps that some values depend on, in order."""
    return plan(program, (0,), wanted)[0]
