"""Opaque steps at the vertices around some samples.

torch runs them in float64 at the samples and at each vertex. How far rounding may have moved their
results is estimated: the step runs once more, with each input moved by its possible error, up or
down at random.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from splineviz.complexity.propagation.memory_layout import rows_of
from splineviz.complexity.propagation.rounding import SAFETY, Rounding, rounded
from splineviz.complexity.propagation.step_operator import StepOperator

# The rounding of the step itself, in float64 units of its inputs and of its results. It is a guess:
# what the step adds up inside is not known.
_OWN_READ, _OWN_MADE = 4.0, 64.0
# Fewer moved vertices would say little about the sum of many errors.
_FEWEST = 16
# A number is moved by one unit of rounding of float32 for each unit that it is off: much more than
# what the step rounds in float64.
_MOVED = torch.finfo(torch.float32).eps / 2


class Opaque:
    """An opaque step in float64, at the vertices around some samples."""

    def __init__(self, step: StepOperator, rounding: Rounding, samples: int) -> None:
        self._step, self._rounding, self._samples = step, rounding, samples

    def deltas(
        self,
        center: torch.Tensor,
        read: Sequence[torch.Tensor],
        results: torch.Tensor,
        variances: Sequence[torch.Tensor | None],
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Compute differences (n, vertices, width), and their sizes and variances (n, width).

        Parameters
        ----------
        center : float64 tensor (n, *shape)
            The results at the samples.
        read, results : tensor (n * vertices, *shape)
            The inputs at the vertices, and the results.
        variances : sequence of tensor (n or 1, *shape), or None
            The variances of the inputs; None for truth values and places, which are exact.
        """
        rounding = self._rounding
        at_sample = rows_of(center.double(), 1).unsqueeze(1)
        at_vertices = self._by_sample(results)
        d = _difference(at_vertices, at_sample)
        passed = self._passed(read, at_vertices, variances)
        # A float64 unit of rounding, in units of the differences.
        share = rounding.fine_unit / rounding.radius
        sizes = torch.maximum(at_vertices.abs().amax(1), at_sample[:, 0].abs())
        # A masked value is infinite, and exact.
        sizes = sizes.masked_fill(sizes.isinf(), 0.0)
        # A small number may be the difference of large ones. One that is zero everywhere is exact.
        median = sizes.sort(1).values[:, [sizes.shape[1] // 2]]
        sizes = torch.where(sizes > 0, torch.maximum(sizes, median), sizes)
        size = (d.abs().amax(1) / rounding.radius).to(rounding.dtype)
        variance = rounded(passed.to(rounding.dtype), size, 1)
        variance = rounded(variance, (share * sizes).to(rounding.dtype), _OWN_MADE)
        return d.to(rounding.dtype), size, variance

    def _passed(
        self,
        read: Sequence[torch.Tensor],
        at_vertices: torch.Tensor,
        variances: Sequence[torch.Tensor | None],
    ) -> torch.Tensor:
        """Carry the variance of the inputs through the step, float64 (n, width)."""
        # A generator of its own, so that neither the caller's nor the order of samples matters.
        generator = torch.Generator(at_vertices.device).manual_seed(0)
        largest = at_vertices.new_zeros(len(at_vertices), at_vertices.shape[2])
        for _ in range(math.ceil(_FEWEST / at_vertices.shape[1])):
            moved = [
                one if variance is None else self._moved(one, variance, generator)
                for one, variance in zip(read, variances, strict=True)
            ]
            change = _difference(self._by_sample(self._step.value(moved)), at_vertices)
            largest = torch.maximum(largest, change.abs().amax(1))
        return (largest / (_MOVED * self._rounding.radius)).square()

    def _moved(
        self, values: torch.Tensor, variance: torch.Tensor, generator: torch.Generator
    ) -> torch.Tensor:
        """Move each value up or down by its possible error."""
        rounding = self._rounding
        grouped = values.unflatten(0, (self._samples, -1))
        own = rounding.fine_unit / rounding.radius * _OWN_READ / SAFETY * grouped
        off = (variance.double().unsqueeze(1) + own.square()).sqrt() * (_MOVED * rounding.radius)
        # Infinite values are masks, and stay.
        off = torch.where(grouped.isfinite(), off, 0.0)
        shape, device = off.shape[1:], off.device
        signs = torch.randint(0, 2, shape, generator=generator, device=device, dtype=off.dtype)
        return (grouped + off * (2 * signs - 1)).flatten(0, 1)

    def _by_sample(self, values: torch.Tensor) -> torch.Tensor:
        return rows_of(values.double().unflatten(0, (self._samples, -1)), 2)


def _difference(values: torch.Tensor, others: torch.Tensor) -> torch.Tensor:
    """Subtract; 0 where both are the same infinity."""
    return torch.where(values == others, 0.0, values - others)
