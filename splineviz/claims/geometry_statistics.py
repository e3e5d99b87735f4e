"""What claims about exact regions measure in runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from splineviz.claims.claim import Numbers
from splineviz.claims.training_phases import first_step, half_gain_step, ratio

if TYPE_CHECKING:
    from splineviz.claims.evidence import Evidence

# The table of claims is read before anything is computed, so what is slow to import comes late.

SETTLED = 0.01
"""The share of neurons, per tenfold steps, below which activation patterns count as settled."""

# Radii at which it is asked whether a cross-polytope crosses a boundary; each is 15 % larger.
_RADII = 5e-4 * 1.15 ** np.arange(50)
# Points around which regions in all dimensions are found.
_POINTS = 30


def boundary_density(runs: Mapping[str, Evidence]) -> Numbers:
    """How dense neuron boundaries are at the decision boundary, beside the data, on the slice."""
    [run] = runs.values()
    ratios = [each.ratio for each in run.late_migrations]
    return {"density, boundary over data, end": float(np.median(ratios))}


def control_density(runs: Mapping[str, Evidence]) -> Numbers:
    """How dense neuron boundaries are at uniform points, beside the data, on the slice."""
    [run] = runs.values()
    ratios = [
        ratio(each.density_near_uniform, each.density_near_data) for each in run.late_migrations
    ]
    return {"density, uniform over data, end": float(np.median(ratios))}


def average_degree(runs: Mapping[str, Evidence]) -> Numbers:
    """How many neighbors a region of the slice has on average."""
    [run] = runs.values()
    degrees = [run.partition(step).average_degree for step in run.late_steps]
    return {"neighbors of a region, mean, most of four": _most(degrees)}


def complexity_and_crossings(runs: Mapping[str, Evidence]) -> Numbers:
    """Local complexity beside the exact number of neurons whose boundary crosses a disc."""
    from splineviz.complexity.agreement import slice_agreement

    [run] = runs.values()
    geometries = [
        slice_agreement(
            run.program(step), run.plane, points=run.training_points, radius=run.recipe.radius
        )
        for step in run.moments.values()
    ]
    return {
        "correlation, least of three": _least([float(each.correlation[0]) for each in geometries]),
        "share missed, most of three": _most([float(each.missed[0]) for each in geometries]),
    }


def cross_polytope_and_ball(runs: Mapping[str, Evidence]) -> Numbers:
    """The least radius at which local complexity sees a boundary, beside the exact distance."""
    from splineviz.complexity.agreement import correlation
    from splineviz.complexity.local_complexity import local_complexity
    from splineviz.partition.full_dimension.region_at import region_at

    [run] = runs.values()
    # Evenly over all of them: digits are in the order of their classes.
    every = run.training_points
    points = every[np.linspace(0, len(every) - 1, min(_POINTS, len(every))).astype(int)]
    ratios, correlations = [], []
    for step in run.moments.values():
        program = run.program(step)
        exact = np.array([region_at(program, x).distance for x in points])
        counts = local_complexity(
            program, points, radius=_RADII.tolist(), directions=run.recipe.directions
        ).counts.sum(axis=2)
        crossed = counts > 0
        seen = np.where(crossed.any(axis=0), _RADII[crossed.argmax(axis=0)], np.nan)
        ratios.append(float(np.median(seen / exact)))
        correlations.append(correlation(np.log(seen), np.log(exact)))
    return {
        "radius that sees a boundary over its distance, median, least of three": _least(ratios),
        "radius that sees a boundary over its distance, median, most of three": _most(ratios),
        "correlation of their logarithms, least of three": _least(correlations),
    }


def churn_and_robustness(runs: Mapping[str, Evidence]) -> Numbers:
    """When activation patterns settle, beside when half of the gain of robust accuracy comes."""
    from splineviz.partition.full_dimension.pattern_churn import pattern_churn

    [run] = runs.values()
    steps = run.steps[run.steps > 0]
    states = {int(step): run.program(int(step)) for step in steps}
    # Over a tenfold number of steps, or as near to that as checkpoints are: that neighboring
    # checkpoints differ by noise does not count again and again.
    ends = [step for step in steps if step >= 10 * steps[0]]
    starts = [steps[np.abs(np.log10(end / steps) - 1).argmin()] for end in ends]
    churn = np.array(
        [
            pattern_churn(states[int(start)], states[int(end)], x=run.training_points).total
            for start, end in zip(starts, ends, strict=True)
        ]
    )
    if len(churn) == 0:
        return {
            "gain of robust accuracy after the fit": np.nan,
            "churn over the last tenfold steps": np.nan,
            "step of little churn / step of half the gain": np.nan,
        }
    # Settled where it never exceeds the bound again.
    most_after = np.maximum.accumulate(churn[::-1])[::-1]
    settled = first_step(np.array(starts), -most_after, -SETTLED)
    half = half_gain_step(run.steps, run.robust_accuracy(), run.fit_step)
    return {
        "gain of robust accuracy after the fit": run.robust_gain,
        "churn over the last tenfold steps": float(churn[-1]),
        "step of little churn / step of half the gain": ratio(
            np.inf if np.isnan(settled) else settled, half
        ),
    }


def _least(numbers: list[float]) -> float:
    """The least; NaN if there is one, which Python's ``min`` may pass over."""
    return float(np.min(numbers))


def _most(numbers: list[float]) -> float:
    """The largest; NaN if there is one."""
    return float(np.max(numbers))
