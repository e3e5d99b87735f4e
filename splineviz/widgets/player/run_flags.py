"""Flags on a player's time bar: the steps at which something of a training begins or ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from splineviz.claims.training_phases import LATE, Phases, first_step
from splineviz.drawing.metric_curves import accuracy_columns, with_steps
from splineviz.drawing.metric_names import MetricName

if TYPE_CHECKING:
    import pandas as pd

_TRAINING = {"train", "training"}
_LC = "lc_training_"
# A curve that loses less of its peak than this has no fall worth a flag.
_LEAST_FALL = 0.1


@dataclass(frozen=True)
class RunFlag:
    """A flag on the time bar.

    Attributes
    ----------
    index : int
        Number of the checkpoint: the first one at or after the step.
    step : int
        The training step that it marks.
    name : str
        What it marks.
    before, after : str
        What the caption below the bar says before this step, and from it on. Empty for nothing.
    """

    index: int
    step: int
    name: str
    before: str = ""
    after: str = ""

    def describe(self) -> dict[str, Any]:
        """The flag as JSON values."""
        return dict(vars(self))


def run_flags(
    steps: Sequence[int], region_counts: Sequence[int | None], metrics: pd.DataFrame
) -> list[RunFlag]:
    """Find the steps of a run that a viewer should know of.

    Three facts, each only if it can be read from what there is: the first logged step at which all
    training points are right; the checkpoint with most linear regions on this slice, once all are
    known; and the peak of the local complexity around the training points, from which it falls by
    at least a tenth of that peak until the end (:class:`~splineviz.claims.training_phases.Phases`).

    Parameters
    ----------
    steps : sequence of int
        Training steps of the checkpoints, increasing.
    region_counts : sequence of (int or None)
        How many linear regions each has on the slice; None where it is not known.
    metrics : DataFrame
        One row per logged step, with the step in a column or index named ``step``.

    Returns
    -------
    list of RunFlag
        By their steps.
    """
    facts = [
        _fit(metrics),
        _most_regions(steps, region_counts),
        _complexity_falls(steps, metrics),
    ]
    marked = sorted((fact for fact in facts if fact is not None), key=lambda fact: fact[0])
    return [RunFlag(_at(steps, step), step, *texts) for step, *texts in marked]


Fact = tuple[int, str, str, str] | None


def _at(steps: Sequence[int], step: int) -> int:
    return min(int(np.searchsorted(steps, step)), len(steps) - 1)


def _fit(metrics: pd.DataFrame) -> Fact:
    known = [name for name in accuracy_columns(metrics) if _is_training_accuracy(name)]
    if not known:
        return None
    table = with_steps(metrics)[["step", known[0]]].dropna().sort_values("step")
    step = first_step(table["step"].to_numpy(), table[known[0]].to_numpy(), 1.0)
    if np.isnan(step):
        return None
    return (
        int(step),
        "all training points right",
        "not all training points are right yet",
        f"all training points were right at step {int(step):,}",
    )


def _is_training_accuracy(name: str) -> bool:
    read = MetricName(name)
    return not read.is_adversarial and bool(_TRAINING & {word.lower() for word in read.words})


def _most_regions(steps: Sequence[int], region_counts: Sequence[int | None]) -> Fact:
    counts = [count for count in region_counts if count is not None]
    if len(counts) < max(2, len(steps)) or min(counts) == max(counts):
        return None
    most = int(np.argmax(counts))
    many = f"{counts[most]:,}"
    return (
        int(steps[most]),
        "most linear regions",
        f"most linear regions, {many}, come at step {steps[most]:,}",
        f"most linear regions, {many}, were at step {steps[most]:,}",
    )


def _complexity_falls(steps: Sequence[int], metrics: pd.DataFrame) -> Fact:
    layers = [name for name in map(str, metrics.columns) if name.startswith(_LC)]
    numbered = [name for name in layers if name.removeprefix(_LC).isdecimal()]
    if not numbered:
        return None
    table = with_steps(metrics)[["step", *numbered]].dropna().sort_values("step")
    fit = _fit(metrics)
    if len(table) < 2 or fit is None:
        return None
    measured = table["step"].to_numpy()
    phases = Phases.of(measured, table[numbered].sum(axis=1).to_numpy(), float(fit[0]))
    # A peak among the values that make the end is no peak: the curve may still rise.
    if not phases.fall >= _LEAST_FALL or phases.peak_step >= measured[-LATE:][0]:
        return None
    step = phases.peak_step
    return (
        step,
        "LC around training points falls from here",
        f"LC around the training points falls from step {step:,} on",
        f"LC around the training points has fallen since step {step:,}",
    )
