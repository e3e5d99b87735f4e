"""Edges are cut in blocks, and only some of them again: how they are cut changes nothing."""

import itertools

import numpy as np

import splineviz as sv
from splineviz.partition.engine import subdivision


def test_small_blocks_of_edges_give_the_same_partition(monkeypatch):
    rng = np.random.default_rng(0)
    plane = sv.InputSlice.identity((-1.5, -1.5, 1.5, 1.5))
    anew = []

    def counted(*arguments):
        anew.append(subdivision_at_changed(*arguments))
        return anew[-1]

    subdivision_at_changed = subdivision._at_changed
    monkeypatch.setattr(subdivision, "_at_changed", counted)
    for number in range(40):
        # Whole weights: boundaries coincide, and meet in corners that others made.
        widths = [2, *rng.integers(3, 12, size=rng.integers(1, 4)), 2]
        weights = [rng.integers(-2, 3, (b, a)) for a, b in itertools.pairwise(widths)]
        biases = [rng.integers(-1, 2, len(weight)) * (number % 3 > 0) for weight in weights]
        network = sv.dense_network(weights, biases)
        whole = sv.enumerate_regions(network, plane, threads=1)
        with monkeypatch.context() as patched:
            patched.setattr(subdivision, "_EDGES", (8, 8))
            parts = sv.enumerate_regions(network, plane, threads=2)
        np.testing.assert_array_equal(parts.vertices, whole.vertices)
        np.testing.assert_array_equal(parts.activation_patterns(), whole.activation_patterns())
    assert any(anew)
