from __future__ import annotations

import numpy as np

from splineviz.training.live.kept_steps import KeptSteps


def test_every_second_step_goes_where_there_is_no_room():
    kept = KeptSteps(room=10 * 80)
    for step in range(11):
        kept.keep(step, {"weight": np.full(10, step)}, {"loss": step})
    assert [one.step for one in kept] == [0, 2, 4, 6, 8, 10]
    assert [one.state["weight"][0] for one in kept] == [one.metrics["loss"] for one in kept]


def test_the_first_and_the_last_stay_of_a_network_without_room():
    kept = KeptSteps(room=0)
    for step in range(9):
        kept.keep(step, {"weight": np.zeros(10)}, {})
    assert [one.step for one in kept] == [0, 8]


def test_weights_that_are_not_finite_are_left_out():
    kept = KeptSteps()
    kept.keep(0, {"weight": np.array([1.0, np.nan])}, {})
    assert len(kept) == 0
