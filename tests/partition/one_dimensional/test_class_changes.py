import numpy as np
import pytest
import torch

import splineviz as sv
from splineviz.partition.one_dimensional.class_changes import class_changes


def changes(ends, values):
    return class_changes(np.array(ends, dtype=float), np.array(values, dtype=float)).tolist()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([[0], [1]], []),  # zero itself is not positive
        ([[-1], [1]], [0.5]),
        ([[1, 0], [0, 1]], [0.5]),
        ([[1, 0, 0.9], [0, 1, 0.9]], [0.1, 0.9]),
        ([[1, 0, 0.5], [0, 1, 0.5]], [0.5]),  # three meet in one point
        ([[1, 1], [1, 1]], []),  # equal all along
        ([[0, 0], [0, 1]], [0.0]),
        ([[5, 0], [4, 0]], []),
    ],
)
def test_on_one_interval(values, expected):
    found = changes([0, 1], values)
    if values == [[0], [1]]:
        # Zero is class 0: at the very end of the interval the class changes.
        expected = [0.0]
    assert found == pytest.approx(expected)


def test_a_boundary_on_a_breakpoint_is_found_once():
    assert changes([0, 1, 2], [[1, 0], [0.5, 0.5], [0, 1]]) == [1.0]
    assert changes([0, 1, 2], [[0, 1], [0.5, 0.5], [1, 0]]) == [1.0]


def test_outputs_that_only_touch_change_nothing():
    assert changes([0, 1, 2], [[0, 1], [0.5, 0.5], [0, 1]]) == []
    assert changes([0, 1, 2], [[1, 0], [0.5, 0.5], [1, 0]]) == []


@pytest.mark.parametrize("outputs", [1, 2, 5])
def test_beside_the_classes_at_many_positions(outputs):
    torch.manual_seed(outputs)
    network = torch.nn.Sequential(
        torch.nn.Linear(1, 20), torch.nn.ReLU(), torch.nn.Linear(20, outputs)
    )
    network[0].weight.data *= 4
    network[2].bias.data *= 0
    partition = sv.enumerate_regions(network, sv.InputSlice.identity(bounds=(-3, 3)))
    positions = np.linspace(-3, 3, 100_001)
    values = partition.outputs(positions)
    winner = (values[:, 0] > 0).astype(int) if outputs == 1 else values.argmax(axis=1)
    last_before = positions[np.flatnonzero(np.diff(winner))]
    np.testing.assert_allclose(partition.decision_boundary(), last_before, atol=6e-5)
