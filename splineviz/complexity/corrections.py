"""What the neurons that bend round some samples add to the affine maps at the samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from splineviz.complexity.bending import bend, slopes_at
from splineviz.complexity.lengths import VANISHED
from splineviz.complexity.span import Near
from splineviz.network.kinks import Kinks

# More than a bend loses in float64, of the sizes of what it adds up.
_LOST = 2.0**-40


@dataclass(frozen=True, eq=False)
class Corrections:
    """By how much one activation's neurons leave their slopes at the samples.

    An activation makes ``f(h + d) - f(h)`` of a difference d from the sample's value h. That is the
    slope at h times d, and a correction, which is zero unless a kink lies between h and h + d.

    Attributes
    ----------
    sample, column : int64 tensor (bends,)
        Round which sample, in increasing order, and of which neuron.
    values : float64 tensor (bends, vertices)
        The corrections.
    largest : float64 tensor (bends,)
        The largest at any vertex.
    length, error : float64 tensor (n, 1)
        No vertex round a sample has more of them, and they are wrong by no more, as the length of a
        vector.
    """

    sample: torch.Tensor
    column: torch.Tensor
    values: torch.Tensor
    largest: torch.Tensor
    length: torch.Tensor
    error: torch.Tensor

    @classmethod
    def of(
        cls,
        rule: Kinks,
        slopes: Sequence[float | torch.Tensor],
        near: Near,
        vertices: torch.Tensor,
        samples: int,
    ) -> Corrections:
        """The corrections of some neurons.

        Parameters
        ----------
        rule : Kinks
            The activation.
        slopes : sequence of float or float64 tensor (columns,)
            Its slopes.
        near : Near
            The neurons; all others lie on one side of each kink.
        vertices : float64 tensor (bends, vertices)
            Their differences from the samples.
        samples : int
            n.
        """
        own = [s[near.column] if isinstance(s, torch.Tensor) else s for s in slopes]
        centre, d = near.centre.unsqueeze(0), vertices.T.unsqueeze(0)
        straight = slopes_at(rule, own, centre, torch.float64).unsqueeze(1) * d
        values = (bend(rule, own, centre, d) - straight)[0].T
        # It changes with what it is made from by no more than the steepest slope, twice.
        steep = float(rule.sums.max())
        error = 2 * rule.steepest * near.noise
        error += _LOST * (steep + rule.steepest) * vertices.abs().amax(1)
        largest = values.abs().amax(1)
        sizes = torch.stack([largest, error], 1).square_()
        squares = sizes.new_zeros(samples, 2).index_add_(0, near.sample, sizes)
        bends = torch.bincount(near.sample, minlength=samples).double().unsqueeze(1)
        length, wrong = (squares.sqrt() * (1 + _LOST) + VANISHED * bends).split(1, dim=1)
        return cls(near.sample, near.column, values, largest, length, wrong)

    def bound(self, sample: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        """What products of rows with the corrections at any one vertex are not larger than.

        Parameters
        ----------
        sample, rows
            As for `times`.

        Returns
        -------
        float64 tensor (found,)
        """
        row, which = self._of_rows(sample)
        terms = rows[row, self.column[which]].abs().double() * self.largest[which]
        return terms.new_zeros(len(sample)).index_add_(0, row, terms)

    def times(self, sample: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        """Products of rows with the corrections at each vertex round their samples.

        Parameters
        ----------
        sample : int64 tensor (found,)
            The sample of each row.
        rows : tensor (found, columns)

        Returns
        -------
        float64 tensor (found, vertices)
        """
        row, which = self._of_rows(sample)
        terms = rows[row, self.column[which]].double().unsqueeze(1) * self.values[which]
        return terms.new_zeros(len(sample), terms.shape[1]).index_add_(0, row, terms)

    def _of_rows(self, sample: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """All pairs of a row and a correction of one sample."""
        first = torch.searchsorted(self.sample, sample)
        count = torch.searchsorted(self.sample, sample, right=True) - first
        row = torch.arange(len(sample), device=sample.device).repeat_interleave(count)
        # The corrections of a row's sample, one after the other.
        ahead = (first - (count.cumsum(0) - count))[row]
        return row, torch.arange(len(row), device=sample.device) + ahead
