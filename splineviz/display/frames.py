"""Frame: one drawn state, for one checkpoint and one slice, and how it travels to the browser."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from splineviz.display.colorings import COLORINGS
from splineviz.display.packing import narrowest, pack, unpack
from splineviz.errors import InvalidFrame, UnknownName

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
        Corners of the regions, shared by neighbours.
    ring_vertices : ndarray of integers, shape (sum of ring sizes,)
        Rows of `vertices`, ring after ring; a ring closes by itself.
    ring_offsets : ndarray of integers, shape (n_rings + 1,)
        Where each ring starts in `ring_vertices`.
    region_offsets : ndarray of integers, shape (R + 1,)
        Where each region's rings start in `ring_offsets`.
    values : mapping of str to ndarray, shape (R,)
        What colours the regions, by name of the colouring: float32, or unsigned integers for
        categories.
    boundary : ndarray of float32, shape (B, 2)
        Points of the decision boundary's lines, line after line.
    boundary_offsets : ndarray of integers, shape (n_lines + 1,)
        Where each line starts in `boundary`.

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
    values: Mapping[str, np.ndarray]
    boundary: np.ndarray
    boundary_offsets: np.ndarray

    def __post_init__(self) -> None:
        for name in ("vertices", "boundary"):
            array = getattr(self, name)
            if array.ndim != 2 or array.shape[1] != 2 or array.dtype != np.float32:
                raise InvalidFrame(f"{name} must be float32 of shape (n, 2), not {array.shape}")
        _check_offsets("region_offsets", self.region_offsets, len(self.ring_offsets) - 1)
        _check_offsets("ring_offsets", self.ring_offsets, len(self.ring_vertices))
        _check_offsets("boundary_offsets", self.boundary_offsets, len(self.boundary))
        if self.ring_vertices.size and int(self.ring_vertices.max()) >= len(self.vertices):
            raise InvalidFrame("ring_vertices names a vertex that is not there")
        for name, array in self.values.items():
            if array.shape != (len(self),):
                raise InvalidFrame(f"{name!r} needs one value a region, {len(self)}")

    def __len__(self) -> int:
        return len(self.region_offsets) - 1

    @classmethod
    def from_partition(
        cls, partition: SplinePartition, step: int, colorings: Iterable[str] = tuple(COLORINGS)
    ) -> Frame:
        """Draw a partition: its rings, its decision boundary and the values of its colourings.

        Parameters
        ----------
        partition : SplinePartition
            The regions of one checkpoint on one slice.
        step : int
            Training step of the checkpoint.
        colorings : iterable of str, optional
            Names of rows of :data:`~splineviz.display.colorings.COLORINGS`; all of them unless
            said.

        Returns
        -------
        Frame
            Coordinates and values rounded to float32.

        Raises
        ------
        UnknownName
            If a name is not in the table.
        """
        values = {}
        for name in colorings:
            if name not in COLORINGS:
                raise UnknownName("colouring", name, list(COLORINGS))
            array = np.asarray(COLORINGS[name].values(partition))
            values[name] = narrowest(array) if array.dtype.kind in "iu" else _float32(array)
        corner = partition.plane.domain.bounds[:2]
        lines = shapely.get_parts(partition.decision_boundary())
        return cls(
            step=int(step),
            vertices=_float32(partition.vertices - corner),
            ring_vertices=partition.ring_vertices,
            ring_offsets=partition.ring_offsets,
            region_offsets=partition.region_offsets,
            values=values,
            boundary=_float32(shapely.get_coordinates(lines) - corner),
            boundary_offsets=_offsets(shapely.get_num_coordinates(lines)),
        )

    def pack(self) -> bytes:
        """The frame as one block of bytes, about 28 kB per 1,000 regions.

        Returns
        -------
        bytes
            In the layout of :mod:`splineviz.display.packing`. Offsets travel as sizes, which fit
            one byte each; integers are as narrow as they can be.
        """
        arrays = {
            "vertices": self.vertices,
            "ring_vertices": narrowest(self.ring_vertices),
            "ring_sizes": narrowest(np.diff(self.ring_offsets)),
            "region_sizes": narrowest(np.diff(self.region_offsets)),
            "boundary": self.boundary,
            "boundary_sizes": narrowest(np.diff(self.boundary_offsets)),
        }
        arrays |= {f"value:{name}": array for name, array in self.values.items()}
        return pack(arrays, {"step": self.step})

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
                region_offsets=_offsets(arrays["region_sizes"]),
                values={
                    name.removeprefix("value:"): array
                    for name, array in arrays.items()
                    if name.startswith("value:")
                },
                boundary=arrays["boundary"],
                boundary_offsets=_offsets(arrays["boundary_sizes"]),
            )
        except KeyError as missing:
            raise InvalidFrame(f"a packed frame lacks {missing}") from None


def _float32(array: Any) -> np.ndarray:
    return np.ascontiguousarray(array, dtype=np.float32)


def _offsets(sizes: np.ndarray) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]).astype(np.int32)


def _check_offsets(name: str, offsets: np.ndarray, end: int) -> None:
    """Offsets start at 0, never fall and stop at `end`."""
    if len(offsets) == 0 or offsets[0] != 0 or offsets[-1] != end or np.any(np.diff(offsets) < 0):
        raise InvalidFrame(f"{name} must rise from 0 to {end}")
