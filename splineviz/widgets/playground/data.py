"""PlaygroundData: the points that a playground learns: a data set, and what was drawn on it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from splineviz.training.data.sets import Dataset
from splineviz.typing import BoolArray

# So many changes can be undone.
_MOST_UNDONE = 100


class _Points(NamedTuple):
    """What there is to learn, and how it came about.

    Parameters
    ----------
    name : str
        The data set that was chosen.
    data : Dataset
    drawn : bool array of shape (n,)
        Which training points were drawn by hand.
    edited : bool
        Whether anything was drawn or erased.
    """

    name: str
    data: Dataset
    drawn: BoolArray
    edited: bool


class PlaygroundData:
    """A data set, what was drawn on it and erased from it, and the way back.

    What was drawn stays until another data set is chosen, or until it is erased.

    Parameters
    ----------
    kinds : mapping from str to callable
        The data sets to choose from: called with the number of training points and the seed.
    name : str
        Which one.
    points : int
        How many training points it has.
    seed : int
    """

    def __init__(
        self, kinds: Mapping[str, Callable[..., Dataset]], name: str, points: int, seed: int
    ) -> None:
        self._kinds = kinds
        self._before: deque[_Points] = deque(maxlen=_MOST_UNDONE)
        self._stroke: int | None = None
        self._now = self._new(name, points, seed)

    @property
    def name(self) -> str:
        """The data set that was chosen last."""
        return self._now.name

    @property
    def current(self) -> Dataset:
        """What there is to learn."""
        return self._now.data

    @property
    def drawn(self) -> BoolArray:
        """Which training points were drawn by hand; shape (n,)."""
        return self._now.drawn

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to undo."""
        return bool(self._before)

    def choose(self, name: str, points: int, seed: int) -> None:
        """Take a data set in place of all points."""
        self._change(self._new(name, points, seed))

    def resize(self, points: int, seed: int) -> None:
        """Take another number of points of the same data set; what was drawn stays."""
        new, now = self._new(self.name, points, seed), self._now
        train = now.data.train_inputs[now.drawn], now.data.train_labels[now.drawn]
        data = replace(
            new.data,
            train_inputs=np.concatenate([new.data.train_inputs, train[0]]),
            train_labels=np.concatenate([new.data.train_labels, train[1]]),
        )
        drawn = np.concatenate([new.drawn, now.drawn[now.drawn]])
        self._change(_Points(now.name, data, drawn, edited=bool(drawn.any())))

    def reseed(self, points: int, seed: int) -> None:
        """Take other points of the same data set, unless something was drawn or erased."""
        if not self._now.edited:
            self._now = self._new(self.name, points, seed)

    def edit(
        self,
        inputs: npt.ArrayLike,
        labels: npt.ArrayLike,
        drawn: npt.ArrayLike,
        stroke: int | None = None,
    ) -> None:
        """Take the points as they were left by somebody who draws and erases.

        Parameters
        ----------
        inputs : array-like of shape (n, 2)
        labels : array-like of int, shape (n,)
        drawn : array-like of bool, shape (n,)
            Which of them were drawn.
        stroke : int, optional
            The same for edits that are undone together.
        """
        drawn = np.asarray(drawn, np.bool_)
        data = replace(
            self.current,
            train_inputs=np.asarray(inputs, np.float32),
            train_labels=np.asarray(labels, np.int64),
        )
        if drawn.all():
            # Test points of a data set that is gone would measure something else.
            data = replace(data, test_inputs=data.test_inputs[:0], test_labels=data.test_labels[:0])
        edited = _Points(self.name, data, drawn, edited=True)
        if stroke is not None and stroke == self._stroke:
            self._now = edited
        else:
            self._change(edited)
            self._stroke = stroke

    def undo(self) -> bool:
        """Take back the last change; returns whether there was one."""
        if not self._before:
            return False
        self._now, self._stroke = self._before.pop(), None
        return True

    def _change(self, new: _Points) -> None:
        self._before.append(self._now)
        self._now, self._stroke = new, None

    def _new(self, name: str, points: int, seed: int) -> _Points:
        data = self._kinds[name](points, seed=seed)
        return _Points(name, data, np.zeros(len(data.train_inputs), np.bool_), edited=False)
