"""PointPad: labelled points in the plane, drawn and erased with the mouse or the keyboard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import traitlets

from splineviz.drawing.palette import CURVE_COLORS
from splineviz.widgets.common.base import PackedArray, StrictWidget
from splineviz.widgets.common.esm_bundle import STATIC, module


class PointPad(StrictWidget):
    """A pad to draw points of chosen classes on.

    The mouse draws a point where it is pressed, and more while it moves; with `erase` it removes
    the points near it. On the focused pad, the arrows move a cross, Enter or the space bar puts a
    point there, Delete or Backspace erases, Ctrl+Z undoes, and a digit chooses the class.

    Attributes
    ----------
    points : ndarray of float32, shape (n, 2)
        Coordinates.
    point_classes : ndarray of uint16, shape (n,)
        Classes.
    bounds : tuple of float
        xmin, ymin, xmax, ymax of the pad.
    class_names, class_colors : list of str
        Names of the classes, and their colors as ``#rrggbb``.
    current : int
        The class that is drawn.
    erase : bool
        Whether the mouse erases.
    edits : int
        How often somebody has drawn or erased; to be observed.
    undos : int
        How often somebody has asked for the last change to be undone; to be observed.
    drawn : ndarray of bool, shape (n,)
        Which points were drawn by hand. The browser does not know this.
    stroke : int or None
        While observers of `edits` run: the number of the mouse movement that made the edit.
    """

    _esm = module("playground/point_pad.js")
    _css = STATIC / "playground" / "point_pad.css"

    points = PackedArray("f4", columns=2)
    point_classes = PackedArray("u2")
    bounds = traitlets.Tuple(
        *[traitlets.Float() for _ in range(4)], default_value=(-1.0, -1.0, 1.0, 1.0)
    ).tag(sync=True)
    class_names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    class_colors = traitlets.List(traitlets.Unicode(), default_value=list(CURVE_COLORS)).tag(
        sync=True
    )
    current = traitlets.Int(0, min=0).tag(sync=True)
    erase = traitlets.Bool(False).tag(sync=True)
    edits = traitlets.Int(0)
    undos = traitlets.Int(0)

    def __init__(self, **traits: Any) -> None:
        self.drawn = np.zeros(0, np.bool_)
        self.stroke: int | None = None
        super().__init__(**traits)
        self.on_msg(self._handle_message)

    def show(
        self,
        points: npt.ArrayLike,
        classes: npt.ArrayLike,
        class_names: Sequence[str],
        drawn: npt.ArrayLike | None = None,
    ) -> None:
        """Show other points.

        Parameters
        ----------
        points : array-like of shape (n, 2)
        classes : array-like of int, shape (n,)
        class_names : sequence of str
        drawn : array-like of bool, shape (n,), optional
            Which of them were drawn. Default: none.
        """
        none = np.zeros(len(np.asarray(classes)), np.bool_)
        self.drawn = none if drawn is None else np.asarray(drawn, np.bool_)
        with self.hold_sync():
            self.class_names = [str(name) for name in class_names]
            self.current = min(self.current, max(0, len(self.class_names) - 1))
            self.points, self.point_classes = points, classes

    def draw(self, points: npt.ArrayLike, number: int) -> None:
        """Add points of one class.

        Parameters
        ----------
        points : array-like of shape (n, 2)
            Those outside of the bounds, or not finite, are left out.
        number : int
            The class; there must be a name for it.
        """
        drawn = np.asarray(points, np.float32).reshape(-1, 2)
        low, high = np.array(self.bounds, np.float32).reshape(2, 2)
        drawn = drawn[((drawn >= low) & (drawn <= high)).all(axis=1)]
        if not 0 <= number < len(self.class_names) or len(drawn) == 0:
            return
        with self.hold_sync():
            self.points = np.concatenate([self.points, drawn])
            classes = np.full(len(drawn), number, np.uint16)
            self.point_classes = np.concatenate([self.point_classes, classes])
            self.drawn = np.concatenate([self.drawn, np.ones(len(drawn), np.bool_)])
        self.edits += 1

    def rub(self, points: npt.ArrayLike, radius: float) -> None:
        """Remove all points near some places.

        Parameters
        ----------
        points : array-like of shape (n, 2)
            The places.
        radius : float
            The largest distance, in units of the coordinates.
        """
        places = np.asarray(points, np.float32).reshape(-1, 1, 2)
        near = (np.linalg.norm(self.points[None] - places, axis=2) <= radius).any(axis=0)
        if not near.any():
            return
        with self.hold_sync():
            self.points, self.point_classes = self.points[~near], self.point_classes[~near]
            self.drawn = self.drawn[~near]
        self.edits += 1

    def clear(self) -> None:
        """Remove all points."""
        self.rub(self.points, np.inf)

    def _handle_message(self, widget: Any, content: dict[str, Any], buffers: Any) -> None:
        self.stroke = content.get("stroke")
        if content.get("do") == "draw":
            self.draw(content["points"], int(content["class"]))
        elif content.get("do") == "rub":
            self.rub(content["points"], float(content["radius"]))
        elif content.get("do") == "undo":
            self.undos += 1
        self.stroke = None
