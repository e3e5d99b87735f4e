"""What claims measure, in curves that were made by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from splineviz.claims import complexity_statistics as complexity
from splineviz.claims import robustness_statistics as robustness
from splineviz.claims.evidence import Evidence
from splineviz.claims.table import CLAIMS
from splineviz.claims.training_phases import first_step
from splineviz.typing import FloatArray

STEPS = np.array([0, 10, 100, 1000, 2000, 3000, 4000, 5000])
TRAINING = [10.0, 6.0, 9.0, 12.0, 4.0, 3.0, 3.0, 3.0]


class Made(Evidence):
    """Evidence of curves by hand, without a run."""

    def __init__(self, curves: dict[str, list[float]]) -> None:
        self.curves = curves
        self.steps = STEPS
        self.fit_step = 10.0
        self.layers = 3

    @property
    def n_layers(self) -> int:
        return self.layers

    def complexity(self, points: str, layer: int | None = None) -> FloatArray:
        return np.array(self.curves[points if layer is None else f"layer {layer}"])

    def accuracy(self, points: str) -> FloatArray:
        return np.array(self.curves[f"accuracy {points}"])

    def robust_accuracy(self) -> FloatArray:
        return np.array(self.curves["robust"])


def made(**curves: Any) -> Made:
    named = {name.replace("_", " "): list(values) for name, values in curves.items()}
    return Made({"training": TRAINING, **named})


def outcome(name: str, **runs: Evidence) -> str:
    claim = CLAIMS[name]
    named = {role.replace("_", " "): run for role, run in runs.items()}
    return claim.rule.outcome(claim.statistic(named))


def test_the_first_fall_depends_on_the_scale() -> None:
    small = made(training=[10.0, 9.5, *TRAINING[2:]])
    assert outcome("first-descent", scale_1=made(), scale_3=small, scale_6=small) == "yes"
    assert outcome("first-descent", scale_1=small, scale_3=made(), scale_6=small) == "no"


def test_the_ascent_at_other_points_is_over_the_same_steps() -> None:
    flat = [6.0] * 8
    # Lower before and higher after, where it does not count.
    rising = [1.0, 6.0, 6.0, 9.6, 50.0, 50.0, 50.0, 50.0]
    run = made(test=rising, random=flat)
    numbers = complexity.ascent({"run": run})
    assert numbers["rise, training points"] == pytest.approx(1.0)
    assert numbers["rise, test points"] == pytest.approx(0.6)
    assert outcome("ascent", run=run) == "no"
    assert outcome("ascent", run=made(test=flat, random=flat)) == "yes"


def test_the_peak_beside_the_fit() -> None:
    assert outcome("ascent-ends-at-fit", run=made()) == "opposite"
    early = made(training=[10.0, 6.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0])
    assert outcome("ascent-ends-at-fit", run=early) == "yes"


def test_the_second_fall() -> None:
    assert outcome("second-descent", run=made()) == "yes"
    assert outcome("second-descent", run=made(training=[10.0, 6.0, *[12.0] * 6])) == "no"
    assert outcome("modular-addition", run=made(training=[1.0, 6.0, *[12.0] * 6])) == "opposite"


def test_layers_are_compared_with_the_first() -> None:
    layers = {f"layer {k}": [1.0, 1.0, 1.0, 1.0, *[end] * 4] for k, end in ((1, 0.8), (2, 0.5))}
    run = made(**{name.replace(" ", "_"): values for name, values in layers.items()})
    run.layers = 2
    assert outcome("deep-layers", run=run) == "yes"
    run.curves["layer 1"] = [1.0] * 4 + [0.1] * 4
    assert outcome("deep-layers", run=run) == "opposite"


def test_a_control_that_does_not_fall_decides_nothing() -> None:
    flat = made(training=[6.0] * 8)
    runs = {"batch_norm": flat, "control": made()}
    assert outcome("batch-norm-fall", **runs) == "yes"
    assert outcome("batch-norm-fall", batch_norm=flat, control=flat) == "undecided"
    assert outcome("batch-norm-fall", batch_norm=made(), control=made()) == "opposite"


def test_random_labels_beside_true_ones() -> None:
    high = made(training=[2 * value for value in TRAINING])
    assert outcome("random-labels", random_labels=high, true_labels=made()) == "yes"
    assert outcome("random-labels", random_labels=made(), true_labels=made()) == "no"


LATE_GAIN = [0.0, 0.1, 0.1, 0.2, 0.5, 0.5, 0.5, 0.5]
EARLY_GAIN = [0.0, 0.1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]
LOSS = [0.5, 0.5, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3]


def test_delayed_robustness() -> None:
    assert outcome("delayed-robustness", run=made(robust=LATE_GAIN)) == "yes"
    assert outcome("no-special-start", run=made(robust=LATE_GAIN)) == "yes"
    assert outcome("no-special-start", run=made(robust=LOSS)) == "opposite"
    numbers = robustness.delayed_robustness({"run": made(robust=LATE_GAIN)})
    assert list(numbers.values()) == [pytest.approx(0.4), 200.0]


def test_what_never_fits_decides_nothing() -> None:
    run = made(robust=LATE_GAIN)
    run.fit_step = np.nan
    assert outcome("delayed-robustness", run=run) == "undecided"
    assert outcome("robustness-after-peak", run=run) == "undecided"


def test_delayed_generalization() -> None:
    late = [0.1, 0.2, 0.3, 0.95, 0.95, 0.95, 0.95, 0.95]
    assert outcome("delayed-generalization", run=made(accuracy_test=late)) == "yes"
    assert outcome("generalization-after-peak", run=made(accuracy_test=late)) == "yes"
    early = [0.1, 0.95, *late[2:]]
    assert outcome("delayed-generalization", run=made(accuracy_test=early)) == "no"
    assert outcome("generalization-after-peak", run=made(accuracy_test=early)) == "opposite"
    never = made(accuracy_test=[0.1] * 8)
    assert outcome("delayed-generalization", run=never) == "undecided"


def test_robustness_before_the_peak() -> None:
    assert outcome("robustness-after-peak", run=made(robust=EARLY_GAIN)) == "opposite"
    assert outcome("robustness-after-peak", run=made(robust=LATE_GAIN)) == "no"
    assert outcome("robustness-after-peak", run=made(robust=LOSS)) == "undecided"


def test_robustness_without_a_fall() -> None:
    flat = [10.0, 6.0, 9.0, *[12.0] * 5]
    control = made(robust=LATE_GAIN)
    changed = made(training=flat, robust=LATE_GAIN)
    assert outcome("fall-needed", no_fall=changed, control=control) == "opposite"
    weak = made(training=flat, robust=[0.1] * 8)
    assert outcome("fall-needed", no_fall=weak, control=control) == "yes"
    falls = made(robust=LATE_GAIN)
    assert outcome("fall-needed", no_fall=falls, control=control) == "undecided"


def test_gains_and_ends_beside_a_control() -> None:
    weak, strong = made(robust=[0.1] * 8), made(robust=LATE_GAIN)
    assert outcome("batch-norm-grokking", batch_norm=weak, control=strong) == "yes"
    assert outcome("batch-norm-grokking", batch_norm=strong, control=strong) == "opposite"
    assert outcome("batch-norm-grokking", batch_norm=strong, control=weak) == "undecided"
    decays = {"none": weak, "0.05": strong, "0.2": weak}
    claim = CLAIMS["weight-decay"]
    assert claim.rule.outcome(claim.statistic(decays)) == "yes"


def test_never_generalizing_is_later_than_any_step() -> None:
    at_1000 = made(accuracy_test=[0.1, 0.1, 0.1, *[0.95] * 5], robust=LATE_GAIN)
    at_100 = made(accuracy_test=[0.1, 0.1, *[0.95] * 6], robust=EARLY_GAIN)
    never = made(accuracy_test=[0.1] * 8, robust=[0.1] * 8)
    assert outcome("jacobian", changed=at_100, control=at_1000) == "yes"
    assert outcome("jacobian", changed=never, control=at_1000) == "opposite"
    assert outcome("jacobian", changed=never, control=never) == "undecided"
    assert outcome("jacobian-robustness", changed=at_100, control=at_1000) == "yes"
    assert outcome("jacobian-robustness", changed=never, control=at_1000) == "opposite"
    assert outcome("jacobian-robustness", changed=at_100, control=never) == "undecided"
    assert outcome("jacobian", changed=at_100, control=never) == "undecided"
    unfitted = made(accuracy_test=[0.1] * 8, robust=[0.1] * 8)
    unfitted.fit_step = np.nan
    assert outcome("jacobian", changed=unfitted, control=at_1000) == "undecided"
    assert outcome("jacobian-robustness", changed=unfitted, control=at_1000) == "undecided"


def test_a_run_that_never_fits_has_no_second_fall() -> None:
    run = made(training=[6.0, 7.0, 16.0, 9.0, 3.0, 3.0, 3.0, 3.0])
    run.fit_step = np.nan
    assert outcome("second-descent", run=run) == "undecided"
    assert outcome("modular-addition", run=run) == "undecided"
    assert outcome("batch-norm-fall", batch_norm=run, control=made()) == "undecided"


def test_a_peak_as_high_as_an_earlier_value_is_not_that_value() -> None:
    run = made(
        training=[12.0, 6.0, 9.0, 12.0, 4.0, 3.0, 3.0, 3.0],
        test=[5.0, 6.0, 6.0, 9.0, 1.0, 1.0, 1.0, 1.0],
        random=[6.0] * 8,
    )
    assert complexity.ascent({"run": run})["rise, test points"] == pytest.approx(0.5)


def test_what_gains_nothing_decides_nothing() -> None:
    flat = made(robust=[0.1] * 8, training=[10.0, 6.0, 9.0, *[12.0] * 5])
    assert outcome("fall-needed", no_fall=flat, control=flat) == "undecided"


def test_a_fit_is_read_from_the_curve() -> None:
    assert first_step(STEPS, np.array([0.0, 0.99, *[1.0] * 6]), 0.99) == 10
