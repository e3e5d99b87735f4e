"""The dual graph of a partition: which regions share a boundary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from scipy.sparse import csr_array

from splineviz.errors import MissingDependency
from splineviz.typing import FloatArray, IntArray

if TYPE_CHECKING:
    import networkx

    from splineviz.partition.edge_table import EdgeTable


def edge_lengths(
    vertices: Annotated[FloatArray, "V 2"], edges: EdgeTable
) -> Annotated[FloatArray, "E"]:
    """Length of each edge in slice units."""
    first, second = edges.vertices.T
    return np.hypot(*(vertices[second] - vertices[first]).T)


def adjacency_matrix(vertices: FloatArray, edges: EdgeTable, n_regions: int) -> csr_array:
    """Length of the boundary that each two regions share, sparse float64 of shape (R, R)."""
    inner = np.flatnonzero((edges.regions >= 0).all(axis=1))
    sides = np.sort(edges.regions[inner], axis=1)
    lengths = edge_lengths(vertices, edges)[inner]
    # One half and its mirror image: entries that are sums come out equal to the last bit.
    half = csr_array((lengths, (sides[:, 0], sides[:, 1])), shape=(n_regions, n_regions))
    return csr_array(half + half.T)


def degrees(edges: EdgeTable, n_regions: int) -> Annotated[IntArray, "R"]:
    """How many other regions each region shares an edge with."""
    inner = (edges.regions >= 0).all(axis=1)
    pairs = np.unique(np.sort(edges.regions[inner], axis=1), axis=0)
    return np.bincount(pairs.ravel(), minlength=n_regions).astype(np.int64)


def networkx_graph(vertices: FloatArray, edges: EdgeTable, n_regions: int) -> networkx.Graph:
    """The same as a networkx graph, whose edges also say which neuron makes them.

    Raises
    ------
    MissingDependency
        If networkx is not installed.
    """
    try:
        import networkx
    except ImportError as error:
        raise MissingDependency("networkx", "a graph in networkx's format") from error
    graph = networkx.Graph()
    graph.add_nodes_from(range(n_regions))
    inner = np.flatnonzero((edges.regions >= 0).all(axis=1))
    for (a, b), layer, neuron, length in zip(
        edges.regions[inner].tolist(),
        edges.layer[inner].tolist(),
        edges.neuron[inner].tolist(),
        edge_lengths(vertices, edges)[inner].tolist(),
        strict=True,
    ):
        known: dict[str, Any] | None = graph.get_edge_data(a, b)
        if known is None:
            graph.add_edge(a, b, layer=layer, neuron=neuron, length=length)
        else:
            known["length"] += length
    return graph
