from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from splineviz.errors import InvalidArgument, RunCorrupt, RunNotFound, UnknownName, UnknownStep
from splineviz.training.files.manifest import Checkpoint
from splineviz.training.recording.recorder import Recorder
from splineviz.training.runs import Run

Network = Callable[..., torch.nn.Sequential]
Nudge = Callable[[torch.nn.Module], None]


def test_what_a_run_tells(recorded: Path) -> None:
    run = Run(recorded)
    assert repr(run) == "Run('recorded': 4 checkpoints, steps 0 to 30, finished)"
    assert len(run) == 4
    assert run.steps.tolist() == [0, 10, 20, 30]
    assert run.steps.dtype == np.int64
    assert all(isinstance(checkpoint, Checkpoint) for checkpoint in run.checkpoints)
    assert [checkpoint.step for checkpoint in run.checkpoints] == [0, 10, 20, 30]
    assert run.metrics.index.name == "step"
    assert run.path == recorded
    assert run.metadata == {}
    assert run.class_names is None
    assert run.libraries["numpy"] == np.__version__


def test_a_run_of_one_checkpoint(tmp_path: Path, network: Network) -> None:
    with Recorder(tmp_path / "one", network(2, 3, 1)) as recorder:
        recorder.step(7)
        assert repr(Run(tmp_path / "one")) == "Run('one': 1 checkpoint, step 7, recording)"


def test_an_empty_run_opens_and_says_so(tmp_path: Path, network: Network) -> None:
    with Recorder(tmp_path / "empty", network(2, 3, 1)):
        pass
    run = Run(tmp_path / "empty")
    assert repr(run) == "Run('empty': no checkpoints yet, finished)"
    assert len(run) == 0
    assert run.steps.shape == (0,)
    assert run.steps.dtype == np.int64
    assert run.samples is None
    assert len(run.metrics) == 0
    with pytest.raises(UnknownStep, match="'empty' has no checkpoints yet"):
        run.program(0)


@pytest.mark.parametrize(
    ("step", "near"), [(12, "10 and 20"), (31, "20 and 30"), (-1, "0 and 10"), (10**9, "20 and 30")]
)
def test_a_step_without_checkpoint_names_the_nearest(recorded: Path, step: int, near: str) -> None:
    run = Run(recorded)
    for get in (run.program, run.model, run.state):
        with pytest.raises(UnknownStep, match=f"no checkpoint at step {step}; nearest: {near}"):
            get(step)


def test_numpy_steps_are_steps(recorded: Path) -> None:
    run = Run(recorded)
    assert [run.program(step).input_shape for step in run.steps] == [(2,)] * 4


@pytest.mark.parametrize("step", ["0", None, 0.5], ids=repr)
def test_what_is_no_step_is_told(recorded: Path, step: Any) -> None:
    run = Run(recorded)
    for get in (run.program, run.model, run.state):
        with pytest.raises(InvalidArgument, match="step must be a whole number"):
            get(step)


def test_what_is_read_may_be_changed(recorded: Path) -> None:
    run = Run(recorded)
    run.state(0)["0.weight"][:] = 0
    assert run.state(0)["0.weight"].any()
    samples = run.samples
    assert samples is not None
    samples[0][:] = -1
    torch.from_numpy(samples[1])
    again = run.samples
    assert again is not None
    assert (again[0] >= 0).all()
    run.metadata["x"] = 1
    assert run.metadata == {}
    metrics = run.metrics
    metrics["x"] = 1.0
    assert list(run.metrics.columns) == ["train_loss"]


# Not found ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("recorde", "there is no folder .*recorde. Near it: 'recorded'"),
        ("zebra", "there is no folder .*zebra.* holds: 'recorded'"),
        (".", "not a run, but a folder that holds runs: 'recorded'"),
        ("recorded/checkpoints", r"holds no run: there is no manifest\.json"),
        ("recorded/metrics.csv", "is a file, and a run is a folder"),
        ("nowhere/at/all", "there is no folder .*Runs are made with Recorder"),
    ],
)
def test_a_missing_run_names_what_is_there(recorded: Path, name: str, message: str) -> None:
    with pytest.raises(RunNotFound, match=message):
        Run(recorded.parent / name)


def test_many_runs_are_not_all_listed(recorded: Path) -> None:
    for i in range(15):
        folder = recorded.parent / f"run-{i:02}"
        folder.mkdir()
        (folder / "manifest.json").write_bytes((recorded / "manifest.json").read_bytes())
    with pytest.raises(RunNotFound, match="and 6 more"):
        Run(recorded.parent)


def test_a_missing_run_is_a_missing_file_for_python(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Run(tmp_path / "x")


def test_a_run_that_may_not_be_read_is_told(
    recorded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, *args: object) -> int:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(RunNotFound, match=r"cannot be read.*Permission denied"):
        Run(recorded)


def test_a_bundled_run_may_be_installed_as_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Run.bundled().path
    for file in real.rglob("*"):
        if file.is_file():
            link = tmp_path / "data" / real.name / file.relative_to(real)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(file)
    monkeypatch.setattr("importlib.resources.files", lambda package: tmp_path)
    run = Run.bundled(real.name)
    assert run.samples is not None
    assert run.program(int(run.steps[-1])).input_shape == (2,)


# Corrupt ------------------------------------------------------------------------------------------


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(data=st.data())
def test_any_change_to_a_checkpoint_is_found(recorded: Path, data: st.DataObject) -> None:
    path = recorded / "checkpoints" / "step-000000010.safetensors"
    good = path.read_bytes()
    at = data.draw(st.integers(0, len(good) - 1))
    kind = data.draw(st.sampled_from(["truncate", "flip", "append"]))
    bad = {
        "truncate": good[:at],
        "flip": good[:at]
        + bytes([good[at] ^ (1 << data.draw(st.integers(0, 7)))])
        + good[at + 1 :],
        "append": good + good[:1],
    }[kind]
    path.write_bytes(bad)
    try:
        run = Run(recorded)
        with pytest.raises(RunCorrupt, match=r"step-000000010\.safetensors.*truncated or altered"):
            run.program(10)
        assert run.program(20).input_shape == (2,)
    finally:
        path.write_bytes(good)


def test_a_missing_checkpoint_is_told(recorded: Path) -> None:
    (recorded / "checkpoints" / "step-000000020.safetensors").unlink()
    run = Run(recorded)
    with pytest.raises(RunCorrupt, match=r"step-000000020\.safetensors is missing"):
        run.model(20)
    assert run.program(30).input_shape == (2,)


def test_samples_that_changed_are_told(recorded: Path) -> None:
    (recorded / "samples.safetensors").write_bytes(b"")
    with pytest.raises(RunCorrupt, match=r"samples\.safetensors"):
        _ = Run(recorded).samples


def test_weights_of_another_network_are_told(recorded: Path, network: Network) -> None:
    with Recorder(recorded.parent / "other", network(2, 6, 3)) as recorder:
        recorder.step(0)
    other = json.loads((recorded.parent / "other" / "manifest.json").read_text())
    manifest = json.loads((recorded / "manifest.json").read_text())
    manifest["network"] = other["network"]
    (recorded / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(RunCorrupt, match="do not make a program"):
        Run(recorded).program(0)


@pytest.mark.parametrize("network_field", [{}, {"format": "splineviz-program", "version": 99}])
def test_a_network_that_cannot_be_read_is_told(
    recorded: Path, network_field: dict[str, object]
) -> None:
    manifest = json.loads((recorded / "manifest.json").read_text())
    manifest["network"] = network_field
    (recorded / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(RunCorrupt, match="do not make a program"):
        Run(recorded).program(0)


# While it is being written ------------------------------------------------------------------------


def test_refresh_finds_what_was_added(tmp_path: Path, network: Network, nudge: Nudge) -> None:
    model = network(2, 3, 1)
    with Recorder(tmp_path / "run", model) as recorder:
        run = Run(tmp_path / "run")
        assert not run.refresh()
        recorder.step(0, loss=1.0)
        assert len(run) == 0
        assert run.refresh()
        assert not run.refresh()
        assert run.steps.tolist() == [0]
    assert run.refresh()
    assert run.status == "finished"


def test_refresh_of_a_run_that_was_deleted(recorded: Path) -> None:
    run = Run(recorded)
    recorded.rename(recorded.parent / "recorded-2")
    with pytest.raises(RunNotFound, match="Near it: 'recorded-2'"):
        run.refresh()


def test_a_reader_meets_whole_checkpoints_only(tmp_path: Path, network: Network) -> None:
    model = network(2, 60, 60, 2)
    done = threading.Event()
    recorder = Recorder(tmp_path / "run", model)

    def train() -> None:
        try:
            for step in range(60):
                with torch.no_grad():
                    model[0].bias.fill_(step)
                recorder.step(step, loss=step / 7, **({"late": 1.0} if step > 30 else {}))
            recorder.close()
        finally:
            done.set()

    writer = threading.Thread(target=train)
    writer.start()
    run = Run(tmp_path / "run")
    seen: set[int] = set()
    while not (done.is_set() and not run.refresh()):
        run.refresh()
        if len(run):
            step = int(run.steps[-1])
            assert (run.program(step).state["0.bias"] == step).all()
            metrics = run.metrics
            assert set(run.steps.tolist()) <= set(metrics.index)
            assert metrics["loss"].tolist() == [step / 7 for step in metrics.index]
            seen.add(step)
    writer.join()
    assert run.status == "finished"
    assert max(seen) == 59
    assert len(seen) > 3


# Bundled ------------------------------------------------------------------------------------------


def test_the_bundled_checkerboard() -> None:
    run = Run.bundled("checkerboard")
    assert repr(run) == "Run('checkerboard': 56 checkpoints, steps 0 to 30000, finished)"
    assert run.dtype == "float16"
    assert run.metadata == {"recipe": "checkerboard", "seed": 0, "steps": 30000}
    shipped = [file for file in run.path.rglob("*") if file.parent != run.path / "cache"]
    size = sum(file.stat().st_size for file in shipped if file.is_file())
    assert size < 1.1e6


def test_every_bundled_checkpoint_opens_and_agrees_with_its_metrics() -> None:
    run = Run.bundled()
    samples = run.samples
    assert samples is not None
    inputs, labels = samples
    assert inputs.shape == (150, 2)
    for step in run.steps:
        program = run.program(step)
        accuracy = np.mean(program(inputs).argmax(axis=1) == labels)
        # Rounding to float16 may move a point that lies on the decision boundary.
        assert accuracy == pytest.approx(run.metrics.loc[step, "train_accuracy"], abs=0.014)
        assert [activation.width for activation in program.activations] == [64, 64, 64]


def test_the_bundled_run_shows_what_it_promises() -> None:
    metrics = Run.bundled().metrics
    assert metrics["train_accuracy"].iloc[0] < 0.65
    assert metrics.loc[300:, "train_accuracy"].mean() > 0.995
    assert metrics["test_accuracy"].iloc[-1] > 0.92
    assert metrics["train_loss"].iloc[-1] < 1e-3


def test_an_unknown_bundled_run_names_those_there_are() -> None:
    with pytest.raises(UnknownName, match="unknown bundled run 'moons'; known: checkerboard"):
        Run.bundled("moons")
