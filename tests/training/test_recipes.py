"""The contract of every row of RECIPES. A new recipe needs a row there and no test here."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from splineviz.errors import InvalidArgument, RecordingError, UnknownName
from splineviz.training import recipes
from splineviz.training.recipes.architectures import ARCHITECTURES
from splineviz.training.recipes.data_sets import DATA_SETS
from splineviz.training.runs import Run


@pytest.fixture(params=recipes.names())
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def contents(path: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()
    }


def test_the_table_is_whole() -> None:
    assert recipes.names() == sorted(recipes.RECIPES)
    for name, recipe in recipes.RECIPES.items():
        assert recipe.name == name
        assert recipe.summary
        assert recipe.shows
        assert recipe.data_set in DATA_SETS
        assert recipe.architecture in ARCHITECTURES
        # Each setting can be said again, and is then what it was.
        said = {key: value for key, value in recipe.settings.items() if key != "widths"}
        assert recipe.with_overrides(said).settings == recipe.settings


def test_a_recipe_records_a_run_that_can_be_replayed(tmp_path: Path, name: str) -> None:
    run = recipes.train(name, tmp_path / "run", steps=40, progress=None, measure=False)
    assert run.path == tmp_path / "run"
    assert run.status == "finished"
    assert run.steps[0] == 0
    assert run.steps[-1] == 40
    metrics = run.metrics
    assert set(run.steps.tolist()) <= set(metrics.index)
    expected = {"train_loss", "test_loss", "weight_norm", "weight_norm_0", "train_dead_0"}
    is_classification = DATA_SETS[recipes.RECIPES[name].data_set].is_classification
    if is_classification:
        expected |= {"train_accuracy", "test_accuracy"}
    assert set(metrics.columns) >= expected
    assert metrics.notna().all(axis=None)
    assert metrics["train_loss"].iloc[-1] < metrics["train_loss"].iloc[0]
    assert run.metadata == {"recipe": name, "seed": 0, "steps": 40}
    samples = run.samples
    assert samples is not None
    inputs, labels = samples
    if not is_classification:
        assert run.class_names is None
        for step in (0, 40):
            loss = np.mean((run.program(step)(inputs) - labels) ** 2)
            assert loss == pytest.approx(metrics.loc[step, "train_loss"], rel=1e-4)
        return
    assert run.class_names is not None
    assert labels.max() < len(run.class_names)
    for step in (0, 40):
        program = run.program(step)
        accuracy = np.mean(program(inputs).argmax(axis=1) == labels)
        assert accuracy == pytest.approx(metrics.loc[step, "train_accuracy"], abs=0.01)


def test_what_is_logged_of_the_network_is_so(tmp_path: Path, name: str) -> None:
    run = recipes.train(name, tmp_path / "run", steps=3, progress=None, measure=False)
    samples, row = run.samples, run.metrics.loc[3]
    assert samples is not None
    values = run.program(3).pre_activations(samples[0])
    for layer, z in enumerate(values):
        dead = (z <= 0).all(axis=0).mean()
        assert row[f"train_dead_{layer}"] == pytest.approx(dead, abs=1.01 / z[0].size)
    state = run.state(3)
    order = sorted(state, key=lambda name: int(name.partition(".")[0]))
    norms = [np.linalg.norm(state[name]) for name in order if state[name].ndim > 1]
    for layer, norm in enumerate(norms):
        assert row[f"weight_norm_{layer}"] == pytest.approx(norm, rel=1e-5)
    assert f"weight_norm_{len(norms)}" not in row
    assert row["weight_norm"] == pytest.approx(np.linalg.norm(norms), rel=1e-5)


@pytest.mark.usefixtures("two_threads")
def test_a_seed_gives_the_same_run_and_touches_nothing_global(tmp_path: Path, name: str) -> None:
    states = torch.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate()
    threads = torch.get_num_threads()
    recipes.train(name, tmp_path / "a", seed=1, steps=20, progress=None, measure=False)
    recipes.train(name, tmp_path / "c", seed=2, steps=20, progress=None, measure=False)
    assert torch.equal(torch.get_rng_state(), states[0])
    assert np.random.get_state()[1].tolist() == states[1]
    assert random.getstate() == states[2]
    assert torch.get_num_threads() == threads
    torch.set_num_threads(1)
    recipes.train(name, tmp_path / "b", seed=1, steps=20, progress=None, measure=False)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert contents(tmp_path / "a") != contents(tmp_path / "c")


def test_a_recipe_can_be_stored_in_half_the_space(tmp_path: Path, name: str) -> None:
    run = recipes.train(
        name, tmp_path / "run", steps=2, progress=None, measure=False, dtype="float16"
    )
    assert run.dtype == "float16"


def test_progress_can_be_followed(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    recipes.train(
        "two-moons",
        tmp_path / "run",
        steps=30,
        progress=lambda step, steps: told.append((step, steps)),
    )
    assert told == [(step, 30) for step in range(1, 31)]


def test_an_interrupted_recipe_leaves_its_run(tmp_path: Path) -> None:
    def stop(step: int, steps: int) -> None:
        if step == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        recipes.train("two-moons", tmp_path / "run", steps=30, progress=stop)
    run = Run(tmp_path / "run")
    assert run.status == "interrupted"
    assert run.steps[-1] == 20


def test_a_recipe_never_overwrites(tmp_path: Path) -> None:
    recipes.train("two-moons", tmp_path / "run", steps=2, progress=None, measure=False)
    with pytest.raises(RecordingError, match="already holds a run"):
        recipes.train("two-moons", tmp_path / "run", steps=2, progress=None, measure=False)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 0}, "at least 1"),
        ({"steps": -1}, "at least 1"),
        ({"steps": 10.5}, "steps must be a whole number"),
        ({"seed": -1}, "seed must be at least 0"),
        ({"seed": "x"}, "seed must be a whole number"),
        ({"seed": 10**30}, "seed must be below 2"),
    ],
)
def test_what_a_recipe_cannot_do_is_told(
    tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidArgument, match=message):
        recipes.train("two-moons", tmp_path / "run", progress=None, measure=False, **options)
    assert not (tmp_path / "run").exists()


def test_whole_floats_and_large_seeds_do(tmp_path: Path) -> None:
    run = recipes.train(
        "two-moons", tmp_path / "run", seed=2**63 - 1, steps=2e1, progress=None, measure=False
    )  # type: ignore[arg-type]
    assert run.metadata == {"recipe": "two-moons", "seed": 2**63 - 1, "steps": 20}


def test_an_unknown_recipe_names_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="unknown recipe 'moons'; known: checkerboard, "):
        recipes.train("moons", tmp_path / "run")


# What the recipes promise, at full length ---------------------------------------------------------


@pytest.mark.nightly
def test_two_moons_trains_while_one_watches(tmp_path: Path) -> None:
    metrics = recipes.train("two-moons", tmp_path / "run", progress=None, measure=False).metrics
    assert metrics.loc[100:, "train_accuracy"].mean() > 0.995
    assert metrics["test_accuracy"].iloc[-1] > 0.99


@pytest.mark.nightly
def test_the_checkerboard_is_learnt(tmp_path: Path) -> None:
    metrics = recipes.train("checkerboard", tmp_path / "run", progress=None, measure=False).metrics
    assert metrics.loc[300:, "train_accuracy"].mean() > 0.995
    assert metrics["test_accuracy"].iloc[-1] > 0.9


@pytest.mark.nightly
def test_digits_are_learnt_long_after_they_are_fitted(tmp_path: Path) -> None:
    metrics = recipes.train(
        "digits-grokking", tmp_path / "run", progress=None, measure=False
    ).metrics
    fitted = metrics.index[metrics["train_accuracy"] >= 0.99][0]
    learnt = metrics.index[metrics["test_accuracy"] >= 0.9][0]
    assert fitted < 2000
    assert metrics.loc[fitted, "test_accuracy"] < 0.4
    assert 3 * fitted < learnt < 10_000
    assert metrics["test_accuracy"].iloc[-1] > 0.93
