"""Networks of all kinds that are special in some way, beside the definition."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import splineviz as sv
from splineviz.complexity.arguments.neighborhood import haar_directions
from tests.complexity.plain import Opaque, plain_counts

ACTIVATIONS = (
    (nn.ReLU, (0,)),
    (lambda: nn.LeakyReLU(0.2), (0,)),
    (lambda: nn.Hardtanh(-1.0, 0.5), (-1.0, 0.5)),
    (lambda: nn.Softshrink(0.3), (-0.3, 0.3)),
)


class Forked(nn.Module):
    """Two branches, one with an activation more, that are added, and the input once more."""

    def __init__(self, width, act):
        super().__init__()
        self.short = nn.Linear(width, width)
        self.long = nn.Sequential(nn.Linear(width, width), act(), nn.Linear(width, width))
        self.act = act()

    def forward(self, x):
        return x + self.act(self.short(x)) + self.long(x)


def network(rng, act):
    width, inputs = int(rng.integers(2, 30)), int(rng.integers(1, 10))
    if rng.integers(3) == 0:
        parts = [
            *(nn.Conv2d(2, 4, 3, padding=1), act(), nn.MaxPool2d(2), nn.Conv2d(4, 4, 3)),
            *(act(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(4, 6), act(), nn.Linear(6, 2)),
        ]
        return nn.Sequential(*parts), (2, 8, 8)
    parts = [nn.Linear(inputs, width), act()]
    for _ in range(int(rng.integers(0, 4))):
        parts += [Forked(width, act)] if rng.integers(2) else [nn.Linear(width, width), act()]
    return nn.Sequential(*parts, nn.Linear(width, 3), act(), nn.Linear(3, 1)), (inputs,)


def integers(p, rng):
    p.copy_(torch.from_numpy(rng.integers(-2, 3, p.shape)))


def duplicated(p, rng):
    p[1:] = p[:1]


def dead(p, rng):
    p[torch.from_numpy(rng.random(len(p)) < 0.5)] = 0.0


def without_biases(p, rng):
    if p.ndim == 1:
        p.zero_()


def scaled(p, rng):
    p.mul_(10.0 ** rng.integers(-6, 7))


SPECIAL = (integers, duplicated, dead, without_biases, scaled)


@pytest.mark.parametrize("special", SPECIAL, ids=lambda special: special.__name__)
@pytest.mark.parametrize("radius", [1e-6, 0.01, 0.3, 100.0])
def test_counts_are_those_of_the_definition_but_for_what_is_near(special, radius):
    for seed in range(8):
        rng = np.random.default_rng(seed)
        act, kinks = ACTIVATIONS[seed % len(ACTIVATIONS)]
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            net, shape = network(rng, act)
        with torch.no_grad():
            for p in net.parameters():
                special(p, rng)
        # Whole numbers lie on boundaries of networks of whole numbers.
        x = rng.integers(-2, 3, (9, *shape)) * 1.0 if seed % 2 else rng.normal(size=(9, *shape))
        frame = haar_directions(min(4, int(np.prod(shape))), shape, seed)
        given = Opaque(net) if seed % 5 == 4 else net
        lc = sv.local_complexity(given, x, radius=radius, directions=frame)
        expected = plain_counts(net, x, radius, frame, (type(act()),), kinks)
        assert (np.abs(lc.counts - expected) <= lc.uncertain).all(), seed
        some = rng.permutation(9)[:4]
        one = sv.local_complexity(given, x[some], radius=radius, directions=frame, batch_size=1)
        assert (np.abs(one.counts - lc.counts[some]) <= lc.uncertain[some]).all(), seed
