"""The recipes of CONTRIBUTING.md, followed: a new row is all that an extension takes."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
import shapely
import torch
from torch import nn

import splineviz as sv
from splineviz.display.frames import Frame
from splineviz.network.layers import LAYERS
from splineviz.network.layers.layer_kind import LayerKind
from splineviz.network.layers.schemas.elementwise_and_shapes import SAME
from splineviz.network.piecewise_linear import PiecewiseLinear
from splineviz.network.torch_modules import activation_recorder
from splineviz.network.tracing.operations import OPERATIONS
from splineviz.network.tracing.operations.activations import read_plain
from splineviz.partition.plotting.colorings import COLORINGS, Coloring
from tests.widgets.standin import StandInRun


@torch.library.custom_op("splineviz_tests::tent", mutates_args=())
def tent(x: torch.Tensor) -> torch.Tensor:
    """An activation that nobody else has: from 0 at -1 to 1 at 0 and back to 0 at 1."""
    return (1 - x.abs()).clamp(min=0)


@tent.register_fake
def _(x):
    return torch.empty_like(x)


class Tent(nn.Module):
    def forward(self, x):
        return tent(x)


@pytest.fixture
def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 8), Tent(), nn.Linear(8, 8), Tent(), nn.Linear(8, 2))


@pytest.fixture
def known(monkeypatch):
    """The three rows of an activation."""
    row = LayerKind(
        "tent",
        piecewise_linear=lambda params, options: PiecewiseLinear(
            np.array([-1.0, 0.0, 1.0]), np.array([0.0, 1.0, -1.0, 0.0]), 0.0
        ),
        activate=lambda params, inputs, options: (1 - abs(inputs[0])).clip(0, None),
        schema=SAME,
    )
    monkeypatch.setitem(LAYERS, "tent", row)
    monkeypatch.setitem(OPERATIONS, "tent", read_plain)
    watched = ("", lambda x: activation_recorder._behind(x, -1.0, 0.0, 1.0))
    monkeypatch.setitem(
        activation_recorder._WATCHED, torch.ops.splineviz_tests.tent.default, watched
    )


PLANE = sv.InputSlice.identity((-3, -3, 3, 3))


@pytest.mark.usefixtures("known")
def test_three_rows_are_a_new_activation(network, tmp_path):
    partition = sv.enumerate_regions(network, PLANE)
    certificate = partition.verify(network)
    assert certificate
    assert certificate.signs_checked > 1000
    assert len(sv.enumerate_regions(network, PLANE, engine="shapely")) == len(partition)
    points = np.random.default_rng(0).uniform(-2, 2, (20, 2))
    complexity = sv.local_complexity(network, points, radius=0.5, directions=2)
    assert complexity.counts.any()
    with sv.Recorder(tmp_path / "run", network) as recorder:
        recorder.step(0)
    replayed = sv.enumerate_regions(sv.Run(tmp_path / "run").program(0), PLANE)
    assert len(replayed) == len(partition)


def test_a_row_is_a_new_coloring(monkeypatch):
    row = Coloring("perimeter", "slice units", "log", lambda part: shapely.length(part.polygons))
    monkeypatch.setitem(COLORINGS, "perimeter", row)
    partition = sv.enumerate_regions(nn.Linear(2, 2), PLANE)
    plt.close(partition.plot(color="perimeter").figure)
    assert Frame.from_partition(partition, 0).values["perimeter"].tolist() == [24.0]
    player = sv.RegionPlayer(StandInRun(), PLANE, color="perimeter")
    assert player.canvas.colorings[player.canvas.coloring]["title"] == "perimeter"
    player.close()
