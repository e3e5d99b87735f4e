"""Opaque steps at the vertices around some samples.

torch runs them in float64 at the samples and at each vertex. How far rounding has moved what comes
out is estimated: the errors of what goes in are passed on by running the step once more with each
number moved by as much, up or down at random.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from splineviz.complexity.propagation.memory_layout import rows_of
from splineviz.complexity.propagation.rounding import SAFETY, Rounding, rounded
from splineviz.complexity.propagation.step_operator import StepOperator

# So many units of rounding in float64, of what a step reads and of what it makes, are its own:
# nobody knows what it adds up on its way.
_OWN_READ, _OWN_MADE = 4.0, 64.0
# Fewer moved vertices would say little of the sum of many errors.
_FEWEST = 16
# By how many units of rounding of float32 numbers are moved for one that they are off.
_MOVED = torch.finfo(torch.float32).eps / 2


class Opaque:
    """An opaque step in float64, at the vertices around so many samples."""

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
            Of the inputs; None for truth values and places, which are exact.
        """
        rounding = self._rounding
        at_sample = rows_of(center.double(), 1).unsqueeze(1)
        at_vertices = self._by_sample(results)
        d = _difference(at_vertices, at_sample)
        passed = self._passed(read, at_vertices, variances)
        # In units of rounding of the differences.
        share = rounding.fine_unit / rounding.radius
        sizes = torch.maximum(at_vertices.abs().amax(1), at_sample[:, 0].abs())
        # What is masked out is infinite, and exact.
        sizes = sizes.masked_fill(sizes.isinf(), 0.0)
        # A small number may be what is left of large ones; one that is zero everywhere is exact.
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
        # Of its own, so that neither the caller's numbers nor the order of samples matter.
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
        # One that is infinite, or masked out, stays.
        off = torch.where(grouped.isfinite(), off, 0.0)
        shape, device = off.shape[1:], off.device
        signs = torch.randint(0, 2, shape, generator=generator, device=device, dtype=off.dtype)
        return (grouped + off * (2 * signs - 1)).flatten(0, 1)

    def _by_sample(self, values: torch.Tensor) -> torch.Tensor:
        return rows_of(values.double().unflatten(0, (self._samples, -1)), 2)


def _difference(values: torch.Tensor, others: torch.Tensor) -> torch.Tensor:
    """Subtract; 0 where both are the same infinity."""
    return torch.where(values == others, 0.0, values - others)
