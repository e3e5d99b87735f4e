import numpy as np
import pytest
import shapely
import torch

import splineviz as sv
from splineviz.display.frames import Frame
from splineviz.partition.one_dimensional.graph import graph_partition, graph_range

SEGMENT = sv.InputSlice.identity(bounds=(-2, 2))


def network(outputs=1, seed=0):
    torch.manual_seed(seed)
    return torch.nn.Sequential(
        torch.nn.Linear(1, 12), torch.nn.ReLU(), torch.nn.Linear(12, outputs)
    )


@pytest.mark.parametrize("outputs", [1, 3])
def test_columns_with_the_graph_across(outputs):
    partition = sv.enumerate_regions(network(outputs), SEGMENT)
    bottom, top = graph_range([partition.program], SEGMENT)
    drawn = graph_partition(partition, bottom, top)
    assert drawn.plane.domain.bounds == (-2, bottom, 2, top)
    assert len(drawn) == len(partition)
    assert drawn.areas.sum() == pytest.approx(4 * (top - bottom))
    lines = drawn.decision_boundary().geoms
    assert len(lines) == outputs
    for line, heights in zip(lines, partition.values.T, strict=True):
        np.testing.assert_allclose(
            shapely.get_coordinates(line), np.stack([partition.ends, heights], axis=1)
        )


def test_what_lies_beyond_is_cut_off():
    partition = sv.enumerate_regions(network(), SEGMENT)
    middle = float(np.median(partition.values))
    drawn = graph_partition(partition, middle - 0.01, middle + 0.01)
    assert not drawn.graph.is_empty
    assert drawn.graph.bounds[1] >= middle - 0.01
    assert drawn.graph.bounds[3] <= middle + 0.01
    none = graph_partition(partition, 10.0, 11.0)
    assert none.decision_boundary().is_empty


def test_a_frame_is_made_of_it():
    partition = sv.enumerate_regions(network(2), SEGMENT)
    drawn = graph_partition(partition, *graph_range([partition.program], SEGMENT))
    frame = Frame.from_partition(drawn, step=3)
    assert len(frame) == len(partition)
    assert len(frame.boundary_offsets) == 3
    again = Frame.unpack(frame.pack())
    np.testing.assert_array_equal(again.boundary, frame.boundary)


def test_the_range_of_constants():
    flat = torch.nn.Sequential(torch.nn.Linear(1, 2), torch.nn.ReLU(), torch.nn.Linear(2, 1))
    for parameter in flat.parameters():
        parameter.data.zero_()
    assert graph_range([sv.trace(flat, (1,))], SEGMENT) == (-0.5, 0.5)
