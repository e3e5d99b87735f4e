"""Experiments by name: one file each, listed in the table below.

To add an experiment, put a file here with a function ``train(out, *, seed, steps, progress,
dtype)`` that records a training and returns its :class:`~splineviz.training.runs.Run`, with a
function ``data(seed)`` for what it learns, and with the number of its ``STEPS``; then give it a row
in :data:`RECIPES`. The tests read the table and check the new row.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from splineviz.validation.names import row_of
from splineviz.validation.numbers import as_int, as_seed

if TYPE_CHECKING:
    from splineviz.training.data import Dataset
    from splineviz.training.runs import Run


@dataclass(frozen=True)
class Recipe:
    """An experiment: the file in this folder that runs it, and what it shows.

    Attributes
    ----------
    module : str
        The name of the file, without its ending.
    summary : str
        One line for a list of recipes.
    """

    module: str
    summary: str


RECIPES: dict[str, Recipe] = {
    "checkerboard": Recipe(
        "checkerboard", "neuron boundaries gather at the decision boundary, and neurons die"
    ),
    "digits-grokking": Recipe(
        "digits_grokking", "delayed generalization: digits are learned long after they are fitted"
    ),
    "digits-robust-small": Recipe(
        "digits_robust_small", "delayed robustness: it comes long after the digits are fitted"
    ),
    "two-moons": Recipe(
        "two_moons", "a training in seconds; regions get fewer and wider, but do not migrate"
    ),
}


def names() -> list[str]:
    """The names of the recipes, in alphabetical order."""
    return sorted(RECIPES)


def train(
    name: str,
    out: str | os.PathLike[str],
    *,
    seed: int = 0,
    steps: int | None = None,
    progress: bool | Callable[[int, int], object] | None = True,
    dtype: str = "float32",
) -> Run:
    """Run an experiment and record it.

    Training is on one CPU thread, in float32, and touches no global state; ``torch.no_grad``, a
    default dtype and the like do not reach it. The same seed gives the same run on
    the same machine, and other machines may diverge late.

    Parameters
    ----------
    name : str
        One of `names`.
    out : str or path-like
        The folder to record in; it must not hold a run.
    seed : int
        Decides the data, the initial weights and the order of the points.
    steps : int, optional
        How long to train. Default: as long as the recipe needs.
    progress : bool, callable or None
        True for a progress bar; a function is called as ``progress(step, steps)`` about 200 times.
    dtype : {"float32", "float16", "float64"}
        The type the weights are stored in.

    Returns
    -------
    Run
        With metrics ``train_accuracy``, ``test_accuracy`` and ``train_loss``, and the training
        points as its samples. If the training is interrupted, ``Run(out)`` opens what there is;
        if that is before the first update, nothing is left behind.

    Raises
    ------
    UnknownName
        If there is no such recipe; the message lists those there are.
    RecordingError
        If `out` already holds a run, `steps` is not a whole number of at least 1, or `seed` is not
        one from 0 to 2**63 - 1.
    """
    recipe = _module(name)
    seed = as_seed(seed)
    from splineviz.training.fit import plain_training

    with plain_training():
        run: Run = recipe.train(
            out,
            seed=seed,
            steps=recipe.STEPS if steps is None else as_int(steps, "steps", 1),
            progress=progress,
            dtype=dtype,
        )
    return run


def data(name: str, seed: int = 0) -> Dataset:
    """Make the training and test points of an experiment.

    A run keeps its training points; the test points are here.

    Parameters
    ----------
    name : str
        One of `names`.
    seed : int
        That of the training: ``run.metadata["seed"]``.

    Returns
    -------
    Dataset

    Raises
    ------
    UnknownName
        If there is no such recipe; the message lists those there are.
    RecordingError
        If `seed` is not a whole number from 0 to 2**63 - 1.
    """
    made: Dataset = _module(name).data(as_seed(seed))
    return made


def _module(name: str) -> Any:
    """The file of a recipe."""
    return import_module(f"{__name__}.{row_of(RECIPES, 'recipe', name).module}")
