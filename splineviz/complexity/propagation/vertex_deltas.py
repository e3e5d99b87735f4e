"""Differences between the vertices around some samples and the samples, and how they are stored.

Where no neuron switches between x and its two vertices x + r v and x - r v, the network is affine,
and the difference at the second is the negative of that at the first. So the 2 P vertices of a
sample are stored as P odd rows o_p and a few columns u_k, one for each neuron k that has switched
anywhere around the sample. The differences are ``o_p + e_p`` and ``-o_p + e_p``, with the even part
``e_p = sum over k of c_kp u_k``: u_k is the effect of a change of neuron k, and c_kp the even part
of that change. Its odd part is in o_p. All of this is exact, not an approximation. Where so many
neurons switch that pairs save nothing, all vertices are stored instead: the pairs are split.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import torch

Ends: TypeAlias = tuple[torch.Tensor, torch.Tensor]


@dataclass(frozen=True, eq=False)
class VertexDeltas:
    """The differences of one value at the vertices, from the value at the sample.

    Attributes
    ----------
    rows : tensor (n or 1, P or 2 P, width)
        The odd rows of each sample, or one set for all samples. If split, all vertices: first all
        x + r v, then all x - r v.
    columns : tensor (known, width)
        The u_k of the neurons that switched first. Those that are missing are zero.
    units : int64 tensor (units,)
        The u_k of the neurons after them, if each is a unit vector: the place of its one.
    split : bool
        Whether the rows are all vertices.
    """

    rows: torch.Tensor
    columns: torch.Tensor
    units: torch.Tensor
    split: bool = False

    @classmethod
    def odd(cls, rows: torch.Tensor) -> VertexDeltas:
        """Store differences where nothing has switched: all of them are odd."""
        none = rows.new_empty(0, rows.shape[2])
        return cls(rows, none, torch.empty(0, dtype=torch.int64, device=rows.device))

    @classmethod
    def of_all(cls, vertices: torch.Tensor) -> VertexDeltas:
        """Store the differences of all vertices (n or 1, 2 P, width) one by one: split."""
        odd = cls.odd(vertices)
        return cls(vertices, odd.columns, odd.units, split=True)

    @cached_property
    def switched(self) -> int:
        """How many neurons have switched."""
        return len(self.columns) + len(self.units)

    def dense_columns(self) -> torch.Tensor:
        """All u_k, (switched, width)."""
        if not len(self.units):
            return self.columns
        ones = self.columns.new_zeros(len(self.units), self.columns.shape[1])
        return torch.cat([self.columns, ones.scatter_(1, self.units.unsqueeze(1), 1.0)])


class AntipodalPairs:
    """Which neurons have switched around which samples, in one pass through a network.

    Parameters
    ----------
    samples, directions : int
        n and P.
    dtype : torch.dtype
        The type of the differences.
    device : torch.device
        Where they are.

    Attributes
    ----------
    split : bool
        Whether all vertices are stored from here on.
    sample : int64 tensor (switched,)
        Around which sample each neuron has switched.
    """

    def __init__(
        self, samples: int, directions: int, dtype: torch.dtype, device: torch.device
    ) -> None:
        self.samples, self.directions = samples, directions
        self.split = False
        self.sample = torch.empty(0, dtype=torch.int64, device=device)
        # The numbers k of the neurons of each sample, and the c_kp: all sums over k are one batch
        # of products. They are padded with a number that no neuron has, and with zeros.
        self._number = torch.empty(samples, 0, dtype=torch.int64, device=device)
        self._even = torch.empty(samples, directions, 0, dtype=dtype, device=device)
        self._largest = torch.empty(0, 1, dtype=dtype, device=device)

    def add(self, sample: torch.Tensor, even: torch.Tensor) -> None:
        """Record neurons that have switched.

        Parameters
        ----------
        sample : int64 tensor (new,), increasing
            The sample of each neuron.
        even : tensor (new, P)
            The c_kp of each neuron k.
        """
        place = torch.bincount(self.sample, minlength=self.samples)[sample] + _ranks(sample)
        size = max(self._number.shape[1], 1 + int(place.max()) if len(place) else 0)
        wider = size - self._number.shape[1]
        self._number = torch.nn.functional.pad(self._number, (0, wider), value=_NONE)
        self._even = torch.nn.functional.pad(self._even, (0, wider))
        self._number[sample, place] = len(self.sample) + torch.arange(
            len(sample), device=sample.device
        )
        self._even[sample, :, place] = even
        self.sample = torch.cat([self.sample, sample])
        self._largest = torch.cat([self._largest, even.abs().amax(1, keepdim=True)])

    def is_worth(self, new: int, width: int, rows: int, last: bool) -> bool:
        """Whether pairs still save work if more neurons may switch.

        Parameters
        ----------
        new : int
            How many more neurons may switch.
        width : int
            How many neurons the value has.
        rows : int
            The most that may switch around one sample.
        last : bool
            Whether no step reads the value.
        """
        # Columns against vertices: each costs as much as a row.
        few = last or len(self.sample) + new <= 2 * self.samples * self.directions
        # Computing these neurons one by one must cost less than all neurons at all vertices.
        few = few and new * _LOOKED_AT <= self.samples * width
        return few and rows * self._number.shape[1] <= self.directions * width

    def vertices(self, d: VertexDeltas) -> torch.Tensor:
        """Compute the differences of all vertices, (n or 1, 2 P, width)."""
        if d.split:
            return d.rows
        if not d.switched:
            return torch.cat([d.rows, -d.rows], 1)
        even = self._even_part(d)
        return torch.cat([d.rows + even, even - d.rows], 1)

    def at(self, d: VertexDeltas, sample: torch.Tensor, column: torch.Tensor) -> torch.Tensor:
        """Compute some neurons at all vertices, (neurons, 2 P); samples are increasing."""
        odd = d.rows.expand(self.samples, -1, -1)[sample, :, column]
        if d.split:
            return odd
        if not d.switched or not len(sample):
            return torch.cat([odd, -odd], 1)
        place = _ranks(sample)
        columns = column.new_zeros(self.samples, 1 + int(place.max()))
        columns[sample, place] = column
        known, number = self._columns(d)
        of_columns = known[number.unsqueeze(2), columns.unsqueeze(1)]
        even = torch.bmm(self._even, of_columns)[sample, :, place]
        return torch.cat([odd + even, even - odd], 1)

    def _even_part(self, d: VertexDeltas) -> torch.Tensor:
        columns, number = self._columns(d)
        even = d.rows.new_zeros(self.samples, self.directions, d.rows.shape[2])
        # In slices, so that a gathered one is no larger than all vertices.
        for start in range(0, number.shape[1], 2 * self.directions):
            some = slice(start, start + 2 * self.directions)
            even.baddbmm_(self._even[:, :, some], columns[number[:, some]])
        return even

    def _columns(self, d: VertexDeltas) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the u_k, and for each sample the numbers of its neurons among them."""
        columns = d.dense_columns()
        if d.switched < len(self.sample):
            columns = torch.nn.functional.pad(columns, (0, 0, 0, 1))
        # The numbers that pad have a c_kp of zero, so any column does.
        return columns, self._number.clamp(max=len(columns) - 1)

    def extent(self, d: VertexDeltas) -> Ends:
        """Bound the differences, each (n or 1, width); exact if nothing has switched."""
        # Two passes are several times faster than torch.aminmax along an axis.
        low, high = d.rows.amin(1), d.rows.amax(1)
        if d.split:
            return low, high
        reach = torch.maximum(-low, high)
        if d.switched:
            reach = reach.expand(self.samples, -1).contiguous()
            bound = d.dense_columns().abs().mul_(self._largest[: d.switched])
            reach.index_add_(0, self.sample[: d.switched], bound)
        return -reach, reach

    def terms(self, d: VertexDeltas) -> int:
        """Bound how many products are added for the even part of a sample."""
        return self._number.shape[1] if d.switched else 0


# A number that no neuron has.
_NONE = 2**62
# What looking at one neuron at all vertices costs, in numbers of a row of each sample.
_LOOKED_AT = 4


def _ranks(sample: torch.Tensor) -> torch.Tensor:
    """For each of some samples, in increasing order, count its earlier occurrences."""
    counts = torch.bincount(sample)
    return torch.arange(len(sample), device=sample.device) - (counts.cumsum(0) - counts)[sample]
