from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely

from splineviz.display.frames import Frame
from splineviz.errors import InvalidFrame
from splineviz.network.program import Program
from splineviz.network.step import Step
from splineviz.partition.enumeration import enumerate_regions
from splineviz.partition.plotting.colorings import COLORINGS
from splineviz.partition.slices.input_slice import InputSlice
from tests.widgets.standin import StandInRun


def cut_square(bounds=(0, 0, 1, 1), offset=-2.5):
    """A square, cut along its diagonal by the first of two neurons; the other is always active."""
    program = Program(
        (
            Step("linear", (0,), "linear", {"weight": "w", "bias": "b"}, {}),
            Step("relu", (1,), "relu", {}, {}),
            Step("linear", (2,), "out", {"weight": "v", "bias": "c"}, {}),
        ),
        ((2,), (2,), (2,), (1,)),
        {
            "w": np.array([[1.0, -1.0], [0.0, 1.0]]),
            "b": np.array([0.0, 2.0]),
            "v": np.array([[0.0, 1.0]]),
            "c": np.array([offset]),
        },
        3,
    )
    return enumerate_regions(program, InputSlice.identity(bounds))


@pytest.fixture
def square():
    return cut_square()


@pytest.fixture(scope="module")
def deep():
    """Three layers; regions, cells, and patterns of all sorts."""
    return enumerate_regions(
        StandInRun(widths=(2, 9, 12, 10, 3)).program(1000), InputSlice.identity()
    )


def test_the_bytes_of_a_frame(square):
    rows = {name: COLORINGS[name] for name in ("slope", "class", "area")}
    frame = Frame.from_partition(square, 10, rows)
    header = (
        b'{"arrays":{"vertices":["f4",[7,2],0],"ring_vertices":["u1",[6],56],'
        b'"ring_sizes":["u1",[2],64],"region_sizes":["u1",[0],68],"edge_columns":["u1",[6],68],'
        b'"boundary":["f4",[3,2],76],"boundary_sizes":["u1",[1],100],'
        b'"piece_vertices":["u1",[6],104],"piece_ring_sizes":["u1",[2],112],'
        b'"piece_sizes":["u1",[0],116],"piece_regions":["u1",[2],116],'
        b'"piece_classes":["u1",[2],120],"planes":["f4",[2,3],124],"bits:0":["u1",[2,1],148],'
        b'"value:slope":["f4",[2],152],"value:class":["u1",[2],160]},'
        b'"meta":{"step":10,"layers":[["relu",2]],'
        b'"limits":{"slope":[1.0,10.0],"area":[0.5,5.0]},"outputs":1}}'
    )
    header += b" " * (-len(header) % 4)
    data = (
        np.array([1, 0, 1, 1, 0, 1, 0, 0, 0, 0.5, 0.5, 0.5, 1, 0.5], "<f4").tobytes()
        + bytes([1, 2, 3, 3, 0, 1, 0, 0])
        + bytes([3, 3, 0, 0])
        + bytes([0, 0, 1, 0, 0, 1, 0, 0])
        + np.array([0, 0.5, 0.5, 0.5, 1, 0.5], "<f4").tobytes()
        + bytes([3, 0, 0, 0])
        # Below the line in the upper triangle, and above it in the lower one.
        + bytes([4, 3, 5, 6, 1, 5, 0, 0])
        + bytes([3, 3, 0, 0])
        + bytes([0, 1, 0, 0])
        + bytes([0, 1, 0, 0])
        + np.array([-0.5, 0, 1, -0.5, 0, 1], "<f4").tobytes()
        + bytes([2, 3, 0, 0])
        + np.array([1, 1], "<f4").tobytes()
        + bytes([1, 0, 0, 0])
    )
    assert frame.pack() == b"SVF1" + len(header).to_bytes(4, "little") + header + data


def test_round_trip(deep):
    frame = Frame.from_partition(deep, 10)
    back = Frame.unpack(frame.pack())
    assert back.step == 10
    assert len(back) == len(frame) == len(deep)
    assert set(back.values) == {name for name, row in COLORINGS.items() if row.sent}
    assert back.limits == frame.limits
    for name in ("vertices", "ring_vertices", "ring_offsets", "region_offsets", "boundary"):
        np.testing.assert_array_equal(getattr(back, name), getattr(frame, name))
    np.testing.assert_array_equal(back.edge_columns, frame.edge_columns)
    for name, values in frame.values.items():
        np.testing.assert_array_equal(back.values[name], values)
    assert len(frame.pieces) > 0
    for name, array in vars(frame.pieces).items():
        np.testing.assert_array_equal(getattr(back.pieces, name), array)
    for layer, other in zip(back.layers, deep.layers, strict=True):
        assert (layer.name, layer.width) == (other.name, other.width)
        np.testing.assert_array_equal(layer.bits, other.bits)
        np.testing.assert_array_equal(layer.parent, other.parent)
    assert back.pack() == frame.pack()


def test_what_follows_from_a_frame_is_what_the_partition_says(deep):
    frame = Frame.unpack(Frame.from_partition(deep, 0).pack())
    for row in COLORINGS.values():
        if not row.sent:
            np.testing.assert_allclose(row.values(frame), row.values(deep), rtol=1e-3, atol=1e-7)


def test_edges_know_the_neuron_behind_them(deep):
    frame = Frame.from_partition(deep, 0)
    firsts = np.cumsum([0, *(layer.width for layer in deep.layers)])
    follows = {}
    for ring in range(len(frame.ring_offsets) - 1):
        corners = frame.ring_vertices[frame.ring_offsets[ring] : frame.ring_offsets[ring + 1]]
        columns = frame.edge_columns[frame.ring_offsets[ring] : frame.ring_offsets[ring + 1]]
        for a, b, column in zip(corners, np.roll(corners, -1), columns, strict=True):
            follows[int(a), int(b)] = int(column)
    edges = deep.edges
    for (a, b), layer, neuron in zip(edges.vertices, edges.layer, edges.neuron, strict=True):
        expected = 0 if layer < 0 else 1 + firsts[layer] + neuron
        assert {follows.get((a, b), expected), follows.get((b, a), expected)} == {expected}
        assert (a, b) in follows or (b, a) in follows


def test_a_domain_with_a_hole_and_one_without_neurons():
    hole = shapely.Polygon([(0, 0), (4, 0), (4, 4), (0, 4)], [[(1, 1), (2, 1), (2, 2), (1, 2)]])
    plane = InputSlice([0.0, 0.0], np.eye(2), hole)
    frame = Frame.from_partition(enumerate_regions(cut_square().program, plane), 0)
    back = Frame.unpack(frame.pack())
    np.testing.assert_array_equal(back.region_offsets, frame.region_offsets)
    assert back.areas.sum() == pytest.approx(15.0)
    linear = Program(
        (Step("linear", (0,), "linear", {"weight": "w", "bias": "b"}, {}),),
        ((2,), (1,)),
        {"w": np.array([[1.0, 1.0]]), "b": np.zeros(1)},
        1,
    )
    frame = Frame.from_partition(enumerate_regions(linear, InputSlice.identity()), 0)
    back = Frame.unpack(frame.pack())
    assert (len(back), back.layers, back.edge_columns.tolist()) == (1, (), [0, 0, 0, 0])


def test_a_small_square_far_away_keeps_its_shape(square):
    near = Frame.from_partition(square, 0)
    # Whole numbers times a power of two: nothing is rounded.
    frame = Frame.from_partition(cut_square((2**20, 2**20, 2**20 + 0.25, 2**20 + 0.25)), 0)
    corners = frame.vertices[np.unique(frame.ring_vertices)]
    corners = corners[np.lexsort(corners.T)]
    expected = near.vertices[np.unique(near.ring_vertices)] * np.float32(0.25)
    np.testing.assert_array_equal(corners, expected[np.lexsort(expected.T)])


def test_a_network_without_a_decision_boundary():
    frame = Frame.unpack(Frame.from_partition(cut_square(offset=9.0), 0).pack())
    assert frame.boundary.shape == (0, 2)
    assert frame.boundary_offsets.tolist() == [0]


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
        {"edge_columns": np.zeros(5, np.uint8)},
        {"values": {"slope": np.zeros(3, np.float32)}},
    ],
)
def test_arrays_that_do_not_fit_are_refused(square, change):
    with pytest.raises(InvalidFrame):
        replace(Frame.from_partition(square, 0), **change)


def test_a_block_that_is_no_frame_is_refused():
    from splineviz.display.packing import pack

    with pytest.raises(InvalidFrame, match="lacks 'vertices'"):
        Frame.unpack(pack({"x": np.zeros(1, np.uint8)}, {"step": 0}))
