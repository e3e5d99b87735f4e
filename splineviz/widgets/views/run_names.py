"""Distinct names for runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from splineviz.training.runs import Run


def distinct_names(runs: Sequence[Run]) -> list[str]:
    """Name runs, with as many parent folders as it takes to make the names distinct.

    Parameters
    ----------
    runs : sequence of Run

    Returns
    -------
    list of str
        One name per run; runs in the same folder have the same name.
    """
    names = [run.name for run in runs]
    if len({*names}) == len(names):
        return names
    parts = [Path(getattr(run, "path", run.name)).parts for run in runs]
    different = len({*parts})
    for depth in range(1, max(map(len, parts)) + 1):
        names = ["/".join(each[-depth:]) for each in parts]
        if len({*names}) == different:
            break
    return names
