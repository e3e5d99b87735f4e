"""The pairs of vertices round some samples: which mirror each other, and which have parted.

Most pairs x + r v and x - r v see no neuron bend between them for a while. Until then the network
is one affine map on the line between them, so that the second moves by the negative of what the
first moves by, and one of them is enough: the pair is mirrored. From there on both are carried,
apart from each other. Where most pairs have parted, all do, and their vertices lie in order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import torch

from splineviz.complexity.lengths import lengths
from splineviz.complexity.neighborhood import extent
from splineviz.complexity.scratch import Scratch

Ends: TypeAlias = tuple[torch.Tensor, torch.Tensor]


@dataclass(frozen=True, eq=False)
class Differences:
    """How the vertices differ from their centre.

    Attributes
    ----------
    mirrored : tensor (n or 1, directions, columns)
        Those of the vertices x + r v of each sample, or of all samples if they are alike; zero
        where the pair has parted, and without directions where all have.
    apart : tensor (vertices, columns)
        Those of the pairs that have parted, the latest last.
    """

    mirrored: torch.Tensor
    apart: torch.Tensor

    @classmethod
    def of_all(cls, vertices: torch.Tensor) -> Differences:
        """Those of all vertices (n, 2 * directions, columns), apart."""
        return cls(vertices[:, :0], vertices.flatten(0, 1))

    @property
    def whole(self) -> bool:
        """Whether all pairs have parted."""
        return self.mirrored.shape[1] == 0


class Pairs:
    """Which pairs have parted.

    Parameters
    ----------
    samples : int
        n.
    directions : int
        P: each sample has P pairs.
    device : torch.device
        Where the differences are.

    Attributes
    ----------
    whole : bool
        Whether all have. Then the others are not kept: the vertices of a sample lie together, all
        x - r v behind all x + r v.
    sample, direction : int64 tensor (vertices,)
        Those of the vertices of pairs that have, the latest last.
    sign : tensor (vertices,)
        1 for x + r v, -1 for x - r v.
    """

    def __init__(self, samples: int, directions: int, device: torch.device) -> None:
        self.samples, self.directions = samples, directions
        self.whole = False
        self.sample = self.direction = torch.arange(0, device=device)
        self.sign = torch.ones(0, device=device)
        self._together = torch.ones((samples, directions), dtype=torch.bool, device=device)

    def part(self, sample: torch.Tensor, direction: torch.Tensor) -> None:
        """Part some pairs, or all if mirrored ones save nothing any more.

        Parameters
        ----------
        sample, direction : int64 tensor (pairs,)
            Which; some may have parted before, or be there more than once.
        """
        turning = torch.zeros_like(self._together)
        turning[sample, direction] = True
        sample, direction = (turning & self._together).nonzero(as_tuple=True)
        self._together[sample, direction] = False
        plus = torch.ones_like(sample, dtype=self.sign.dtype)
        self.sample = torch.cat([self.sample, sample, sample])
        self.direction = torch.cat([self.direction, direction, direction])
        self.sign = torch.cat([self.sign, plus, -plus])
        # A mirrored pair has a row whether it is together or not, a vertex apart its own.
        self.whole = len(self.sample) > self._together.numel()

    def part_all(self) -> None:
        """Part all pairs."""
        self.whole = True

    @property
    def rows(self) -> torch.Tensor:
        """The places of vertices apart among all vertices, where all are in order."""
        plus = 2 * self.directions * self.sample + self.direction
        return torch.where(self.sign > 0, plus, plus + self.directions)

    def by_sample(self, apart: torch.Tensor) -> torch.Tensor:
        """Vertices apart (n * 2 P, columns), where all are, as (n, 2 P, columns)."""
        return apart.unflatten(0, (self.samples, -1))

    def vertices(self, d: Differences) -> torch.Tensor:
        """All vertices, (n or 1, 2 P, columns)."""
        if d.whole:
            return self.by_sample(d.apart)
        made = torch.cat([d.mirrored, -d.mirrored], 1)
        made.flatten(0, 1)[self.rows[: len(d.apart)]] = d.apart
        return made

    def parted(self, d: Differences) -> Differences:
        """The same differences, of the pairs as they are now."""
        if self.whole:
            if d.whole:
                return d
            return Differences.of_all(self.vertices(d).expand(self.samples, -1, -1))
        if len(d.apart) == len(self.sample):
            return d
        mirrored = d.mirrored.repeat(self.samples // len(d.mirrored), 1, 1)
        return Differences(self.cleared(mirrored, d), self.apart(d))

    def apart(self, d: Differences) -> torch.Tensor:
        """Those of all vertices that are apart now, one by one."""
        new = slice(len(d.apart), None)
        found = d.mirrored.expand(self.samples, -1, -1)[self.sample[new], self.direction[new]]
        return torch.cat([d.apart, found.mul_(self.sign[new].unsqueeze(1))])

    def mirrored_at(
        self, d: Differences, sample: torch.Tensor, column: torch.Tensor
    ) -> torch.Tensor:
        """Those of the mirrored pairs of some samples at some columns, (found, P)."""
        return d.mirrored.expand(self.samples, -1, -1)[sample, :, column]

    def cleared(self, mirrored: torch.Tensor, d: Differences) -> torch.Tensor:
        """Mirrored differences (n, P, columns), in place zero where pairs have parted since d."""
        new = slice(len(d.apart), None)
        mirrored[self.sample[new], self.direction[new]] = 0.0
        return mirrored

    def ends(self, d: Differences) -> Ends:
        """The smallest and the largest difference, each (n or 1, columns)."""
        if d.whole:
            return extent(self.by_sample(d.apart))
        low, high = extent(d.mirrored)
        return self.with_apart(torch.maximum(-low, high), d.apart)

    def with_apart(self, reach: torch.Tensor, apart: torch.Tensor) -> Ends:
        """The smallest and the largest numbers of each sample.

        Parameters
        ----------
        reach : tensor (n or 1, columns)
            The largest absolute number of the mirrored pairs.
        apart : tensor (vertices, columns)
            The numbers of the vertices apart.
        """
        if not len(apart):
            return -reach, reach
        of = self.sample[: len(apart)]
        # Where no pair is mirrored, the zeros in its place are nobody's.
        none = torch.bincount(of, minlength=self.samples) == 2 * self.directions
        reach = reach.masked_fill(none.unsqueeze(1), -torch.inf)
        where = of.unsqueeze(1).expand_as(apart)
        low = (-reach).scatter_reduce_(0, where, apart, "amin")
        return low, reach.scatter_reduce_(0, where, apart, "amax")

    def longest(self, d: Differences) -> torch.Tensor:
        """The length of the longest vertex of each sample, (n or 1, 1)."""
        apart = lengths(d.apart)
        if d.whole:
            return self.by_sample(apart).amax(1)
        mirrored = lengths(d.mirrored)[..., 0].amax(1, keepdim=True)
        return self.with_apart(mirrored, apart)[1]

    def ends_of_products(
        self,
        d: Differences,
        matrix: torch.Tensor,
        close: torch.Tensor,
        bound: torch.Tensor,
        scratch: Scratch,
    ) -> Ends:
        """The smallest and largest products with some rows of a matrix.

        Parameters
        ----------
        d : Differences
            One of them is a row of the product.
        matrix : tensor (rows, columns)
            Of which each row is a column of the product.
        close : bool tensor (n, rows)
            The columns of the product that are asked for, of each sample.
        bound : tensor (n, rows)
            What no product is larger than; it stands in for the others.
        scratch : Scratch
            Where large tensors come from.
        """
        sample, row = close.nonzero(as_tuple=True)
        sides = self.by_sample(d.apart) if d.whole else d.mirrored
        of_found = scratch.take((len(sample), *sides.shape[1:]), sides)
        torch.index_select(sides, 0, sample, out=of_found)
        low, high = extent(torch.linalg.vecdot(of_found, matrix[row].unsqueeze(1)))
        scratch.give(of_found)
        if d.whole:
            lowest, highest = -bound, bound.clone()
            lowest[sample, row], highest[sample, row] = low, high
            return lowest, highest
        reach = bound.clone()
        reach[sample, row] = torch.maximum(-low, high)
        return self.with_apart(reach, d.apart @ matrix.T)
