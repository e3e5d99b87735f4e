"""Pairs of vertices that mirror each other, or have parted."""

from __future__ import annotations

import pytest
import torch

from splineviz.complexity.pairs import Differences, Pairs
from splineviz.complexity.scratch import Scratch

SAMPLES, DIRECTIONS, COLUMNS = 7, 4, 5


def part_some(pairs, share, generator):
    """Part some pairs, some of them again."""
    chosen = (torch.rand((SAMPLES, DIRECTIONS), generator=generator) < share).nonzero()
    pairs.part(*torch.cat([chosen, chosen]).unbind(1))


def carried(share, steps=3, shared=False):
    """Pairs that part in some steps, and all vertices beside them, carried as they are."""
    generator = torch.Generator().manual_seed(int(100 * share))
    front = torch.randn((1 if shared else SAMPLES, DIRECTIONS, COLUMNS), generator=generator)
    pairs = Pairs(SAMPLES, DIRECTIONS, torch.device("cpu"))
    d = Differences(front, front[0, :0])
    every = torch.cat([front, -front], 1).expand(SAMPLES, -1, -1).clone()
    for _ in range(steps):
        part_some(pairs, share, generator)
        d = pairs.parted(d)
        # What has parted goes its own way.
        if pairs.whole:
            moved = torch.randn(d.apart.shape, generator=generator)
            every = every + pairs.by_sample(moved)
        else:
            moved = torch.randn(d.apart.shape, generator=generator)
            every.flatten(0, 1)[pairs.rows] += moved
        d = Differences(d.mirrored, d.apart + moved)
    return pairs, d, every


@pytest.mark.parametrize("share", [0.0, 0.03, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("shared", [False, True])
def test_vertices_and_their_ends_are_those_of_all_vertices(share, shared):
    pairs, d, every = carried(share, shared=shared)
    torch.testing.assert_close(pairs.vertices(d).expand_as(every), every)
    low, high = pairs.ends(d)
    torch.testing.assert_close(low.expand(SAMPLES, -1), every.amin(1))
    torch.testing.assert_close(high.expand(SAMPLES, -1), every.amax(1))
    lengths = torch.linalg.vector_norm(every, dim=2).amax(1, keepdim=True)
    torch.testing.assert_close(pairs.longest(d).expand_as(lengths), lengths)


@pytest.mark.parametrize("share", [0.0, 0.03, 0.1, 1.0])
def test_products_are_those_of_all_vertices_where_they_are_asked_for(share):
    pairs, d, every = carried(share)
    generator = torch.Generator().manual_seed(1)
    matrix = torch.randn((6, COLUMNS), generator=generator)
    close = torch.rand((SAMPLES, 6), generator=generator) < 0.3
    bound = pairs.longest(d) * torch.linalg.vector_norm(matrix, dim=1)
    low, high = pairs.ends_of_products(d, matrix, close, bound, Scratch())
    made = every @ matrix.T
    torch.testing.assert_close(low[close], made.amin(1)[close])
    torch.testing.assert_close(high[close], made.amax(1)[close])
    assert (low <= made.amin(1) + 1e-6).all()
    assert (high >= made.amax(1) - 1e-6).all()


def test_a_sample_all_of_whose_pairs_have_parted_has_no_zero_among_its_vertices():
    pairs = Pairs(SAMPLES, DIRECTIONS, torch.device("cpu"))
    front = torch.ones((SAMPLES, DIRECTIONS, 1))
    pairs.part(torch.full((DIRECTIONS,), 2), torch.arange(DIRECTIONS))
    assert not pairs.whole
    d = pairs.parted(Differences(front, front[0, :0]))
    d = Differences(d.mirrored, d.apart + 5.0)
    low, high = pairs.ends(d)
    assert (float(low[2]), float(high[2])) == (4.0, 6.0)
    assert (float(low[3]), float(high[3])) == (-1.0, 1.0)


def test_a_value_made_before_more_pairs_parted_keeps_its_vertices():
    pairs, d, every = carried(0.05, steps=1)
    part_some(pairs, 0.1, torch.Generator().manual_seed(2))
    torch.testing.assert_close(pairs.vertices(d), every)
    torch.testing.assert_close(pairs.ends(d)[0], every.amin(1))
    torch.testing.assert_close(pairs.vertices(pairs.parted(d)), every)
    pairs.part_all()
    assert pairs.parted(d).whole
    torch.testing.assert_close(pairs.vertices(pairs.parted(d)), every)
