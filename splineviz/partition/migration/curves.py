"""MigrationCurves: region migration over the checkpoints of a training."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from splineviz.drawing.axes import as_axes
from splineviz.drawing.step_curve import StepCurve
from splineviz.drawing.step_plot import draw_step_curves
from splineviz.errors import InvalidArgument
from splineviz.partition.measures.migration import Migration
from splineviz.typing import FloatArray, IntArray
from splineviz.validation.wording import shown

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


# Which curve uniform points are in either drawing, so that they look alike: dashed, as a control.
_UNIFORM = 2


@dataclass(frozen=True, eq=False)
class MigrationCurves:
    """Where neuron boundaries lie on a slice, at S checkpoints of a training.

    Attributes
    ----------
    steps : int64 array (S,)
        Training steps, increasing.
    migrations : tuple of Migration
        What was measured at each: exact on the slice.
    radius : float
        Radius of the disc around each point, in slice units.
    on_segment : bool
        Whether the slice is a segment, on which breakpoints are counted (default: False).

    Examples
    --------
    >>> import splineviz as sv
    >>> run = sv.Run.bundled("checkerboard")
    >>> curves = sv.region_migration(run, sv.InputSlice.identity(), steps=[0, 30000])
    >>> curves
    MigrationCurves(ratio 1.003 → 1.653, steps 0 to 30000, 2 checkpoints, radius 0.1)
    """

    steps: IntArray
    migrations: tuple[Migration, ...]
    radius: float
    on_segment: bool = False

    @property
    def distance_label(self) -> str:
        """What the distances are, on a vertical axis."""
        if self.on_segment:
            return "distance to breakpoint (units of position)"
        return "distance to boundary (slice units)"

    @property
    def density_label(self) -> str:
        """What the densities are, on a vertical axis."""
        if self.on_segment:
            return "breakpoints by length (1 / units of position)"
        return "length of boundary by area (1 / slice units)"

    @property
    def median_distance(self) -> FloatArray:
        """Median distance of the data from the nearest neuron boundary, float64 array (S,)."""
        return self._each("median_distance")

    @property
    def quartile_distances(self) -> FloatArray:
        """First and third quartile of these distances, float64 array (S, 2)."""
        quartiles = [migration.quartile_distances for migration in self.migrations]
        return np.array(quartiles, dtype=np.float64).reshape(-1, 2)

    @property
    def density_near_data(self) -> FloatArray:
        """Density of neuron boundaries near the data, float64 array (S,)."""
        return self._each("density_near_data")

    @property
    def density_near_decision(self) -> FloatArray:
        """The same near the decision boundary; NaN where there is none."""
        return self._each("density_near_decision")

    @property
    def ratio(self) -> FloatArray:
        """Density near the decision boundary over that near the data, float64 array (S,)."""
        return self._each("ratio")

    @property
    def density_near_uniform(self) -> FloatArray:
        """Density near points drawn uniformly from the slice: the control, float64 array (S,)."""
        return self._each("density_near_uniform")

    @property
    def ratio_uniform(self) -> FloatArray:
        """Density near the decision boundary over that near uniform points, float64 array (S,)."""
        return self._each("ratio_uniform")

    @property
    def median_distance_uniform(self) -> FloatArray:
        """Median distance of uniform points from the nearest neuron boundary, array (S,)."""
        return self._each("median_distance_uniform")

    @property
    def n_switching(self) -> IntArray:
        """Neurons that draw a boundary on the slice, int64 array (S,); it falls as they die."""
        return np.array([each.n_switching for each in self.migrations], dtype=np.int64)

    def distance_curves(self) -> list[StepCurve]:
        """The distances as curves, of the data with a band; there is none where no boundary is."""
        low, high = self.quartile_distances.T
        return [
            StepCurve(
                "data: median and quartiles",
                self.steps,
                _finite(self.median_distance),
                _finite(low),
                _finite(high),
            ),
            StepCurve(
                "uniform points: median",
                self.steps,
                _finite(self.median_distance_uniform),
                number=_UNIFORM,
                line_style="dashed",
            ),
        ]

    def density_curves(self) -> list[StepCurve]:
        """The densities as three curves."""
        named = {
            "near the data": self.density_near_data,
            "near the decision boundary": self.density_near_decision,
            "near uniform points": self.density_near_uniform,
        }
        return [
            StepCurve(
                label,
                self.steps,
                _finite(values),
                number=number,
                line_style="dashed" if number == _UNIFORM else None,
            )
            for number, (label, values) in enumerate(named.items())
        ]

    def to_dataframe(self) -> pd.DataFrame:
        """One row for each checkpoint.

        Returns
        -------
        pandas.DataFrame
            Indexed by ``step``, with the columns ``n_points``, ``median_distance``,
            ``lower_quartile_distance``, ``upper_quartile_distance``, ``density_near_data``,
            ``density_near_decision``, ``ratio``, ``density_near_uniform``, ``ratio_uniform``,
            ``median_distance_uniform`` and ``n_switching``; what they mean says
            :class:`~splineviz.partition.measures.migration.Migration`.
        """
        import pandas as pd

        lower, upper = self.quartile_distances.T
        return pd.DataFrame(
            {
                "n_points": np.array([each.n_points for each in self.migrations], dtype=np.int64),
                "median_distance": self.median_distance,
                "lower_quartile_distance": lower,
                "upper_quartile_distance": upper,
                "density_near_data": self.density_near_data,
                "density_near_decision": self.density_near_decision,
                "ratio": self.ratio,
                "density_near_uniform": self.density_near_uniform,
                "ratio_uniform": self.ratio_uniform,
                "median_distance_uniform": self.median_distance_uniform,
                "n_switching": self.n_switching,
            },
            index=pd.Index(self.steps, name="step"),
        )

    def plot(self, axes: Sequence[Axes] | None = None) -> tuple[Axes, Axes]:
        """Draw distances and densities over a logarithmic axis of steps.

        Parameters
        ----------
        axes : pair of matplotlib.axes.Axes, optional
            Where to draw. Default: a new figure.

        Returns
        -------
        tuple of matplotlib.axes.Axes
            That of the distances and that of the densities.
        """
        if axes is None:
            import matplotlib.pyplot as plt

            axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")[1]
        distances, densities = _two_axes(axes)
        draw_step_curves(distances, self.distance_curves(), self.distance_label).legend(
            frameon=False
        )
        draw_step_curves(densities, self.density_curves(), self.density_label).legend(
            title=f"within {self.radius:g}", frameon=False
        )
        return distances, densities

    def __repr__(self) -> str:
        if len(self.steps) == 0:
            return f"MigrationCurves(nothing measured, radius {self.radius:g})"
        at = f"step {self.steps[0]}"
        if len(self.steps) > 1:
            at = f"steps {self.steps[0]} to {self.steps[-1]}, {len(self.steps)} checkpoints"
        ends = dict.fromkeys(f"{ratio:.4g}" for ratio in self.ratio[[0, -1]])
        return f"MigrationCurves(ratio {' → '.join(ends)}, {at}, radius {self.radius:g})"

    def _each(self, name: str) -> FloatArray:
        return np.array([getattr(each, name) for each in self.migrations], dtype=np.float64)


def _finite(values: FloatArray) -> FloatArray:
    return np.where(np.isfinite(values), values, np.nan)


def _two_axes(axes: Any) -> tuple[Axes, Axes]:
    pair = [*axes] if isinstance(axes, Iterable) and not isinstance(axes, str | bytes) else [axes]
    if len(pair) != 2:
        raise InvalidArgument(
            f"axes must be two axes of matplotlib, not {shown(axes)}: plt.subplots(1, 2) makes them"
        )
    return as_axes(pair[0], "axes[0]"), as_axes(pair[1], "axes[1]")
