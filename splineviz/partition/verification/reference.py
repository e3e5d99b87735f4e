"""The definition of the regions, in plain shapely: polygons subdivided layer by layer.

Slow and easy to read. Tests hold the compiled engine against it. It takes values below 1e-10 of
their terms for zero, the engine those below about 1e-13: a region thinner than that may be found
by one of them only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import shapely

from splineviz.errors import TooManyRegions
from splineviz.network.interpret import Domain, interpret
from splineviz.network.max_selection import MaxSelection, flat_values
from splineviz.network.piecewise_linear import PiecewiseLinear
from splineviz.network.program import Program
from splineviz.partition.affine_maps import OnCells, SliceMaps
from splineviz.partition.edge_table import EdgeTable
from splineviz.partition.patterns import LayerPattern, cells_of_regions, pack
from splineviz.partition.points import one_of_each
from splineviz.partition.rounding.values import SliceBounds, ValueBounds
from splineviz.partition.slices.input_slice import InputSlice
from splineviz.partition.spline_partition import SplinePartition
from splineviz.typing import BoolArray, FloatArray, Int32Array, IntArray

# Relative size below which a value or a distance, and an area, counts as rounding.
_ROUNDING = 1e-10
_SLIVER = 1e-15
# A value below this many of its units of rounding, taken over the whole slice, is zero.
_NOISE = 1e-12


class _Known(NamedTuple):
    """A value: the affine map that it is on each polygon, and how large it and its rounding are."""

    maps: OnCells
    rounding: ValueBounds


def enumerate_with_shapely(
    program: Program,
    plane: InputSlice,
    report: Callable[[int, int, int], object],
    most: int,
) -> SplinePartition:
    """Every activation region, as :func:`splineviz.enumerate_regions` with ``engine="shapely"``.

    Each polygon carries the affine map of the network up to here. An affine step maps the map; at
    an activation each line on which a neuron meets a breakpoint, or the largest of several values
    changes, splits the polygons that it crosses; then each polygon lies on one affine piece of the
    activation, which is applied to its map.
    """
    polygons = _Polygons(program, plane, report, most)
    start = np.concatenate([plane.origin[None], plane.basis])[None]
    corners = plane.embed(shapely.get_coordinates(plane.domain))
    wanted = [activation.step + 1 for activation in program.activations]
    interpret(polygons, {0: _Known(OnCells(0, start), ValueBounds.of_input(corners))}, wanted)
    return _partition(program, plane, polygons.now, tuple(polygons.layers))


class _Polygons(Domain[_Known]):
    """Values on the polygons that the activations so far have made."""

    def __init__(
        self,
        program: Program,
        plane: InputSlice,
        report: Callable[[int, int, int], object],
        most: int,
    ) -> None:
        super().__init__(program)
        self.report, self.most = report, most
        self.now: list[shapely.Polygon] = [shapely.orient_polygons(plane.domain)]
        self.layers: list[LayerPattern] = []
        self.counts = [(0, 1)]
        self.maps = SliceMaps(program, self.layers, self.counts)
        self.bounds = SliceBounds(program)

    def affine(self, i: int, inputs: Sequence[_Known]) -> _Known:
        """Map the maps."""
        maps, rounding = zip(*inputs, strict=True)
        return _Known(self.maps.affine(i, maps), self.bounds.affine(i, rounding))

    def activation(self, i: int, inputs: Sequence[_Known]) -> _Known:
        """Split the polygons, and apply the affine piece that each lies on."""
        maps, rounding = zip(*inputs, strict=True)
        activation = self.program.activation_at[i]
        rule, number = activation.rule, activation.number
        noise = _NOISE * flat_values([one.unit for one in rounding])[0]
        read = [self.maps.rows_at(number, one) for one in maps]
        of_polygons = np.concatenate([rows.reshape(*rows.shape[:2], -1) for rows in read], axis=2)
        parts, parent, bits = [], [], []
        for k, (polygon, rows) in enumerate(zip(self.now, of_polygons, strict=True)):
            for piece in _split(polygon, rule, rows, noise):
                parts.append(piece)
                parent.append(k)
                bits.append(_pattern(piece, rule, rows, noise))
        if len(parts) > self.most:
            raise TooManyRegions(len(parts), self.most, activation.name)
        self.now = parts
        self.layers.append(
            LayerPattern(
                activation.name,
                activation.width,
                np.array(parent, dtype=np.int32),
                pack(np.stack(bits)),
            )
        )
        self.counts.append((0, len(parts)))
        self.report(number + 1, len(self.program.activations), len(parts))
        return _Known(self.maps.activation(i, maps), self.bounds.activation(i, rounding))


def _split(
    polygon: shapely.Polygon,
    rule: PiecewiseLinear | MaxSelection,
    rows: FloatArray,
    noise: FloatArray,
) -> list[shapely.Polygon]:
    """Split a polygon into parts on which an activation is affine.

    Rows of values (3, W) hold the value at the origin and two derivatives; `noise` (W,) is what
    counts as zero.
    """
    parts = [polygon]
    if isinstance(rule, PiecewiseLinear):
        for point in rule.breakpoints:
            for line, zero in zip((rows - [[point], [0.0], [0.0]]).T, noise, strict=True):
                parts = [half for piece in parts for half, _ in _halves(piece, line, zero)]
    else:
        for window in rule.candidates:
            window = np.unique(window)
            lines, zero = rule.sign * rows[:, window], float(noise[window].max())
            parts = [won for piece in parts for won in _envelope(piece, lines, zero)]
    return parts


def _envelope(polygon: shapely.Polygon, lines: FloatArray, noise: float) -> list[shapely.Polygon]:
    """The parts of a polygon on which each of several affine functions (3, k) is the largest."""
    won = []
    for i in range(lines.shape[1]):
        parts = [polygon]
        for j in range(lines.shape[1]):
            if i != j:
                # Where both are equal, the first is taken.
                least = 0 if i < j else 1
                parts = [
                    half
                    for piece in parts
                    for half, side in _halves(piece, lines[:, i] - lines[:, j], noise)
                    if side >= least
                ]
        won += parts
    return won


def _halves(
    polygon: shapely.Polygon, line: FloatArray, noise: float
) -> list[tuple[shapely.Polygon, int]]:
    """The parts of a polygon on the two sides of a line, each with the sign of the line there.

    `line` holds an affine function's value at the origin and two derivatives. A polygon that the
    line misses is the only part; its sign is 0 where the function is zero on all of it.
    """
    offset, gradient = line[0], line[1:]
    corners = shapely.get_coordinates(polygon)
    values = corners @ gradient + offset
    terms = abs(offset) + np.abs(gradient) @ np.abs(corners).max(axis=0)
    rounding = max(_ROUNDING * terms, noise)
    if values.max() <= rounding or values.min() >= -rounding:
        return [(polygon, int(values.max() > rounding) - int(values.min() < -rounding))]
    steepness = np.linalg.norm(gradient)
    foot = corners.mean(axis=0)
    foot = foot - (foot @ gradient + offset) / steepness**2 * gradient
    along = np.array([-gradient[1], gradient[0]]) / steepness
    reach = 2 * np.linalg.norm(corners - foot, axis=1).max()
    cut = shapely.LineString([foot - reach * along, foot + reach * along])
    # Corners that only rounding keeps off the line lie on it.
    cut = shapely.snap(cut, shapely.MultiPoint(corners), _ROUNDING * reach)
    # A line through the corner of a hole leaves parts joined by a point only, and slivers of
    # rounding.
    noded = shapely.union(polygon.boundary, cut)
    faces = shapely.get_parts(shapely.polygonize([noded]))
    valid = shapely.make_valid(faces, method="structure", keep_collapsed=False)
    parts = shapely.get_parts(valid)
    # Either test alone fails on some sliver, by rounding; parts in holes and notches fail both.
    inside = shapely.contains(polygon, shapely.point_on_surface(parts))
    inside |= shapely.area(shapely.intersection(parts, polygon)) > 0.5 * shapely.area(parts)
    parts = parts[inside & (shapely.area(parts) > _SLIVER * reach**2)]
    at = shapely.get_coordinates(shapely.point_on_surface(parts)) @ gradient + offset
    return [(piece, 1 if value > 0 else -1) for piece, value in zip(parts, at, strict=True)]


def _pattern(
    polygon: shapely.Polygon,
    rule: PiecewiseLinear | MaxSelection,
    rows: FloatArray,
    noise: FloatArray,
) -> BoolArray:
    """The pattern (W,) of an activation on a polygon that it does not split any more."""
    point = shapely.get_coordinates(polygon.representative_point())[0]
    value = rows[0] + point @ rows[1:]
    if isinstance(rule, PiecewiseLinear):
        return (value - rule.breakpoints[:, None] > noise).ravel()
    standing = rule.sign * value
    best = standing[rule.candidates].max(axis=1)[rule.column_window]
    # The first of those that only rounding tells apart.
    slack = np.maximum(_ROUNDING * np.abs(best), noise[rule.column_candidate])
    near = standing[rule.column_candidate] >= best - slack
    first = np.unique(rule.column_window[near], return_index=True)[1]
    bits = np.zeros(rule.width, dtype=np.bool_)
    bits[np.flatnonzero(near)[first]] = True
    return bits


def _partition(
    program: Program,
    plane: InputSlice,
    polygons: Sequence[shapely.Polygon],
    layers: tuple[LayerPattern, ...],
) -> SplinePartition:
    """Glue polygons that were cut one by one: corners that differ by rounding become one."""
    polygons = [shapely.orient_polygons(polygon) for polygon in polygons]
    counts = [1 + len(polygon.interiors) for polygon in polygons]
    vertices, rings = _shared_vertices(
        [
            shapely.get_coordinates(ring)[:-1]
            for polygon in polygons
            for ring in [polygon.exterior, *polygon.interiors]
        ]
    )
    numbers = np.concatenate(rings)
    ring_offsets = np.concatenate([[0], np.cumsum([len(ring) for ring in rings])])
    region_offsets = np.concatenate([[0], np.cumsum(counts)])
    edges = _edge_table(numbers, ring_offsets, region_offsets, layers)
    return SplinePartition(
        program, plane, vertices, edges, numbers, ring_offsets, region_offsets, layers
    )


def _shared_vertices(
    rings: list[FloatArray],
) -> tuple[FloatArray, list[Int32Array]]:
    """Number the corners of all rings, and add to each ring the corners that lie on its sides."""
    points = np.concatenate(rings)
    rounding = _ROUNDING * np.ptp(points)
    chosen, number = one_of_each(points, rounding)
    vertices = points[chosen]
    tree = shapely.STRtree([shapely.Point(vertex) for vertex in vertices])
    numbered = []
    for corners in np.split(number, np.cumsum([len(ring) for ring in rings])[:-1]):
        ring: list[int] = []
        for a, b in zip(corners, np.roll(corners, -1), strict=True):
            if a == b:
                continue
            side = shapely.LineString(vertices[[a, b]])
            on_side = set(tree.query(side, predicate="dwithin", distance=rounding)) - {a, b}
            distance = {v: np.linalg.norm(vertices[v] - vertices[a]) for v in on_side}
            ring += [a, *sorted(on_side, key=distance.__getitem__)]
        numbered.append(np.array(ring, dtype=np.int32))
    return vertices, numbered


def _edge_table(
    numbers: Int32Array,
    ring_offsets: IntArray,
    region_offsets: IntArray,
    layers: tuple[LayerPattern, ...],
) -> EdgeTable:
    """Edges from the rings, labelled with the first neuron in which their two sides differ."""
    index: dict[tuple[int, int], int] = {}
    ends: list[tuple[int, int]] = []
    sides: list[list[int]] = []
    for region in range(len(region_offsets) - 1):
        for ring in range(region_offsets[region], region_offsets[region + 1]):
            corners = numbers[ring_offsets[ring] : ring_offsets[ring + 1]].tolist()
            for a, b in zip(corners, corners[1:] + corners[:1], strict=True):
                if (b, a) in index:
                    sides[index[b, a]][1] = region
                else:
                    index[a, b] = len(ends)
                    ends.append((a, b))
                    sides.append([region, -1])
    regions = np.array(sides, dtype=np.int32)
    label = np.full((len(ends), 2), -1, dtype=np.int32)
    inner = np.flatnonzero(regions[:, 1] >= 0)
    cells = cells_of_regions(layers, len(region_offsets) - 1)
    for depth in range(len(layers) - 1, -1, -1):
        left, right = (
            layers[depth].unpacked(cells[depth][regions[inner, side]]) for side in (0, 1)
        )
        differ = left != right
        apart = differ.any(axis=1)
        label[inner[apart], 0] = depth
        label[inner[apart], 1] = differ[apart].argmax(axis=1)
    return EdgeTable(np.array(ends, dtype=np.int32), regions, label[:, 0], label[:, 1])
