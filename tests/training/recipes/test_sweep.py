"""Sweeps: many trainings of a recipe, their table, and what was killed on the way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest

import splineviz as sv
from splineviz.errors import InvalidArgument, RecordingError, RunCorrupt, RunNotFound, UnknownName
from splineviz.training import recipes
from splineviz.training.files.lock import FolderLock
from splineviz.training.recipes.many_trainings import WITH_PARENT
from splineviz.training.run_set import FILE, RunSet

ROOT = Path(__file__).resolve().parents[3]
DECAYS = [0, 0.5]


def swept(out: Path, **options: Any) -> RunSet:
    arguments: dict[str, Any] = {
        "weight_decay": DECAYS,
        "width": 5,
        "steps": 4,
        "seeds": 2,
        "measure": False,
    }
    arguments["progress"] = None
    return recipes.sweep("two-moons", out, **{**arguments, **options})


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> RunSet:
    return swept(tmp_path_factory.mktemp("sweeps") / "decay")


def weights(runs: RunSet) -> list[bytes]:
    return [run.state(4)["0.weight"].tobytes() for run in runs]


def test_every_combination_is_trained_with_every_seed(runs: RunSet) -> None:
    assert repr(runs) == "RunSet('decay': two-moons by weight_decay, 2 seeds; 4 of 4 runs done)"
    assert (len(runs), runs.factors, runs.seeds) == (4, ["weight_decay"], [0, 1])
    table = runs.table
    assert table["weight_decay"].tolist() == [0, 0, 0.5, 0.5]
    assert table["seed"].tolist() == [0, 1, 0, 1]
    assert table["width"].tolist() == [5] * 4
    assert table["step"].tolist() == [4] * 4
    assert table["done"].all()
    for path, row in table.set_index("path").iterrows():
        run = sv.Run(str(path))
        assert run.metadata["seed"] == row["seed"]
        assert run.metadata["overrides"] == {"weight_decay": row["weight_decay"], "width": 5}
    assert len(set(weights(runs))) == 4
    alone = recipes.train(
        "two-moons",
        runs.path.parent / "alone",
        seed=1,
        steps=4,
        weight_decay=0.5,
        width=5,
        measure=False,
        progress=None,
    )
    assert alone.state(4)["0.weight"].tobytes() == weights(runs)[3]


def test_it_is_opened_again(runs: RunSet) -> None:
    again = RunSet(runs.path)
    assert again.rows == runs.rows
    assert again.table.equals(runs.table)
    assert again.run(weight_decay=0.5, seed=0).path == runs.path / "weight_decay=0.5,seed=0"
    assert [run.name for run in again] == runs.table.index.tolist()


def test_metrics_stand_one_below_the_other(runs: RunSet) -> None:
    table = runs.metrics
    assert table.columns[:4].tolist() == ["run", "weight_decay", "seed", "step"]
    assert len(table) == 4 * 5
    for name, part in table.groupby("run"):
        logged = sv.Run(runs.path / str(name)).metrics
        np.testing.assert_array_equal(part["train_loss"], logged["train_loss"])
        np.testing.assert_array_equal(part["step"], logged.index)


def test_curves_are_means_with_the_range_of_the_runs(runs: RunSet) -> None:
    curves, table = runs.curves("train_loss"), runs.metrics
    assert curves.columns.tolist() == ["weight_decay", "step", "runs", "mean", "low", "high"]
    assert curves["weight_decay"].tolist() == [0] * 5 + [0.5] * 5
    assert curves["step"].tolist() == [0, 1, 2, 3, 4] * 2
    assert (curves["runs"] == 2).all()
    losses = table.pivot(index=["weight_decay", "step"], columns="seed", values="train_loss")
    np.testing.assert_allclose(curves["mean"], losses.mean(axis=1))
    np.testing.assert_array_equal(curves["low"], losses.min(axis=1))
    np.testing.assert_array_equal(curves["high"], losses.max(axis=1))
    assert len(runs.curves("train_loss", by=[])) == 5
    assert (runs.curves("train_loss", by=[])["runs"] == 4).all()
    assert len(runs.curves("train_loss", by=["seed", "weight_decay"])) == 20


def test_curves_are_drawn_with_bands(runs: RunSet) -> None:
    ax = runs.plot("train_accuracy")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "weight_decay 0",
        "weight_decay 0.5",
    ]
    assert len(ax.lines) == len(ax.collections) == 2
    assert ax.get_ylabel() == "train accuracy"
    assert runs.plot("train_accuracy", by="seed", ax=ax) is ax
    plt.close(ax.figure)


def test_what_is_done_is_left_and_more_is_added(tmp_path: Path) -> None:
    swept(tmp_path / "runs", seeds=1)
    before = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*.safetensors")}
    more = swept(tmp_path / "runs", weight_decay=[0.5, 2], seeds=[0, 7])
    assert {p: p.stat().st_mtime_ns for p in before} == before
    assert [row.run for row in more.rows] == [
        *("weight_decay=0.0,seed=0", "weight_decay=0.5,seed=0"),
        *("weight_decay=0.5,seed=7", "weight_decay=2.0,seed=0", "weight_decay=2.0,seed=7"),
    ]
    assert more.table["done"].all()


def test_two_jobs_train_the_same(tmp_path: Path, runs: RunSet) -> None:
    told: list[tuple[int, int]] = []
    both = swept(tmp_path / "decay", jobs=2, progress=lambda *done: told.append(done))
    assert told == [(done, 4) for done in range(1, 5)]
    assert both.rows == runs.rows
    assert weights(both) == weights(runs)


def test_a_sweep_that_is_killed_goes_on(tmp_path: Path, runs: RunSet) -> None:
    out = tmp_path / "decay"
    code = f"""
import splineviz as sv
sv.recipes.sweep("two-moons", {str(out)!r}, weight_decay=[0, 0.5], width=5, steps=4, seeds=2,
                 measure=False, progress=None)
"""
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not list(out.glob("*/checkpoints/step-*2.safetensors")):
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    killed = RunSet(out)
    assert len(killed) == 4
    assert not killed.table["done"].all()
    assert weights(swept(out)) == weights(runs)


def test_a_training_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    out = tmp_path / "run"
    words = [sys.executable, "-m", "splineviz", "train", "two-moons", "--out", str(out)]
    process = subprocess.Popen(
        [*words, "--steps", "1000000", "--no-measure"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, WITH_PARENT: "1"},
    )
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not list(out.glob("checkpoints/step-*2.safetensors")):
        time.sleep(0.01)
    assert process.poll() is None
    assert process.stdin is not None
    process.stdin.close()  # as when the process at the other end is killed
    assert process.wait(60) == 1
    assert len(sv.Run(out)) > 0


def test_what_another_process_trains_is_left_to_it(tmp_path: Path) -> None:
    first = swept(tmp_path / "runs", seeds=1, weight_decay=[0])
    lock = FolderLock(first.path / "weight_decay=0.0,seed=0")
    manifest = first.path / "weight_decay=0.0,seed=0" / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"finished"', '"recording"'))
    both = swept(tmp_path / "runs", seeds=1)
    assert both.table["done"].tolist() == [False, True]
    lock.release()


def test_sets_are_measured_too(tmp_path: Path) -> None:
    runs = swept(tmp_path / "runs", seeds=1, steps=1, measure=True)
    assert runs.metrics["lc_training"].notna().all()


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"widht": [3]}, UnknownName, "unknown setting of the recipe"),
        ({"weight_decay": [0, -1]}, InvalidArgument, "weight_decay must be"),
        ({"weight_decay": []}, InvalidArgument, "weight_decay holds no value"),
        ({"weight_decay": [1, 1.0]}, InvalidArgument, "the same run is there twice"),
        ({"seeds": 0}, InvalidArgument, "seeds must be at least 1"),
        ({"seeds": []}, InvalidArgument, "seeds holds no seed"),
        ({"seeds": "two"}, InvalidArgument, "seeds must be a whole number"),
        ({"seeds": [0, -1]}, InvalidArgument, r"seeds\[1\] must be at least 0"),
        ({"jobs": 0}, InvalidArgument, "jobs must be at least 1"),
        ({"measure": "yes"}, InvalidArgument, "measure must be True or False"),
        ({"widths": [3, 4]}, InvalidArgument, "widths must be the widths"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_what_cannot_be_swept_is_told_before_anything_is_trained(
    tmp_path: Path, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    options = {"weight_decay": [0.1], "steps": 1, "progress": None, **options}
    with pytest.raises(error, match=message):
        recipes.sweep("two-moons", tmp_path / "runs", **options)
    assert not (tmp_path / "runs").exists()
    with pytest.raises(InvalidArgument, match="multiple of 10"):
        recipes.sweep("digits-robust", tmp_path / "runs", train=[20, 25])


def test_another_sweep_has_another_folder(tmp_path: Path, runs: RunSet) -> None:
    with pytest.raises(RecordingError, match="holds runs of 'two-moons'"):
        recipes.sweep("checkerboard", runs.path, steps=1, seeds=1)
    with pytest.raises(RecordingError, match="with other settings"):
        swept(runs.path, width=6)


def test_what_cannot_be_asked_is_told(tmp_path: Path, runs: RunSet) -> None:
    for call in (runs.curves, runs.plot):
        with pytest.raises(UnknownName, match="unknown metric 'loss'"):
            call("loss")
        with pytest.raises(UnknownName, match="unknown factor"):
            call("train_loss", by="width")
        with pytest.raises(InvalidArgument, match="by must be"):
            call("train_loss", by=3)
    with pytest.raises(UnknownName, match="unknown factor"):
        runs.run(width=5)
    with pytest.raises(InvalidArgument, match="2 of the runs are of weight_decay=0"):
        runs.run(weight_decay=0)
    with pytest.raises(InvalidArgument, match="none of the runs is of weight_decay=3"):
        runs.run(weight_decay=3, seed=0)
    with pytest.raises(RunNotFound, match="holds no set of runs"):
        RunSet(tmp_path)
    with pytest.raises(InvalidArgument, match="must be a path"):
        RunSet(3)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.pop("runs"),
        lambda content: content.update(runs=[]),
        lambda content: content.update(format="splineviz sweep 9"),
        lambda content: content["runs"][0].update(run="../elsewhere"),
        lambda content: content["runs"][0].update(run=content["runs"][1]["run"]),
        lambda content: content["runs"][0].update(seed="0"),
        lambda content: content["runs"][0].update(overrides=3),
        lambda content: content.update(runs=3),
    ],
)
def test_a_damaged_table_is_told(tmp_path: Path, runs: RunSet, change: Any) -> None:
    content = json.loads((runs.path / FILE).read_text())
    change(content)
    (tmp_path / FILE).write_text(json.dumps(content))
    with pytest.raises(RunCorrupt, match="is not the table of a set of runs"):
        RunSet(tmp_path)
    (tmp_path / FILE).write_text("{")
    with pytest.raises(RunCorrupt, match="is not the table of a set of runs"):
        RunSet(tmp_path)


def test_a_factor_may_be_none_and_seeds_may_come_from_a_generator(tmp_path):
    runs = sv.recipes.sweep(
        "two-moons",
        tmp_path,
        batch_size=[None, 10],
        steps=3,
        seeds=(seed for seed in (0, 1)),
        measure=False,
        progress=None,
    )
    assert len(runs) == 4
    curves = runs.curves("train_loss")
    assert (curves["runs"] == 2).all()
    assert len(curves) == 2 * len(curves["step"].unique())
    assert len(runs.plot("train_loss").lines) >= 2
