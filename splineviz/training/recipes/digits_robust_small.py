"""Delayed robustness on handwritten digits, in about a minute.

Initial weights three times the usual size; 200 digits are fitted after around 80 steps. Accuracy on
other digits under an attack comes much later, within 20,000 steps. Local complexity around the
training points rises long after they are fitted, up to step 4,500 to 7,400, and falls then. Seen
with three seeds.
"""

from __future__ import annotations

import os
from typing import Any

from splineviz.training.classifier import record_classifier
from splineviz.training.data import Dataset, digits
from splineviz.training.runs import Run

STEPS = 20_000


def data(seed: int) -> Dataset:
    """Make the data; see :func:`splineviz.training.recipes.data`."""
    return digits(train=200, seed=seed)


def train(out: str | os.PathLike[str], *, seed: int, **options: Any) -> Run:
    """Train and record; see :func:`splineviz.training.recipes.train`."""
    return record_classifier(
        out,
        "digits-robust-small",
        data(seed),
        widths=(64, 100, 100, 100, 10),
        scale=3.0,
        learning_rate=3e-3,
        weight_decay=0.05,
        seed=seed,
        **options,
    )
