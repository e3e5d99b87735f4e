"""How long an attack goes on."""

from __future__ import annotations

from typing import TypedDict


class Budget(TypedDict):
    """Arguments of `pgd_accuracy` and its like: ``pgd_accuracy(model, x, y, **budget)``."""

    steps: int
    alpha: float
    restarts: int


PAPER: Budget = {"steps": 10, "alpha": 4 / 255, "restarts": 1}
"""PGD's budget in arXiv 2402.15555.

Its path of 10 steps of 4/255 is 40/255 long, shorter than the radius 50/255 of the paper's ball,
so that it does not come from the center to a face.
"""

PAPER_EPS = 50 / 255

STEPS = 20
RESTARTS = 3
RELATIVE_ALPHA = 2.5
"""The path from each start is this many radii long, enough to cross the ball."""

APGD_STEPS = 50
APGD_RESTARTS = 2

BOUND_STEPS = 50
BOUND_RESTARTS = 5
