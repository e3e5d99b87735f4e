"""Values at the vertices of a subdivided complex, from those at the vertices it was made from."""

from __future__ import annotations

from splineviz.partition.engine.kernels.compiling import compiled, inlined
from splineviz.partition.engine.kernels.entry import entry

# 2**27 + 1: splits a float64 into two halves whose products are exact.
_SPLITTER = 134217729.0


@inlined
def _product_error(a, b, product):
    """``a * b - product``, exactly, where `product` is the rounded ``a * b`` (Dekker, 1971)."""
    big = _SPLITTER * a
    a_high = big - (big - a)
    a_low = a - a_high
    big = _SPLITTER * b
    b_high = big - (big - b)
    b_low = b - b_high
    return ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low


@inlined
def _cross(ux, uy, vx, vy):
    """``ux * vy - uy * vx`` to full precision, however much of it cancels."""
    p = ux * vy
    q = uy * vx
    return (p - q) + (_product_error(ux, vy, p) - _product_error(uy, vx, q))


@inlined
def barycentric(px, py, ux, uy, vx, vy):
    """The weights of u and v in p, and where these are parallel, that of u alone.

    They are right up to a few units in the last place, in thin triangles too: plain determinants
    would lose as many digits as the triangle is thin.
    """
    area = _cross(ux, uy, vx, vy)
    if area == 0.0:
        square = ux * ux + uy * uy
        return (px * ux + py * uy) / square if square > 0.0 else 0.0, 0.0
    return _cross(px, py, vx, vy) / area, _cross(ux, uy, px, py) / area


@entry
@compiled
def weigh(points, place, xy, triangles, corners, weights):
    """Points as affine combinations of three corners of the cell that each lies in.

    Parameters
    ----------
    points : float64 array (n, 2)
    place : int32 array (n,)
        The cell that each lies in; or ``~v`` where it is the vertex v itself.
    xy : float64 array (V, 2)
        Vertices of the cells.
    triangles : int32 array (F, 3)
        Three corners of each cell. The second is the farthest from the first, the third the
        farthest from the line through both; so no weight inside the cell is larger than two.
    corners, weights : int32 array (n, 3), float64 array (n, 2)
        Written: value = z0 + w1 (z1 - z0) + w2 (z2 - z0).
    """
    for i in range(points.shape[0]):
        if place[i] < 0:
            for k in range(3):
                corners[i, k] = ~place[i]
            weights[i, 0] = 0.0
            weights[i, 1] = 0.0
            continue
        a = triangles[place[i], 0]
        b = triangles[place[i], 1]
        c = triangles[place[i], 2]
        ux = xy[b, 0] - xy[a, 0]
        uy = xy[b, 1] - xy[a, 1]
        vx = xy[c, 0] - xy[a, 0]
        vy = xy[c, 1] - xy[a, 1]
        px = points[i, 0] - xy[a, 0]
        py = points[i, 1] - xy[a, 1]
        corners[i, 0] = a
        corners[i, 1] = b
        corners[i, 2] = c
        w1, w2 = barycentric(px, py, ux, uy, vx, vy)
        weights[i, 0] = min(max(w1, -2.0), 2.0)
        weights[i, 1] = min(max(w2, -2.0), 2.0)


@entry
@compiled
def interpolate(rows, corners, weights, out):
    """Rows of values at points that are combinations of three vertices, as ``weigh`` gives them.

    Parameters
    ----------
    rows : float64 array (V, W)
    corners, weights : int32 array (n, 3), float64 array (n, 2)
    out : float64 array (n, W)
        Written.
    """
    width = rows.shape[1]
    for i in range(out.shape[0]):
        a = corners[i, 0]
        w1 = weights[i, 0]
        w2 = weights[i, 1]
        if w1 == 0.0 and w2 == 0.0:
            for k in range(width):
                out[i, k] = rows[a, k]
        else:
            b = corners[i, 1]
            c = corners[i, 2]
            for k in range(width):
                start = rows[a, k]
                out[i, k] = start + w1 * (rows[b, k] - start) + w2 * (rows[c, k] - start)
