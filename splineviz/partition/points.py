"""Points of a slice: given ones are checked, those that rounding pulled apart counted as one."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from splineviz.arrays import as_numbers
from splineviz.errors import NonFiniteValues, ShapeMismatch
from splineviz.typing import FloatArray, IntArray


def one_of_each(points: FloatArray, distance: float) -> tuple[IntArray, IntArray]:
    """Group points that chains of steps of at most `distance` connect.

    Parameters
    ----------
    points : float64 array (n, 2)
    distance : float

    Returns
    -------
    chosen : int64 array (groups,)
        One point of each group.
    group : int64 array (n,)
        The group of each point.
    """
    pairs = cKDTree(points).query_pairs(distance, output_type="ndarray")
    graph = coo_array((np.ones(len(pairs)), pairs.T), shape=(len(points), len(points)))
    label = connected_components(graph, directed=False)[1]
    _, chosen, group = np.unique(label, return_index=True, return_inverse=True)
    return chosen, group


def as_points(points: npt.ArrayLike) -> FloatArray:
    """Slice coordinates as a float64 array (n, 2).

    Raises
    ------
    ShapeMismatch
        If they have another shape.
    NonFiniteValues
        If one is NaN or infinite.
    """
    coordinates = as_numbers(points, "points", "(n, 2)")
    if coordinates.ndim != 2 or coordinates.shape[1] != 2:
        raise ShapeMismatch(f"points have shape {coordinates.shape}; expected (n, 2)")
    bad = ~np.isfinite(coordinates).all(axis=1)
    if bad.any():
        raise NonFiniteValues(
            f"{bad.sum()} points have NaN or infinite coordinates, for example point "
            f"{np.flatnonzero(bad)[0]}"
        )
    return coordinates
