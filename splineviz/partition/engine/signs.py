"""The signs of a cut's columns at the vertices of a complex, and what counts as zero."""

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

    What counts as zero is a bound over the whole slice at most vertices. Where that decides
    something, the vertices are localized: their values and bounds are then those of
    ``LocalValues``.

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
        The values at some vertices, given by number: float64 array (n, W). Until the complex is
        followed to its next subdivision.
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
    #: Of all vertices, the row of their tolerance in the tables, if values are kept.
    tolerance_of: Int32Array = field(init=False)

    def __post_init__(self) -> None:
        self._tables = [self.cut.tolerance[None]]
        self._is_local = np.zeros(len(self.planes.positive), dtype=np.bool_)
        self.tolerance_of = np.zeros(len(self.planes.positive), dtype=np.int32)

    @property
    def tolerance(self) -> FloatArray:
        """What counts as zero, float64 array (rows, W); the first row is the whole slice's."""
        if len(self._tables) > 1:
            self._tables = [np.concatenate(self._tables)]
        return self._tables[0]

    def settle_zeros(self, vertices: AnyIntArray) -> None:
        """Localize vertices where the bound over the slice takes for zero what is not zero.

        What is 0 exactly is so by any bound: most often, nothing flows there at all.
        """
        for some, z, tolerance in self._localized(vertices):
            self.planes.positive[some] = pack(z > tolerance)
            self.planes.negative[some] = pack(z < -tolerance)

    def localize(self, vertices: AnyIntArray) -> AnyIntArray:
        """Localize some vertices; return those that were not localized before.

        Their signs stay: what the bound over the slice does not make zero is sure.
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
