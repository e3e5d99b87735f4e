"""A recording that dies at any moment leaves a run that opens, and that can be resumed."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from splineviz.errors import RecordingError, UnknownStep
from splineviz.training.files.metrics import read_metrics
from splineviz.training.files.run_writer import RunWriter
from splineviz.training.recording.recorder import Recorder
from splineviz.training.runs import Run

ROOT = Path(__file__).resolve().parents[2]
Network = Callable[..., torch.nn.Sequential]

# Writes checkpoints without torch, so that many processes can be started and killed.
WRITE = """
import os, sys
from pathlib import Path
import numpy as np
from splineviz.training.files.manifest import Manifest
from splineviz.training.files.run_writer import RunWriter

path, last, crash_at = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
calls = 0

def counted(call):
    def wrapper(*args):
        global calls
        calls += 1
        if calls == crash_at:
            os._exit(9)
        return call(*args)
    return wrapper

os.fsync, os.replace = counted(os.fsync), counted(os.replace)
writer = RunWriter(path)
samples = {"inputs": np.ones((2, 2)), "targets": np.ones(2)}
writer.begin(Manifest(network={}, dtype="float32"), samples)
for step in range(last):
    writer.log(step, {"loss": step / 7})
    writer.add_checkpoint(step, {"w": np.full(20_000, step, dtype=np.float32)}, {})
    print(step, flush=True)
writer.end("finished")
print("calls", calls, flush=True)
"""


def start(path: Path, last: int, crash_at: int = 0) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITE, str(path), str(last), str(crash_at)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def check(path: Path, reported: list[int]) -> None:
    """Every reported checkpoint is there and whole; at most one more is."""
    run = Run(path)
    assert run.steps.tolist() in (reported, [*reported, len(reported)])
    for step in run.steps:
        assert (run.state(step)["w"] == step).all()
    metrics = run.metrics
    assert metrics.index.tolist()[: len(run)] == run.steps.tolist()
    assert metrics.to_numpy().ravel().tolist() == [step / 7 for step in metrics.index]


def test_a_crash_at_any_disk_operation(tmp_path: Path) -> None:
    output = start(tmp_path / "whole", 2).communicate()[0].split()
    calls = int(output[-1])
    assert calls > 15
    for crash_at in range(1, calls + 1):
        path = tmp_path / f"crash-{crash_at}"
        process = start(path, 2, crash_at)
        reported = [int(line) for line in process.communicate()[0].split()]
        assert process.returncode == 9
        if (path / "manifest.json").exists():
            check(path, reported)
            manifest = Run(path)._manifest
            last = RunWriter(path, resume=True).begin(manifest)
            assert last == len(manifest.checkpoints) - 1
        else:
            assert reported == []
            # Nothing is in the way of beginning again.
            RunWriter(path)


def test_a_process_killed_while_it_writes(tmp_path: Path) -> None:
    for attempt in range(4):
        path = tmp_path / str(attempt)
        process = start(path, 10**6)
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(0.02 + 0.013 * attempt)
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read()
        process.stdout.close()
        process.wait()
        # The last line may be cut short too.
        reported = [int(line) for line in (first + rest).split("\n")[:-1]]
        check(path, reported)
        assert Run(path).status == "recording"


RECORD = """
import sys, torch
from splineviz.training.recording.recorder import Recorder
model = torch.nn.Sequential(torch.nn.Linear(2, 50), torch.nn.ReLU(), torch.nn.Linear(50, 2))
recorder = Recorder(sys.argv[1], model)
for step in range(10**6):
    torch.nn.init.constant_(model[0].bias, step)
    recorder.step(step, loss=step / 7)
    print(step, flush=True)
"""


def test_a_killed_training_opens_and_resumes(tmp_path: Path) -> None:
    path = tmp_path / "run"
    process = subprocess.Popen(
        [sys.executable, "-c", RECORD, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(20)]
    model = torch.nn.Sequential(torch.nn.Linear(2, 50), torch.nn.ReLU(), torch.nn.Linear(50, 2))
    with pytest.raises(RecordingError, match="is being recorded"):
        Recorder(path, model, resume=True)
    process.send_signal(signal.SIGKILL)
    reported = len("".join([*lines, process.stdout.read()]).split("\n")) - 1
    process.stdout.close()
    process.wait()
    run = Run(path)
    assert len(run) in (reported, reported + 1)
    for step in run.steps:
        assert (run.program(step).state["0.bias"] == step).all()
    with Recorder(path, model, resume=True) as recorder:
        recorder.step(10**6, loss=0.0)
    assert run.refresh()
    assert run.status == "finished"
    assert run.steps[-1] == 10**6
    assert run.metrics.index.tolist() == run.steps.tolist()


# A disk that refuses ------------------------------------------------------------------------------


def test_a_full_disk_costs_one_step(tmp_path: Path, network: Network) -> None:
    model = network(2, 60, 60, 2)
    with Recorder(tmp_path / "run", model) as recorder:
        recorder.step(0, loss=1.0)
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
        try:
            with pytest.raises(RecordingError, match=r"at step 1 is not kept.*too large"):
                recorder.step(1, loss=2.0)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert len(list((tmp_path / "run" / "checkpoints").iterdir())) == 1
        recorder.step(2, loss=3.0)
    run = Run(tmp_path / "run")
    assert run.steps.tolist() == [0, 2]
    assert run.metrics.index.tolist() == [0, 1, 2]
    with pytest.raises(UnknownStep):
        run.program(1)
    assert run.program(2).input_shape == (2,)


@pytest.mark.parametrize(("call", "times"), [("fsync", 15), ("replace", 6)])
def test_a_disk_that_refuses_at_any_operation(
    tmp_path: Path, network: Network, monkeypatch: pytest.MonkeyPatch, call: str, times: int
) -> None:
    model = network(2, 4, 2)
    original = getattr(os, call)
    for refuse_at in range(1, times + 1):
        path = tmp_path / str(refuse_at)
        recorder = Recorder(path, model)
        recorder.step(0, loss=0.0)
        count = 0

        def refuse(*args: object, at: int = refuse_at) -> None:
            nonlocal count
            count += 1
            if count == at:
                raise OSError(28, "No space left on device")
            original(*args)

        monkeypatch.setattr(os, call, refuse)
        errors = []
        for step in (1, 2, 3):
            try:
                recorder.step(step, loss=step / 2)
            except RecordingError as error:
                errors.append(str(error))
        monkeypatch.setattr(os, call, original)
        recorder.close()
        (message,) = errors
        assert "No space left" in message
        assert "What was recorded before is complete" in message
        run = Run(path)
        assert len(run) >= 3
        for step in run.steps:
            np.testing.assert_array_equal(
                run.state(step)["0.weight"], model[0].weight.detach().numpy()
            )
        assert set(run.steps.tolist()) <= set(read_metrics(path / "metrics.csv").index)


def test_a_failure_to_close_does_not_hide_the_exception(
    tmp_path: Path, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object) -> None:
        raise OSError(5, "Input/output error")

    def train() -> None:
        with Recorder(tmp_path / "run", network(2, 4, 2)) as recorder:
            recorder.step(0, loss=1.0)
            monkeypatch.setattr(os, "replace", refuse)
            raise ValueError("mine")

    with pytest.raises(ValueError, match="mine") as error:
        train()
    assert "Input/output error" in error.value.__notes__[0]
    monkeypatch.undo()
    assert Run(tmp_path / "run").steps.tolist() == [0]
