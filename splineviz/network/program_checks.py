"""Checks that the parts of a program fit together, made before any of them is used."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from splineviz.errors import InvalidProgram, NonFiniteValues, UnknownName
from splineviz.network.layers import LAYERS
from splineviz.network.layers.layer_kind import step_params
from splineviz.network.layers.schemas.opaque import result_of
from splineviz.network.layers.schemas.schema import Facts, Misfit, Shape, check_shape
from splineviz.validation.wording import shown

if TYPE_CHECKING:
    from splineviz.network.step import Step

MOST_STEPS = 2**16
"""How many steps a program may have."""
MOST_AT_ONCE = 2**28
"""How many numbers of one sample may be needed at the same time: two gigabytes."""
MOST_TERMS_IN_ALL = 2**42
"""How many terms all steps together may add up or compare for one sample."""


class StepCannotBe(InvalidProgram):
    """Raised for a step that no program can have.

    Parameters
    ----------
    i : int
        Its number.
    step : Step
    misfit : Misfit
        What it cannot be.
    """

    def __init__(self, i: int, step: Step, misfit: Misfit) -> None:
        super().__init__(f"step {i} ({shown(step.name)}, {step.kind}) cannot be: {misfit}")
        self.step, self.misfit = step, misfit


def check_graph(steps: Sequence[Step], shapes: Sequence[Any], output: Any) -> None:
    """Check kinds, names, the order of the steps, and that shapes are shapes.

    Raises
    ------
    UnknownName
        If a step's kind is not in the table.
    InvalidProgram
    """
    if len(shapes) != len(steps) + 1:
        raise InvalidProgram(
            f"{len(steps)} steps need {len(steps) + 1} shapes (the input's first), got "
            f"{len(shapes)}"
        )
    if len(steps) > MOST_STEPS:
        raise InvalidProgram(f"there are {len(steps):,} steps, and {MOST_STEPS:,} at most are run")
    names: set[str] = set()
    for i, step in enumerate(steps):
        if step.kind not in LAYERS:
            raise UnknownName("layer kind", step.kind, list(LAYERS))
        if not step.inputs or not all(0 <= value <= i for value in step.inputs):
            raise InvalidProgram(
                f"step {i} ({shown(step.name)}) reads the values {shown(step.inputs)}; it can "
                f"read 0 to {i}"
            )
        if step.name in names:
            raise InvalidProgram(f"two steps are named {shown(step.name)}; names must be unique")
        names.add(step.name)
    if type(output) is not int or not 0 <= output <= len(steps):
        raise InvalidProgram(
            f"the output is value {shown(output)}, but the values are 0 to {len(steps)}"
        )
    for value, shape in enumerate(shapes):
        where = f"the shape of value {value}" if value else "the shape of the input"
        if not isinstance(shape, tuple) or not all(type(size) is int for size in shape):
            raise InvalidProgram(f"{where} is {shown(shape)}, not whole numbers")
        try:
            check_shape(shape)
        except Misfit as error:
            raise InvalidProgram(f"{where} is {shown(shape)}: {error}") from error


def check_steps(
    steps: Sequence[Step], shapes: Sequence[Shape], output: int, state: Mapping[str, np.ndarray]
) -> None:
    """Check options and weights of all steps, and that they make values of the stated shapes.

    Parameters
    ----------
    steps, shapes, output
        A graph that `check_graph` let pass.
    state : mapping of str to array
        All weights that the steps name.

    Raises
    ------
    InvalidProgram
        With the name of the step.
    NonFiniteValues
        If a number that is written into a step is NaN or infinite.
    """
    terms = 0
    for i, step in enumerate(steps):
        schema = LAYERS[step.kind].schema
        inputs = tuple(shapes[value] for value in step.inputs)
        try:
            schema.check_options(step.options, [*step.params])
            params = step_params(step.params, step.options, state)
            for role in step.options.get("literals", ()):
                _check_finite(step, role, params[role])
            facts = Facts(inputs, step.options, {role: a.shape for role, a in params.items()})
            inferred, more = schema.infer(facts)
            terms += more
            if inferred is not None and inferred != shapes[i + 1]:
                raise _other_shape(inferred, shapes[i + 1])
        except Misfit as error:
            raise StepCannotBe(i, step, error) from error
    if terms > MOST_TERMS_IN_ALL:
        raise InvalidProgram(
            f"its steps add up {terms:,} terms for each sample, and {MOST_TERMS_IN_ALL:,} at most "
            "are computed"
        )
    _check_memory(steps, shapes, output)


def check_opaque_steps(
    steps: Sequence[Step], shapes: Sequence[Shape], state: Mapping[str, np.ndarray]
) -> None:
    """Compare the shapes of opaque steps with what torch infers, without running them.

    Parameters
    ----------
    steps, shapes, state
        Those of a program.

    Raises
    ------
    InvalidProgram
        With the name of the step. Also where a step reads truth values or whole numbers and cannot.
    """
    dtypes = ["float64"]
    for i, step in enumerate(steps):
        row, reads = LAYERS[step.kind], [dtypes[value] for value in step.inputs]
        try:
            if row.opaque is None:
                if {*reads} != {"float64"} and not (row.schema.rearranges and len({*reads}) == 1):
                    raise Misfit(f"it reads {' and '.join(sorted({*reads}))} values")
                dtypes.append(reads[0])
                continue
            inputs = [(shapes[value], dtypes[value]) for value in step.inputs]
            params = step_params(step.params, step.options, state)
            weights = [(role, array.shape) for role, array in params.items()]
            inferred, dtype = result_of(step.options, inputs, weights)
            if inferred != shapes[i + 1]:
                raise _other_shape(inferred, shapes[i + 1])
        except Misfit as error:
            raise StepCannotBe(i, step, error) from error
        dtypes.append(dtype)


def _check_finite(step: Step, role: str, numbers: np.ndarray) -> None:
    # What only torch runs may hold infinities, as the mask of an attention does.
    fit = ~np.isnan(numbers) if LAYERS[step.kind].opaque else np.isfinite(numbers)
    if not fit.all():
        raise NonFiniteValues(
            f"the {step.kind} step {shown(step.name)} has NaN or infinite numbers in its {role}; "
            "regions are defined for finite ones only"
        )


def _other_shape(inferred: Shape, stated: Shape) -> Misfit:
    return Misfit(f"it makes values of shape {inferred} for one sample, and {stated} is stated")


def _check_memory(steps: Sequence[Step], shapes: Sequence[Shape], output: int) -> None:
    """Check how many numbers are alive at a time, when values are freed after their last use."""
    last = {value: i for i, step in enumerate(steps) for value in (*step.inputs, i + 1)}
    last[output] = len(steps)
    forgotten: dict[int, list[int]] = {}
    for value, i in last.items():
        forgotten.setdefault(i, []).append(value)
    now = math.prod(shapes[0])
    for i, step in enumerate(steps):
        now += math.prod(shapes[i + 1])
        if now > MOST_AT_ONCE:
            raise InvalidProgram(
                f"at step {i} ({shown(step.name)}) {now:,} numbers are needed at once for one "
                f"sample, and {MOST_AT_ONCE:,} at most are computed"
            )
        now -= sum(math.prod(shapes[value]) for value in forgotten.get(i, ()))
