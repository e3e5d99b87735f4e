"""Runs of strangers, one after another, in a process of its own that may crash."""

from __future__ import annotations

import collections
import hashlib
import json
import shutil
import sys
import tempfile
import warnings
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from torch import nn

import splineviz as sv
from splineviz.errors import RunCorrupt, SplinevizError
from splineviz.training.files.checkpoint_encoding import encode_checkpoint, options_of
from splineviz.training.files.stored_arrays import decoded
from tests.network.fuzzing import say, with_small_bounds
from tests.network.mutations import mutate_json, mutate_program

VERSION_1 = Path(__file__).parent / "runs" / "version-1"


def record(path: Path) -> None:
    """Record a run of today's format, whose slope changes."""
    network = nn.Sequential(
        nn.Linear(2, 9),
        nn.Unflatten(1, (1, 3, 3)),
        nn.Conv2d(1, 2, 2),
        nn.BatchNorm2d(2),
        nn.LeakyReLU(0.1),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(2, 2),
    )
    with sv.Recorder(path, network, samples=([[0.0, 1.0], [2.0, 3.0]], [0, 1])) as recorder:
        recorder.step(0, loss=1.0)
        network[4].negative_slope = 0.2
        recorder.step(1, loss=0.5)


def mutate_run(rng: Random, path: Path, manifest: dict[str, Any]) -> None:
    """Change the manifest, or the constants of a checkpoint, whose hash is made right."""
    network = manifest["network"]
    what = rng.random()
    if what < 0.3:
        for _ in range(rng.randint(1, 3)):
            mutate_json(rng, manifest)
    elif what < 0.5:
        entry = manifest["checkpoints"][-1]
        data = (path / entry["file"]).read_bytes()
        options = options_of(data)
        mutate_json(rng, options)
        try:
            data = encode_checkpoint(decoded(data, path), options)
        except (SplinevizError, ValueError, TypeError, AttributeError):
            return
        (path / entry["file"]).write_bytes(data)
        entry["sha256"] = hashlib.sha256(data).hexdigest()
    else:
        state = {key: np.zeros(shape) for key, shape in network["state"].items()}
        mutate_program(rng, network, state)


def survive(path: Path) -> str:
    """Read a run. What is wrong with it is told by one error."""
    try:
        run = sv.Run(path)
    except RunCorrupt:
        return "refused"
    assert repr(run)
    run.metrics  # noqa: B018
    found = "opened"
    for read in (lambda: run.samples, *(lambda s=int(s): run.program(s) for s in run.steps)):
        try:
            made = read()
        except RunCorrupt:
            continue
        if isinstance(made, tuple) or made is None:
            continue
        found = "has a program"
        try:
            made(np.zeros((2, *made.input_shape)))
            made.to_module()
        except SplinevizError:
            found = "has a program that stops"
    return found


def main(seed: int, count: int) -> None:
    """Try so many inputs, beginning with a seed."""
    warnings.simplefilter("ignore")
    with_small_bounds()
    counted: collections.Counter[str] = collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        path, today = Path(folder) / "run", Path(folder) / "today"
        record(today)
        for number in range(seed, seed + count):
            say(number)
            shutil.rmtree(path, ignore_errors=True)
            shutil.copytree(VERSION_1 if number % 3 == 0 else today, path)
            manifest = json.loads((path / "manifest.json").read_text())
            mutate_run(Random(number), path, manifest)
            (path / "manifest.json").write_text(json.dumps(manifest))
            counted[survive(path)] += 1
    say(json.dumps(counted))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
