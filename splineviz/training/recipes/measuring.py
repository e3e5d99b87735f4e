"""Measuring a recorded run at its checkpoints: robustness, and local complexity at its probes."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from splineviz.complexity.local_complexity import local_complexity
from splineviz.errors import EmptyBoundary, InvalidArgument, RecordingError, RunBusy, ZeroGradients
from splineviz.progress import Progress, reporting
from splineviz.training.attacks.robustness import pgd_accuracy
from splineviz.training.data import BoundaryProbe
from splineviz.training.files.lock import FolderLock
from splineviz.training.files.manifest import PROBES
from splineviz.training.files.metrics import MetricsLog, read_metrics
from splineviz.training.fit import one_thread, plain_training
from splineviz.training.recipes import recipe_of
from splineviz.training.recipes.data_sets import make_data
from splineviz.training.recipes.recipe import Recipe
from splineviz.typing import AnyFloatArray, FloatArray
from splineviz.validation.numbers import random_generator

if TYPE_CHECKING:
    import pandas as pd
    import torch

    from splineviz.training.runs import Run

#: How many points of each kind local complexity is measured around.
POINTS = 200
#: How many test points are attacked.
ATTACKED = 256
#: PGD with the budget of arXiv 2402.15555 in proportion to eps: 10 steps of 4/255 for 50/255, which
#: cannot cross the ball.
SHORT_STEPS, SHORT_ALPHA = 10, 0.08


@dataclass(frozen=True, eq=False)
class Measurement:
    """What is measured of each network of a run.

    Attributes
    ----------
    recipe : Recipe
    probes : mapping of str to array (n, *input_shape) or BoundaryProbe
        Where local complexity is measured.
    training : array (n, *input_shape)
        All training points: a neuron that switches among them is live.
    attacked : pair of arrays, or None
        Test points and their classes.
    """

    recipe: Recipe
    probes: Mapping[str, AnyFloatArray | BoundaryProbe]
    training: AnyFloatArray
    attacked: tuple[AnyFloatArray, npt.NDArray[Any]] | None

    @classmethod
    def of(cls, run: Run) -> Measurement:
        """Find the points of a run that a recipe made.

        Raises
        ------
        InvalidArgument
            If no recipe that there is made it, or it was trained on other points than that has.
        """
        recipe, seed = recipe_of(run)
        data = make_data(recipe.data_set, recipe.data_options, seed)
        samples = run.samples
        if samples is None or not (
            np.array_equal(samples[0], data.train_inputs)
            and np.array_equal(samples[1], data.train_labels)
        ):
            raise InvalidArgument(
                f"the run in {run.path} was not trained on the points of the recipe "
                f"{recipe.name!r}, though its metadata name it: it cannot be measured as a run of "
                "that recipe"
            )
        attacked = None
        if data.class_names and recipe.eps:
            order = random_generator(0).permutation(len(data.test_inputs))
            chosen = np.sort(order[:ATTACKED])
            attacked = data.test_inputs[chosen], data.test_labels[chosen]
        return cls(recipe, run.probes(POINTS), data.train_inputs, attacked)

    def at(self, run: Run, step: int) -> dict[str, float]:
        """Measure the network at a checkpoint.

        Returns
        -------
        dict of str to float
            By the names that :func:`splineviz.training.recipes.measure` lists.
        """
        with plain_training(), one_thread(), threadpool_limits(1, "blas"):
            return {**self._robustness(run, step), **self._complexity(run, step)}

    def _robustness(self, run: Run, step: int) -> dict[str, float]:
        if self.attacked is None:
            return {}
        model, radii = run.model(step), self.recipe.eps
        honest = self._under_attack(model, radii, {})
        short = [
            self._under_attack(
                model,
                (eps,),
                {"steps": SHORT_STEPS, "alpha": SHORT_ALPHA * eps, "restarts": 1},
            )
            for eps in radii
        ]
        row = {}
        for name, attacks in (("pgd", [honest]), ("pgd10", short)):
            accuracies = np.concatenate([accuracy for accuracy, _ in attacks])
            for eps, accuracy in zip(radii, accuracies, strict=True):
                row[f"test_{name}_eps{eps:g}_accuracy"] = float(accuracy)
            row[f"test_{name}_blind"] = max(blind for _, blind in attacks)
        return row

    def _under_attack(
        self, model: torch.nn.Module, eps: tuple[float, ...], options: Mapping[str, Any]
    ) -> tuple[FloatArray, float]:
        """Accuracies, and the share of samples that may count as right for want of a gradient."""
        assert self.attacked is not None
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            accuracies = pgd_accuracy(
                model, *self.attacked, eps=eps, bounds=self.recipe.bounds, **options
            )
        blind = 0.0
        for warning in caught:
            if isinstance(warning.message, ZeroGradients):
                blind = max(blind, float(warning.message.samples.mean()))
            else:
                warnings.warn(warning.message, stacklevel=2)
        return np.asarray(accuracies), blind

    def _complexity(self, run: Run, step: int) -> dict[str, float]:
        program, row = run.program(step), {}
        for probe_name, probe in self.probes.items():
            try:
                points = probe(program) if callable(probe) else probe
            except EmptyBoundary:
                # One class is predicted everywhere; there the cells of the table stay empty.
                continue
            for name, live_at in (
                (f"lc_{probe_name}", None),
                (f"lc_{probe_name}_live", self.training),
            ):
                counts = local_complexity(
                    program,
                    points,
                    radius=self.recipe.radius,
                    directions=self.recipe.directions,
                    live_at=live_at,
                ).counts
                row[name] = float(counts.sum(axis=1).mean())
                for layer, mean in enumerate(counts.mean(axis=0)):
                    row[f"{name}_{layer}"] = float(mean)
        return row


def measured(run: Run, progress: Progress | bool | None = True) -> pd.DataFrame:
    """Measure the checkpoints that were not yet; see :func:`splineviz.training.recipes.measure`."""
    measurement = Measurement.of(run)
    path = run.path / PROBES
    known = read_metrics(path)
    if set(run.steps.tolist()) <= set(known.index):
        # Nothing is written, so others may record, measure or read the run meanwhile.
        return known.loc[known.index.isin(run.steps)].sort_index()
    with _locked(run):
        log = MetricsLog(path)
        done = set(log.steps())
        missing = [step for step in run.steps.tolist() if step not in done]
        try:
            with reporting(progress if missing else None, len(missing), "checkpoint") as report:
                for number, step in enumerate(missing, 1):
                    log.append(step, measurement.at(run, step))
                    report(number)
            log.sync()
        except OSError as error:
            raise RecordingError(
                f"what is measured of the run {run.name!r} cannot be kept in {path}: {error}"
            ) from error
        finally:
            log.close()
    table = read_metrics(path)
    return table.loc[table.index.isin(run.steps)].sort_index()


@contextmanager
def _locked(run: Run) -> Iterator[None]:
    """Keep others from recording or measuring a run."""
    try:
        lock = FolderLock(run.path)
    except BlockingIOError as error:
        raise RunBusy(
            f"the run in {run.path} is being recorded or measured at this moment, here or in "
            "another process: measure it when that has ended"
        ) from error
    try:
        yield
    finally:
        lock.release()
