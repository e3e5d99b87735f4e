"""Region migration seen whole: a small network learns a 3 x 3 checkerboard.

At step 0 the neuron boundaries are a tangle of random lines. All training points are right after
at most 200 steps. Up to about step 3,000 more lines gather around the points; in the steps after
it they leave the tiles, and those that stay alive bundle on the decision boundary. Part of the
emptiness of the tiles is neurons dying: by the end, about half of the first two layers.
"""

from __future__ import annotations

import os
from typing import Any

from splineviz.training.classifier import record_classifier
from splineviz.training.data import checkerboard
from splineviz.training.runs import Run

STEPS = 30_000


def train(out: str | os.PathLike[str], *, seed: int, **options: Any) -> Run:
    """Train and record; see :func:`splineviz.training.recipes.train`."""
    return record_classifier(
        out,
        "checkerboard",
        checkerboard(train=150, tiles=3, seed=seed),
        widths=(2, 64, 64, 64, 2),
        scale=1.5,
        learning_rate=5e-3,
        weight_decay=0.1,
        seed=seed,
        **options,
    )
