"""Claim: what a paper says of training, as a statistic of runs and a rule fixed beforehand."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from splineviz.claims.evidence import Evidence

Numbers: TypeAlias = Mapping[str, float]
"""What a statistic measures in the runs of one seed, by a phrase that says what it is."""


@dataclass(frozen=True)
class Experiment:
    """A training that a claim needs: a recipe, and what is changed of it.

    Attributes
    ----------
    recipe : str
        The name of the recipe.
    overrides : tuple of (str, value)
        Its settings that differ, in alphabetical order.
    """

    recipe: str
    overrides: tuple[tuple[str, Any], ...] = ()

    @classmethod
    def of(cls, recipe: str, **overrides: Any) -> Experiment:
        """Make an experiment of a recipe and changed settings."""
        return cls(recipe, tuple(sorted(overrides.items())))

    def __str__(self) -> str:
        return ", ".join([self.recipe, *(f"{name} {value}" for name, value in self.overrides)])


@dataclass(frozen=True)
class Rule:
    """When a claim counts as seen with one seed. It was written down before the runs were trained.

    Attributes
    ----------
    text : str
        The rule in words.
    holds : callable
        Of the numbers: whether the claim is seen.
    opposite : callable, optional
        Of the numbers: whether the opposite is seen. Default: it is not asked.
    opposite_text : str
        That rule in words.
    requires : callable, optional
        Of the numbers: whether they can decide. Default: they can if none is NaN.
    requires_text : str
        That condition in words.
    """

    text: str
    holds: Callable[[Numbers], bool]
    opposite: Callable[[Numbers], bool] | None = None
    opposite_text: str = ""
    requires: Callable[[Numbers], bool] | None = None
    requires_text: str = ""

    def outcome(self, numbers: Numbers) -> str:
        """Decide for one seed: "yes", "no", "opposite" or "undecided"."""
        if any(math.isnan(number) for number in numbers.values()):
            return UNDECIDED
        if self.requires is not None and not self.requires(numbers):
            return UNDECIDED
        if self.holds(numbers):
            return YES
        return OPPOSITE if self.opposite is not None and self.opposite(numbers) else NO


YES, NO, OPPOSITE, UNDECIDED = "yes", "no", "opposite", "undecided"

REPRODUCED = "reproduced"
NOT_REPRODUCED = "not reproduced"
REVERSED = "the opposite is seen"
MIXED = "depends on the seed"
NOT_TESTABLE = "not testable here"


def verdict(outcomes: Sequence[str]) -> str:
    """Join the outcomes of all seeds.

    Parameters
    ----------
    outcomes : sequence of str
        Of each seed, from :meth:`Rule.outcome`; at least one.

    Returns
    -------
    str
        "reproduced" if the rule holds with each seed, "not reproduced" if each can decide
        and it holds with none, "the opposite is seen" if its opposite holds with each, "not
        testable here" if no seed can decide, otherwise "depends on the seed".
    """
    kinds = set(outcomes)
    if kinds == {UNDECIDED}:
        return NOT_TESTABLE
    if kinds == {YES}:
        return REPRODUCED
    if kinds == {OPPOSITE}:
        return REVERSED
    if YES not in kinds and UNDECIDED not in kinds:
        return NOT_REPRODUCED
    return MIXED


@dataclass(frozen=True)
class Claim:
    """What is said of training, where, and how it is decided.

    Attributes
    ----------
    name : str
        For the command line.
    title : str
        One line.
    source : str
        Who says it, and where.
    cases : mapping of str to mapping of str to Experiment
        The experiments in which it is decided, each by itself: by a name, the runs it takes by
        their roles.
    statistic : callable
        Of the evidence of one seed by role: the numbers that decide.
    rule : Rule
        When it counts as seen.
    shows_not : str
        What a verdict does not show.
    """

    name: str
    title: str
    source: str
    cases: Mapping[str, Mapping[str, Experiment]]
    statistic: Callable[[Mapping[str, Evidence]], Numbers]
    rule: Rule
    shows_not: str

    @property
    def experiments(self) -> set[Experiment]:
        """All trainings that it takes."""
        return {each for roles in self.cases.values() for each in roles.values()}
