"""InputSlice: the 2D window through input space in which regions are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import numpy.typing as npt
import shapely

from splineviz.errors import InvalidSlice, ShapeMismatch
from splineviz.partition.slices.planes import (
    box,
    check_domain,
    check_margin,
    check_plane,
    check_two_inputs,
    orthonormal,
    principal_directions,
    square,
)
from splineviz.partition.slices.stored_fields import read_domain, read_fields
from splineviz.typing import BoolArray, FloatArray
from splineviz.validation.arrays import as_finite, as_numbers
from splineviz.validation.calls import explained
from splineviz.validation.numbers import random_generator

if TYPE_CHECKING:
    from splineviz.partition.slices.input_segment import InputSegment


ON_SLICE = 1e-6
"""Farther from a slice than this share of its size, an input is not on it."""


@dataclass(frozen=True, eq=False)
class InputSlice:
    """A polygon in a plane through the input space of a network.

    A point with slice coordinates (s, t) is the input ``origin + s * basis[0] + t * basis[1]``.

    Parameters
    ----------
    origin : array-like of shape (*input_shape)
        The input at slice coordinates (0, 0).
    basis : array-like of shape (2, *input_shape)
        The two directions. The class methods make them orthonormal, so that one unit in the slice
        is one unit in input space; here they are used as they are.
    domain : shapely.Polygon
        The polygon of the plane that is looked at, in slice coordinates. It may be non-convex and
        have holes.
    anchors : array-like of shape (k, 2), optional
        Slice coordinates of the inputs that the slice was made from, to be drawn as marks.

    Raises
    ------
    InvalidSlice
        If the directions do not span a plane, or the domain is empty, not a valid polygon, or has
        no area.
    ShapeMismatch
        If `basis` is not two directions in the space of `origin`.
    NonFiniteValues
        If a number is NaN or infinite.

    Examples
    --------
    >>> plane = InputSlice.identity(bounds=(-1, -1, 1, 1))
    >>> plane.embed([[0.5, 0.25]])
    array([[0.5 , 0.25]])
    """

    origin: FloatArray
    basis: FloatArray
    domain: shapely.Polygon
    anchors: FloatArray

    def __init__(
        self,
        origin: npt.ArrayLike,
        basis: npt.ArrayLike,
        domain: shapely.Polygon,
        anchors: npt.ArrayLike | None = None,
    ) -> None:
        origin = as_finite(origin, "origin")
        basis = as_finite(basis, "basis")
        if basis.shape != (2, *origin.shape):
            raise ShapeMismatch(
                f"the basis has shape {basis.shape}; with an origin of shape {origin.shape} it "
                f"must be (2, {', '.join(map(str, origin.shape))}): two directions in input space"
            )
        check_plane(basis, "the two basis directions")
        check_domain(domain)
        marks = np.empty((0, 2)) if anchors is None else as_finite(anchors, "anchors")
        if marks.ndim != 2 or marks.shape[1] != 2:
            raise ShapeMismatch(f"anchors have shape {marks.shape}; expected (k, 2)")
        self._set(origin, basis, shapely.Polygon(domain), marks)

    def _set(
        self, origin: FloatArray, basis: FloatArray, domain: shapely.Polygon, anchors: FloatArray
    ) -> None:
        for array in (origin, basis, anchors):
            array.flags.writeable = False
        object.__setattr__(self, "origin", origin)
        object.__setattr__(self, "basis", basis)
        object.__setattr__(self, "domain", domain)
        object.__setattr__(self, "anchors", anchors)

    @classmethod
    def unchecked(
        cls,
        origin: FloatArray,
        basis: FloatArray,
        domain: shapely.Polygon,
        anchors: FloatArray | None = None,
    ) -> InputSlice:
        """A slice of arrays that are known to fit, whose directions need not span a plane.

        For the strip that stands for a segment: see
        :class:`~splineviz.partition.slices.input_segment.InputSegment`.
        """
        plane = object.__new__(cls)
        plane._set(origin, basis, domain, np.empty((0, 2)) if anchors is None else anchors)
        return plane

    @overload
    @classmethod
    def identity(cls, bounds: tuple[float, float]) -> InputSegment: ...  # type: ignore[overload-overlap]

    @overload
    @classmethod
    def identity(cls, bounds: Sequence[float] = ...) -> InputSlice: ...

    @classmethod
    def identity(
        cls, bounds: Sequence[float] = (-1.0, -1.0, 1.0, 1.0)
    ) -> InputSlice | InputSegment:
        """The whole input space of a network with one or two inputs, between bounds.

        Parameters
        ----------
        bounds : (xmin, ymin, xmax, ymax) or (low, high)
            The box, in units of the inputs; for a network with one input, the two ends.

        Returns
        -------
        InputSlice or InputSegment
            An :class:`~splineviz.partition.slices.input_segment.InputSegment` for one
            input.
        """
        from splineviz.partition.slices.input_segment import InputSegment

        values = as_finite(bounds, "bounds")
        if values.shape == (2,):
            return InputSegment.identity(bounds)
        if values.shape != (4,):
            raise InvalidSlice(
                "bounds must be four numbers (xmin, ymin, xmax, ymax), or for a network with one "
                f"input two numbers (low, high), not {bounds!r}"
            )
        return cls(np.zeros(2), np.eye(2), box(values[:2], values[2:]))

    @classmethod
    @explained()
    def segment(
        cls,
        x0: npt.ArrayLike,
        x1: npt.ArrayLike,
        *,
        margin: float = 0.0,
    ) -> InputSegment:
        """The segment from one input to another: a slice in one dimension.

        Parameters
        ----------
        x0, x1 : array-like of shape (*input_shape)
            Two inputs of any one shape. They become the segment's `anchors`; the position is the
            distance from `x0`.
        margin : float
            How far the segment reaches beyond both, as a share of the distance between them
            (default: 0).

        Returns
        -------
        InputSegment

        Raises
        ------
        InvalidSlice
            If the two inputs are equal.
        ShapeMismatch, NonFiniteValues
            If they have different shapes, or hold NaN or infinity.
        """
        from splineviz.partition.slices.input_segment import InputSegment

        return InputSegment.between(x0, x1, margin=margin)

    @classmethod
    @explained()
    def through(
        cls,
        x0: npt.ArrayLike,
        x1: npt.ArrayLike,
        x2: npt.ArrayLike,
        *,
        margin: float = 0.5,
    ) -> InputSlice:
        """The plane through three inputs, as in the figures of the paper (section 4).

        Parameters
        ----------
        x0, x1, x2 : array-like of shape (*input_shape)
            Three inputs of any one shape. They become the slice's `anchors`; the origin is their
            mean, the first basis direction points from `x0` to `x1`.
        margin : float
            How far the rectangle reaches beyond the anchors, as a share of its longer side.

        Raises
        ------
        InvalidSlice
            If the three inputs lie on one line.
        """
        inputs = [as_finite(x, f"x{i}") for i, x in enumerate((x0, x1, x2))]
        if len({x.shape for x in inputs}) > 1:
            shapes = ", ".join(str(x.shape) for x in inputs)
            raise ShapeMismatch(f"the three anchors have different shapes: {shapes}")
        check_margin(margin)
        origin = np.mean(inputs, axis=0)
        basis = orthonormal(
            np.stack([inputs[1] - inputs[0], inputs[2] - inputs[0]]),
            "the three anchors lie on one line (or two of them are equal)",
            "Choose three that form a triangle",
        )
        anchors = np.stack([(basis * (x - origin)).reshape(2, -1).sum(axis=1) for x in inputs])
        low, high = anchors.min(axis=0), anchors.max(axis=0)
        reach = margin * float((high - low).max())
        return cls(origin, basis, box(low - reach, high + reach), anchors)

    @classmethod
    @explained()
    def between(
        cls,
        x0: npt.ArrayLike,
        x1: npt.ArrayLike,
        *,
        direction: npt.ArrayLike | None = None,
        margin: float = 0.5,
        seed: int = 0,
    ) -> InputSlice:
        """A plane through two inputs; a direction says which.

        Parameters
        ----------
        x0, x1 : array-like of shape (*input_shape)
            Two inputs. They become the slice's `anchors`; the origin is their mean, the first basis
            direction points from `x0` to `x1`.
        direction : array-like of shape (*input_shape), optional
            The plane holds it too; the second basis direction is its part at right angles to the
            first. Default: a random one, drawn from a generator of this call's own.
        margin : float
            How far the square reaches beyond the anchors, as a share of the distance between them.
        seed : int
            Seed of that generator.

        Raises
        ------
        InvalidSlice
            If the two inputs are equal, or the direction is that of the line through them.
        InvalidArgument
            If the seed is no whole number of at least 0.
        """
        start, end = as_finite(x0, "x0"), as_finite(x1, "x1")
        if direction is None:
            direction = random_generator(seed).standard_normal(start.shape)
        across = as_finite(direction, "direction")
        if not start.shape == end.shape == across.shape:
            raise ShapeMismatch(
                f"the two anchors and the direction must have one shape; they have {start.shape}, "
                f"{end.shape} and {across.shape}"
            )
        check_margin(margin)
        length = float(np.linalg.norm(end - start))
        if length == 0:
            raise InvalidSlice("the two anchors are equal: choose two different inputs")
        basis = orthonormal(
            np.stack([end - start, across]),
            "the direction is zero, or that of the line through the two anchors",
            "Choose another",
        )
        anchors = np.array([[-length / 2, 0.0], [length / 2, 0.0]])
        return cls((start + end) / 2, basis, square((0.5 + margin) * length), anchors)

    @classmethod
    @explained()
    def around(
        cls,
        x: npt.ArrayLike,
        half_width: float = 1.0,
        *,
        directions: npt.ArrayLike | None = None,
        seed: int = 0,
    ) -> InputSlice:
        """A square with an input at its center.

        Parameters
        ----------
        x : array-like of shape (*input_shape)
            The center; also the only anchor.
        half_width : float
            Half the side of the square, in units of the inputs.
        directions : array-like of shape (2, *input_shape), optional
            Two directions that span the plane; they are made orthonormal. Default: two random
            ones, drawn from a generator of this call's own.
        seed : int
            Seed of that generator.

        Raises
        ------
        InvalidSlice
            If the directions are parallel.
        InvalidArgument
            If the seed is no whole number of at least 0.
        """
        center = as_finite(x, "x")
        domain = square(half_width)
        if directions is None:
            spread = random_generator(seed).standard_normal((2, *center.shape))
        else:
            spread = as_finite(directions, "directions")
            if spread.shape != (2, *center.shape):
                raise ShapeMismatch(
                    f"directions have shape {spread.shape}; for an input of shape {center.shape} "
                    f"they must have shape {(2, *center.shape)}"
                )
        basis = orthonormal(
            spread, "the two directions are parallel (or one is zero)", "Choose two others"
        )
        return cls(center, basis, domain, np.zeros((1, 2)))

    @classmethod
    @explained()
    def principal(
        cls,
        X: npt.ArrayLike,
        center: npt.ArrayLike | None = None,
        *,
        half_width: float | None = None,
    ) -> InputSlice:
        """The plane of the first two principal directions of a data set.

        Parameters
        ----------
        X : array-like of shape (n_samples, *input_shape)
            The data.
        center : array-like of shape (*input_shape), optional
            The origin of the slice. Default: the mean of the data.
        half_width : float, optional
            Half the side of the square, in units of the inputs. Default: large enough to hold the
            projections of all samples, with a margin of 10 %.

        Raises
        ------
        InvalidSlice
            If the data vary in fewer than two directions.
        """
        data = as_finite(X, "X")
        if data.ndim < 2 or len(data) < 3:
            raise InvalidSlice(
                f"principal directions need at least three samples; X has shape {data.shape}, "
                "expected (n_samples, *input_shape)"
            )
        mean = data.mean(axis=0)
        check_two_inputs(mean.shape)
        origin = mean if center is None else as_finite(center, "center")
        if origin.shape != mean.shape:
            raise ShapeMismatch(f"the center has shape {origin.shape}, the samples {mean.shape}")
        flat = (data - mean).reshape(len(data), -1)
        directions = principal_directions(flat)
        if half_width is None:
            offset = (data - origin).reshape(len(data), -1) @ directions.T
            half_width = 1.1 * float(np.abs(offset).max())
        return cls(origin, directions.reshape(2, *mean.shape), square(half_width))

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one input of the network that the slice goes through."""
        return self.origin.shape

    @property
    def stretch(self) -> float:
        """How much longer a unit of the second coordinate is drawn than one of the first."""
        return 1.0

    @property
    def line_name(self) -> str:
        """Name of the lines that are drawn across the regions."""
        return "decision boundary"

    @property
    def axis_labels(self) -> tuple[str, str]:
        """Names of the two slice coordinates: the inputs themselves, or directions."""
        own = self.input_shape == (2,) and not self.origin.any()
        if own and np.array_equal(self.basis, np.eye(2)):
            return "input 1", "input 2"
        return "slice u", "slice v"

    def embed(self, points: npt.ArrayLike) -> FloatArray:
        """The inputs at slice coordinates.

        Parameters
        ----------
        points : array-like of shape (n, 2)

        Returns
        -------
        float64 array of shape (n, *input_shape)
        """
        coordinates = as_numbers(points, "points", "(n, 2)")
        if coordinates.ndim != 2 or coordinates.shape[1] != 2:
            raise ShapeMismatch(f"points have shape {coordinates.shape}; expected (n, 2)")
        return self.origin + np.tensordot(coordinates, self.basis, axes=1)

    def project(self, inputs: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
        """The points of the plane that are nearest to inputs.

        Parameters
        ----------
        inputs : array-like of shape (n, *input_shape)

        Returns
        -------
        coordinates : float64 array of shape (n, 2)
            Slice coordinates of the nearest point.
        distance : float64 array of shape (n,)
            Euclidean distance from it, in units of the inputs.
        """
        values = as_numbers(inputs, "inputs", "(n, *input_shape)")
        if values.shape[1:] != self.input_shape or values.ndim == 0:
            raise ShapeMismatch(
                f"inputs have shape {values.shape}; expected (n, *{self.input_shape})"
            )
        flat = self.basis.reshape(2, -1)
        offset = (values - self.origin).reshape(len(values), flat.shape[1])
        coordinates = np.linalg.lstsq(flat.T, offset.T)[0].T.astype(np.float64)
        distance = np.linalg.norm(offset - coordinates @ flat, axis=1).astype(np.float64)
        return coordinates, distance

    def holds(self, inputs: npt.ArrayLike) -> tuple[FloatArray, BoolArray]:
        """Which inputs lie on the slice, inside its domain, up to a millionth of its size.

        Parameters
        ----------
        inputs : array-like of shape (n, *input_shape)

        Returns
        -------
        coordinates : float64 array (n, 2)
            Slice coordinates of the point of the plane that is nearest to each.
        held : bool array (n,)

        Raises
        ------
        ShapeMismatch, NonFiniteValues
            As :meth:`project` does.
        """
        coordinates, distance = self.project(inputs)
        xmin, ymin, xmax, ymax = self.domain.bounds
        lengths = np.linalg.norm(self.basis.reshape(2, -1), axis=1)
        size = float(np.hypot((xmax - xmin) * lengths[0], (ymax - ymin) * lengths[1]))
        inside = shapely.covers(self.domain, shapely.points(coordinates))
        return coordinates, (distance <= ON_SLICE * size) & inside

    def to_json(self) -> dict[str, Any]:
        """The slice as JSON values; :meth:`from_json` reads it back exactly."""
        return {
            "origin": self.origin.tolist(),
            "basis": self.basis.tolist(),
            "domain": shapely.to_wkb(self.domain, hex=True),
            "anchors": self.anchors.tolist(),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> InputSlice:
        """Make the slice that :meth:`to_json` wrote.

        Raises
        ------
        InvalidArgument
            If `data` is no dict with the fields of a slice.
        InvalidSlice, ShapeMismatch, NonFiniteValues
            If the fields do not make a slice.
        """
        origin, basis, domain, anchors = read_fields(
            data, ("origin", "basis", "domain", "anchors"), "InputSlice"
        )
        marks = as_finite(anchors, "anchors").reshape(-1, 2)
        return cls(origin, basis, read_domain(domain), marks)

    def __repr__(self) -> str:
        xmin, ymin, xmax, ymax = self.domain.bounds
        return (
            f"InputSlice(input_shape={self.input_shape}, "
            f"bounds=({xmin:.6g}, {ymin:.6g}, {xmax:.6g}, {ymax:.6g}), "
            f"anchors={len(self.anchors)})"
        )

    def _repr_html_(self) -> str:
        from splineviz.drawing.html import html_or_text
        from splineviz.partition.notebook_html import slice_html

        return html_or_text(lambda: slice_html(self), repr(self))
