"""What the notebook on one input states as facts of its networks, computed from them."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

import splineviz as sv
from tests.notebooks.reading import variables, words

NAME = "01_one_input"


@cache
def v():
    return variables(NAME)


def the_slope_jumps_at_the_kink():
    one = v()["one"]
    return one.breakpoints.tolist() == [0.5] and one.affine_maps()[0].ravel().tolist() == [0, 2]


def all_are_off_at_the_left():
    return not v()["folded"].activation_patterns()[0].any() and len(v()["folded"]) == 4


def one_layer_makes_few_pieces():
    """Of any network with 12 neurons in one layer, and some reach the most."""
    rng = np.random.default_rng(0)
    found = set()
    for _ in range(50):
        weights = [rng.normal(size=(12, 1)), rng.normal(size=(1, 12))]
        network = sv.dense_network(weights, [0.3 * rng.normal(size=12), [0.0]])
        found.add(len(sv.enumerate_regions(network, sv.InputSlice.identity(bounds=(-99, 99)))))
    return max(found) == 13


def a_dead_neuron_makes_no_kink():
    part = v()["pieces"]([1, -3, -1])
    return part.neuron_breakpoints(0, 1).size == 0 and len(part) == 3


def each_layer_doubles():
    unit = v()["unit"]
    parts = {k: sv.enumerate_regions(v()["sawtooth"](k), unit) for k in range(1, 9)}
    linear = {k: len(np.unique(part.linear_regions())) for k, part in parts.items()}
    return linear == {k: len(part) for k, part in parts.items()} == {k: 2**k for k in range(1, 9)}


def the_tower_has_twelve_neurons():
    return sum(layer.width for layer in v()["tower"].layers) == 12


def the_segment_lies_low_on_the_board():
    ends = v()["across"].embed(v()["across"].bounds)
    inputs, _ = v()["run"].samples
    return (
        np.allclose(ends, [[-1.5, -1.3], [1.5, -1.3]])
        and np.abs(inputs).max() <= 1.5
        and v()["run"].program(0).output_shape == (2,)
    )


def a_grid_sees_one_bend_at_most():
    """Between two points of the grid lie several kinks, and as many bends are seen as points."""
    kinks = np.histogram(v()["deep"].breakpoints, v()["grid"])[0]
    return kinks.max() > 1 and v()["bends"].sum() <= len(v()["grid"]) - 2


FACTS = {
    "it jumps at the kink from 0 to 2.": the_slope_jumps_at_the_kink,
    "Every neuron is off at the left end.": all_are_off_at_the_left,
    "$D$ neurons in one layer make at most $D + 1$ pieces.": one_layer_makes_few_pieces,
    "A neuron that is off for all inputs makes no kink": a_dead_neuron_makes_no_kink,
    "Each layer folds what the one before it has folded.": each_layer_doubles,
    "It has 12 neurons. In one layer, 12 neurons make 13 pieces at most.": lambda: (
        the_tower_has_twelve_neurons() and one_layer_makes_few_pieces()
    ),
    "This one crosses the lowest row of our bundled checkerboard, 0.2 above its lower edge. "
    "There are two outputs, one for each class; the larger one wins.": (
        the_segment_lies_low_on_the_board
    ),
    "A grid sees one bend between two of its points at most.": a_grid_sees_one_bend_at_most,
}


@pytest.mark.parametrize("sentence", FACTS)
def test_what_it_says_is_true(sentence):
    assert sentence in words(NAME)
    assert FACTS[sentence]()
