"""Programs of strangers, one after another, in a process of its own that may crash.

``python -m tests.network.fuzzing SEED COUNT`` prints the number of each input before it is tried,
and in the end how many were refused and how many ran.
"""

from __future__ import annotations

import collections
import copy
import json
import sys
import warnings
from random import Random
from typing import Any

import numpy as np

import splineviz as sv
from splineviz.errors import SplinevizError
from splineviz.network import program_checks as checks
from splineviz.network.layers.schemas import schema
from splineviz.network.program import Program
from tests.network.mutations import mutate_program
from tests.network.random_steps import draw_program

MUTANTS = 25
"""How many mutants of one program are tried."""


def survive(graph: Any, state: dict[str, np.ndarray]) -> str:
    """Refuse a program by an error of ours, or run it. Any other error goes through."""
    try:
        program = Program.from_json(graph, state)
    except SplinevizError:
        return "refused"
    json.dumps(program.to_json(), allow_nan=False)
    try:
        program.check_opaque_steps()
    except SplinevizError:
        return "refused by torch"
    found = "ran"
    rng = np.random.default_rng(0)
    for n in (0, 1, 3):
        x = rng.standard_normal((n, *program.input_shape))
        try:
            made = program(x)
            columns = program.pre_activations(x)
        except SplinevizError:
            found = "stopped"
            continue
        assert made.shape == (n, *program.output_shape)
        widths = [activation.width for activation in program.activations]
        assert [rows.shape for rows in columns] == [(n, width) for width in widths]
    try:
        plane = sv.InputSlice.around(np.zeros(program.input_shape), half_width=1.0)
        partition = sv.enumerate_regions(program, plane, max_regions=300, threads=1)
        assert partition.areas.sum() > 0
    except SplinevizError:
        return found
    return f"{found}, and has regions"


def say(line: object) -> None:
    """Write a line before anything else can happen."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def with_small_bounds() -> None:
    """Bound programs by what is quick to compute; the rules stay the same."""
    schema.MOST_NUMBERS, schema.MOST_TERMS = 2**14, 2**20
    checks.MOST_AT_ONCE, checks.MOST_TERMS_IN_ALL = 2**16, 2**22


def main(seed: int, count: int) -> None:
    """Try so many inputs, beginning with a seed."""
    warnings.simplefilter("ignore")
    with_small_bounds()
    counted: collections.Counter[str] = collections.Counter()
    for number in range(seed, seed + count):
        say(number)
        rng = Random(number)
        if number % MUTANTS == 0 or number == seed:
            base = draw_program(Random(number // MUTANTS), opaque=number // MUTANTS % 3 == 0)
        graph = json.loads(json.dumps(base.to_json()))
        state = {key: array.copy() for key, array in base.state.items()}
        mutate_program(rng, graph, state)
        counted[survive(copy.deepcopy(graph), state)] += 1
    say(json.dumps(counted))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
