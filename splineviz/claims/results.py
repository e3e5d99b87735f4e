"""What came out: each claim's numbers with every seed, and its verdict."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from splineviz.claims.claim import Claim, Numbers, verdict


@dataclass(frozen=True)
class CaseResult:
    """A claim decided in one experiment.

    Attributes
    ----------
    name : str
        Of the case.
    numbers : tuple of mapping of str to float
        Of each seed.
    outcomes : tuple of str
        Of each seed.
    """

    name: str
    numbers: tuple[Numbers, ...]
    outcomes: tuple[str, ...]

    @property
    def verdict(self) -> str:
        """That of all seeds together."""
        return verdict(self.outcomes)

    def interval(self, key: str) -> tuple[float, float, float]:
        """Mean of a number over the seeds, and a 95 % confidence interval of the mean.

        Parameters
        ----------
        key : str
            The number.

        Returns
        -------
        mean, low, high : float
            NaN where a seed has none; the ends are NaN for a single seed. The interval is Student's
            and takes the seeds as independent and the numbers as normal.
        """
        from scipy.stats import t

        values = np.array([numbers[key] for numbers in self.numbers])
        mean, n = float(values.mean()), len(values)
        if n < 2 or not np.isfinite(values).all():
            return mean, math.nan, math.nan
        half = float(t.ppf(0.975, n - 1) * values.std(ddof=1) / math.sqrt(n))
        return mean, mean - half, mean + half


@dataclass(frozen=True)
class ClaimResult:
    """A claim and what came out in each of its experiments."""

    claim: Claim
    cases: tuple[CaseResult, ...]

    @property
    def verdicts(self) -> tuple[str, ...]:
        """Of each case."""
        return tuple(case.verdict for case in self.cases)


def to_json(
    results: Sequence[ClaimResult], seeds: Sequence[int], surroundings: Mapping[str, Any]
) -> bytes:
    """All results as JSON, for whoever wants to compute with them.

    Parameters
    ----------
    results : sequence of ClaimResult
    seeds : sequence of int
    surroundings : mapping of str
        Versions, and how long it took.
    """

    def number(value: float) -> float | str | None:
        if math.isnan(value):
            return None
        return value if math.isfinite(value) else "infinite"

    claims = [
        {
            "name": result.claim.name,
            "title": result.claim.title,
            "rule": result.claim.rule.text,
            "cases": [
                {
                    "name": case.name,
                    "verdict": case.verdict,
                    "outcomes": list(case.outcomes),
                    "numbers": [
                        {key: number(value) for key, value in numbers.items()}
                        for numbers in case.numbers
                    ],
                }
                for case in result.cases
            ],
        }
        for result in results
    ]
    return json.dumps(
        {"seeds": list(seeds), **surroundings, "claims": claims}, indent=1, allow_nan=False
    ).encode()
