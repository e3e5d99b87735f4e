"""What the notebook on two inputs states as facts of its networks, computed from them."""

from __future__ import annotations

import itertools
from functools import cache
from math import comb

import numpy as np
import pytest
import shapely

import splineviz as sv
from tests.notebooks.reading import variables, words

NAME = "02_two_inputs"


@cache
def v():
    return variables(NAME)


def lines_cross_inside():
    """All pairs of the five, one by one; and no three of them in one point."""
    angles = np.radians(v()["angles"])
    normals = np.column_stack([np.cos(angles), np.sin(angles)])
    points = [
        np.linalg.solve(normals[[i, j]], v()["offsets"][[i, j]]) for i in range(5) for j in range(i)
    ]
    apart = shapely.distance(shapely.points(points)[:, None], shapely.points(points)) + np.eye(10)
    return abs(np.array(points)).max() < 3 and apart.min() > 0.1


def six_lie_inside():
    outline = v()["window"].domain.boundary
    inside = shapely.distance(v()["part"].polygons, outline) > 1e-9
    return int(inside.sum()) == 6 == comb(5 - 1, 2)


def formula_holds():
    """Also of other lines than the notebook's, in a window that holds all crossings."""
    rng = np.random.default_rng(1)
    wide = sv.InputSlice.identity(bounds=(-1e4, -1e4, 1e4, 1e4))
    found = {
        n: len(sv.enumerate_regions(v()["layer"](rng.uniform(0, 180, n), rng.normal(size=n)), wide))
        for n in (1, 2, 3, 7, 12)
    }
    assert len(v()["part"]) == 1 + 5 + comb(5, 2)
    return all(count == 1 + n + comb(n, 2) for n, count in found.items())


def what_is_outside_does_not_count():
    small = v()["small"]
    lines = len(np.unique(small.edges.neuron[small.edges.layer == 0]))
    return lines == 4 and len(small) == 9 < len(v()["part"])


def zero_biases_make_sectors():
    return len(v()["star"]) == 2 * 5


def three_are_parallel():
    return len(v()["stripes"]) == 1 + 5 + comb(5, 2) - comb(3, 2)


def euler_holds():
    names = ("part", "small", "star", "stripes", "trained")
    parts = [*(v()[name] for name in names), *v()["one_layer"]]
    return all(len(p.vertices) - len(p.edges) + len(p) == 1 for p in parts)


def is_deep():
    return [layer.width for layer in v()["trained"].layers] == [64] * 3


def stays_below_four():
    means = [v()["neighbors"](p) for p in [*v()["one_layer"], v()["trained"]]]
    return means[:-1] == sorted(means[:-1]) and 3.9 < max(means) < 4


def dense_networks_stay_below_four():
    """Networks with small whole weights: lines coincide, meet in one point, or are flat."""
    rng = np.random.default_rng(0)
    for _ in range(40):
        widths = [2, *rng.integers(2, 8, size=rng.integers(1, 4)), 1]
        weights = [rng.integers(-1, 2, (b, a)) for a, b in itertools.pairwise(widths)]
        biases = [rng.integers(-1, 2, len(weight)) for weight in weights]
        part = sv.enumerate_regions(sv.dense_network(weights, biases), v()["window"])
        assert v()["neighbors"](part) < 4
        inner = part.edges.vertices[part.edges.layer >= 0]
        meeting = np.bincount(inner.ravel(), minlength=len(part.vertices))
        rim = part.edges.vertices[part.edges.layer < 0]
        assert np.delete(meeting, rim.ravel()).min(initial=4) >= 4
    return True


def max_pooling_goes_beyond():
    """The largest of many tangent planes of a bowl: a honeycomb."""
    import torch

    touching = torch.rand(200, 2, generator=torch.Generator().manual_seed(0)) * 6 - 3
    model = torch.nn.Sequential(
        torch.nn.Linear(2, 200), torch.nn.Unflatten(1, (1, 200)), torch.nn.MaxPool1d(200)
    )
    with torch.no_grad():
        model[0].weight[:] = 2 * touching
        model[0].bias[:] = -(touching**2).sum(1)
    part = sv.enumerate_regions(model, v()["window"])
    inner = part.edges.vertices[part.edges.layer >= 0]
    return v()["neighbors"](part) > 4 and (np.bincount(inner.ravel()) == 3).any()


def grid_misses_most():
    between = (3.2 / 99) ** 2
    assert len(v()["grid"]) == 10_000
    return v()["found"] < len(v()["trained"]) / 4 and np.median(v()["trained"].areas) < between


FACTS = {
    "Here are five neurons. All their lines cross each other inside the window.": (
        lines_cross_inside
    ),
    "Six do not. In general $n$ lines make $1 + n + \\binom{n}{2}$ regions": lambda: (
        six_lie_inside() and formula_holds()
    ),
    "But a line or a crossing outside the window does not count.": what_is_outside_does_not_count,
    "All biases are zero, so every line goes through the origin.": zero_biases_make_sectors,
    "Three of the five are parallel, and all other pairs cross in the window.": three_are_parallel,
    "as in our bundled run (three layers of 64 neurons)?": is_deep,
    "It is 1 in every window without holes.": euler_holds,
    "It stays below 4.": stays_below_four,
    "Where boundaries of a dense ReLU network meet, at least four edges do; with "
    "$V - E + F = 1$ the average in a convex window is then below 4, at any depth.": (
        dense_networks_stay_below_four
    ),
    "Max-pooling is not covered: there three edges can meet, and the average can be above 4.": (
        max_pooling_goes_beyond
    ),
    "by trying 10,000 points on a grid?": grid_misses_most,
    "The grid misses more than three quarters: most regions are smaller than the square between "
    "four of its points.": grid_misses_most,
}


@pytest.mark.parametrize("sentence", FACTS)
def test_what_it_says_is_true(sentence):
    assert sentence in words(NAME)
    assert FACTS[sentence]()
