"""The values of a network at the vertices of a complex, in blocks of vertices.

Values are affine on every cell of the complex on which they were last kept, so those at a vertex
made since follow from three corners of its cell; then the steps of the network since are run.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from splineviz.errors import NonFiniteValues
from splineviz.network.interpret import Numbers, interpret
from splineviz.network.plan import steps_to
from splineviz.network.program import Program
from splineviz.partition.engine.cells import CellComplex
from splineviz.partition.engine.cuts import Cut, Values
from splineviz.partition.engine.dissolving import Dissolved
from splineviz.partition.engine.kernels.arguments import SignPlanes
from splineviz.partition.engine.kernels.edges import sign_planes
from splineviz.partition.engine.kernels.rows import interpolate, weigh
from splineviz.partition.engine.kernels.triangles import cell_triangles
from splineviz.partition.engine.local_values import LocalValues
from splineviz.partition.engine.signs import Signs
from splineviz.partition.engine.subdivision import Subdivision
from splineviz.partition.engine.workers import Workers
from splineviz.partition.slices.input_slice import InputSlice
from splineviz.typing import FloatArray, Int32Array

# How many numbers a block of one value holds, at least and at most: it stays in a core's cache.
_BLOCK = (2**15, 2**17)
# Values at all vertices are kept up to this many bytes, and computed again when needed above it.
_KEPT = 2**30


@dataclass(frozen=True, eq=False)
class _Base:
    """Values kept at the vertices of a complex on whose cells they are affine.

    Parameters
    ----------
    step : int
        The first step not taken yet.
    rows : mapping of int to float64 array (V, width)
        Each value that is read from here on, flat.
    cells : CellComplex
    """

    step: int
    rows: Values
    cells: CellComplex

    @cached_property
    def triangles(self) -> Int32Array:
        """Three corners that span each cell well, int32 array (C, 3)."""
        cells = self.cells
        triangles = np.empty((len(cells), 3), dtype=np.int32)
        cell_triangles(
            0, len(cells), cells.offsets, cells.halves, cells.edge_vertices, cells.xy, triangles
        )
        return triangles


class VertexValues:
    """The values of a network at the vertices of a complex while it is subdivided.

    Parameters
    ----------
    program : Program
    plane : InputSlice
    cells : CellComplex
        The domain of the slice.
    workers : Workers
        Where to work on blocks of vertices side by side.
    """

    def __init__(
        self, program: Program, plane: InputSlice, cells: CellComplex, workers: Workers
    ) -> None:
        self._program = program
        self._workers = workers
        wanted = [activation.step + 1 for activation in program.activations]
        self._steps = steps_to(program, wanted)
        self._live = _live_values(program, self._steps)
        self._start(_Base(0, {0: _flat(plane.embed(cells.xy))}, cells))

    def _start(self, base: _Base) -> None:
        self._base = base
        self._xy = base.cells.xy
        # Where each vertex lies in the base: in a cell, or ~v where it is the base's vertex v.
        self._place = ~np.arange(len(self._xy), dtype=np.int32)
        self._cell = np.arange(len(base.cells), dtype=np.int32)

    def follow(self, split: Subdivision) -> None:
        """Go on to the complex that a subdivision made."""
        self._xy = split.cells.xy
        self._place = np.concatenate([self._place, self._cell[split.within]])
        self._cell = self._cell[split.parent]

    def follow_dissolved(self, dissolved: Dissolved) -> None:
        """Go on to a complex whose cells are unions of cells."""
        self._xy = dissolved.cells.xy
        self._place = self._place[dissolved.vertices]
        self._cell = self._cell[dissolved.first_cell]

    def signs(self, cut: Cut, local: LocalValues) -> Signs:
        """The signs of a cut at the vertices of the complex.

        The values that the network reads from the cut's step on are kept, if memory allows, so
        that later calls start from them.

        Parameters
        ----------
        cut : Cut
        local : LocalValues
            Of the complex, as followed so far.

        Raises
        ------
        NonFiniteValues
            If a value overflows.
        """
        total, width = len(self._xy), len(cut.unit)
        n_words = (width + 63) >> 6
        planes = SignPlanes(
            np.empty((total, n_words), dtype=np.uint64), np.empty((total, n_words), dtype=np.uint64)
        )
        in_doubt = np.empty(total, dtype=np.bool_)
        tolerance = cut.tolerance
        if not np.isfinite(tolerance).all():
            raise self._overflow(cut)
        widths = {v: math.prod(self._program.shapes[v]) for v in self._live[cut.step]}
        again = cut.step == self._base.step
        columns = width if cut.source is None else 0
        kept = 8 * total * (columns + (0 if again else sum(widths.values()))) <= _KEPT
        rows: dict[int, FloatArray] = {}
        if kept and not again:
            rows = {v: np.empty((total, w)) for v, w in widths.items()}
        dense = np.empty((total, width)) if kept and columns else None

        def read(first: int, last: int) -> tuple[FloatArray, FloatArray]:
            values = self._at(slice(first, last), cut.step)
            for v, kept_rows in rows.items():
                kept_rows[first:last] = _flat(values[v])
            z = cut.columns(values)
            if dense is not None:
                dense[first:last] = z
            low, high = np.full(width, np.inf), np.full(width, -np.inf)
            if not sign_planes(z, tolerance, first, planes, low, high, in_doubt):
                raise self._overflow(cut)
            return low, high

        ranges = self._workers.over(read, total, self._block(cut.step))
        if rows:
            self._start(_Base(cut.step, rows, local.cells))
        if kept and cut.source is not None:
            dense = self._base.rows[cut.source]
        signs = Signs(
            cut,
            local,
            planes,
            np.min([low for low, _ in ranges], axis=0),
            np.max([high for _, high in ranges], axis=0),
            dense,
            lambda vertices: np.array(cut.columns(self._at(vertices, cut.step))),
        )
        signs.settle_zeros(np.flatnonzero(in_doubt))
        return signs

    def _overflow(self, cut: Cut) -> NonFiniteValues:
        return NonFiniteValues(
            f"the pre-activations of {self._program.steps[cut.step].name!r} overflow on "
            "this slice: its weights, or the domain of the slice, are too large for float64"
        )

    def _at(self, vertices: Int32Array | slice, step: int) -> dict[int, FloatArray]:
        """The values that are live before a step, at some vertices of the complex."""
        program, base = self._program, self._base
        points, place = self._xy[vertices], self._place[vertices]
        corners = np.empty((len(points), 3), dtype=np.int32)
        weights = np.empty((len(points), 2))
        weigh(points, place, base.cells.xy, base.triangles, corners, weights)
        values = {}
        for v, rows in base.rows.items():
            out = np.empty((len(points), rows.shape[1]))
            interpolate(rows, corners, weights, out)
            values[v] = out.reshape(-1, *program.shapes[v])
        return interpret(Numbers(program), values, self._live[step])

    def _block(self, step: int) -> tuple[int, int]:
        """Choose how many vertices a block has whose values run from the base to a step."""
        later = [i + 1 for i in self._steps if self._base.step <= i < step]
        widest = max(math.prod(self._program.shapes[v]) for v in [*self._base.rows, *later])
        least, most = (max(16, numbers // max(widest, 1)) for numbers in _BLOCK)
        return least, most


def _live_values(program: Program, steps: Sequence[int]) -> list[frozenset[int]]:
    """Return for each step the earlier values that it, or a later one of some steps, reads."""
    live = []
    for step in range(len(program.steps) + 1):
        read = {v for i in steps if i >= step for v in program.steps[i].inputs}
        live.append(frozenset(v for v in read if v <= step))
    return live


def _flat(values: FloatArray) -> FloatArray:
    return np.ascontiguousarray(values.reshape(len(values), -1))
