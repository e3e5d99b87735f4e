"""How well local complexity agrees with exact counts: on a slice, and in a ball around inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import shapely

from splineviz.complexity.local_complexity import local_complexity
from splineviz.errors import InvalidArgument
from splineviz.network.piecewise_linear import PiecewiseLinear
from splineviz.network.program import Program
from splineviz.partition.enumeration import enumerate_regions
from splineviz.partition.full_dimension.arguments import as_batch, program_for
from splineviz.partition.full_dimension.region_at import region_at
from splineviz.partition.slices.checks import check_slice
from splineviz.partition.slices.input_slice import InputSlice
from splineviz.typing import BoolArray, FloatArray, IntArray
from splineviz.validation.arrays import as_points
from splineviz.validation.calls import explained
from splineviz.validation.numbers import as_radii

if TYPE_CHECKING:
    import pandas as pd
    import torch


@dataclass(frozen=True, eq=False)
class ComplexityAgreement:
    """Local complexity beside another count of the same neurons, at N points and some radii.

    Attributes
    ----------
    radii : float64 array (n_radii,)
        In units of the inputs, or of the slice.
    estimated : int64 array (n_radii, N)
        Local complexity.
    exact : int64 array (n_radii, N)
        The count that it is compared with.
    """

    radii: FloatArray
    estimated: IntArray
    exact: IntArray

    @property
    def correlation(self) -> FloatArray:
        """Pearson's correlation over the points, (n_radii,); NaN where a count does not vary."""
        pairs = zip(self.estimated, self.exact, strict=True)
        return np.array([correlation(estimated, exact) for estimated, exact in pairs])

    @property
    def bias(self) -> FloatArray:
        """Mean of local complexity minus the other count, in neurons, float64 array (n_radii,)."""
        return np.asarray((self.estimated - self.exact).mean(axis=1))

    @property
    def missed(self) -> FloatArray:
        """The share of the other count that local complexity misses, over all points, (n_radii,).

        NaN where it is 0 at every point.
        """
        less, all_ = np.maximum(self.exact - self.estimated, 0).sum(axis=1), self.exact.sum(axis=1)
        return np.where(all_ > 0, less / np.maximum(all_, 1), np.nan)

    @property
    def above(self) -> IntArray:
        """At how many points local complexity is larger, int64 array (n_radii,)."""
        return (self.estimated > self.exact).sum(axis=1).astype(np.int64)

    @property
    def empty_missed(self) -> FloatArray:
        """The share of points with a crossing at which local complexity is 0, (n_radii,)."""
        there = self.exact > 0
        unseen = (there & (self.estimated == 0)).sum(axis=1)
        return np.where(there.any(axis=1), unseen / np.maximum(there.sum(axis=1), 1), np.nan)

    def to_dataframe(self) -> pd.DataFrame:
        """Make a table with one row for each radius.

        Returns
        -------
        pandas.DataFrame
            Indexed by ``radius``, with the columns ``points``, ``estimated`` and ``exact`` (means),
            ``correlation``, ``bias``, ``missed``, ``above`` and ``empty_missed``.
        """
        import pandas as pd

        columns = {
            "points": self.exact.shape[1],
            "estimated": self.estimated.mean(axis=1),
            "exact": self.exact.mean(axis=1),
        }
        names = ("correlation", "bias", "missed", "above", "empty_missed")
        columns |= {name: getattr(self, name) for name in names}
        return pd.DataFrame(columns, index=pd.Index(self.radii, name="radius"))

    def __repr__(self) -> str:
        said = [
            f"radius {radius:g}: correlation {correlation:.3f}, missed {missed:.3f}"
            for radius, correlation, missed in zip(
                self.radii, self.correlation, self.missed, strict=True
            )
        ]
        return f"ComplexityAgreement({self.exact.shape[1]} points; {'; '.join(said)})"


@explained()
def slice_agreement(
    model: torch.nn.Module | Program,
    plane: InputSlice,
    *,
    points: npt.ArrayLike,
    radius: float | npt.ArrayLike = 0.1,
    shape: str = "disc",
) -> ComplexityAgreement:
    """Compare local complexity on a slice with the exact number of neurons that cross there.

    Parameters
    ----------
    model : torch.nn.Module or Program
        A piecewise-linear network. It is not changed.
    plane : InputSlice
    points : array-like of shape (n, 2)
        Slice coordinates. Points whose disc reaches beyond the domain are left out, because the
        exact count there is not known.
    radius : float, or sequence of float
        In units of the slice.
    shape : {"disc", "cross-polytope"}
        Where to count exactly: in the disc around each point, or in the square whose corners local
        complexity looks at.

    Returns
    -------
    ComplexityAgreement
        Local complexity has the two directions of the slice, and counts activations of single
        numbers, not maxima; so does the exact count.

    Raises
    ------
    InvalidArgument
        If a radius is not positive, or no disc lies in the domain.
    UnknownName
        If there is no such shape.
    ShapeMismatch, NonFiniteValues, UnsupportedLayer
        If points or slice do not fit, or the network is not piecewise linear.

    Notes
    -----
    A neuron that has different signs at two corners switches between them, so local complexity is
    at most the exact count, up to rounding. It misses boundaries that pass between the corners.

    Examples
    --------
    >>> import splineviz as sv
    >>> run, plane = sv.Run.bundled("checkerboard"), sv.InputSlice.identity((-2, -2, 2, 2))
    >>> sv.slice_agreement(run.program(30000), plane, points=run.samples[0])
    ComplexityAgreement(150 points; radius 0.1: correlation 0..., missed 0...)
    """
    check_slice(plane)
    radii, _ = as_radii(radius)
    centers = as_points(points)
    partition = enumerate_regions(model, plane)
    centers = centers[_inside(plane, centers, float(radii.max()))]
    if len(centers) == 0:
        raise InvalidArgument(
            f"points has none whose disc of radius {radii.max():g} lies in the domain of the slice"
        )
    program = partition.program
    counted = list(_counted(program))
    exact = np.stack(
        [
            partition.crossed_neurons(centers, float(each), shape=shape)[:, list(counted)].sum(
                axis=1
            )
            for each in radii
        ]
    )
    lc = local_complexity(program, plane.embed(centers), radius=radii, directions=plane.basis)
    return ComplexityAgreement(radii, lc.counts.sum(axis=-1), exact)


@explained()
def ball_agreement(
    model: torch.nn.Module | Program,
    x: npt.ArrayLike,
    *,
    radius: float | npt.ArrayLike = 0.1,
    directions: int | None = None,
    seed: int = 0,
) -> ComplexityAgreement:
    """Compare local complexity with the neuron boundaries that meet a ball in all dimensions.

    Parameters
    ----------
    model : torch.nn.Module or Program
        A piecewise-linear network. It is not changed.
    x : array-like of shape (N, *input_shape)
        The inputs.
    radius : float, or sequence of float
        The radius of the ball, and of the cross-polytope inside it.
    directions, seed
        As for :func:`~splineviz.complexity.local_complexity.local_complexity`.

    Returns
    -------
    ComplexityAgreement
        ``exact`` counts the neurons whose boundary, as a hyperplane of the region that holds the
        input (:func:`~splineviz.partition.full_dimension.region_at.region_at`), meets the ball.
        It is exact for the first layer. Boundaries of later layers bend where they leave the
        region, so local complexity can be larger or smaller than it. In a network without maxima,
        which are not counted, 0 is exact: the ball lies in one region, and local complexity is 0
        too.

    Raises
    ------
    InvalidArgument
        If a radius is not positive, or as ``local_complexity`` and ``region_at`` do.
    ShapeMismatch, NonFiniteValues, UnsupportedLayer
        If x does not fit the network, or the network is not piecewise linear.

    Examples
    --------
    >>> import splineviz as sv
    >>> run = sv.Run.bundled("checkerboard")
    >>> sv.ball_agreement(run.program(30000), run.samples[0][:20], radius=[0.01, 0.1])
    ComplexityAgreement(20 points; radius 0.01: correlation 0.983, missed 0.147; radius 0.1:
    correlation 0.989, missed 0.053)
    """
    radii, _ = as_radii(radius)
    points = as_batch(x)
    program = program_for(model, points)
    lc = local_complexity(program, points, radius=radii, directions=directions, seed=seed)
    counted = _counted(program)
    exact = np.empty((len(radii), len(points)), dtype=np.int64)
    for i, point in enumerate(points):
        region = region_at(program, point)
        half_spaces, rows = region.half_spaces, np.isin(region.half_spaces.layers, list(counted))
        # A neuron with several breakpoints has a half-space for each, and counts once.
        layers = half_spaces.layers[rows]
        widths = np.array([counted[layer] for layer in layers.tolist()], dtype=np.int64)
        neurons = np.stack([layers, half_spaces.columns[rows] % widths], axis=1)
        for k, each in enumerate(radii):
            within = region.distances[rows] < each
            exact[k, i] = len(np.unique(neurons[within], axis=0))
    return ComplexityAgreement(radii, lc.counts.sum(axis=-1), exact)


def _counted(program: Program) -> dict[int, int]:
    """The activations of single numbers, which local complexity counts, and their neurons."""
    return {
        activation.number: activation.neurons
        for activation in program.activations
        if isinstance(activation.rule, PiecewiseLinear)
    }


def _inside(plane: InputSlice, centers: FloatArray, radius: float) -> BoolArray:
    """Whether the disc around each point lies in the domain."""
    points = shapely.points(centers)
    inside = shapely.contains(plane.domain, points)
    far = shapely.distance(plane.domain.boundary, points) >= radius
    return np.asarray(inside & far)


def correlation(first: npt.NDArray[Any], second: npt.NDArray[Any]) -> float:
    """Pearson's correlation of two arrays (n,); NaN where one of them does not vary."""
    if len(first) < 2 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return float("nan")
    return float(np.corrcoef(first, second)[0, 1])
