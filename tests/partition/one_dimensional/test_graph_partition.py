import numpy as np
import pytest
import shapely
import torch

import splineviz as sv
from splineviz.display.frames import Frame
from splineviz.errors import InvalidArgument, InvalidSlice
from splineviz.partition.one_dimensional.graph_partition import GRAPH_COLORINGS, graph_partition
from splineviz.partition.plotting.colorings import COLORINGS
from splineviz.partition.slices.graph_slice import GraphSlice, graph_slice

SEGMENT = sv.InputSlice.identity(bounds=(-2, 2))


def network(outputs=1, seed=0):
    torch.manual_seed(seed)
    return torch.nn.Sequential(
        torch.nn.Linear(1, 12), torch.nn.ReLU(), torch.nn.Linear(12, outputs)
    )


@pytest.mark.parametrize("outputs", [1, 3])
def test_columns_with_the_graph_across(outputs):
    partition = sv.enumerate_regions(network(outputs), SEGMENT)
    plane = graph_slice([partition.program], SEGMENT)
    drawn = sv.enumerate_regions(partition.program, plane)
    _, bottom, _, top = drawn.plane.domain.bounds
    assert bottom < partition.values().min()
    assert top > partition.values().max()
    assert len(drawn) == len(partition)
    assert drawn.areas.sum() == pytest.approx(4 * (top - bottom))
    lines = drawn.decision_boundary().geoms
    assert len(lines) == outputs
    for line, heights in zip(lines, partition.values().T, strict=True):
        np.testing.assert_allclose(
            shapely.get_coordinates(line), np.stack([partition.ends, heights], axis=1)
        )


def test_what_lies_beyond_is_cut_off():
    partition = sv.enumerate_regions(network(), SEGMENT)
    middle = float(np.median(partition.values()))
    drawn = graph_partition(partition, GraphSlice(SEGMENT, middle - 0.01, middle + 0.01))
    assert not drawn.graph.is_empty
    assert drawn.graph.bounds[1] >= middle - 0.01
    assert drawn.graph.bounds[3] <= middle + 0.01
    none = graph_partition(partition, GraphSlice(SEGMENT, 10.0, 11.0))
    assert none.decision_boundary().is_empty


def test_a_frame_is_made_of_it():
    partition = sv.enumerate_regions(network(2), SEGMENT)
    drawn = graph_partition(partition, graph_slice([partition.program], SEGMENT))
    frame = Frame.from_partition(drawn, step=3)
    assert len(frame) == len(partition)
    assert len(frame.boundary_offsets) == 3
    again = Frame.unpack(frame.pack())
    np.testing.assert_array_equal(again.boundary, frame.boundary)


def test_the_range_of_constants():
    flat = torch.nn.Sequential(torch.nn.Linear(1, 2), torch.nn.ReLU(), torch.nn.Linear(2, 1))
    for parameter in flat.parameters():
        parameter.data.zero_()
    plane = graph_slice([sv.trace(flat, (1,))], SEGMENT)
    assert plane.domain.bounds == (-2, -0.5, 2, 0.5)


def test_the_plane_of_a_graph():
    plane = GraphSlice(sv.InputSlice.segment([0.0, 0.0], [3.0, 4.0]), -1.0, 1.0)
    assert plane.axis_labels == ("position on the segment", "output")
    assert plane.line_name == "function"
    assert plane.stretch == pytest.approx(0.6 * 5 / 2)
    np.testing.assert_array_equal(plane.anchors, [[0, -1], [5, -1]])
    np.testing.assert_allclose(plane.embed([[5.0, 0.7]]), [[3.0, 4.0]])
    points, held = plane.holds([[1.5, 2.0], [9.0, 9.0]])
    np.testing.assert_allclose(points[0], [2.5, -1.0])
    assert held.tolist() == [True, False]
    with pytest.raises(InvalidSlice, match="lower and a higher"):
        GraphSlice(plane.line, 1.0, 1.0)


def test_measures_of_a_plane_refuse_it():
    plane = GraphSlice(SEGMENT, -1.0, 1.0)
    with pytest.raises(InvalidArgument, match="of one input"):
        sv.complexity_map(network(), plane, radius=0.1)
    with pytest.raises(InvalidArgument, match="plane is a segment, which has one dimension"):
        sv.complexity_map(network(), SEGMENT, radius=0.1)


def test_colorings_measure_lengths_not_areas():
    partition = sv.enumerate_regions(network(2), SEGMENT)
    drawn = graph_partition(partition, graph_slice([partition.program], SEGMENT))
    frame = Frame.from_partition(drawn, 0, GRAPH_COLORINGS)
    np.testing.assert_allclose(np.sort(frame.values["length"]), np.sort(partition.lengths), 1e-6)
    assert len(GRAPH_COLORINGS) == len(COLORINGS)
    words = [row.title + row.unit + row.note for row in GRAPH_COLORINGS.values()]
    assert not any("area" in text or "slice unit" in text for text in words)
