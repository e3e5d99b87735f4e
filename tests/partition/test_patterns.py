"""Activation patterns, packed and counted."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import shapely
from hypothesis import given

import splineviz as sv
from tests.partition.networks import case, mlp, partition_of, partitions


@given(partitions())
def test_packed_patterns_and_counts_say_the_same_as_the_patterns(partition):
    patterns = partition.activation_patterns()
    packed = partition.packed_patterns()
    width = patterns.shape[1]
    assert packed.dtype == np.uint8
    assert packed.shape == (len(partition), -(-width // 8))
    unpacked = np.unpackbits(packed, axis=1, bitorder="little")
    np.testing.assert_array_equal(unpacked[:, :width], patterns)
    assert not unpacked[:, width:].any()
    ends = np.cumsum([0, *(layer.width for layer in partition.layers)])
    counts = np.stack([patterns[:, a:b].sum(axis=1) for a, b in pairwise(ends)])
    np.testing.assert_array_equal(partition.activation_counts(), counts.T)


def test_more_regions_than_are_unpacked_at_once():
    partition = sv.enumerate_regions(case("B"), sv.InputSlice.identity())
    packed = np.packbits(partition.activation_patterns(), axis=1, bitorder="little")
    np.testing.assert_array_equal(partition.packed_patterns(), packed)


def test_column_k_is_bit_k_from_the_least_significant():
    corners = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    partition = sv.enumerate_regions(
        mlp([corners, np.ones((1, 3))], [np.zeros(3), np.zeros(1)]), sv.InputSlice.identity()
    )
    right_above = partition.locate([[0.5, 0.5]])[0]
    assert partition.packed_patterns()[right_above].tolist() == [0b011]
    assert partition.activation_counts()[right_above].tolist() == [2]


def test_a_network_without_activation_has_empty_patterns():
    partition = partition_of(shapely.box(0, 0, 1, 1))
    assert partition.packed_patterns().shape == (1, 0)
    assert partition.activation_counts().shape == (1, 0)
