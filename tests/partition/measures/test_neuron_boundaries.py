"""The boundary of one neuron, and the edges of one layer."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given

import splineviz as sv
from splineviz.errors import UnknownName
from splineviz.partition.measures.neuron_boundaries import boundary_segments
from tests.partition.networks import DEGENERATE, mlp, partition_of, partitions, random_mlp

SQUARE = sv.InputSlice.identity()


def length_of(segments):
    return np.linalg.norm(segments[:, 1] - segments[:, 0], axis=1).sum()


def test_coinciding_neurons_of_one_layer_have_the_same_boundary():
    first = DEGENERATE["duplicated"](np.array([[1.0, 2.0]]), np.array([0.1]))
    partition = sv.enumerate_regions(
        mlp([first[0], np.ones((1, 2))], [first[1], np.zeros(1)]), SQUARE
    )
    assert len(set(partition.edges.neuron)) == 2  # the border, and one of the two
    assert partition.neuron_boundary(0, 1).equals(partition.neuron_boundary(0, 0))
    assert partition.neuron_boundary("relu0", 1).length > 1.0


def test_a_later_layer_may_have_its_boundary_along_an_earlier_one():
    # relu(relu(x)): both change sign at x = 0, and the edge is labelled with the first layer.
    program = mlp([np.array([[1.0, 0.0]]), np.ones((1, 1)), np.ones((1, 1))], [np.zeros(1)] * 3)
    partition = sv.enumerate_regions(program, SQUARE)
    assert set(partition.edges.layer) == {-1, 0}
    for layer in (0, 1):
        boundary = partition.neuron_boundary(layer, 0)
        assert boundary.length == 2.0
        assert len(boundary.geoms) == 1
    assert partition.distance_to_boundary([[0.5, 0.0]], layer=1) == pytest.approx(0.5)


@given(partitions())
def test_the_boundary_of_a_neuron_is_where_it_is_zero(partition):
    drawn = 0.0
    for number, layer in enumerate(partition.layers):
        segments = boundary_segments(partition.vertices, partition.edges, partition.layers, number)
        longest = 0.0
        for neuron in range(layer.width):
            boundary = partition.neuron_boundary(number, neuron)
            longest = max(longest, boundary.length)
            if boundary.is_empty:
                continue
            points = shapely.line_interpolate_point(
                shapely.get_parts(boundary), 0.3, normalized=True
            )
            inputs = partition.plane.embed(shapely.get_coordinates(points))
            z = partition.program.pre_activations(inputs)[number][:, neuron]
            np.testing.assert_allclose(z, 0.0, atol=1e-9)
        assert longest <= length_of(segments) + 1e-9
        drawn += length_of(segments)
    inner = boundary_segments(partition.vertices, partition.edges, partition.layers, None)
    every = list(range(len(partition.layers)))
    both = boundary_segments(partition.vertices, partition.edges, partition.layers, every)
    np.testing.assert_array_equal(both, inner)
    assert drawn >= length_of(inner) - 1e-9


def test_in_a_generic_network_the_labels_are_the_boundaries():
    partition = sv.enumerate_regions(random_mlp(1, [2, 8, 8, 1]), SQUARE)
    label = partition.edges.layer == 1
    for neuron in range(8):
        own = partition.edges.vertices[label & (partition.edges.neuron == neuron)]
        boundary = partition.neuron_boundary(1, neuron)
        assert boundary.length == pytest.approx(length_of(partition.vertices[own]))


def test_names_that_do_not_exist_are_refused():
    partition = sv.enumerate_regions(random_mlp(1, [2, 3, 4, 1]), SQUARE)
    with pytest.raises(UnknownName, match="unknown layer 'relu7'; known: relu0, relu1"):
        partition.neuron_boundary("relu7", 0)
    with pytest.raises(UnknownName, match=r"unknown layer 2; known: 0 \('relu0'\), 1"):
        partition.neuron_boundary(2, 0)
    with pytest.raises(UnknownName, match="unknown layer -1"):
        partition.distance_to_boundary([[0.0, 0.0]], layer=[0, -1])
    with pytest.raises(UnknownName, match="unknown neuron of layer 'relu1' 4; known: 0 to 3"):
        partition.neuron_boundary("relu1", 4)
    with pytest.raises(UnknownName, match="unknown neuron"):
        partition.neuron_boundary("relu1", -1)
    with pytest.raises(UnknownName, match=r"unknown layer 0\.5; known"):
        partition.neuron_boundary(0.5, 0)
    with pytest.raises(UnknownName, match="unknown layer 0; known: none"):
        partition_of(shapely.box(0, 0, 1, 1)).neuron_boundary(0, 0)
