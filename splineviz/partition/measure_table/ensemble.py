"""slice_ensemble: rows of MEASURES on many random slices, with intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from splineviz.errors import InvalidArgument, InvalidSlice
from splineviz.network.program import Program
from splineviz.partition.full_dimension.arguments import as_batch, program_for
from splineviz.partition.measure_table.ensemble_result import SliceEnsemble
from splineviz.partition.measure_table.measure import Subject
from splineviz.partition.measure_table.table import read_measures
from splineviz.partition.slices.input_slice import InputSlice
from splineviz.progress import Progress, reporting
from splineviz.typing import FloatArray
from splineviz.validation.calls import explained
from splineviz.validation.names import row_of
from splineviz.validation.numbers import as_int, as_real, as_seed

if TYPE_CHECKING:
    import torch

# So many triples may lie on one line before there are taken to be no others.
_MOST_TRIES = 100

DEFAULT = ("regions", "region_density", "area", "decision_length")


@explained()
def slice_ensemble(
    model: torch.nn.Module | Program,
    x: npt.ArrayLike,
    *,
    measures: str | Sequence[str] = DEFAULT,
    n: int = 20,
    kind: str = "through",
    margin: float = 0.5,
    half_width: float = 1.0,
    seed: int = 0,
    progress: Progress | bool | None = None,
) -> SliceEnsemble:
    """Measure a network on many random slices: statistics instead of one picture.

    Parameters
    ----------
    model : torch.nn.Module or Program
        A piecewise-linear network, in any mode, with any dtype, on any device. It is not changed.
    x : array-like of shape (N, *input_shape)
        The data that place the slices.
    measures : str or sequence of str
        Rows of :data:`~splineviz.partition.measure_table.table.MEASURES` that take a slice, by
        name. Default: number of regions, regions by area, mean area and length of the decision
        boundary.
    n : int
        How many slices.
    kind : {"through", "around"}
        Slices through three random points of `x` each (default), or squares around one of them
        with random directions.
    margin : float
        As for ``InputSlice.through``. Slices through points that are far apart are larger:
        compare what is measured by area.
    half_width : float
        As for ``InputSlice.around``, in units of the inputs.
    seed : int
        Seed of the slices, and of the intervals. The same seed and points give the same slices
        for every network, so that two checkpoints can be compared slice by slice.
    progress : bool or callable, optional
        True for a progress bar. A function is called with (slices done, slices in all).

    Returns
    -------
    SliceEnsemble

    Raises
    ------
    UnknownName
        If there is no such measure or kind.
    InvalidArgument
        If a measure does not take a slice, there are fewer than three points for ``"through"``,
        or a number is none or out of range.
    InvalidSlice
        If all triples of points seem to lie on lines.
    ShapeMismatch, NonFiniteValues, UnsupportedLayer, TooManyRegions
        If the points do not fit the network, or as ``enumerate_regions`` does.

    Examples
    --------
    >>> import splineviz as sv
    >>> run = sv.Run.bundled("digits-robust-small")
    >>> last = run.program(int(run.steps[-1]))
    >>> ensemble = sv.slice_ensemble(last, run.samples[0], measures="regions", n=4)
    >>> ensemble
    SliceEnsemble(4 slices; regions ...)
    """
    rows = read_measures(measures, takes="slice")
    points = as_batch(x)
    program = program_for(model, points)
    count = as_int(n, "n", 1)
    draw = row_of(_KINDS, "kind of slices", kind)
    reach = as_real(margin, "margin", least=0), as_real(half_width, "half_width", above=0)
    rng = np.random.default_rng(as_seed(seed))
    planes, read = [], []
    with reporting(progress, count, "slice") as report:
        for done in range(1, count + 1):
            plane = draw(points, rng, *reach)
            subject = Subject(program, plane)
            read.append({name: row.summaries(subject) for name, row in rows.items()})
            planes.append(plane)
            report(done)
    values: Mapping[str, Mapping[str, FloatArray]] = {
        name: {
            series: np.array([of_slice[name][series].value for of_slice in read])
            for series in read[0][name]
        }
        for name in rows
    }
    return SliceEnsemble(tuple(planes), rows, values, as_seed(seed))


def _through(points: FloatArray, rng: np.random.Generator, margin: float, _: float) -> InputSlice:
    if len(points) < 3:
        raise InvalidArgument(
            f"x holds {len(points)} points; a slice through points needs three: give more, or take "
            "kind='around'"
        )
    for _try in range(_MOST_TRIES):
        chosen = points[rng.choice(len(points), 3, replace=False)]
        try:
            return InputSlice.through(*chosen, margin=margin)
        except InvalidSlice:
            # Three points on one line, or two that are equal.
            continue
    raise InvalidSlice(
        f"{_MOST_TRIES} random triples of x all lie on lines: take other points, or kind='around'"
    )


def _around(
    points: FloatArray, rng: np.random.Generator, _: float, half_width: float
) -> InputSlice:
    center = points[rng.integers(len(points))]
    return InputSlice.around(center, half_width, seed=int(rng.integers(2**31)))


_Draw: TypeAlias = Callable[[FloatArray, np.random.Generator, float, float], InputSlice]
_KINDS: dict[str, _Draw] = {"through": _through, "around": _around}
