"""SliceEnsemble: measures on many slices, their means, and how far these can be trusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from splineviz.drawing.marks import plain
from splineviz.drawing.palette import curve_style
from splineviz.partition.measure_table.axes import axes_for
from splineviz.partition.measure_table.measure import Measure
from splineviz.partition.slices.input_slice import InputSlice
from splineviz.typing import FloatArray
from splineviz.validation.names import row_of
from splineviz.validation.numbers import as_real

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

# Resamples of a bootstrap interval, and its stream of random numbers: the slices have another.
_RESAMPLES, _STREAM = 4000, 20260212


@dataclass(frozen=True, eq=False)
class SliceEnsemble:
    """Measures on n random slices.

    Attributes
    ----------
    planes : tuple of InputSlice
        The slices.
    measures : mapping of str to Measure
        The rows of the table, by name.
    values : mapping of str to mapping of str to float64 array (n,)
        By the name of the row and that of the class (``""`` where it is one number): what was
        measured on each slice, NaN where there is nothing.
    seed : int
        Where the slices, and the resamples of the intervals, came from.
    """

    planes: tuple[InputSlice, ...]
    measures: Mapping[str, Measure]
    values: Mapping[str, Mapping[str, FloatArray]]
    seed: int

    def __len__(self) -> int:
        return len(self.planes)

    def __getitem__(self, name: str) -> FloatArray:
        """What was measured on each slice, float64 array (n,); of several classes that of all.

        Raises
        ------
        UnknownName
            If it was not measured.
        """
        return next(iter(row_of(self.values, "measure", name).values()))

    def interval(self, name: str, level: float = 0.95) -> tuple[float, float]:
        """Find a bootstrap interval of the mean of a measure over slices.

        Parameters
        ----------
        name : str
            The measure; of several classes that of all.
        level : float
            Between 0 and 1.

        Returns
        -------
        low, high : float
            Percentiles of the means of 4,000 resamples of the slices: counts are skewed, so they
            need not lie evenly around the mean. With fewer than about ten slices it is too narrow;
            with one it is NaN. It is about slices that are drawn as these were, for these points
            and this network; not about other trainings.

        Raises
        ------
        UnknownName
            If it was not measured.
        InvalidArgument
            If the level is not between 0 and 1.
        """
        return self._interval(self[name], _level(level))

    def to_dataframe(self, level: float = 0.95) -> pd.DataFrame:
        """Make a table with one row for each measure and class.

        Parameters
        ----------
        level : float
            Of the bootstrap interval, between 0 and 1; as for :meth:`interval`.

        Returns
        -------
        pandas.DataFrame
            With the columns ``measure``, ``series`` (the class; empty where it is one number),
            ``slices`` (on how many there was a value), ``mean``, ``low``, ``high``, ``sd`` (over
            slices), ``least`` and ``largest``.
        """
        import pandas as pd

        share, table = _level(level), []
        for name, of_name in self.values.items():
            for series, values in of_name.items():
                there = values[np.isfinite(values)]
                low, high = self._interval(values, share)
                table.append(
                    {
                        "measure": name,
                        "series": series,
                        "slices": len(there),
                        "mean": there.mean() if len(there) else np.nan,
                        "low": low,
                        "high": high,
                        "sd": there.std(ddof=1) if len(there) > 1 else np.nan,
                        "least": there.min(initial=np.inf) if len(there) else np.nan,
                        "largest": there.max(initial=-np.inf) if len(there) else np.nan,
                    }
                )
        return pd.DataFrame(table)

    def slices(self) -> pd.DataFrame:
        """Make a table with one row for each slice, and a column for each measure and class.

        Returns
        -------
        pandas.DataFrame
            Indexed by ``slice``; columns are called ``regions``, or ``components, class 0``.
        """
        import pandas as pd

        columns = {
            f"{name}, {series}" if series else name: values
            for name, of_name in self.values.items()
            for series, values in of_name.items()
        }
        return pd.DataFrame(columns, index=pd.RangeIndex(len(self), name="slice"))

    def plot(self, axes: Sequence[Axes] | None = None, level: float = 0.95) -> list[Axes]:
        """Draw each measure: a dot for each slice, and the mean with its interval.

        Parameters
        ----------
        axes : sequence of matplotlib.axes.Axes, optional
            Where to draw, one for each measure. Default: a new figure.
        level : float
            Of the bootstrap intervals, between 0 and 1.

        Returns
        -------
        list of matplotlib.axes.Axes

        Raises
        ------
        InvalidArgument
            If `axes` are not as many axes as measures, or the level is not between 0 and 1.
        """
        share, where = _level(level), axes_for(len(self.values), axes)
        # Dots of one class lie side by side, in the same order everywhere.
        aside = np.linspace(-0.25, 0.25, len(self)) if len(self) > 1 else np.zeros(1)
        color, _ = curve_style(0)
        for ax, (name, of_name) in zip(where, self.values.items(), strict=True):
            measure = self.measures[name]
            for place, values in enumerate(of_name.values()):
                ax.plot(place + aside, values, "o", color=color, alpha=0.4, markersize=3)
                there = values[np.isfinite(values)]
                if len(there):
                    low, high = self._interval(values, share)
                    mean = float(there.mean())
                    reach = np.nan_to_num([[mean - low], [high - mean]])
                    ax.errorbar(
                        place, mean, reach.clip(0), fmt="_", color="black", capsize=5, markersize=12
                    )
            ax.set_title(plain(measure.title), loc="left", fontsize="medium")
            ax.set_ylabel(plain(measure.unit))
            ax.set_xlim(-0.6, len(of_name) - 0.4)
            names = [plain(series) for series in of_name] if len(of_name) > 1 else [""]
            ax.set_xticks(range(len(of_name)), names, rotation=90 if len(names) > 4 else 0)
            if measure.from_zero:
                ax.set_ylim(bottom=0)
        return where

    def __repr__(self) -> str:
        said = []
        for name in self.values:
            low, high = self.interval(name)
            there = self[name][np.isfinite(self[name])]
            mean = there.mean() if len(there) else np.nan
            said.append(f"{name} {mean:.4g} ({low:.4g} to {high:.4g})")
        return f"SliceEnsemble({len(self)} slices; {', '.join(said)})"

    def _interval(self, values: FloatArray, level: float) -> tuple[float, float]:
        there = values[np.isfinite(values)]
        if len(there) < 2:
            return np.nan, np.nan
        rng = np.random.default_rng([_STREAM, self.seed])
        means = there[rng.integers(len(there), size=(_RESAMPLES, len(there)))].mean(axis=1)
        low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2]).tolist()
        return low, high


def _level(level: float) -> float:
    return as_real(level, "level", above=0, most=np.nextafter(1.0, 0.0))
