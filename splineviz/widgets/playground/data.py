"""PlaygroundData: the points that a playground learns, with undo."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from splineviz.training.data.sets import Dataset
from splineviz.typing import BoolArray

# The number of changes that can be undone.
_MOST_UNDONE = 100


class _Points(NamedTuple):
    """One state of the points.

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
    """A data set with the user's edits, and undo.

    Drawn points stay until they are erased, or another data set is chosen.

    Parameters
    ----------
    kinds : mapping from str to callable
        The data sets to choose from: functions of the number of training points and the seed.
    name : str
        The data set to start with.
    points : int
        The number of training points.
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
        """The name of the chosen data set."""
        return self._now.name

    @property
    def current(self) -> Dataset:
        """The current points."""
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
        """Replace all points by a data set."""
        self._change(self._new(name, points, seed))

    def resize(self, points: int, seed: int) -> None:
        """Change the number of points of the data set; drawn points stay."""
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
        """Draw new random points of the data set, unless the points were edited."""
        if not self._now.edited:
            self._now = self._new(self.name, points, seed)

    def edit(
        self,
        inputs: npt.ArrayLike,
        labels: npt.ArrayLike,
        drawn: npt.ArrayLike,
        stroke: int | None = None,
    ) -> None:
        """Replace the training points after an edit on the pad.

        Parameters
        ----------
        inputs : array-like of shape (n, 2)
        labels : array-like of int, shape (n,)
        drawn : array-like of bool, shape (n,)
            Which of them were drawn.
        stroke : int, optional
            A number that is the same for all edits to undo together.
        """
        drawn = np.asarray(drawn, np.bool_)
        data = replace(
            self.current,
            train_inputs=np.asarray(inputs, np.float32),
            train_labels=np.asarray(labels, np.int64),
        )
        if drawn.all():
            # Test points of a data set that was erased would measure something else.
            data = replace(data, test_inputs=data.test_inputs[:0], test_labels=data.test_labels[:0])
        edited = _Points(self.name, data, drawn, edited=True)
        if stroke is not None and stroke == self._stroke:
            self._now = edited
        else:
            self._change(edited)
            self._stroke = stroke

    def undo(self) -> bool:
        """Undo the last change; returns whether there was one."""
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
