"""Maxima and minima: activations that select one of several values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True, eq=False)
class MaxSelection:
    """Windows of values, each of which outputs its largest value, or its smallest.

    Attributes
    ----------
    candidates : int64 array (windows, k)
        For each window its candidates, in increasing order, as flat indices into the
        concatenation of the step's inputs (each flattened, in order). A window with fewer than k
        candidates repeats its first one at the end.
    counts : int64 array (windows,)
        How many of each row are candidates; at least one.
    sign : float
        1.0 where the largest value wins, -1.0 where the smallest does.

    Notes
    -----
    A pattern has, for each window in order, one bit for each of its candidates: whether it wins.
    Of equal candidates the first wins.
    """

    candidates: np.ndarray
    counts: np.ndarray
    sign: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "candidates", np.asarray(self.candidates, dtype=np.int64))
        object.__setattr__(self, "counts", np.asarray(self.counts, dtype=np.int64))

    @cached_property
    def width(self) -> int:
        """The number of columns of a pattern: the candidates of all windows."""
        return int(self.counts.sum())

    @cached_property
    def column_window(self) -> np.ndarray:
        """The window that each column belongs to, int64 array (width,)."""
        return np.repeat(np.arange(len(self.counts)), self.counts)

    @cached_property
    def column_place(self) -> np.ndarray:
        """The place of each column among the candidates of its window, int64 array (width,)."""
        first = np.cumsum(self.counts) - self.counts
        place: np.ndarray = np.arange(self.width) - first[self.column_window]
        return place

    @cached_property
    def column_candidate(self) -> np.ndarray:
        """The flat input index that each column stands for, int64 array (width,)."""
        return self.candidates[self._present]

    @cached_property
    def _present(self) -> np.ndarray:
        """Which entries of `candidates` are candidates, not repetitions: bool (windows, k)."""
        return np.arange(self.candidates.shape[1]) < self.counts[:, None]

    def values(self, *inputs: np.ndarray) -> np.ndarray:
        """Select the winning value of each window.

        Parameters
        ----------
        *inputs : ndarray of shape (n, *shape), float64
            What the step reads.

        Returns
        -------
        ndarray of shape (n, windows), float64
        """
        flat = flat_values(inputs)
        better = np.maximum if self.sign > 0 else np.minimum
        # Candidate by candidate: windows are many, and what competes in one of them is few.
        best = flat.take(self.candidates[:, 0], axis=1)
        for candidates in self.candidates.T[1:]:
            better(best, flat.take(candidates, axis=1), out=best)
        return best

    def switches(self, *inputs: np.ndarray) -> np.ndarray:
        """Compute by how much each candidate beats the best of the others in its window.

        Parameters
        ----------
        *inputs : ndarray of shape (n, *shape), float64
            What the step reads.

        Returns
        -------
        ndarray of shape (n, width), float64, C-contiguous
            Positive for a candidate that wins alone. A candidate without others has 1.0.
        """
        competing = flat_values(inputs).take(self.candidates, axis=1)
        if self.sign < 0:
            np.negative(competing, out=competing)
        competing[:, ~self._present] = -np.inf
        winner = competing.argmax(axis=2, keepdims=True)
        best = np.take_along_axis(competing, winner, axis=2)
        margins = competing - best
        np.put_along_axis(competing, winner, -np.inf, axis=2)
        lead = best - competing.max(axis=2, keepdims=True)
        lead[:, self.counts == 1] = 1.0
        np.put_along_axis(margins, winner, lead, axis=2)
        rows = margins.reshape(len(margins), self._present.size)
        return rows if self._present.all() else rows.compress(self._present.ravel(), axis=1)

    def winners(self, bits: np.ndarray) -> np.ndarray:
        """Find the flat input index of the winner of each window.

        Parameters
        ----------
        bits : ndarray of shape (n, width), bool
            A pattern. Where no bit of a window is set, its first candidate wins.

        Returns
        -------
        ndarray of shape (n, windows), int64
        """
        wins = np.zeros((len(bits), *self.candidates.shape), dtype=np.bool_)
        wins[:, self._present] = bits
        return self.candidates[np.arange(len(self.candidates)), wins.argmax(axis=2)]

    def linearize(
        self, bits: np.ndarray, inputs: Sequence[np.ndarray]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Apply the linear function that the activation is where a pattern holds.

        Parameters
        ----------
        bits : ndarray of shape (n, width), bool
            A pattern for each cell.
        inputs : sequence of ndarray of shape (n, k, *shape), float64
            On each cell k rows of what it reads.

        Returns
        -------
        rows : ndarray of shape (n, k, windows), float64
            Those of the winners.
        offset : ndarray, float64
            What it adds to a value: 0.
        """
        n, k = inputs[0].shape[:2]
        flat = np.concatenate([rows.reshape(n, k, -1) for rows in inputs], axis=2)
        return np.take_along_axis(flat, self.winners(bits)[:, None], axis=2), np.zeros((1, 1))


def flat_values(inputs: Sequence[np.ndarray]) -> np.ndarray:
    """What a selection reads as one array (n, all of it), in which its candidates are numbers."""
    rows = [value.reshape(len(value), math.prod(value.shape[1:])) for value in inputs]
    return rows[0] if len(rows) == 1 else np.concatenate(rows, axis=1)
