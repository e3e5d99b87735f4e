"""Measure: a row of MEASURES; Subject: what it reads; Summary: a number with its spread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from splineviz.network.program import Program
from splineviz.partition.enumeration import enumerate_regions
from splineviz.partition.full_dimension.local_geometry import LocalGeometry, local_geometry
from splineviz.partition.full_dimension.pattern_churn import PatternChurn, pattern_churn
from splineviz.partition.slices.input_slice import InputSlice
from splineviz.partition.spline_partition import SplinePartition
from splineviz.typing import FloatArray


class Summary(NamedTuple):
    """One number, and the quartiles of what it is the mean of; NaN where it is no mean."""

    value: float
    low: float = np.nan
    high: float = np.nan


Measured: TypeAlias = "float | Summary | Mapping[str, float]"
"""What a row gives: one number, one with quartiles, or one for each class or layer by its name."""


@dataclass(frozen=True, eq=False)
class Subject:
    """A network with the slice, the points and the former checkpoint at which it is measured.

    What several rows read is computed once.

    Parameters
    ----------
    program : Program
    plane : InputSlice, optional
        For rows that take a slice.
    points : float64 array (n, *input_shape), optional
        For rows that take points, and for changes.
    before : Program, optional
        The network at the checkpoint before; None at the first.
    decades : float
        The decades of training steps since that checkpoint: the difference of the logarithms.
    """

    program: Program
    plane: InputSlice | None = None
    points: FloatArray | None = None
    before: Program | None = None
    decades: float = np.nan

    @cached_property
    def partition(self) -> SplinePartition:
        """All regions of the slice."""
        assert self.plane is not None
        return enumerate_regions(self.program, self.plane)

    @cached_property
    def geometry(self) -> LocalGeometry:
        """Scaling, rank and alignment at the points, in all dimensions."""
        assert self.points is not None
        return local_geometry(self.program, self.points)

    @cached_property
    def churn(self) -> PatternChurn:
        """The neurons that changed their state since the checkpoint before."""
        assert self.before is not None
        assert self.points is not None
        return pattern_churn(self.before, self.program, x=self.points)


@dataclass(frozen=True)
class Measure:
    """One row of :data:`~splineviz.partition.measure_table.table.MEASURES`.

    Parameters
    ----------
    title : str
        What is measured, as the title of a plot.
    unit : str
        Its unit, as the label of an axis.
    takes : {"slice", "points", "change"}
        What has to be there: a slice; points of the input space; or points and the checkpoint
        before. Of a change there is nothing at the first checkpoint.
    of : callable
        From a :class:`Subject` to what is measured.
    series : str
        What its curves are, if there are several: layers or classes.
    from_zero : bool
        Whether the axis begins at 0 (default), or where the numbers begin.
    """

    title: str
    unit: str
    takes: Literal["slice", "points", "change"]
    of: Callable[[Subject], Measured]
    series: str = ""
    from_zero: bool = True

    @property
    def label(self) -> str:
        """Title and unit together."""
        return f"{self.title} ({self.unit})"

    def summaries(self, subject: Subject) -> dict[str, Summary]:
        """What is measured, by class or layer; under an empty name if it is one number."""
        measured = self.of(subject)
        if isinstance(measured, Summary):
            return {"": measured}
        if isinstance(measured, Mapping):
            return {name: Summary(float(value)) for name, value in measured.items()}
        return {"": Summary(float(measured))}


def summary_of(values: FloatArray, weights: FloatArray | None = None) -> Summary:
    """Mean and quartiles of numbers, those that are NaN or infinite left out.

    Parameters
    ----------
    values : float64 array (n,)
    weights : float64 array (n,), optional
        How much each counts, such as the area of its region. Default: all the same.

    Returns
    -------
    Summary
        All NaN if no number is left.
    """
    share = np.ones(len(values)) if weights is None else weights
    usable = np.isfinite(values) & (share > 0)
    if not usable.any():
        return Summary(np.nan, np.nan, np.nan)
    numbers, share = np.asarray(values, dtype=np.float64)[usable], share[usable]
    order = np.argsort(numbers, kind="stable")
    until = np.cumsum(share[order])
    rows = np.searchsorted(until, until[-1] * np.array([0.25, 0.75])).clip(0, len(order) - 1)
    low, high = numbers[order][rows].tolist()
    return Summary(float(np.average(numbers, weights=share)), low, high)
