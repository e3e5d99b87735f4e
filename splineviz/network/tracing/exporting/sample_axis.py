"""Where a tensor of an exported graph has the samples of a batch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import torch


class SampleAxis(NamedTuple):
    """The axis of a tensor that counts the samples, possibly together with something else.

    Of a tensor (B * T, D), made from (B, T, D), the first axis counts B samples and, `behind` each,
    T places. A program's own values have the samples on their first axis alone, and the other axes
    behind it in the tensor's order; what is merged with the samples keeps its place among them.

    Attributes
    ----------
    axis : int
        Counted from the front.
    before, behind : int
        How much is merged with the samples: the axis has ``before * samples * behind`` places.
    """

    axis: int = 0
    before: int = 1
    behind: int = 1

    @property
    def merged(self) -> bool:
        """Whether the axis counts more than the samples."""
        return self.before * self.behind > 1

    def of_one(self, shape: Sequence[int]) -> tuple[int, ...]:
        """Shape of one sample, from the shape of a tensor."""
        rest = [self.before * self.behind] if self.merged else []
        return (*map(int, shape[: self.axis]), *rest, *map(int, shape[self.axis + 1 :]))

    def of_all(self, shape: Sequence[int], samples: int) -> tuple[int, ...]:
        """Shape of a tensor, from the shape of one sample."""
        axis = [samples * self.before * self.behind]
        return (*shape[: self.axis], *axis, *shape[self.axis + self.merged :])

    def counts(self, shape: Sequence[int], samples: int) -> bool:
        """Whether a tensor of a shape can have that many samples there."""
        return len(shape) > self.axis and shape[self.axis] == samples * self.before * self.behind

    def place(self, axis: int) -> int:
        """Find where another axis of the tensor is in a value, which has the samples first."""
        return axis + 1 if self.merged or axis < self.axis else axis

    def apart(self, shape: Sequence[int], samples: int) -> list[int]:
        """Shape of the tensor with the samples on an axis of their own, of size one here."""
        return [*shape[: self.axis], self.before, samples, self.behind, *shape[self.axis + 1 :]]

    def first_of(self, tensor: torch.Tensor) -> torch.Tensor:
        """Return the part of a tensor that belongs to the first sample."""
        axes = tensor.unflatten(self.axis, (self.before, -1, self.behind))
        return axes.select(self.axis + 1, 0).reshape(self.of_one(tensor.shape))

    def is_constant(self, tensor: torch.Tensor) -> bool:
        """Whether a tensor is the same for each sample."""
        axes = tensor.unflatten(self.axis, (self.before, -1, self.behind))
        return bool((axes == axes.narrow(self.axis + 1, 0, 1)).all())

    def reshaped(self, old: Sequence[int], new: Sequence[int], samples: int) -> SampleAxis | None:
        """Find where the samples are after a reshape.

        Parameters
        ----------
        old, new : sequence of int
            The shapes of the tensor.
        samples : int

        Returns
        -------
        SampleAxis or None
            None if they are spread over several axes.
        """
        ahead = math.prod(old[: self.axis]) * self.before
        passed = 1
        for axis, size in enumerate(new):
            if ahead < passed * size:
                before, rest = divmod(ahead, passed)
                if rest or size % (before * samples):
                    return None
                return SampleAxis(axis, before, size // (before * samples))
            passed *= size
        return None

    def permuted(self, order: Sequence[int]) -> tuple[SampleAxis, list[int]]:
        """Find where the samples are after a permutation, and the order of a value's axes then.

        Parameters
        ----------
        order : sequence of int
            For each axis of the new tensor, that of the old one.
        """
        kept = [axis for axis in order if self.merged or axis != self.axis]
        axes = [axis + 1 if axis == self.axis else self.place(axis) for axis in kept]
        return self._replace(axis=[*order].index(self.axis)), [0, *axes]


FIRST = SampleAxis()
"""The samples are on the first axis, which counts nothing else."""
