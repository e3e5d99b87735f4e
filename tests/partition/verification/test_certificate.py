"""verify() proves a partition, and refuses a false one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import splineviz as sv
from splineviz.errors import InvalidPartition, ShapeMismatch
from tests.partition.networks import case, random_mlp

SQUARE = sv.InputSlice.identity()


@pytest.fixture(scope="module")
def partition():
    return sv.enumerate_regions(case("A"), SQUARE)


def test_the_certificate_says_what_it_proved(partition):
    text = str(partition.verify(partition.program))
    assert "1,180 activation regions" in text
    assert "V - E + F = 1" in text
    assert "113,280 pre-activation signs" in text


def test_one_moved_vertex_is_noticed(partition):
    inside = np.flatnonzero((np.abs(partition.vertices) < 1).all(axis=1))[0]
    vertices = partition.vertices.copy()
    vertices[inside] += 0.3
    with pytest.raises(InvalidPartition):
        replace(partition, vertices=vertices).verify(partition.program)


def test_a_vertex_moved_too_little_to_spoil_the_coverage_is_noticed(partition):
    inside = np.flatnonzero((np.abs(partition.vertices) < 0.9).all(axis=1))[0]
    vertices = partition.vertices.copy()
    vertices[inside] += 1e-6
    with pytest.raises(InvalidPartition, match="vertex"):
        replace(partition, vertices=vertices).verify(partition.program)


def test_one_dropped_region_is_noticed(partition):
    last = partition.layers[-1]
    shorter = replace(
        partition,
        ring_vertices=partition.ring_vertices[: partition.ring_offsets[-2]],
        ring_offsets=partition.ring_offsets[:-1],
        region_offsets=partition.region_offsets[:-1],
        layers=(
            *partition.layers[:-1],
            replace(last, parent=last.parent[:-1], bits=last.bits[:-1]),
        ),
    )
    with pytest.raises(InvalidPartition, match="edge table"):
        shorter.verify(partition.program)


def test_one_flipped_bit_is_noticed(partition):
    last = partition.layers[-1]
    bits = last.bits.copy()
    bits[17, 0] ^= np.uint64(1 << 5)
    with pytest.raises(InvalidPartition, match="pattern"):
        replace(partition, layers=(*partition.layers[:-1], replace(last, bits=bits))).verify(
            partition.program
        )


def test_other_weights_are_noticed(partition):
    other = random_mlp(9, [2, 32, 32, 32, 1])
    with pytest.raises(InvalidPartition, match="pattern"):
        partition.verify(other)
    with pytest.raises(ShapeMismatch, match="another network"):
        partition.verify(random_mlp(9, [2, 8, 1]))


def drop_row(table, row):
    return np.concatenate([table[:row], table[row + 1 :], table[row + 1 : row + 2]])


TAMPERED = {
    "all regions -1": lambda e: replace(e, regions=np.full_like(e.regions, -1)),
    "all sides swapped": lambda e: replace(e, regions=e.regions[:, ::-1].copy()),
    "one lost, another twice": lambda e: replace(
        e,
        **{
            name: drop_row(getattr(e, name), 700)
            for name in ("vertices", "regions", "layer", "neuron")
        },
    ),
    "a border edge with a neuron": lambda e: replace(e, layer=np.maximum(e.layer, 0)),
    "a neuron that does not exist": lambda e: replace(
        e, neuron=np.where(e.layer >= 0, 99, e.neuron)
    ),
    "a layer that does not exist": lambda e: replace(e, layer=np.where(e.layer >= 0, 7, e.layer)),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_a_false_edge_table_is_noticed(partition, name):
    with pytest.raises(InvalidPartition, match="edge"):
        replace(partition, edges=TAMPERED[name](partition.edges)).verify(partition.program)
