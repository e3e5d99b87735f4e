"""The definition of the regions, in plain shapely: polygons subdivided layer by layer.

Slow and easy to read. Tests hold the compiled engine against it. It takes values below 1e-10 of
their terms for zero, the engine those below about 1e-13: a region thinner than that may be found
by one of them only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from splineviz.errors import TooManyRegions
from splineviz.network.contest import Contest, flat_values
from splineviz.network.kinks import Kinks
from splineviz.network.program import Activation, Program
from splineviz.partition.maps import behind_activation
from splineviz.partition.patterns import LayerPattern, pack
from splineviz.partition.points import one_of_each
from splineviz.partition.rounding import Rounding
from splineviz.partition.rounding import behind_activation as rounding_behind
from splineviz.partition.slices import InputSlice
from splineviz.partition.spline_partition import EdgeTable, SplinePartition

FloatArray = npt.NDArray[np.float64]

# Relative size below which a value or a distance, and an area, counts as rounding.
_ROUNDING = 1e-10
_SLIVER = 1e-15
# A value below this many of its units of rounding, taken over the whole slice, is zero.
_NOISE = 1e-12


@dataclass(frozen=True)
class _Piece:
    """A polygon on which every neuron so far keeps its sign.

    ``values`` holds, for each value that later steps read, what it is on this polygon: rows for
    the slice's origin and for the derivatives along its two directions.
    """

    polygon: shapely.Polygon
    values: dict[int, FloatArray]
    patterns: tuple[npt.NDArray[np.bool_], ...]


def enumerate_with_shapely(
    program: Program,
    plane: InputSlice,
    report: Callable[[int, int, int], None],
    most: int,
) -> SplinePartition:
    """Every activation region, as :func:`splineviz.enumerate_regions` with ``engine="shapely"``.

    Each polygon carries the affine map of the network up to here. An affine step maps the map; at
    an activation each line on which a neuron meets a kink, or the largest of several values
    changes, splits the polygons that it crosses; then each polygon lies on one affine piece of the
    activation, which is applied to its map.
    """
    start = np.concatenate([plane.origin[None], plane.basis])
    pieces = [_Piece(shapely.orient_polygons(plane.domain), {0: start}, ())]
    activations = program.activation_at
    rounding = {0: Rounding.of_input(plane.embed(shapely.get_coordinates(plane.domain)))}
    done = 0
    for i, step in enumerate(program.steps):
        read = [rounding[v] for v in step.inputs]
        if i not in activations:
            rounding[i + 1] = Rounding.of_affine(program, i, read)
            for piece in pieces:
                inputs = [piece.values[v] for v in step.inputs]
                mapped = np.array(program.affine_linear(i, *inputs))
                mapped[:1] = program.affine(i, *(rows[:1] for rows in inputs))
                piece.values[i + 1] = mapped
            continue
        activation = activations[i]
        rounding[i + 1] = rounding_behind(activation, read)
        noise = _NOISE * flat_values([one.unit for one in read])[0]
        pieces = [
            _activated(piece, part, activation, step.inputs, noise)
            for piece in pieces
            for part in _split(piece, activation.rule, step.inputs, noise)
        ]
        done += 1
        if len(pieces) > most:
            raise TooManyRegions(len(pieces), most, activation.name)
        report(done, len(activations), len(pieces))
    return _partition(program, plane, pieces)


def _split(
    piece: _Piece, rule: Kinks | Contest, sources: Sequence[int], noise: FloatArray
) -> list[shapely.Polygon]:
    """Split a polygon into parts on which an activation is affine.

    Rows of values (3, W) hold the value at the origin and two derivatives; `noise` (W,) is what
    counts as zero.
    """
    parts = [piece.polygon]
    rows = flat_values([piece.values[v] for v in sources])
    if isinstance(rule, Kinks):
        for point in rule.points:
            for line, zero in zip((rows - [[point], [0.0], [0.0]]).T, noise, strict=True):
                parts = [half for part in parts for half, _ in _halves(part, line, zero)]
    else:
        for window in rule.candidates:
            window = np.unique(window)
            lines, zero = rule.sign * rows[:, window], float(noise[window].max())
            parts = [won for part in parts for won in _envelope(part, lines, zero)]
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
                    for part in parts
                    for half, side in _halves(part, lines[:, i] - lines[:, j], noise)
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
    return [(part, 1 if value > 0 else -1) for part, value in zip(parts, at, strict=True)]


def _activated(
    piece: _Piece,
    polygon: shapely.Polygon,
    activation: Activation,
    sources: Sequence[int],
    noise: FloatArray,
) -> _Piece:
    point = shapely.get_coordinates(polygon.representative_point())[0]
    rows = flat_values([piece.values[v] for v in sources])
    value = rows[0] + point @ rows[1:]
    rule = activation.rule
    if isinstance(rule, Kinks):
        bits = (value - rule.points[:, None] > noise).reshape(1, -1)
    else:
        standing = rule.sign * value
        best = standing[rule.candidates].max(axis=1)[rule.column_window]
        # The first of those that only rounding tells apart.
        slack = np.maximum(_ROUNDING * np.abs(best), noise[rule.column_candidate])
        near = standing[rule.column_candidate] >= best - slack
        first = np.unique(rule.column_window[near], return_index=True)[1]
        bits = np.zeros((1, rule.width), dtype=np.bool_)
        bits[0, np.flatnonzero(near)[first]] = True
    made = behind_activation(activation, bits, [piece.values[v][None] for v in sources])[0]
    values = {**piece.values, activation.step + 1: made}
    return _Piece(polygon, values, (*piece.patterns, bits[0]))


def _partition(program: Program, plane: InputSlice, pieces: list[_Piece]) -> SplinePartition:
    """Glue polygons that were cut one by one: corners that differ by rounding become one."""
    polygons = [shapely.orient_polygons(piece.polygon) for piece in pieces]
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
    layers = tuple(
        LayerPattern(
            activation.name,
            activation.width,
            np.arange(len(pieces), dtype=np.int32) * (depth > 0),
            pack(np.stack([piece.patterns[depth] for piece in pieces])),
        )
        for depth, activation in enumerate(program.activations)
    )
    edges = _edge_table(numbers, ring_offsets, region_offsets, layers)
    return SplinePartition(
        program, plane, vertices, edges, numbers, ring_offsets, region_offsets, layers
    )


def _shared_vertices(
    rings: list[FloatArray],
) -> tuple[FloatArray, list[npt.NDArray[np.int32]]]:
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
    numbers: npt.NDArray[np.int32],
    ring_offsets: npt.NDArray[np.int64],
    region_offsets: npt.NDArray[np.int64],
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
    for depth in range(len(layers) - 1, -1, -1):
        left, right = (layers[depth].unpacked(regions[inner, side]) for side in (0, 1))
        differ = left != right
        found = differ.any(axis=1)
        label[inner[found], 0] = depth
        label[inner[found], 1] = differ[found].argmax(axis=1)
    return EdgeTable(np.array(ends, dtype=np.int32), regions, label[:, 0], label[:, 1])
