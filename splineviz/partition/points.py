"""Points of a slice that only rounding keeps apart, grouped."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

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
