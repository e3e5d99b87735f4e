"""Certificate: what was proved about a partition, claim by claim."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from splineviz.errors import InvalidPartition, ShapeMismatch
from splineviz.network.program import Program
from splineviz.partition.patterns import activation_patterns
from splineviz.partition.rings import region_of_corners
from splineviz.partition.rounding.points import units_at
from splineviz.partition.verification.consistency import check_edge_table
from splineviz.typing import FloatArray

if TYPE_CHECKING:
    import torch

    from splineviz.partition.spline_partition import SplinePartition


# Errors up to this are rounding: relative to the terms that make a number, or to the domain.
_ROUNDING = 1e-9
# A sign is compared where the pre-activation is this far from zero, relative to its terms.
_DECIDED = 1e-11
# How many pre-activations are computed at a time.
_BLOCK = 2**21


@dataclass(frozen=True)
class Certificate:
    """What :meth:`SplinePartition.verify` proved.

    It is true (``if certificate: ...``) where it is a proof: at least half of the signs at the
    representative points, and half of those at the corners, were clear of rounding and compared.
    On a region that is convex, signs that hold at all corners hold everywhere.

    Parameters
    ----------
    regions, vertices, edges : int
        Size of the partition.
    area_error : float
        Relative difference between the sum of the areas and the area of the domain.
    output_error : float
        Largest difference between a region's affine map and the network's output at its
        representative point, relative to the terms of the output.
    signs_checked : int
        Pre-activation signs of the original network that were equal to the region's pattern.
    signs_undecided : int
        Signs not compared because the pre-activation is within rounding of zero there: in
        regions so thin that no point of them is clear of their boundaries, and for neurons that
        are zero on a whole region.
    edge_error : float
        Largest pre-activation, at the ends of an edge, of the neuron that makes the edge, relative
        to the terms that make it there. A vertex moved by less than 1e-9 may go unnoticed.
    corner_signs_checked, corner_signs_undecided : int
        The same as for the representative points, for each corner of each region. Undecided are,
        at least, those of the neurons whose boundaries meet in the corner.
    """

    regions: int
    vertices: int
    edges: int
    area_error: float
    output_error: float
    signs_checked: int
    signs_undecided: int
    edge_error: float
    corner_signs_checked: int
    corner_signs_undecided: int

    def __bool__(self) -> bool:
        return (
            self.signs_checked >= self.signs_undecided
            and self.corner_signs_checked >= self.corner_signs_undecided
        )

    def __str__(self) -> str:
        doubt = [] if self else ["NOT A PROOF: most signs are within rounding of zero."]
        return "\n".join(
            [
                *doubt,
                f"A partition into {self.regions:,} activation regions "
                f"({self.vertices:,} vertices, {self.edges:,} edges):",
                "  the regions form a valid coverage: no gap, no overlap, shared edges alike",
                "  the edge table lists the regions' edges and no others",
                "  V - E + F = 1, holes and islands accounted for",
                f"  the areas add up to the domain's (relative difference {self.area_error:.1e})",
                f"  {self.signs_checked:,} pre-activation signs equal the regions' patterns "
                f"({self.signs_undecided:,} within rounding of zero)",
                f"  {self.corner_signs_checked:,} signs at the regions' corners do not contradict "
                f"them ({self.corner_signs_undecided:,} within rounding of zero)",
                "  at both ends of every edge the neuron that makes it is zero "
                f"(up to {self.edge_error:.1e} of its terms)",
                "  the other edges lie on the border",
                "  each affine map gives the network's output inside its region "
                f"(relative difference up to {self.output_error:.1e})",
                "  no two neighboring regions have the same pattern",
            ]
        )

    def _repr_html_(self) -> str:
        from splineviz.drawing.html import html_or_text
        from splineviz.partition.notebook_html import certificate_html

        return html_or_text(lambda: certificate_html(str(self), self.signs_undecided), str(self))


def certify(partition: SplinePartition, model: torch.nn.Module | Program) -> Certificate:
    """Check every claim of :class:`Certificate`, or raise InvalidPartition.

    Parameters
    ----------
    partition : SplinePartition
    model : torch.nn.Module or Program
        The network of which this should be the partition. For a module, pre-activations and outputs
        come from a run of the module itself.
    """
    area_error = _check_geometry(partition)
    _check_neighbors(partition)
    checked, undecided, output_error = _check_network(partition, model)
    edge_error, at_corners, doubtful = _check_vertices(partition, model)
    _check_border(partition)
    return Certificate(
        regions=len(partition),
        vertices=len(partition.vertices),
        edges=len(partition.edges),
        area_error=area_error,
        output_error=output_error,
        signs_checked=checked,
        signs_undecided=undecided,
        edge_error=edge_error,
        corner_signs_checked=at_corners,
        corner_signs_undecided=doubtful,
    )


def _check_geometry(partition: SplinePartition) -> float:
    polygons = partition.polygons
    invalid = ~shapely.is_valid(polygons)
    if invalid.any():
        first = int(np.flatnonzero(invalid)[0])
        raise InvalidPartition(
            f"{invalid.sum()} regions are not valid polygons; region {first}: "
            f"{shapely.is_valid_reason(polygons[first])}"
        )
    check_edge_table(partition)
    if not shapely.coverage_is_valid(polygons):
        _check_overlaps(polygons)
    euler = len(partition.vertices) - len(partition.edges) + len(partition)
    # One for a domain in one piece; each hole of it takes one away, each island of edges that
    # floats inside a region adds one.
    expected = _connected(partition) - len(partition.plane.domain.interiors)
    if euler != expected:
        raise InvalidPartition(
            f"V - E + F is {euler}, expected {expected}: a vertex, an edge or a region is missing "
            "or counted twice"
        )
    area = partition.plane.domain.area
    total = float(partition.areas.sum())
    error = abs(total - area) / area
    if error > _ROUNDING:
        raise InvalidPartition(f"the regions' areas add up to {total}, the domain has {area}")
    return error


def _check_overlaps(polygons: npt.NDArray[np.object_]) -> None:
    """No two regions overlap.

    For coverages that GEOS does not call valid: it objects to regions around holes that touch in a
    point, although they share their edges as they should.
    """
    a, b = shapely.STRtree(polygons).query(polygons, predicate="intersects")
    a, b = a[a < b], b[a < b]
    common = shapely.area(shapely.intersection(polygons[a], polygons[b]))
    smaller = np.minimum(shapely.area(polygons[a]), shapely.area(polygons[b]))
    bad = common > _ROUNDING * smaller
    if bad.any():
        raise InvalidPartition(
            f"the regions are not a valid coverage: {bad.sum()} pairs overlap, for example regions "
            f"{a[bad][0]} and {b[bad][0]}"
        )


def _connected(partition: SplinePartition) -> int:
    """Number of connected pieces of the graph of edges."""
    first, second = partition.edges.vertices.T
    n = len(partition.vertices)
    graph = coo_array((np.ones(len(first)), (first, second)), shape=(n, n))
    return int(connected_components(graph, directed=False, return_labels=False))


def _check_neighbors(partition: SplinePartition) -> None:
    patterns = partition.packed_patterns()
    sides = partition.edges.regions[(partition.edges.regions >= 0).all(axis=1)]
    same = (patterns[sides[:, 0]] == patterns[sides[:, 1]]).all(axis=1)
    if same.any():
        a, b = sides[np.flatnonzero(same)[0]]
        raise InvalidPartition(
            f"{same.sum()} pairs of neighboring regions have the same activation pattern, for "
            f"example regions {a} and {b}"
        )


def _check_network(
    partition: SplinePartition, model: torch.nn.Module | Program
) -> tuple[int, int, float]:
    points = partition.representative_points
    slope, offset = partition.affine_maps()
    expected = np.einsum("rok,rk->ro", slope, points) + offset
    terms = np.einsum("rok,rk->ro", np.abs(slope), np.abs(points)) + np.abs(offset)
    input_unit = _input_unit(partition)
    checked = undecided = 0
    output_error = 0.0
    wrong: list[int] = []
    size = _block_size(partition)
    for first in range(0, len(partition), size):
        block = slice(first, first + size)
        patterns = activation_patterns(partition.layers, len(partition), first, first + size)
        inputs = partition.plane.embed(points[block])
        z, outputs = _run(model, inputs)
        if z.shape[1] != patterns.shape[1]:
            raise ShapeMismatch(
                f"the network has {z.shape[1]} neurons, the partition's patterns have "
                f"{patterns.shape[1]}: it belongs to another network"
            )
        units, output_units = units_at(partition.program, inputs, input_unit, _DECIDED)
        # A pre-activation that is exactly 0, without any rounding, is off. Of equal candidates of a
        # maximum one wins, so a set bit decides nothing there.
        clear = (np.abs(z) > _DECIDED * units) | ((units == 0) & (z == 0) & ~patterns)
        differ = clear & ((z > 0) != patterns)
        wrong += (first + np.flatnonzero(differ.any(axis=1))).tolist()
        checked += int(clear.sum())
        undecided += int((~clear).sum())
        scale = np.maximum(terms[block], output_units)
        scale[scale == 0] = 1.0
        error = (np.abs(outputs - expected[block]) / scale).max()
        output_error = max(output_error, float(error))
    if wrong:
        raise InvalidPartition(
            f"{len(wrong)} regions have an activation pattern that the network does not show "
            f"inside them, for example region {wrong[0]}"
        )
    if output_error > _ROUNDING:
        raise InvalidPartition(
            f"the affine maps differ from the network's outputs by up to {output_error:.1e} "
            "of their terms: the partition belongs to other weights"
        )
    return checked, undecided, output_error


def _check_vertices(
    partition: SplinePartition, model: torch.nn.Module | Program
) -> tuple[float, int, int]:
    """Signs at all vertices: zero where an edge's neuron is, none against a region's pattern.

    Returns
    -------
    edge_error : float
    checked, undecided : int
        Signs at the corners of regions.
    """
    edges = partition.edges
    widths = [layer.width for layer in partition.layers]
    first_column = np.cumsum([0, *widths])
    inner = edges.layer >= 0
    column = np.repeat(first_column[edges.layer[inner]] + edges.neuron[inner], 2)
    end_vertex = edges.vertices[inner].reshape(-1)
    order = np.argsort(end_vertex, kind="stable")
    end_vertex, column = end_vertex[order], column[order]
    corner_vertex = partition.ring_vertices
    order = np.argsort(corner_vertex, kind="stable")
    region = region_of_corners(partition.ring_offsets, partition.region_offsets)[order]
    corner_vertex = corner_vertex[order]
    patterns = partition.packed_patterns()
    input_unit = _input_unit(partition)
    error, checked = 0.0, 0
    wrong: list[int] = []
    size = _block_size(partition)
    for first in range(0, len(partition.vertices), size):
        last = min(first + size, len(partition.vertices))
        inputs = partition.plane.embed(partition.vertices[first:last])
        z, _ = _run(model, inputs)
        units, _ = units_at(partition.program, inputs, input_unit, _DECIDED)
        low, high = np.searchsorted(end_vertex, [first, last])
        at = end_vertex[low:high] - first, column[low:high]
        unit = units[at]
        off = np.abs(z[at]) / np.where(unit > 0, unit, 1.0)
        error = max(error, float(off.max(initial=0.0)))
        above, below = (
            np.packbits(side, axis=1, bitorder="little")
            for side in (z > _ROUNDING * units, z < -_ROUNDING * units)
        )
        sure = ((np.abs(z) > _ROUNDING * units) | ((units == 0) & (z == 0))).sum(axis=1)
        low, high = np.searchsorted(corner_vertex, [first, last])
        corner, owner = corner_vertex[low:high] - first, region[low:high]
        own = patterns[owner]
        against = ((above[corner] & ~own) | (below[corner] & own)).any(axis=1)
        wrong += owner[against].tolist()
        checked += int(sure[corner].sum())
    if error > _ROUNDING:
        raise InvalidPartition(
            "a vertex does not lie on the boundary that its edges belong to: it is off by "
            f"{error:.1e} of the neuron's terms"
        )
    if wrong:
        raise InvalidPartition(
            f"{len(set(wrong))} regions have an activation pattern that the network contradicts at "
            f"one of their corners, for example region {wrong[0]}"
        )
    return error, checked, len(corner_vertex) * sum(widths) - checked


def _check_border(partition: SplinePartition) -> None:
    """The edges without a neuron lie on the border of the domain."""
    border = partition.vertices[partition.edges.vertices[partition.edges.layer < 0].reshape(-1)]
    outline = partition.plane.domain.boundary
    reach = float(np.abs(partition.vertices).max())
    gap = float(shapely.distance(shapely.points(border), outline).max(initial=0.0)) / reach
    if gap > _ROUNDING:
        raise InvalidPartition(
            f"a vertex of the border does not lie on the domain's: it is off by {gap:.1e} of the "
            "domain's size"
        )


def _input_unit(partition: SplinePartition) -> FloatArray:
    """The largest size of each entry of an input on the slice."""
    corners = partition.plane.embed(shapely.get_coordinates(partition.plane.domain))
    return np.asarray(np.abs(corners).max(axis=0))


def _block_size(partition: SplinePartition) -> int:
    """At how many points the network is run at a time."""
    columns = sum(layer.width for layer in partition.layers)
    return max(1, min(4096, _BLOCK // max(columns, 1)))


def _run(model: torch.nn.Module | Program, inputs: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Pre-activations (n, total width) and flat outputs (n, out) of the network itself."""
    if isinstance(model, Program):
        z, outputs = model.pre_activations(inputs), model(inputs)
    else:
        from splineviz.network.torch_modules.activation_recorder import module_pre_activations

        z, outputs = module_pre_activations(model, inputs)
    flat = np.concatenate(z, axis=1) if z else np.zeros((len(inputs), 0))
    return flat, outputs.reshape(len(inputs), -1)
