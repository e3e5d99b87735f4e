"""Errors name the cause and what would work, where torch's own words would lead astray."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import splineviz as sv
from splineviz.errors import InvalidSlice, RecordingError, ShapeMismatch, UnsupportedLayer

PLANE = sv.InputSlice.identity()
RELU = nn.ReLU()


class Calling(nn.Module):
    """A function between two layers."""

    def __init__(self, function):
        super().__init__()
        self.first, self.last = nn.Linear(2, 4), nn.Linear(4, 2)
        self.function = function
        self.kept = [nn.ReLU()]

    def forward(self, x):
        return self.last(self.function(self.first(x)))


class Listed(nn.Module):
    def __init__(self, kind):
        super().__init__()
        layers = [nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 2)]
        self.layers = dict(enumerate(layers)) if kind is dict else kind(layers)

    def forward(self, x):
        for number in range(3):
            x = self.layers[number](x)
        return x


SLICES = {
    "around": lambda: sv.InputSlice.around([0.0]),
    "around a single number": lambda: sv.InputSlice.around(np.zeros((1, 1, 1))),
    "around, with directions": lambda: sv.InputSlice.around([0.0], directions=[[1.0], [2.0]]),
    "through": lambda: sv.InputSlice.through([0.0], [1.0], [2.0]),
    "between": lambda: sv.InputSlice.between([0.0], [1.0]),
    "principal": lambda: sv.InputSlice.principal(np.arange(5.0)[:, None]),
    "as it is": lambda: sv.InputSlice([0.0], [[1.0], [2.0]], PLANE.domain),
}


@pytest.mark.parametrize("call", SLICES.values(), ids=SLICES)
def test_one_input_has_no_plane(call):
    with pytest.raises(InvalidSlice, match=r"is one number, .* second input .*x\[:, :1\]"):
        call()


def test_a_second_input_that_is_not_used_makes_a_plane():
    net = nn.Sequential(nn.Linear(1, 5), nn.ReLU(), nn.Linear(5, 1))

    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = net

        def forward(self, x):
            return self.net(x[:, :1])

    found = sv.enumerate_regions(Two(), PLANE)
    kinks = -(net[0].bias / net[0].weight[:, 0]).detach().numpy()
    assert len(found) == 1 + (np.abs(kinks) < 1).sum()


@pytest.mark.parametrize("y", [0, torch.tensor(0), [0]])
def test_one_sample_without_its_axis(y):
    net = nn.Sequential(nn.Flatten(), nn.Linear(48, 2))
    with pytest.raises(ShapeMismatch, match=r"one class number and x has 3 .*x\[None\] and \[y\]"):
        sv.pgd_accuracy(net, torch.rand(3, 4, 4), y, eps=0.1)


@pytest.mark.parametrize("kind", [list, tuple, dict])
def test_weights_that_are_not_registered(kind):
    torch.manual_seed(0)
    listed = Listed(kind)
    held = listed.layers.values() if kind is dict else listed.layers
    expected = sv.enumerate_regions(nn.Sequential(*held), PLANE)
    assert len(sv.enumerate_regions(listed, PLANE)) == len(expected)
    assert {p.dtype for layer in held for p in layer.parameters()} == {torch.float32}


def test_a_module_may_be_no_part_of_the_network():
    def count(function):
        torch.manual_seed(0)
        return len(sv.enumerate_regions(Calling(function), PLANE))

    hardtanh = count(nn.Hardtanh())
    assert count(lambda x: nn.Hardtanh()(x)) == count(nn.Hardtanh().forward) == hardtanh
    assert count(lambda x: RELU(x)) == count(torch.relu)


ADVICE = {
    "a decision by numbers": (lambda x: x if x.sum() > 0 else -x, "Take the decision out"),
    "numpy": (lambda x: torch.from_numpy(np.maximum(x, 0)), "Write it with operations of torch"),
}


@pytest.mark.parametrize("row", ADVICE.values(), ids=ADVICE)
def test_advice_follows_the_cause(row):
    function, told = row
    with pytest.raises(UnsupportedLayer, match=rf"at test_messages\.py:\d+.*{told}"):
        sv.enumerate_regions(Calling(function), PLANE)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x.relu() if x.shape[1] > 2 else x,
        lambda x: x + torch.zeros(x.shape[0], 1),
    ],
)
def test_shapes_decide_and_give_sizes(function):
    sv.enumerate_regions(Calling(function), PLANE)


def test_tokens_cannot_be_moved():
    net = nn.Sequential(nn.Embedding(10, 4), nn.ReLU(), nn.Flatten(), nn.Linear(12, 2))
    with pytest.raises(UnsupportedLayer, match=r"numbers of tokens.*behind it: trace.*start='0'"):
        sv.local_complexity(net, np.zeros((2, 3)), radius=0.1)


def test_what_hides_the_shape_of_the_input_is_named(tmp_path):
    class Gain(nn.Module):
        def __init__(self):
            super().__init__()
            self.gain, self.fc = nn.Parameter(torch.ones(1)), nn.Linear(2, 3)

        def forward(self, x):
            return self.fc(x).relu() * self.gain

    with pytest.raises(RecordingError, match=r"own weight 'gain' .*'fc'\. Pass input_shape=2 if"):
        sv.Recorder(tmp_path / "run", Gain())
    conv = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(8, 2))
    with pytest.raises(RecordingError, match=r"Conv2d '0' stands before its Linear layer '2'"):
        sv.Recorder(tmp_path / "run", conv)
    assert not (tmp_path / "run").exists()
