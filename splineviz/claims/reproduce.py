"""Deciding claims: training what is missing, measuring it, and writing the page."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path

from splineviz.claims import figures, report
from splineviz.claims.claim import Claim, Experiment
from splineviz.claims.evidence import Evidence
from splineviz.claims.results import CaseResult, ClaimResult, to_json
from splineviz.claims.table import CLAIMS
from splineviz.errors import InvalidArgument
from splineviz.files import write_atomically
from splineviz.progress import Progress, reporting
from splineviz.training.recipes import RECIPES
from splineviz.training.recipes.many_trainings import Training, train_all
from splineviz.training.runs import Run
from splineviz.validation.calls import explained
from splineviz.validation.names import as_path, row_of
from splineviz.validation.numbers import as_int
from splineviz.validation.wording import shown

FIRST_SEED = 30
"""Smaller seeds have found settings and thresholds."""


@explained()
def reproduce(
    names: str | Iterable[str] | None = None,
    out: str | os.PathLike[str] = "claims",
    *,
    seeds: int = 3,
    jobs: int | None = None,
    steps: int | None = None,
    progress: Progress | bool | None = True,
) -> tuple[ClaimResult, ...]:
    """Decide claims of the paper with trainings of one's own, and write a page about them.

    What was trained or measured before in the same folder is used again, so that a call that was
    interrupted goes on where it was.

    Parameters
    ----------
    names : str or iterable of str, optional
        Which claims: names of :data:`~splineviz.claims.table.CLAIMS`. Default: all.
    out : str or path-like
        The folder for the runs, for ``report.md``, ``index.html``, ``results.json`` and the
        figures.
    seeds : int
        With how many seeds each training is repeated, from 30 on.
    jobs : int, optional
        How many trainings run at the same time. Default: as many as there are processors.
    steps : int, optional
        Stop each training after so many steps, to try the command: no verdict means anything then,
        and the page says so.
    progress : bool, callable or None
        True for a progress bar over trainings and claims; a function is called as
        ``progress(done, total)``.

    Returns
    -------
    tuple of ClaimResult

    Raises
    ------
    UnknownName
        If there is no such claim.
    InvalidArgument
        If a number has no meaning, or `out` cannot be written into.
    RecordingError, RunCorrupt
        If a folder of a run holds another one, or a damaged one.
    """
    chosen = [row_of(CLAIMS, "claim", name) for name in _listed(names)]
    numbers = range(FIRST_SEED, FIRST_SEED + as_int(seeds, "seeds", 1))
    jobs = as_int(os.cpu_count() or 1 if jobs is None else jobs, "jobs", 1)
    steps = None if steps is None else as_int(steps, "steps", 1)
    folder = as_path(out, "out").absolute()
    start = time.monotonic()
    experiments = sorted({each for claim in chosen for each in claim.experiments}, key=str)
    trainings = {
        (each, seed): _training(each, seed, folder, steps)
        for each in experiments
        for seed in numbers
    }
    results = []
    with reporting(progress, len(trainings) + len(chosen), "training or claim") as done:
        train_all([*trainings.values()], jobs, done)

        @cache
        def evidence(experiment: Experiment, seed: int) -> Evidence:
            return Evidence(Run(trainings[experiment, seed].path))

        for claim in chosen:
            results.append(decide(claim, numbers, evidence))
            done(len(trainings) + len(results))
    made_by = _made_by(
        [] if names is None else [claim.name for claim in chosen], numbers, steps, start
    )
    pictures = {each: [evidence(each, seed) for seed in numbers] for each in experiments}
    _write(folder, results, numbers, pictures, made_by)
    return tuple(results)


def _listed(names: str | Iterable[str] | None) -> list[str]:
    if names is None or isinstance(names, str):
        return [*CLAIMS] if names is None else [names]
    if isinstance(names, bytes) or not isinstance(names, Iterable):
        raise InvalidArgument(
            f"names must be names of claims, such as ['ascent'], not {shown(names)}"
        )
    listed = [*names]
    if not listed:
        raise InvalidArgument("names must hold at least one claim; leave it out for all of them")
    return listed


def decide(
    claim: Claim, seeds: Sequence[int], evidence: Callable[[Experiment, int], Evidence]
) -> ClaimResult:
    """Decide a claim in each of its experiments.

    Parameters
    ----------
    claim : Claim
    seeds : sequence of int
    evidence : callable
        Of an experiment and a seed: what its run shows.
    """
    cases = []
    for name, roles in claim.cases.items():
        numbers = tuple(
            claim.statistic({role: evidence(each, seed) for role, each in roles.items()})
            for seed in seeds
        )
        outcomes = tuple(claim.rule.outcome(each) for each in numbers)
        cases.append(CaseResult(name, numbers, outcomes))
    return ClaimResult(claim, tuple(cases))


def _training(experiment: Experiment, seed: int, folder: Path, steps: int | None) -> Training:
    overrides = dict(experiment.overrides)
    if steps is not None:
        whole = RECIPES[experiment.recipe].with_overrides(overrides).steps
        overrides["steps"] = min(steps, whole)
    path = folder / "runs" / _slug(experiment) / f"seed-{seed}"
    return Training(experiment.recipe, path, seed, overrides)


def _slug(experiment: Experiment) -> str:
    """The name of an experiment's folder."""
    settings = (f"{name}={value}" for name, value in experiment.overrides)
    return ",".join([experiment.recipe, *settings])


def _made_by(names: list[str], seeds: range, steps: int | None, start: float) -> str:
    import numpy as np
    import torch

    from splineviz import __version__

    words = ["splineviz reproduce", *names, f"--seeds {len(seeds)}"]
    if steps is not None:
        words.append(f"--steps {steps}")
    minutes = (time.monotonic() - start) / 60
    text = (
        f"Made by {' '.join(words)}, with splineviz {__version__}, torch {torch.__version__}, "
        f"numpy {np.__version__} and Python {platform.python_version()}, on {os.cpu_count()} "
        f"processors ({platform.machine()}). This call took {minutes:.0f} minutes; what was "
        "trained before it does not count."
    )
    if steps is not None:
        text += " TRAININGS WERE CUT SHORT: the verdicts mean nothing."
    return text


def _write(
    folder: Path,
    results: Sequence[ClaimResult],
    seeds: range,
    runs: dict[Experiment, list[Evidence]],
    made_by: str,
) -> None:
    pictures: dict[Experiment, list[tuple[str, str]]] = {}
    cases = [roles for result in results for roles in result.claim.cases.values()]
    # Controls and variants have curves; what a claim is about has a picture too.
    alone = {each for roles in cases if len(roles) == 1 for each in roles.values()}
    try:
        (folder / report.FIGURES).mkdir(exist_ok=True)
        for experiment, evidence in runs.items():
            name = _slug(experiment).replace("=", "-").replace(",", "_")
            pictures[experiment] = []
            drawn = [
                (
                    "curves.svg",
                    "means over the seeds, bands from the smallest to the largest; dotted: "
                    "fit, dashed: peak",
                    figures.curves_figure(evidence),
                )
            ]
            if experiment in alone:
                regions = figures.regions_figure(evidence[0])
                drawn.append(("regions.png", f"exact regions on a slice, seed {seeds[0]}", regions))
            for kind, text, figure in drawn:
                path = f"{report.FIGURES}/{name}-{kind}"
                write_atomically(folder / path, figure)
                pictures[experiment].append((path, f"{experiment}: {text}"))
        markdown, page = report.pages(results, seeds, pictures, made_by)
        write_atomically(folder / "report.md", markdown.encode())
        write_atomically(folder / "index.html", page.encode())
        write_atomically(folder / "results.json", to_json(results, seeds, {"made_by": made_by}))
    except OSError as error:
        raise InvalidArgument(f"the page cannot be written into {folder}: {error}") from error
