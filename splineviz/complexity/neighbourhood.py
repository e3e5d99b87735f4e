"""What the vertices round some samples become at one place in a network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import torch


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """The values at the vertices, as differences from a centre.

    Attributes
    ----------
    centre : float64 tensor (n, columns)
        What the differences are from.
    differences : tensor (n or 1, vertices, columns)
        Of the vertices, in float32 or float64; one for all samples where they do not depend on
        the sample.
    noise : float64 tensor (n or 1, columns)
        How far rounding may have moved a vertex; zero if nobody knows.
    """

    centre: torch.Tensor
    differences: torch.Tensor
    noise: torch.Tensor

    # Two passes are several times faster than torch.aminmax along an axis.
    @cached_property
    def low(self) -> torch.Tensor:
        """The smallest difference, (n or 1, columns)."""
        return self.differences.amin(1)

    @cached_property
    def high(self) -> torch.Tensor:
        """The largest difference, (n or 1, columns)."""
        return self.differences.amax(1)


Visit: TypeAlias = Callable[[int, Neighbourhood], None]
"""Called with the number of a layer that is looked at and its neighbourhoods."""
