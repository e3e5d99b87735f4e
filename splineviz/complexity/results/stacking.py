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

    Arguments and errors are those of :meth:`ComplexityCurves.from_results`; the steps are checked.
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
    name: str,
    results: Sequence[LocalComplexity | None],
    steps: Sequence[int],
    empty: tuple[int, ...],
) -> tuple[IntArray, IntArray, BoolArray]:
    """Stack what a probe gave at each step: counts, uncertain ones, and where it has points.

    Where it has none, the result is None and counts are 0, of the shape `empty` if it never has
    any. ShapeMismatch is raised if there are not equally many points at each step.
    """
    known = [(step, each) for step, each in zip(steps, results, strict=True) if each is not None]
    sizes = [(step, each.counts.shape[-2]) for step, each in known]
    for size in sizes:
        check_alike(name, sizes[0], size)
    shape = known[0][1].counts.shape if known else empty
    nothing = np.zeros(shape, dtype=np.int64)
    has_points = np.array([each is not None for each in results])
    counts = [nothing if each is None else each.counts for each in results]
    uncertain = [nothing if each is None else each.uncertain for each in results]
    return np.stack(counts), np.stack(uncertain), has_points


def stacked_neurons(probes: Iterable[Sequence[LocalComplexity | None]], layers: int) -> IntArray:
    """How many neurons were counted at each step, int64 (S, L); 0 where no probe has points."""
    nothing = np.zeros(layers, dtype=np.int64)
    at_steps = zip(*probes, strict=True)
    known = (next((one for one in at_step if one is not None), None) for at_step in at_steps)
    return np.stack([nothing if one is None else one.neurons for one in known])


def check_alike(name: str, first: tuple[int, int], here: tuple[int, int]) -> None:
    """Raise ShapeMismatch unless a probe has equally many points: pairs of a step and a number."""
    if here[1] != first[1]:
        raise ShapeMismatch(
            f"the probe {name!r} has {here[1]} points at step {here[0]} and {first[1]} at step "
            f"{first[0]}; it must have equally many for each network"
        )


def _listed(values: Any, what: str) -> list[Any]:
    try:
        if isinstance(values, str | bytes):
            raise TypeError
        return [*values]
    except TypeError as error:
        raise InvalidArgument(
            f"{what} must be a list with one entry for each step, not {values!r}"
        ) from error


def _difference(one: LocalComplexity, other: LocalComplexity) -> str | None:
    """What two results do not have in common, if anything."""
    if [*map(astuple, one.layers)] != [*map(astuple, other.layers)]:
        return "other layers"
    return other.neighborhood.difference(one.neighborhood) or other.choice.difference(one.choice)
