"""Which steps a program must run for some of its values, and when each value is freed."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from splineviz.network.program import Program


def plan(
    program: Program, known: Collection[int], wanted: Collection[int] | None
) -> tuple[list[int], dict[int, list[int]]]:
    """Find the steps to run, and the values to free after each.

    Parameters
    ----------
    program : Program
    known : collection of int
        The values that exist already, by number.
    wanted : collection of int or None
        The values to compute; None for all.

    Returns
    -------
    steps : list of int
        The steps to run, in order.
    freed : dict of int to list of int
        For each of them the values that no later one reads.
    """
    needed = {*range(len(program.steps) + 1)} if wanted is None else {*wanted}
    steps: list[int] = []
    seen: set[int] = set()
    freed: dict[int, list[int]] = {}
    for i in reversed(range(len(program.steps))):
        if i + 1 in needed and i + 1 not in known:
            inputs = program.steps[i].inputs
            # Going backward, the first step that reads a value is the last one to need it.
            freed[i] = list({i + 1, *inputs} - seen)
            seen.update(freed[i])
            needed.update(inputs)
            steps.append(i)
    return steps[::-1], freed


def steps_to(program: Program, wanted: Collection[int]) -> list[int]:
    """List the steps that some values depend on, in order."""
    return plan(program, (0,), wanted)[0]
