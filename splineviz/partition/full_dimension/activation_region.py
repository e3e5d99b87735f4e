"""ActivationRegion: the region of one input, in all dimensions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from splineviz.errors import InvalidArgument, ShapeMismatch
from splineviz.network.program import Program
from splineviz.partition.full_dimension import convex
from splineviz.partition.full_dimension.half_spaces import HalfSpaces
from splineviz.typing import BoolArray, FloatArray
from splineviz.validation.arrays import as_finite

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class ActivationRegion:
    """The activation region of one input: a convex polyhedron on which the network is affine.

    Made by :func:`~splineviz.partition.full_dimension.region_at.region_at`. Lengths are Euclidean,
    in units of the inputs.

    Attributes
    ----------
    program : Program
    x : float64 array (*input_shape)
        The input.
    pattern : tuple of bool array (width,)
        The activation pattern, an array for each activation of the program.
    slope : float64 array (out, *input_shape)
    offset : float64 array (out,)
        The affine map: ``f(y) = (slope * y).sum() + offset`` for each y of the region.
    half_spaces : HalfSpaces
        One for each neuron that some input changes, whether or not it bounds the region.
    """

    program: Program
    x: FloatArray
    pattern: tuple[BoolArray, ...]
    slope: FloatArray
    offset: FloatArray
    half_spaces: HalfSpaces

    @cached_property
    def output(self) -> FloatArray:
        """The network's output at x, (out,)."""
        return self.slope.reshape(len(self.offset), -1) @ self.x.ravel() + self.offset

    @cached_property
    def distances(self) -> FloatArray:
        """The distance from x to the hyperplane of each half-space, (m,)."""
        return self.half_spaces.margins / self._lengths

    @property
    def distance(self) -> float:
        """The distance from x to the nearest boundary of the region; infinite if it has none."""
        return float(self.distances.min(initial=np.inf))

    @cached_property
    def facets(self) -> BoolArray:
        """Which half-spaces bound the region, (m,); of those that are the same, one."""
        return convex.facets(self._normals, self.distances)

    def largest_ball(self, bounds: tuple[float, float] | None = None) -> tuple[FloatArray, float]:
        """Find the largest ball in the region: its center (*input_shape) and radius.

        In many dimensions a region often reaches to infinity, with room for balls of any size; the
        radius is infinite then, and the center x. Bounds of the inputs give a finite answer.

        Parameters
        ----------
        bounds : pair of float, optional
            The ball also stays where each coordinate is between these, such as ``(0, 1)`` for
            images. Default: no bounds.

        Raises
        ------
        InvalidArgument
            If the bounds are no two numbers with x between them.
        """
        normals, margins = self._normals, self.distances
        if bounds is not None:
            low, high = self._room(bounds)
            sides = np.eye(self.x.size)
            normals = np.concatenate([normals, sides, -sides])
            margins = np.concatenate([margins, high, low])
        center, radius = convex.largest_ball(normals, margins)
        way = np.zeros(self.x.size) if center is None else center
        return self.x + way.reshape(self.x.shape), radius

    def _room(self, bounds: tuple[float, float]) -> tuple[FloatArray, FloatArray]:
        """Measure how far x is from each bound."""
        pair = np.asarray(bounds, dtype=object).ravel().tolist()
        numbers = all(
            isinstance(bound, int | float | np.number)
            and not isinstance(bound, bool)
            and np.isfinite(bound)
            for bound in pair
        )
        if (
            len(pair) != 2
            or not numbers
            or not (pair[0] <= self.x.min() <= self.x.max() <= pair[1])
        ):
            raise InvalidArgument(
                f"bounds must be two numbers with all coordinates of x between them, such as "
                f"(0, 1), not {bounds!r}; x goes from {self.x.min():.4g} to {self.x.max():.4g}"
            )
        return self.x.ravel() - float(pair[0]), float(pair[1]) - self.x.ravel()

    @cached_property
    def decision_point(self) -> FloatArray | None:
        """The point of the region nearest to x at which the predicted class changes.

        It is None if the region has none. With one output the class changes where it is 0, with
        several where another one becomes as large as the largest. An input with such a tie is its
        own point.
        """
        outputs, slope = self.output, self.slope.reshape(len(self.offset), -1)
        if len(outputs) == 1:
            toward = [(-np.sign(outputs[0]) * slope[0], abs(outputs[0]))]
        else:
            top = int(outputs.argmax())
            toward = [
                (slope[k] - slope[top], outputs[top] - outputs[k])
                for k in range(len(outputs))
                if k != top
            ]
        if any(level == 0 for _, level in toward):
            return self.x.copy()
        ways = [
            convex.nearest_point(self._normals, self.distances, across, float(level))
            for across, level in toward
            if across.any()
        ]
        reached = [way for way in ways if way is not None]
        if not reached:
            return None
        way = min(reached, key=lambda each: float(np.linalg.norm(each)))
        return self.x + way.reshape(self.x.shape)

    @property
    def decision_distance(self) -> float:
        """The distance from x to :attr:`decision_point`; infinite if there is none."""
        point = self.decision_point
        return np.inf if point is None else float(np.linalg.norm(point - self.x))

    def contains(self, y: npt.ArrayLike) -> bool:
        """Whether an input lies in the region or on its boundary, up to rounding.

        Parameters
        ----------
        y : array-like of shape (*input_shape)

        Raises
        ------
        ShapeMismatch, NonFiniteValues
            If it is not one input of the network, or holds NaN or infinity.
        """
        other = as_finite(y, "y", "(*input_shape)")
        if other.shape != self.x.shape:
            raise ShapeMismatch(f"y has shape {other.shape}; one input has {self.x.shape}")
        way = (other - self.x).ravel()
        room = self.distances - self._normals @ way
        return bool((room >= -1e-9 * (1.0 + np.abs(way).max(initial=0.0))).all())

    def to_dataframe(self) -> pd.DataFrame:
        """Make a table with one row for each half-space, the nearest first.

        Returns
        -------
        pandas.DataFrame
            With the columns ``layer`` (the activation's name), ``column`` (of its pattern: the
            neuron, for ReLU), ``distance`` and ``facet`` (whether it bounds the region).
        """
        import pandas as pd

        names = np.array([activation.name for activation in self.program.activations], dtype=object)
        table = pd.DataFrame(
            {
                "layer": names[self.half_spaces.layers],
                "column": self.half_spaces.columns,
                "distance": self.distances,
                "facet": self.facets,
            }
        )
        return table.sort_values("distance", ignore_index=True, kind="stable")

    def __repr__(self) -> str:
        return (
            f"ActivationRegion({len(self.distances)} half-spaces in {self.x.size} dimensions, "
            f"nearest boundary at {self.distance:.4g})"
        )

    @cached_property
    def _lengths(self) -> FloatArray:
        return np.linalg.norm(self.half_spaces.normals, axis=1)

    @cached_property
    def _normals(self) -> FloatArray:
        return self.half_spaces.normals / self._lengths[:, None]
