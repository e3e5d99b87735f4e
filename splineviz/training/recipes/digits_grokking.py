"""Delayed generalization on handwritten digits, in half a minute to a minute.

Initial weights six times the usual size let the network fit 200 digits by step 1,300 with a test
accuracy near a third. Weight decay then takes it to 0.9 by step 5,500; accuracy on adversarial
examples rises with it and goes on rising until about step 20,000. Part of the late fall in the
number of regions is neurons dying: by the end, 0.50 of the first layer and 0.45 of the third.
"""

from __future__ import annotations

import os
from typing import Any

from splineviz.training.classifier import record_classifier
from splineviz.training.data import digits
from splineviz.training.runs import Run

STEPS = 40_000


def train(out: str | os.PathLike[str], *, seed: int, **options: Any) -> Run:
    """Train and record; see :func:`splineviz.training.recipes.train`."""
    return record_classifier(
        out,
        "digits-grokking",
        digits(train=200, seed=seed),
        widths=(64, 100, 100, 100, 10),
        scale=6.0,
        learning_rate=3e-3,
        weight_decay=0.05,
        seed=seed,
        **options,
    )
