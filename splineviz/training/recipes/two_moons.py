"""Two moons in a few seconds: the recipe to train live and watch.

The training points are right within 100 steps. Around step 3,000 the regions are densest at the
points; by step 20,000 there are fewer and wider ones, and many of the lines that remain run along
the decision boundary. Part of this is neurons dying: by the end, half of the last two layers.
"""

from __future__ import annotations

import os
from typing import Any

from splineviz.training.classifier import record_classifier
from splineviz.training.data import two_moons
from splineviz.training.runs import Run

STEPS = 20_000


def train(out: str | os.PathLike[str], *, seed: int, **options: Any) -> Run:
    """Train and record; see :func:`splineviz.training.recipes.train`."""
    return record_classifier(
        out,
        "two-moons",
        two_moons(train=100, noise=0.1, seed=seed),
        widths=(2, 64, 64, 64, 2),
        scale=2.0,
        learning_rate=5e-3,
        weight_decay=0.1,
        seed=seed,
        **options,
    )
