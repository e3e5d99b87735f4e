"""Questions about a convex polyhedron ``normals @ z <= margins`` around the origin.

Normals are of length one, margins at least 0.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog, nnls

from splineviz.typing import BoolArray, FloatArray, IntArray

# Feasibility of HiGHS, relative to margins of about one.
_TOLERANCE = 1e-9
# Far above the rounding of a point that has been moved a hundred times.
_CLEARLY = 1e-6
# How often a point is moved; how far, in distances to the violated border (1 is onto it, 2 its
# mirror image, the most with which the method converges); and further, in margins.
_STEPS = 100
_OVER = 1.9
_FURTHER = 0.003
# Numbers that are held at a time for the points of many half-spaces: 64 megabytes.
_BLOCK = 2**23


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
    if len(normals) == 0:
        return None, np.inf
    # HiGHS takes constraints as kept up to an absolute tolerance, so lengths are first in units of
    # the margins, and then in units of the ball: it may be far smaller than most of them.
    unit = _unit(margins)
    center, radius = _ball(normals, margins / unit)
    if center is not None and radius > 0:
        unit *= radius
        center, radius = _ball(normals, margins / unit)
    return (None, np.inf) if center is None else (unit * center, unit * radius)


def _unit(margins: FloatArray) -> float:
    """The median of the margins that are not zero: tolerances are meant for margins of about one.

    It is 1 if all are zero.
    """
    positive = margins[margins > 0]
    return float(np.median(positive)) if len(positive) else 1.0


def _ball(normals: FloatArray, margins: FloatArray) -> tuple[FloatArray | None, float]:
    """The largest ball, where lengths are of about the size of one."""
    m, d = normals.shape
    cost = np.zeros(d + 1)
    cost[-1] = -1.0
    inside = np.column_stack([normals, np.ones(m)])
    bounds = [(None, None)] * d + [(0, None)]
    options = {"primal_feasibility_tolerance": 1e-10}
    solution = linprog(
        cost, A_ub=inside, b_ub=margins, bounds=bounds, method="highs", options=options
    )
    # 2: infeasible, 3: unbounded, 4: one of both. The origin lies inside.
    if solution.status in (2, 3, 4):
        return None, np.inf
    return solution.x[:-1], float(solution.x[-1])


def facets(normals: FloatArray, margins: FloatArray) -> BoolArray:
    """Find which half-spaces have a facet: without it, the polyhedron would be larger.

    Of half-spaces that are the same, one has the facet.

    Parameters
    ----------
    normals : float64 array (m, d)
    margins : float64 array (m,)

    Returns
    -------
    bool array (m,)

    Notes
    -----
    A facet is certain once a point of its border lies clearly inside all other half-spaces; such
    points are searched for all half-spaces at once. Each of the others either follows from the rest
    (Farkas' lemma: it is their sum with non-negative weights) or leaves out a point of the rest;
    non-negative least squares finds the weights or the point. A linear program decides where
    rounding leaves it open.
    """
    # The same facets at any scale.
    margins = margins / _unit(margins)
    certain = _with_inner_point(normals, margins)
    kept = np.ones(len(normals), dtype=np.bool_)
    for i in np.argsort(-margins, kind="stable"):
        if not certain[i]:
            kept[i] = False
            kept[i] = _leaves_out(normals[kept], margins[kept], normals[i], margins[i])
    return kept


def _leaves_out(
    normals: FloatArray, margins: FloatArray, normal: FloatArray, margin: float
) -> bool:
    """Whether a half-space leaves out a point of a polyhedron."""
    # The last column: what follows with room to spare follows too.
    unit = margin or 1.0
    system = np.vstack([normals.T, margins / unit])
    system = np.column_stack([system, np.append(np.zeros(len(normal)), 1.0)])
    target = np.append(normal, margin / unit)
    try:
        weights, _ = nnls(system, target, maxiter=30 * system.shape[1])
    except RuntimeError:
        return _reaches_beyond(normals, margins, normal, margin)
    residual = target - system @ weights
    if np.linalg.norm(residual) < _TOLERANCE * _CLEARLY:
        return False
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        point = -unit * residual[:-1] / residual[-1]
        size = 1.0 + np.linalg.norm(point)
        inside = (normals @ point - margins).max(initial=-np.inf) < _TOLERANCE * size
        outside = normal @ point - margin > _CLEARLY * size
    return bool(inside and outside) or _reaches_beyond(normals, margins, normal, margin)


def _reaches_beyond(
    normals: FloatArray, margins: FloatArray, normal: FloatArray, margin: float
) -> bool:
    """Whether a polyhedron has points beyond the border of a half-space, by a linear program."""
    farthest = _farthest(normals, margins, normal, margin + 1.0)
    return farthest is None or farthest > margin + _TOLERANCE * (1.0 + margin)


def _farthest(
    normals: FloatArray, margins: FloatArray, direction: FloatArray, stop: float
) -> float | None:
    """How far a polyhedron reaches in a direction; None if the solver does not say.

    A polyhedron may reach to infinity: beyond `stop` nothing is looked for.
    """
    solution = linprog(
        -direction,
        A_ub=np.vstack([normals, direction]),
        b_ub=np.append(margins, stop),
        bounds=[(None, None)] * len(direction),
        method="highs",
    )
    return -float(solution.fun) if solution.status == 0 else None


def _with_inner_point(normals: FloatArray, margins: FloatArray) -> BoolArray:
    """Find half-spaces of which some border point lies clearly inside all the others.

    The relaxation method (Agmon 1954; Motzkin and Schoenberg 1954), for each half-space on its own
    border: step by step the point is moved across the border that it violates most, and some way
    further in. What it finds is certain; what it does not find may be a facet or not.
    """
    certain = np.zeros(len(normals), dtype=np.bool_)
    cosines = normals @ normals.T
    block = max(1, _BLOCK // max(1, len(normals)))
    for start in range(0, len(normals), block):
        # The half-spaces whose point is still searched; their points, at first those nearest to the
        # origin; and how far these are beyond the border of each half-space.
        searched = np.arange(start, min(start + block, len(normals)))
        points = margins[searched, None] * normals[searched]
        beyond = margins[searched, None] * cosines[searched] - margins
        for _ in range(_STEPS):
            rows = np.arange(len(searched))
            beyond[rows, searched] = -np.inf
            worst = beyond.argmax(axis=1)
            most = beyond[rows, worst]
            inside = most < -_CLEARLY * (1.0 + margins[searched])
            certain[searched[inside]] = _is_inner(
                normals, margins, searched[inside], points[inside]
            )
            cosine = cosines[searched, worst]
            # Borders that are nearly parallel are left to the linear programs.
            further = np.flatnonzero(~inside & (1.0 - cosine**2 > _CLEARLY))
            if not len(further):
                break
            searched, worst, most, cosine = (
                each[further] for each in (searched, worst, most, cosine)
            )
            step = _OVER * np.maximum(most, 0.0) + _FURTHER * (margins[searched] + margins[worst])
            step = (step / (1.0 - cosine**2))[:, None]
            cosine = cosine[:, None]
            points = points[further] - step * (normals[worst] - cosine * normals[searched])
            beyond = beyond[further] - step * (cosines[worst] - cosine * cosines[searched])
    return certain


def _is_inner(
    normals: FloatArray, margins: FloatArray, numbers: IntArray, points: FloatArray
) -> BoolArray:
    """Whether each point is on the border of its half-space, and clearly inside all the others.

    What was added up step by step is computed anew from the points.
    """
    rows = np.arange(len(numbers))
    beyond = points @ normals.T - margins
    off = np.abs(beyond[rows, numbers])
    beyond[rows, numbers] = -np.inf
    room = -beyond.max(axis=1)
    return (off < room / 2) & (room > _CLEARLY / 2 * (1.0 + np.linalg.norm(points, axis=1)))


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
    # In units of the distance to the level.
    farthest = _farthest(normals, margins / reach, direction, 2.0)
    return farthest is not None and farthest >= 1.0 - _TOLERANCE
