"""What the recipes share: an MLP that learns to classify, recorded from its first step."""

from __future__ import annotations

import os
from collections.abc import Sequence

import torch

from splineviz.errors import RecordingError
from splineviz.progress import Progress
from splineviz.training.data import Dataset
from splineviz.training.fit import fit
from splineviz.training.mlp import scaled_mlp
from splineviz.training.recording.recorder import Recorder
from splineviz.training.recording.schedule import log_schedule
from splineviz.training.runs import Run

CHECKPOINTS = 56
BATCH = 100


def record_classifier(
    out: str | os.PathLike[str],
    recipe: str,
    data: Dataset,
    *,
    widths: Sequence[int],
    scale: float,
    learning_rate: float,
    weight_decay: float,
    seed: int,
    steps: int,
    progress: Progress | bool | None = None,
    dtype: str = "float32",
) -> Run:
    """Train with AdamW on batches of 100 points, and keep 56 log-spaced checkpoints.

    Parameters
    ----------
    out : str or path-like
        The folder to record in.
    recipe : str
        The name to note in the run's metadata, with the seed and the steps.
    data : Dataset
        What to learn.
    widths, scale
        The network, as for :func:`~splineviz.training.mlp.scaled_mlp`.
    learning_rate, weight_decay : float
        The settings of the optimizer.
    seed, steps, progress, dtype
        As for :func:`splineviz.training.recipes.train`.

    Returns
    -------
    Run
    """
    generator = torch.Generator().manual_seed(seed)
    model = scaled_mlp(widths, scale=scale, generator=generator)
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=learning_rate, weight_decay=weight_decay, fused=True
    )
    with Recorder(
        out,
        model,
        schedule=log_schedule(steps, CHECKPOINTS),
        samples=(data.train_inputs, data.train_labels),
        class_names=data.class_names,
        metadata={"recipe": recipe, "seed": seed, "steps": steps},
        dtype=dtype,
    ) as recorder:
        try:
            fit(
                model,
                optimizer,
                data,
                recorder,
                steps=steps,
                batch=BATCH,
                generator=generator,
                progress=progress,
            )
        except BaseException as error:
            # An untrained network is not worth a folder that refuses the next try.
            if not recorder.last_checkpoint:
                _discard(recorder, error)
            raise
    return Run(out)


def _discard(recorder: Recorder, error: BaseException) -> None:
    try:
        recorder.discard()
    except RecordingError as second:
        error.add_note(f"While the recording was being discarded: {second}")
