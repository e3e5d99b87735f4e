"""What claims about local complexity measure in runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from splineviz.claims.claim import Numbers
from splineviz.claims.training_phases import Phases, ratio

if TYPE_CHECKING:
    from splineviz.claims.evidence import Evidence


def first_fall(runs: Mapping[str, Evidence]) -> Numbers:
    """The first descent at the training points, by initialization."""
    return {f"first fall, {role}": run.phases.first_fall for role, run in runs.items()}


def ascent(runs: Mapping[str, Evidence]) -> Numbers:
    """The ascent at the training points, and at others over the same steps."""
    [run] = runs.values()
    phases = run.phases
    numbers = {"rise, training points": phases.rise}
    for points in ("test", "random"):
        other = run.complexity(points)
        low, high = (run.at(step, other) for step in (phases.trough_step, phases.peak_step))
        numbers[f"rise, {points} points"] = ratio(high, low) - 1
    return numbers


def peak_after_fit(runs: Mapping[str, Evidence]) -> Numbers:
    """When the ascent ends, beside when the training points are fitted."""
    [run] = runs.values()
    return {"step of the peak / step of the fit": ratio(run.phases.peak_step, run.fit_step)}


def second_fall(runs: Mapping[str, Evidence]) -> Numbers:
    """The second descent at the training points."""
    [run] = runs.values()
    return {"fall from the peak": run.phases.fall}


def fall_of_survivors(runs: Mapping[str, Evidence]) -> Numbers:
    """The second descent of the neurons that are live at the end, and the part that others have."""
    [run] = runs.values()
    peak, last = run.phases.peak_step, int(run.steps[-1])
    alive = run.neuron_states(last)
    before, after = (run.complexity_of(step, alive) for step in (peak, last))
    of_all = run.complexity("training")
    fall = run.at(peak, of_all) - run.at(last, of_all)
    return {
        "fall of the neurons live at the end": 1 - ratio(after, before),
        "share of the fall due to neurons that die": (
            (fall - (before - after)) / fall if fall > 0 else np.nan
        ),
    }


RADII = (0.5, 1.0, 2.0)
"""At which multiples of a recipe's radius a ratio is measured."""


def boundary_over_training(runs: Mapping[str, Evidence]) -> Numbers:
    """How much more complex it is at the decision boundary, at the end beside the peak."""
    [run] = runs.values()
    peak = run.phases.peak_step
    radii = [factor * run.recipe.radius for factor in RADII]
    at_peak = run.boundary_ratios([peak], radii)[0]
    at_end = np.median(run.boundary_ratios(run.late_steps, radii), axis=0)
    return {
        f"boundary / training, end over peak, radius {radius:g}": ratio(float(end), float(before))
        for radius, before, end in zip(radii, at_peak, at_end, strict=True)
    }


def fall_by_layer(runs: Mapping[str, Evidence]) -> Numbers:
    """The second descent of each layer."""
    [run] = runs.values()
    return {
        f"fall from the peak, layer {number}": Phases.of(
            run.steps, run.complexity("training", layer=number), run.fit_step
        ).fall
        for number in range(1, 1 + run.n_layers)
    }


def fall_beside_control(runs: Mapping[str, Evidence]) -> Numbers:
    """The second descent with a change, and without."""
    return {f"fall from the peak, {role}": run.phases.fall for role, run in runs.items()}


def memorization(runs: Mapping[str, Evidence]) -> Numbers:
    """Peak and end with random labels, beside those with true ones."""
    true, drawn = (runs[role].phases for role in ("true labels", "random labels"))
    return {
        "peak, random over true labels": ratio(drawn.peak, true.peak),
        "end, random over true labels": ratio(drawn.late, true.late),
    }
