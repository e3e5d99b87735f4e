"""Train anew the runs that come with splineviz, and replace them.

    python tools/bundle_runs.py                      # all of them, around 7 minutes
    python tools/bundle_runs.py digits-grokking      # those that are named
    python tools/bundle_runs.py --out bundled        # into another folder, to compare before

``BUNDLED`` says what each run is: a recipe with its overrides and a seed, which of its checkpoints
are kept, and what is measured at them. Weights are stored as float16, which halves the files. What
a training logs (``metrics.csv``) is of its own weights, in float32; what is measured afterwards is
of the weights as they are stored, which are those that are replayed.

Another machine may give other weights late in training, so run the tests before committing the
result: documents and notebooks state numbers of these runs. It needs splineviz to be installed.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

import splineviz as sv
from splineviz.files import write_atomically
from splineviz.training import recipes
from splineviz.training.files.manifest import MANIFEST, METRICS, PROBES, Manifest
from splineviz.training.files.metrics import MetricsLog

DATA = Path(__file__).resolve().parents[1] / "splineviz" / "data"
MOST_BYTES = 6_000_000
"""How large all bundled runs may be together."""
DTYPE = "float16"


def no_more(run: sv.Run) -> None:
    """Measure nothing: there is what the training has logged."""


def as_recipes_do(run: sv.Run) -> None:
    """Measure robustness and local complexity as `recipes.measure` does."""
    recipes.measure(run, progress=False)


def at_all_digits(run: sv.Run) -> None:
    """Measure with a long attack on all test digits, and count the neurons that no digit turns on.

    - ``test_pgd_eps0.05_accuracy``, ``test_pgd_eps0.1_accuracy``: accuracy on all test digits under
      PGD, 100 steps of 4/255 and 3 restarts, pixels kept in [0, 1];
    - ``lc_training_K``, ``lc_test_K``, ``lc_boundary_K``: mean local complexity of hidden layer K,
      counted from 0, around 200 training digits, 200 test digits and 200 points on the decision
      boundary between training digits (``run.probes()``); radius 0.05, 25 directions;
    - ``dead_K``: the share of neurons of hidden layer K that are active for no digit, training or
      test.
    """
    data, around = recipes.data(run.metadata["recipe"], run.metadata["seed"]), run.probes()
    everything = np.concatenate([data.train_inputs, data.test_inputs])
    log = MetricsLog(run.path / PROBES)
    for step in run.steps.tolist():
        program, row = run.program(step), {}
        accuracies = sv.pgd_accuracy(
            run.model(step),
            data.test_inputs,
            data.test_labels,
            eps=(0.05, 0.1),
            steps=100,
            alpha=4 / 255,
            restarts=3,
            bounds=(0, 1),
            seed=0,
        )
        for eps, accuracy in zip((0.05, 0.1), accuracies, strict=True):
            row[f"test_pgd_eps{eps}_accuracy"] = float(accuracy)
        for name in ("training", "test", "boundary"):
            points = around[name](program) if callable(around[name]) else around[name]
            found = sv.local_complexity(program, points, radius=0.05, directions=25)
            for layer, mean in enumerate(found.counts.mean(axis=0)):
                row[f"lc_{name}_{layer}"] = float(mean)
        for layer, z in enumerate(program.pre_activations(everything)):
            row[f"dead_{layer}"] = float(1 - (z > 0).any(axis=0).mean())
        log.append(step, row)
    log.close()


@dataclass(frozen=True)
class Bundled:
    """A run that comes with the package.

    Attributes
    ----------
    recipe : str
    overrides : mapping of str
        Other values for its settings.
    seed : int
    before, every : int
        Of the checkpoints before the step `before`, each `every`-th is kept, from step 0 on; of
        those from there on, all.
    measured : callable
        Of the thinned run: measures its checkpoints, into its file of probes.
    """

    recipe: str
    overrides: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    before: int = 0
    every: int = 1
    measured: Callable[[sv.Run], None] = as_recipes_do


BUNDLED: dict[str, Bundled] = {
    "checkerboard": Bundled("checkerboard", measured=no_more),
    "digits-robust-small": Bundled(
        "digits-robust-small", before=700, every=2, measured=at_all_digits
    ),
    "digits-grokking": Bundled("digits-grokking", before=1800, every=12),
    "digits-batch-norm": Bundled("digits-batch-norm", before=20_000, every=7),
    "digits-no-batch-norm": Bundled(
        "digits-batch-norm", {"batch_norm": False}, before=20_000, every=7
    ),
}
"""The bundled runs by name."""


def main() -> None:
    """Make all runs in a temporary folder first, so that a failure leaves the old ones in place."""
    parser = argparse.ArgumentParser(description="Train anew the runs that come with splineviz.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BUNDLED))
    parser.add_argument(
        "--out", type=Path, default=DATA, metavar="DIR", help="default: %(default)s"
    )
    options = parser.parse_args()
    for name in options.names:
        if name not in BUNDLED:
            parser.error(f"no bundled run is called {name!r}; there are: {', '.join(BUNDLED)}")
    with tempfile.TemporaryDirectory() as folder:
        made = [make(name, Path(folder)) for name in options.names or BUNDLED]
        for run in made:
            print(f"{run}: {size(run.path) / 1e6:.2f} MB")
            place = options.out / run.name
            if place.exists():
                shutil.rmtree(place)
            shutil.copytree(run.path, place, ignore=shutil.ignore_patterns("cache"))
    total = sum(size(options.out / name) for name in BUNDLED if (options.out / name).exists())
    print(f"all bundled runs in {options.out}: {total / 1e6:.2f} of {MOST_BYTES / 1e6:.0f} MB")
    if total > MOST_BYTES:
        raise SystemExit("too large: keep fewer checkpoints")


def make(name: str, folder: Path) -> sv.Run:
    """Train, thin and measure one of the bundled runs, in a folder of its own in `folder`."""
    row = BUNDLED[name]
    full = recipes.train(
        row.recipe,
        folder / "full" / name,
        seed=row.seed,
        dtype=DTYPE,
        measure=False,
        progress=False,
        **row.overrides,
    )
    run = thin(full, folder / name, kept_steps(full.steps.tolist(), row))
    row.measured(run)
    return run


def kept_steps(steps: list[int], row: Bundled) -> list[int]:
    """The steps of the checkpoints that a row keeps."""
    early = [step for step in steps if step < row.before]
    return [*early[:: row.every], *steps[len(early) :]]


def thin(full: sv.Run, out: Path, steps: list[int]) -> sv.Run:
    """Copy a run with some of its checkpoints alone; metrics of all steps stay."""
    path = full.path / MANIFEST
    manifest = Manifest.from_bytes(path.read_bytes(), path)
    kept = tuple(one for one in manifest.checkpoints if one.step in steps)
    assert manifest.samples is not None
    for file in (METRICS, manifest.samples.file, *(one.file for one in kept)):
        (out / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(full.path / file, out / file)
    write_atomically(out / MANIFEST, replace(manifest, checkpoints=kept).to_bytes(), inside=out)
    return sv.Run(out)


def size(folder: Path) -> int:
    """Bytes of all files in a folder, but for what a run keeps of its local complexity."""
    files = [path for path in folder.rglob("*") if path.is_file() and "cache" not in path.parts]
    return sum(path.stat().st_size for path in files)


if __name__ == "__main__":
    main()
