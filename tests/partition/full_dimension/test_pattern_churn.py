"""Neurons that change their state, against hooks on the modules of torch."""

from __future__ import annotations

import copy
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

import splineviz as sv
from splineviz.errors import InvalidArgument, NonFiniteValues, ShapeMismatch, UnsupportedLayer
from splineviz.partition.measures import jacobians as room


def dense() -> nn.Module:
    return nn.Sequential(
        nn.Linear(3, 9), nn.ReLU(), nn.Linear(9, 7), nn.LeakyReLU(), nn.Linear(7, 2)
    )


def convolutional() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(36, 11), nn.ReLU(), nn.Linear(11, 3),
    )  # fmt: skip


class Attention(nn.Module):
    """With a softmax: no exact regions, and yet a pattern at points."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.activation = nn.Linear(5, 5), nn.Linear(5, 2), nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.second(self.activation(torch.softmax(self.first(x), dim=1) - 0.2))


def pair(make, seed=0, step=0.1):
    torch.manual_seed(seed)
    before = make().eval().double()
    after = copy.deepcopy(before)
    with torch.no_grad():
        for weight in after.parameters():
            weight += step * torch.randn_like(weight)
    return before, after


def plain(before, after, x):
    """The states of all neurons by hooks: what ReLU modules read, positive or not."""
    states = []
    for network in (before, after):
        read = []
        hooks = [
            module.register_forward_hook(lambda _, x, y, read=read: read.append(x[0] > 0))
            for module in network.modules()
            if isinstance(module, nn.ReLU | nn.LeakyReLU)
        ]
        with torch.no_grad():
            network(torch.tensor(x))
        for hook in hooks:
            hook.remove()
        states.append([one.flatten(1).numpy() for one in read])
    return np.stack([(a != b).sum(axis=1) for a, b in zip(*states, strict=True)], axis=1)


NETWORKS = {dense: (3,), convolutional: (1, 8, 8), Attention: (5,)}


@pytest.mark.parametrize("make", NETWORKS)
@pytest.mark.parametrize("batch", [1, 7, 2**24])
def test_it_counts_what_hooks_count(make, batch, monkeypatch):
    monkeypatch.setattr(room, "_BLOCK", batch * 100)
    before, after = pair(make)
    x = np.random.default_rng(1).standard_normal((50, *NETWORKS[make]))
    weights = [weight.clone() for weight in before.parameters()]
    churn = sv.pattern_churn(before, after, x=x)
    wanted = plain(before, after, x)
    np.testing.assert_array_equal(churn.changed, wanted)
    assert 0 < wanted.sum() < wanted.size * 50
    assert churn.total == pytest.approx(wanted.sum() / (50 * churn.widths.sum()))
    np.testing.assert_allclose(churn.by_layer, wanted.mean(axis=0) / churn.widths)
    assert all(torch.equal(a, b) for a, b in zip(weights, before.parameters(), strict=True))


def test_the_same_network_has_none():
    before, _ = pair(convolutional)
    x = np.random.default_rng(1).standard_normal((5, 1, 8, 8))
    assert sv.pattern_churn(before, before, x=x, winners=True).total == 0.0


def test_a_neuron_with_several_breakpoints_counts_once():
    # A clamp from 0 to 1: from -1 to 2 the pre-activation crosses both breakpoints.
    before, after = (
        nn.Sequential(nn.Linear(1, 2), nn.Hardtanh(0.0, 1.0), nn.Linear(2, 1)) for _ in range(2)
    )
    for network, biases in ((before, [-1.0, 0.5]), (after, [2.0, 0.4])):
        network[0].weight.data[:] = 0.0
        network[0].bias.data[:] = torch.tensor(biases)
    churn = sv.pattern_churn(before, after, x=[[0.3], [0.4]])
    assert churn.changed.tolist() == [[1], [1]]
    assert churn.widths.tolist() == [2]
    assert churn.total == 0.5


def test_windows_of_maxima_count_if_wanted():
    before, after = pair(convolutional, step=0.5)
    x = np.random.default_rng(1).standard_normal((20, 1, 8, 8))
    without, with_windows = (sv.pattern_churn(before, after, x=x, winners=w) for w in (False, True))
    assert without.names == ("2", "6")
    assert with_windows.names == ("2", "3", "6")
    assert with_windows.widths.tolist() == [4 * 36, 4 * 9, 11]
    np.testing.assert_array_equal(with_windows.changed[:, [0, 2]], without.changed)
    # The winner's place in each window, by torch. Where all are cut off at 0, none wins alone.
    places = []
    for network in (before, after):
        with torch.no_grad():
            read = network[:3](torch.tensor(x)).unfold(2, 2, 2).unfold(3, 2, 2).flatten(4)
        best = read == read.amax(-1, keepdim=True)
        places.append((best & (best.sum(-1, keepdim=True) == 1)).numpy())
    wanted = (places[0] != places[1]).any(axis=-1).sum(axis=(1, 2, 3))
    np.testing.assert_array_equal(with_windows.changed[:, 1], wanted)


def test_the_table_and_the_text():
    before, after = pair(dense)
    churn = sv.pattern_churn(before, after, x=np.random.default_rng(0).standard_normal((40, 3)))
    table = churn.to_dataframe()
    assert list(table.index) == ["1", "3"]
    assert table["neurons"].tolist() == [9, 7]
    np.testing.assert_allclose(table["share"], churn.by_layer)
    assert repr(churn).startswith(f"PatternChurn({churn.total:.3g} at 40 points; 1 ")


def test_churn_over_a_way_is_at_most_the_sum_of_its_parts():
    run = sv.Run.bundled("checkerboard")
    x = run.samples[0]
    ends = sv.pattern_churn(run.program(115), run.program(30000), x=x).total
    way = [115, 1100, 10562, 30000]
    parts = [sv.pattern_churn(run.program(a), run.program(b), x=x).total for a, b in pairwise(way)]
    assert max(parts) < ends <= sum(parts)


def test_what_is_refused():
    before, after = pair(dense)
    x = np.zeros((4, 3))
    other = nn.Sequential(nn.Linear(3, 9), nn.ReLU(), nn.Linear(9, 2))
    with pytest.raises(ShapeMismatch, match=r"one network at two steps.*'1' \(9\), '3' \(7\) and"):
        sv.pattern_churn(before, other, x=x)
    with pytest.raises(ShapeMismatch, match="cannot take inputs of shape"):
        sv.pattern_churn(before, after, x=np.zeros((4, 3, 2)))
    linear = sv.dense_network([np.eye(3)])
    with pytest.raises(ShapeMismatch, match="x holds inputs of shape"):
        sv.pattern_churn(linear, linear, x=np.zeros((4, 2)))
    with pytest.raises(InvalidArgument, match="no neuron has a state"):
        sv.pattern_churn(linear, linear, x=x)
    with pytest.raises(UnsupportedLayer):
        sv.pattern_churn(before, "after", x=x)
    huge = sv.dense_network([np.full((4, 3), 1e200), np.full((4, 4), 1e200), np.ones((1, 4))])
    with pytest.raises(NonFiniteValues, match="overflow"):
        sv.pattern_churn(huge, huge, x=x + 1.0)
