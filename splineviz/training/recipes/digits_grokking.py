"""Delayed generalization on handwritten digits, in half a minute to a minute.

Initial weights six times the usual size let the network fit 200 digits by step 1,300 with a test
accuracy near a third. Weight decay then takes it to 0.9 by step 5,500; accuracy on adversarial
examples rises with it and goes on rising until about step 20,000.
"""

from __future__ import annotations

import os

import torch

from splineviz.training.data import digits
from splineviz.training.fit import Progress, fit
from splineviz.training.mlp import scaled_mlp
from splineviz.training.recorder import Recorder
from splineviz.training.runs import Run
from splineviz.training.schedule import log_schedule

STEPS = 40_000
CHECKPOINTS = 56


def train(
    out: str | os.PathLike[str],
    *,
    seed: int = 0,
    steps: int = STEPS,
    progress: Progress = None,
    dtype: str = "float32",
) -> Run:
    """Train and record; see :func:`splineviz.training.recipes.train`."""
    generator = torch.Generator().manual_seed(seed)
    data = digits(train=200, seed=seed)
    model = scaled_mlp((64, 100, 100, 100, 10), scale=6.0, generator=generator)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.05, fused=True)
    with Recorder(
        out,
        model,
        schedule=log_schedule(steps, CHECKPOINTS),
        samples=(data.train_inputs, data.train_labels),
        class_names=data.class_names,
        metadata={"recipe": "digits-grokking", "seed": seed, "steps": steps},
        dtype=dtype,
    ) as recorder:
        fit(
            model,
            optimizer,
            data,
            recorder,
            steps=steps,
            batch=100,
            generator=generator,
            progress=progress,
        )
    return Run(out)
