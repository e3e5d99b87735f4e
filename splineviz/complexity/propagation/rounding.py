"""Bounds of how far rounding may have moved the differences that go through a network.

The rounding of a step itself is bounded for any order of its sums and any numbers: equal terms
round alike, so their errors add up. The errors of its inputs are taken as independent of each
other, so they are carried as variances.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from splineviz.complexity.propagation.memory_layout import rows_of, values_of
from splineviz.complexity.propagation.norms import VANISHED
from splineviz.complexity.propagation.step_operator import StepOperator

# A vertex within so many standard errors of the boundary counts as on it: errors of earlier steps
# are not quite independent.
SAFETY = 32.0
# Smaller numbers, or their squares, may vanish in float32: the least error that is assumed.
_LEAST = 2.0**-48
_ROOT_OF_LARGEST = 2.0**63


class Rounding:
    """The rounding of differences of one type, around centers in float64.

    Variances and sizes are tensors (n or 1, columns) of that type. A variance is a squared error,
    where the unit of an error is a unit of rounding times the radius. A size is a largest absolute
    difference, divided by the radius.

    Parameters
    ----------
    dtype : torch.dtype
        The type of the differences after the first activation.
    radius : float
        r.

    Attributes
    ----------
    fine_unit : float
        A unit of rounding of float64, in units of rounding of the differences.
    """

    def __init__(self, dtype: torch.dtype, radius: float) -> None:
        self.dtype, self.radius = dtype, radius
        self._unit = torch.finfo(dtype).eps / 2
        self.fine_unit = torch.finfo(torch.float64).eps / 2 / self._unit

    def noise(self, variance: torch.Tensor, linear: bool) -> torch.Tensor:
        """Bound the error of a value, as float64. Linear: before the first activation."""
        units = self._unit * (self.fine_unit if linear else 1.0)
        return variance.sqrt().double().mul_(SAFETY * units * self.radius)

    def typed(self, variance: torch.Tensor, size: torch.Tensor) -> torch.Tensor:
        """Return the variance of float64 differences after conversion to the other dtype."""
        return rounded(self.fine_unit**2 * variance, size, 1)

    def stepped(
        self,
        step: StepOperator,
        centers: Sequence[torch.Tensor],
        sizes: Sequence[torch.Tensor],
        variances: Sequence[torch.Tensor],
        linear: bool,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Carry size and variance through an affine step, from those of what it reads.

        The centers (n, *shape) are off by the rounding of float64. The step is linear if no
        activation lies before it.
        """
        # A unit of rounding of the center, in those of the differences.
        share = (1.0 if linear else self.fine_unit) / self.radius
        shapes = [center.shape[1:] for center in centers]
        passed = rows_of(step.variance([*map(values_of, variances, shapes)]), 1)
        read = [
            values_of(size.to(self.dtype), shape) for size, shape in zip(sizes, shapes, strict=True)
        ]
        # Two more for the rounding of inputs and results, and two to spare.
        terms = step.terms + 4
        size = rows_of(step.bound(read, centers, share), 1)
        variance = rounded(passed, size, terms)
        if step.offset_sizes is not None:
            variance = rounded(variance, share * step.offset_sizes, 2)
        if self.dtype != torch.float64:
            variance.clamp_(min=min(_LEAST / self.radius, _ROOT_OF_LARGEST) ** 2)
            return size, variance
        # In float64, a zero is exact.
        return size, torch.where(size > 0, variance.clamp(min=VANISHED**2), variance)

    def bent(
        self,
        variance: torch.Tensor,
        size: torch.Tensor,
        steep: torch.Tensor,
        summed: torch.Tensor,
        breakpoints: int,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Carry size and variance through an activation, from those of what it reads.

        ``steep`` is the largest slope that vertices may meet. ``summed`` is the sum of the sizes of
        the first slope and of its changes up to that slope. Both are (n, columns).
        """
        return steep * size, rounded(steep.square() * variance, summed * size, 2 + breakpoints)


def rounded(variance: torch.Tensor, size: torch.Tensor, times: float) -> torch.Tensor:
    """Add to a variance that of so many more roundings, all in the same direction."""
    return torch.addcmul(variance, size, size, value=(times / SAFETY) ** 2)
