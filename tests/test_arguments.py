"""What is no run, slice or name is told from where it was given, whatever it is instead."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import splineviz as sv
from splineviz.errors import InvalidArgument, SplinevizError, UnknownName, UnsupportedLayer

RUN, PLANE = sv.Run.bundled("checkerboard"), sv.InputSlice.identity()
NET = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))
X, Y = np.zeros((4, 2)), np.zeros(4, dtype=int)
PART = sv.enumerate_regions(NET, PLANE)

NAMES = {
    "norm of pgd_accuracy": lambda v: sv.pgd_accuracy(NET, X, Y, eps=0.1, norm=v),
    "norm of fgsm_accuracy": lambda v: sv.fgsm_accuracy(NET, X, Y, eps=0.1, norm=v),
    "norm of apgd_accuracy": lambda v: sv.apgd_accuracy(NET, X, Y, eps=0.1, norm=v),
    "norm of robust_accuracy_bound": lambda v: sv.robust_accuracy_bound(NET, X, Y, eps=0.1, norm=v),
    "loss of pgd_attack": lambda v: sv.pgd_attack(NET, X, Y, eps=0.1, loss=v),
    "bundled": sv.Run.bundled,
    "recipe": lambda v: sv.recipes.train(v, "never"),
    "color": lambda v: sv.RegionPlayer(RUN, PLANE, color=v),
    "color of two": lambda v: sv.CompareRuns(RUN, RUN, PLANE, color=v),
    "engine": lambda v: sv.enumerate_regions(NET, PLANE, engine=v),
    "layer": lambda v: PART.neuron_boundary(v, 0),
    "neuron": lambda v: PART.neuron_boundary(0, v),
    "data": lambda v: sv.Playground(data=v),
    "optimizer": lambda v: sv.Playground(optimizer=v),
}
NO_NAMES = [None, 2.5, np.inf, 9, [], ["margin"], {}, np.zeros(3), b"linf", torch.nn.ReLU(), "x"]


@pytest.mark.parametrize("call", NAMES.values(), ids=NAMES)
@pytest.mark.parametrize("name", NO_NAMES, ids=repr)
def test_what_is_no_name_is_unknown(call, name):
    with pytest.raises(UnknownName, match=r"^unknown "):
        call(name)


def test_a_long_thing_is_shortened_where_a_name_is_wanted():
    with pytest.raises(UnknownName) as told:
        sv.pgd_accuracy(NET, X, Y, eps=0.1, norm=[0.5] * 10_000)
    assert len(str(told.value)) < 200


RUNS = {
    "RegionPlayer": lambda v: sv.RegionPlayer(v, PLANE),
    "CompareRuns": lambda v: sv.CompareRuns(RUN, v, PLANE),
    "CurvesView": sv.CurvesView,
    "MigrationView": lambda v: sv.MigrationView(v, PLANE),
    "SlicePicker": lambda v: sv.SlicePicker(X, run=v),
    "region_migration": lambda v: sv.region_migration(v, PLANE),
}


@pytest.mark.parametrize("call", RUNS.values(), ids=RUNS)
def test_what_is_no_run_says_how_to_get_one(call):
    for path in (str(RUN.path), RUN.path):
        with pytest.raises(InvalidArgument, match=r"not the path of one: give Run\('.*board'\)"):
            call(path)
    live = sv.LiveTraining(sv.training.data.two_moons(), width=4, depth=1)
    for value in (3, NET, RUN.program(0), PLANE, [], live):
        with pytest.raises(InvalidArgument, match=r"must be a Run, not an? .*Run\(path\)"):
            call(value)


SLICES = {
    "enumerate_regions": lambda v: sv.enumerate_regions(NET, v),
    "complexity_map": lambda v: sv.complexity_map(NET, v),
    "region_migration": lambda v: sv.region_migration(RUN, v),
    "RegionPlayer": lambda v: sv.RegionPlayer(RUN, v),
    "CompareRuns": lambda v: sv.CompareRuns(RUN, RUN, v),
    "MigrationView": lambda v: sv.MigrationView(RUN, v),
}


@pytest.mark.parametrize("call", SLICES.values(), ids=SLICES)
@pytest.mark.parametrize("value", [None, (-1, -1, 1, 1), np.zeros(4), "x", RUN], ids=repr)
def test_what_is_no_slice_says_how_to_get_one(call, value):
    with pytest.raises(InvalidArgument, match=r"plane must be an InputSlice.*identity\(bounds="):
        call(value)


NETWORKS = {
    "enumerate_regions": lambda v: sv.enumerate_regions(v, PLANE),
    "local_complexity": lambda v: sv.local_complexity(v, X, radius=0.1),
    "deformation": lambda v: sv.deformation(v, X, radius=0.1),
    "complexity_map": lambda v: sv.complexity_map(v, PLANE, resolution=4),
    "pgd_accuracy": lambda v: sv.pgd_accuracy(v, X, Y, eps=0.1),
    "trace": lambda v: sv.trace(v, 2),
    "verify": PART.verify,
}


@pytest.mark.parametrize("call", NETWORKS.values(), ids=NETWORKS)
def test_a_run_in_place_of_a_network_says_how_to_take_a_step(call):
    with pytest.raises(UnsupportedLayer, match=r"run\.program\(step\)"):
        call(RUN)
    with pytest.raises(SplinevizError):
        call("model.pt")


def test_a_player_is_wanted():
    curves = RUN.local_complexity(radius=0.1, directions=2, steps=[0], cache=False)
    for call in (
        lambda: sv.CurvesView(RUN, player=curves),
        lambda: sv.MigrationView(RUN, PLANE, player=["train_accuracy"]),
        lambda: sv.LayerPanels(RUN),
    ):
        with pytest.raises(InvalidArgument, match="player must be a RegionPlayer, not a "):
            call()
    for call in (lambda: sv.CurvesView(RUN, complexity=3), lambda: sv.ComplexityPlot(RUN)):
        with pytest.raises(
            InvalidArgument, match=r"must be a ComplexityCurves, not an? .*Run\.local"
        ):
            call()


PATHS = {
    "Run": sv.Run,
    "Recorder": lambda v: sv.Recorder(v, NET),
    "recipe": lambda v: sv.recipes.train("two-moons", v, steps=1, progress=False),
    "save": PART.save,
    "load": sv.SplinePartition.load,
}


@pytest.mark.parametrize("call", PATHS.values(), ids=PATHS)
@pytest.mark.parametrize("value", [None, 3, ["x"], NET, RUN, b"x"], ids=lambda v: type(v).__name__)
def test_what_is_no_path_is_told(call, value):
    with pytest.raises(InvalidArgument, match="must be a path, such as"):
        call(value)


@pytest.mark.parametrize(
    "value",
    [3, 2.5, True, object(), RUN, [["train_loss"]], [None]],
    ids=lambda v: type(v).__name__,
)
def test_what_is_no_metric_is_unknown(value):
    for call in (
        lambda: sv.CurvesView(RUN, metrics=value),
        lambda: sv.CompareRuns(RUN, RUN, PLANE, metrics=value),
    ):
        with pytest.raises(UnknownName, match="unknown metric"):
            call()


@pytest.mark.parametrize("value", ["x", {}, object(), NET, [0.1, 0.2], np.zeros(3)], ids=type)
def test_what_chooses_of_curves_must_exist(value):
    curves = RUN.local_complexity(radius=0.1, directions=2, steps=[0], cache=False)
    for call in (curves.plot, lambda **chosen: sv.ComplexityPlot(curves, **chosen)):
        with pytest.raises(InvalidArgument, match="there is no radius"):
            call(radius=value)
        with pytest.raises(UnknownName, match="unknown probe"):
            call(probe=value, by="layer")


@pytest.mark.parametrize("value", ["x", {}, object(), NET, [0.1, 0.2], None], ids=type)
def test_points_and_radii_of_a_slice_are_numbers(value):
    with pytest.raises(SplinevizError):
        PART.locate(value)
    with pytest.raises(InvalidArgument, match="radius must be"):
        PART.migration(X, value)
    with pytest.raises(SplinevizError):
        sv.trace(NET, value)
