"""A buffer may be infinite, as a mask is, as long as the outputs are finite."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import splineviz as sv
from splineviz.errors import NonFiniteValues

INF, NAN = float("inf"), float("nan")
X = np.random.default_rng(0).normal(size=(6, 2))
SEQUENCES = np.random.default_rng(0).normal(size=(5, 4, 8))


class Block(torch.nn.Module):
    """A causal transformer block, with its mask kept in one way or another."""

    def __init__(self, how):
        super().__init__()
        torch.manual_seed(0)
        self.att = torch.nn.MultiheadAttention(8, 2, batch_first=True)
        self.ff = torch.nn.Sequential(
            torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 8)
        )
        self.head = torch.nn.Linear(8, 3)
        mask = torch.triu(torch.full((4, 4), -INF), 1)
        if how == "attribute":
            self.mask = mask
        else:
            self.register_buffer("mask", mask.isinf() if how == "bool" else mask)
        if how == "unused":
            self.register_buffer("best", torch.tensor(INF))
            self.register_buffer("seen", torch.tensor([NAN, INF]), persistent=False)

    def forward(self, x):
        x = x + self.att(x, x, x, attn_mask=self.mask, need_weights=False)[0]
        return self.head((x + self.ff(x))[:, -1])


def test_a_causal_mask_counts_alike_however_it_is_kept():
    kept = [
        sv.local_complexity(Block(how), SEQUENCES, radius=0.3).counts
        for how in ("bool", "attribute", "float", "unused")
    ]
    assert kept[0].sum() > 0
    for counts in kept[1:]:
        np.testing.assert_array_equal(counts, kept[0])


class Masked(torch.nn.Module):
    """Three neurons, of which a mask takes some out before the ReLU."""

    def __init__(self, mask):
        super().__init__()
        torch.manual_seed(1)
        self.inner, self.outer = torch.nn.Linear(2, 3), torch.nn.Linear(3, 2)
        self.register_buffer("mask", torch.tensor(mask))

    def forward(self, x):
        return self.outer((self.inner(x) + self.mask).relu())


def test_neurons_that_are_masked_out_are_not_crossed():
    free = sv.local_complexity(Masked([0.0, 0.0, 0.0]), X, radius=0.5, directions=2)
    # Most of them masked, so that the median of all sizes would be infinite.
    part = sv.local_complexity(
        Masked([-INF, -INF, 0.0]), X, radius=0.5, directions=2, layers=["relu"]
    )
    assert part.uncertain.sum() == free.uncertain.sum() == 0
    one = Masked([-1e6, -1e6, 0.0])
    np.testing.assert_array_equal(
        part.counts, sv.local_complexity(one, X, radius=0.5, directions=2).counts
    )
    assert part.counts.sum() > 0
    deformed = sv.deformation(Masked([-INF, -INF, 0.0]), X, radius=0.5)
    assert np.isfinite(deformed.diameters).all()


class Holder(torch.nn.Module):
    """A network with buffers that it does not use."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.net = torch.nn.Sequential(
            torch.nn.Linear(2, 6), torch.nn.ReLU(), torch.nn.Linear(6, 2)
        )
        self.register_buffer("best", torch.tensor([INF, NAN]))
        self.register_buffer("least", torch.tensor(INF), persistent=False)
        self.seen = torch.tensor([NAN])

    def forward(self, x):
        return self.net(x)


def test_unused_buffers_hinder_nothing(tmp_path):
    held, plane = Holder(), sv.InputSlice.identity()
    found = sv.enumerate_regions(held, plane)
    assert len(found) == len(sv.enumerate_regions(held.net, plane))
    found.verify(held)
    with sv.Recorder(tmp_path / "run", held) as recorder:
        recorder.step(0)
    assert len(sv.Run(tmp_path / "run")) == 1
    sv.pgd_accuracy(held, X.astype(np.float32), [0] * 6, eps=0.1)
    np.testing.assert_array_equal(
        sv.local_complexity(held, X, radius=0.5, directions=2).counts,
        sv.local_complexity(held.net, X, radius=0.5, directions=2).counts,
    )


def test_infinite_outputs_name_the_buffers():
    class Shifted(Masked):
        def forward(self, x):
            return self.outer(torch.tanh(self.inner(x)).cumsum(1) + self.mask)

    with pytest.raises(NonFiniteValues, match=r"outputs.* are NaN or inf.*its buffers 'mask'"):
        sv.local_complexity(Shifted([0.0, -INF, 0.0]), X, radius=0.5, directions=2)


def test_infinite_parameters_are_refused_as_ever():
    net = Masked([0.0, 0.0, 0.0])
    with torch.no_grad():
        net.inner.weight[0, 0] = NAN
    with pytest.raises(NonFiniteValues, match=r"parameter 'inner\.weight'"):
        sv.local_complexity(net, X, radius=0.5, directions=2)
