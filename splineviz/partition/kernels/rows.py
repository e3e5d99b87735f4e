"""Values at new vertices."""

from __future__ import annotations

from numba import njit


@njit(cache=True, nogil=True, error_model="numpy")
def interpolate_rows(rows, ends, t, corners, weights, first, last, slope, out):
    """Rows ``first ... last - 1`` of the values at old and new vertices, behind the nonlinearity.

    Old vertices come first, then the new ones on edges, then those inside cells. `slope` is the
    slope of the nonlinearity for negative values; 1 leaves the values as they are.
    """
    n_old = rows.shape[0]
    n_edge = n_old + ends.shape[0]
    width = rows.shape[1]
    for v in range(first, last):
        if v < n_old:
            for i in range(width):
                value = rows[v, i]
                out[v, i] = value if value > 0.0 else slope * value
        elif v < n_edge:
            a = ends[v - n_old, 0]
            b = ends[v - n_old, 1]
            s = t[v - n_old]
            for i in range(width):
                value = rows[a, i] + s * (rows[b, i] - rows[a, i])
                out[v, i] = value if value > 0.0 else slope * value
        else:
            a = corners[v - n_edge, 0]
            b = corners[v - n_edge, 1]
            c = corners[v - n_edge, 2]
            w1 = weights[v - n_edge, 0]
            w2 = weights[v - n_edge, 1]
            for i in range(width):
                value = rows[a, i] + w1 * (rows[b, i] - rows[a, i]) + w2 * (rows[c, i] - rows[a, i])
                out[v, i] = value if value > 0.0 else slope * value
