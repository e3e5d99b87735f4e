"""The dual graph: which regions share a boundary, and how long it is."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import shapely
from hypothesis import given
from scipy.sparse.csgraph import connected_components

import splineviz as sv
from splineviz.errors import MissingDependency, UnknownName
from tests.partition.networks import mlp, partition_of, partitions

SQUARE = sv.InputSlice.identity()
CROSS = mlp([np.eye(2), np.ones((1, 2))], [np.zeros(2), np.zeros(1)])


def test_four_quadrants_are_a_ring():
    part = sv.enumerate_regions(CROSS, SQUARE)
    graph = part.dual_graph().toarray()
    assert graph.dtype == np.float64
    np.testing.assert_array_equal(graph, graph.T)
    assert (graph.sum(axis=1) == 2.0).all()
    opposite = part.locate([[0.5, 0.5], [-0.5, -0.5]])
    assert graph[tuple(opposite)] == 0.0


@given(partitions())
def test_both_formats_hold_the_shared_boundaries(part):
    matrix = part.dual_graph()
    assert (matrix != matrix.T).nnz == 0
    assert not matrix.diagonal().any()
    # All inner sides of all regions: what is left of the perimeters without the border.
    border = part.plane.domain.length
    assert matrix.sum() == pytest.approx(part.perimeters.sum() - border)
    assert connected_components(matrix, directed=False, return_labels=False) == 1
    graph = part.dual_graph(format="networkx")
    assert list(graph) == list(range(len(part)))
    assert graph.number_of_edges() == matrix.nnz // 2
    patterns = part.activation_patterns()
    ends = np.cumsum([0, *(layer.width for layer in part.layers)])
    for a, b, data in graph.edges(data=True):
        assert data["length"] == pytest.approx(matrix[a, b])
        assert np.diff(patterns[[a, b], ends[data["layer"]] + data["neuron"]], axis=0).any()


def test_two_regions_that_share_several_edges_are_joined_once():
    # The domain is a ring; the line through its middle parts it into two halves that touch twice.
    ring = shapely.box(-1, -1, 1, 1).difference(shapely.box(-0.5, -0.5, 0.5, 0.5))
    program = mlp([np.array([[0.0, 1.0]]), np.ones((1, 1))], [np.zeros(1), np.zeros(1)])
    part = sv.enumerate_regions(program, sv.InputSlice(np.zeros(2), np.eye(2), ring))
    assert len(part) == 2
    np.testing.assert_allclose(part.dual_graph().toarray(), [[0.0, 1.0], [1.0, 0.0]])
    (edge,) = part.dual_graph("networkx").edges(data=True)
    assert edge[2] == {"layer": 0, "neuron": 0, "length": pytest.approx(1.0)}


def test_one_region_has_no_neighbors():
    part = partition_of(shapely.box(0, 0, 1, 1))
    assert part.dual_graph().shape == (1, 1)
    assert part.dual_graph().nnz == 0
    assert list(part.dual_graph(format="networkx")) == [0]


def test_an_unknown_format_and_a_missing_library_are_refused(monkeypatch):
    part = sv.enumerate_regions(CROSS, SQUARE)
    with pytest.raises(UnknownName, match="unknown graph format 'igraph'; known: networkx, scipy"):
        part.dual_graph(format="igraph")
    monkeypatch.setitem(sys.modules, "networkx", None)
    with pytest.raises(MissingDependency, match="pip install networkx"):
        part.dual_graph(format="networkx")
