"""ComplexityMap: local complexity on a grid of points of a slice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from splineviz.complexity.arguments.layer_names import Layer
from splineviz.complexity.results.labels import proxy_note
from splineviz.complexity.results.local_complexity import LocalComplexity
from splineviz.errors import InvalidArgument, UnknownName
from splineviz.typing import BoolArray, FloatArray, IntArray
from splineviz.validation.calls import explained
from splineviz.validation.objects import check_partition

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from splineviz.partition.slices.input_slice import InputSlice
    from splineviz.partition.spline_partition import SplinePartition


@dataclass(frozen=True, eq=False)
class ComplexityMap:
    """The local complexity (LC) around the middle of each cell of a grid on a slice.

    Row 0 is the lowest, column 0 the leftmost, in slice coordinates.

    Attributes
    ----------
    plane : InputSlice
        The slice.
    inside : bool array (ny, nx)
        Whether a cell's middle lies in the slice's domain.
    complexity : LocalComplexity
        Around the middles inside, row by row; with the layers, the radius and the directions.
    in_plane : bool
        Whether the directions lie in the slice.
    """

    plane: InputSlice
    inside: BoolArray
    complexity: LocalComplexity
    in_plane: bool

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Name, kind and width of each layer."""
        return self.complexity.layers

    @property
    def counts(self) -> FloatArray:
        """The crossed neurons of each layer, float64 (ny, nx, L); NaN outside the domain."""
        return self._on_grid(self.complexity.counts)

    @property
    def total(self) -> FloatArray:
        """The crossed neurons of all layers, float64 (ny, nx); NaN outside the domain."""
        return self._on_grid(self.complexity.total)

    def _on_grid(self, values: IntArray) -> FloatArray:
        grid = np.full((*self.inside.shape, *values.shape[1:]), np.nan)
        grid[self.inside] = values
        return grid

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """The outer edges of the cells in slice coordinates: xmin, xmax, ymin, ymax."""
        xmin, ymin, xmax, ymax = self.plane.domain.bounds
        return xmin, xmax, ymin, ymax

    @property
    def points(self) -> FloatArray:
        """The middles of the cells in slice coordinates, float64 (ny, nx, 2)."""
        xmin, xmax, ymin, ymax = self.extent
        ny, nx = self.inside.shape
        x = xmin + (np.arange(nx) + 0.5) * (xmax - xmin) / nx
        y = ymin + (np.arange(ny) + 0.5) * (ymax - ymin) / ny
        return np.stack(np.meshgrid(x, y), axis=-1)

    def to_dataframe(self) -> pd.DataFrame:
        """One row for each cell whose middle lies in the domain, and layer.

        Returns
        -------
        pandas.DataFrame
            With the columns of :meth:`LocalComplexity.to_dataframe`, where the points are numbered
            row by row, and the middle of the cell in slice coordinates, ``s`` and ``t``.
        """
        table = self.complexity.to_dataframe()
        s, t = self.points[self.inside][table["point"]].T
        return table.assign(s=s, t=t)

    @explained()
    def plot(
        self,
        ax: Axes | None = None,
        partition: SplinePartition | None = None,
        *,
        layer: int | str | None = None,
    ) -> Axes:
        """Draw the map, with the slice's anchors as stars.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw. Default: a new figure.
        partition : SplinePartition, optional
            The exact partition of the same slice; its edges are drawn on top. With a layer, the
            edges that its neurons make.
        layer : int or str, optional
            Draw one layer, by its number in `layers` or its name, instead of the total.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        UnknownName
            If there is no such layer.
        InvalidArgument
            If the partition is that of another plane.
        """
        from splineviz.complexity.results.heat_map import draw_map

        number = None if layer is None else self._number(layer)
        if partition is not None:
            check_partition(partition)
            _check_same_plane(self.plane, partition.plane)
        return draw_map(self, ax, partition, number)

    def _number(self, layer: int | str) -> int:
        names = [one.name for one in self.layers]
        if isinstance(layer, str) and layer in names:
            return names.index(layer)
        if isinstance(layer, int | np.integer) and 0 <= layer < len(names):
            return int(layer)
        if isinstance(layer, str):
            raise UnknownName("layer", layer, names)
        raise UnknownName("layer number", layer, [*map(str, range(len(names)))])

    def __repr__(self) -> str:
        ny, nx = self.inside.shape
        total = self.complexity.total
        where = "in the slice" if self.in_plane else "in input space"
        return (
            f"ComplexityMap({nx} x {ny} cells, LC {total.min()} to {total.max()}, "
            f"mean {total.mean():.4g}; {len(self.layers)} layers, "
            f"radius {self.complexity.radius:.4g}, "
            f"{self.complexity.n_directions} directions {where}"
            f"{proxy_note(self.complexity.is_proxy)})"
        )


def _check_same_plane(plane: InputSlice, other: InputSlice) -> None:
    same = np.array_equal(plane.origin, other.origin) and np.array_equal(plane.basis, other.basis)
    if not same:
        raise InvalidArgument(
            "the partition is that of another plane: its slice has another origin or basis, so "
            "that its edges do not belong on this map"
        )
