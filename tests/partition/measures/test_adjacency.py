"""The dual graph: which regions share a boundary, and how long it is."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse.csgraph import connected_components

import splineviz as sv
from splineviz.errors import MissingDependency, UnknownName
from splineviz.network.program import Program
from splineviz.network.step import Step
from tests.partition.networks import DEGENERATE, mlp, network, partition_of, partitions

SQUARE = sv.InputSlice.identity()
CROSS = mlp([np.eye(2), np.ones((1, 2))], [np.zeros(2), np.zeros(1)])


def test_four_quadrants_are_a_ring():
    partition = sv.enumerate_regions(CROSS, SQUARE)
    graph = partition.dual_graph().toarray()
    assert graph.dtype == np.float64
    np.testing.assert_array_equal(graph, graph.T)
    assert (graph.sum(axis=1) == 2.0).all()
    opposite = partition.locate([[0.5, 0.5], [-0.5, -0.5]])
    assert graph[tuple(opposite)] == 0.0


@given(partitions())
def test_both_formats_hold_the_shared_boundaries(partition):
    matrix = partition.dual_graph()
    assert (matrix != matrix.T).nnz == 0
    assert not matrix.diagonal().any()
    # All inner sides of all regions: what is left of the perimeters without the border.
    border = partition.plane.domain.length
    assert matrix.sum() == pytest.approx(partition.perimeters.sum() - border)
    assert connected_components(matrix, directed=False, return_labels=False) == 1
    graph = partition.dual_graph(format="networkx")
    assert list(graph) == list(range(len(partition)))
    assert partition.degrees.tolist() == [degree for _, degree in graph.degree()]
    assert partition.average_degree == pytest.approx(matrix.nnz / len(partition))
    assert graph.number_of_edges() == matrix.nnz // 2
    patterns = partition.activation_patterns()
    ends = np.cumsum([0, *(layer.width for layer in partition.layers)])
    for a, b, data in graph.edges(data=True):
        assert data["length"] == pytest.approx(matrix[a, b])
        assert np.diff(patterns[[a, b], ends[data["layer"]] + data["neuron"]], axis=0).any()


def test_two_regions_that_share_several_edges_are_joined_once():
    # The domain is a ring; the line through its middle parts it into two halves that touch twice.
    ring = shapely.box(-1, -1, 1, 1).difference(shapely.box(-0.5, -0.5, 0.5, 0.5))
    program = mlp([np.array([[0.0, 1.0]]), np.ones((1, 1))], [np.zeros(1), np.zeros(1)])
    partition = sv.enumerate_regions(program, sv.InputSlice(np.zeros(2), np.eye(2), ring))
    assert len(partition) == 2
    np.testing.assert_allclose(partition.dual_graph().toarray(), [[0.0, 1.0], [1.0, 0.0]])
    assert partition.degrees.tolist() == [1, 1]
    (edge,) = partition.dual_graph("networkx").edges(data=True)
    assert edge[2] == {"layer": 0, "neuron": 0, "length": pytest.approx(1.0)}


def test_one_region_has_no_neighbors():
    partition = partition_of(shapely.box(0, 0, 1, 1))
    assert partition.dual_graph().shape == (1, 1)
    assert partition.dual_graph().nnz == 0
    assert partition.average_degree == 0.0
    assert list(partition.dual_graph(format="networkx")) == [0]


ONE_BY_ONE = ["relu", "leaky", "abs", "clamp", "softshrink"]


@st.composite
def elementwise_networks(draw):
    """Networks without maxima, with weights of any degenerate kind."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    degenerate = DEGENERATE[draw(st.sampled_from(sorted(DEGENERATE)))]
    width, layers = 2, []
    for size in draw(st.lists(st.integers(1, 9), min_size=1, max_size=4)):
        weight, bias = degenerate(rng.standard_normal((size, width)), rng.standard_normal(size))
        layers.append((weight, bias, draw(st.sampled_from(ONE_BY_ONE))))
        width = len(bias)
    return network([*layers, (rng.standard_normal((1, width)), rng.standard_normal(1), None)])


def ends_on_the_border(partition):
    inner = (partition.edges.regions >= 0).all(axis=1)
    border = partition.edges.vertices[~inner]
    return np.isin(partition.edges.vertices[inner], border).sum()


@given(elementwise_networks())
def test_the_average_degree_is_at_most_four(program):
    partition = sv.enumerate_regions(program, SQUARE)
    bound = 4 - (4 + ends_on_the_border(partition)) / len(partition)
    assert partition.average_degree <= bound * (1 + 1e-12) < 4


def test_the_bound_is_reached_in_general_position():
    # n lines in general position, all of whose crossings lie in the square: 1 + n + n (n - 1) / 2
    # regions, n squared edges inside.
    angles = np.pi * np.arange(7) / 7 + 0.1
    weight = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    program = mlp([weight, np.ones((1, 7))], [0.05 * np.cos(5 * np.arange(7)), np.zeros(1)])
    partition = sv.enumerate_regions(program, SQUARE)
    assert len(partition) == 1 + 7 + 21
    assert partition.average_degree == 2 * 7**2 / len(partition)
    assert partition.average_degree == pytest.approx(4 - (4 + 2 * 7) / len(partition))


def test_a_maximum_can_have_a_larger_average_degree():
    # The largest of (w . x) - |w|^2 / 2 says which of the points w is nearest: Voronoi cells.
    w = np.random.default_rng(0).uniform(-1, 1, (64, 2))
    steps = network([(w, -(w**2).sum(axis=1) / 2, None)]).steps
    steps += (Step("reshape", (1,), "reshape", {}, {"shape": [1, 64]}),)
    steps += (Step("max", (2,), "max", {}, {"axes": [2], "shape": [1]}),)
    state = {"0.weight": w, "0.bias": -(w**2).sum(axis=1) / 2}
    partition = sv.enumerate_regions(Program(steps, ((2,), (64,), (1, 64), (1,)), state, 3), SQUARE)
    assert len(partition) == 64
    assert partition.average_degree == 5.0625
    nearest = ((partition.representative_points[:, None] - w) ** 2).sum(axis=2).argmin(axis=1)
    assert sorted(nearest) == list(range(64))


def test_an_unknown_format_and_a_missing_library_are_refused(monkeypatch):
    partition = sv.enumerate_regions(CROSS, SQUARE)
    with pytest.raises(UnknownName, match="unknown graph format 'igraph'; known: networkx, scipy"):
        partition.dual_graph(format="igraph")
    monkeypatch.setitem(sys.modules, "networkx", None)
    with pytest.raises(MissingDependency, match="pip install networkx"):
        partition.dual_graph(format="networkx")
