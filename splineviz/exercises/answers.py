"""What exercises of the course expect, computed from networks and runs out of the reader's sight.

An exercise whose check would show how to solve it takes what it expects from here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from splineviz.partition.enumeration import enumerate_regions
from splineviz.typing import BoolArray, FloatArray

if TYPE_CHECKING:
    import pandas as pd
    import torch

    from splineviz.partition.migration.curves import MigrationCurves
    from splineviz.partition.one_dimensional.segment_partition import SegmentPartition
    from splineviz.partition.slices.input_slice import InputSlice
    from splineviz.partition.spline_partition import SplinePartition
    from splineviz.training.runs import Run


def first_step_with_all_right(run: Run) -> int:
    """The first step at which all training points are right."""
    accuracy = run.metrics["train_accuracy"]
    return int(accuracy.index[accuracy == 1][0])


def region_counts(run: Run, plane: InputSlice) -> dict[int, int]:
    """How many regions a slice has at each checkpoint, by step."""
    return {int(step): len(enumerate_regions(run.program(int(step)), plane)) for step in run.steps}


def step_with_most_regions(run: Run, plane: InputSlice) -> int:
    """The first checkpoint at which a slice has most regions."""
    counts = region_counts(run, plane)
    return max(counts, key=lambda step: counts[step])


def times_as_many_regions(run: Run, plane: InputSlice) -> float:
    """How many times as many regions a slice has at the last checkpoint as at the first."""
    first, last = (len(enumerate_regions(run.program(int(run.steps[k])), plane)) for k in (0, -1))
    return last / first


def average_neighbors(partition: SplinePartition) -> float:
    """How many neighbors a region has on average."""
    return float(partition.dual_graph().nnz / len(partition))


def rarest_at_the_decision(curves: MigrationCurves) -> int:
    """The step at which boundaries are rarest at the decision boundary, beside the control."""
    return int(curves.steps[np.nanargmin(curves.ratio_uniform)])


def neurons_that_change_back(line: SegmentPartition) -> int:
    """How many neurons change sign more than once along a segment."""
    table = line.crossings()
    neurons = np.stack([table.layer, table.neuron])
    _, times = np.unique(neurons, axis=1, return_counts=True)
    return int((times > 1).sum())


def steps_until_half_of_the_gain(later: pd.Series) -> int:
    """The first step at which a curve is halfway from its first value to its last one."""
    half = (later.iloc[0] + later.iloc[-1]) / 2
    return int(later.index[later >= half][0])


def share_of_the_gain(later: pd.Series, step: int) -> float:
    """Which share of what a curve gains, from its first value to its last, it has at a step."""
    return float((later[step] - later.iloc[0]) / (later.iloc[-1] - later.iloc[0]))


def share_of_the_fall(
    before: FloatArray,
    after: FloatArray,
    chosen: BoolArray,
) -> float:
    """Which share of the fall of a sum is due to some of its terms."""
    return float((before - after)[chosen].sum() / (before - after).sum())


def complexity_rises(run: Run, radii: Sequence[float]) -> BoolArray:
    """Whether LC at the training points is higher at the last checkpoint than at the first."""
    steps = [int(run.steps[0]), int(run.steps[-1])]
    first, last = run.local_complexity(
        radius=list(radii), steps=steps, directions=25, cache=False
    ).mean()
    return np.asarray(last > first)


def flattery_of_a_short_attack(
    network: torch.nn.Module, inputs: npt.ArrayLike, labels: npt.ArrayLike, eps: float
) -> float:
    """How much more accuracy the paper's attack leaves than one of 100 steps and 3 restarts."""
    from splineviz.training.attacks.budgets import PAPER
    from splineviz.training.attacks.robustness import pgd_accuracy

    data = (network, inputs, labels)
    short = pgd_accuracy(*data, eps=eps, bounds=(0, 1), **PAPER)
    return float(short - pgd_accuracy(*data, eps=eps, bounds=(0, 1), steps=100, restarts=3))
