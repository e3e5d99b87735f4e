from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import shapely

from splineviz.display.colorings import COLORINGS
from splineviz.display.frames import Frame
from splineviz.errors import InvalidFrame, UnknownName
from splineviz.partition.slices import InputSlice


@pytest.fixture
def square():
    """The unit square, cut along a diagonal, as the arrays of a SplinePartition."""
    return SimpleNamespace(
        plane=InputSlice.identity((0, 0, 1, 1)),
        vertices=np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]),
        ring_vertices=np.array([0, 1, 2, 0, 2, 3], dtype=np.int32),
        ring_offsets=np.array([0, 3, 6]),
        region_offsets=np.array([0, 1, 2]),
        areas=np.array([0.5, 0.5]),
        slope_norms=lambda: np.array([1.0, 0.0]),
        predictions=lambda: np.array([0, 1]),
        decision_boundary=lambda: shapely.MultiLineString([[(0, 0.5), (1, 0.5)]]),
        activation_patterns=lambda: np.array([[True, False], [True, True]]),
    )


def test_the_bytes_of_a_frame(square):
    frame = Frame.from_partition(square, 10, colorings=["slope", "class"])
    header = (
        b'{"arrays":{"vertices":["f4",[4,2],0],"ring_vertices":["u1",[6],32],'
        b'"ring_sizes":["u1",[2],40],"region_sizes":["u1",[2],44],'
        b'"boundary":["f4",[2,2],48],"boundary_sizes":["u1",[1],64],'
        b'"value:slope":["f4",[2],68],"value:class":["u1",[2],76]},"meta":{"step":10}}'
    )
    header += b" " * (-len(header) % 4)
    data = (
        np.array([0, 0, 1, 0, 1, 1, 0, 1], "<f4").tobytes()
        + bytes([0, 1, 2, 0, 2, 3, 0, 0])
        + bytes([3, 3, 0, 0])
        + bytes([1, 1, 0, 0])
        + np.array([0, 0.5, 1, 0.5], "<f4").tobytes()
        + bytes([2, 0, 0, 0])
        + np.array([1, 0], "<f4").tobytes()
        + bytes([0, 1, 0, 0])
    )
    assert frame.pack() == b"SVF1" + len(header).to_bytes(4, "little") + header + data


def test_round_trip(square):
    frame = Frame.from_partition(square, 10)
    back = Frame.unpack(frame.pack())
    assert back.step == 10
    assert len(back) == len(frame) == 2
    assert set(back.values) == set(COLORINGS)
    for name in ("vertices", "ring_vertices", "ring_offsets", "region_offsets", "boundary"):
        np.testing.assert_array_equal(getattr(back, name), getattr(frame, name))
    for name, values in frame.values.items():
        np.testing.assert_array_equal(back.values[name], values)
    assert back.pack() == frame.pack()


def test_a_small_square_far_away_keeps_its_shape(square):
    near = Frame.from_partition(square, 0)
    corner, side = np.array([3e6, -2e6]), 2.0**-20
    far = square.vertices * side + corner
    line = shapely.transform(square.decision_boundary(), lambda points: points * side + corner)
    square.plane = InputSlice.identity((*far[0], *far[2]))
    square.vertices = far
    square.decision_boundary = lambda: line
    frame = Frame.from_partition(square, 0)
    np.testing.assert_array_equal(frame.vertices, near.vertices * np.float32(side))
    np.testing.assert_array_equal(frame.boundary, near.boundary * np.float32(side))


def test_a_network_without_a_decision_boundary(square):
    square.decision_boundary = lambda: shapely.MultiLineString()
    frame = Frame.unpack(Frame.from_partition(square, 0).pack())
    assert frame.boundary.shape == (0, 2)
    assert frame.boundary_offsets.tolist() == [0]


def test_unknown_colourings_are_refused(square):
    with pytest.raises(UnknownName, match=r"unknown colouring .colour.; known: .*slope"):
        Frame.from_partition(square, 0, colorings=["colour"])


@pytest.mark.parametrize(
    "change",
    [
        {"vertices": np.zeros((4, 2))},
        {"vertices": np.zeros((4, 3), np.float32)},
        {"vertices": np.zeros((3, 2), np.float32)},
        {"ring_offsets": np.array([0, 3, 5])},
        {"ring_offsets": np.array([0, 7, 6])},
        {"region_offsets": np.array([1, 2])},
        {"region_offsets": np.array([], dtype=int)},
        {"boundary_offsets": np.array([0])},
        {"values": {"slope": np.zeros(3, np.float32)}},
    ],
)
def test_arrays_that_do_not_fit_are_refused(square, change):
    with pytest.raises(InvalidFrame):
        replace(Frame.from_partition(square, 0), **change)


def test_a_block_that_is_no_frame_is_refused(square):
    from splineviz.display.packing import pack

    with pytest.raises(InvalidFrame, match="vertices"):
        Frame.unpack(pack({"x": np.zeros(1, np.uint8)}, {"step": 0}))
