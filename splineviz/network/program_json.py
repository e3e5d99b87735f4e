"""Programs as JSON values, which may come from a stranger.

Version 2 has no strides: every weight of a step is a whole array of the state. In version 1 an
option ``views`` said which entries of an array a weight is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from splineviz.errors import InvalidProgram
from splineviz.network.layers.schema import MOST_AXES, MOST_NUMBERS, integer, list_of, shown

if TYPE_CHECKING:
    from splineviz.network.program import Program, Step

FORMAT = "splineviz-program"
VERSION = 2

_STEP = ("kind", "inputs", "name", "params", "options")
_SHAPE = list_of(integer(0, MOST_NUMBERS), 0, MOST_AXES)


def graph_of(program: Program) -> dict[str, Any]:
    """The graph of a program, as ``Program.to_json`` gives it."""
    viewed = any("views" in step.options for step in program.steps)
    return {
        "format": FORMAT,
        "version": 1 if viewed else VERSION,
        "steps": [
            {
                "kind": step.kind,
                "inputs": list(step.inputs),
                "name": step.name,
                "params": dict(step.params),
                "options": dict(step.options),
            }
            for step in program.steps
        ],
        "shapes": [list(shape) for shape in program.shapes],
        "output": program.output,
        "state": {key: list(array.shape) for key, array in program.state.items()},
    }


def parts_of(
    graph: Any,
) -> tuple[tuple[Step, ...], tuple[tuple[int, ...], ...], int, dict[str, tuple[int, ...]]]:
    """Take a stored graph apart.

    Parameters
    ----------
    graph : object
        What should be the result of `graph_of`, read from a file.

    Returns
    -------
    steps : tuple of Step
    shapes : tuple of tuple of int
    output : int
    weights : dict of str to tuple of int
        The shape of each weight in the state.

    Raises
    ------
    InvalidProgram
        If it is not a program, was written by a newer version, or has parts of another kind. What
        its steps say is not checked here.
    """
    if not isinstance(graph, Mapping) or graph.get("format") != FORMAT:
        raise InvalidProgram(f"this is not a stored program: its format is not {FORMAT!r}")
    version = graph.get("version")
    if type(version) is not int or not 1 <= version <= VERSION:
        raise InvalidProgram(
            f"the stored program has version {shown(version)}; this splineviz reads versions 1 to "
            f"{VERSION}. Update splineviz, or trace the network again"
        )
    for name, kind in (("steps", list), ("shapes", list), ("output", int), ("state", Mapping)):
        if not isinstance(graph.get(name), kind):
            raise _malformed(f"its {name}: {shown(graph.get(name))}")
    shapes = []
    for value, shape in enumerate(graph["shapes"]):
        if not _SHAPE.fits(shape):
            raise _malformed(f"the shape of value {value} is {shown(shape)}")
        shapes.append(tuple(shape))
    for key, shape in graph["state"].items():
        if not isinstance(key, str) or not _SHAPE.fits(shape):
            raise _malformed(f"the weight {shown(key)} has the shape {shown(shape)}")
    weights = {key: tuple(shape) for key, shape in graph["state"].items()}
    steps = tuple(_step(i, step, version) for i, step in enumerate(graph["steps"]))
    return steps, tuple(shapes), graph["output"], weights


def _step(i: int, step: Any, version: int) -> Step:
    from splineviz.network.program import Step

    if not isinstance(step, Mapping) or {*step} != {*_STEP}:
        raise _malformed(f"step {i} is {shown(step)}, and has {', '.join(_STEP)}")
    made = Step(**step)
    if version > 1 and "views" in made.options:
        raise _malformed(f"step {i} ({shown(made.name)}) has views, which went with version 1")
    return made


def _malformed(what: str) -> InvalidProgram:
    return InvalidProgram(f"the stored program is malformed: {what}")
