"""Training a network by a recipe, and going on after a training was killed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from splineviz.errors import RecordingError
from splineviz.progress import Progress
from splineviz.training.files.manifest import MANIFEST
from splineviz.training.fit import Updates, fit, plain_training
from splineviz.training.recipes.architectures import make_network
from splineviz.training.recipes.data_sets import make_data
from splineviz.training.recipes.optimization import LOSSES, OPTIMIZERS, jacobian_norm
from splineviz.training.recipes.recipe import Recipe
from splineviz.training.recipes.training_state import TrainingState
from splineviz.training.recording.recorder import Recorder
from splineviz.training.recording.schedule import log_schedule
from splineviz.training.runs import Run

CHECKPOINTS = 56
#: From which step on the state of a training is kept: what came before is made again in no time.
FIRST_KEPT = 100

# Seeds of the projections of an update, apart from each other whatever the seed of the run.
_APART = 0x9E3779B97F4A7C15


def record(
    recipe: Recipe,
    out: Path,
    *,
    seed: int,
    metadata: dict[str, Any],
    resume: bool = False,
    progress: Progress | bool | None = None,
    dtype: str = "float32",
) -> Run:
    """Train by a recipe and keep 56 log-spaced checkpoints.

    Parameters
    ----------
    recipe : Recipe
        With all overrides.
    out : Path
        The folder to record in.
    seed : int
        Decides the data, the initial weights and the order of the points.
    metadata : dict
        What to note in the run.
    resume : bool
        Whether to go on with what `out` holds, if it is a run with the same metadata.
    progress, dtype
        As for :func:`splineviz.training.recipes.train`.

    Returns
    -------
    Run

    Raises
    ------
    RecordingError
        If `out` holds a run, and it is not resumed or has other metadata.
    RunCorrupt
        If what is kept of the training to resume is damaged.
    """
    old = Run(out) if resume and (out / MANIFEST).exists() else None
    if old is not None:
        _check_same(old, metadata)
        if old.status == "finished":
            TrainingState.remove(out)
            return old
    with plain_training():
        return _record(recipe, out, seed, metadata, old, progress, dtype)


def _record(
    recipe: Recipe,
    out: Path,
    seed: int,
    metadata: dict[str, Any],
    old: Run | None,
    progress: Progress | bool | None,
    dtype: str,
) -> Run:
    data = make_data(recipe.data_set, recipe.data_options, seed)
    generator = torch.Generator().manual_seed(seed)
    sizes = (data.train_inputs.shape[1], data.outputs)
    model = make_network(recipe.architecture, recipe.network_options, sizes, generator)
    optimizer = OPTIMIZERS[recipe.optimizer](model.parameters(), *recipe.rates(0))
    first = 0 if old is None else _resumed(old, model, optimizer)

    def keep(step: int) -> None:
        if FIRST_KEPT <= step < recipe.steps:
            TrainingState.of(step, model, optimizer).write(out)

    with Recorder(
        out,
        model,
        schedule=log_schedule(recipe.steps, CHECKPOINTS),
        samples=(data.train_inputs, data.train_labels),
        class_names=data.class_names or None,
        metadata=metadata,
        dtype=dtype,
        # Where not even the untrained network was kept, all is begun anew.
        resume=False if old is None else (first if len(old) else True),
    ) as recorder:
        try:
            fit(
                model,
                _updates(recipe, optimizer, seed),
                data,
                recorder,
                steps=recipe.steps,
                generator=generator,
                first=first,
                kept=keep,
                progress=progress,
            )
        except BaseException as error:
            # An untrained network is not worth a folder that refuses the next try.
            if old is None and not recorder.last_checkpoint:
                _discard(recorder, error)
            raise
    TrainingState.remove(out)
    return Run(out)


def _updates(recipe: Recipe, optimizer: torch.optim.Optimizer, seed: int) -> Updates:
    factor = recipe.jacobian_penalty

    def penalty(inputs: torch.Tensor, outputs: torch.Tensor, step: int) -> torch.Tensor:
        # A function of seed and step alone, so that a training can be taken up at any step.
        projections = torch.Generator().manual_seed((seed + _APART * (step + 1)) % 2**63)
        return factor * jacobian_norm(inputs, outputs, projections)

    return Updates(
        optimizer,
        LOSSES[recipe.loss],
        recipe.rates,
        recipe.batch_size,
        penalty if factor else None,
    )


def _resumed(old: Run, model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> int:
    """Bring model and optimizer to where a training was killed; return the updates made."""
    state = TrainingState.read(old.path)
    if state is None or state.step not in old.steps:
        return 0
    state.restore(model, optimizer, old.path)
    return state.step


def _check_same(old: Run, metadata: dict[str, Any]) -> None:
    if old.metadata != metadata:
        raise RecordingError(
            f"the run in {old.path} is another one, of {old.metadata}, and not of {metadata}: "
            "it is resumed with the recipe, the seed and the settings it was begun with. For "
            "other ones, record into another folder"
        )


def _discard(recorder: Recorder, error: BaseException) -> None:
    try:
        recorder.discard()
    except RecordingError as second:
        error.add_note(f"While the recording was being discarded: {second}")
