"""A run without files or torch: a dense network that turns from one set of weights to another.

It has the surface of splineviz.training.runs.Run that RegionPlayer reads. The browser tests copy
this file beside their notebook.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from splineviz.network.program import Program
from splineviz.network.step import Step


def dense_program(widths, weights):
    """A ReLU network of linear layers; `weights` are (weight, bias) pairs."""
    steps, shapes, state = [], [(widths[0],)], {}
    for layer, (weight, bias) in enumerate(weights):
        state |= {f"{layer}.weight": weight, f"{layer}.bias": bias}
        params = {"weight": f"{layer}.weight", "bias": f"{layer}.bias"}
        steps.append(Step("linear", (len(steps),), f"linear{layer}", params, {}))
        shapes.append((widths[layer + 1],))
        if layer + 1 < len(weights):
            steps.append(Step("relu", (len(steps),), f"relu{layer}", {}, {}))
            shapes.append((widths[layer + 1],))
    return Program(tuple(steps), tuple(shapes), state, len(steps))


class StandInRun:
    status = "finished"

    def __init__(
        self, steps=(0, 1, 10, 100, 1000), widths=(2, 12, 12, 2), class_names=None, seed=0
    ):
        rng = np.random.default_rng(seed)
        self.steps = np.asarray(steps, dtype=np.int64)
        self.class_names = class_names
        self._widths = widths
        self._ends = [self._weights(rng, 1.0), self._weights(rng, 2.0)]
        inputs = rng.uniform(-1, 1, (60, widths[0]))
        self.samples = (inputs, (inputs[:, 0] > 0).astype(np.int64))
        log = np.unique(np.concatenate([self.steps, np.geomspace(1, 1000, 20).astype(int)]))
        rise = np.log1p(log) / np.log1p(1000)
        self.metrics = pd.DataFrame(
            {"loss": 1 - rise, "train_accuracy": 0.5 + rise / 2, "test_accuracy": 0.5 + rise / 3},
            index=pd.Index(log, name="step"),
        )

    def _weights(self, rng, scale):
        pairs = zip(self._widths[:-1], self._widths[1:], strict=True)
        return [
            (scale * rng.normal(size=(b, a)) / np.sqrt(a), scale * rng.normal(size=b) / 2)
            for a, b in pairs
        ]

    def program(self, step):
        t = list(self.steps).index(step) / max(1, len(self.steps) - 1)
        mixed = [
            tuple((1 - t) * first + t * last for first, last in zip(*pair, strict=True))
            for pair in zip(*self._ends, strict=True)
        ]
        return dense_program(self._widths, mixed)
