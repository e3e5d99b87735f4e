"""A training that is killed and taken up again is the same, bit for bit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from splineviz.errors import RecordingError, RunCorrupt
from splineviz.training import recipes
from splineviz.training.files.run_writer import RunWriter
from splineviz.training.recipes import training
from splineviz.training.recipes.training_state import FILE, TrainingState
from splineviz.training.runs import Run

ROOT = Path(__file__).resolve().parents[3]

# What keeps state of different kinds: momenta, running means, projections, changing rates.
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "adamw": ("two-moons", {}),
    "sgd": ("two-moons", {"optimizer": "sgd", "batch_size": 7}),
    "batch norm": ("digits-batch-norm", {"width": 12, "train": 50}),
    "penalty": ("two-moons", {"jacobian_penalty": 0.01}),
    "full batch": ("modular-addition", {"modulus": 5, "train": 15, "width": 9}),
}


@pytest.fixture(autouse=True)
def states_from_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "FIRST_KEPT", 1)


def contents(path: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()
    }


class Killed(BaseException):
    """Stands for the end of the process: nothing behind it runs."""


def train(out: Path, kind: str = "adamw", steps: int = 60, **options: Any) -> Run:
    name, overrides = KINDS[kind]
    return recipes.train(
        name,
        out,
        seed=1,
        steps=steps,
        **{"progress": None, "measure": False, **overrides, **options},
    )


def gone(writer: RunWriter) -> None:
    assert writer._metrics is not None
    assert writer._lock is not None
    writer._metrics.close()
    writer._lock.release()


def stop_at(step: int) -> Any:
    def progress(at: int, steps: int) -> None:
        if at == step:
            raise Killed

    return progress


@pytest.mark.parametrize("kind", KINDS)
def test_a_training_that_was_stopped_goes_on_as_if_it_had_not_been(
    tmp_path: Path, kind: str
) -> None:
    whole = train(tmp_path / "whole", kind)
    with pytest.raises(Killed):
        train(tmp_path / "run", kind, progress=stop_at(13))
    # And once more, in the middle of the rest.
    with pytest.raises(Killed):
        train(tmp_path / "run", kind, progress=stop_at(41), resume=True)
    assert (tmp_path / "run" / FILE).exists()
    run = train(tmp_path / "run", kind, resume=True)
    assert run.status == "finished"
    assert contents(run.path) == contents(whole.path)


@pytest.mark.parametrize("method", ["add_checkpoint", "log"])
@pytest.mark.parametrize("call", [1, 2, 10])
def test_it_may_be_stopped_while_it_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str, call: int
) -> None:
    whole = train(tmp_path / "whole")
    calls, original = [0], getattr(RunWriter, method)

    def killed(self: RunWriter, *args: Any) -> None:
        calls[0] += 1
        if calls[0] == call:
            raise Killed
        original(self, *args)

    with monkeypatch.context() as patch:
        patch.setattr(RunWriter, method, killed)
        # Nobody tidies up after a process that is killed, but the operating system.
        patch.setattr(RunWriter, "end", lambda self, status: gone(self))
        patch.setattr(RunWriter, "discard", gone)
        with pytest.raises(Killed):
            train(tmp_path / "run")
    assert contents(train(tmp_path / "run", resume=True).path) == contents(whole.path)


def test_it_may_be_stopped_before_the_state_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train(tmp_path / "whole")
    write = TrainingState.write

    def killed(self: TrainingState, folder: Path) -> None:
        if self.step == 20:
            raise Killed
        write(self, folder)

    with monkeypatch.context() as patch:
        patch.setattr(TrainingState, "write", killed)
        with pytest.raises(Killed):
            train(tmp_path / "run")
    assert contents(train(tmp_path / "run", resume=True).path) == contents(whole.path)


def test_a_process_that_is_killed_loses_nothing(tmp_path: Path) -> None:
    whole = train(tmp_path / "whole", steps=3000)
    out = tmp_path / "run"
    command = [sys.executable, "-m", "splineviz", "train", "two-moons", "--out", str(out)]
    options = ["--seed", "1", "--steps", "3000", "--resume", "--no-measure"]
    process = subprocess.Popen([*command, *options], cwd=ROOT, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and len(list(out.glob("checkpoints/*.safetensors"))) < 45:
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert Run(out).status == "recording"
    assert 0 < len(Run(out)) < len(whole)
    assert contents(train(out, steps=3000, resume=True).path) == contents(whole.path)


def test_without_its_state_a_training_begins_anew(tmp_path: Path) -> None:
    whole = train(tmp_path / "whole")
    with pytest.raises(Killed):
        train(tmp_path / "run", progress=stop_at(30))
    (tmp_path / "run" / FILE).unlink()
    assert contents(train(tmp_path / "run", resume=True).path) == contents(whole.path)


def test_nothing_to_resume_is_no_fault(tmp_path: Path) -> None:
    run = train(tmp_path / "run", resume=True)
    assert contents(run.path) == contents(train(tmp_path / "plain").path)
    before = contents(run.path)
    assert train(tmp_path / "run", resume=True).status == "finished"
    assert contents(run.path) == before


@pytest.mark.parametrize(
    "options", [{"seed": 2}, {"steps": 61}, {"width": 8}, {"name": "checkerboard"}]
)
def test_another_training_is_not_taken_up(tmp_path: Path, options: dict[str, Any]) -> None:
    arguments: dict[str, Any] = {"name": "two-moons", "seed": 1, "steps": 60, "progress": None}
    arguments["measure"] = False
    recipes.train(out=tmp_path / "run", **arguments)
    before = contents(tmp_path / "run")
    with pytest.raises(RecordingError, match="is another one"):
        recipes.train(out=tmp_path / "run", resume=True, **{**arguments, **options})
    assert contents(tmp_path / "run") == before


@pytest.mark.parametrize("damage", ["truncated", "other", "no step", "text"])
def test_a_damaged_state_is_told(tmp_path: Path, damage: str) -> None:
    with pytest.raises(Killed):
        train(tmp_path / "run", progress=stop_at(30))
    path = tmp_path / "run" / FILE
    if damage == "truncated":
        path.write_bytes(path.read_bytes()[:-100])
    elif damage == "text":
        path.write_text("state")
    else:
        state = TrainingState.read(tmp_path / "run")
        assert state is not None
        arrays = dict(state.arrays)
        if damage == "other":
            arrays["model/0.weight"] = np.zeros((3, 2), dtype=np.float32)
            TrainingState(state.step, arrays).write(tmp_path / "run")
        else:
            import safetensors.numpy

            path.write_bytes(safetensors.numpy.save(arrays))
    before = contents(tmp_path / "run")
    with pytest.raises(RunCorrupt, match=r"training\.safetensors"):
        train(tmp_path / "run", resume=True)
    assert contents(tmp_path / "run") == before
