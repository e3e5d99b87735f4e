"""RegionGraph: which regions of a partition share a boundary, and how many neighbors each has."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Literal, overload

from splineviz.errors import UnknownName
from splineviz.partition.edge_table import EdgeTable
from splineviz.partition.measures import adjacency
from splineviz.typing import FloatArray, IntArray

if TYPE_CHECKING:
    import networkx
    from scipy.sparse import csr_array


class RegionGraph:
    """The dual graph of R regions, from their edges alone.

    The attributes are fields of :class:`~splineviz.partition.spline_partition.SplinePartition`.
    """

    vertices: FloatArray
    edges: EdgeTable
    region_offsets: IntArray

    @property
    def _n_regions(self) -> int:
        return len(self.region_offsets) - 1

    @overload
    def dual_graph(self, format: Literal["scipy"] = "scipy") -> csr_array: ...

    @overload
    def dual_graph(self, format: Literal["networkx"]) -> networkx.Graph: ...

    def dual_graph(self, format: str = "scipy") -> csr_array | networkx.Graph:  # noqa: A002
        """Which regions share a boundary: the dual graph of the partition.

        Parameters
        ----------
        format : {"scipy", "networkx"}
            A sparse matrix, or a graph of networkx, which must be installed.

        Returns
        -------
        scipy.sparse.csr_array of shape (R, R), float64
            Symmetric. An entry is the length of the boundary that two regions share, in slice
            units; regions that touch in a point alone have none.
        networkx.Graph
            Nodes are the regions 0 ... R - 1. An edge has the attributes ``length``, as above,
            and ``layer`` and ``neuron``, as in the edge table.

        Raises
        ------
        UnknownName
            If there is no such format.
        MissingDependency
            If networkx is wanted and not installed.
        """
        if format == "scipy":
            return adjacency.adjacency_matrix(self.vertices, self.edges, self._n_regions)
        if format == "networkx":
            return adjacency.networkx_graph(self.vertices, self.edges, self._n_regions)
        raise UnknownName("graph format", str(format), ["networkx", "scipy"])

    @cached_property
    def degrees(self) -> IntArray:
        """How many regions each region shares a boundary with, int64 array (R,).

        The degrees of :meth:`dual_graph`. Two regions that share several edges are neighbors once;
        regions that touch in a point alone are none.
        """
        return adjacency.degrees(self.edges, self._n_regions)

    @property
    def average_degree(self) -> float:
        """The mean of :attr:`degrees`, exact: twice the number of neighbor pairs over R.

        Gaines and Bi (*Characterizing the Discrete Geometry of ReLU Networks*, ICLR 2026) prove
        that the regions of a fully-connected ReLU network with d inputs have an average degree of
        at most 2 d. A network on a slice is a network with two inputs, so here it is at most 4.
        The border of the domain cuts regions off and only lowers it: on a convex domain it is at
        most ``4 - (4 + b) / R``, where b is the number of ends of boundaries on the border.

        Notes
        -----
        The bound needs a convex domain, and activations that act on each neuron alone (ReLU,
        LeakyReLU, clamp, ...), with any weights, convolutions and skip connections. At a vertex
        inside the domain at least four edges meet then: a boundary that reaches another one goes
        on behind it, as a pre-activation is continuous and changes its sign along that other
        boundary. The bound follows with Euler's formula, and is reached where no three boundaries
        meet in a point.

        Of a maximum (max-pooling, maxout) three boundaries can end in one point, as in a Voronoi
        diagram, and the average degree can exceed 4: the maximum of 64 affine functions, one for
        each cell of such a diagram, has 5.1. Below 6 it is always: the graph is planar.
        """
        return float(self.degrees.mean())
