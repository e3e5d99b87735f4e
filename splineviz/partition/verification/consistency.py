"""Whether the arrays of a partition fit together, for partitions that come from a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import shapely

from splineviz.errors import InvalidPartition
from splineviz.partition.rings import directed_edges, region_of_corners

if TYPE_CHECKING:
    from splineviz.partition.spline_partition import SplinePartition

# How far a vertex may lie outside the bounding box of the domain, as a share of its size.
_OUTSIDE = 1e-6


def check_arrays(partition: SplinePartition) -> None:
    """Check types, shapes, offsets and indices of a partition, so that nothing reads outside.

    Compiled code, of ours and of shapely, takes them as they are. What the regions *mean*, the
    certificate checks.

    Raises
    ------
    InvalidPartition
        With the name of the array that does not fit.
    """
    _check_regions(partition)
    _check_layers(partition)
    _check_edges(partition)
    check_edge_table(partition)


def check_edge_table(partition: SplinePartition) -> None:
    """Check that each side of a region is one row of the edge table, and that no row is left over.

    Raises
    ------
    InvalidPartition
    """
    edges, n = partition.edges, len(partition.vertices)
    starts, ends = directed_edges(partition.ring_vertices, partition.ring_offsets)
    owner = region_of_corners(partition.ring_offsets, partition.region_offsets)
    first, second = edges.vertices.astype(np.int64).T
    left, right = edges.regions.T
    table = np.concatenate([first * n + second, second * n + first])
    sides = np.concatenate([left, right])
    inside = sides >= 0
    wanted = np.stack([table[inside], sides[inside]])
    drawn = np.stack([starts.astype(np.int64) * n + ends, owner])
    wanted, drawn = (pairs[:, np.lexsort(pairs)] for pairs in (wanted, drawn))
    twice = len(np.unique(np.minimum(first, second) * n + np.maximum(first, second))) < len(edges)
    if twice or wanted.shape != drawn.shape or (wanted != drawn).any():
        raise InvalidPartition(
            "the edge table does not list the sides of the regions: an edge is missing or listed "
            "twice, or names the wrong regions"
        )
    widths = np.array([layer.width for layer in partition.layers], dtype=np.int64)
    labelled = edges.layer >= 0
    if (labelled != (edges.regions >= 0).all(axis=1)).any():
        raise InvalidPartition("the edges without a neuron are not those of the domain's border")
    if (
        (edges.layer >= len(widths)).any()
        or (edges.neuron[labelled] < 0).any()
        or (edges.neuron[labelled] >= widths[edges.layer[labelled]]).any()
    ):
        raise InvalidPartition("an edge names a layer or a neuron that the network does not have")


def _check_regions(partition: SplinePartition) -> None:
    vertices = partition.vertices
    _check_array("vertices", vertices, np.float64, (None, 2))
    low, high = np.array(partition.plane.domain.bounds).reshape(2, 2)
    reach = _OUTSIDE * (high - low)
    # NaN is not inside.
    if not ((vertices >= low - reach) & (vertices <= high + reach)).all():
        raise InvalidPartition("vertices has points outside the domain, NaN or infinite")
    rings, ring_offsets = partition.ring_vertices, partition.ring_offsets
    _check_array("ring_vertices", rings, np.int32, (None,))
    _check_range("ring_vertices", rings, 0, len(vertices))
    # A polygon has three corners, and a region its outer ring.
    _check_offsets("ring_offsets", ring_offsets, len(rings), 3)
    _check_offsets("region_offsets", partition.region_offsets, len(ring_offsets) - 1, 1)


def _check_layers(partition: SplinePartition) -> None:
    program, layers = partition.program, partition.layers
    if partition.plane.input_shape != program.input_shape:
        raise InvalidPartition(
            f"slice.origin has the shape {partition.plane.input_shape}, the network takes inputs "
            f"of shape {program.input_shape}"
        )
    expected = [(activation.name, activation.width) for activation in program.activations]
    layer_widths = [(layer.name, layer.width) for layer in layers]
    if layer_widths != expected or not all(type(width) is int for _, width in layer_widths):
        raise InvalidPartition("layers: they are not the activations of the network")
    # Above the first layer are the triangles of the domain, or it as a whole.
    domain = partition.plane.domain
    holes = len(domain.interiors)
    corners = int(shapely.get_num_coordinates(domain)) - (1 + holes)
    above = max(1, corners + 2 * holes - 2)
    for i, layer in enumerate(layers):
        name = f"layers.{i}.parent"
        _check_array(name, layer.parent, np.int32, (None,))
        n = len(layer.parent)
        _check_range(name, layer.parent, 0, above)
        if n == 0 or (layer.parent[1:] < layer.parent[:-1]).any():
            raise InvalidPartition(f"{name} is empty, or decreases")
        name = f"layers.{i}.bits"
        _check_array(name, layer.bits, np.uint64, (n, (layer.width + 63) // 64))
        if layer.width % 64 and (layer.bits[:, -1] >> np.uint64(layer.width % 64)).any():
            raise InvalidPartition(f"{name} has bits after the {layer.width} of the layer")
        above = n
    if layers and above != len(partition):
        raise InvalidPartition(
            f"layers.{len(layers) - 1}.parent has {above} cells, and there are {len(partition)} "
            "regions"
        )


def _check_edges(partition: SplinePartition) -> None:
    edges = partition.edges
    _check_array("edges.layer", edges.layer, np.int32, (None,))
    n = len(edges.layer)
    _check_array("edges.neuron", edges.neuron, np.int32, (n,))
    _check_array("edges.vertices", edges.vertices, np.int32, (n, 2))
    _check_array("edges.regions", edges.regions, np.int32, (n, 2))
    _check_range("edges.vertices", edges.vertices, 0, len(partition.vertices))
    _check_range("edges.regions", edges.regions, -1, len(partition))
    _check_range("edges.layer", edges.layer, -1, len(partition.layers))
    if (edges.neuron[edges.layer < 0] != -1).any():
        raise InvalidPartition("edges.neuron names a neuron of no layer")


def _check_array(
    name: str, array: npt.NDArray[Any], dtype: type[np.generic], shape: tuple[int | None, ...]
) -> None:
    """The type and the shape of an array, where None stands for any number."""
    fits = len(array.shape) == len(shape) and all(
        want in (None, size) for size, want in zip(array.shape, shape, strict=True)
    )
    if array.dtype != dtype or not fits:
        wanted = ", ".join("n" if size is None else str(size) for size in shape)
        raise InvalidPartition(
            f"{name} is a {array.dtype} array of shape {array.shape}, expected "
            f"{np.dtype(dtype)} and ({wanted})"
        )


def _check_range(name: str, array: npt.NDArray[Any], low: int, high: int) -> None:
    """Numbers from `low` to below `high`."""
    if array.size and (array.min() < low or array.max() >= high):
        raise InvalidPartition(
            f"{name} has numbers from {array.min()} to {array.max()}, expected {low} to {high - 1}"
        )


def _check_offsets(name: str, offsets: npt.NDArray[Any], total: int, least: int) -> None:
    """Offsets from 0 to `total`, each part with at least so many."""
    _check_array(name, offsets, np.int64, (None,))
    if len(offsets) < 2 or offsets[0] != 0 or offsets[-1] != total:
        raise InvalidPartition(f"{name} does not run from 0 to {total}")
    # Compared, not subtracted: differences of 64-bit numbers may overflow.
    if (offsets[1:] < offsets[:-1]).any() or (np.diff(offsets) < least).any():
        raise InvalidPartition(f"{name} has a part with less than {least}, or decreases")
