"""NeuronStates: which neurons are dead, live or always on at some points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from splineviz.complexity.arguments.layer_names import ALWAYS_ON, DEAD, LIVE
from splineviz.complexity.results.layer_result import LayerResult
from splineviz.typing import FloatArray, StateArray

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, kw_only=True)
class NeuronStates(LayerResult):
    """The states of a network's neurons at some reference points.

    :func:`~splineviz.complexity.neuron_states.neuron_states` defines them.

    Attributes
    ----------
    layers : tuple of Layer
        Name, kind and shape of each layer, in the order of the network.
    states : mapping of str to int8 array of the layer's shape
        By the name of the layer, for each neuron 0 if it is dead, 1 if it is live, 2 if it is
        always on. A convolution has a neuron for each channel and pixel.
    n_points : int
        How many reference points there are.
    """

    states: Mapping[str, StateArray]
    n_points: int

    @property
    def dead(self) -> FloatArray:
        """The share of each layer's neurons that are dead, float64 (L,)."""
        return self._share(DEAD)

    @property
    def live(self) -> FloatArray:
        """The share of each layer's neurons that are live, float64 (L,)."""
        return self._share(LIVE)

    @property
    def always_on(self) -> FloatArray:
        """The share of each layer's neurons that are always on, float64 (L,)."""
        return self._share(ALWAYS_ON)

    def _share(self, state: int) -> FloatArray:
        return np.array([np.mean(self.states[name] == state) for name in self.names])

    def to_dataframe(self) -> pd.DataFrame:
        """One row for each layer.

        Returns
        -------
        pandas.DataFrame
            With the columns ``layer``, ``kind``, ``proxy`` (whether it is smooth), ``width``, and
            the shares ``dead``, ``live`` and ``always_on``.
        """
        import pandas as pd

        return pd.DataFrame(
            {
                "layer": self.names,
                "kind": [layer.kind for layer in self.layers],
                "proxy": [layer.proxy for layer in self.layers],
                "width": self.widths,
                "dead": self.dead,
                "live": self.live,
                "always_on": self.always_on,
            }
        )

    def __repr__(self) -> str:
        totals = [
            sum(int((states == state).sum()) for states in self.states.values())
            for state in (DEAD, LIVE, ALWAYS_ON)
        ]
        return (
            "NeuronStates({:,} dead, {:,} live, {:,} always on of {:,} neurons in {} layers; "
            "{:,} points)"
        ).format(*totals, sum(totals), len(self.layers), self.n_points)
