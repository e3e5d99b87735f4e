"""What a row requires of a step before it runs: options, weights, and the shape of its result.

A program may come from a file of a stranger, so nothing in it is trusted: options are checked
against a closed list, the shape of each value is inferred from those before it, and sizes are
bounded before memory of that size is allocated.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np

from splineviz.validation.wording import shown

Shape: TypeAlias = tuple[int, ...]

MOST_AXES = 15
"""How many axes a value may have for one sample."""
MOST_NUMBERS = 2**27
"""How many numbers a value may have for one sample, and a step may keep beside it: a gigabyte."""
MOST_TERMS = 2**38
"""How many terms a step may add up or compare for one sample: some minutes of one core."""

# More than any kernel, stride or padding has; the products of three of them are still exact.
_MOST_OF_WINDOW = 2**20


# Options that any step with weights may have.
_OF_WEIGHTS = ("literals", "buffers")


class Misfit(Exception):
    """Raised if a step cannot be what it says it is; the message says why."""


class NoBatch(Misfit):
    """Raised where the result of a step does not have the samples on its first axis."""


# Options ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Option:
    """What an option must be.

    Attributes
    ----------
    words : str
        The requirement in words, for error messages.
    fits : callable (value) -> bool
        Whether a JSON value meets it.
    required : bool
        Whether it must be there.
    """

    words: str
    fits: Callable[[Any], bool]
    required: bool = True


def integer(low: int = 1, high: int = MOST_NUMBERS) -> Option:
    """Accept a whole number from `low` to `high`."""
    return Option(
        f"a whole number from {low} to {high}",
        lambda value: type(value) is int and low <= value <= high,
    )


def number(*, positive: bool = False) -> Option:
    """Accept a finite number."""
    return Option(
        "a positive number" if positive else "a finite number",
        lambda value: _is_number(value) and (value > 0 or not positive),
    )


def _is_number(value: Any) -> bool:
    if type(value) is int:
        return abs(value) < 2**63
    return isinstance(value, float) and math.isfinite(value)


def one_of(*names: str) -> Option:
    """Accept one of some names."""
    return Option(
        " or ".join(map(repr, names)), lambda value: type(value) is str and value in names
    )


def list_of(each: Option, least: int = 0, most: int = MOST_NUMBERS) -> Option:
    """Accept a list with that many entries."""
    some = f"{least}" if least == most else f"at least {least}" if least else ""
    return Option(
        f"a list of {some + ', each ' if some else ''}{each.words}",
        lambda value: (
            isinstance(value, list | tuple)
            and least <= len(value) <= most
            and all(map(each.fits, value))
        ),
    )


def sizes(dimensions: int, low: int = 1) -> Option:
    """Accept a whole number for each dimension, as for a kernel or its stride."""
    return list_of(integer(low, _MOST_OF_WINDOW), dimensions, dimensions)


def either(*options: Option) -> Option:
    """Accept one of several."""
    return Option(
        ", or ".join(option.words for option in options),
        lambda value: any(option.fits(value) for option in options),
    )


def left_out(option: Option) -> Option:
    """Accept an option that may be missing."""
    return replace(option, required=False)


BOOLEAN = Option("true or false", lambda value: type(value) is bool)
NONE = Option("null", lambda value: value is None)
SHAPE = list_of(integer(), 0, MOST_AXES)


# Schemas ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Facts:
    """What is known about a step before it runs.

    Attributes
    ----------
    inputs : tuple of tuple of int
        The shapes of what it reads, for one sample.
    options : mapping
        The options, each of them checked.
    params : mapping of str to tuple of int
        The shapes of its weights by their roles.
    """

    inputs: tuple[Shape, ...]
    options: Mapping[str, Any]
    params: Mapping[str, Shape]

    @property
    def input(self) -> Shape:
        """The shape of the only input."""
        return self.inputs[0]


def _one(facts: Facts, shape: Shape) -> int:
    return len(facts.inputs)


@dataclass(frozen=True)
class Weight:
    """What a weight must be.

    Attributes
    ----------
    ranks : tuple of int
        How many axes it may have.
    required : bool
        Whether it must be there.
    """

    ranks: Sequence[int] = range(MOST_AXES + 1)
    required: bool = True


@dataclass(frozen=True)
class Schema:
    """What the steps of a row can be.

    Attributes
    ----------
    shape : callable (Facts) -> tuple of int or None
        The shape of the result for one sample; None where only torch can tell. It raises `Misfit`
        where there is none, or where the step would mix the samples of a batch.
    options : mapping of str to Option
        The options that a step may have, by name.
    params : mapping of str to Weight, or None
        The weights that a step may have, by role; None for any.
    inputs : tuple of two int
        The smallest and the largest number of values that a step reads.
    terms : callable (Facts, shape) -> int
        The largest number of terms that make one number of the result. It raises `Misfit` if an
        intermediate result would be unreasonably large.
    rearranges : bool
        Whether a step only rearranges its inputs, which may then be numbers of any type.
    """

    shape: Callable[[Facts], Shape | None]
    options: Mapping[str, Option] = field(default_factory=dict)
    params: Mapping[str, Weight] | None = field(default_factory=dict)
    inputs: tuple[int, int] = (1, 1)
    terms: Callable[[Facts, Shape], int] = _one
    rearranges: bool = False

    def check_options(self, options: Mapping[str, Any], roles: Sequence[str]) -> None:
        """Check all options of a step.

        Parameters
        ----------
        options : mapping
            JSON values by name, whatever they are.
        roles : sequence of str
            The roles of the weights that are in the state.

        Raises
        ------
        Misfit
        """
        for name, option in self.options.items():
            if name not in options:
                if option.required:
                    raise Misfit(f"its option {name!r} is missing: {option.words}")
            elif not option.fits(options[name]):
                raise Misfit(f"its {name} is {shown(options[name])}, not {option.words}")
        literals, buffers = options.get("literals", {}), options.get("buffers", [])
        if not isinstance(literals, Mapping):
            raise Misfit(f"its literals are {shown(literals)}, not numbers by their roles")
        if not isinstance(buffers, list | tuple) or not all(role in roles for role in buffers):
            raise Misfit(f"its buffers are {shown(buffers)}, not roles of its weights")
        for name in options:
            if name not in self.options and (name not in _OF_WEIGHTS or self.params == {}):
                raise Misfit(
                    f"it has no option {shown(name)}; its options are {_names(self.options)}"
                )
        weights = self.params
        for role in (*roles, *literals):
            if weights is not None and role not in weights:
                raise Misfit(f"it takes no weight {shown(role)}; it takes {_names(weights)}")
        for role, numbers in literals.items():
            if role in roles:
                raise Misfit(f"its {role} is given twice")
            _check_numbers(role, numbers)
        for role, weight in (weights or {}).items():
            if weight.required and role not in roles and role not in literals:
                raise Misfit(f"it lacks its {role}")

    def infer(self, facts: Facts) -> tuple[Shape | None, int]:
        """Infer the shape of the result for one sample, if it follows, and how many terms it has.

        Raises
        ------
        Misfit
        """
        least, most = self.inputs
        if not least <= len(facts.inputs) <= most:
            raise Misfit(f"it reads {len(facts.inputs)} values, not {_count(least, most)}")
        for role, shape in facts.params.items():
            if 0 in shape:
                raise Misfit(f"its {role} of shape {shape} is empty")
            if self.params is not None and len(shape) not in self.params[role].ranks:
                raise Misfit(f"its {role} has the shape {shape}")
        result = self.shape(facts)
        if result is None:
            return None, 0
        check_shape(result)
        total = math.prod(result) * self.terms(facts, result)
        if total > MOST_TERMS:
            raise Misfit(
                f"it adds up {total:,} terms for each sample, and {MOST_TERMS:,} at most are "
                "computed"
            )
        return result, total


def check_shape(shape: Shape) -> None:
    """Check a shape, for one sample.

    Raises
    ------
    Misfit
        If it is empty, or larger than what is computed here.
    """
    if len(shape) > MOST_AXES:
        raise Misfit(f"a value would have {len(shape)} axes, and may have {MOST_AXES}")
    if min(shape, default=1) < 1:
        raise Misfit(f"a value of shape {shape} for one sample would be empty")
    check_size(math.prod(shape), f"a value of shape {shape}")


def check_size(numbers: int, what: str) -> None:
    """Check how many numbers there are for one sample.

    Raises
    ------
    Misfit
    """
    if numbers > MOST_NUMBERS:
        raise Misfit(
            f"{what} has {numbers:,} numbers for one sample, and may have {MOST_NUMBERS:,}"
        )


def broadcast(*shapes: Shape) -> Shape:
    """Broadcast several shapes together.

    Raises
    ------
    Misfit
        If they do not fit, or have different numbers of axes: the batch would be one of them.
    """
    if len({len(shape) for shape in shapes}) > 1:
        raise Misfit(f"it takes values of different numbers of axes together: {_listed(shapes)}")
    return tuple(_widest(sizes, shapes) for sizes in zip(*shapes, strict=True))


def _widest(sizes: tuple[int, ...], shapes: Sequence[Shape]) -> int:
    widest = max(sizes)
    if any(size not in (1, widest) for size in sizes):
        raise Misfit(f"the shapes {_listed(shapes)} do not fit each other")
    return widest


def stretched(weight: Shape, value: Shape, role: str) -> Shape:
    """Broadcast the shape of a value with a weight, which is the same for all samples.

    The weight may have an axis of size 1 in the place of the samples.

    Raises
    ------
    Misfit
    """
    if len(weight) == len(value) + 1 and weight[0] == 1:
        weight = weight[1:]
    if len(weight) > len(value):
        raise Misfit(f"its {role} of shape {weight} has more axes than values of shape {value}")
    return broadcast((1,) * (len(value) - len(weight)) + weight, value)


def _check_numbers(role: str, numbers: Any) -> None:
    """Check that a literal is a number, or nested lists of them that make an array."""
    try:
        array = np.array(numbers)
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise Misfit(f"its {role} {shown(numbers)} is no array of numbers") from error
    if array.dtype.kind not in "iuf" or array.ndim > MOST_AXES or not array.size:
        raise Misfit(f"its {role} {shown(numbers)} is no array of numbers")


def _listed(shapes: Sequence[Shape]) -> str:
    return " and ".join(map(str, shapes[:4]))


def _names(names: Mapping[str, Any]) -> str:
    return ", ".join(names) or "none"


def _count(least: int, most: int) -> str:
    return f"{least}" if least == most else f"{least} to {most}"
