"""Region migration on one slice: boundaries near the data, near the decision, and anywhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from splineviz.partition.measures.density import densities, distances
from splineviz.partition.measures.lines import points_along, spaced_shares
from splineviz.partition.measures.uniform_points import uniform_points
from splineviz.typing import FloatArray
from splineviz.validation.numbers import as_int

# Uniform points have a random stream of their own: the same seed elsewhere draws other numbers.
_STREAM = 20240216


@dataclass(frozen=True)
class Migration:
    """Where neuron boundaries gather: near the data or near the decision boundary.

    Over a training, ``ratio`` rises and ``density_near_data`` falls when regions migrate. Both also
    happen when boundaries leave the whole slice, as those of neurons do that die: what is measured
    at uniform points is the control. Boundaries leave *the data* only if ``density_near_data``
    falls more than ``density_near_uniform``, and gather at *the decision boundary* only if
    ``ratio_uniform`` rises. ``n_switching`` says how many neurons still draw a boundary.

    Parameters
    ----------
    radius : float
        Radius of the disc around each point, in slice units.
    n_points : int
        Data points that count: those that are nearer to the slice's domain than the radius.
    density_near_data : float
        Mean over these of the length of neuron boundary within the radius, divided by the area of
        disc and domain; in 1 / slice units. On a segment, the number of breakpoints within the
        radius, divided by the length within the segment. nan if there are none.
    density_near_decision : float
        The same, mean over points spaced evenly along the decision boundary; on a segment over the
        positions at which the class changes. nan if the slice has no decision boundary.
    ratio : float
        Density near the decision boundary over that near the data. Infinite if no neuron boundary
        is near the data; nan if none is near either, or if a density is nan.
    density_near_uniform : float
        The same as ``density_near_data``, mean over points drawn uniformly from the slice.
    ratio_uniform : float
        Density near the decision boundary over that near uniform points, as ``ratio``.
    median_distance : float
        Median distance of the data points that count from the nearest neuron boundary, in slice
        units. Infinite if there is no neuron boundary, nan if no point counts.
    quartile_distances : tuple of float
        First and third quartile of these distances.
    median_distance_uniform : float
        Median distance of the uniform points from the nearest neuron boundary.
    n_switching : int
        Neurons that draw a boundary on the slice: those that are neither off nor on everywhere on
        it. Where this falls over a training, neurons die, and boundaries get fewer everywhere. An
        activation with several breakpoints counts once for each, a maximum once for each candidate.

    Notes
    -----
    Region migration is the third phase of training in Humayun, Balestriero and Baraniuk, *Deep
    Networks Always Grok and Here is Why*, ICML 2024, which reads it off estimates of local
    complexity and pictures of slices. These numbers are exact on the slice they are taken from.
    """

    radius: float
    n_points: int
    density_near_data: float
    density_near_decision: float
    ratio: float
    median_distance: float
    quartile_distances: tuple[float, float]
    density_near_uniform: float
    ratio_uniform: float
    median_distance_uniform: float
    n_switching: int


def measure_migration(
    points: FloatArray,
    radius: float,
    segments: FloatArray,
    decision: shapely.MultiLineString,
    domain: shapely.Polygon,
    n_boundary: int,
    n_uniform: int | None,
    seed: int,
    n_switching: int,
) -> Migration:
    """Measure neuron boundaries (m, 2, 2) near points (n, 2), the decision and uniform points."""
    n_boundary = as_int(n_boundary, "n_boundary", 1)
    n_uniform = n_boundary if n_uniform is None else as_int(n_uniform, "n_uniform", 1)
    density = densities(points, radius, segments, domain)
    along = np.empty((0, 2))
    if decision.length > 0:
        along = points_along(decision, spaced_shares(n_boundary, seed))
    uniform = uniform_points(domain, n_uniform, stream_of_uniform(seed))
    return summary(
        radius,
        density,
        distances(points[~np.isnan(density)], segments),
        densities(along, radius, segments, domain),
        densities(uniform, radius, segments, domain),
        distances(uniform, segments),
        n_switching,
    )


def stream_of_uniform(seed: int) -> np.random.Generator:
    """The generator of uniform points for a seed."""
    return np.random.default_rng([_STREAM, as_int(seed, "seed", 0)])


def summary(
    radius: float,
    density: FloatArray,
    distance: FloatArray,
    density_near_decision: FloatArray,
    density_near_uniform: FloatArray,
    distance_uniform: FloatArray,
    n_switching: int,
) -> Migration:
    """Summarize what was measured at each point in a few numbers.

    Parameters
    ----------
    radius : float
    density : float64 array (n,)
        At the data; nan for points that do not count.
    distance : float64 array (n_points,)
        From the data that count.
    density_near_decision, density_near_uniform, distance_uniform : float64 arrays
        At points of the decision boundary, and at uniform points.
    n_switching : int
    """
    counts = ~np.isnan(density)
    near_data = _mean(density[counts])
    near_decision, near_uniform = _mean(density_near_decision), _mean(density_near_uniform)
    lower, median, upper = _quartiles(distance)
    return Migration(
        radius=float(radius),
        n_points=int(counts.sum()),
        density_near_data=near_data,
        density_near_decision=near_decision,
        ratio=_ratio(near_decision, near_data),
        median_distance=median,
        quartile_distances=(lower, upper),
        density_near_uniform=near_uniform,
        ratio_uniform=_ratio(near_decision, near_uniform),
        median_distance_uniform=_quartiles(distance_uniform)[1],
        n_switching=n_switching,
    )


def _ratio(over: float, under: float) -> float:
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.divide(over, under))


def _quartiles(values: FloatArray) -> tuple[float, float, float]:
    if len(values) == 0:
        return np.nan, np.nan, np.nan
    if np.isinf(values).all():
        return np.inf, np.inf, np.inf
    lower, median, upper = np.percentile(values, [25, 50, 75]).tolist()
    return lower, median, upper


def _mean(values: FloatArray) -> float:
    return float(values.mean()) if len(values) > 0 else np.nan
