"""Neuron boundaries gather at the decision boundary: a small network learns a 3 x 3 checkerboard.

At step 0 the boundaries of the neurons are a tangle of random lines. All training points are right
after at most 200 steps. From about step 100 on lines gather at the decision boundary, for most of
the training; until about step 4,000 they also get a little denser everywhere. Then there are fewer,
at the training points as at any others, for the most part because neurons die: by the end, about
half of the first layer and two thirds of the second are off at all training points. Seen with
three seeds, of which one loses few lines.
"""

from __future__ import annotations

import os
from typing import Any

from splineviz.training.classifier import record_classifier
from splineviz.training.data import Dataset, checkerboard
from splineviz.training.runs import Run

STEPS = 30_000


def data(seed: int) -> Dataset:
    """Make the data; see :func:`splineviz.training.recipes.data`."""
    return checkerboard(train=150, tiles=3, seed=seed)


def train(out: str | os.PathLike[str], *, seed: int, **options: Any) -> Run:
    """Train and record; see :func:`splineviz.training.recipes.train`."""
    return record_classifier(
        out,
        "checkerboard",
        data(seed),
        widths=(2, 64, 64, 64, 2),
        scale=1.5,
        learning_rate=5e-3,
        weight_decay=0.1,
        seed=seed,
        **options,
    )
