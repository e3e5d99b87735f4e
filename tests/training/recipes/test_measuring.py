"""What is measured of a run at its checkpoints, and that it survives what interrupts it."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from splineviz.complexity.local_complexity import local_complexity
from splineviz.errors import InvalidArgument, RecordingError, RunCorrupt
from splineviz.training import recipes
from splineviz.training.attacks.robustness import pgd_accuracy
from splineviz.training.files.lock import FolderLock
from splineviz.training.mlp import scaled_mlp
from splineviz.training.recipes.measuring import Measurement
from splineviz.training.recording.recorder import Recorder
from splineviz.training.runs import Run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return recipes.train(
        "two-moons", tmp_path_factory.mktemp("runs") / "run", steps=12, progress=None
    )


def network_of(run: Run, step: int) -> torch.nn.Sequential:
    """The network as it was trained; Run.model makes one that computes the same."""
    generator = torch.Generator().manual_seed(0)
    network = scaled_mlp((2, 64, 64, 64, 2), generator=generator)
    network.load_state_dict({k: torch.from_numpy(v) for k, v in run.state(step).items()})
    return network


def bytes_of(run: Run) -> bytes:
    return (run.path / "probes.csv").read_bytes()


def again(path: Path) -> Run:
    return recipes.train("two-moons", path, steps=12, progress=None, measure=False)


def test_a_training_is_measured_at_every_checkpoint(run: Run) -> None:
    table = recipes.measure(run, progress=None)
    assert table.index.tolist() == run.steps.tolist()
    assert table.notna().all(axis=None)
    assert set(table.columns) <= set(run.metrics.columns)
    assert run.metrics.notna().all(axis=None)


def test_each_number_is_what_it_says(run: Run) -> None:
    row, step = run.metrics.loc[12], 12
    program, probes = run.program(step), run.probes(200)
    for name, probe in probes.items():
        points = probe(program) if callable(probe) else probe
        counts = local_complexity(program, points, radius=0.1, directions=2).counts
        assert row[f"lc_{name}"] == pytest.approx(counts.sum(axis=1).mean())
        live = local_complexity(
            program, points, radius=0.1, directions=2, live_at=run.probes()["training"]
        ).counts
        assert row[f"lc_{name}_live"] == pytest.approx(live.sum(axis=1).mean())
        assert row[f"lc_{name}_live"] <= row[f"lc_{name}"]
        for layer in range(3):
            assert row[f"lc_{name}_{layer}"] == pytest.approx(counts[:, layer].mean())
            assert row[f"lc_{name}_live_{layer}"] == pytest.approx(live[:, layer].mean())
    attacked = Measurement.of(run).attacked
    assert attacked is not None
    assert len(attacked[0]) == 256
    model = run.model(step)
    honest = pgd_accuracy(model, *attacked, eps=[0.1, 0.2])
    for eps, accuracy in zip((0.1, 0.2), np.asarray(honest), strict=True):
        short = {"steps": 10, "alpha": 0.08 * eps, "restarts": 1}
        assert row[f"test_pgd_eps{eps}_accuracy"] == accuracy
        assert row[f"test_pgd10_eps{eps}_accuracy"] == pgd_accuracy(
            model, *attacked, eps=eps, **short
        )
        assert accuracy <= row[f"test_pgd10_eps{eps}_accuracy"] <= row["test_accuracy"] + 0.05


@pytest.mark.usefixtures("two_threads")
def test_it_is_the_same_whenever_and_however_it_is_measured(tmp_path: Path, run: Run) -> None:
    filters = warnings.filters[:]
    states = torch.get_rng_state(), np.random.get_state()[1].tolist()
    later = again(tmp_path / "run")
    assert not (later.path / "probes.csv").exists()
    told: list[tuple[int, int]] = []
    with torch.inference_mode():
        recipes.measure(later, progress=lambda *done: told.append(done))
    assert told == [(done, 13) for done in range(1, 14)]
    assert bytes_of(later) == bytes_of(run)
    assert torch.equal(torch.get_rng_state(), states[0])
    assert np.random.get_state()[1].tolist() == states[1]
    assert torch.get_num_threads() == 2
    assert warnings.filters == filters


def test_it_goes_on_where_it_was_stopped(tmp_path: Path, run: Run) -> None:
    later = again(tmp_path / "run")

    def stop(done: int, total: int) -> None:
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        recipes.measure(later, progress=stop)
    assert len(bytes_of(later).splitlines()) == 6
    # As a process leaves it that is killed while it writes a row.
    with (later.path / "probes.csv").open("ab") as file:
        file.write(b"5,0.5,0.")
    before = later.metrics
    assert before.index.tolist() == list(range(13))
    assert before["lc_training"].notna().sum() == 5
    recipes.measure(later, progress=None)
    assert bytes_of(later) == bytes_of(run)
    recipes.train("two-moons", later.path, steps=12, resume=True, progress=None)
    assert bytes_of(later) == bytes_of(run)


def test_what_is_recorded_anew_is_measured_anew(tmp_path: Path, run: Run) -> None:
    later = again(tmp_path / "run")
    recipes.measure(later, progress=None)
    with Recorder(later.path, network_of(later, 6), resume=6) as recorder:
        recorder.step(8)
    later.refresh()
    assert later.metrics["lc_training"].dropna().index.tolist() == list(range(7))
    table = recipes.measure(later, progress=None)
    assert table.index.tolist() == [*range(7), 8]
    assert table.loc[8].equals(table.loc[6].rename(8))


def test_a_regression_has_neither_attacks_nor_boundary(tmp_path: Path) -> None:
    run = recipes.train("sine", tmp_path / "run", steps=1, progress=None)
    columns = recipes.measure(run, progress=None).columns
    assert [name for name in columns if name.count("_") == 1] == [
        "lc_training",
        "lc_test",
        "lc_random",
    ]
    assert not columns.str.contains("pgd").any()


def test_attacks_that_were_blind_are_counted_and_do_not_warn(tmp_path: Path) -> None:
    options = {"width": 7, "activation": "tanh", "scale": 200}
    run = recipes.train("two-moons", tmp_path / "run", steps=1, progress=None, **options)
    row = recipes.measure(run, progress=None).loc[1]
    assert 0 < row["test_pgd_blind"] <= row["test_pgd_eps0.1_accuracy"]


def test_where_one_class_is_predicted_there_is_no_boundary(tmp_path: Path) -> None:
    run = again(tmp_path / "run")
    constant = network_of(run, 0)
    with torch.no_grad():
        for weights in constant.parameters():
            weights.zero_()
    with Recorder(run.path, constant, resume=11) as recorder:
        recorder.step(12)
    run.refresh()
    table = recipes.measure(run, progress=None)
    assert np.isnan(table.loc[12, "lc_boundary"])
    assert table.loc[12, "lc_training"] == 0
    assert table.loc[:11, "lc_boundary"].notna().all()


def test_what_cannot_be_measured_is_told(tmp_path: Path, run: Run) -> None:
    with Recorder(tmp_path / "mine", torch.nn.Linear(2, 2)) as recorder:
        recorder.step(0)
    with pytest.raises(InvalidArgument, match="was not trained by a recipe"):
        recipes.measure(Run(tmp_path / "mine"))
    with pytest.raises(InvalidArgument, match="run must be a Run, not the path"):
        recipes.measure(str(run.path))  # type: ignore[arg-type]
    later = again(tmp_path / "run")
    probes = later.path / "probes.csv"
    complete = recipes.measure(later, progress=None)
    lock = FolderLock(later.path)
    # Reading what is there disturbs nobody.
    pd.testing.assert_frame_equal(recipes.measure(later, progress=None), complete)
    *rows, _ = probes.read_text().splitlines(keepends=True)
    probes.write_text("".join(rows))
    with pytest.raises(RecordingError, match="recorded or measured at this moment"):
        recipes.measure(later)
    lock.release()
    (later.path / "probes.csv").write_text("step,lc_training\n0,many\n")
    with pytest.raises(RunCorrupt, match="not a row of numbers"):
        recipes.measure(later, progress=None)


def test_a_run_of_other_points_is_not_measured_as_one_of_the_recipe(tmp_path):
    network = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))
    points = np.zeros((5, 2)), np.zeros(5, dtype=int)
    metadata = {"recipe": "two-moons", "seed": 0, "steps": 1}
    with Recorder(tmp_path / "run", network, samples=points, metadata=metadata) as recorder:
        recorder.step(0)
    with pytest.raises(InvalidArgument, match="not trained on the points of the recipe"):
        recipes.measure(Run(tmp_path / "run"), progress=None)
