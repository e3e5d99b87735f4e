"""What is marked on a player's time bar."""

from __future__ import annotations

import numpy as np
import pandas as pd

from splineviz.widgets.player.run_flags import run_flags

STEPS = [0, 10, 100, 1000]


def table(steps=STEPS, **columns):
    return pd.DataFrame(columns, index=pd.Index(steps, name="step"), dtype=np.float64)


def names(*arguments):
    return [(flag.step, flag.index, flag.name) for flag in run_flags(*arguments)]


def test_each_fact_is_marked_where_it_begins():
    steps = [0, 10, 100, 1000, 2000, 3000, 4000]
    metrics = table(
        steps,
        train_accuracy=[0.1, *[1] * 6],
        lc_training_0=[5, 2, 6, 1, 1, 1, 1],
        lc_training_1=[1, 1, 3, 1, 1, 1, 1],
    )
    assert names(steps, [4, 9, 7, 2, 2, 2, 2], metrics) == [
        (10, 1, "all training points right"),
        (10, 1, "most linear regions"),
        (100, 2, "LC around training points falls from here"),
    ]


def test_what_is_not_known_is_not_marked():
    assert names(STEPS, [4, None, 7, 2], table()) == []
    assert names(STEPS, [3, 3, 3, 3], table(test_accuracy=1)) == []
    assert names(STEPS, [None] * 4, table(train_accuracy=0.9, lc_training_0=[3, 2, 1, 0])) == []
    # An accuracy under an attack says nothing about the fit.
    assert names(STEPS, [None] * 4, table(train_pgd_accuracy=1)) == []
    assert names([7], [5], table(train_accuracy=np.nan)) == []


def test_a_curve_that_keeps_rising_has_no_fall():
    metrics = table(train_accuracy=1, lc_training_0=[1, 2, 3, 4])
    assert [name for *_, name in names(STEPS, [None] * 4, metrics)] == ["all training points right"]


def test_a_step_between_checkpoints_belongs_to_the_next():
    metrics = table(train_accuracy=[0, 1, 1, 1])
    assert names([0, 50, 1000], [None] * 3, metrics) == [(10, 1, "all training points right")]


def test_before_and_after_are_told():
    fit, most = run_flags(STEPS, [1, 2, 30, 4], table(train_accuracy=[0.5, 1, 1, 1]))
    assert fit.before == "not all training points are right yet"
    assert fit.after == "all training points were right at step 10"
    assert most.after == "most linear regions, 30, were at step 100"
