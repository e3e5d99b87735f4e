"""What claims about delayed generalization and robustness measure in runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from splineviz.claims.claim import Numbers
from splineviz.claims.training_phases import first_step, half_gain_step, late, ratio

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
        "gain of robust accuracy after the fit": run.robust_gain,
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
        "step of test accuracy 0.9 / step of the peak": ratio(
            _generalizes(run), run.phases.peak_step
        )
    }


def robustness_before_peak(runs: Mapping[str, Evidence]) -> Numbers:
    """The part of the gain of robust accuracy that comes before the peak of local complexity."""
    [run] = runs.values()
    if not run.robust_gain > 0:
        return {"share of the gain before the peak": np.nan}
    curve = run.robust_accuracy()
    gained = run.at(run.phases.peak_step, curve) - run.at(int(run.fit_step), curve)
    return {"share of the gain before the peak": gained / run.robust_gain}


def robustness_without_fall(runs: Mapping[str, Evidence]) -> Numbers:
    """The gain of robust accuracy where local complexity does not fall, beside where it does."""
    without, control = runs["no fall"], runs["control"]
    return {
        "fall from the peak, changed": without.phases.fall,
        "gain, control": control.robust_gain,
        "gain, changed over control": ratio(without.robust_gain, control.robust_gain),
    }


def gain_beside_control(runs: Mapping[str, Evidence]) -> Numbers:
    """The gain of robust accuracy with a change, and without."""
    return {f"gain of robust accuracy, {role}": run.robust_gain for role, run in runs.items()}


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
    half = np.nan
    if not np.isnan(control.fit_step):
        at_fit = control.at(int(control.fit_step), control.robust_accuracy())
        half = at_fit + control.robust_gain / 2
    changed, reached = (_reaches(run, half) for run in (runs["changed"], control))
    return {
        "gain, control": control.robust_gain,
        "step of half the control's gain, changed over control": ratio(
            _or_never(changed, runs["changed"]), reached
        ),
    }


def _or_never(step: float, run: Evidence) -> float:
    """A step, infinite where a run that fits never reaches it; NaN where it does not even fit."""
    return np.inf if np.isnan(step) and not np.isnan(run.fit_step) else step


def _reaches(run: Evidence, least: float) -> float:
    """The first step from the fit on at which robust accuracy reaches a value."""
    after = run.steps >= run.fit_step
    return first_step(run.steps[after], run.robust_accuracy()[after], least)


def _generalizes(run: Evidence) -> float:
    return first_step(run.steps, run.accuracy("test"), GENERALIZES)
