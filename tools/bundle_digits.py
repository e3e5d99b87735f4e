"""Train digits-robust-small anew and replace the run that comes with splineviz.

    python tools/bundle_digits.py

Takes some five minutes. The weights are kept as float16, and before step 700 those of every other
checkpoint alone, which keeps the run below 3 MB. At each of them more is measured than the recipe
logs, on the weights as they are stored:

- ``test_pgd_eps0.05_accuracy``, ``test_pgd_eps0.1_accuracy``: accuracy on all test digits under
  PGD, 100 steps of 4/255 and 3 restarts, pixels kept in [0, 1];
- ``lc_training_K``, ``lc_test_K``, ``lc_boundary_K``: mean local complexity of hidden layer K,
  counted from 0, around 200 training digits, 200 test digits and 200 points on the decision
  boundary between training digits (``run.probes()``); radius 0.05, 25 directions;
- ``dead_K``: the share of neurons of hidden layer K that are active for no digit, training or test.

Another machine may give other weights late in training, so run the tests before committing the
result. It needs splineviz to be installed.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

import splineviz as sv
from splineviz.training import recipes

BUNDLE = Path(__file__).resolve().parents[1] / "splineviz" / "data" / "digits-robust-small"
SEED = 0
EPS = (0.05, 0.1)


def main() -> None:
    """Record into a temporary folder first, so that a failure leaves the old run in place."""
    with tempfile.TemporaryDirectory() as folder:
        full = recipes.train("digits-robust-small", Path(folder) / "full", seed=SEED, measure=False)
        thinned = Path(folder) / "thinned"
        thin(full, thinned)
        print(sv.Run(thinned))
        if BUNDLE.exists():
            shutil.rmtree(BUNDLE)
        shutil.copytree(thinned, BUNDLE)
    size = sum(file.stat().st_size for file in BUNDLE.rglob("*") if file.is_file())
    print(f"{BUNDLE}: {size / 1e6:.2f} MB")


def thin(full: sv.Run, out: Path) -> None:
    """Record some checkpoints of a run once more, with what is measured at them."""
    steps = [int(step) for step in full.steps]
    early = [step for step in steps if step < 700]
    kept = {0, *early[::2], *steps[len(early) :]}
    model, around = full.model(0).float(), full.probes()
    with sv.Recorder(
        out,
        model,
        schedule=sorted(kept),
        samples=full.samples,
        class_names=full.class_names,
        metadata=full.metadata,
        dtype="float16",
    ) as recorder:
        for step, row in full.metrics.iterrows():
            extra = {}
            if step in kept:
                model.load_state_dict(full.model(int(step)).state_dict())
                for weights in model.parameters():
                    weights.data = weights.data.half().float()
                extra = measured(model, around)
                print(step, {name: round(value, 3) for name, value in extra.items()})
            recorder.step(int(step), **row.to_dict(), **extra)


def measured(model: torch.nn.Module, around: Mapping[str, Any]) -> dict[str, float]:
    """What the recipe does not log, by name of the column."""
    data = recipes.data("digits-robust-small", SEED)
    attacked = sv.pgd_accuracy(
        model,
        data.test_inputs,
        data.test_labels,
        eps=EPS,
        steps=100,
        alpha=4 / 255,
        restarts=3,
        bounds=(0, 1),
        seed=SEED,
    )
    found = {f"test_pgd_eps{eps}_accuracy": float(a) for eps, a in zip(EPS, attacked, strict=True)}
    for name in ("training", "test", "boundary"):
        points = around[name](model) if callable(around[name]) else around[name]
        mean = sv.local_complexity(model, points, radius=0.05, directions=25).counts.mean(axis=0)
        found |= {f"lc_{name}_{layer}": float(value) for layer, value in enumerate(mean)}
    everything = np.concatenate([data.train_inputs, data.test_inputs])
    values = sv.trace(model, everything.shape[1:]).pre_activations(everything)
    for layer, z in enumerate(values):
        found[f"dead_{layer}"] = float(1 - (z > 0).any(axis=0).mean())
    return found


if __name__ == "__main__":
    main()
