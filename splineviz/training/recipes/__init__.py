"""Experiments by name: training them, one or many, and measuring what was recorded.

A recipe is data: to add an experiment, add a row in ``table.py``. It names a row of ``DATA_SETS``
and one of ``ARCHITECTURES``; the tests read the table and check the new row.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from splineviz.errors import InvalidArgument
from splineviz.training.recipes.recipe import Change, Recipe
from splineviz.training.recipes.table import RECIPES
from splineviz.validation.names import as_path, row_of
from splineviz.validation.numbers import as_seed, check_flags

if TYPE_CHECKING:
    from splineviz.training.data import Dataset
    from splineviz.training.runs import Run

__all__ = ["RECIPES", "Change", "Recipe", "data", "names", "recipe_of", "train"]


def names() -> list[str]:
    """The names of the recipes, in alphabetical order."""
    return sorted(RECIPES)


def train(
    name: str,
    out: str | os.PathLike[str],
    *,
    seed: int = 0,
    steps: int | None = None,
    resume: bool = False,
    progress: bool | Callable[[int, int], object] | None = True,
    dtype: str = "float32",
    **overrides: Any,
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
        The folder to record in; it must not hold a run, unless `resume` is True.
    seed : int
        Decides the data, the initial weights and the order of the points.
    steps : int, optional
        How long to train. Default: as long as the recipe needs.
    resume : bool
        Whether to go on with a training that was interrupted or killed, from its last checkpoint
        on; the result is the same, bit for bit, as if it had not been. A run that is finished is
        returned as it is. If `out` holds no run, one is begun.
    progress : bool, callable or None
        True for a progress bar; a function is called as ``progress(step, steps)`` about 200 times.
    dtype : {"float32", "float16", "float64"}
        The type the weights are stored in.
    **overrides
        Other values for the settings of the recipe, such as ``width=200`` or ``weight_decay=0``:
        ``RECIPES[name].settings`` has all of them, with the values they have otherwise. The run's
        metadata keep them.

    Returns
    -------
    Run
        With the metrics of :func:`~splineviz.training.fit.fit`, and the training points as its
        samples. If the training is interrupted, ``Run(out)`` opens what there is;
        if that is before the first update, nothing is left behind.

    Raises
    ------
    UnknownName
        If there is no such recipe, or it has no such setting; the message lists those there are.
    InvalidArgument
        If `steps` is not a whole number of at least 1, `seed` is not one from 0 to 2**63 - 1, or a
        setting has a value without meaning.
    RecordingError
        If `out` already holds a run, and it is not resumed, or it is another one.

    Examples
    --------
    ::

        run = recipes.train("digits-robust-small", "runs/wide", width=200, weight_decay=0)
    """
    recipe = row_of(RECIPES, "recipe", name).with_overrides(
        overrides if steps is None else {**overrides, "steps": steps}
    )
    seed, folder = as_seed(seed), as_path(out, "path").absolute()
    check_flags(resume=resume)
    metadata: dict[str, Any] = {"recipe": name, "seed": seed, "steps": recipe.steps}
    if overrides:
        changed = recipe.settings
        metadata["overrides"] = {key: changed[key] for key in sorted(overrides)}
    from splineviz.training.recipes.training import record

    return record(
        recipe,
        folder,
        seed=seed,
        metadata=metadata,
        resume=resume,
        progress=progress,
        dtype=dtype,
    )


def data(name: str, seed: int = 0, **overrides: Any) -> Dataset:
    """Make the training and test points of an experiment.

    A run keeps its training points; the test points are here.

    Parameters
    ----------
    name : str
        One of `names`.
    seed : int
        That of the training: ``run.metadata["seed"]``.
    **overrides
        As for `train`: those that are of the data decide them.

    Returns
    -------
    Dataset

    Raises
    ------
    UnknownName, InvalidArgument
        As `train` does.
    """
    from splineviz.training.recipes.data_sets import make_data

    recipe = row_of(RECIPES, "recipe", name).with_overrides(overrides)
    return make_data(recipe.data_set, recipe.data_options, as_seed(seed))


def recipe_of(run: Run) -> tuple[Recipe, int]:
    """The recipe that a run was trained by, with its overrides, and the seed.

    Parameters
    ----------
    run : Run

    Raises
    ------
    InvalidArgument
        If its metadata do not say so, or name no recipe that there is.
    """
    metadata = run.metadata
    name, overrides = metadata.get("recipe"), metadata.get("overrides", {})
    if not isinstance(name, str) or name not in RECIPES or not isinstance(overrides, Mapping):
        raise InvalidArgument(f"run {run.name!r} was not trained by a recipe: {metadata}")
    settings = dict(overrides)
    if "steps" in metadata:
        settings["steps"] = metadata["steps"]
    return RECIPES[name].with_overrides(settings), as_seed(metadata.get("seed"))
