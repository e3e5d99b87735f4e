"""Folders in which a Recorder writes, and how a recording ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from splineviz.errors import (
    RecordingError,
)
from splineviz.training.recording.recorder import Recorder
from splineviz.training.runs import Run
from tests.training.recorder_types import Network, Nudge, files


def test_a_run_is_never_overwritten(recorded: Path, network: Network) -> None:
    before = {file: (recorded / file).read_bytes() for file in files(recorded)}
    with pytest.raises(RecordingError, match=r"4 checkpoints up to step 30.*resume=True"):
        Recorder(recorded, network(2, 5, 3))
    assert {file: (recorded / file).read_bytes() for file in files(recorded)} == before


@pytest.mark.parametrize("name", ["manifest.json", "metrics.csv"])
def test_parts_of_a_run_are_never_overwritten(recorded: Path, network: Network, name: str) -> None:
    (recorded / "manifest.json").unlink()
    if name == "metrics.csv":
        (recorded / name).unlink()
    for resume in (False, True):
        with pytest.raises(RecordingError, match="parts of a run"):
            Recorder(recorded, network(2, 5, 3), resume=resume)


def test_other_files_in_the_folder_do_no_harm(tmp_path: Path, network: Network) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with Recorder(tmp_path, network(2, 4, 2)) as recorder:
        recorder.step(0)
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert len(Run(tmp_path)) == 1


def test_a_path_that_cannot_be_a_folder_is_told(tmp_path: Path, network: Network) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file" / "run"):
        with pytest.raises(RecordingError, match="file is a file, not a folder"):
            Recorder(path, network(2, 4, 2))


def test_a_folder_that_may_not_be_looked_into_is_told(
    tmp_path: Path, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "exists", refuse)
    with pytest.raises(RecordingError, match=r"cannot be begun.*Permission denied"):
        Recorder(tmp_path / "run", network(2, 4, 2))


def test_paths_may_be_relative_or_begin_at_home(
    tmp_path: Path, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    with Recorder("runs/a", network(2, 4, 2)) as recorder:
        monkeypatch.chdir("/")
        recorder.step(0)
    assert len(Run(tmp_path / "runs" / "a")) == 1
    with Recorder("~/b", network(2, 4, 2)):
        pass
    assert repr(Run("~/b")) == "Run('b': no checkpoints yet, finished)"
    assert (tmp_path / "home" / "b").is_dir()


def test_an_exception_leaves_a_complete_run(tmp_path: Path, network: Network) -> None:
    def train() -> None:
        with Recorder(tmp_path / "run", network(2, 4, 2)) as recorder:
            recorder.step(0, loss=1.0)
            recorder.step(1, loss=2.0)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train()
    run = Run(tmp_path / "run")
    assert run.status == "interrupted"
    assert run.steps.tolist() == run.metrics.index.tolist() == [0, 1]
    assert run.program(1).output_shape == (2,)


def test_an_exception_before_anything_is_recorded_leaves_nothing(
    tmp_path: Path, network: Network
) -> None:
    def train(resume: bool = False, **metrics: float) -> None:
        with Recorder(
            tmp_path / "run",
            network(2, 4, 2),
            schedule=[9],
            samples=([[0.0, 1.0]], [0]),
            resume=resume,
        ) as recorder:
            if metrics:
                recorder.step(0, **metrics)
            raise KeyboardInterrupt

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            train()
        assert not (tmp_path / "run").exists()
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "samples.txt").write_text("mine")
    with pytest.raises(KeyboardInterrupt):
        train()
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["samples.txt"]
    with pytest.raises(KeyboardInterrupt):
        train(loss=1.0)
    assert len(Run(tmp_path / "run").metrics) == 1
    with pytest.raises(KeyboardInterrupt):
        train(resume=True)
    assert Run(tmp_path / "run").status == "interrupted"


def test_a_recording_can_be_discarded(recorded: Path, network: Network) -> None:
    recorder = Recorder(recorded.parent / "run", network(2, 4, 2))
    recorder.step(0, loss=1.0)
    recorder.discard()
    recorder.discard()
    recorder.close()
    assert not (recorded.parent / "run").exists()
    resumed = Recorder(recorded, network(2, 5, 3), resume=True)
    with pytest.raises(RecordingError, match="was resumed and is not discarded"):
        resumed.discard()
    assert Run(recorded).steps.tolist() == [0, 10, 20, 30]
    with Recorder(recorded, network(2, 5, 3), resume=True) as again:
        again.step(40)


def test_a_recorder_works_without_a_with_block(tmp_path: Path, network: Network) -> None:
    recorder = Recorder(tmp_path / "run", network(2, 4, 2))
    recorder.step(0, loss=1.0)
    assert Run(tmp_path / "run").status == "recording"
    recorder.close()
    recorder.close()
    assert Run(tmp_path / "run").status == "finished"
    assert "1 checkpoints, closed" in repr(recorder)
    with pytest.raises(RecordingError, match="is closed"):
        recorder.step(1)


def test_recordings_of_the_same_training_are_the_same_bytes(
    tmp_path: Path, network: Network, nudge: Nudge
) -> None:
    for name in ("a", "b"):
        model = network(2, 4, 2)
        with Recorder(tmp_path / name, model, samples=([[0.0, 1.0]], [0])) as recorder:
            for step in range(3):
                recorder.step(step, loss=step / 3)
                nudge(model)
    assert files(tmp_path / "a") == files(tmp_path / "b")
    for file in files(tmp_path / "a"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_no_temporary_file_is_left_behind(recorded: Path) -> None:
    assert not list(recorded.rglob("*.tmp"))
