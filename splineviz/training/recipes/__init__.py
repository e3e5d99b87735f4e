"""Experiments by name: training them, one or many, and measuring what was recorded.

A recipe is data: to add an experiment, add a row in ``table.py``. It names a row of ``DATA_SETS``
and one of ``ARCHITECTURES``; the tests read the table and check the new row.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from splineviz.errors import InvalidArgument
from splineviz.progress import check_progress
from splineviz.training.recipes.recipe import Change, Recipe
from splineviz.training.recipes.table import RECIPES
from splineviz.validation.calls import explained
from splineviz.validation.names import as_path, check_name, row_of
from splineviz.validation.numbers import as_int, as_seed, check_flags
from splineviz.validation.objects import check_run

if TYPE_CHECKING:
    import pandas as pd

    from splineviz.training.data import Dataset
    from splineviz.training.run_set import RunSet
    from splineviz.training.runs import Run

__all__ = ["RECIPES", "Change", "Recipe", "data", "measure", "names", "recipe_of", "sweep", "train"]


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
    measure: bool = True,
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
    measure : bool
        Whether to measure robustness and local complexity at all checkpoints when the training has
        ended, as the function :func:`measure` does. It takes up to half of the time.
    progress : bool, callable or None
        True for a progress bar; a function is called as ``progress(step, steps)`` about 200 times
        while the network is trained.
    dtype : {"float32", "float16", "float64"}
        The type the weights are stored in.
    **overrides
        Other values for the settings of the recipe, such as ``width=200`` or ``weight_decay=0``:
        ``RECIPES[name].settings`` has all of them, with the values they have otherwise. The run's
        metadata keep them.

    Returns
    -------
    Run
        With the metrics of :func:`~splineviz.training.fit.fit` and of :func:`measure`, and the
        training points as its samples. If the training is interrupted, ``Run(out)`` opens what
        there is; if that is before the first update, nothing is left behind.

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
    check_flags(resume=resume, measure=measure)
    metadata: dict[str, Any] = {"recipe": name, "seed": seed, "steps": recipe.steps}
    if overrides:
        changed = recipe.settings
        metadata["overrides"] = {key: changed[key] for key in sorted(overrides)}
    from splineviz.training.recipes.training import record

    run = record(
        recipe,
        folder,
        seed=seed,
        metadata=metadata,
        resume=resume,
        progress=progress,
        dtype=dtype,
    )
    if measure:
        from splineviz.training.recipes.measuring import measured

        measured(run, progress=progress if isinstance(progress, bool) else None)
    return run


@explained()
def sweep(
    name: str,
    out: str | os.PathLike[str],
    *,
    seeds: int | Iterable[int] = 3,
    jobs: int = 1,
    measure: bool = True,
    progress: bool | Callable[[int, int], object] | None = True,
    **settings: Any,
) -> RunSet:
    """Train a recipe with all combinations of some settings, with several seeds each.

    Runs that are done are not trained again, and one that was killed goes on where it was: call it
    again with the same arguments to resume. Two processes may call it at once; each leaves alone
    what the other trains. More values or seeds are added to what is there.

    Parameters
    ----------
    name : str
        One of `names`.
    out : str or path-like
        The folder for the runs and their table.
    seeds : int or iterable of int
        How many seeds, from 0 on, or which.
    jobs : int
        How many runs to train at once, each in a process of its own.
    measure : bool
        As for `train`.
    progress : bool, callable or None
        True for a progress bar; a function is called as ``progress(done, total)`` with numbers of
        runs.
    **settings
        As the overrides of `train`, ``steps`` among them. A list is a factor: each of its values is
        tried. Anything else is the same in all runs. ``widths`` is to be a list of lists.

    Returns
    -------
    RunSet

    Raises
    ------
    UnknownName, InvalidArgument
        As `train` does, before anything is trained.
    RecordingError
        If the folder holds runs of another recipe or with other settings, or a training fails;
        those that are done stay.

    Examples
    --------
    ::

        runs = sv.recipes.sweep("digits-robust-small", "runs/decay", weight_decay=[0, 0.05, 0.2])
        runs.plot("test_pgd_eps0.1_accuracy")
    """
    check_name(RECIPES, "recipe", name)
    check_flags(measure=measure)
    check_progress(progress)
    folder, jobs = as_path(out, "path").absolute(), as_int(jobs, "jobs", 1, 1000)
    from splineviz.training.recipes.sweeping import rows_of, train_rows

    rows = rows_of(name, settings, seeds)
    return train_rows(name, folder, rows, jobs=jobs, measure=measure, progress=progress)


@explained()
def measure(
    run: Run, *, progress: bool | Callable[[int, int], object] | None = True
) -> pd.DataFrame:
    """Measure the networks of a run that a recipe made: robustness and local complexity.

    The file ``probes.csv`` of the run keeps what was measured, a row a checkpoint; ``run.metrics``
    has it beside what was logged. Checkpoints that are there already are not measured again, so
    that a call that was interrupted goes on where it stopped. Delete the file to begin anew.

    Parameters
    ----------
    run : Run
        Recorded by `train`, now or long ago.
    progress : bool, callable or None
        True for a progress bar; a function is called as ``progress(done, total)`` with numbers of
        checkpoints.

    Returns
    -------
    pandas.DataFrame
        float64 columns, indexed by step:

        - ``test_pgd_epsE_accuracy``: accuracy on 256 test points under
          :func:`~splineviz.pgd_accuracy` with its own settings, within E: each eps of the recipe,
          L-infinity, in units of the inputs;
        - ``test_pgd10_epsE_accuracy``: the same with the budget of arXiv 2402.15555, one start and
          10 steps of 0.08 E, which cannot cross the ball and so finds less;
        - ``test_pgd_blind``, ``test_pgd10_blind``: the share of these points that may count as
          right only because the attack had no gradient to follow (the warning ``ZeroGradients``);
          the largest of all E;
        - ``lc_NAME`` and ``lc_NAME_K``: mean local complexity around 200 points of a kind, in all
          and of the layer K, counted from 0, at radius and directions of the recipe. NAME is
          training, test, random or boundary, as in :meth:`Run.probes`; boundary is NaN where one
          class is predicted everywhere;
        - ``lc_NAME_live`` and ``lc_NAME_live_K``: the same of the neurons alone that are live at
          the training points.

    Raises
    ------
    InvalidArgument
        If no recipe that there is made the run.
    RecordingError
        If the run is being recorded or measured at this moment, or the disk refuses.
    RunCorrupt
        If a file of the run is damaged.

    Notes
    -----
    It computes on one thread, and nothing that is measured depends on more than the checkpoint: a
    run is the same whether it is measured on the way, later, or never.
    """
    from splineviz.training.recipes.measuring import measured

    check_run(run)
    return measured(run, progress)


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


@explained()
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
    check_run(run)
    metadata = run.metadata
    name, overrides = metadata.get("recipe"), metadata.get("overrides", {})
    if not isinstance(name, str) or name not in RECIPES or not isinstance(overrides, Mapping):
        raise InvalidArgument(f"run {run.name!r} was not trained by a recipe: {metadata}")
    settings = dict(overrides)
    if "steps" in metadata:
        settings["steps"] = metadata["steps"]
    return RECIPES[name].with_overrides(settings), as_seed(metadata.get("seed"))
