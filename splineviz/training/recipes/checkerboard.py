"""Region migration seen whole: a small network learns a 3 x 3 checkerboard.

At step 0 the neuron boundaries are a tangle of random lines. All training points are right after
at most 200 steps. Up to about step 3,000 more lines gather around the points; in the steps after
it they leave the tiles, and those that stay alive bundle on the decision boundary. Part of the
emptiness of the tiles is neurons dying: by the end, about half of the first two layers.
"""

from __future__ import annotations

import os

import torch

from splineviz.training.data import checkerboard
from splineviz.training.fit import Progress, fit
from splineviz.training.mlp import scaled_mlp
from splineviz.training.recorder import Recorder
from splineviz.training.runs import Run
from splineviz.training.schedule import log_schedule

STEPS = 30_000
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
    data = checkerboard(train=150, tiles=3, seed=seed)
    model = scaled_mlp((2, 64, 64, 64, 2), scale=1.5, generator=generator)
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3, weight_decay=0.1, fused=True)
    with Recorder(
        out,
        model,
        schedule=log_schedule(steps, CHECKPOINTS),
        samples=(data.train_inputs, data.train_labels),
        class_names=data.class_names,
        metadata={"recipe": "checkerboard", "seed": seed, "steps": steps},
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
