"""InputSegment: the one-dimensional slice, a segment through input space."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from splineviz.errors import InvalidSlice, ShapeMismatch
from splineviz.partition.slices.input_slice import ON_SLICE, InputSlice
from splineviz.partition.slices.planes import check_margin
from splineviz.partition.slices.stored_fields import read_fields
from splineviz.typing import BoolArray, FloatArray
from splineviz.validation.arrays import as_finite, as_numbers
from splineviz.validation.calls import explained


@dataclass(frozen=True, eq=False)
class InputSegment:
    """A segment of a line through the input space of a network.

    The point at position t is the input ``origin + t * direction``. The whole input space of a
    network with one input is such a line: ``InputSlice.identity(bounds=(a, b))``. Through any
    other input space, ``InputSlice.segment(x0, x1)`` runs from one input to another.

    Parameters
    ----------
    origin : array-like of shape (*input_shape)
        The input at position 0.
    direction : array-like of shape (*input_shape)
        The class methods make it of length one, so that one unit of the position is one unit in
        input space; here it is used as it is.
    bounds : (low, high)
        The first and the last position.
    anchors : array-like of shape (k,), optional
        Positions of the inputs that the segment was made from, to be drawn as marks.

    Raises
    ------
    InvalidSlice
        If the direction is zero, or `low` is not below `high`.
    ShapeMismatch
        If the direction has another shape than the origin, or the bounds are not two numbers.
    NonFiniteValues
        If a number is NaN or infinite.

    Examples
    --------
    >>> segment = InputSegment([0.0, 1.0], [1.0, 0.0], (-1, 1))
    >>> segment.embed([0.25])
    array([[0.25, 1.  ]])
    """

    origin: FloatArray
    direction: FloatArray
    bounds: tuple[float, float]
    anchors: FloatArray

    def __init__(
        self,
        origin: npt.ArrayLike,
        direction: npt.ArrayLike,
        bounds: Sequence[float],
        anchors: npt.ArrayLike | None = None,
    ) -> None:
        start = as_finite(origin, "origin")
        along = as_finite(direction, "direction")
        ends = as_finite(bounds, "bounds")
        marks = np.empty(0) if anchors is None else as_finite(anchors, "anchors")
        if along.shape != start.shape:
            raise ShapeMismatch(
                f"the direction has shape {along.shape}; with an origin of shape {start.shape} it "
                "must have that shape, too"
            )
        if not along.any():
            raise InvalidSlice("the direction is zero: it leads nowhere. Choose another")
        if ends.shape != (2,):
            raise ShapeMismatch(f"bounds must be two numbers (low, high), not {bounds!r}")
        if not ends[0] < ends[1]:
            raise InvalidSlice(
                f"the bounds must be a lower and a higher number, not {ends.tolist()}"
            )
        if marks.ndim != 1:
            raise ShapeMismatch(f"anchors have shape {marks.shape}; expected (k,)")
        for array in (start, along, marks):
            array.flags.writeable = False
        object.__setattr__(self, "origin", start)
        object.__setattr__(self, "direction", along)
        object.__setattr__(self, "bounds", (float(ends[0]), float(ends[1])))
        object.__setattr__(self, "anchors", marks)

    @classmethod
    def identity(cls, bounds: Sequence[float] = (-1.0, 1.0)) -> InputSegment:
        """The whole input space of a network with one input, between two bounds."""
        return cls(np.zeros(1), np.ones(1), bounds)

    @classmethod
    @explained()
    def between(
        cls,
        x0: npt.ArrayLike,
        x1: npt.ArrayLike,
        *,
        margin: float = 0.0,
    ) -> InputSegment:
        """The segment from one input to another, as ``InputSlice.segment`` makes it."""
        start, end = as_finite(x0, "x0"), as_finite(x1, "x1")
        if start.shape != end.shape:
            raise ShapeMismatch(
                f"the two inputs must have one shape; they have {start.shape} and {end.shape}"
            )
        check_margin(margin)
        length = float(np.linalg.norm(end - start))
        if length == 0:
            raise InvalidSlice("the two inputs are equal: choose two different ones")
        reach = margin * length
        return cls(start, (end - start) / length, (0.0 - reach, length + reach), [0.0, length])

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one input of the network that the segment goes through."""
        return self.origin.shape

    @property
    def axis_label(self) -> str:
        """What the position is: the input itself, or a distance along the segment."""
        own = self.input_shape == (1,) and not self.origin.any() and self.direction[0] == 1.0
        return "input" if own else "position on the segment"

    def embed(self, positions: npt.ArrayLike) -> FloatArray:
        """The inputs at positions on the segment.

        Parameters
        ----------
        positions : array-like of shape (n,)

        Returns
        -------
        float64 array of shape (n, *input_shape)
        """
        t = as_numbers(positions, "positions", "(n,)")
        if t.ndim != 1:
            raise ShapeMismatch(f"positions have shape {t.shape}; expected (n,)")
        return self.origin + np.multiply.outer(t, self.direction)

    def project(self, inputs: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
        """The points of the line that are nearest to inputs.

        Parameters
        ----------
        inputs : array-like of shape (n, *input_shape)

        Returns
        -------
        positions : float64 array of shape (n,)
        distance : float64 array of shape (n,)
            Euclidean distance from the line, in units of the inputs.
        """
        values = as_numbers(inputs, "inputs", "(n, *input_shape)")
        if values.ndim == 0 or values.shape[1:] != self.input_shape:
            raise ShapeMismatch(
                f"inputs have shape {values.shape}; expected (n, *{self.input_shape})"
            )
        along = self.direction.reshape(-1)
        offset = (values - self.origin).reshape(len(values), along.size)
        positions = offset @ along / (along @ along)
        distance = np.linalg.norm(offset - np.multiply.outer(positions, along), axis=1)
        return positions, distance.astype(np.float64)

    def holds(self, inputs: npt.ArrayLike) -> tuple[FloatArray, BoolArray]:
        """Which inputs lie on the segment, up to a millionth of its length.

        Parameters
        ----------
        inputs : array-like of shape (n, *input_shape)

        Returns
        -------
        positions : float64 array (n,)
            Of the point of the line that is nearest to each.
        held : bool array (n,)
        """
        positions, distance = self.project(inputs)
        low, high = self.bounds
        size = (high - low) * float(np.linalg.norm(self.direction))
        return positions, (distance <= ON_SLICE * size) & (positions >= low) & (positions <= high)

    @cached_property
    def strip(self) -> InputSlice:
        """The segment as a plane whose second direction changes no input.

        The regions on it are rectangles from border to border, so what finds and draws the regions
        of a plane does so for those of a segment.
        """
        low, high = self.bounds
        return self.strip_of_height(0.0, high - low)

    def strip_of_height(self, bottom: float, top: float) -> InputSlice:
        """The strip between two heights, slice coordinates of its second direction."""
        basis = np.stack([self.direction, np.zeros_like(self.direction)])
        domain = shapely.box(self.bounds[0], bottom, self.bounds[1], top)
        return InputSlice.unchecked(self.origin, basis, domain)

    def to_json(self) -> dict[str, Any]:
        """The segment as JSON values; :meth:`from_json` reads it back exactly."""
        return {
            "origin": self.origin.tolist(),
            "direction": self.direction.tolist(),
            "bounds": list(self.bounds),
            "anchors": self.anchors.tolist(),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> InputSegment:
        """Make the segment that :meth:`to_json` wrote.

        Raises
        ------
        InvalidArgument
            If `data` is no dict with the fields of a segment.
        InvalidSlice, ShapeMismatch, NonFiniteValues
            If the fields do not make a segment.
        """
        fields = ("origin", "direction", "bounds", "anchors")
        return cls(*read_fields(data, fields, "InputSegment"))

    def __repr__(self) -> str:
        low, high = self.bounds
        return (
            f"InputSegment(input_shape={self.input_shape}, bounds=({low:.6g}, {high:.6g}), "
            f"anchors={len(self.anchors)})"
        )

    def _repr_html_(self) -> str:
        from splineviz.drawing.html import html_or_text
        from splineviz.partition.notebook_html import slice_html

        return html_or_text(lambda: slice_html(self), repr(self))
