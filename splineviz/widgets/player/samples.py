"""The samples of a run as they lie on a slice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from splineviz.partition.slices.graph_slice import GraphSlice
    from splineviz.partition.slices.input_slice import InputSlice
    from splineviz.training.runs import Run

# Farther from an anchor than this share of the slice's size, a sample is not it.
ON_ANCHOR = 1e-6


def match_anchors(points: np.ndarray, plane: InputSlice) -> np.ndarray:
    """For each point the anchor that it is.

    Parameters
    ----------
    points : ndarray, shape (n, 2)
        Slice coordinates.
    plane : InputSlice
        The slice.

    Returns
    -------
    ndarray of int64, shape (n,)
        Its number; -1 for a point that is none.
    """
    found = np.full(len(points), -1, dtype=np.int64)
    for number, anchor in enumerate(plane.anchors):
        distance = np.linalg.norm(points - anchor, axis=1)
        found[distance <= ON_ANCHOR * size_of(plane)] = number
    return found


def size_of(plane: InputSlice) -> float:
    """The diagonal of a slice, in units of the inputs."""
    xmin, ymin, xmax, ymax = plane.domain.bounds
    return float(np.hypot(xmax - xmin, ymax - ymin))


def samples_on_slice(run: Run, plane: InputSlice, outputs: int) -> tuple[np.ndarray, np.ndarray]:
    """The training points of a run that lie on a slice, inside its domain.

    A point off the slice is left out: drawn at its nearest point, it would stand in regions that
    have nothing to do with it.

    Parameters
    ----------
    run : Run
        Its ``samples`` are inputs and targets, as :func:`class_numbers` reads them.
    plane : InputSlice
        The slice.
    outputs : int
        How many outputs the network has.

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
    """The training points of a run that lie on a segment.

    Parameters
    ----------
    run : Run
    plane : GraphSlice
    outputs : int
        How many outputs the network has.
    names : list of str
        Names of the classes.

    Returns
    -------
    points : ndarray of float64, shape (n, 2)
        Positions, and heights: the targets of a network with one output, where they are numbers
        and not classes; else the lower border.
    classes : ndarray of int64, shape (n,)
        Their classes; 0 for numbers.
    names : list of str
        What the classes are called.
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
    """Targets as class numbers.

    Parameters
    ----------
    targets : ndarray, shape (n,) or (n, k)
        One-hot rows; integers, or whole non-negative floats for a network with more than one
        output, which are class numbers; or other numbers, whose sign is the class.
    outputs : int
        How many outputs the network has.

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
