"""MeasureCurves: rows of MEASURES over the checkpoints of a training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from splineviz.drawing.step_curve import StepCurve, extremes
from splineviz.drawing.step_plot import draw_step_curves
from splineviz.partition.measure_table.axes import axes_for
from splineviz.partition.measure_table.measure import Measure
from splineviz.typing import FloatArray, IntArray
from splineviz.validation.names import row_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False)
class MeasureCurves:
    """Measures at S checkpoints of a training.

    Attributes
    ----------
    steps : int64 array (S,)
        Training steps, increasing.
    measures : mapping of str to Measure
        The rows of the table, by name.
    values : mapping of str to mapping of str to float64 array (S, 3)
        By the name of the row and that of the class or layer (``""`` where it is one number): the
        value and, where it is a mean, the quartiles; NaN where there is none.

    Examples
    --------
    >>> import splineviz as sv
    >>> run, plane = sv.Run.bundled("checkerboard"), sv.InputSlice.identity()
    >>> curves = sv.measure_curves(run, ["regions", "degree"], plane=plane, steps=[0, 30000])
    >>> curves["degree"].round(2)
    array([3.95, 3.96])
    """

    steps: IntArray
    measures: Mapping[str, Measure]
    values: Mapping[str, Mapping[str, FloatArray]]

    def __getitem__(self, name: str) -> FloatArray:
        """The values of a measure at each step, float64 array (S,); of churn that of all layers.

        Raises
        ------
        UnknownName
            If it was not measured.
        """
        return next(iter(row_of(self.values, "measure", name).values()))[:, 0]

    def curves_of(self, name: str) -> list[StepCurve]:
        """The curves of a measure: one, or one for each class or layer.

        Raises
        ------
        UnknownName
            If it was not measured.
        """
        rows = row_of(self.values, "measure", name)
        title = self.measures[name].title if name in self.measures else name
        curves = []
        for number, (series, values) in enumerate(rows.items()):
            value, low, high = np.where(np.isfinite(values), values, np.nan).T
            label, spread = series or title, np.isfinite(low).any()
            curves.append(
                StepCurve(
                    label,
                    self.steps,
                    value,
                    low if spread else None,
                    high if spread else None,
                    number=number,
                )
            )
        return curves

    def to_dataframe(self) -> pd.DataFrame:
        """Make a table with one row for each measure, class or layer, and checkpoint.

        Returns
        -------
        pandas.DataFrame
            With the columns ``step``, ``measure``, ``series`` (the class or layer; empty where it
            is one number), ``value``, ``lower_quartile`` and ``upper_quartile`` (NaN where the
            value is no mean).
        """
        import pandas as pd

        tables = [
            pd.DataFrame(
                {
                    "step": self.steps,
                    "measure": name,
                    "series": series,
                    "value": values[:, 0],
                    "lower_quartile": values[:, 1],
                    "upper_quartile": values[:, 2],
                }
            )
            for name, of_name in self.values.items()
            for series, values in of_name.items()
        ]
        return pd.concat(tables, ignore_index=True)

    def plot(self, axes: Sequence[Axes] | None = None) -> list[Axes]:
        """Draw each measure over a logarithmic axis of steps; bands are quartiles.

        Parameters
        ----------
        axes : sequence of matplotlib.axes.Axes, optional
            Where to draw, one for each measure. Default: a new figure.

        Returns
        -------
        list of matplotlib.axes.Axes

        Raises
        ------
        InvalidArgument
            If they are not as many axes as measures.
        """
        where = axes_for(len(self.values), axes)
        for ax, name in zip(where, self.values, strict=True):
            measure, curves = self.measures[name], self.curves_of(name)
            draw_step_curves(ax, curves, measure.unit)
            ax.set_title(measure.title, loc="left", fontsize="medium")
            numbers = extremes(curves)
            if not measure.from_zero and len(numbers):
                room = 0.05 * (np.ptp(numbers) or 1.0)
                ax.set_ylim(numbers.min() - room, numbers.max() + room)
            if len(curves) > 1:
                ax.legend(frameon=False, title=measure.series)
        return where

    def __repr__(self) -> str:
        at = f"{len(self.steps)} checkpoints" if len(self.steps) != 1 else "1 checkpoint"
        said = []
        for name in self.values:
            there = self[name][np.isfinite(self[name])]
            ends = dict.fromkeys(f"{value:.4g}" for value in there[[0, -1]]) if len(there) else {}
            said.append(f"{name} {' → '.join(ends) or 'nan'}")
        return f"MeasureCurves({', '.join(said)}; {at})"
