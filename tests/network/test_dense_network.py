import numpy as np
import pytest
import torch

import splineviz as sv
from splineviz.errors import InvalidArgument, NonFiniteValues, ShapeMismatch


def test_it_is_the_network_that_torch_makes():
    torch.manual_seed(0)
    network = torch.nn.Sequential(
        torch.nn.Linear(2, 8),
        torch.nn.ReLU(),
        torch.nn.Linear(8, 8, bias=False),
        torch.nn.ReLU(),
        torch.nn.Linear(8, 3),
    )
    layers = [network[0], network[2], network[4]]
    program = sv.dense_network([layer.weight for layer in layers], [layer.bias for layer in layers])
    traced = sv.trace(network, (2,))
    assert [(step.kind, step.name) for step in program.steps] == [
        (step.kind, step.name) for step in traced.steps
    ]
    assert set(program.state) == set(network.state_dict())
    points = np.random.default_rng(0).normal(size=(20, 2))
    np.testing.assert_array_equal(program(points), traced(points))
    partition = sv.enumerate_regions(program, sv.InputSlice.identity())
    partition.verify(network)


def test_a_single_layer_without_bias():
    program = sv.dense_network([[[2.0]]])
    assert len(sv.enumerate_regions(program, sv.InputSlice.identity(bounds=(0, 1)))) == 1


@pytest.mark.parametrize(
    ("weights", "biases", "error", "message"),
    [
        ([], None, InvalidArgument, "at least one"),
        ([[[1.0]]], [], InvalidArgument, "1 biases"),
        ([[1.0]], None, ShapeMismatch, r"weights\[0\]"),
        ([[[1.0]], [[1.0, 2.0]]], None, ShapeMismatch, "with 1 inputs"),
        ([[[1.0]]], [[1.0, 2.0]], ShapeMismatch, r"biases\[0\]"),
        ([[[np.nan]]], None, NonFiniteValues, r"weights\[0\]"),
        ([np.zeros((0, 2))], None, ShapeMismatch, r"weights\[0\]"),
    ],
)
def test_what_is_refused(weights, biases, error, message):
    with pytest.raises(error, match=message):
        sv.dense_network(weights, biases)
