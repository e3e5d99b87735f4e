"""What claims about delayed generalization and robustness measure in runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from splineviz.claims.claim import Numbers
from splineviz.claims.training_phases import first_step, gain, half_gain_step, late, ratio

if TYPE_CHECKING:
    from splineviz.claims.evidence import Evidence

GENERALIZES = 0.9
"""The test accuracy that counts as generalization."""


def delayed_robustness(runs: Mapping[str, Evidence]) -> Numbers:
    """What robust accuracy gains after the fit, and when half of it is gained."""
    [run] = runs.values()
    curve = run.robust_accuracy()
    fit = run.fit_step
    return {
        "gain of robust accuracy after the fit": gain(run.steps, curve, fit),
        "step of half the gain / step of the fit": ratio(
            half_gain_step(run.steps, curve, fit), fit
        ),
    }


def delayed_generalization(runs: Mapping[str, Evidence]) -> Numbers:
    """When the test accuracy reaches 0.9, beside when the training points are fitted."""
    [run] = runs.values()
    return {"step of test accuracy 0.9 / step of the fit": ratio(_generalizes(run), run.fit_step)}


def generalization_and_peak(runs: Mapping[str, Evidence]) -> Numbers:
    """When the test accuracy reaches 0.9, beside the peak of local complexity."""
    [run] = runs.values()
    return {
        "step of test accuracy 0.9 / step of the peak": _generalizes(run) / run.phases.peak_step
    }


def robustness_before_peak(runs: Mapping[str, Evidence]) -> Numbers:
    """The part of the gain of robust accuracy that comes before the peak of local complexity."""
    [run] = runs.values()
    curve, fit = run.robust_accuracy(), run.fit_step
    total = gain(run.steps, curve, fit)
    if not total > 0:
        return {"share of the gain before the peak": np.nan}
    start = curve[run.steps >= fit][0]
    at_peak = curve[run.steps == run.phases.peak_step][0]
    return {"share of the gain before the peak": float((at_peak - start) / total)}


def robustness_without_fall(runs: Mapping[str, Evidence]) -> Numbers:
    """The gain of robust accuracy where local complexity does not fall, beside where it does."""
    without, control = runs["no fall"], runs["control"]
    gains = [gain(run.steps, run.robust_accuracy(), run.fit_step) for run in (without, control)]
    return {
        "fall from the peak, changed": without.phases.fall,
        "gain, control": gains[1],
        "gain, changed over control": ratio(*gains),
    }


def gain_beside_control(runs: Mapping[str, Evidence]) -> Numbers:
    """The gain of robust accuracy with a change, and without."""
    return {
        f"gain of robust accuracy, {role}": gain(run.steps, run.robust_accuracy(), run.fit_step)
        for role, run in runs.items()
    }


def late_robustness(runs: Mapping[str, Evidence]) -> Numbers:
    """Robust accuracy at the end of each run."""
    return {f"robust accuracy, {role}": late(run.robust_accuracy()) for role, run in runs.items()}


def time_to_generalize(runs: Mapping[str, Evidence]) -> Numbers:
    """When the test accuracy reaches 0.9 with a change, beside without."""
    changed, control = _generalizes(runs["changed"]), _generalizes(runs["control"])
    return {
        "step of test accuracy 0.9, changed over control": ratio(
            _or_never(changed, runs["changed"]), control
        )
    }


def time_to_robustness(runs: Mapping[str, Evidence]) -> Numbers:
    """When half of the control's gain of robust accuracy is reached, with a change and without."""
    control = runs["control"]
    curve, fit = control.robust_accuracy(), control.fit_step
    total = gain(control.steps, curve, fit)
    half = float(curve[control.steps >= fit][0]) + total / 2 if not np.isnan(fit) else np.nan
    changed, reached = (
        first_step(run.steps[run.steps >= run.fit_step], _after_fit(run), half)
        for run in (runs["changed"], control)
    )
    return {
        "gain, control": total,
        "step of half the control's gain, changed over control": ratio(
            _or_never(changed, runs["changed"]), reached
        ),
    }


def _or_never(step: float, run: Evidence) -> float:
    """A step, infinite where a run that fits never reaches it; NaN where it does not even fit."""
    return np.inf if np.isnan(step) and not np.isnan(run.fit_step) else step


def _after_fit(run: Evidence) -> np.ndarray:
    return run.robust_accuracy()[run.steps >= run.fit_step]


def _generalizes(run: Evidence) -> float:
    return first_step(run.steps, run.accuracy("test"), GENERALIZES)
