"""Training a recipe many times: with all combinations of some settings, and several seeds."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any

from splineviz.errors import InvalidArgument, RecordingError, RunNotFound
from splineviz.progress import Progress, reporting
from splineviz.training import recipes
from splineviz.training.files.lock import FolderLock
from splineviz.training.recipes.many_trainings import Training, train_all
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
    rows, chosen = [], _seeds(seeds)
    for values in product(*listed.values()):
        overrides = dict(zip(listed, values, strict=True))
        # What the data refuse is known now, and not when half of the runs are trained.
        recipes.data(name, 0, **overrides)
        checked = recipes.RECIPES[name].with_overrides(overrides).settings
        overrides = {key: checked[key] for key in overrides}
        for seed in chosen:
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
        # Another sweep may add rows of its own at the same moment.
        with _alone_in(folder):
            write_rows(folder, name, _with_those_there(name, folder, rows))
    except OSError as error:
        raise RecordingError(f"the runs cannot be kept in {folder}: {error}") from error
    with reporting(progress, len(rows), "run") as report:
        trainings = [
            Training(name, folder / row.run, row.seed, row.overrides, measure) for row in rows
        ]
        train_all(trainings, jobs, report)
    return RunSet(folder)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Wait until nobody else writes the table of a set."""
    while True:
        try:
            lock = FolderLock(folder)
            break
        except BlockingIOError:
            time.sleep(_WAIT)
    try:
        yield
    finally:
        lock.release()


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
