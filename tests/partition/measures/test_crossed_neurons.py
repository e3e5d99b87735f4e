"""Neurons whose boundary crosses a disc or a square, against lines and dense samples."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import splineviz as sv
from splineviz.partition.measures import crossed_neurons as room
from tests.partition.networks import mlp, partition_of, partitions, random_mlp

SQUARE = sv.InputSlice.identity((-1, -1, 1, 1))


def test_of_one_layer_it_is_a_distance_from_lines():
    program = random_mlp(0, [2, 30, 1])
    partition = sv.enumerate_regions(program, SQUARE)
    points = np.random.default_rng(0).uniform(-0.7, 0.7, (40, 2))
    weight, bias = program.state["0.weight"], program.state["0.bias"]
    value = np.abs(points @ weight.T + bias)
    in_disc = value < 0.3 * np.linalg.norm(weight, axis=1)
    in_square = value < 0.3 * np.abs(weight).max(axis=1)
    np.testing.assert_array_equal(partition.crossed_neurons(points, 0.3)[:, 0], in_disc.sum(axis=1))
    squares = partition.crossed_neurons(points, 0.3, shape="cross-polytope")
    np.testing.assert_array_equal(squares[:, 0], in_square.sum(axis=1))


@pytest.mark.parametrize("shape", ["disc", "cross-polytope"])
def test_it_is_at_least_what_samples_see_and_mostly_that(shape):
    partition = sv.enumerate_regions(random_mlp(3, [2, 12, 12, 2]), SQUARE)
    rng = np.random.default_rng(0)
    points = rng.uniform(-0.7, 0.7, (20, 2))
    counts = partition.crossed_neurons(points, 0.25, shape=shape)
    way = rng.uniform(-0.25, 0.25, (40000, 2))
    size = np.linalg.norm(way, axis=1) if shape == "disc" else np.abs(way).sum(axis=1)
    way = way[size < 0.25]
    seen = []
    for point in points:
        columns = partition.program.pre_activations(point + way)
        seen.append([((one > 0).any(0) & ~(one > 0).all(0)).sum() for one in columns])
    assert (np.array(seen) <= counts).all()
    assert np.sum(seen) > 0.98 * counts.sum()


@given(partitions(), st.floats(0.05, 0.6), st.integers(0, 100))
def test_a_square_lies_in_its_disc_and_local_complexity_in_both(partition, radius, seed):
    points = np.random.default_rng(seed).uniform(-0.9, 0.9, (6, 2))
    disc = partition.crossed_neurons(points, radius)
    square = partition.crossed_neurons(points, radius, shape="cross-polytope")
    assert (square <= disc).all()
    assert disc.shape == (6, len(partition.layers))


def test_blocks_and_points_far_away_change_nothing(monkeypatch):
    partition = sv.enumerate_regions(random_mlp(3, [2, 12, 12, 2]), SQUARE)
    points = np.concatenate([np.random.default_rng(0).uniform(-1, 1, (9, 2)), [[9.0, 9.0]]])
    counts = partition.crossed_neurons(points, 0.2)
    assert counts[-1].tolist() == [0, 0]
    monkeypatch.setattr(room, "_BLOCK", 20)
    np.testing.assert_array_equal(partition.crossed_neurons(points[::-1], 0.2)[::-1], counts)


def test_a_boundary_that_only_touches_does_not_cross():
    program = mlp([np.array([[1.0, 0.0]]), np.ones((1, 1))], [np.array([-0.25]), np.zeros(1)])
    partition = sv.enumerate_regions(program, SQUARE)
    for shape in ("disc", "cross-polytope"):
        counts = partition.crossed_neurons([[0.0, 0.0], [0.125, 0.0]], 0.25, shape=shape)
        assert counts.tolist() == [[0], [1]]


def test_without_layers_there_is_nothing_to_count():
    partition = partition_of(SQUARE.domain)
    assert partition.crossed_neurons([[0.0, 0.0]], 0.5).shape == (1, 0)
