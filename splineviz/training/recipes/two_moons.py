"""Two moons in a few seconds: the recipe to train live and watch.

The training points are right within 100 steps. Around step 3,000 the regions are densest at the
points; by step 20,000 there are fewer and wider ones, and many of the lines that remain run along
the decision boundary. Part of this is neurons dying: by the end, half of the last two layers.
"""

from __future__ import annotations

import os

import torch

from splineviz.training.data import two_moons
from splineviz.training.fit import Progress, fit
from splineviz.training.mlp import scaled_mlp
from splineviz.training.recorder import Recorder
from splineviz.training.runs import Run
from splineviz.training.schedule import log_schedule

STEPS = 20_000
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
    data = two_moons(train=100, noise=0.1, seed=seed)
    model = scaled_mlp((2, 64, 64, 64, 2), scale=2.0, generator=generator)
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3, weight_decay=0.1, fused=True)
    with Recorder(
        out,
        model,
        schedule=log_schedule(steps, CHECKPOINTS),
        samples=(data.train_inputs, data.train_labels),
        class_names=data.class_names,
        metadata={"recipe": "two-moons", "seed": seed, "steps": steps},
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
