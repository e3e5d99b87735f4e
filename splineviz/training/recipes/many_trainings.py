"""Training many runs: one after the other, or several at once, each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from splineviz.errors import RecordingError, RunBusy
from splineviz.training import recipes
from splineviz.training.files.lock import FolderLock
from splineviz.training.files.manifest import MANIFEST

_WAIT = 0.05

WITH_PARENT = "SPLINEVIZ_WITH_PARENT"
"""Set in the environment of a training that ends with the process that started it."""


@dataclass(frozen=True)
class Training:
    """A run to be trained.

    Attributes
    ----------
    name : str
        The recipe.
    path : Path
        The folder of the run; one that was begun is resumed.
    seed : int
    overrides : mapping of str
        Changed settings; they can be written as JSON.
    measure : bool
        Whether to measure its checkpoints afterwards.
    """

    name: str
    path: Path
    seed: int
    overrides: Mapping[str, Any]
    measure: bool = True


def train_all(trainings: Sequence[Training], jobs: int, report: Callable[[int], object]) -> None:
    """Train runs, up to `jobs` of them at once.

    Parameters
    ----------
    trainings : sequence of Training
        A run that another process trains at this moment is left to it.
    jobs : int
        1 trains in this process.
    report : callable
        Called with how many are done.

    Raises
    ------
    RecordingError
        If a training fails; runs that are done stay.
    """
    if jobs > 1:
        _in_processes(trainings, jobs, report)
        return
    for done, training in enumerate(trainings, 1):
        with suppress(RunBusy):
            recipes.train(
                training.name,
                training.path,
                seed=training.seed,
                resume=True,
                measure=training.measure,
                progress=None,
                **training.overrides,
            )
        report(done)


def _in_processes(
    trainings: Sequence[Training], jobs: int, report: Callable[[int], object]
) -> None:
    """Train with some processes at once, each by the command line."""
    waiting, done = list(trainings), 0
    running: list[tuple[subprocess.Popen[bytes], Training, IO[bytes]]] = []
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                training = waiting.pop(0)
                # It is read when the process has ended, and must not fill up before.
                said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
                running.append((_started(training, said), training, said))
            time.sleep(_WAIT)
            for entry in [entry for entry in running if entry[0].poll() is not None]:
                running.remove(entry)
                _check_ended(*entry)
                done += 1
                report(done)
    finally:
        for process, _, said in running:
            process.terminate()
            process.wait()
            if process.stdin is not None:
                process.stdin.close()
            said.close()


def _started(training: Training, said: IO[bytes]) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-m", "splineviz", "train", training.name]
    words += ["--out", str(training.path), "--seed", str(training.seed), "--resume"]
    for key, value in training.overrides.items():
        if key == "steps":
            words += ["--steps", str(value)]
        else:
            words += ["--set", f"{key}={json.dumps(value)}"]
    if not training.measure:
        words.append("--no-measure")
    package = str(Path(recipes.__file__).resolve().parents[3])
    path = os.pathsep.join([package, *filter(None, [os.environ.get("PYTHONPATH")])])
    # The trainings have a core each.
    environment = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", WITH_PARENT: "1"}
    # The pipe closes when this process ends, however it ends, and the training with it.
    return subprocess.Popen(
        words,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=said,
        env=environment,
    )


def end_with_parent() -> None:
    """End this process when the one that started it for a training does, even if it is killed.

    A recording may be killed at any moment and goes on later. Without such a parent this does
    nothing.
    """
    if os.environ.pop(WITH_PARENT, None):
        threading.Thread(target=_wait_and_end, name="splineviz-parent", daemon=True).start()


def _wait_and_end() -> None:
    # Not by sys.stdin: a thread that waits there would disturb the end of the interpreter.
    while os.read(0, 1024):
        pass
    os._exit(1)


def _check_ended(process: subprocess.Popen[bytes], training: Training, said: IO[bytes]) -> None:
    """Raise what a process has said if it failed, unless another one trains the run."""
    if process.stdin is not None:
        process.stdin.close()
    with said:
        said.seek(0)
        text = said.read().decode(errors="replace").strip()
    if process.returncode == 0 or _is_busy(training.path):
        return
    last = text.splitlines()[-1] if text else f"exit status {process.returncode}"
    raise RecordingError(
        f"the training of {training.path.name} failed: {last.removeprefix('splineviz: ')}. Runs "
        "that are done stay; make the same call again to go on"
    )


def _is_busy(path: Path) -> bool:
    if not (path / MANIFEST).exists():
        return False
    try:
        FolderLock(path).release()
    except BlockingIOError:
        return True
    return False
