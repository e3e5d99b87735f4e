"""The signs of a cut's columns at the vertices of a complex, and what counts as zero.

Which cells a column cuts follows from its signs at their corners, so a wrong sign is a wrong
partition. A sign is sure where the value is larger than its rounding error may be. Where it is not,
the sign is 0: the vertex lies *on* the boundary. That is right where boundaries really meet, and
wrong where the bound of the error is merely too large; there a boundary would be bent to a vertex
near it. So there are two bounds: a cheap one for all vertices, and a close one for the few at which
the cheap one makes a difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from splineviz.partition.engine.cuts import Cut
from splineviz.partition.engine.kernels.arguments import SignPlanes
from splineviz.partition.engine.local_values import LocalValues
from splineviz.partition.patterns import pack
from splineviz.partition.rounding.values import EPS, ULPS
from splineviz.typing import AnyIntArray, BoolArray, FloatArray, Int32Array

# How many numbers are computed at a time.
_BLOCK = 2**22


@dataclass(eq=False)
class Signs:
    """The signs of the columns of a cut at the vertices of a complex.

    At most vertices, what counts as zero is one bound for the whole slice. Vertices at which that
    bound makes a difference are *localized*: from then on their values and their bounds are those
    of ``LocalValues``, from the terms at the vertex itself.

    Parameters
    ----------
    cut : Cut
    local : LocalValues
    planes : SignPlanes
        The sign of each column at each vertex.
    low, high : float64 arrays (W,)
        Range of each column over the vertices.
    dense : float64 array (V, W) or None
        All values, if they are kept in memory.
    read : callable
        Computes the values at some vertices from their numbers: float64 array (n, W). It can be
        called until the next subdivision of the complex.
    """

    cut: Cut
    local: LocalValues
    planes: SignPlanes
    low: FloatArray
    high: FloatArray
    dense: FloatArray | None
    read: Callable[[Int32Array], FloatArray]
    _tables: list[FloatArray] = field(init=False)
    _is_local: BoolArray = field(init=False)
    #: For each vertex the row of `tolerance` that holds for it, if values are kept.
    tolerance_of: Int32Array = field(init=False)

    def __post_init__(self) -> None:
        self._tables = [self.cut.tolerance[None]]
        self._is_local = np.zeros(len(self.planes.positive), dtype=np.bool_)
        self.tolerance_of = np.zeros(len(self.planes.positive), dtype=np.int32)

    @property
    def tolerance(self) -> FloatArray:
        """What counts as zero, float64 array (rows, W).

        The first row is the bound for the whole slice; each localized vertex adds one of its own.
        """
        if len(self._tables) > 1:
            self._tables = [np.concatenate(self._tables)]
        return self._tables[0]

    def settle_zeros(self, vertices: AnyIntArray) -> None:
        """Localize vertices at which a value other than 0 counts as zero; decide its sign anew.

        A value of exactly 0 needs no second look: most often all terms are 0 there.
        """
        for some, z, tolerance in self._localized(vertices):
            self.planes.positive[some] = pack(z > tolerance)
            self.planes.negative[some] = pack(z < -tolerance)

    def localize(self, vertices: AnyIntArray) -> AnyIntArray:
        """Localize some vertices; return those that were not localized before.

        Their signs stay as they are: a sign that the larger bound calls sure is sure. What changes
        is how close two crossings on an edge may be and still count as two.
        """
        return np.concatenate([vertices[:0], *(some for some, _, _ in self._localized(vertices))])

    def _localized(
        self, vertices: AnyIntArray
    ) -> Iterator[tuple[AnyIntArray, FloatArray, FloatArray]]:
        """Localize vertices block by block; yield new ones with their values and tolerances."""
        vertices = vertices[~self._is_local[vertices]]
        self._is_local[vertices] = True
        size = max(1, _BLOCK // max(len(self.cut.unit), 1))
        for first in range(0, len(vertices), size):
            some = vertices[first : first + size]
            z, tolerance = self._at(some)
            if self.dense is not None:
                self.dense[some] = z
                n = sum(map(len, self._tables))
                self.tolerance_of[some] = np.arange(n, n + len(some))
                self._tables.append(tolerance)
            yield some, z, tolerance

    def at(self, vertices: Int32Array) -> tuple[FloatArray, FloatArray, Int32Array]:
        """Return values at some vertices (n, W), tolerances (rows, W), and the row of each (n,)."""
        z = self.read(vertices)
        is_local = self._is_local[vertices]
        row = np.zeros(len(vertices), dtype=np.int32)
        tables = self.cut.tolerance[None]
        if is_local.any():
            z[is_local], tolerance = self._at(vertices[is_local])
            tables = np.concatenate([tables, tolerance])
            row[is_local] = np.arange(1, len(tables))
        return z, tables, row

    def _at(self, vertices: AnyIntArray) -> tuple[FloatArray, FloatArray]:
        z, unit = self.local.at(self.cut, vertices)
        return z, ULPS * EPS * unit
