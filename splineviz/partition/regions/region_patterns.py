"""RegionPatterns: which neurons are active in each region of a partition."""

from __future__ import annotations

from splineviz.partition import patterns
from splineviz.partition.patterns import LayerPattern
from splineviz.typing import BoolArray, ByteArray, IntArray, UInt32Array


class RegionPatterns:
    """The activation patterns of R regions.

    The attributes are fields of :class:`~splineviz.partition.spline_partition.SplinePartition`.
    """

    region_offsets: IntArray
    layers: tuple[LayerPattern, ...]

    def activation_patterns(self) -> BoolArray:
        """Which neurons are active in each region.

        Returns
        -------
        bool array of shape (R, total width)
            Columns are the neurons of all activations in network order, flat.
        """
        return patterns.activation_patterns(self.layers, len(self.region_offsets) - 1)

    def packed_patterns(self) -> ByteArray:
        """The activation patterns with eight columns in a byte: an eighth of the memory.

        Returns
        -------
        uint8 array of shape (R, ceil(total width / 8))
            Bit k of byte i, counted from the least significant, is column ``8 * i + k`` of
            :meth:`activation_patterns`; the bits after the last column are 0. So
            ``numpy.unpackbits(packed, axis=1, count=total_width, bitorder="little")`` gives the
            columns back.
        """
        return patterns.packed_patterns(self.layers, len(self.region_offsets) - 1)

    def activation_counts(self) -> IntArray:
        """How many neurons of each layer are active in each region.

        Returns
        -------
        int64 array of shape (R, L)
            One column for each of :attr:`layers`: the number of set columns of its pattern.
        """
        return patterns.activation_counts(self.layers, len(self.region_offsets) - 1)

    def pattern_hashes(self) -> UInt32Array:
        """A hash of each region's activation pattern.

        Regions with the same pattern have the same hash, also in the partition of another
        checkpoint; two different patterns share one with a chance of 1 in 2**32 (FNV-1a).

        Returns
        -------
        uint32 array of shape (R,)
        """
        return patterns.pattern_hashes(self.layers, len(self.region_offsets) - 1)
