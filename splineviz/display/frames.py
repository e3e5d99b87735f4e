"""Frame: one drawn state, for one checkpoint and one slice, and how it travels to the browser."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from splineviz.display.packing import narrowest, pack, unpack
from splineviz.errors import InvalidFrame
from splineviz.partition import patterns
from splineviz.partition.measures.class_boundaries.class_pieces import ClassPieces
from splineviz.partition.patterns import LayerPattern
from splineviz.partition.plotting.colorings import COLORINGS, Coloring
from splineviz.typing import AnyIntArray, ByteArray, FloatArray, IntArray, UInt32Array

if TYPE_CHECKING:
    from splineviz.partition.spline_partition import SplinePartition


@dataclass(frozen=True, eq=False)
class Frame:
    """The polygons of all linear regions of one checkpoint, ready to draw.

    A region is drawn by the even-odd rule over its rings, so holes need no special care.
    Coordinates count from the lower corner of the slice's domain (the least of each coordinate):
    float32 then resolves a small domain as finely far from the origin as near it.

    Parameters
    ----------
    step : int
        Training step of the checkpoint.
    vertices : ndarray of float32, shape (V, 2)
        Corners of the regions, shared by neighbors; then those of the pieces.
    ring_vertices : ndarray of integers, shape (sum of ring sizes,)
        Rows of `vertices`, ring after ring; a ring closes by itself.
    ring_offsets : ndarray of integers, shape (n_rings + 1,)
        Where each ring starts in `ring_vertices`.
    region_offsets : ndarray of integers, shape (R + 1,)
        Where each region's rings start in `ring_offsets`.
    edge_columns : ndarray of integers, shape (sum of ring sizes,)
        For each corner in `ring_vertices` the neuron whose boundary the edge to the next corner
        lies on: its column in the activation pattern, counted from 1 over all layers; 0 on the
        border of the domain. Where several boundaries coincide, one of them.
    layers : tuple of LayerPattern
        The activation patterns, as in the partition.
    values : mapping of str to ndarray, shape (R,)
        What colors the regions, by name of the coloring: float32, or unsigned integers for
        categories. Colorings that follow from the rest of the frame are not among them.
    limits : mapping of str to pair of float
        The ends of this frame's own scale, by name of the coloring.
    boundary : ndarray of float32, shape (B, 2)
        Points of the decision boundary's lines, line after line.
    boundary_offsets : ndarray of integers, shape (n_lines + 1,)
        Where each line starts in `boundary`.
    pieces : ClassPieces
        The parts of regions in which another class wins, or comes second, than in the region;
        their rings are rows of `vertices`.
    planes : ndarray of float32, shape (R, 3), (R + n_pieces, 3) or (0, 3)
        The decision as an affine function on each region, or on each region and then on each
        piece, as ``SplinePartition.output_surface`` has it: its value at the corner from which
        coordinates count, and its slope. None where the frame shows no such function.
    outputs : int
        How many outputs the network has. With one or two the sign of that function says the class.
    spreads : mapping of str to ndarray of float64
        How the values spread over the slice, as :meth:`spread` says, by name of the coloring;
        those that are known from the partition. They do not travel.

    Raises
    ------
    InvalidFrame
        If the arrays do not fit together.
    """

    step: int
    vertices: np.ndarray
    ring_vertices: np.ndarray
    ring_offsets: np.ndarray
    region_offsets: np.ndarray
    edge_columns: np.ndarray
    layers: tuple[LayerPattern, ...]
    values: Mapping[str, np.ndarray]
    limits: Mapping[str, tuple[float, float]]
    boundary: np.ndarray
    boundary_offsets: np.ndarray
    pieces: ClassPieces = field(default_factory=ClassPieces.none)
    planes: np.ndarray = field(default_factory=lambda: np.empty((0, 3), np.float32))
    outputs: int = 2
    spreads: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("vertices", "boundary"):
            array = getattr(self, name)
            if array.ndim != 2 or array.shape[1] != 2 or array.dtype != np.float32:
                raise InvalidFrame(f"{name} must be float32 of shape (n, 2), not {array.shape}")
        _check_offsets("region_offsets", self.region_offsets, len(self.ring_offsets) - 1)
        _check_offsets("ring_offsets", self.ring_offsets, len(self.ring_vertices))
        _check_offsets("boundary_offsets", self.boundary_offsets, len(self.boundary))
        pieces = self.pieces
        _check_offsets("piece_offsets", pieces.piece_offsets, len(pieces.ring_offsets) - 1)
        _check_offsets("the rings of pieces", pieces.ring_offsets, len(pieces.ring_vertices))
        for corners in (self.ring_vertices, pieces.ring_vertices):
            if corners.size and int(corners.max()) >= len(self.vertices):
                raise InvalidFrame("ring_vertices names a vertex that is not there")
        if not len(pieces.piece_offsets) - 1 == len(pieces.regions) == len(pieces.classes):
            raise InvalidFrame("each piece needs a region and a class")
        if pieces.regions.size and int(pieces.regions.max()) >= len(self):
            raise InvalidFrame("a piece is part of a region that is not there")
        if len(self.edge_columns) != len(self.ring_vertices):
            raise InvalidFrame("edge_columns needs one number an edge, as ring_vertices")
        if self.planes.shape not in {(n, 3) for n in (0, len(self), len(self) + len(pieces))}:
            raise InvalidFrame(f"planes needs three numbers a region, not {self.planes.shape}")
        for name, array in self.values.items():
            if array.shape != (len(self),):
                raise InvalidFrame(f"{name!r} needs one value a region, {len(self)}")

    def __len__(self) -> int:
        return len(self.region_offsets) - 1

    @classmethod
    def from_partition(
        cls,
        partition: SplinePartition,
        step: int,
        colorings: Mapping[str, Coloring] = COLORINGS,
    ) -> Frame:
        """Draw a partition: its rings, its decision boundary and the values of its colorings.

        Parameters
        ----------
        partition : SplinePartition
            The regions of one checkpoint on one slice.
        step : int
            Training step of the checkpoint.
        colorings : mapping of str to Coloring, optional
            What can color the regions. Default:
            :data:`~splineviz.partition.plotting.colorings.COLORINGS`.

        Returns
        -------
        Frame
            Coordinates and values rounded to float32.
        """
        values, limits, spreads = {}, {}, {}
        for name, row in colorings.items():
            array = np.asarray(row.values(partition))
            spreads[name] = row.quantiles(array, partition.areas)
            ends = row.limits([spreads[name]])
            if ends is not None:
                limits[name] = ends
            if row.sent:
                numbered = row.scale == "category" and array.dtype.kind in "iu"
                values[name] = narrowest(array) if numbered else _float32(array)
        corner = partition.plane.domain.bounds[:2]
        surface = partition.output_surface()
        lines = shapely.get_parts(partition.decision_boundary())
        return cls(
            step=int(step),
            vertices=_float32(surface.vertices - corner),
            ring_vertices=partition.ring_vertices,
            ring_offsets=partition.ring_offsets,
            region_offsets=partition.region_offsets,
            edge_columns=_edge_columns(partition),
            layers=partition.layers,
            values=values,
            limits=limits,
            boundary=_float32(shapely.get_coordinates(lines) - corner),
            boundary_offsets=_offsets(shapely.get_num_coordinates(lines)),
            pieces=surface.pieces,
            planes=_float32(surface.seen_from(corner)),
            outputs=math.prod(partition.program.output_shape),
            spreads=spreads,
        )

    def values_of(self, name: str, row: Coloring) -> np.ndarray:
        """The values of a coloring of that name: those that the frame carries, or that follow.

        Parameters
        ----------
        name : str
        row : Coloring

        Returns
        -------
        ndarray, shape (R,)
        """
        return np.asarray(self.values[name] if row.sent else row.values(self))

    def spread(self, name: str, row: Coloring) -> FloatArray:
        """How the values of a coloring spread over the slice: its :meth:`Coloring.quantiles`."""
        known = self.spreads.get(name)
        return row.quantiles(self.values_of(name, row), self.areas) if known is None else known

    @property
    def signed(self) -> bool:
        """Whether the sign of the decision says the class."""
        return self.outputs <= 2

    @cached_property
    def areas(self) -> FloatArray:
        """Area of each region as it is drawn, in squared slice units, shape (R,)."""
        x, y = self.vertices[self.ring_vertices].astype(np.float64).T
        following = next_corners(self.ring_offsets)
        twice = x * y[following] - x[following] * y
        corners = self.ring_offsets[self.region_offsets[:-1]]
        return np.abs(np.add.reduceat(twice, corners)) / 2

    def output_values(self) -> FloatArray:
        """The decision's value at the mean of each region's corners, shape (R,)."""
        first = self.ring_offsets[self.region_offsets[:-1]]
        corners = self.vertices[self.ring_vertices].astype(np.float64)
        count = np.diff(np.append(first, len(corners)))
        middles = np.add.reduceat(corners, first) / count[:, None]
        planes = self.planes[: len(self)].astype(np.float64)
        with np.errstate(invalid="ignore"):  # beyond float32 there is no value
            return planes[:, 0] + (planes[:, 1:] * middles).sum(axis=1)

    def activation_counts(self) -> IntArray:
        """How many columns of each layer's pattern are set in each region, int64 (R, L)."""
        return patterns.activation_counts(self.layers, len(self))

    def pattern_hashes(self) -> UInt32Array:
        """A number made of each region's activation pattern, as the partition has it."""
        return patterns.pattern_hashes(self.layers, len(self))

    def pack(self) -> bytes:
        """The frame as one block of bytes, about 40 kB per 1,000 regions.

        Returns
        -------
        bytes
            In the layout of :mod:`splineviz.display.packing`. Offsets travel as sizes, which fit
            one byte each, those of the regions and of the pieces only if one has several rings;
            integers are as narrow as they can be. Of a layer's pattern there are ``bits:k``, eight
            columns in a byte, and from the second layer on ``cells:k``, into how many cells it
            divides each of the layer before.
        """
        pieces = self.pieces
        arrays = {
            "vertices": self.vertices,
            "ring_vertices": narrowest(self.ring_vertices),
            "ring_sizes": narrowest(np.diff(self.ring_offsets)),
            "region_sizes": _sizes_unless_one(self.region_offsets),
            "edge_columns": narrowest(self.edge_columns),
            "boundary": self.boundary,
            "boundary_sizes": narrowest(np.diff(self.boundary_offsets)),
            "piece_vertices": narrowest(pieces.ring_vertices),
            "piece_ring_sizes": narrowest(np.diff(pieces.ring_offsets)),
            "piece_sizes": _sizes_unless_one(pieces.piece_offsets),
            "piece_regions": narrowest(pieces.regions),
            "piece_classes": narrowest(pieces.classes),
            "planes": self.planes,
        }
        for k, layer in enumerate(self.layers):
            arrays[f"bits:{k}"] = patterns.octets(layer)
            if k > 0:
                sizes = np.bincount(layer.parent, minlength=len(self.layers[k - 1].bits))
                arrays[f"cells:{k}"] = narrowest(sizes)
        arrays |= {f"value:{name}": array for name, array in self.values.items()}
        meta = {
            "step": self.step,
            "layers": [[layer.name, layer.width] for layer in self.layers],
            "limits": dict(self.limits),
            "outputs": self.outputs,
        }
        return pack(arrays, meta)

    @classmethod
    def unpack(cls, data: bytes) -> Frame:
        """Read back a packed frame.

        Parameters
        ----------
        data : bytes
            What :meth:`pack` returned.

        Returns
        -------
        Frame
            The same frame; its integer arrays may be narrower than they were.

        Raises
        ------
        InvalidFrame
            If the bytes are truncated, or not a frame.
        """
        arrays, meta = unpack(data)
        try:
            return cls(
                step=int(meta["step"]),
                vertices=arrays["vertices"],
                ring_vertices=arrays["ring_vertices"],
                ring_offsets=_offsets(arrays["ring_sizes"]),
                region_offsets=_offsets_of_sizes(arrays["region_sizes"], arrays["ring_sizes"]),
                edge_columns=arrays["edge_columns"],
                layers=tuple(
                    _layer(name, width, arrays[f"bits:{k}"], arrays.get(f"cells:{k}"))
                    for k, (name, width) in enumerate(meta["layers"])
                ),
                values={
                    name.removeprefix("value:"): array
                    for name, array in arrays.items()
                    if name.startswith("value:")
                },
                limits={name: (low, high) for name, (low, high) in meta["limits"].items()},
                boundary=arrays["boundary"],
                boundary_offsets=_offsets(arrays["boundary_sizes"]),
                pieces=ClassPieces(
                    ring_vertices=arrays["piece_vertices"],
                    ring_offsets=_offsets(arrays["piece_ring_sizes"]),
                    piece_offsets=_offsets_of_sizes(
                        arrays["piece_sizes"], arrays["piece_ring_sizes"]
                    ),
                    regions=arrays["piece_regions"],
                    classes=arrays["piece_classes"],
                ),
                planes=arrays["planes"],
                outputs=int(meta["outputs"]),
            )
        except KeyError as missing:
            raise InvalidFrame(f"a packed frame lacks {missing}") from None


def _edge_columns(partition: SplinePartition) -> IntArray:
    """For each corner of the rings the column behind the edge to the next one, from 1."""
    edges, count = partition.edges, len(partition.vertices)
    widths = [0, *(layer.width for layer in partition.layers)]
    first_column = np.cumsum(widths)
    of_edge = np.where(edges.layer < 0, 0, 1 + first_column[edges.layer] + edges.neuron)
    start = partition.ring_vertices.astype(np.int64)
    following = next_corners(partition.ring_offsets)
    keys = undirected_keys(start, start[following], count)
    ends = edges.vertices.astype(np.int64)
    edge_keys = undirected_keys(ends[:, 0], ends[:, 1], count)
    order = np.argsort(edge_keys)
    return of_edge[order[np.searchsorted(edge_keys[order], keys)]]


def next_corners(ring_offsets: AnyIntArray) -> IntArray:
    """For each corner of some rings, one ring after another, the number of the next one."""
    following = np.arange(1, ring_offsets[-1] + 1)
    following[ring_offsets[1:] - 1] = ring_offsets[:-1]
    return following


def undirected_keys(a: IntArray, b: IntArray, count: int) -> IntArray:
    """A number for each edge between two of `count` vertices, the same in both directions."""
    return np.minimum(a, b) * count + np.maximum(a, b)


def _layer(name: str, width: int, octets: ByteArray, cells: np.ndarray | None) -> LayerPattern:
    words = np.pad(octets, ((0, 0), (0, -octets.shape[1] % 8)))
    bits = np.ascontiguousarray(words).view("<u8").astype(np.uint64)
    count = len(octets)
    parent = np.zeros(count) if cells is None else np.repeat(np.arange(len(cells)), cells)
    return LayerPattern(name, width, parent.astype(np.int32), bits)


def _float32(array: Any) -> np.ndarray:
    return np.ascontiguousarray(array, dtype=np.float32)


def _offsets(sizes: np.ndarray) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]).astype(np.int32)


def _sizes_unless_one(offsets: np.ndarray) -> np.ndarray:
    """How many rings each polygon has; none are said where each has one."""
    sizes = np.diff(offsets)
    return narrowest(sizes[: 0 if (sizes == 1).all() else None])


def _offsets_of_sizes(sizes: np.ndarray, ring_sizes: np.ndarray) -> np.ndarray:
    return _offsets(sizes if len(sizes) else np.ones(len(ring_sizes), dtype=np.uint8))


def _check_offsets(name: str, offsets: np.ndarray, end: int) -> None:
    """Offsets start at 0, never fall and stop at `end`."""
    if len(offsets) == 0 or offsets[0] != 0 or offsets[-1] != end or np.any(np.diff(offsets) < 0):
        raise InvalidFrame(f"{name} must rise from 0 to {end}")
