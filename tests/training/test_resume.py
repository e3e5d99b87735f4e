from __future__ import annotations

import gc
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from splineviz.errors import InvalidArgument, RecordingError, RunCorrupt
from splineviz.training.recording.recorder import Recorder
from splineviz.training.runs import Run

Network = Callable[..., torch.nn.Sequential]


def contents(path: Path) -> dict[Path, bytes]:
    return {file: file.read_bytes() for file in path.rglob("*") if file.is_file()}


def test_going_on_after_the_last_checkpoint(recorded: Path, network: Network) -> None:
    before = [Run(recorded).program(step) for step in (0, 10, 20, 30)]
    with Recorder(recorded, network(2, 5, 3, seed=1), resume=True) as recorder:
        assert recorder.last_checkpoint == 30
        assert Run(recorded).status == "recording"
        recorder.step(40, train_loss=0.5)
    run = Run(recorded)
    assert run.steps.tolist() == run.metrics.index.tolist() == [0, 10, 20, 30, 40]
    assert run.status == "finished"
    for step, program in zip((0, 10, 20, 30), before, strict=True):
        np.testing.assert_array_equal(
            run.program(step).state["0.weight"], program.state["0.weight"]
        )
    assert run.samples is not None


def test_the_weights_of_a_checkpoint_load_into_the_model(recorded: Path, network: Network) -> None:
    model = network(2, 5, 3, seed=1)
    state = {name: torch.from_numpy(array) for name, array in Run(recorded).state(20).items()}
    model.load_state_dict(state)
    x = np.array([[0.25, -1.0]])
    np.testing.assert_allclose(
        model(torch.from_numpy(x).float()).detach().numpy(), Run(recorded).program(20)(x), rtol=1e-5
    )


@pytest.mark.parametrize(
    ("resume", "kept"), [(20, [0, 10, 20]), (15, [0, 10]), (30, [0, 10, 20, 30])]
)
def test_going_on_after_a_chosen_step(
    recorded: Path, network: Network, resume: int, kept: list[int]
) -> None:
    with Recorder(recorded, network(2, 5, 3), resume=resume) as recorder:
        assert Run(recorded).steps.tolist() == kept
        with pytest.raises(RecordingError, match=f"after step {resume}"):
            recorder.step(resume)
        recorder.step(100, train_loss=0.5)
    run = Run(recorded)
    assert run.steps.tolist() == run.metrics.index.tolist() == [*kept, 100]
    assert len(list((recorded / "checkpoints").iterdir())) == len(kept) + 1


def test_resuming_from_step_zero_is_not_the_same_as_not_resuming(
    recorded: Path, network: Network
) -> None:
    with Recorder(recorded, network(2, 5, 3), resume=0):
        pass
    assert Run(recorded).steps.tolist() == [0]


def test_steps_already_in_the_run_are_refused(recorded: Path, network: Network) -> None:
    with (
        Recorder(recorded, network(2, 5, 3), resume=True) as recorder,
        pytest.raises(RecordingError, match="step 0 comes after step 30"),
    ):
        recorder.step(0)
    assert Run(recorded).steps.tolist() == [0, 10, 20, 30]


def test_scheduled_steps_before_the_resumed_one_are_not_due_again(
    recorded: Path, network: Network
) -> None:
    with Recorder(
        recorded, network(2, 5, 3), schedule=[0, 10, 20, 30, 50], resume=True
    ) as recorder:
        assert [step for step in range(31, 60) if recorder.step(step)] == [50]


def test_metrics_after_the_last_checkpoint_are_recorded_anew(
    tmp_path: Path, network: Network
) -> None:
    with Recorder(tmp_path / "run", network(2, 4, 2), schedule=[0, 5]) as recorder:
        for step in range(8):
            recorder.step(step, loss=float(step))
    with Recorder(tmp_path / "run", network(2, 4, 2), schedule=[0, 5, 7], resume=True) as recorder:
        for step in range(6, 8):
            recorder.step(step, loss=-float(step))
    run = Run(tmp_path / "run")
    assert run.metrics["loss"].tolist() == [0, 1, 2, 3, 4, 5, -6, -7]
    assert run.steps.tolist() == [0, 5, 7]


def test_resuming_nothing_begins(tmp_path: Path, network: Network) -> None:
    with Recorder(tmp_path / "run", network(2, 4, 2), resume=True) as recorder:
        assert recorder.last_checkpoint is None
        recorder.step(0)
    with Recorder(tmp_path / "empty", network(2, 4, 2)):
        pass
    with Recorder(tmp_path / "empty", network(2, 4, 2), resume=True) as recorder:
        recorder.step(0)
    assert len(Run(tmp_path / "run")) == len(Run(tmp_path / "empty")) == 1


def test_resuming_nothing_at_a_step_is_refused(tmp_path: Path, network: Network) -> None:
    with pytest.raises(RecordingError, match="no run to resume at step 10"):
        Recorder(tmp_path / "run", network(2, 4, 2), resume=10)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("widths", "options", "error", "message"),
    [
        ((2, 6, 3), {}, RecordingError, "another network"),
        ((2, 5, 5, 3), {}, RecordingError, "another network"),
        ((2, 5, 3), {"dtype": "float16"}, RecordingError, "resume it with dtype='float32'"),
        ((2, 5, 3), {"samples": ([[9.0, 9.0]], [0])}, RecordingError, "other samples"),
        ((2, 5, 3), {"resume": -1}, InvalidArgument, "resume must be at least 0"),
        ((2, 5, 3), {"resume": 1.5}, InvalidArgument, "resume must be a whole number"),
        ((2, 5, 3), {"resume": 31}, RecordingError, "step 31: its last step is 30"),
        ((2, 5, 3), {"resume": 10**15}, RecordingError, "its last step is 30"),
    ],
)
def test_what_does_not_belong_to_the_run_is_refused(
    recorded: Path,
    network: Network,
    widths: tuple[int, ...],
    options: dict[str, object],
    error: type[Exception],
    message: str,
) -> None:
    before = (recorded / "manifest.json").read_bytes()
    with pytest.raises(error, match=message):
        Recorder(recorded, network(*widths), **{"resume": True, **options})  # type: ignore[arg-type]
    assert (recorded / "manifest.json").read_bytes() == before


def test_new_class_names_must_fit_the_old_samples(tmp_path: Path, network: Network) -> None:
    path = tmp_path / "run"
    samples = ([[0.0, 1.0], [1.0, 0.0]], [0, 2])
    with Recorder(path, network(2, 4, 2), samples=samples, class_names=["a", "b", "c"]):
        pass
    before = contents(path)
    with pytest.raises(InvalidArgument, match="the label 2, and class_names names 2 classes"):
        Recorder(path, network(2, 4, 2), class_names=["a", "b"], resume=True)
    assert contents(path) == before
    with Recorder(path, network(2, 4, 2), class_names=["x", "y", "z"], resume=True):
        pass
    assert Run(path).class_names == ("x", "y", "z")


def test_descriptions_stay_unless_given_anew(tmp_path: Path, network: Network) -> None:
    path = tmp_path / "run"
    samples = ([[0.0, 1.0]], [0])
    with Recorder(
        path, network(2, 4, 2), metadata={"seed": 1}, class_names=["a", "b"], samples=samples
    ):
        pass
    with Recorder(path, network(2, 4, 2), resume=True):
        pass
    assert (Run(path).metadata, Run(path).class_names) == ({"seed": 1}, ("a", "b"))
    with Recorder(path, network(2, 4, 2), resume=True, metadata={"seed": 2}, samples=samples):
        pass
    assert Run(path).metadata == {"seed": 2}


def test_a_corrupt_manifest_is_told(recorded: Path, network: Network) -> None:
    (recorded / "manifest.json").write_text("{")
    for resume in (False, True, 10):
        with pytest.raises(RunCorrupt, match=r"manifest\.json"):
            Recorder(recorded, network(2, 5, 3), resume=resume)


@pytest.mark.parametrize("resume", [0, 20, True])
def test_damaged_metrics_are_told_and_nothing_changes(
    recorded: Path, network: Network, resume: bool | int
) -> None:
    whole = (recorded / "metrics.csv").read_text()
    (recorded / "metrics.csv").write_text(whole + "xx,2\n")
    before = contents(recorded)
    with pytest.raises(RunCorrupt, match=r"metrics\.csv, line 6"):
        Recorder(recorded, network(2, 5, 3), resume=resume)
    assert contents(recorded) == before
    (recorded / "metrics.csv").write_text(whole)
    with Recorder(recorded, network(2, 5, 3), resume=resume):
        pass


def test_a_run_may_be_resumed_at_its_last_metrics(tmp_path: Path, network: Network) -> None:
    with Recorder(tmp_path / "run", network(2, 4, 2), schedule=[0, 5]) as recorder:
        for step in range(8):
            recorder.step(step, loss=float(step))
    with Recorder(tmp_path / "run", network(2, 4, 2), resume=7) as recorder:
        assert recorder.last_checkpoint == 5
    assert len(Run(tmp_path / "run").metrics) == 8


def test_a_run_without_steps_cannot_be_resumed_at_one(tmp_path: Path, network: Network) -> None:
    with Recorder(tmp_path / "run", network(2, 4, 2)):
        pass
    with pytest.raises(RecordingError, match="it has no steps yet"):
        Recorder(tmp_path / "run", network(2, 4, 2), resume=0)


# One recording at a time --------------------------------------------------------------------------


def test_a_run_that_is_being_recorded_is_not_resumed(tmp_path: Path, network: Network) -> None:
    with Recorder(tmp_path / "run", network(2, 4, 2)) as recorder:
        recorder.step(0, loss=1.0)
        before = contents(tmp_path / "run")
        for resume in (True, 0):
            with pytest.raises(RecordingError, match="is being recorded"):
                Recorder(tmp_path / "run", network(2, 4, 2), resume=resume)
        assert contents(tmp_path / "run") == before
        recorder.step(1, loss=0.5)
    with Recorder(tmp_path / "run", network(2, 4, 2), resume=True) as recorder:
        recorder.step(2)
    assert Run(tmp_path / "run").steps.tolist() == [0, 1, 2]


def test_a_recorder_that_is_gone_keeps_nobody_out(tmp_path: Path, network: Network) -> None:
    recorder = Recorder(tmp_path / "run", network(2, 4, 2))
    recorder.step(0)
    del recorder
    gc.collect()
    with Recorder(tmp_path / "run", network(2, 4, 2), resume=True) as recorder:
        assert recorder.last_checkpoint == 0


def test_a_recording_that_cannot_be_closed_keeps_nobody_out(
    tmp_path: Path, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object) -> None:
        raise OSError(28, "No space left on device")

    recorder = Recorder(tmp_path / "run", network(2, 4, 2))
    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(RecordingError, match="No space left"):
        recorder.close()
    monkeypatch.undo()
    with Recorder(tmp_path / "run", network(2, 4, 2), resume=True):
        pass
