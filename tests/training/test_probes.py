"""The points to measure around that belong to a run."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from splineviz.errors import InvalidArgument, UnknownName
from splineviz.training import recipes
from splineviz.training.data import BoundaryProbe
from splineviz.training.recording.recorder import Recorder
from splineviz.training.runs import Run


def recorded(path: Path, targets: torch.Tensor, outputs: int, **metadata: object) -> Run:
    inputs = torch.linspace(-1, 1, 2 * len(targets)).reshape(-1, 2)
    network = torch.nn.Linear(2, outputs)
    with Recorder(path, network, samples=(inputs, targets), metadata=metadata) as recorder:
        recorder.step(0)
    return Run(path)


def test_the_bundled_run_has_all_four() -> None:
    run = Run.bundled("checkerboard")
    samples = run.samples
    assert samples is not None
    probes = run.probes()
    assert list(probes) == ["training", "test", "random", "boundary"]
    np.testing.assert_array_equal(probes["training"], samples[0])
    boundary = probes["boundary"]
    assert isinstance(boundary, BoundaryProbe)
    assert boundary.n == len(samples[0])
    test = recipes.data("checkerboard", 0).test_inputs
    assert all((test == point).all(axis=1).any() for point in np.asarray(probes["test"]))
    # Not a single training point is a test point.
    assert not (samples[0][:, None] == np.asarray(probes["test"])).all(axis=2).any()


def test_so_many_are_chosen_by_the_seed() -> None:
    run = Run.bundled("checkerboard")
    state = np.random.get_state()[1].tolist()
    probes = run.probes(40, seed=1)
    for name in ("training", "test", "random"):
        assert np.asarray(probes[name]).shape == (40, 2)
        again = np.asarray(run.probes(40, seed=1)[name])
        np.testing.assert_array_equal(np.asarray(probes[name]), again)
        assert (again != np.asarray(run.probes(40, seed=2)[name])).any()
    assert np.random.get_state()[1].tolist() == state
    many = run.probes(1000)
    assert [len(np.asarray(many[name])) for name in ("training", "test", "random")] == [
        150,
        1000,
        150,
    ]


def test_a_recipe_that_is_only_noted_gives_no_test_points(tmp_path: Path) -> None:
    labels = torch.arange(6) % 2
    for number, metadata in enumerate(
        [
            {"recipe": "two-moons", "seed": 0},
            {"recipe": "two-moons", "seed": "x"},
            {"recipe": "two-moons", "seed": -1},
            {"recipe": "two-moons"},
            {"recipe": ["two-moons"], "seed": 0},
            {"recipe": "mine", "seed": 0},
            {},
        ]
    ):
        run = recorded(tmp_path / str(number), labels, 2, **metadata)
        assert list(run.probes()) == ["training", "random", "boundary"], json.dumps(metadata)


@pytest.mark.parametrize(
    ("targets", "outputs", "there"),
    [
        (torch.tensor([0, 1, 1, 0]), 1, True),
        (torch.tensor([0, 1, 2, 0]), 3, True),
        (torch.tensor([0, 1, 2, 0]), 1, False),
        (torch.tensor([0, 1, 3, 0]), 3, False),
        (torch.tensor([-1, 1, 1, -1]), 2, False),
        (torch.tensor([1, 1, 1, 1]), 2, False),
        (torch.tensor([0.5, 1.0, 0.0, 1.0]), 2, False),
        (torch.eye(2, dtype=torch.int64).repeat(2, 1), 2, False),
    ],
)
def test_there_is_a_decision_boundary_where_targets_are_classes(
    tmp_path: Path, targets: torch.Tensor, outputs: int, there: bool
) -> None:
    assert ("boundary" in recorded(tmp_path / "run", targets, outputs).probes()) == there


def test_what_cannot_be_chosen_is_told(tmp_path: Path) -> None:
    run = Run.bundled("checkerboard")
    with pytest.raises(InvalidArgument, match="n must be at least 1"):
        run.probes(0)
    with pytest.raises(InvalidArgument, match="seed"):
        run.probes(seed=-1)
    with Recorder(tmp_path / "bare", torch.nn.Linear(2, 2)) as recorder:
        recorder.step(0)
    with pytest.raises(InvalidArgument, match="kept no training points"):
        Run(tmp_path / "bare").probes()


@pytest.mark.parametrize("name", recipes.names())
def test_the_data_of_a_recipe_are_those_it_trains_on(tmp_path: Path, name: str) -> None:
    run = recipes.train(name, tmp_path / "run", seed=3, steps=1, progress=None, measure=False)
    samples = run.samples
    assert samples is not None
    data = recipes.data(name, 3)
    np.testing.assert_array_equal(samples[0], data.train_inputs)
    np.testing.assert_array_equal(samples[1], data.train_labels)
    assert "test" in run.probes()


def test_data_of_what_is_no_recipe() -> None:
    with pytest.raises(UnknownName, match="unknown recipe 'moons'"):
        recipes.data("moons")
    with pytest.raises(InvalidArgument, match="seed must be at least 0"):
        recipes.data("two-moons", -1)
