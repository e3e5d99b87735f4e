import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

import splineviz as sv
from splineviz.errors import NonFiniteValues, ShapeMismatch

matplotlib.use("agg")


@pytest.fixture(autouse=True)
def no_figures_left():
    yield
    plt.close("all")


def partition_of(*widths):
    torch.manual_seed(0)
    network = torch.nn.Sequential(
        torch.nn.Linear(widths[0], widths[1]), torch.nn.ReLU(), torch.nn.Linear(*widths[1:])
    )
    segment = sv.InputSlice.segment(np.full(widths[0], -1.0), np.full(widths[0], 1.0))
    return sv.enumerate_regions(network, segment)


def test_the_function_and_its_derivative():
    partition = partition_of(1, 8, 1)
    above, below = partition.plot(points=[0.5, 1.0], targets=[0.0, 0.1]).axes
    np.testing.assert_array_equal(above.lines[0].get_xdata(), partition.ends)
    np.testing.assert_array_equal(above.lines[0].get_ydata(), partition.values()[:, 0])
    np.testing.assert_array_equal(
        below.patches[0].get_data().values, partition.affine_maps()[0][:, 0]
    )
    kinks, samples = above.lines[1], above.lines[2]
    np.testing.assert_array_equal(kinks.get_xdata(), partition.breakpoints)
    assert samples.get_label() == "samples"
    assert below.get_xlabel() == "position on the segment"


def test_several_outputs_have_ticks_in_place_of_dots():
    figure = partition_of(4, 8, 3).plot()
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["output 0", "output 1", "output 2", "kinks of layer 0 ('1')"]


def test_many_breakpoints_and_none():
    partition_of(1, 300, 1).plot()
    sv.enumerate_regions(torch.nn.Linear(1, 1), sv.InputSlice.identity((0, 1))).plot()


def test_samples_must_fit():
    partition = partition_of(1, 2, 1)
    with pytest.raises(ShapeMismatch, match="both"):
        partition.plot(points=[1.0])
    with pytest.raises(ShapeMismatch, match="targets"):
        partition.plot(points=[1.0], targets=[1.0, 2.0])
    with pytest.raises(NonFiniteValues):
        partition.plot(points=[np.nan], targets=[1.0])
