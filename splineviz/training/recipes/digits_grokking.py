"""Delayed generalization on handwritten digits, in half a minute to a minute.

Initial weights six times the usual size let the network fit 200 digits by step 1,300 with a test
accuracy near a third. Weight decay then takes it to 0.9 around step 5,000; accuracy on adversarial
examples rises with it and goes on rising until about step 20,000.

While the test accuracy rises, local complexity at the training points rises too, until about step
11,000, and falls only then. Most of this fall comes before neurons die: these do late, and by the
end about half of the first layer and of the third are off at all training points. Seen with two
seeds, at radius 0.05.
"""

from __future__ import annotations

import os
from typing import Any

from splineviz.training.classifier import record_classifier
from splineviz.training.data import Dataset, digits
from splineviz.training.runs import Run

STEPS = 40_000


def data(seed: int) -> Dataset:
    """Make the data; see :func:`splineviz.training.recipes.data`."""
    return digits(train=200, seed=seed)


def train(out: str | os.PathLike[str], *, seed: int, **options: Any) -> Run:
    """Train and record; see :func:`splineviz.training.recipes.train`."""
    return record_classifier(
        out,
        "digits-grokking",
        data(seed),
        widths=(64, 100, 100, 100, 10),
        scale=6.0,
        learning_rate=3e-3,
        weight_decay=0.05,
        seed=seed,
        **options,
    )
