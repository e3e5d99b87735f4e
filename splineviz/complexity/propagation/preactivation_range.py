"""The range of a layer's pre-activations over the vertices around some samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import torch


class UnstableNeurons(NamedTuple):
    """Neurons that come so near a switching point that they may cross it.

    Attributes
    ----------
    sample, column : int64 tensor (neurons,)
        The sample, and the column of the neuron.
    center, low, high, noise : float64 tensor (neurons,)
        As in `PreactivationRange`.
    """

    sample: torch.Tensor
    column: torch.Tensor
    center: torch.Tensor
    low: torch.Tensor
    high: torch.Tensor
    noise: torch.Tensor

    def at(self, which: torch.Tensor) -> UnstableNeurons:
        """Select some of the neurons, by a mask or by their numbers."""
        return UnstableNeurons(*(tensor[which] for tensor in self))


@dataclass(frozen=True, eq=False)
class PreactivationRange:
    """The range of the values of a layer's neurons over the vertices around some samples.

    Attributes
    ----------
    center : float64 tensor (n, columns)
        What ``low`` and ``high`` are relative to.
    low, high : tensor (n or 1, columns)
        The smallest and the largest difference from the center, in float32 or float64. One row
        stands for all samples if the differences are the same around each.
    noise : float64 tensor (n or 1, columns)
        How far rounding may have moved a value.
    at_sample : tensor (n, columns), or None
        The value at the sample itself, as a difference from the center. None for zero.
    reached : pair of float64 tensor (n, columns), or None
        Some vertex is certainly below the first, and some certainly above the second. None for
        `low` and `high`, each moved inwards by the noise.
    """

    center: torch.Tensor
    low: torch.Tensor
    high: torch.Tensor
    noise: torch.Tensor
    at_sample: torch.Tensor | None = None
    reached: tuple[torch.Tensor, torch.Tensor] | None = None
    _near: dict[tuple[float, ...], UnstableNeurons] = field(
        default_factory=dict, init=False, repr=False
    )

    def with_sample(self) -> PreactivationRange:
        """Extend the range by the sample itself."""
        if self.at_sample is None:
            low, high = self.low.clamp(max=0), self.high.clamp(min=0)
        else:
            low = torch.minimum(self.low, self.at_sample)
            high = torch.maximum(self.high, self.at_sample)
        return PreactivationRange(self.center, low, high, self.noise)

    def at(self, columns: torch.Tensor) -> PreactivationRange:
        """Return the range of some of the neurons."""
        parts = (self.center, self.low, self.high, self.noise)
        center, low, high, noise = (tensor[:, columns] for tensor in parts)
        return PreactivationRange(center, low, high, noise)

    def narrowed(
        self,
        near: UnstableNeurons,
        low: torch.Tensor,
        high: torch.Tensor,
        points: tuple[float, ...],
    ) -> PreactivationRange:
        """Make the range exact for the neurons that are unstable at some points."""
        place = near.sample, near.column
        lows, highs = (
            tensor.expand_as(self.center).index_put(place, own)
            for tensor, own in ((self.low, low), (self.high, high))
        )
        span = PreactivationRange(self.center, lows, highs, self.noise)
        better = near._replace(low=low.double(), high=high.double())
        beyond = torch.stack(
            [
                torch.maximum(
                    better.center - point + better.low, point - better.center - better.high
                )
                for point in points
            ]
        )
        span._near[points] = better.at((beyond > better.noise).all(0).logical_not_())
        return span

    def merged(self, other: PreactivationRange | None) -> PreactivationRange:
        """Join the range with that of other vertices of the same samples."""
        if other is None:
            return self
        # The noise of the two differs, so each is moved by its own.
        below, above = zip(
            *(
                span.reached or (span.low + span.noise, span.high - span.noise)
                for span in (self, other)
            ),
            strict=True,
        )
        return PreactivationRange(
            self.center,
            torch.minimum(self.low, other.low),
            torch.maximum(self.high, other.high),
            torch.maximum(self.noise, other.noise),
            reached=(torch.fmin(*below), torch.fmax(*above)),
        )

    def gathered(
        self, parts: Sequence[torch.Tensor], sample: torch.Tensor, column: torch.Tensor
    ) -> list[torch.Tensor]:
        """Pick the numbers of some neurons, in float64."""
        return [tensor.expand_as(self.center)[sample, column].double() for tensor in parts]

    def unstable(self, points: tuple[float, ...]) -> UnstableNeurons:
        """Find the neurons that may switch: not all values lie certainly on one side of each point.

        There is at least one point. The same points have the same object.
        """
        if points not in self._near:
            masks = [self._reaches(point) for point in points]
            mask = masks[0] if len(masks) == 1 else torch.stack(masks).any(0)
            sample, column = mask.nonzero(as_tuple=True)
            parts = (self.center, self.low, self.high, self.noise)
            at_neurons = self.gathered(parts, sample, column)
            self._near[points] = UnstableNeurons(sample, column, *at_neurons)
        return self._near[points]

    def _reaches(self, point: float) -> torch.Tensor:
        behind = self.center - point if point else self.center
        # Not by <=, so that NaN counts as "may switch". In float64, torch.maximum takes ten times
        # as long as a comparison.
        above = (behind + self.low).gt(self.noise)
        return above.logical_or_((behind + self.high).lt(-self.noise)).logical_not_()
