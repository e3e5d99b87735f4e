"""Training a recipe many times: with all combinations of some settings, and several seeds."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import product
from pathlib import Path
from typing import IO, Any

from splineviz.errors import InvalidArgument, RecordingError, RunBusy, RunNotFound
from splineviz.progress import Progress, reporting
from splineviz.training import recipes
from splineviz.training.files.lock import FolderLock
from splineviz.training.files.manifest import MANIFEST
from splineviz.training.run_set import Row, RunSet, read_rows, write_rows
from splineviz.validation.numbers import as_int
from splineviz.validation.wording import shown

_WAIT = 0.05


def rows_of(name: str, settings: Mapping[str, Any], seeds: int | Iterable[int]) -> tuple[Row, ...]:
    """List the runs of a sweep, checked: a list is tried value by value, anything else is the same.

    Raises
    ------
    UnknownName, InvalidArgument
        If the recipe has no such setting, or a value has no meaning.
    """
    listed = {
        key: [*value] if isinstance(value, list | tuple) else [value]
        for key, value in settings.items()
    }
    empty = [key for key, values in listed.items() if not values]
    if empty:
        raise InvalidArgument(f"{empty[0]} holds no value to train with")
    factors = [key for key, value in settings.items() if isinstance(value, list | tuple)]
    rows = []
    for values in product(*listed.values()):
        overrides = dict(zip(listed, values, strict=True))
        # What the data refuse is known now, and not when half of the runs are trained.
        recipes.data(name, 0, **overrides)
        checked = recipes.RECIPES[name].with_overrides(overrides).settings
        overrides = {key: checked[key] for key in overrides}
        for seed in _seeds(seeds):
            words = [f"{key}={_word(overrides[key])}" for key in factors]
            rows.append(Row(",".join([*words, f"seed={seed}"]), seed, overrides))
    names = [row.run for row in rows]
    twice = [run for run in names if names.count(run) > 1]
    if twice:
        raise InvalidArgument(f"the same run is there twice: {twice[0]}")
    return tuple(rows)


def train_rows(
    name: str,
    folder: Path,
    rows: Sequence[Row],
    *,
    jobs: int,
    measure: bool,
    progress: Progress | bool | None,
) -> RunSet:
    """Train the runs of a sweep that are not done; see :func:`splineviz.training.recipes.sweep`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_rows(folder, name, _with_those_there(name, folder, rows))
    except OSError as error:
        raise RecordingError(f"the runs cannot be kept in {folder}: {error}") from error
    with reporting(progress, len(rows), "run") as report:
        if jobs == 1:
            for done, row in enumerate(rows, 1):
                # Who trains it now will end it.
                with suppress(RunBusy):
                    _train(name, folder, row, measure)
                report(done)
        else:
            _in_processes(name, folder, rows, jobs, measure, report)
    return RunSet(folder)


def _train(name: str, folder: Path, row: Row, measure: bool) -> None:
    recipes.train(
        name,
        folder / row.run,
        seed=row.seed,
        resume=True,
        measure=measure,
        progress=None,
        **row.overrides,
    )


def _in_processes(
    name: str,
    folder: Path,
    rows: Sequence[Row],
    jobs: int,
    measure: bool,
    report: Callable[[int], None],
) -> None:
    """Train with some processes at once, each by the command line."""
    waiting, done = list(rows), 0
    running: list[tuple[subprocess.Popen[bytes], Row, IO[bytes]]] = []
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                row = waiting.pop(0)
                # It is read when the process has ended, and must not fill up before.
                said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
                running.append((_started(name, folder, row, measure, said), row, said))
            time.sleep(_WAIT)
            for entry in [entry for entry in running if entry[0].poll() is not None]:
                running.remove(entry)
                _check_ended(*entry, folder)
                done += 1
                report(done)
    finally:
        for process, _, said in running:
            process.terminate()
            process.wait()
            said.close()


def _started(
    name: str, folder: Path, row: Row, measure: bool, said: IO[bytes]
) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-m", "splineviz", "train", name, "--out", str(folder / row.run)]
    words += ["--seed", str(row.seed), "--resume"]
    for key, value in row.overrides.items():
        if key == "steps":
            words += ["--steps", str(value)]
        else:
            words += ["--set", f"{key}={json.dumps(value)}"]
    if not measure:
        words.append("--no-measure")
    package = str(Path(recipes.__file__).resolve().parents[3])
    path = os.pathsep.join([package, *filter(None, [os.environ.get("PYTHONPATH")])])
    # The trainings have a core each.
    environment = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=said, env=environment)


def _check_ended(process: subprocess.Popen[bytes], row: Row, said: IO[bytes], folder: Path) -> None:
    """Raise what a process has said if it failed, unless another one trains the run."""
    with said:
        said.seek(0)
        text = said.read().decode(errors="replace").strip()
    if process.returncode == 0 or _is_busy(folder / row.run):
        return
    last = text.splitlines()[-1] if text else f"exit status {process.returncode}"
    raise RecordingError(
        f"the training of {row.run} failed: {last.removeprefix('splineviz: ')}. Runs that are done "
        "stay; call sweep again to go on"
    )


def _is_busy(path: Path) -> bool:
    if not (path / MANIFEST).exists():
        return False
    try:
        FolderLock(path).release()
    except BlockingIOError:
        return True
    return False


def _with_those_there(name: str, folder: Path, rows: Sequence[Row]) -> list[Row]:
    """The runs of a set that is there already, and new ones."""
    try:
        recipe, old = read_rows(folder)
    except RunNotFound:
        return list(rows)
    if recipe != name:
        raise RecordingError(f"{folder} holds runs of {recipe!r}: choose another folder")
    known = {row.run: row for row in old}
    for row in rows:
        if known.setdefault(row.run, row) != row:
            raise RecordingError(
                f"{folder} holds {row.run} with other settings, {known[row.run].overrides} and not "
                f"{row.overrides}: choose another folder"
            )
    return list(known.values())


def _seeds(seeds: int | Iterable[int]) -> list[int]:
    if isinstance(seeds, Iterable) and not isinstance(seeds, str | bytes | Mapping):
        listed = [as_int(seed, f"seeds[{k}]", 0) for k, seed in enumerate(seeds)]
        if not listed:
            raise InvalidArgument("seeds holds no seed")
        return listed
    return list(range(as_int(seeds, "seeds", 1, 10_000, "how many, or a list of seeds")))


def _word(value: Any) -> str:
    """A value in the name of a folder."""
    return re.sub(r"[^A-Za-z0-9.+-]+", "_", json.dumps(value)).strip("_") or shown(value)
