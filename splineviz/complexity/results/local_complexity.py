"""LocalComplexity: how many neurons are crossed near each point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from splineviz.complexity.results.confidence import interval_of_mean
from splineviz.complexity.results.labels import proxy_note
from splineviz.complexity.results.layer_result import NeighborhoodResult
from splineviz.errors import RenamedAttribute
from splineviz.typing import FloatArray, IntArray
from splineviz.validation.numbers import as_flag

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False, kw_only=True)
class LocalComplexity(NeighborhoodResult):
    """The local complexity (LC) of a network around some points.

    Arrays have an axis for the radii first if radius was a sequence.

    Attributes
    ----------
    counts : int64 array (N, L) or (n_radii, N, L)
        For each point and layer the neurons whose boundary crosses the neighborhood.
    uncertain : int64 array, like counts
        How many of the layer's neurons are zero at some vertex up to rounding, so that rounding
        decides whether they are crossed. They count as on the boundary. How far rounding reaches
        is bounded step by step, and estimated behind steps that are not piecewise linear, as
        :func:`~splineviz.complexity.local_complexity.local_complexity` notes.
    neurons : int64 array (L,)
        How many neurons of each layer were counted: all, or those that are live.
    layers : tuple of Layer
        Name, kind and shape of each layer, in the order of the network.
    choice : LayerChoice
        What was counted: the names of the layers, and where neurons had to be live.
    neighborhood : Neighborhood
        The neighborhood of each point. `radius`, `directions`, `n_directions` and `seed` are read
        from it.
    """

    counts: IntArray
    uncertain: IntArray
    neurons: IntArray

    @property
    def near(self) -> NoReturn:
        """The old name of `uncertain`."""
        raise RenamedAttribute("near", "uncertain")

    @property
    def fractions(self) -> FloatArray:
        """The share of each layer's counted neurons that is crossed, like counts; NaN if none."""
        with np.errstate(invalid="ignore"):
            return self.counts / self.neurons

    @property
    def total(self) -> IntArray:
        """The crossed neurons of all layers, (N,) or (n_radii, N)."""
        return self.counts.sum(axis=-1)

    def mean(self, per_layer: bool = False) -> Any:
        """The mean over the points.

        Parameters
        ----------
        per_layer : bool
            Of each layer, instead of their total.

        Returns
        -------
        float, or float64 array ([n_radii,] [L])
        """
        return self._by_point(per_layer).mean(axis=-1)[()]

    def interval(self, level: float = 0.95, per_layer: bool = False) -> tuple[Any, Any]:
        """A confidence interval of the mean, if the points are a random sample of many.

        Parameters
        ----------
        level : float
            Between 0 and 1.
        per_layer : bool
            Of each layer, instead of their total.

        Returns
        -------
        low, high : float or float64 array, like `mean`
            The mean and Student's t times its standard error; NaN for a single point.

        Raises
        ------
        InvalidArgument
            If the level is not between 0 and 1.
        """
        return interval_of_mean(self._by_point(per_layer), level)

    def _by_point(self, per_layer: bool) -> FloatArray:
        """With the points on the last axis."""
        by_layer = as_flag(per_layer, "per_layer")
        counts = np.moveaxis(self.counts, -2, -1) if by_layer else self.total
        return counts.astype(np.float64)

    def to_dataframe(self) -> pd.DataFrame:
        """One row for each radius, point and layer.

        Returns
        -------
        pandas.DataFrame
            With the columns ``radius``, ``point``, ``layer``, ``kind``, ``proxy`` (whether it is
            smooth), ``width``, ``crossed``, ``fraction`` and ``uncertain``.
        """
        return self._table(
            proxy=np.array([layer.proxy for layer in self.layers]),
            width=self.widths,
            crossed=self.counts,
            fraction=self.fractions,
            uncertain=self.uncertain,
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the mean count of each layer, with a 95 % confidence interval, by radius.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw. Default: a new figure.

        Returns
        -------
        matplotlib.axes.Axes
        """
        from splineviz.complexity.results.plots import draw_layers

        return draw_layers(self, ax)

    def __repr__(self) -> str:
        points = self.counts.shape[-2]
        of = f"{self.neurons.sum():,} {self.choice.counted}"
        means = ", ".join(f"{mean:.4g}" for mean in np.atleast_1d(self.mean()))
        near_zero = int(self.uncertain.sum())
        uncertain = f", {near_zero:,} neurons near zero up to rounding" if near_zero else ""
        return (
            f"LocalComplexity(mean {means} of {of} in {len(self.layers)} layers; "
            f"{points:,} points, {self.neighborhood}{uncertain}{proxy_note(self.is_proxy)})"
        )
