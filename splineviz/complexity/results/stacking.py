"""Results at successive steps, checked and stacked into arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple
from itertools import pairwise
from typing import Any

import numpy as np

from splineviz.complexity.results.local_complexity import LocalComplexity
from splineviz.errors import InvalidArgument, ShapeMismatch
from splineviz.typing import BoolArray, IntArray
from splineviz.validation.numbers import as_int


def checked_steps(steps: Iterable[int]) -> list[int]:
    """Training steps as integers.

    Raises
    ------
    InvalidArgument
        If there is none, one is not a whole number of at least 0, or they do not increase.
    """
    checked = [as_int(step, f"steps[{i}]", 0) for i, step in enumerate(_listed(steps, "steps"))]
    if not checked:
        raise InvalidArgument("steps is empty: there must be a result at one step or more")
    for before, after in pairwise(checked):
        if after <= before:
            raise InvalidArgument(f"the steps must increase, but {after} comes after {before}")
    return checked


def checked_results(
    steps: Sequence[int], results: Mapping[str, Iterable[LocalComplexity | None]]
) -> tuple[dict[str, list[LocalComplexity | None]], LocalComplexity]:
    """Results by the names of their probes, and one that stands for what they have in common.

    Parameters
    ----------
    steps : sequence of int
        As `checked_steps` gives them.
    results : mapping of str to iterable of LocalComplexity or None
        For each probe the result at each step; None where it has no points.

    Raises
    ------
    InvalidArgument
        If there is no result at all, something is none, or two differ in their radius, directions,
        seed or layers.
    ShapeMismatch
        If a probe has not as many as there are steps.
    """
    if not isinstance(results, Mapping):
        raise InvalidArgument(
            "results must be a mapping, such as {'training': results} with one result for each "
            f"step in the list, not a {type(results).__name__}"
        )
    listed = {name: _listed(values, f"results[{name!r}]") for name, values in results.items()}
    first: tuple[str, LocalComplexity] | None = None
    for name, at_steps in listed.items():
        if not isinstance(name, str):
            raise InvalidArgument(f"a probe's name must be a str, not {name!r}")
        if len(at_steps) != len(steps):
            raise ShapeMismatch(
                f"results[{name!r}] holds {len(at_steps)} results for {len(steps)} steps; at a "
                "step where there are no points, put None"
            )
        for step, result in zip(steps, at_steps, strict=True):
            if result is None:
                continue
            where = f"that of {name!r} at step {step}"
            if not isinstance(result, LocalComplexity):
                raise InvalidArgument(
                    f"a result must be what local_complexity gives, or None; {where} is a "
                    f"{type(result).__name__}"
                )
            first = first or (where, result)
            other = _difference(result, first[1])
            if other is not None:
                raise InvalidArgument(
                    f"the results cannot be compared: {where} has {other} than {first[0]}. Measure "
                    "all with the same arguments, and the same network"
                )
    if first is None:
        raise InvalidArgument("results holds no result: there must be one at some step")
    return listed, first[1]


def stacked(
    pairs: Mapping[str, Sequence[tuple[IntArray, IntArray] | None]],
    steps: Sequence[int],
    empty: tuple[int, ...],
) -> tuple[dict[str, IntArray], dict[str, IntArray], dict[str, BoolArray]]:
    """Stack the counts of each probe over the steps.

    Parameters
    ----------
    pairs : mapping of str to sequence of pairs of int64 arrays ([R,] N, L), or None
        By probe, the counts and the uncertain counts at each step; None where it has no points.
    steps : sequence of int
    empty : tuple of int
        The shape of the counts at a step if there are none at all.

    Returns
    -------
    counts, uncertain : dict of str to int64 array (S, [R,] N, L)
        0 where a probe has no points.
    there : dict of str to bool array (S,)
        At which steps a probe has points.

    Raises
    ------
    ShapeMismatch
        If there are not equally many points at each step.
    """
    counts, uncertain, there = {}, {}, {}
    for name, at_steps in pairs.items():
        counts[name], uncertain[name], there[name] = _stack_probe(name, at_steps, steps, empty)
    return counts, uncertain, there


def check_alike(name: str, first: tuple[int, int], here: tuple[int, int]) -> None:
    """Raise ShapeMismatch unless a probe has as many points at a step as at its first.

    Parameters
    ----------
    name : str
        Of the probe.
    first, here : pair of int
        A step, and how many points the probe has there.
    """
    if here[1] != first[1]:
        raise ShapeMismatch(
            f"the probe {name!r} has {here[1]} points at step {here[0]} and {first[1]} at step "
            f"{first[0]}; it must have equally many for each network"
        )


def _stack_probe(
    name: str,
    at_steps: Sequence[tuple[IntArray, IntArray] | None],
    steps: Sequence[int],
    empty: tuple[int, ...],
) -> tuple[IntArray, IntArray, BoolArray]:
    known = [(step, pair[0].shape[-2]) for step, pair in zip(steps, at_steps, strict=True) if pair]
    for one in known:
        check_alike(name, known[0], one)
    there = np.array([pair is not None for pair in at_steps])
    shape = next((pair[0].shape for pair in at_steps if pair), empty)
    nothing = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    filled = [pair or nothing for pair in at_steps]
    return np.stack([pair[0] for pair in filled]), np.stack([pair[1] for pair in filled]), there


def _listed(values: Any, what: str) -> list[Any]:
    try:
        return [*values]
    except TypeError as error:
        raise InvalidArgument(
            f"{what} must be a list with one entry for each step, not {values!r}"
        ) from error


def _difference(one: LocalComplexity, other: LocalComplexity) -> str | None:
    """What two results do not have in common, if anything."""
    if [*map(astuple, one.layers)] != [*map(astuple, other.layers)]:
        return "other layers"
    return other.neighborhood.difference(one.neighborhood)
