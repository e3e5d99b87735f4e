"""What every result holds: its layers, what was counted, and the neighborhoods of the points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from splineviz.complexity.arguments.layer_choice import LayerChoice
from splineviz.complexity.arguments.layer_names import Layer
from splineviz.complexity.arguments.neighborhood import Neighborhood
from splineviz.typing import FloatArray, IntArray

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, kw_only=True)
class LayerResult:
    """What was measured of some layers.

    Attributes
    ----------
    layers : tuple of Layer
        Name, kind and shape of each layer, in the order of the network.
    """

    layers: tuple[Layer, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the layers."""
        return tuple(layer.name for layer in self.layers)

    @property
    def widths(self) -> IntArray:
        """How many neurons each layer has, (L,)."""
        return np.array([layer.width for layer in self.layers], dtype=np.int64)

    @property
    def is_proxy(self) -> bool:
        """Whether a layer is smooth, so that its count stands for a boundary that it has not."""
        return any(layer.proxy for layer in self.layers)


@dataclass(frozen=True, eq=False, kw_only=True)
class NeighborhoodResult(LayerResult):
    """What was measured of some layers, in neighborhoods of some points.

    Attributes
    ----------
    choice : LayerChoice
        What was counted: the names of the layers, and where neurons had to be live.
    neighborhood : Neighborhood
        The neighborhood of each point.
    """

    choice: LayerChoice
    neighborhood: Neighborhood

    def _table(self, **columns: npt.NDArray[Any]) -> pd.DataFrame:
        """One row for each radius, point and layer; the columns are ([R,] N, L) or (L,)."""
        import pandas as pd

        sizes = [each.shape for each in columns.values()]
        shape = np.broadcast_shapes((len(self.radii), 1, 1), *sizes)
        radii, points, layers = np.indices(shape).reshape(3, -1)
        return pd.DataFrame(
            {
                "radius": self.radii[radii],
                "point": points,
                "layer": pd.Categorical(np.array(self.names)[layers], [*self.names], ordered=True),
                "kind": np.array([layer.kind for layer in self.layers], dtype=object)[layers],
                **{name: np.broadcast_to(each, shape).ravel() for name, each in columns.items()},
            }
        )

    @property
    def radius(self) -> float | FloatArray:
        """The radius, or the radii as float64 array (n_radii,), in units of the inputs."""
        return self.neighborhood.radius

    @property
    def radii(self) -> FloatArray:
        """The radii as an array (n_radii,), also if there is just one."""
        return self.neighborhood.radii

    @property
    def directions(self) -> FloatArray | None:
        """The directions, (P, *input_shape); None if each point had its own."""
        return self.neighborhood.directions

    @property
    def n_directions(self) -> int:
        """How many directions there are, P."""
        return self.neighborhood.n_directions

    @property
    def seed(self) -> int:
        """Where random directions came from."""
        return self.neighborhood.seed
