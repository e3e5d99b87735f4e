"""The decision as a function over a slice: held against the network at many points."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

import splineviz as sv
from splineviz.display.frames import Frame
from splineviz.drawing.id_image import id_image
from splineviz.network.torch_modules.evaluation import evaluator

SQUARE = sv.InputSlice.identity((-1.0, -0.5, 1.5, 1.0))


def network_of(widths, seed):
    rng = np.random.default_rng(seed)
    sizes = list(zip(widths[1:], widths[:-1], strict=True))
    weights = [rng.normal(size=size) for size in sizes]
    return sv.dense_network(weights, [rng.normal(size=size[0]) for size in sizes])


def outputs_at(program, plane, points):
    return evaluator(program)(plane.embed(points))


def piece_at(surface, points, regions):
    """The plane that holds at each point: of a piece, if one lies there, or of the region."""
    pieces, number = surface.pieces, regions.copy()
    if surface.signed or not len(pieces):
        return number
    polygons = []
    for first, last in zip(pieces.piece_offsets[:-1], pieces.piece_offsets[1:], strict=True):
        rings = [
            surface.vertices[pieces.ring_vertices[start:end]]
            for start, end in zip(
                pieces.ring_offsets[first:last],
                pieces.ring_offsets[first + 1 : last + 1],
                strict=True,
            )
        ]
        polygons.append(shapely.Polygon(rings[0], rings[1:]))
    point, piece = shapely.STRtree(polygons).query(shapely.points(points), predicate="intersects")
    number[point] = len(surface.planes) - len(pieces) + piece
    return number


@pytest.mark.parametrize("n_outputs", [1, 2, 3, 10])
@pytest.mark.parametrize("seed", range(3))
def test_it_is_the_decision_of_the_network(n_outputs, seed):
    program = network_of((2, 16, 16, n_outputs), seed=seed)
    partition = sv.enumerate_regions(program, SQUARE)
    surface = partition.output_surface()
    points = np.random.default_rng(seed).uniform((-1.0, -0.5), (1.5, 1.0), size=(5000, 2))
    found = outputs_at(program, SQUARE, points)
    if n_outputs == 1:
        wanted = found[:, 0]
    elif n_outputs == 2:
        wanted = found[:, 1] - found[:, 0]
    else:
        wanted = np.sort(found, axis=1)[:, -1] - np.sort(found, axis=1)[:, -2]
    planes = surface.planes[piece_at(surface, points, partition.locate(points))]
    value = planes[:, 0] + (planes[:, 1:] * points).sum(axis=1)
    np.testing.assert_allclose(value, wanted, atol=1e-10 * np.abs(found).max())
    corner = np.array([-1.0, -0.5])
    moved = surface.seen_from(tuple(corner))[piece_at(surface, points, partition.locate(points))]
    value = moved[:, 0] + (moved[:, 1:] * (points - corner)).sum(axis=1)
    np.testing.assert_allclose(value, wanted, atol=1e-10 * np.abs(found).max())


def test_outputs_that_are_equal_everywhere_have_the_margin_zero():
    network = sv.dense_network([np.eye(2), np.array([[1.0, 1.0]] * 3)])
    partition = sv.enumerate_regions(network, SQUARE)
    surface = partition.output_surface()
    assert len(surface.pieces) == 0
    np.testing.assert_array_equal(surface.planes, 0.0)


def test_a_constant_network_has_a_flat_surface():
    network = sv.dense_network([np.zeros((4, 2)), np.zeros((2, 4))])
    partition = sv.enumerate_regions(network, SQUARE)
    np.testing.assert_array_equal(partition.output_surface().planes, 0.0)
    frame = Frame.from_partition(partition, 0)
    assert frame.limits["output"] == (-1.0, 1.0)


@pytest.mark.parametrize("n_outputs", [1, 2, 5])
def test_a_frame_carries_it(n_outputs):
    program = network_of((2, 12, 12, n_outputs), seed=0)
    partition = sv.enumerate_regions(program, SQUARE)
    frame = Frame.from_partition(partition, 3)
    again = Frame.unpack(frame.pack())
    np.testing.assert_array_equal(frame.planes, again.planes)
    assert (again.outputs, again.signed) == (n_outputs, n_outputs <= 2)
    extra = 0 if frame.signed else len(frame.pieces)
    assert frame.planes.shape == (len(frame) + extra, 3)
    scale = np.abs(partition.output_values()).max()
    np.testing.assert_allclose(again.output_values(), partition.output_values(), atol=1e-5 * scale)
    low, high = frame.limits["output"]
    assert low == -high < 0


def test_the_sign_is_the_class_at_each_pixel():
    program = network_of((2, 16, 16, 2), seed=1)
    frame = Frame.from_partition(sv.enumerate_regions(program, SQUARE), 0)
    size = (300, 180)
    groups = [
        (frame.ring_vertices, frame.ring_offsets, frame.region_offsets),
        (frame.pieces.ring_vertices, frame.pieces.ring_offsets, frame.pieces.piece_offsets),
    ]
    seen = (0.0, 0.0, 2.5, 1.5)
    ids = id_image(frame.vertices, groups, seen, size)
    x = (np.arange(300) + 0.5) * 2.5 / 300
    y = 1.5 - (np.arange(180) + 0.5) * 1.5 / 180
    points = np.stack(np.meshgrid(x, y), axis=-1)
    owner = np.concatenate([np.arange(len(frame)), frame.pieces.regions])[ids - 1]
    planes = frame.planes[owner].astype(np.float64)
    value = planes[..., 0] + (planes[..., 1:] * points).sum(axis=-1)
    classes = np.concatenate([frame.values["class"], frame.pieces.classes])[ids - 1]
    clear = np.abs(value) > 0.02 * np.abs(value).max()
    np.testing.assert_array_equal((value > 0)[clear], (classes == 1)[clear])


def test_a_hole_is_no_part_of_its_polygon():
    square = np.array([[0.0, 0], [4, 0], [4, 4], [0, 4], [1, 1], [1, 3], [3, 3], [3, 1]])
    rings = (np.arange(8), np.array([0, 4, 8]), np.array([0, 2]))
    ids = id_image(square, [rings], (0.0, 0.0, 4.0, 4.0), (40, 40))
    assert ids[20, 20] == 0
    assert ids[5, 5] == 1
    assert ids[35, 20] == 1


@pytest.mark.parametrize("n_outputs", [2, 3])
def test_what_rounding_alone_tells_apart_is_zero(n_outputs):
    dead = [np.full(4, -9.0), np.array([0.1 + 0.2, 0.3, 0.1])[:n_outputs]]
    weights = [np.ones((4, 2)), np.ones((n_outputs, 4))]
    partition = sv.enumerate_regions(sv.dense_network(weights, dead), SQUARE)
    np.testing.assert_array_equal(partition.output_surface().planes, 0.0)
    assert Frame.from_partition(partition, 0).limits["output"] == (-1.0, 1.0)
