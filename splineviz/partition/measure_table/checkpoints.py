"""measure_curves: rows of MEASURES at every checkpoint of a training."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from splineviz.errors import InvalidArgument
from splineviz.network.program import Program
from splineviz.partition.full_dimension.arguments import as_batch, program_for
from splineviz.partition.measure_table.curves import MeasureCurves
from splineviz.partition.measure_table.measure import Measure, Subject, Summary
from splineviz.partition.measure_table.table import MEASURES, read_measures
from splineviz.partition.migration.checkpoint_curves import Recorded
from splineviz.partition.slices.checks import check_slice
from splineviz.partition.slices.input_slice import InputSlice
from splineviz.progress import Progress, reporting
from splineviz.typing import FloatArray
from splineviz.validation.calls import explained
from splineviz.validation.names import as_steps
from splineviz.validation.objects import check_run


@explained()
def measure_curves(
    run: Recorded,
    measures: str | Sequence[str],
    *,
    plane: InputSlice | None = None,
    points: npt.ArrayLike | None = None,
    steps: Iterable[int] | None = None,
    progress: Progress | bool | None = None,
) -> MeasureCurves:
    """Measure a recorded training at every checkpoint: exactly on a slice, or at points.

    Parameters
    ----------
    run : Run
        A recorded training.
    measures : str or sequence of str
        Rows of :data:`~splineviz.partition.measure_table.table.MEASURES`, by name (Notes list
        them).
    plane : InputSlice, optional
        The slice, for measures that take one. Its regions are found once for all of them.
    points : array-like of shape (n, *input_shape), optional
        Inputs, for measures at points and for churn. Default: the training points of the run.
    steps : iterable of int, optional
        Training steps of the checkpoints to measure. Default: all. What changes is measured from
        one of them to the next.
    progress : bool or callable, optional
        True for a progress bar. A function is called with (checkpoints done, checkpoints in all).

    Returns
    -------
    MeasureCurves

    Raises
    ------
    UnknownName
        If there is no such measure.
    InvalidArgument
        If a measure needs a slice or points and there are none, no measure is named, or `steps` is
        empty or holds anything but whole numbers.
    UnknownStep
        If there is no checkpoint at one of `steps`.
    ShapeMismatch, NonFiniteValues, RunCorrupt
        If slice or points do not fit the network, or a checkpoint cannot be read.
    UnsupportedLayer
        If the network is not piecewise linear; for churn it need not be.

    Notes
    -----
    On a slice:
    {SLICE}

    At points:
    {POINTS}

    At points, from one checkpoint to the next:
    {CHANGE}

    ``churn_rate`` is the share of neurons that changed, divided by the decades of steps between the
    checkpoints (log10 of their ratio): with checkpoints that are spaced evenly on a logarithmic
    axis, a speed that can be compared early and late. It can exceed 1, as neurons can switch
    forth and back, and has no value after step 0, where a decade has no length.

    Examples
    --------
    >>> import splineviz as sv
    >>> run = sv.Run.bundled("checkerboard")
    >>> sv.measure_curves(run, "churn", steps=[0, 115, 1100, 10562])
    MeasureCurves(churn 0.1479 → 0.2161; 4 checkpoints)
    """
    check_run(run)
    rows = read_measures(measures)
    chosen = _chosen_steps(run, steps)
    plane = _checked_plane(rows, plane)
    first = run.program(chosen[0])
    inputs = _checked_points(run, rows, points, first)
    read: list[dict[str, dict[str, Summary]]] = []
    before: Program | None = None
    with reporting(progress, len(chosen), "checkpoint") as report:
        for done, step in enumerate(chosen, 1):
            program = run.program(step)
            decades = np.nan if done == 1 else _decades(chosen[done - 2], step)
            subject = Subject(program, plane, inputs, before, decades)
            read.append(
                {
                    name: row.summaries(subject)
                    for name, row in rows.items()
                    if before is not None or row.takes != "change"
                }
            )
            before = program if any(row.takes == "change" for row in rows.values()) else None
            report(done)
    return MeasureCurves(np.array(chosen, dtype=np.int64), rows, _stacked(rows, read))


def _listed(takes: str) -> str:
    rows = [f"- ``{name}``: {row.label}" for name, row in MEASURES.items() if row.takes == takes]
    return "\n    ".join(rows)


if measure_curves.__doc__:
    # The table says which measures there are.
    kinds = {takes.upper(): _listed(takes) for takes in ("slice", "points", "change")}
    measure_curves.__doc__ = measure_curves.__doc__.format(**kinds)


def _chosen_steps(run: Recorded, steps: Iterable[int] | None) -> list[int]:
    known: list[int] = run.steps.tolist()
    if not known:
        raise InvalidArgument("the run has no checkpoints yet, so there is nothing to measure")
    if steps is None:
        return known
    return sorted({*as_steps(steps, known, run.name)})


def _checked_plane(rows: Mapping[str, Measure], plane: InputSlice | None) -> InputSlice | None:
    wanting = [name for name, row in rows.items() if row.takes == "slice"]
    if plane is not None:
        check_slice(plane)
    elif wanting:
        raise InvalidArgument(
            f"{wanting[0]} is measured on a slice: say on which one with plane=, such as "
            "plane=InputSlice.identity()"
        )
    return plane


def _checked_points(
    run: Recorded, rows: Mapping[str, Measure], points: npt.ArrayLike | None, program: Program
) -> FloatArray | None:
    wanting = [name for name, row in rows.items() if row.takes != "slice"]
    if points is None:
        if not wanting:
            return None
        if run.samples is None:
            raise InvalidArgument(
                f"{wanting[0]} is measured at points, and the run kept no training points: say at "
                "which ones with points=, in the shape of the network's inputs"
            )
        points = run.samples[0]
    inputs = as_batch(points, "points")
    program_for(program, inputs, "points")
    return inputs


def _decades(earlier: int, later: int) -> float:
    """How many decades lie between two steps; NaN from step 0, which no logarithm has."""
    return float(np.log10(later / earlier)) if earlier > 0 else np.nan


def _stacked(
    rows: Mapping[str, Measure], read: Sequence[Mapping[str, Mapping[str, Summary]]]
) -> dict[str, dict[str, FloatArray]]:
    """For each measure and series the summaries at all steps, float64 arrays (S, 3)."""
    stacked: dict[str, dict[str, FloatArray]] = {}
    for name in rows:
        # A row has the same classes or layers at each step; those that change have none at first.
        series = dict.fromkeys(one for at in read for one in at.get(name, {})) or {"": None}
        stacked[name] = {
            one: np.array([at.get(name, {}).get(one, Summary(np.nan)) for at in read])
            for one in series
        }
    return stacked
