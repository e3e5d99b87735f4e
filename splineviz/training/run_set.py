"""RunSet: trainings of one recipe with different settings and seeds, side by side."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from splineviz.errors import InvalidArgument, RunCorrupt, RunNotFound, UnsafeFile
from splineviz.files import read_file, write_atomically
from splineviz.training.files.manifest import MANIFEST
from splineviz.training.runs import Run
from splineviz.validation.calls import explained
from splineviz.validation.names import as_names, as_path, check_name

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

FILE = "sweep.json"
FORMAT = "splineviz sweep 1"
MOST_BYTES = 2**24


@dataclass(frozen=True)
class Row:
    """One run of a set.

    Attributes
    ----------
    run : str
        The name of its folder, in that of the set.
    seed : int
    overrides : mapping of str
        Settings of the recipe that differ from its own, ``steps`` among them.
    """

    run: str
    seed: int
    overrides: Mapping[str, Any]


class RunSet:
    """A folder of runs of one recipe, and the table that says how they differ.

    :func:`splineviz.recipes.sweep` trains one. It can be opened while it is still being trained:
    properties show what there is at that moment.

    Parameters
    ----------
    path : str or path-like
        The folder.

    Attributes
    ----------
    path : Path
        The folder, absolute.
    name : str
        The last part of the path.
    recipe : str
        The name of the recipe.
    rows : tuple of Row
        The runs that belong to it, begun or not.

    Raises
    ------
    RunNotFound
        If there is no such folder, or it holds no set.
    RunCorrupt
        If its table is damaged.
    """

    @explained()
    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = as_path(path).absolute()
        self.name = self.path.name
        self.recipe, self.rows = read_rows(self.path)

    @property
    def seeds(self) -> list[int]:
        """The seeds, each once, in their order."""
        return list(dict.fromkeys(row.seed for row in self.rows))

    @cached_property
    def factors(self) -> list[str]:
        """The settings that are not the same in all runs."""
        names = dict.fromkeys(name for row in self.rows for name in row.overrides)
        return [
            name
            for name in names
            if len({json.dumps(row.overrides.get(name)) for row in self.rows}) > 1
        ]

    @property
    def table(self) -> pd.DataFrame:
        """How the runs differ, and how far they are: one row a run.

        Returns
        -------
        pandas.DataFrame
            Indexed by ``run``, the name of the folder, with a column for each setting that is not
            the recipe's own, and ``seed``, ``path``, ``step`` (the last checkpoint; -1 if there is
            none) and ``done`` (whether the training has ended).
        """
        import pandas as pd

        rows = []
        for row in self.rows:
            run = self._opened(row)
            rows.append(
                {
                    **row.overrides,
                    "seed": row.seed,
                    "path": str(self.path / row.run),
                    "step": int(run.steps[-1]) if run is not None and len(run) else -1,
                    "done": run is not None and run.status == "finished",
                }
            )
        index = pd.Index([row.run for row in self.rows], name="run")
        return pd.DataFrame(rows, index=index)

    @property
    def metrics(self) -> pd.DataFrame:
        """The metrics of all runs, one below the other: one row for each step of each run.

        Returns
        -------
        pandas.DataFrame
            With the columns ``run``, those of the factors, ``seed`` and ``step``, and then the
            metrics; NaN where a run lacks one.
        """
        import pandas as pd

        tables = []
        for row in self.rows:
            run = self._opened(row)
            if run is None:
                continue
            table = run.metrics.reset_index()
            table.insert(0, "seed", row.seed)
            for name in reversed(self.factors):
                table.insert(0, name, [_value(row.overrides.get(name))] * len(table))
            table.insert(0, "run", row.run)
            tables.append(table)
        if not tables:
            return pd.DataFrame(columns=["run", *self.factors, "seed", "step"])
        return pd.concat(tables, ignore_index=True)

    def __len__(self) -> int:
        """The number of runs that belong to the set, begun or not."""
        return len(self.rows)

    def __iter__(self) -> Iterator[Run]:
        """The runs that were begun, in the order of the table."""
        return (run for row in self.rows if (run := self._opened(row)) is not None)

    def __repr__(self) -> str:
        done = sum(run.status == "finished" for run in self)
        by = f" by {', '.join(self.factors)}" if self.factors else ""
        seeds = f"{len(self.seeds)} seed{'s' if len(self.seeds) > 1 else ''}"
        return f"RunSet({self.name!r}: {self.recipe}{by}, {seeds}; {done} of {len(self)} runs done)"

    def run(self, **settings: Any) -> Run:
        """Open the one run with these settings.

        Parameters
        ----------
        **settings
            As many factors, and ``seed``, as tell one run from the others.

        Raises
        ------
        UnknownName
            If a name is no factor.
        InvalidArgument
            If there is no such run, or more than one.
        RunNotFound
            If it was not begun yet.

        Examples
        --------
        ::

            none, some = (runs.run(weight_decay=decay, seed=0) for decay in (0, 0.05))
            sv.CompareRuns(none, some, plane)
        """
        known = [*self.factors, "seed"]
        for name in settings:
            check_name(known, f"factor of {self.name!r}", name)
        fitting = [
            row
            for row in self.rows
            if all(
                _same(row.seed if name == "seed" else row.overrides.get(name), value)
                for name, value in settings.items()
            )
        ]
        if len(fitting) != 1:
            what = ", ".join(f"{name}={value!r}" for name, value in settings.items()) or "all"
            some = ", ".join(row.run for row in fitting[:5]) or ", ".join(
                row.run for row in self.rows[:5]
            )
            count = f"{len(fitting)} of the runs are" if fitting else "none of the runs is"
            raise InvalidArgument(
                f"{count} of {what}: name {', '.join(known)} so that one is left, such as: {some}"
            )
        return Run(self.path / fitting[0].run)

    @explained()
    def curves(self, metric: str, *, by: str | Sequence[str] | None = None) -> pd.DataFrame:
        """Average a metric over runs, at each step.

        Parameters
        ----------
        metric : str
            A column of `metrics`.
        by : str or sequence of str, optional
            The factors that tell curves from each other; the runs that they do not tell apart make
            one curve. Default: all factors, so that each curve is over the seeds.

        Returns
        -------
        pandas.DataFrame
            One row for each step of each curve: the columns of `by`, ``step``, ``runs`` (how many
            have the metric there), ``mean``, ``low`` and ``high``: the smallest and the largest
            value of a run. Steps without the metric are left out.

        Raises
        ------
        UnknownName
            If there is no such metric, or a name is no factor.
        """
        import pandas as pd

        chosen = self._by(by)
        table = self.metrics
        known = [
            name for name in table.columns if name not in ("run", *self.factors, "seed", "step")
        ]
        check_name(known, "metric", metric)
        kept = table.dropna(subset=[metric])
        groups = kept.groupby([*chosen, "step"], sort=False, dropna=False)[metric]
        averages = pd.DataFrame(
            {
                "runs": groups.size(),
                "mean": groups.mean(),
                "low": groups.min(),
                "high": groups.max(),
            }
        ).reset_index()
        order = {key: k for k, key in enumerate(dict.fromkeys(_keys(table, chosen)))}
        rank = [order[key] for key in _keys(averages, chosen)]
        return (
            averages.assign(_rank=rank)
            .sort_values(["_rank", "step"])
            .drop(columns="_rank")
            .reset_index(drop=True)
        )

    @explained()
    def plot(
        self, metric: str, *, by: str | Sequence[str] | None = None, ax: Axes | None = None
    ) -> Axes:
        """Draw a metric over training steps, a curve for each value of the factors.

        Parameters
        ----------
        metric, by
            As for `curves`. Bands reach from the smallest to the largest value of a run.
        ax : matplotlib.axes.Axes, optional
            Where to draw. Default: a new figure.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        UnknownName
            As `curves` does.
        """
        from splineviz.drawing.metric_names import MetricName
        from splineviz.drawing.step_curve import StepCurve
        from splineviz.drawing.step_plot import draw_step_curves

        chosen, table = self._by(by), self.curves(metric, by=by)
        curves: list[StepCurve] = []
        keys = _keys(table, chosen)
        for key in dict.fromkeys(keys):
            rows = table[[each == key for each in keys]]
            label = ", ".join(
                f"{name} {_shown(value)}" for name, value in zip(chosen, key, strict=True)
            )
            curves.append(
                StepCurve(
                    label or self.recipe,
                    rows["step"].to_numpy(),
                    rows["mean"].to_numpy(),
                    rows["low"].to_numpy(),
                    rows["high"].to_numpy(),
                    number=len(curves),
                )
            )
        drawn = draw_step_curves(ax, curves, MetricName(metric).readable(), marked=False)
        drawn.legend(frameon=False)
        return drawn

    def _by(self, by: str | Sequence[str] | None) -> list[str]:
        if by is None:
            return self.factors
        names = [by] if isinstance(by, str) else as_names(by, "by", "names of factors")
        for name in names:
            check_name([*self.factors, "seed"], f"factor of {self.name!r}", name)
        return list(names)

    def _opened(self, row: Row) -> Run | None:
        """A run, or None if it was not begun yet."""
        path = self.path / row.run
        return Run(path) if (path / MANIFEST).exists() else None


def read_rows(folder: Path) -> tuple[str, tuple[Row, ...]]:
    """Read the name of the recipe and the table of a set.

    Raises
    ------
    RunNotFound
        If there is none.
    RunCorrupt
        If it is damaged.
    """
    path = folder / FILE
    try:
        data = read_file(path, MOST_BYTES, inside=folder)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise RunNotFound(
            f"{folder} holds no set of runs: there is no {FILE} in it. Sets are made with "
            "recipes.sweep; a single run is opened with Run"
        ) from error
    except UnsafeFile as error:
        raise RunCorrupt(f"the set of runs in {folder} cannot be opened: {error}") from error
    try:
        content = json.loads(data)
        if content["format"] != FORMAT:
            raise ValueError(f"its format is {content['format']!r}, not {FORMAT!r}")
        rows = tuple(
            Row(_folder_name(row["run"]), _seed(row["seed"]), dict(row["overrides"]))
            for row in content["runs"]
        )
        if not rows or len({row.run for row in rows}) < len(rows):
            raise ValueError("it lists no run, or one twice")
        return str(content["recipe"]), rows
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise RunCorrupt(f"{path} is not the table of a set of runs: {error}") from error


def write_rows(folder: Path, recipe: str, rows: Sequence[Row]) -> None:
    """Put the table of a set into its folder."""
    content = {"format": FORMAT, "recipe": recipe, "runs": [vars(row) for row in rows]}
    write_atomically(folder / FILE, json.dumps(content, indent=1).encode(), inside=folder)


def _folder_name(name: Any) -> str:
    if not isinstance(name, str) or name in ("", ".", "..") or set(name) & set("/\\\0"):
        raise ValueError(f"{name!r} is no name of a folder")
    return name


def _seed(seed: Any) -> int:
    if type(seed) is not int:
        raise ValueError(f"{seed!r} is no seed")
    return seed


def _value(value: Any) -> Any:
    """A setting as a cell of a table: lists are text, so that they can be grouped by."""
    return json.dumps(list(value)) if isinstance(value, list | tuple) else value


def _same(kept: Any, wanted: Any) -> bool:
    """Whether a setting has a value: 0 and 0.0 are the same, 1 and True are not."""
    if isinstance(kept, int | float) and isinstance(wanted, int | float):
        return isinstance(kept, bool) == isinstance(wanted, bool) and kept == wanted
    return (wanted is None or isinstance(wanted, str | list | tuple)) and _value(kept) == _value(
        wanted
    )


def _shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _keys(table: pd.DataFrame, names: Sequence[str]) -> list[tuple[Any, ...]]:
    """The factors of each row; None where a run has none, which a table says as NaN."""
    if not names:
        return [()] * len(table)
    rows = table[list(names)].itertuples(index=False, name=None)
    # NaN is the only value that is not itself.
    return [tuple(value if value == value else None for value in row) for row in rows]
