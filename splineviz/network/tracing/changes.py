"""How a network differs from what it was, beyond the values of its weights and constants."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from splineviz.network.activation import Activation
from splineviz.network.max_selection import MaxSelection
from splineviz.network.program import Program
from splineviz.network.step import Step


def changes(old: Program, new: Program) -> tuple[str, ...]:
    """List what makes a program another network than an earlier one, as phrases.

    Parameters
    ----------
    old, new : Program
        What was traced of a network, and what was traced of it later.

    Returns
    -------
    tuple of str
        Empty if the steps, the weights they take, the shapes and the columns of all patterns are
        the same, so that only the values of weights and constants may differ.
    """
    if len(old.steps) != len(new.steps):
        return (_another_number(old, new),)
    tied = dict.fromkeys(_ties(old, new))
    if tied:
        return tuple(tied)
    differences: dict[str, None] = {}
    for i, (before, now) in enumerate(zip(old.steps, new.steps, strict=True)):
        differences.update(dict.fromkeys(_of_step(before, now)))
        if old.shapes[i + 1] != new.shapes[i + 1]:
            differences[
                f"step {before.name!r} made values of shape {old.shapes[i + 1]} for one input and "
                f"now makes them of shape {new.shapes[i + 1]}"
            ] = None
    if old.output != new.output:
        differences["another of its values is its output"] = None
    if not differences:
        differences.update(dict.fromkeys(_of_patterns(old, new)))
    return tuple(differences)


def changed_options(old: Program, new: Program) -> dict[str, dict[str, Any]]:
    """Collect the options of steps whose constants differ from those of an earlier program.

    Parameters
    ----------
    old, new : Program
        Two between which `changes` finds nothing.

    Returns
    -------
    dict of str to dict
        By the names of the steps, all options of `new`, as JSON values.
    """
    return {
        now.name: _plain(now.options)
        for before, now in zip(old.steps, new.steps, strict=True)
        if _plain(before.options) != _plain(now.options)
    }


def _another_number(old: Program, new: Program) -> str:
    more = len(new.steps) - len(old.steps)
    (fewer, larger), word = ((old, new), "more") if more > 0 else ((new, old), "fewer")
    known = {step.name for step in fewer.steps}
    names = [repr(step.name) for step in larger.steps if step.name not in known]
    listed = ", ".join(names[:4]) + (" and so on" if len(names) > 4 else "")
    steps = "step" if abs(more) == 1 else "steps"
    return f"it has {abs(more)} {word} {steps}" + (f" ({listed})" if names else "")


def _ties(old: Program, new: Program) -> Iterator[str]:
    """Find weights that were one tensor and are now two, or the other way round."""
    for before, now in zip(old.steps, new.steps, strict=True):
        for role in before.params.keys() & now.params.keys():
            one, other = before.params[role], now.params[role]
            pair = f"the weights {one!r} and {other!r}"
            if one in new.state and other not in old.state:
                yield f"{pair} were one tensor and are now two"
            elif other in old.state and one not in new.state:
                yield f"{pair} were two tensors and are now one"


def _of_step(before: Step, now: Step) -> Iterator[str]:
    name = f"step {before.name!r}"
    if before.kind != now.kind:
        yield f"{name} was {_described(before)} and is now {_described(now)}"
    elif before.name != now.name:
        yield f"{name} is now {now.name!r}"
    elif before.inputs != now.inputs:
        yield f"{name} is applied to the results of other steps"
    elif before.params != now.params:
        for role in sorted({*before.params, *now.params}):
            one, other = (step.params.get(role, "no weight") for step in (before, now))
            if one != other:
                yield f"the {role} of {name} was {one} and is now {other}"


def _of_patterns(old: Program, new: Program) -> Iterator[str]:
    for before, now in zip(old.activations, new.activations, strict=True):
        if _columns(before) == _columns(now):
            continue
        options = old.steps[before.step].options, new.steps[now.step].options
        for name in sorted({*options[0], *options[1]}):
            one, other = (each.get(name) for each in options)
            if one != other:
                yield f"step {before.name!r}: {name} was {one} and is now {other}"


def _columns(activation: Activation) -> tuple[Any, ...]:
    """Describe the columns of a pattern as far as all checkpoints must share them."""
    rule = activation.rule
    if isinstance(rule, MaxSelection):
        return "max selection", activation.width
    return "piecewise linear", activation.width, len(rule.breakpoints)


def _described(step: Step) -> str:
    simple = {
        name: value
        for name, value in step.options.items()
        if isinstance(value, int | float | str) or value is None
    }
    listed = ", ".join(f"{name} {value}" for name, value in simple.items())
    return f"{step.kind} ({listed})" if listed else step.kind


def _plain(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options as they are after writing and reading a file."""
    plain: dict[str, Any] = json.loads(json.dumps(dict(options)))
    return plain
