"""The decision boundary on a partition: where the largest output changes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

from splineviz.partition.points import one_of_each

FloatArray = npt.NDArray[np.float64]

# Relative to the size of the domain: points closer than this are one.
_ROUNDING = 1e-13


def classes(outputs: FloatArray) -> npt.NDArray[np.int64]:
    """The predicted class of each row of outputs (n, out): the largest, or the sign if one."""
    if outputs.shape[1] == 1:
        return (outputs[:, 0] > 0).astype(np.int64)
    return outputs.argmax(axis=1)


def decision_boundary(
    vertices: FloatArray,
    ring_vertices: npt.NDArray[np.int32],
    ring_offsets: npt.NDArray[np.int64],
    region_offsets: npt.NDArray[np.int64],
    edge_vertices: npt.NDArray[np.int32],
    edge_regions: npt.NDArray[np.int32],
    outputs: FloatArray,
    predictions: npt.NDArray[np.int64],
) -> shapely.MultiLineString:
    """Merged lines at which the predicted class changes.

    Parameters
    ----------
    vertices : float64 array (V, 2)
    ring_vertices, ring_offsets, region_offsets, edge_vertices, edge_regions
        The regions, as in ``SplinePartition``.
    outputs : float64 array (V, out)
        The network's outputs at the vertices; affine on every region.
    predictions : int64 array (R,)
        Class inside each region; where outputs tie on a whole region, the first of them.

    Notes
    -----
    On one region the outputs are affine, so two of them are equal on a straight line, and their
    tie decides the class only where no third output is larger. Crossings of region edges depend
    on the edge alone, so that the lines of neighbouring regions meet in one point. Edges on which
    two outputs tie are boundary where the classes on their sides differ.
    """
    if outputs.shape[1] == 1:
        outputs = np.concatenate([np.zeros_like(outputs), outputs], axis=1)
    zero = _ROUNDING * float(np.abs(outputs).max())
    starts, ends = directed_edges(ring_vertices, ring_offsets)
    region = region_of_corners(ring_offsets, region_offsets)
    may_win = _may_win(outputs, starts, region)
    contested = np.flatnonzero((may_win.sum(axis=1) > 1)[region])
    starts, ends, region = starts[contested], ends[contested], region[contested]
    together = np.triu(may_win.T.astype(np.int64) @ may_win, k=1)
    pieces = [_tied_edges(vertices, edge_vertices, edge_regions, outputs, predictions, zero)]
    for first, second in np.argwhere(together):
        own = np.flatnonzero((may_win[:, first] & may_win[:, second])[region])
        lead = outputs[:, first] - outputs[:, second]
        lead[np.abs(lead) <= zero] = 0.0
        own = own[_changes_sign(lead, starts[own], region[own])]
        if len(own) > 0:
            pieces.append(
                _tie(vertices, outputs, lead, starts[own], ends[own], region[own], first, second)
            )
    segments = np.concatenate(pieces)
    if outputs.shape[1] > 2 and len(segments) > 0:
        # Where three outputs tie, each pair finds the point by itself.
        points = segments.reshape(-1, 2)
        chosen, group = one_of_each(points, _ROUNDING * float(np.abs(vertices).max()))
        segments = points[chosen][group].reshape(-1, 2, 2)
        segments = segments[(segments[:, 0] != segments[:, 1]).any(axis=1)]
    merged = shapely.line_merge(shapely.MultiLineString(list(segments)))
    return shapely.MultiLineString(list(shapely.get_parts(merged)))


def directed_edges(
    ring_vertices: npt.NDArray[np.int32], ring_offsets: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Start and end of every side of every ring, in order."""
    following = np.arange(1, len(ring_vertices) + 1)
    following[ring_offsets[1:] - 1] = ring_offsets[:-1]
    return ring_vertices, ring_vertices[following]


def region_of_corners(
    ring_offsets: npt.NDArray[np.int64], region_offsets: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """The region of every corner in ``ring_vertices``."""
    of_ring = np.repeat(np.arange(len(region_offsets) - 1), np.diff(region_offsets))
    return np.repeat(of_ring, np.diff(ring_offsets))


def _may_win(
    outputs: FloatArray, starts: npt.NDArray[np.int32], region: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """Which outputs may be the largest somewhere in each region, shape (R, out).

    An output whose largest value at the corners is below another's smallest never is.
    """
    first = np.flatnonzero(np.diff(region, prepend=-1))
    at_corners = outputs[starts]
    low = np.minimum.reduceat(at_corners, first, axis=0)
    high = np.maximum.reduceat(at_corners, first, axis=0)
    return high >= low.max(axis=1, keepdims=True)


def _tied_edges(
    vertices: FloatArray,
    edge_vertices: npt.NDArray[np.int32],
    edge_regions: npt.NDArray[np.int32],
    outputs: FloatArray,
    predictions: npt.NDArray[np.int64],
    zero: float,
) -> FloatArray:
    """Edges (n, 2, 2) along which the classes of their two regions tie."""
    inner = np.flatnonzero((edge_regions >= 0).all(axis=1))
    left, right = predictions[edge_regions[inner]].T
    inner, left, right = (array[left != right] for array in (inner, left, right))
    ends = edge_vertices[inner]
    lead = outputs[ends, left[:, None]] - outputs[ends, right[:, None]]
    return vertices[ends[(np.abs(lead) <= zero).all(axis=1)]]


def _changes_sign(
    lead: FloatArray, starts: npt.NDArray[np.int32], region: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """For each corner whether `lead` takes both signs at the corners of its region."""
    first = np.flatnonzero(np.diff(region, prepend=-1))
    low = np.minimum.reduceat(lead[starts], first)
    high = np.maximum.reduceat(lead[starts], first)
    counts = np.diff(np.append(first, len(region)))
    return np.repeat((low < 0) & (high > 0), counts)


def _tie(
    vertices: FloatArray,
    outputs: FloatArray,
    lead: FloatArray,
    starts: npt.NDArray[np.int32],
    ends: npt.NDArray[np.int32],
    region: npt.NDArray[np.int64],
    first: np.intp,
    second: np.intp,
) -> FloatArray:
    """Segments (n, 2, 2) inside regions on which two outputs are equal and no other is larger.

    `lead` (V,) is the first output less the second, and takes both signs in every region given.
    """
    ahead = lead > 0
    crossed = np.flatnonzero(ahead[starts] != ahead[ends])
    # From the smaller vertex number to the larger: both sides of an edge get the same point.
    a = np.minimum(starts[crossed], ends[crossed])
    b = np.maximum(starts[crossed], ends[crossed])
    t = (lead[a] / (lead[a] - lead[b]))[:, None]
    points = vertices[a] + t * (vertices[b] - vertices[a])
    values = outputs[a] + t * (outputs[b] - outputs[a])
    # A line enters and leaves a region in turn: its crossings, in order along it, come in pairs.
    owner = region[crossed]
    order = np.lexsort((_along_line(points, owner), owner))
    p, q = order[0::2], order[1::2]
    margin_p = values[p, first, None] - values[p]
    margin_q = values[q, first, None] - values[q]
    return _clip(
        points[p],
        points[q],
        np.delete(margin_p, [first, second], axis=1),
        np.delete(margin_q, [first, second], axis=1),
    )


def _along_line(points: FloatArray, owner: npt.NDArray[np.int64]) -> FloatArray:
    """Position of each point along the line that the points of its owner lie on."""
    low = np.full((owner.max() + 1, 2), np.inf)
    high = np.full((owner.max() + 1, 2), -np.inf)
    np.minimum.at(low, owner, points)
    np.maximum.at(high, owner, points)
    wider = (high - low).argmax(axis=1)
    return points[np.arange(len(points)), wider[owner]]


def _clip(p: FloatArray, q: FloatArray, margin_p: FloatArray, margin_q: FloatArray) -> FloatArray:
    """The parts of the segments p-q on which all margins, linear along them, are not negative."""
    change = margin_p - margin_q
    with np.errstate(divide="ignore", invalid="ignore"):
        zero = margin_p / change
    start = np.where((margin_p < 0) & (margin_q > 0), zero, 0.0).max(axis=1, initial=0.0)
    stop = np.where((margin_p > 0) & (margin_q < 0), zero, 1.0).min(axis=1, initial=1.0)
    lost = ((margin_p <= 0) & (margin_q <= 0) & (change != 0)).any(axis=1)
    lost |= ((margin_p < 0) & (margin_q < 0)).any(axis=1)
    run = q - p
    begin = np.where((start > 0)[:, None], p + start[:, None] * run, p)
    end = np.where((stop < 1)[:, None], p + stop[:, None] * run, q)
    segments = np.stack([begin, end], axis=1)
    return segments[~lost & (start < stop) & (begin != end).any(axis=1)]
