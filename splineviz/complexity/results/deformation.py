"""Deformation: how large and how flat neighborhoods are at each layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from splineviz.complexity.results.confidence import interval_of_mean
from splineviz.complexity.results.labels import directions_label, radius_label
from splineviz.complexity.results.layer_result import NeighborhoodResult
from splineviz.typing import FloatArray
from splineviz.validation.names import check_name

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


# What there is to average and draw -> how an axis calls it, and whether it is a size.
_MEASURES = {
    "diameters": ("diameter", True),
    "eccentricities": ("mean eccentricity", True),
    "relative_diameters": ("diameter / 2r", True),
    "dimensions": ("dimensions", False),
}


@dataclass(frozen=True, eq=False, kw_only=True)
class Deformation(NeighborhoodResult):
    """The images of neighborhoods at the pre-activations of each layer.

    A neighborhood is given by the 2P vertices x + r v and x - r v of a cross-polytope; its
    diameter and eccentricity at the input are 2r, and it has P dimensions. Arrays have an axis for
    the radii first if radius was a sequence.

    Attributes
    ----------
    diameters : float64 array (N, L) or (n_radii, N, L)
        For each point and layer the largest distance between the images of two vertices, in units
        of the pre-activations.
    eccentricities : float64 array, like diameters
        The mean over the vertices of the distance to the farthest other one. Half the diameter at
        least, and equal to it if each vertex has another one as far away as the diameter.
    dimensions : float64 array, like diameters
        In how many directions the images spread: (sum of v)^2 / sum of v^2 with the variances v
        along the principal axes, called participation ratio. P as long as only scaled and turned,
        1 on a line, 0 if all are in one place. It does not depend on the size.
    layers : tuple of Layer
        Name, kind and shape of each layer, in the order of the network.
    choice : LayerChoice
        What was counted: the names of the layers, and where neurons had to be live.
    neighborhood : Neighborhood
        The neighborhood of each point. `radius`, `directions`, `n_directions` and `seed` are read
        from it.
    """

    diameters: FloatArray
    eccentricities: FloatArray
    dimensions: FloatArray

    @property
    def relative_diameters(self) -> FloatArray:
        """The diameters divided by that of the neighborhood at the input, 2r; like diameters.

        They do not depend on the radius as long as no neuron is crossed.
        """
        return self.diameters / (2 * np.asarray(self.radius)[..., None, None])

    def mean(self, measure: str = "relative_diameters") -> FloatArray:
        """The mean over the points of each layer.

        Parameters
        ----------
        measure : str
            ``"diameters"``, ``"eccentricities"``, ``"relative_diameters"`` or ``"dimensions"``.

        Returns
        -------
        float64 array ([n_radii,] L)

        Raises
        ------
        UnknownName
            If there is no such measure.
        """
        return self._by_point(measure).mean(axis=-1)

    def interval(
        self, measure: str = "relative_diameters", level: float = 0.95
    ) -> tuple[FloatArray, FloatArray]:
        """A confidence interval of the mean, if the points are a random sample of many.

        Parameters
        ----------
        measure : str
            As for `mean`.
        level : float
            Between 0 and 1.

        Returns
        -------
        low, high : float64 array, like `mean`
            The mean and Student's t times its standard error; NaN for a single point.

        Raises
        ------
        UnknownName
            If there is no such measure.
        InvalidArgument
            If the level is not between 0 and 1.
        """
        return interval_of_mean(self._by_point(measure), level)

    def _by_point(self, measure: str) -> FloatArray:
        """With the points on the last axis."""
        check_name(_MEASURES, "measure", measure)
        values: FloatArray = getattr(self, measure)
        return np.moveaxis(values, -2, -1)

    def to_dataframe(self) -> pd.DataFrame:
        """One row for each radius, point and layer.

        Returns
        -------
        pandas.DataFrame
            With the columns ``radius``, ``point``, ``layer``, ``kind``, ``diameter``,
            ``relative_diameter``, ``eccentricity`` and ``dimensions``.
        """
        return self._table(
            diameter=self.diameters,
            relative_diameter=self.relative_diameters,
            eccentricity=self.eccentricities,
            dimensions=self.dimensions,
        )

    def plot(self, ax: Axes | None = None, measure: str = "relative_diameters") -> Axes:
        """Draw the mean of a measure by layer, one line a radius, with 95 % confidence intervals.

        Sizes are drawn on a logarithmic axis.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw. Default: a new figure.
        measure : str
            As for `mean`.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        UnknownName
            If there is no such measure.
        """
        from matplotlib.ticker import LogLocator, NullLocator

        from splineviz.complexity.results.plots import draw_by_layer

        means, highs = self.mean(measure), self.interval(measure)[1]
        label, size = _MEASURES[measure]
        labels = [radius_label(radius) for radius in self.radii]
        ax = draw_by_layer(ax, self.names, labels, means, highs)
        if size:
            ax.set_yscale("log")
            ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            ax.yaxis.set_major_formatter("{x:g}")
            ax.yaxis.set_minor_locator(NullLocator())
        ax.set(xlabel="layer", ylabel=label)
        ax.legend(title=directions_label(self.n_directions), frameon=False)
        return ax

    def __repr__(self) -> str:
        points = self.diameters.shape[-2]
        last = np.atleast_2d(self.mean())[:, -1]
        stretch = ", ".join(f"{value:.4g}" for value in last)
        return (
            f"Deformation(diameter {stretch} times 2r at {self.names[-1]!r}, the last of "
            f"{len(self.layers)} layers; {points:,} points, {self.neighborhood})"
        )
