"""What hides its calls from us is refused clearly by all, and a call has one name either way."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import splineviz as sv
from splineviz.errors import UnsupportedLayer

X = np.random.default_rng(0).normal(size=(4, 2))
PLANE = sv.InputSlice.identity()


class Calling(torch.nn.Module):
    """A function between two layers."""

    def __init__(self, function, smooth=False):
        super().__init__()
        torch.manual_seed(0)
        self.first, self.last = torch.nn.Linear(2, 8), torch.nn.Linear(8, 2)
        self.function, self.smooth = function, smooth

    def forward(self, x):
        made = self.last(self.function(self.first(x)))
        return made + x.tanh() if self.smooth else made


WAYS = {
    "enumerate_regions": lambda net: sv.enumerate_regions(net, PLANE),
    "verify": lambda net: sv.enumerate_regions(
        sv.Run.bundled("checkerboard").program(0), PLANE
    ).verify(net),
    "trace": lambda net: sv.trace(net, 2),
    "local_complexity": lambda net: sv.local_complexity(net, X, radius=0.1),
    "deformation": lambda net: sv.deformation(net, X, radius=0.1),
    "Recorder": lambda net: sv.Recorder("never", net, input_shape=2),
}


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
@pytest.mark.parametrize(
    "way",
    [*WAYS.values(), lambda net: sv.pgd_accuracy(net, X, [0, 1, 0, 1], eps=0.1)],
    ids=[*WAYS, "pgd_accuracy"],
)
def test_a_scripted_part_is_named(way):
    block = torch.jit.script(torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.ReLU()))
    inner = torch.nn.Sequential(torch.nn.Sequential(block), torch.nn.Linear(8, 2))
    with pytest.raises(UnsupportedLayer, match=r"at '0\.0' .*TorchScript.* in its place\."):
        way(inner)
    with pytest.raises(UnsupportedLayer, match=r"at the top of the network .*TorchScript"):
        way(block)


FUNCS = {
    "vmap": torch.vmap(torch.relu),
    "vmap of a module": torch.vmap(torch.nn.ReLU()),
    "vmap of grad": torch.vmap(torch.func.grad(lambda v: v.relu().square().sum())),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("function", FUNCS.values(), ids=FUNCS)
@pytest.mark.parametrize("smooth", [False, True])
def test_functions_of_torch_func_are_refused(way, function, smooth):
    with pytest.raises(UnsupportedLayer, match=r"torch\.func .*Call layers on the whole batch"):
        way(Calling(function, smooth))


THRESHOLDS = {
    "F.threshold": lambda x: F.threshold(x, 0.1, 0.1),
    "F.threshold in place": lambda x: F.threshold(x, 0.1, 0.1, inplace=True),
    "F.threshold_": lambda x: F.threshold_(x, 0.1, 0.1),
    "torch.threshold": lambda x: torch.threshold(x, 0.1, 0.1),
    "torch.threshold_": lambda x: torch.threshold_(x, 0.1, 0.1),
}


@pytest.mark.parametrize("function", THRESHOLDS.values(), ids=THRESHOLDS)
def test_threshold_has_one_name(function):
    lc = sv.local_complexity(Calling(function), X, radius=0.5, directions=2)
    smooth = sv.local_complexity(
        Calling(function, smooth=True), X, radius=0.5, directions=2, layers=["threshold"]
    )
    assert lc.names == smooth.names == ("threshold",)
    np.testing.assert_array_equal(lc.counts, smooth.counts)
    [activation] = sv.trace(Calling(function), 2).activations
    assert activation.name == "threshold"
