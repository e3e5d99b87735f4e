"""What exercises expect, where it is known without computing it."""

import numpy as np
import pandas as pd
import pytest

import splineviz as sv
from splineviz.exercises import answers

LINE = sv.InputSlice.identity(bounds=(-2, 2))


def test_steps_and_regions_of_a_run():
    run = sv.Run.bundled("checkerboard")
    step = answers.first_step_with_all_right(run)
    accuracy = run.metrics["train_accuracy"]
    assert accuracy[step] == 1 > accuracy.loc[: step - 1].max()
    small = sv.InputSlice.identity(bounds=(-0.1, -0.1, 0.1, 0.1))
    counts = answers.region_counts(run, small)
    assert list(counts) == run.steps.tolist()
    assert counts[answers.step_with_most_regions(run, small)] == max(counts.values())
    assert answers.times_as_many_regions(run, small) == counts[30000] / counts[0]


def test_neighbors():
    # A grid of 2 by 3 regions: 3 + 4 pairs of them touch.
    network = sv.dense_network([[[1, 0], [0, 1], [0, 1]], [[1, 1, 1]]], [[0, 0.5, -0.5], [0]])
    part = sv.enumerate_regions(network, sv.InputSlice.identity())
    assert answers.average_neighbors(part) == pytest.approx(2 * 7 / 6)


def test_neurons_that_change_back():
    # relu(1 - |x|): the second neuron is on between -1 and 1, those of the first change once.
    network = sv.dense_network([[[1], [-1]], [[-1, -1]], [[1]]], [[0, 0], [1], [0]])
    assert answers.neurons_that_change_back(sv.enumerate_regions(network, LINE)) == 1


def test_gains_and_falls():
    curve = pd.Series([0.0, 0.1, 0.5, 0.4, 0.8], index=[1, 10, 20, 30, 40])
    assert answers.steps_until_half_of_the_gain(curve) == 20
    assert answers.share_of_the_gain(curve, 10) == pytest.approx(1 / 8)
    before, after = np.array([3.0, 2.0, 1.0]), np.array([0.0, 1.0, 1.0])
    assert answers.share_of_the_fall(before, after, np.array([False, True, True])) == 0.25
