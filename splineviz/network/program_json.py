"""Programs as JSON values, which may come from a stranger.

Version 2 has no strides: every weight of a step is a whole array of the state. In version 1 an
option ``views`` says which entries of an array a weight is; they are taken out when it is read.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from splineviz.errors import InvalidProgram
from splineviz.network.layers.schemas.schema import MOST_AXES, MOST_NUMBERS, integer, list_of
from splineviz.network.step import Step
from splineviz.validation.wording import shown

if TYPE_CHECKING:
    from splineviz.network.program import Program

FORMAT = "splineviz-program"
VERSION = 2

_STEP = ("kind", "inputs", "name", "params", "options")
_SHAPE = list_of(integer(0, MOST_NUMBERS), 0, MOST_AXES)


def graph_of(program: Program) -> dict[str, Any]:
    """Write the graph of a program, for ``Program.to_json``."""
    return {
        "format": FORMAT,
        "version": VERSION,
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
    """Read the parts of a stored graph.

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
    if not isinstance(step, Mapping) or {*step} != {*_STEP}:
        raise _malformed(f"step {i} is {shown(step)}, and has {', '.join(_STEP)}")
    read = Step(**step)
    if version > 1 and "views" in read.options:
        raise _malformed(f"step {i} ({shown(read.name)}) has views, which went with version 1")
    return read


def without_views(
    steps: Sequence[Step], state: Mapping[str, np.ndarray]
) -> tuple[tuple[Step, ...], dict[str, np.ndarray]]:
    """Replace views of weights, which version 1 had, by arrays of their own.

    Parameters
    ----------
    steps : sequence of Step
    state : mapping of str to array
        The weights that there are.

    Returns
    -------
    steps : tuple of Step
        Without the option ``views``.
    state : dict of str to array
        Also with the parts, as ``STEP.ROLE``.

    Raises
    ------
    InvalidProgram
        If a view is none of its weight.
    """
    rewritten, arrays = [], dict(state)
    for i, step in enumerate(steps):
        options, params = dict(step.options), dict(step.params)
        views = options.pop("views", {})
        if not isinstance(views, Mapping):
            raise _malformed(f"step {i} ({shown(step.name)}) has the views {shown(views)}")
        for role, view in views.items():
            if role not in params or not _is_view(view):
                raise _malformed(
                    f"step {i} ({shown(step.name)}) has the view {shown(view)} of {shown(role)}"
                )
            if params[role] not in arrays:
                continue
            key = f"{step.name}.{role}"
            while key in arrays:
                key += "_view"
            size, stride, offset = view
            places = _places(size, stride, offset, arrays[params[role]].size)
            if places is None:
                raise _malformed(
                    f"step {i} ({shown(step.name)}) has a view of size, stride and offset {view} "
                    f"that leaves its {role}, of shape {arrays[params[role]].shape}"
                )
            arrays[key] = arrays[params[role]].reshape(-1)[places]
            params[role] = key
        rewritten.append(Step(step.kind, step.inputs, step.name, params, options))
    return tuple(rewritten), arrays


_OFFSET = integer(0, MOST_NUMBERS)
_STRIDES = list_of(_OFFSET, 0, MOST_AXES)


def _is_view(view: Any) -> bool:
    whole = isinstance(view, list) and len(view) == 3 and _OFFSET.fits(view[2])
    if not whole or not all(map(_STRIDES.fits, view[:2])):
        return False
    size, stride, _ = view
    return len(size) == len(stride) and 0 < math.prod(size) <= MOST_NUMBERS


def _places(
    size: Sequence[int], stride: Sequence[int], offset: int, total: int
) -> np.ndarray | None:
    """Indices of a view in a flat array of that size; None if one is outside."""
    last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    if last >= total:
        return None
    places = np.full((), offset)
    for n, step in zip(size, stride, strict=True):
        places = places[..., None] + np.arange(n) * step
    return places


def _malformed(what: str) -> InvalidProgram:
    return InvalidProgram(f"the stored program is malformed: {what}")
