"""What notebook 00 states as facts of its small network and of the bundled run, computed.

Each sentence stands here beside its check, and must still stand there: neither can drift. A number
that is in no sentence here may not be in the notebook.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from shapely import Point

import splineviz as sv
from splineviz.training import recipes
from tests.notebooks.checkerboard import (
    FITTED,
    GATHERED,
    LAST,
    POINTS,
    RUN,
    migration,
    partition,
)
from tests.notebooks.reading import other_numbers, sources, words

NAME = "00_watch"


@cache
def small():
    """The small network of the notebook, from the cell that makes it."""
    [source] = [source for source in sources(NAME, "code") if source.startswith("weights = ")]
    names = {"sv": sv}
    exec(source.partition("part.plot")[0], names)
    return names["network"], names["part"]


def is_the_small_network():
    network, part = small()
    widths = [activation.width for activation in network.activations]
    straight = set(part.edges.neuron[part.edges.layer >= 0].tolist()) == {0, 1, 2}
    return (network.input_shape, widths, network.output_shape) == ((2,), [3], (2,)) and straight


def bends_at_boundaries_only():
    _, part = small()
    [line] = part.decision_boundary().geoms
    corners = [Point(place) for place in line.simplify(1e-9).coords[1:-1]]
    lines = [part.neuron_boundary(0, neuron) for neuron in range(3)]
    return len(corners) == 2 and all(
        min(line.distance(corner) for line in lines) < 1e-9 for corner in corners
    )


def is_the_run_that_is_described():
    widths = [activation.width for activation in RUN.program(0).activations]
    data = recipes.data("checkerboard", RUN.metadata["seed"])
    return (
        widths == [64] * 3
        and len(POINTS) == 150
        and np.array_equal(POINTS, data.train_inputs)
        and (RUN.steps[-1], len(RUN)) == (30_000, 56)
    )


def stays_accurate():
    accuracy = RUN.metrics["train_accuracy"]
    fitted = accuracy.index[accuracy == 1][0]
    test = RUN.metrics.loc[fitted:, "test_accuracy"]
    return (
        fitted < FITTED
        and accuracy.loc[fitted:].min() > 0.98
        and test.max() - test.min() < 0.04
        and len(partition(FITTED)) > len(partition(LAST))
    )


def gathers_at_the_decision_boundary():
    return 1.15 < migration(FITTED).ratio < 1.25 and migration(GATHERED).ratio > 2.5


def pixels_miss_most():
    axis = np.linspace(-1.6, 1.6, 100)
    pixels = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    return len(pixels) == 10_000 and len(np.unique(partition(LAST).locate(pixels))) < 0.25 * len(
        partition(LAST)
    )


def is_exact():
    found = partition(LAST)
    assert found.verify(RUN.program(LAST))
    return found.vertices.dtype == np.float64


FACTS = {
    "This network has two inputs, three neurons and an output for each of two "
    "classes.": is_the_small_network,
    "It bends only where it crosses the boundary of a neuron.": bends_at_boundaries_only,
    "A network with three hidden layers of 64 neurons learned to color a 3 × 3 checkerboard from "
    "150 points, in 30,000 steps; 56 checkpoints were kept.": is_the_run_that_is_described,
    "The accuracies hardly change": stays_accurate,
    "Within a radius of 0.1 they lie a fifth denser there than around the training points at step "
    "193, and more than two and a half times as dense at step "
    "21,183.": gathers_at_the_decision_boundary,
    "More than three quarters of the regions lie between the pixels.": pixels_miss_most,
    "every region is a polygon with exact corners.": is_exact,
}

# Sentences with numbers that are no facts.
OTHERS = [
    "Take 10,000 pixels",
]


@pytest.mark.parametrize("sentence", FACTS)
def test_what_the_notebook_says_is_true(sentence):
    assert sentence in words(NAME)
    assert FACTS[sentence]()


def test_every_number_in_the_notebook_is_in_a_sentence_that_is_checked():
    assert other_numbers(NAME, [*FACTS, *OTHERS]) == []
