"""The samples of a run that lie on a slice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from splineviz.partition.slices.graph_slice import GraphSlice
    from splineviz.partition.slices.input_slice import InputSlice
    from splineviz.training.runs import Run

# A sample is an anchor if it is at most this far from it, relative to the size of the slice.
ON_ANCHOR = 1e-6


def match_anchors(points: np.ndarray, plane: InputSlice) -> np.ndarray:
    """Find the points that are anchors of a slice.

    Parameters
    ----------
    points : ndarray, shape (n, 2)
        Slice coordinates.
    plane : InputSlice
        The slice.

    Returns
    -------
    ndarray of int64, shape (n,)
        For each point the number of its anchor, or -1.
    """
    anchor_numbers = np.full(len(points), -1, dtype=np.int64)
    for number, anchor in enumerate(plane.anchors):
        distance = np.linalg.norm(points - anchor, axis=1)
        anchor_numbers[distance <= ON_ANCHOR * size_of(plane)] = number
    return anchor_numbers


def size_of(plane: InputSlice) -> float:
    """The diagonal of a slice, in units of the inputs."""
    xmin, ymin, xmax, ymax = plane.domain.bounds
    return float(np.hypot(xmax - xmin, ymax - ymin))


def samples_on_slice(run: Run, plane: InputSlice, outputs: int) -> tuple[np.ndarray, np.ndarray]:
    """Find the training points of a run that lie on a slice, inside its domain.

    Points off the slice are left out: drawn at their projection, they would be in regions to which
    they do not belong.

    Parameters
    ----------
    run : Run
        Its ``samples`` are inputs and targets, as :func:`class_numbers` reads them.
    plane : InputSlice
        The slice.
    outputs : int
        The number of outputs of the network.

    Returns
    -------
    points : ndarray of float64, shape (n, 2)
        Slice coordinates.
    classes : ndarray of int64, shape (n,)
        Their classes.
    """
    if run.samples is None:
        return np.empty((0, 2)), np.empty(0, dtype=np.int64)
    inputs, targets = run.samples
    points, held = plane.holds(inputs)
    return points[held], class_numbers(targets, outputs)[held]


def samples_on_graph(
    run: Run, plane: GraphSlice, outputs: int, names: list[str]
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Find the training points of a run that lie on a segment.

    Parameters
    ----------
    run : Run
    plane : GraphSlice
    outputs : int
        The number of outputs of the network.
    names : list of str
        Names of the classes.

    Returns
    -------
    points : ndarray of float64, shape (n, 2)
        Positions and heights. The height is the target if the network has one output and targets
        are real numbers; otherwise the lower border.
    classes : ndarray of int64, shape (n,)
        Their classes; 0 for numbers.
    names : list of str
        Names of the classes, as they are now.
    """
    points, classes = samples_on_slice(run, plane, outputs)
    if run.samples is None or outputs > 1:
        return points, classes, names
    inputs, targets = run.samples
    heights = np.asarray(targets).reshape(len(targets), -1)
    if heights.shape[1] != 1 or heights.dtype.kind != "f":
        return points, classes, names
    _, held = plane.holds(inputs)
    points[:, 1] = heights[held, 0]
    bottom, top = plane.domain.bounds[1::2]
    seen = (points[:, 1] >= bottom) & (points[:, 1] <= top)
    return points[seen], np.zeros(int(seen.sum()), dtype=np.int64), ["samples"]


def class_numbers(targets: np.ndarray, outputs: int) -> np.ndarray:
    """Convert targets to class numbers.

    Parameters
    ----------
    targets : ndarray, shape (n,) or (n, k)
        One-hot rows; integers, or whole non-negative floats for a network with more than one
        output, which are class numbers; or other numbers, whose sign is the class.
    outputs : int
        The number of outputs of the network.

    Returns
    -------
    ndarray of int64, shape (n,)
    """
    rows = np.asarray(targets)
    if len(rows) == 0:
        return np.empty(0, dtype=np.int64)
    rows = rows.reshape(len(rows), -1)
    if rows.shape[1] > 1:
        return rows.argmax(axis=1)
    numbers = rows[:, 0]
    whole = outputs > 1 and bool(np.all((numbers >= 0) & (numbers == np.floor(numbers))))
    if numbers.dtype.kind in "iu" or whole:
        return numbers.clip(0).astype(np.int64)
    return (numbers > 0).astype(np.int64)
