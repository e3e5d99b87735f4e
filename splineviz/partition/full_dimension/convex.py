"""Questions about a convex polyhedron ``normals @ z <= margins`` around the origin.

Normals are of length one, margins at least 0.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog, nnls

from splineviz.typing import BoolArray, FloatArray

# Feasibility of HiGHS, relative to margins of about one.
_TOLERANCE = 1e-9
# Rays in random directions, and by how much one border must come before the next.
_RAYS = 2000
_CLEARLY = 1e-6


def largest_ball(normals: FloatArray, margins: FloatArray) -> tuple[FloatArray | None, float]:
    """Find the largest ball inside, by one linear program.

    Parameters
    ----------
    normals : float64 array (m, d)
    margins : float64 array (m,)

    Returns
    -------
    center : float64 array (d,), or None
        None if balls of any size fit in.
    radius : float
        Infinite then.
    """
    m, d = normals.shape
    if m == 0:
        return None, np.inf
    cost = np.zeros(d + 1)
    cost[-1] = -1.0
    inside = np.column_stack([normals, np.ones(m)])
    bounds = [(None, None)] * d + [(0, None)]
    solution = linprog(cost, A_ub=inside, b_ub=margins, bounds=bounds, method="highs")
    # 2: infeasible, 3: unbounded, 4: one of both. The origin lies inside.
    if solution.status in (2, 3, 4):
        return None, np.inf
    return solution.x[:-1], float(solution.x[-1])


def facets(normals: FloatArray, margins: FloatArray) -> BoolArray:
    """Find which half-spaces have a facet: without it, the polyhedron would be larger.

    Rays from the origin meet the facets first; a linear program decides about each half-space that
    no ray meets first. Of half-spaces that are the same, one has the facet.

    Parameters
    ----------
    normals : float64 array (m, d)
    margins : float64 array (m,)

    Returns
    -------
    bool array (m,)
    """
    m, d = normals.shape
    kept = np.ones(m, dtype=np.bool_)
    met = _met_first(normals, margins)
    for i in np.argsort(-margins, kind="stable"):
        if met[i]:
            continue
        others = kept.copy()
        others[i] = False
        if not others.any():
            continue
        # How far beyond its border one gets if only the others hold; stopped just behind it.
        stop = margins[i] + 1.0
        solution = linprog(
            -normals[i],
            A_ub=np.vstack([normals[others], normals[i]]),
            b_ub=np.append(margins[others], stop),
            bounds=[(None, None)] * d,
            method="highs",
        )
        kept[i] = solution.status != 0 or -solution.fun > margins[i] + _TOLERANCE * (
            1.0 + margins[i]
        )
    return kept


def _met_first(normals: FloatArray, margins: FloatArray) -> BoolArray:
    """Find half-spaces whose border some ray from the origin meets clearly before all others."""
    m, d = normals.shape
    met = np.zeros(m, dtype=np.bool_)
    if m < 2:
        return met
    # Along their normals many facets are met first; the others may be met by chance.
    random = np.random.default_rng(0).standard_normal((_RAYS, d))
    for rays in (normals, random):
        rates = rays @ normals.T
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = np.where(rates > 0, margins / rates, np.inf)
        first, second = np.partition(reach, 1, axis=1)[:, :2].T
        clear = np.isfinite(first) & (first > 0) & (first < second * (1 - _CLEARLY))
        met[reach[clear].argmin(axis=1)] = True
    return met


def nearest_point(
    normals: FloatArray, margins: FloatArray, across: FloatArray, level: float
) -> FloatArray | None:
    """Find the nearest point of the polyhedron at which ``across @ z`` reaches a level.

    Parameters
    ----------
    normals : float64 array (m, d)
    margins : float64 array (m,)
    across : float64 array (d,)
        Not zero.
    level : float
        At least 0.

    Returns
    -------
    float64 array (d,), or None
        None if no point of the polyhedron reaches it.

    Notes
    -----
    Least-distance programming by non-negative least squares (Lawson and Hanson, *Solving Least
    Squares Problems*, 1974, chapter 23). Whether the level is reached at all, a linear program
    says first.
    """
    length = float(np.linalg.norm(across))
    direction, reach = across / length, level / length
    if not _reaches(normals, margins, direction, reach):
        return None
    # Everything in units of the distance to the level: at least that far is the point.
    unit = reach or 1.0
    inside = np.vstack([-normals, direction])
    least = np.append(-margins, reach) / unit
    system = np.vstack([inside.T, least])
    target = np.zeros(len(system))
    target[-1] = 1.0
    weights, _ = nnls(system, target, maxiter=30 * system.shape[1])
    residual = system @ weights - target
    return -unit * residual[:-1] / residual[-1]


def _reaches(normals: FloatArray, margins: FloatArray, direction: FloatArray, reach: float) -> bool:
    if reach == 0.0 or len(normals) == 0:
        return True
    solution = linprog(
        -direction,
        A_ub=np.vstack([normals, direction]) / reach,
        b_ub=np.append(margins, 2 * reach) / reach,
        bounds=[(None, None)] * len(direction),
        method="highs",
    )
    return bool(solution.status == 0 and -solution.fun >= reach * (1 - _TOLERANCE))
